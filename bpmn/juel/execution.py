"""What an expression may ask of `execution` and `task` beside its variables.

Some of it the model says: the process's key, the activity that the expression stands at. The rest
whoever runs the instance tells for the time of a step. Invariant: what cannot be known exactly
where the expression stands is refused when it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.values import Value

Code = Callable[[Mapping[str, Value], datetime], Any]

BEANS = frozenset({"execution", "task"})
_SAME = {"processBusinessKey": "businessKey"}
_TOLD: ContextVar[Mapping[str, Value]] = ContextVar("told", default={})  # noqa: B039 never changed

About = Mapping[str, Code]
"""By `execution.businessKey` and the like: how it is known."""


def told(name: str) -> Code:
    """Known while a step of an instance runs."""

    def code(_variables: Mapping[str, Value], _now: datetime) -> Value:
        known = _TOLD.get()
        if name not in known:
            raise ExpressionFailed(f"execution.{name} is not known here")
        return known[name]

    return code


OF_INSTANCE = ("processInstanceId", "businessKey", "processDefinitionId")
"""What whoever runs an instance tells."""


class telling:  # noqa: N801  a with-statement, entered for every step
    """Let expressions know this of their instance, until the block ends."""

    __slots__ = ("_about", "_before")

    def __init__(self, about: Mapping[str, Value]) -> None:
        self._about = about

    def __enter__(self) -> None:
        self._before = _TOLD.set(self._about)

    def __exit__(self, *_: object) -> None:
        _TOLD.reset(self._before)


def asked(bean: str, name: str, *, call: bool) -> str:
    """What is asked for: `getBusinessKey()` asks for what `businessKey` does."""
    if call and name.startswith("get"):
        name = name[3:4].lower() + name[4:]
    elif call:
        return ""
    return f"{bean}.{_SAME.get(name, name)}"
