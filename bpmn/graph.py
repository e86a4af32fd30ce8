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
class Listener:
    """Camunda's execution and task listeners: an expression evaluated at once, whose value goes
    into `variable` where one is named, or a handler's topic that runs as a job before the token
    goes on.

    The order is Camunda's: inputs, start, create, assignment (if the task is born with an
    assignee) – the activity – complete, end, outputs; `take` stands at flows only. The machine
    tells nobody of `update` and `delete`, nor of an assignment later on.
    """

    event: Literal["start", "end", "take", "create", "assignment", "update", "complete", "delete"]
    topic: str | None = None
    expression: Expression | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. A default flow has no condition (BPMN 2.0 §8.3.13)."""

    id: str
    source: str
    target: str
    condition: Expression | None = None
    listeners: tuple[Listener, ...] = ()
    """What runs when a token takes it: listeners of the event `take`."""


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
    """`code` None catches every error. The variables receive code and message when named; a
    throwing event may say a `message`."""

    code: str | None
    code_variable: str | None = None
    message_variable: str | None = None
    message: Expression | None = None


@dataclass(frozen=True, slots=True)
class EscalationEvent:
    """`code` None catches every escalation. The variable receives the code when named."""

    code: str | None
    code_variable: str | None = None


@dataclass(frozen=True, slots=True)
class SignalEvent:
    """A signal reaches everybody who listens, in every instance. `inputs` is its payload when
    thrown: pairs of name and expression, None for all variables that are seen."""

    name: Expression
    inputs: tuple[tuple[str, Expression], ...] | None = ()


@dataclass(frozen=True, slots=True)
class ConditionalEvent:
    """Happens when the condition becomes true (BPMN 2.0 §10.5.5, Table 10.84).

    Where `variable` is named only changes of it, of the kinds in `changes`, make it look.
    """

    condition: Expression
    variable: str | None = None
    changes: frozenset[str] = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """`target` is the catching event's node at a throwing one, None at the catching one."""

    name: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class CompensateEvent:
    """Throws compensation of one `activity` or of all of its scope; at a boundary event and at the
    start of an event subprocess it says what is a handler. `wait`: BPMN's waitForCompletion."""

    activity: str | None = None
    wait: bool = True


@dataclass(frozen=True, slots=True)
class CancelEvent:
    """Cancels the transaction that it ends, or catches that on the transaction's boundary."""


@dataclass(frozen=True, slots=True)
class TerminateEvent:
    """Ends its scope at once with all tokens in it."""


SimpleEvent = (
    MessageEvent
    | TimerEvent
    | ErrorEvent
    | EscalationEvent
    | SignalEvent
    | ConditionalEvent
    | LinkEvent
    | CompensateEvent
    | CancelEvent
    | TerminateEvent
)


@dataclass(frozen=True, slots=True)
class MultipleEvent:
    """Several definitions: a throwing event throws all; a catching one waits for the first, or
    for every one of them if `parallel` (BPMN 2.0 §10.5.5)."""

    definitions: tuple[SimpleEvent, ...]
    parallel: bool = False


EventDefinition = SimpleEvent | MultipleEvent


# --- what an activity does ---

Binding = Literal["latest", "deployment", "version", "versionTag"]
"""Which version of a form, decision or called process is meant. With `version` goes its number,
with `versionTag` its tag."""


Result = Literal["singleEntry", "singleResult", "collectEntries", "resultList", "value"]
"""What of a decision's answer is the result: as Camunda 7's `mapDecisionResult` says, or
(`value`) the decision's own value: an output or a context of them, a list where many rules hit."""


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
    form_binding: Binding = "deployment"
    form_version: int | str | None = None
    other_person_than: tuple[str, ...] = ()
    """Four eyes (property `andere_person_als`): ids of tasks whose performers, in every
    round, acting or represented, may neither claim nor complete this one."""


@dataclass(frozen=True, slots=True)
class Work:
    """A service or send task whose work is done by a handler here or a worker elsewhere."""

    topic: str
    external: bool
    priority: Expression | None = None
    errors: tuple[tuple[Expression, str], ...] = ()
    """Asked in order when an external worker reports completion or failure, over the variables
    it reports: the first condition that is true throws the error of the code beside it instead
    (Camunda 7's `errorEventDefinition` of external tasks)."""


