"""The state of one instance: where its tokens are, what they wait for, and its variables.

Invariant: a state holds what the model still needs and nothing else of the past, so its size
follows the tokens, not the history. It names nodes by their BPMN id. Token ids, and the ids of
all that tokens wait for, come from one counter; scope 0 is the process, every other scope (a
subprocess, or an activity's own variables) bears the id of the token that holds it open.
Variables under the negative of a token's id are what the machine keeps for that token (the items
of a multi-instance activity, what a call gave back): no expression and nobody outside sees them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from bpmn.graph import Graph
from bpmn.values import Value, Variables, from_json, to_json
from engine.machine.time import Cycle
from engine.machine.upgrades import FORMAT, upgrade

Stage = Literal[
    "open", "arrive", "start", "arm", "hear", "act", "return", "complete", "take", "pass",
    "loop", "round", "count", "settle", "idle", "ask", "condition",
]  # fmt: skip
"""The steps of a token at a node, in order; see `machine.STAGES`. A retried incident of stage
`condition` asks the condition again that failed."""


WaitKind = Literal[
    "task", "job", "continuation", "timer", "subscription", "incident", "call", "condition",
    "selection", "compensation",
]  # fmt: skip


NO_FLOW = ""
"""A flow that no model has: the token came to its node in no ordinary way."""


class Token(msgspec.Struct, array_like=True, gc=False):
    """A token at rest at a node, or on `flow` towards it.

    At a join it keeps its flow. At a node whose event came before the token did, it keeps the flow
    from the event-based gateway, or has `NO_FLOW`; so does a token that holds a completed
    subprocess open again for its compensation.
    `entered` says that its node has begun and has neither completed nor been cancelled.
    `instance` numbers, from 1, the instances of a loop or multi-instance activity: such a token
    stands at its host's node, in the scope that the host holds open. `serves` is the token that
    waits for a compensation handler. `heard` counts the listeners that have run of those that
    stand before the token's next step.
    """

    node: str
    scope: int
    flow: str | None = None
    entered: bool = False
    waits: list[int] = []
    instance: int = 0
    serves: int = 0
    heard: int = 0


class Wait(msgspec.Struct, array_like=True, gc=False):
    """One thing a token waits for. `node` is the token's, a boundary event on it, an event after
    its event-based gateway, or the start of an event subprocess in the scope that it holds open.

    `token` is 0 where an event subprocess of the process itself waits. `stage` is what a
    continuation runs and what a retried incident repeats. `definition` counts the definitions of
    a multiple event. `signal` is the name that a subscription to a signal waits for. `met` says
    that a condition was true when it was asked last.
    """

    kind: WaitKind
    node: str
    token: int
    stage: Stage | None = None
    cycle: Cycle | None = None
    definition: int = 0
    signal: str | None = None
    met: bool = False


class Progress(msgspec.Struct, array_like=True, gc=False):
    """How far a loop, multi-instance activity or ad-hoc subprocess is, by its host token.

    `total` None: not known before (a standard loop, an ad-hoc subprocess). All instances of a
    parallel multi-instance activity count as active from its beginning, though the machine begins
    them one by one. `closing`: no further activity of an ad-hoc subprocess may begin.
    """

    total: int | None
    begun: int = 0
    completed: int = 0
    terminated: int = 0
    active: int = 0
    closing: bool = False
    element: str | None = None
    """What an instance's item is called; the items are kept for the host."""
    first: int = 1
    """The `loopCounter` of the first instance."""

    def counters(self) -> Variables:
        """What all instances see, under Camunda's and BPMN's names (BPMN 2.0 Table 10.30)."""
        if self.total is None:
            return {}
        return {
            "nrOfInstances": self.total,
            "nrOfActiveInstances": self.active,
            "nrOfCompletedInstances": self.completed,
            "nrOfTerminatedInstances": self.terminated,
            "numberOfInstances": self.total,
            "numberOfActiveInstances": self.active,
            "numberOfCompletedInstances": self.completed,
            "numberOfTerminatedInstances": self.terminated,
        }


class Compensable(msgspec.Struct, array_like=True, gc=False):
    """A completed activity that compensation can still reach. Its own variables, as they were when
    it completed, stay under the number `token`. Of a subprocess `inner` is what completed in it."""

    node: str
    token: int
    inner: list[Compensable] = []


ITEMS = "$items"
"""What a multi-instance activity runs for, kept for its host."""

Performer = tuple[str | None, str | None]
"""Who acted, and on whose behalf."""

Joins = dict[int, dict[str, dict[str, list[int]]]]
"""Scope → joining gateway → incoming flow → tokens that wait there, in order of arrival.

An activity with a startQuantity is here too."""

Resets = dict[int, dict[str, list[str]]]
"""Scope → complex gateway that has fired and waits for its reset → flows that had a token."""


