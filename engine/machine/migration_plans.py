"""Plans of migration: which element of one version becomes which of another, and what forbids it.

A plan is made from two graphs and checked before any instance is touched. Invariant: a plan without
failures maps elements of one kind, whose scopes, hosts and loops correspond; what an instance needs
beyond that is checked against its state (`migration`).
"""

from __future__ import annotations

from bpmn.graph import JOINING, Graph, Loop, MultiInstance, Node, Subprocess, Work
from engine.machine.eventgates import awaited
from engine.machine.shape import definitions
from engine.machine.triggers import Move

Failures = list[tuple[Move, list[str]]]


def generate(source: Graph, target: Graph, *, update_triggers: bool = False) -> list[Move]:
    """Map every element where a token may rest to the one of the same id, if the plan allows it."""
    moves = [
        Move(source=node.id, target=node.id, update=update_triggers and has_trigger(node))
        for node in source.nodes.values()
        if may_rest(node) and node.id in target.nodes
    ]
    while refused := {
        move.source for move, failures in validate(moves, source, target) if failures
    }:
        moves = [move for move in moves if move.source not in refused]
    return moves


def may_rest(node: Node) -> bool:
    """Whether a token can be found at the node, or something waits at it."""
    event = bool(definitions(node.event)) and node.kind in _WAITING
    gateway = node.kind in JOINING or node.kind == "eventBasedGateway"
    later = node.async_before or node.async_after or bool(node.listeners)
    return node.action is not None or event or gateway or later


_WAITING = frozenset({"intermediateCatchEvent", "boundaryEvent", "startEvent"})


def has_trigger(node: Node) -> bool:
    """Whether the node waits for a message, a signal, an instant or a condition."""
    named = {"MessageEvent", "SignalEvent", "TimerEvent", "ConditionalEvent"}
    if node.kind not in _WAITING and node.kind != "receiveTask":
        return False
    return any(type(each).__name__ in named for each in definitions(awaited(node)))


def validate(moves: list[Move], source: Graph, target: Graph) -> Failures:
    """What each instruction fails at; none may, for a plan to be carried out."""
    to = {move.source: move.target for move in moves}
    counted: dict[str, int] = {}
    for move in moves:
        counted[move.source] = counted.get(move.source, 0) + 1
    found: Failures = []
    for move in moves:
        failures = _failures(move, source, target, to)
        if counted[move.source] > 1:
            failures.append(f"There are multiple mappings for source activity id '{move.source}'")
        found.append((move, failures))
    return found


def _failures(move: Move, source: Graph, target: Graph, to: dict[str, str]) -> list[str]:
    old, new = source.nodes.get(move.source), target.nodes.get(move.target)
    if old is None or new is None:
        missing = [] if old else [f"Source activity '{move.source}' does not exist"]
        return missing + ([] if new else [f"Target activity '{move.target}' does not exist"])
    failures = [text for check in (_kind, _loop, _event) if (text := check(old, new))]
    failures += _places(old, new, source, target, to)
    if move.update and not has_trigger(new):
        failures.append(
            "Cannot update event trigger because the activity does not define a persistent event "
            "trigger"
        )
    return failures


def _kind(old: Node, new: Node) -> str | None:
    same = old.kind == new.kind and type(old.action) is type(new.action)
    if same and isinstance(old.action, Work) and isinstance(new.action, Work):
        same = old.action.external == new.action.external
    if same and isinstance(old.action, Subprocess) and isinstance(new.action, Subprocess):
        same = old.action == new.action
    if same:
        return None
    return f"Activities have incompatible types ({old.kind} is not compatible with {new.kind})"


def _loop(old: Node, new: Node) -> str | None:
    if _sort(old.loop) == _sort(new.loop):
        return None
    return f"Activities run differently often ({_sort(old.loop)} and {_sort(new.loop)})"


def _sort(loop: Loop | None) -> str:
    if isinstance(loop, MultiInstance):
        return "one after another" if loop.sequential else "in parallel"
    return "once" if loop is None else "in a loop"


def _event(old: Node, new: Node) -> str | None:
    kinds = [[type(each) for each in definitions(awaited(node))] for node in (old, new)]
    if kinds[0] == kinds[1]:
        return None
    return "Events are not of the same type"


def _places(old: Node, new: Node, source: Graph, target: Graph, to: dict[str, str]) -> list[str]:
    """Scope, host and handler of the one become those of the other."""
    failures: list[str] = []
    if _mapped(old.scope, source, target, to) != new.scope:
        failures.append(
            f"The scope of '{old.id}' ('{old.scope}') does not become that of '{new.id}' "
            f"('{new.scope}')"
        )
    if old.attached_to is not None and to.get(old.attached_to) != new.attached_to:
        failures.append(
            f"The source activity's event scope ({old.attached_to}) must be mapped to the target "
            f"activity's event scope ({new.attached_to})"
        )
    if (old.compensated_by is None) != (new.compensated_by is None):
        failures.append("Only one of the activities has a compensation handler")
    return failures


def _mapped(scope: str, source: Graph, target: Graph, to: dict[str, str]) -> str | None:
    return target.process_id if scope == source.process_id else to.get(scope)