@dataclass(frozen=True, slots=True)
class Computation:
    """Expressions evaluated inside `advance`: a script task or an expression service task.

    `assignments` are evaluated in order, each seeing those before it.
    """

    assignments: tuple[tuple[str | None, Expression], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A business rule task."""

    reference: str
    binding: Binding
    version: int | str | None
    result_variable: str | None
    result: Result


@dataclass(frozen=True, slots=True)
class Subprocess:
    """An embedded subprocess, transaction or event subprocess; its content is the scope of the
    same id."""

    transaction: bool = False
    on_event: bool = False
    """An event subprocess: no flow leads to it; its start event's trigger begins it."""


@dataclass(frozen=True, slots=True)
class AdHoc:
    """An ad-hoc subprocess (BPMN 2.0 §13.3.5); its content is the scope of the same id.

    At its beginning each of the scope's `starts` is executed once (those only that `chosen`
    lists, where it is given), at once or one after another; more are executed when somebody selects
    them. After each inner activity the `completion` condition is asked: true completes the
    subprocess, and cancels what still runs if `cancel_remaining`. Without a condition it completes
    when nothing runs any more.
    """

    parallel: bool = True
    completion: Expression | None = None
    cancel_remaining: bool = True
    chosen: Expression | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """One variable handed into or out of a called process. `target` None: all of them."""

    target: str | None
    value: Expression | None
    local: bool = False
    """Camunda's `local`: only the caller's own scope is seen or set."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call activity (BPMN 2.0 §10.3.6): another process, a global task of this file (which is
    compiled into a process of its own), or a decision."""

    reference: Expression
    kind: Literal["process", "decision"] = "process"
    binding: Binding = "latest"
    version: int | str | None = None
    inputs: tuple[Passed, ...] = ()
    outputs: tuple[Passed, ...] = ()
    business_key: Expression | None = None
    same_business_key: bool = False
    """The called instance gets the caller's own business key."""
    result_variable: str | None = None
    result: Result = "singleEntry"


@dataclass(frozen=True, slots=True)
class Receive:
    message: MessageEvent


Action = UserTask | Work | Computation | Decision | Subprocess | AdHoc | Call | Receive


# --- how often an activity runs (BPMN 2.0 §13.3.6, §13.3.7) ---


@dataclass(frozen=True, slots=True)
class StandardLoop:
    """Runs while `condition` is true, asked before or after each round, `maximum` times at most.
    `loopCounter` counts the rounds from 1 in the activity's own scope."""

    condition: Expression | None
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """One instance for each number up to `cardinality`, or each item of `collection`.

    Each instance sees `loopCounter` (from 0 as in Camunda 7; `first_counter` says else) and its
    item as `element`; all see `nrOfInstances`, `nrOfActiveInstances`, `nrOfCompletedInstances` and
    `nrOfTerminatedInstances`, and BPMN's own names for them (numberOfInstances …). `result` of
    each instance is collected in order of the items into `results` of the surrounding scope. After
    each instance `completion` is asked: true ends the others. `behavior` says which instances
    throw `events`: none = each, one = the first, complex = where the condition beside it is
    true, all = nobody (BPMN 2.0 Table 10.31).
    """

    sequential: bool
    cardinality: Expression | None = None
    collection: Expression | None = None
    element: str | None = None
    results: str | None = None
    result: Expression | None = None
    completion: Expression | None = None
    behavior: Literal["none", "one", "all", "complex"] = "all"
    events: tuple[tuple[Expression | None, SimpleEvent], ...] = ()
    first_counter: int = 0
    async_before: bool = False
    async_after: bool = False
    own: str | None = None
    """The variable that `result` is, if it is one: each instance has its own, which begins empty,
    and an output of that name stays in the instance."""
    gaps: bool = False
    """Whether `results` has a null for each instance that did not complete, as Zeebe's has."""


Loop = StandardLoop | MultiInstance


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
    """Not among `outgoing`."""
    action: Action | None = None
    event: EventDefinition | None = None
    loop: Loop | None = None
    boundary: tuple[str, ...] = ()
    attached_to: str | None = None
    interrupting: bool = True
    """Of boundary events (cancelActivity) and of start events of event subprocesses."""
    start_quantity: int = 1
    completion_quantity: int = 1
    compensated_by: str | None = None
    """The handler activity that a compensation boundary event on this one is associated with."""
    for_compensation: bool = False
    instantiate: bool = False
    """A receive task or event-based gateway that begins an instance."""
    all_events: bool = False
    """An event-based gateway of type Parallel: every one of its events must happen."""
    activation: Expression | None = None
    """A complex gateway's activationCondition; sees `activationCount` and the variables."""
    listeners: tuple[Listener, ...] = ()
    inputs: tuple[tuple[str, Expression], ...] = ()
    outputs: tuple[tuple[str, Expression], ...] = ()
    keeps_results: bool = False
    """What a task, job, message or called process gives back stays in the node's own scope, even
    where there are no inputs; only `outputs` go out (Zeebe's output mapping)."""
    async_before: bool = False
    async_after: bool = False
    exclusive: bool = True
    retry: Retry | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    plain: bool = field(init=False, repr=False, compare=False, default=False)
    """Nothing but its action, event or choice of flows: so a token passes it the short way."""
    straight: Flow | None = field(init=False, repr=False, compare=False, default=None)
    """The flow that is taken at once, where nothing is to choose, to hear or to wait for."""

    def __post_init__(self) -> None:
        quantities = self.start_quantity, self.completion_quantity
        asides = self.loop or self.listeners or self.boundary or self.inputs or self.outputs
        joins = self.kind in JOINING and (len(self.incoming) > 1 or self.kind == "complexGateway")
        rests = self.kind == "eventBasedGateway"
        special = (
            joins
            or rests
            or asides
            or self.async_before
            or self.async_after
            or self.compensated_by
            or self.for_compensation
            or quantities != (1, 1)
            or any(flow.listeners for flow in self.outgoing)
            or (self.default is not None and self.default.listeners)
        )
        object.__setattr__(self, "plain", not special)
        if len(self.outgoing) == 1 and self.completion_quantity == 1 and not self.async_after:
            (only,) = self.outgoing
            if only.condition is None and not only.listeners:
                object.__setattr__(self, "straight", only)


JOINING = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})
"""Gateways where tokens wait for each other; each keeps the flow that it came on."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A process or subprocess: its nodes, and where plain tokens begin.

    `starts`: the none start event, or where there is no start event at all every node that no
    flow leads to (implicit start, BPMN 2.0 §13.2). The other starts begin an instance of a process
    when their trigger comes; they are start events, instantiating receive tasks, or events after
    an instantiating event-based gateway.
    """

    id: str
    parent: str | None
    nodes: tuple[str, ...]
    starts: tuple[str, ...]
    message_starts: tuple[str, ...] = ()
    timer_starts: tuple[str, ...] = ()
    signal_starts: tuple[str, ...] = ()
    condition_starts: tuple[str, ...] = ()
    event_subprocesses: tuple[str, ...] = ()
    data: tuple[tuple[str, Expression | None], ...] = ()
    """Data objects and properties: variables of this scope from its beginning, with their value."""


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
