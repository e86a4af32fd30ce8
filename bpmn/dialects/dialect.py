"""What an extension vocabulary may say, in the graph's own words; the base says nothing.

Invariant: a dialect compiles what it says, or reports it; the rest of the compiler never looks at
an attribute or element that is not BPMN's own.
"""

# ruff: noqa: ARG002  (the base says nothing, whatever it is asked)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from bpmn.context import Context
from bpmn.graph import (
    Call,
    Computation,
    Decision,
    Expression,
    Listener,
    Retry,
    UserTask,
    Work,
)
from bpmn.model import FlowNode
from bpmn.report import Report

Element = etree._Element
Parameters = tuple[tuple[str, Expression], ...]
EVERY_CHANGE = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Steps:
    """How a node is worked through: its continuations and the attempts of its jobs."""

    async_before: bool = False
    async_after: bool = False
    exclusive: bool = True
    retry: Retry | None = None


@dataclass(frozen=True, slots=True)
class ProcessWords:
    """What is said about a process as a whole."""

    version_tag: str | None = None
    history_ttl: str | None = None


@dataclass(frozen=True, slots=True)
class LoopWords:
    """What is said about a multi-instance activity beside BPMN's own."""

    collection: Expression | None = None
    element: str | None = None
    results: str | None = None
    result: Expression | None = None
    gaps: bool = False
    async_before: bool = False
    async_after: bool = False


@dataclass(frozen=True, slots=True)
class Mappings:
    """Inputs and outputs of a node; `keeps_results` as `graph.Node` says."""

    inputs: Parameters = ()
    outputs: Parameters = ()
    keeps_results: bool = False


class Dialect:
    """Plain BPMN. Each method answers None, or an empty answer, where nothing is said."""

    name = "BPMN"
    namespaces: tuple[str, ...] = ()
    loops_from = 1
    """`loopCounter` of the first instance: BPMN 2.0 Table 10.29 says the first is number 1."""
    calls_pass_all = True
    """Whether a call without any mapping passes all variables in and out."""
    names_collections = False
    """Whether `loopDataInputRef` may be the name of a variable instead of a data object's id."""

    leaves_work_open = False
    """Whether a task need not say what does its work: plain BPMN leaves that to the engine."""

    def unmarked(self, text: str, *, asked: bool) -> str:
        """A formal expression that says no language, in FEEL. `asked`: it must give a truth."""
        return text

    def process(self, context: Context, element: Element) -> ProcessWords:
        return ProcessWords()

    def initiator(self, element: Element) -> str | None:
        """The variable that a start event puts the starting person into."""
        return None

    def properties(self, element: Element) -> Mapping[str, str]:
        return {}

    def steps(self, context: Context, element: Element) -> Steps | None:
        return None

    def mappings(self, context: Context, node: FlowNode) -> Mappings | None:
        return None

    def listeners(self, context: Context, element: Element) -> tuple[Listener, ...]:
        return ()

    def user_task(self, context: Context, element: Element) -> UserTask | None:
        return None

    def work(
        self, context: Context, element: Element, process: Element
    ) -> Work | Computation | None:
        """Who does the work of a service-like element: a task, or a message event definition."""
        return None

    def implements(self, element: Element) -> bool:
        """Whether `work` has something to say about a message event definition."""
        return False

    def script(self, context: Context, element: Element) -> Computation | None:
        """What a script task computes, where its own `script` does not say it alone."""
        return None

    def decision(self, context: Context, element: Element) -> Decision | None:
        return None

    def call(self, context: Context, element: Element) -> Call | None:
        return None

    def loop(self, context: Context, node: FlowNode) -> LoopWords | None:
        return None

    def chosen(self, context: Context, element: Element) -> Expression | None:
        """The activities that an ad-hoc subprocess begins with."""
        return None

    def message_key(self, context: Context, element: Element) -> Expression | None:
        """The correlation key that is said at an event, a task, or a message."""
        return None

    def signal_inputs(self, context: Context, definition: Element) -> Parameters | None:
        """What a thrown signal carries; None where nothing is said."""
        return None

    def error_variables(self, definition: Element) -> tuple[str | None, str | None]:
        """The variables that receive a caught error's code and message."""
        return None, None

    def error_message(self, context: Context, error: Element) -> Expression | None:
        """What is said along with an error that is thrown."""
        return None

    def escalation_variable(self, definition: Element) -> str | None:
        return None

    def watched(self, context: Context, definition: Element) -> tuple[str | None, frozenset[str]]:
        """The variable whose changes make a condition look, and which changes do."""
        return None, EVERY_CHANGE

    def refers_elsewhere(self, condition: Element) -> bool:
        """Whether a condition's text is said to stand in another file."""
        return False

    def check(self, element: Element, report: Report) -> None:
        """Report what the dialect's table refuses or does not know, at this very element."""