class State(msgspec.Struct):
    """`scopes` counts the live tokens of the process (0) and of each open subprocess."""

    counter: int = 0
    entries: int = 0
    ended: str | None = None
    business_key: str | None = None
    tokens: dict[int, Token] = {}
    scopes: dict[int, int] = {}
    waits: dict[int, Wait] = {}
    joins: Joins = {}
    performers: dict[str, list[Performer]] = {}
    progress: dict[int, Progress] = {}
    compensables: dict[int, list[Compensable]] = {}
    """Scope → what completed in it and can be compensated, in order of completion."""
    resets: Resets = {}
    waits_of_process: list[int] = []
    """What event subprocesses of the process itself wait for; of other scopes it is among the
    host token's waits."""
    interrupted: list[int] = []
    """Scopes whose content an event subprocess has replaced: their handlers are no more."""
    called: bool = False
    """Another instance waits for this one."""
    variables: dict[int, Variables] = {}
    wire: dict[int, dict[str, str]] = {}
    """Types that variables were stated with, where they differ from the values' own."""

    def next_id(self) -> int:
        self.counter += 1
        return self.counter

    def scope_of(self, token: int) -> int:
        """The innermost scope the token sees: its own, if it holds one, else where it moves."""
        if token in self.variables or not token:
            return token
        at = self.tokens[token]
        return token if at.instance else at.scope

    def waits_of(self, token: int) -> list[int]:
        """What the token waits for; of 0, what the process itself waits for."""
        return self.tokens[token].waits if token else self.waits_of_process

    def visible(self, scope: int) -> Variables:
        """All variables seen from `scope`; inner ones shadow. Not to be changed."""
        if scope == 0:
            return self.variables.get(0) or {}
        token = self.tokens[scope]
        outer = self.visible(token.scope)
        own = self.variables.get(scope)
        if scope in self.progress:
            outer = {**outer, **self.progress[scope].counters()}
        if token.instance:
            outer = {**outer, **self.given(scope)}
        return {**outer, **own} if own else outer

    def counters(self, scope: int) -> Variables:
        """What the loops around count, seen from `scope`."""
        found: Variables = {}
        while scope:
            if scope in self.progress:
                found = {**self.progress[scope].counters(), **found}
            scope = self.tokens[scope].scope
        return found

    def local(self, scope: int) -> Variables:
        """The scope's own variables. Not to be changed."""
        own = self.variables.get(scope) or {}
        given = self.given(scope)
        return {**given, **own} if given else own

    def given(self, scope: int) -> Variables:
        """What an instance of a loop has by being one; not stored, so thousands stay small."""
        token = self.tokens.get(scope)
        if token is None or not token.instance:
            return {}
        progress = self.progress[token.scope]
        given: Variables = {"loopCounter": progress.first + token.instance - 1}
        if progress.element is not None:
            items = self.variables[-token.scope][ITEMS]
            given[progress.element] = items[token.instance - 1]  # type: ignore[index]
        return given


def new_state(graph: Graph) -> State:
    """The state of an instance of `graph` that has not begun."""
    assert graph.process_id in graph.scopes
    return State()


# --- what is stored ---


class Stored(msgspec.Struct, array_like=True):
    """`State` without its variables, in the order of the stored array."""

    format: int
    counter: int
    entries: int
    ended: str | None
    business_key: str | None
    tokens: dict[int, Token]
    scopes: dict[int, int]
    waits: dict[int, Wait]
    joins: Joins
    performers: dict[str, list[Performer]] = {}
    progress: dict[int, Progress] = {}
    compensables: dict[int, list[Compensable]] = {}
    resets: Resets = {}
    waits_of_process: list[int] = []
    interrupted: list[int] = []
    called: bool = False


_encoder = msgspec.json.Encoder(decimal_format="number")
_plain = msgspec.json.Decoder()
_stored = msgspec.json.Decoder(Stored)
_rows = msgspec.json.Decoder(dict[str, dict[str, list[object]]], float_hook=Decimal)


def encode(state: State) -> bytes:
    """All but the variables, as JSON in the current format."""
    return _encoder.encode(
        Stored(
            FORMAT,
            state.counter,
            state.entries,
            state.ended,
            state.business_key,
            state.tokens,
            state.scopes,
            state.waits,
            state.joins,
            state.performers,
            state.progress,
            state.compensables,
            state.resets,
            state.waits_of_process,
            state.interrupted,
            state.called,
        )
    )


def decode(data: bytes, variables: bytes | None = None) -> State:
    """The state that `encode` and `encode_variables` were given, of this format or an older."""
    if data.startswith(b"[%d," % FORMAT):
        stored = _stored.decode(data)
    else:
        stored = msgspec.convert(upgrade(_plain.decode(data)), Stored, str_keys=True)
    state = State(
        stored.counter,
        stored.entries,
        stored.ended,
        stored.business_key,
        stored.tokens,
        stored.scopes,
        stored.waits,
        stored.joins,
        stored.performers,
        stored.progress,
        stored.compensables,
        stored.resets,
        stored.waits_of_process,
        stored.interrupted,
        stored.called,
    )
    if variables is not None:
        state.variables, state.wire = decode_variables(variables)
    return state


def encode_variables(state: State) -> bytes:
    """Scope → name → `[value]` or `[value, wire type]`, as JSON without loss."""
    none: dict[str, str] = {}
    rows: dict[int, dict[str, list[object]]] = {}
    for scope, variables in state.variables.items():
        wires = state.wire.get(scope, none)
        rows[scope] = {
            name: [to_json(value), wires[name]] if name in wires else [to_json(value)]
            for name, value in variables.items()
        }
    return _encoder.encode(rows)


def decode_variables(data: bytes) -> tuple[dict[int, Variables], dict[int, dict[str, str]]]:
    """The variables and wire types that `encode_variables` was given."""
    variables: dict[int, dict[str, Value]] = {}
    wire: dict[int, dict[str, str]] = {}
    for key, rows in _rows.decode(data).items():
        scope = int(key)
        variables[scope] = {name: from_json(row[0]) for name, row in rows.items()}
        wires = {name: str(row[1]) for name, row in rows.items() if len(row) > 1}
        if wires:
            wire[scope] = wires
    return variables, wire
