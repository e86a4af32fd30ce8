"""Replay: the same triggers at the same times give an equal state and equal facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bpmn.graph import Graph
from engine.machine.facts import AnyFact
from engine.machine.machine import advance
from engine.machine.run import Decide
from engine.machine.state import State, new_state
from engine.machine.triggers import AnyTrigger


def replay(
    graph: Graph, steps: Iterable[tuple[AnyTrigger, datetime]], decisions: Decide
) -> tuple[State, list[AnyFact]]:
    """The state and all facts after these triggers, from the beginning."""
    state, facts = new_state(graph), list[AnyFact]()
    for trigger, now in steps:
        state, more = advance(graph, state, trigger, now, decisions)
        facts += more
    return state, facts
