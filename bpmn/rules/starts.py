"""How scopes begin and end: start and end events, explicit or implied (10.5.2, 10.5.3, 13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.elements import ACTIVITIES
from bpmn.rules.drawing import Drawing, Node, Scope, says
from bpmn.rules.rule import Breaches, both, rule


@rule("start-without-outgoing", "10.5.2", "A way leads out of each start event.")
def starts_lead_on(drawing: Drawing) -> Breaches:
    for node in drawing.each("startEvent"):
        if not node.outgoing:
            yield node.element, "Nothing follows this start."


@rule("no-start", "10.5.3", "Where there is an end event there is a start event.")
def scopes_with_an_end_have_a_start(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if _is_flexible(scope) or scope.of_kind("startEvent"):
            continue
        if scope.of_kind("endEvent") and not any(_instantiates(node) for node in scope.nodes):
            ends = [end.element for end in scope.of_kind("endEvent")]
            yield scope.element, f'"{scope.id}" has an end event but no start event.', *ends


@rule(
    "no-end",
    "10.5.2",
    "Where there is a start event there is an end event.",
    warns=True,
)
def scopes_with_a_start_have_an_end(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.of_kind("startEvent") and not scope.of_kind("endEvent"):
            text = f'"{scope.id}" has a start event but no end event; its ways end where they end.'
            yield scope.element, text, *(start.element for start in scope.of_kind("startEvent"))


@rule(
    "implicit-start",
    "10.5.2",
    "Where there is a start event, a sequence flow leads to all else.",
)
def all_is_reached_from_starts(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if _is_flexible(scope) or not scope.of_kind("startEvent"):
            continue
        for node in scope.nodes:
            if not node.incoming and not _needs_no_way_in(node):
                yield (
                    node.element,
                    f'No sequence flow leads to "{node.label}", and it is no start event.',
                )


@rule(
    "event-without-outgoing",
    "10.5.4",
    "Where there is an end event, a way leads out of each intermediate event.",
)
def events_lead_to_ends(drawing: Drawing) -> Breaches:
    for node in _last_ones(drawing):
        if node.kind not in ACTIVITIES:
            yield node.element, f'Nothing follows "{node.label}".'


@rule(
    "implicit-end",
    "10.5.3",
    "Where there is an end event, a way leads out of each activity.",
    warns=True,  # tools leave it away where a side way ends, and nothing about it is in doubt
)
def activities_lead_to_ends(drawing: Drawing) -> Breaches:
    for node in _last_ones(drawing):
        if node.kind in ACTIVITIES:
            yield node.element, f'Nothing follows "{node.label}": its way ends here.'


def _last_ones(drawing: Drawing) -> Iterator[Node]:
    for scope in drawing.scopes:
        if not _is_flexible(scope) and scope.of_kind("endEvent"):
            yield from (n for n in scope.nodes if not n.outgoing and not _needs_no_way_out(n))


def _needs_no_way_in(node: Node) -> bool:
    catches_a_link = node.kind == "intermediateCatchEvent" and "link" in node.triggers
    begins = node.kind in ("startEvent", "boundaryEvent")
    return begins or catches_a_link or node.is_handler or node.is_event_subprocess


def _needs_no_way_out(node: Node) -> bool:
    if node.kind in ("endEvent", "startEvent", "boundaryEvent") or node.kind.endswith("Gateway"):
        return True  # an end, or a rule of their own
    throws_a_link = node.kind == "intermediateThrowEvent" and "link" in node.triggers
    return throws_a_link or node.is_handler or node.is_event_subprocess


def _is_flexible(scope: Scope) -> bool:
    """An ad-hoc subprocess has neither starts nor ends."""
    return scope.kind == "adHocSubProcess"


def _instantiates(node: Node) -> bool:
    kinds = ("receiveTask", "eventBasedGateway")
    return node.kind in kinds and says(node.element, "instantiate")


@rule("several-starts", "13.3.4", "An embedded subprocess has one start event at most.")
def embedded_subprocesses_begin_once(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.parent is None or scope.is_event_subprocess:
            continue
        for first, extra in _beside_the_first(scope):
            text = f'"{first.label}" begins "{scope.id}" already.'
            yield from both(extra.element, scope.element, text, first.element)


@rule(
    "several-beginnings",
    "10.5.2",
    "Of several start events without trigger the first begins a process that is executed, unless "
    "another is asked for.",
    warns=True,
)
def processes_begin_where_it_is_said(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.parent is not None or not scope.executable:
            continue
        for first, extra in _beside_the_first(scope):
            text = f'"{first.label}" comes first: only who asks for "{extra.label}" begins here.'
            yield extra.element, text, first.element


def _beside_the_first(scope: Scope) -> list[tuple[Node, Node]]:
    """The first start event without trigger, with each other one."""
    plain = [node for node in scope.of_kind("startEvent") if not node.definitions]
    return [(plain[0], extra) for extra in plain[1:]]


@rule(
    "subprocess-start",
    "10.3.5",
    "An embedded subprocess begins at a start event without trigger.",
)
def embedded_subprocesses_begin_plainly(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.parent is None or scope.is_event_subprocess or scope.is_choreography:
            continue
        for node in scope.of_kind("startEvent"):
            if node.definitions:
                text = "An embedded subprocess starts with a start event without trigger."
                yield from both(node.element, scope.element, text)


@rule(
    "receive-instantiate",
    "10.3.3",
    "A receive task that begins a process has no way in and stands where no start event is, or "
    "follows a start event.",
)
def instantiating_tasks_come_first(drawing: Drawing) -> Breaches:
    for node in drawing.each("receiveTask"):
        if not says(node.element, "instantiate"):
            continue
        sources = [flow.source for flow in node.incoming]
        only = sources[0] if len(sources) == 1 else None
        after_start = only is not None and only.kind == "startEvent"
        if sources and not after_start:
            text = f'"{node.label}" begins the process, so nothing leads to it.'
            yield node.element, text, *(flow.element for flow in node.incoming)
        elif node.scope.parent is not None:
            yield node.element, f'"{node.label}" lies in a subprocess, which it cannot begin.'


@rule(
    "scope-empty",
    "13.3.4",
    "A process that is executed has something in it, and so have its subprocesses.",
)
def executed_scopes_have_content(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.executable and not scope.nodes:
            yield scope.element, f'"{scope.id}" is empty.'


@rule(
    "no-beginning",
    "13.2",
    "Somewhere a process begins: at a start event, or at a node that no flow leads to.",
)
def something_comes_first(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if not scope.nodes or scope.is_choreography:
            continue
        if scope.of_kind("startEvent") or scope.of_kind("endEvent"):
            continue
        if not any(not node.incoming and not _needs_no_way_in(node) for node in scope.nodes):
            yield scope.element, f'Every node of "{scope.id}" waits for another; none comes first.'
