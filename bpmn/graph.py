"""The immutable graph that a BPMN model is compiled into, once per version.

Everything a token needs to move stands here by value: nodes, flows, scopes and compiled
expressions. A graph holds only what is executed exactly; the compiler refuses the rest.
Nodes are named by their BPMN id, so a state that names them survives a recompilation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bpmn.values import Value

Evaluate = Callable[[Mapping[str, Value], datetime], Value]
"""A compiled expression: visible variables and the command's clock in, a value out."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled FEEL or JUEL expression. `evaluate` raises `bpmn.errors.ExpressionFailed`."""

    text: str
    language: Literal["feel", "juel", "literal"]
    evaluate: Evaluate = field(repr=False, compare=False)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. A default flow has no condition (BPMN 2.0 §8.3.13)."""

    id: str
    source: str
    target: str
    condition: Expression | None = None


# --- event definitions (BPMN 2.0 §10.5) ---


@dataclass(frozen=True, slots=True)
class MessageEvent:
    name: Expression
    key: Expression | None = None


@dataclass(frozen=True, slots=True)
class TimerEvent:
    """`expression` gives an ISO 8601 text or a FEEL temporal value."""

    kind: Literal["date", "duration", "cycle"]
    expression: Expression


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """`code` None catches every error. The variables receive code and message when named."""

    code: str | None
    code_variable: str | None = None
    message_variable: str | None = None


@dataclass(frozen=True, slots=True)
class TerminateEvent:
    """Ends its scope at once with all tokens in it."""


EventDefinition = MessageEvent | TimerEvent | ErrorEvent | TerminateEvent


# --- what an activity does ---


@dataclass(frozen=True, slots=True)
class UserTask:
    """Candidates, assignee and dates may be expressions; `form` is a form id or key."""

    assignee: Expression | None = None
    candidate_users: Expression | None = None
    candidate_groups: Expression | None = None
    due: Expression | None = None
    follow_up: Expression | None = None
    priority: Expression | None = None
    form: str | None = None
    form_binding: Literal["latest", "deployment", "version"] = "deployment"
    form_version: int | None = None
    other_person_than: tuple[str, ...] = ()
    """Four eyes (property `andere_person_als`): ids of tasks whose performers, in every
    round, acting or represented, may neither claim nor complete this one."""


@dataclass(frozen=True, slots=True)
class Work:
    """A service or send task whose work is done by a handler here or a worker elsewhere."""

    topic: str
    external: bool
    priority: Expression | None = None


@dataclass(frozen=True, slots=True)
class Computation:
    """Expressions evaluated inside `advance`: a script task or an expression service task.

    `assignments` are evaluated in order, each seeing those before it.
    """

    assignments: tuple[tuple[str | None, Expression], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A business rule task. `result` maps as Camunda 7's `mapDecisionResult` says."""

    reference: str
    binding: Literal["latest", "deployment", "version"]
    version: int | None
    result_variable: str | None
    result: Literal["singleEntry", "singleResult", "collectEntries", "resultList"]


@dataclass(frozen=True, slots=True)
class Subprocess:
    """An embedded subprocess; its content is the scope of the same id."""


@dataclass(frozen=True, slots=True)
class Receive:
    message: MessageEvent


Action = UserTask | Work | Computation | Decision | Subprocess | Receive


@dataclass(frozen=True, slots=True)
class Retry:
    """Attempts a job has before it becomes an incident, and the waits between them."""

    attempts: int
    waits: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One flow node. `kind` is the element's local name in the BPMN schema, e.g. `userTask`."""

    id: str
    name: str
    kind: str
    scope: str
    line: int
    incoming: tuple[str, ...] = ()
    outgoing: tuple[Flow, ...] = ()
    default: Flow | None = None
    action: Action | None = None
    event: EventDefinition | None = None
    boundary: tuple[str, ...] = ()
    attached_to: str | None = None
    interrupting: bool = True
    inputs: tuple[tuple[str, Expression], ...] = ()
    outputs: tuple[tuple[str, Expression], ...] = ()
    async_before: bool = False
    async_after: bool = False
    exclusive: bool = True
    retry: Retry | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """A process or subprocess: its nodes, and the start event a plain token begins at."""

    id: str
    parent: str | None
    nodes: tuple[str, ...]
    start: str | None
    message_starts: tuple[str, ...] = ()
    timer_starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """One executable process. `scopes` contains the process itself under its own id."""

    process_id: str
    name: str
    version_tag: str | None
    nodes: Mapping[str, Node]
    scopes: Mapping[str, Scope]
    source_hash: str
    history_ttl: str | None = None
    initiator: str | None = None
    remembered: frozenset[str] = frozenset()
    """Tasks whose performers the state must keep, because a four-eyes rule names them."""
