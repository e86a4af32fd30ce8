"""What an expression may ask of `execution` beside its variables.

Whoever evaluates hands in `Seen` variables that know the answers; which of them it can give it
says when compiling, so that a question without an answer is refused at deployment.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpmn.errors import ExpressionFailed
from bpmn.values import Value

PROPERTIES = {
    "processInstanceId": "processInstanceId",
    "getProcessInstanceId": "processInstanceId",
    "businessKey": "businessKey",
    "getBusinessKey": "businessKey",
    "processBusinessKey": "businessKey",
    "getProcessBusinessKey": "businessKey",
}
"""What a model writes after `execution.`, and what it asks for. A getter is a call."""

KNOWN = frozenset(PROPERTIES.values())


class Seen(dict[str, Value]):
    """Variables, and what is known of the execution that sees them."""

    __slots__ = ("about",)

    def __init__(self, variables: Mapping[str, Value], about: Mapping[str, Value]) -> None:
        super().__init__(variables)
        self.about = about


def about(variables: Mapping[str, Value], asked: str) -> Value:
    if not isinstance(variables, Seen) or asked not in variables.about:
        raise ExpressionFailed(f"execution.{asked} is not known here")
    return variables.about[asked]
