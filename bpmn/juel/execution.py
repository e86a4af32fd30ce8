"""What an expression may ask of `execution` and `task` beside its variables.

Some of it the model says: the process's key, the activity that the expression stands at. The rest
whoever runs the instance tells for the time of a step. Invariant: what cannot be known exactly
where the expression stands is refused when it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.values import Value

Code = Callable[[Mapping[str, Value], datetime], Any]

BEANS = frozenset({"execution", "task"})
_SAME = {"processBusinessKey": "businessKey"}
_TOLD: ContextVar[tuple[Mapping[str, Value], str | None] | None] = ContextVar("told", default=None)
"""What is told of an instance, and its business key."""

About = Mapping[str, Code]
"""By `execution.businessKey` and the like: how it is known."""


def told(name: str) -> Code:
    """Known while a step of an instance runs."""

    def code(_variables: Mapping[str, Value], _now: datetime) -> Value:
        about = _TOLD.get()
        if about is not None and name == "businessKey":
            return about[1]
        if about is None or name not in about[0]:
            raise ExpressionFailed(f"execution.{name} is not known here")
        return about[0][name]

    return code


OF_INSTANCE = ("processInstanceId", "businessKey", "processDefinitionId")
"""What whoever runs an instance tells."""


tell, forget = _TOLD.set, _TOLD.reset
"""Let expressions know this of their instance, until what `tell` gave is forgotten. Done for every
step, so these are the variable's own functions."""


@contextmanager
def telling(about: Mapping[str, Value], business_key: str | None) -> Iterator[None]:
    """The same for a block."""
    before = tell((about, business_key))
    try:
        yield
    finally:
        forget(before)


def asked(bean: str, name: str, *, call: bool) -> str:
    """What is asked for: `getBusinessKey()` asks for what `businessKey` does."""
    if call and name.startswith("get"):
        name = name[3:4].lower() + name[4:]
    elif call:
        return ""
    return f"{bean}.{_SAME.get(name, name)}"
