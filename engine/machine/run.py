"""One call of `advance` under way: what every step needs, and nothing that outlives the call.

Invariant: a step may fail only before it changes anything, so that a stopped token can try the
same step again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any, Literal

from bpmn.graph import Decision, Graph, Node
from bpmn.values import Value, Variables
from engine.machine.facts import AnyFact
from engine.machine.shape import KEPT, shape_of
from engine.machine.state import Stage, State, Token


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision answered: the rules that matched, what they saw, and their output rows;
    `value` is the result as DMN has it, the rest explains it (see `facts.Decided`)."""

    outputs: list[dict[str, Value]]
    matched: tuple[int, ...] = ()
    inputs: Variables = field(default_factory=dict)
    version: int = 0
    value: Value = None
    definition_id: str | None = None
    evaluated: list[Any] | None = None
    values: Value = None


Decide = Callable[[Decision, Mapping[str, Value], datetime], Decided]
"""Evaluates the decision a node names; raises `bpmn.errors.ModelError` when it cannot."""

ENTRIES_A_CALL = 1_000
"""Node entries after which `advance` puts the rest off to a continuation.

A continuation may make as many as the state has tokens: each command reads and writes them all,
and so ten thousand instances cost ten times a thousand in stored commands too.
"""

ENTRIES_WITHOUT_A_WAIT = 1_000_000
"""Node entries without a wait after which a token is taken to loop for ever."""


Change = tuple[int, str, Literal["create", "update", "delete"]]
"""Scope and name of a variable, and what was done to it."""


class Run:
    """`ready` is a stack: a branch runs to its waits before the next one begins.

    Where the graph has conditions, `changes` are the variables that were changed since they were
    asked last, and `risen` the waits whose condition was true when they began.
    """

    __slots__ = (
        "changes",
        "conditions",
        "decide",
        "entries_allowed",
        "entries_left",
        "facts",
        "graph",
        "indexed",
        "inside",
        "now",
        "reached",
        "ready",
        "risen",
        "shape",
        "state",
        "throwing",
        "watched",
    )

    def __init__(self, graph: Graph, state: State, now: datetime, decide: Decide) -> None:
        self.graph = graph
        self.state = state
        self.now = now
        self.decide = decide
        self.facts: list[AnyFact] = []
        self.ready: list[tuple[int, Stage]] = []
        self.entries_allowed = self.entries_left = ENTRIES_A_CALL
        self.reached: str | None = None
        """The end event of the process that was reached last."""
        self.throwing = 0
        """The token whose event throws just now: it has completed, whoever withdraws it."""
        self.inside: dict[int, list[int]] | None = None
        """Scope → its tokens; made when a scope is cleared first."""
        self.shape = shape = KEPT.get(id(graph)) or shape_of(graph)
        self.watched = shape.has_conditions
        if self.watched:
            self.changes: list[Change] = []
            self.risen: list[int] = []
            self.conditions: dict[int, list[int]] | None = None
            """Scope → waits for conditions that see it; made when they are asked first."""

    def count_from(self, entries: int) -> None:
        """Allow this call its entries, `entries` having been made since the last wait."""
        self.state.entries = entries
        if entries:
            allowed = max(ENTRIES_A_CALL, len(self.state.tokens))
            allowed = max(0, min(allowed, ENTRIES_WITHOUT_A_WAIT - entries))
            self.entries_allowed = self.entries_left = allowed

    def close_count(self) -> None:
        """Note in the state how many entries this call made."""
        self.state.entries += self.entries_allowed - self.entries_left

    def tokens_in(self, scope: int) -> list[int]:
        """The tokens of a scope, in order of birth. Each token is looked at once a call, so that
        ending ten thousand scopes is not ten thousand looks at every token."""
        tokens = self.state.tokens
        if self.inside is None:
            self.inside, self.indexed = {}, 0
        newer = list(takewhile(lambda token: token > self.indexed, reversed(tokens)))
        for token in reversed(newer):
            self.inside.setdefault(tokens[token].scope, []).append(token)
        self.indexed = self.state.counter
        return [token for token in self.inside.get(scope, ()) if token in tokens]


def is_host(token: Token, node: Node) -> bool:
    """Whether the token holds a loop's instances, and is none of them."""
    return node.loop is not None and not token.instance


Step = Callable[[Run, int, Token, Node], Stage | None]
"""Takes one token one stage on: gives its next stage, or None if it waits or is gone."""
