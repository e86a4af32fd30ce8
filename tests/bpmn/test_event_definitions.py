"""Every event definition in every place where BPMN allows it becomes an event of the graph."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.compiler import compile_model
from bpmn.elements import EVENT_DEFINITIONS, EVENT_PLACES
from bpmn.errors import ModelRefused
from bpmn.graph import (
    CancelEvent,
    CompensateEvent,
    ConditionalEvent,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    Graph,
    LinkEvent,
    MessageEvent,
    MultipleEvent,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
)
from tests.bpmn.drawing import between, file, flow, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ROOTS = (
    '<bpmn:message id="m" name="Post"/><bpmn:signal id="sig" name="Alarm"/>'
    '<bpmn:error id="err" errorCode="E1"/><bpmn:escalation id="esc" escalationCode="X1"/>'
)
DEFINITIONS: dict[str, tuple[str, type[EventDefinition]]] = {
    "messageEventDefinition": ('messageRef="m"/>', MessageEvent),
    "signalEventDefinition": ('signalRef="sig"/>', SignalEvent),
    "errorEventDefinition": ('errorRef="err"/>', ErrorEvent),
    "escalationEventDefinition": ('escalationRef="esc"/>', EscalationEvent),
    "conditionalEventDefinition": (
        '><bpmn:condition xsi:type="bpmn:tFormalExpression">${x}</bpmn:condition>'
        "</bpmn:conditionalEventDefinition>",
        ConditionalEvent,
    ),
    "timerEventDefinition": (
        "><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>",
        TimerEvent,
    ),
    "linkEventDefinition": ('name="l"/>', LinkEvent),
    "compensateEventDefinition": ("/>", CompensateEvent),
    "cancelEventDefinition": ("/>", CancelEvent),
    "terminateEventDefinition": ("/>", TerminateEvent),
}


def definition(kind: str) -> str:
    return f"<bpmn:{kind} {DEFINITIONS[kind][0]}"


def graph_of(source: bytes) -> Graph:
    (graph,) = compile_model(source).graphs
    return graph


def placed(place: str, content: str) -> bytes:
    """A model with the event `t`, of the kind and at the place that `EVENT_PLACES` names."""
    if place == "eventSubProcess":
        inner = f'<bpmn:startEvent id="t">{content}</bpmn:startEvent><bpmn:task id="i"/>'
        return file(
            '<bpmn:startEvent id="s"/><bpmn:task id="a"/><bpmn:endEvent id="e"/>'
            f'{line("s", "a", "e")}<bpmn:subProcess id="es" triggeredByEvent="true">{inner}'
            f"{line('t', 'i')}</bpmn:subProcess>",
            ROOTS,
        )
    if place == "startEvent":
        start = f'<bpmn:startEvent id="t">{content}</bpmn:startEvent><bpmn:endEvent id="e"/>'
        return file(start + line("t", "e"), ROOTS)
    if place == "endEvent":
        end = (
            '<bpmn:startEvent id="s1"/><bpmn:task id="a"/>'
            f'<bpmn:endEvent id="t">{content}</bpmn:endEvent>'
        )
        body = (
            f'<bpmn:transaction id="tx">{end}{line("s1", "a", "t")}</bpmn:transaction>'
            '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
        )
        undone = '<bpmn:boundaryEvent id="bc" attachedToRef="tx"><bpmn:cancelEventDefinition/>'
        ways = line("s", "tx", "e") + flow("bc", "e")
        return file(f"{body}{undone}</bpmn:boundaryEvent>{ways}", ROOTS)
    if place == "boundaryEvent":
        return boundary(content)
    if "link" in content:
        other = "Throw" if place == "intermediateCatchEvent" else "Catch"
        one = f'<bpmn:{place} id="t">{content}</bpmn:{place}>'
        two = f'<bpmn:intermediate{other}Event id="o">{content}</bpmn:intermediate{other}Event>'
        first, second = ("o", "t") if other == "Throw" else ("t", "o")
        ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
        return file(ends + one + two + flow("s", first) + flow(second, "e"), ROOTS)
    return between(f'<bpmn:{place} id="t">{content}</bpmn:{place}>', root=ROOTS)


def boundary(content: str) -> bytes:
    """A boundary event `t` at a transaction that can be cancelled, with a handler beside it."""
    undo = '<bpmn:task id="undo" isForCompensation="true"/>' if "compensate" in content else ""
    tied = '<bpmn:association id="as" sourceRef="t" targetRef="undo"/>' if undo else ""
    end = "<bpmn:cancelEventDefinition/>" if "cancel" in content else ""
    inner = f'<bpmn:startEvent id="s1"/><bpmn:endEvent id="e1">{end}</bpmn:endEvent>'
    return file(
        f'<bpmn:startEvent id="s"/><bpmn:transaction id="a">{inner}{line("s1", "e1")}'
        f'</bpmn:transaction><bpmn:boundaryEvent id="t" attachedToRef="a">{content}'
        f'</bpmn:boundaryEvent><bpmn:endEvent id="e"/>{undo}{line("s", "a", "e")}{tied}'
        + ("" if undo else flow("t", "e")),
        ROOTS,
    )


@pytest.mark.parametrize(
    ("place", "kind"),
    [(place, kind) for place, kinds in EVENT_PLACES.items() for kind in sorted(kinds - {""})],
)
def test_a_definition_is_compiled_wherever_it_may_stand(place: str, kind: str) -> None:
    graph = graph_of(placed(place, definition(kind)))

    event = graph.nodes["t"].event
    assert isinstance(event, DEFINITIONS[kind][1])


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        (place, kind)
        for place, kinds in EVENT_PLACES.items()
        for kind in sorted(EVENT_DEFINITIONS.keys() - kinds)
    ],
)
def test_a_definition_is_refused_wherever_it_may_not_stand(place: str, kind: str) -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_model(placed(place, definition(kind)))

    assert any(f.severity == "error" and f.element == "t" for f in refused.value.findings)


def test_names_and_codes_stand_in_the_graph() -> None:
    signal = graph_of(placed("intermediateThrowEvent", definition("signalEventDefinition")))
    error = graph_of(placed("endEvent", definition("errorEventDefinition")))
    escalation = graph_of(placed("boundaryEvent", definition("escalationEventDefinition")))

    event = signal.nodes["t"].event
    assert isinstance(event, SignalEvent)
    assert event.name.evaluate({}, NOW) == "Alarm"
    assert error.nodes["t"].event == ErrorEvent("E1")
    assert escalation.nodes["t"].event == EscalationEvent("X1")


def test_catching_without_a_reference_catches_all() -> None:
    error = graph_of(placed("boundaryEvent", "<bpmn:errorEventDefinition/>"))
    escalation = graph_of(placed("eventSubProcess", "<bpmn:escalationEventDefinition/>"))

    assert error.nodes["t"].event == ErrorEvent(None)
    assert escalation.nodes["t"].event == EscalationEvent(None)


def test_a_signal_or_message_without_a_name_is_known_by_its_id() -> None:
    nameless = '<bpmn:signal id="Alarm1"/><bpmn:message id="Post1"/>'
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:intermediateThrowEvent id="a">'
            '<bpmn:signalEventDefinition signalRef="Alarm1"/></bpmn:intermediateThrowEvent>'
            '<bpmn:receiveTask id="b" messageRef="Post1"/><bpmn:endEvent id="e"/>'
            + line("s", "a", "b", "e"),
            nameless,
        )
    )

    event = graph.nodes["a"].event
    assert isinstance(event, SignalEvent)
    assert event.name.text == "Alarm1"
    action = graph.nodes["b"].action
    assert action is not None
    assert action.message.name.text == "Post1"  # type: ignore[union-attr]


def test_several_definitions_are_one_multiple_event() -> None:
    both = definition("messageEventDefinition") + definition("timerEventDefinition")

    first = graph_of(placed("intermediateCatchEvent", both)).nodes["t"].event
    source = placed("intermediateCatchEvent", both).replace(
        b'<bpmn:intermediateCatchEvent id="t"',
        b'<bpmn:intermediateCatchEvent id="t" parallelMultiple="true"',
    )
    every = graph_of(source).nodes["t"].event

    assert isinstance(first, MultipleEvent)
    assert [type(each) for each in first.definitions] == [MessageEvent, TimerEvent]
    assert not first.parallel
    assert isinstance(every, MultipleEvent)
    assert every.parallel


def test_several_triggers_that_must_all_come_do_not_begin_a_process() -> None:
    both = definition("messageEventDefinition") + definition("signalEventDefinition")
    source = placed("startEvent", both)
    every = source.replace(b'id="t"', b'id="t" parallelMultiple="true"')

    scope = graph_of(source).scopes["p"]

    assert (scope.message_starts, scope.signal_starts) == (("t",), ("t",))
    with pytest.raises(ModelRefused) as refused:
        compile_model(every)
    assert ("parallel-multiple", "t") in {(f.rule, f.element) for f in refused.value.findings}


def test_a_definition_may_stand_beside_the_process_and_be_shared() -> None:
    shared = '<bpmn:signalEventDefinition id="def" signalRef="sig"/>'
    referred = "<bpmn:eventDefinitionRef>def</bpmn:eventDefinitionRef>"
    source = placed("intermediateCatchEvent", referred)

    graph = graph_of(
        source.replace(b"</bpmn:definitions>", f"{shared}</bpmn:definitions>".encode())
    )

    assert isinstance(graph.nodes["t"].event, SignalEvent)


def test_several_link_events_throw_what_one_catches() -> None:
    thrown = '<bpmn:intermediateThrowEvent id="{}"><bpmn:linkEventDefinition name="l"/></bpmn:intermediateThrowEvent>'  # noqa: E501
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:parallelGateway id="g"/>'
            + thrown.format("t1")
            + thrown.format("t2")
            + '<bpmn:intermediateCatchEvent id="c"><bpmn:linkEventDefinition name="l"/>'
            '</bpmn:intermediateCatchEvent><bpmn:endEvent id="e"/>'
            + line("s", "g", "t1")
            + flow("g", "t2")
            + flow("c", "e")
        )
    )

    assert graph.nodes["t1"].event == LinkEvent("l", "c")
    assert graph.nodes["t2"].event == LinkEvent("l", "c")
    assert graph.nodes["c"].event == LinkEvent("l")


def test_compensation_ties_an_activity_to_its_handler() -> None:
    source = boundary(definition("compensateEventDefinition"))
    thrown = (
        b'<bpmn:endEvent id="e"><bpmn:compensateEventDefinition activityRef="a" '
        b'waitForCompletion="false"/></bpmn:endEvent>'
    )

    graph = graph_of(source.replace(b'<bpmn:endEvent id="e"/>', thrown))

    assert graph.nodes["a"].compensated_by == "undo"
    assert graph.nodes["undo"].for_compensation
    assert graph.nodes["e"].event == CompensateEvent("a", wait=False)


def test_an_event_subprocess_is_begun_by_its_event_not_by_a_flow() -> None:
    source = placed("eventSubProcess", definition("signalEventDefinition"))

    graph = graph_of(source)
    staying = graph_of(
        source.replace(
            b'<bpmn:startEvent id="t"', b'<bpmn:startEvent id="t" isInterrupting="false"'
        )
    )

    assert graph.scopes["p"].event_subprocesses == ("es",)
    assert graph.scopes["es"].starts == ()
    assert graph.scopes["es"].signal_starts == ("t",)
    assert graph.nodes["t"].interrupting
    assert not staying.nodes["t"].interrupting


def test_each_trigger_of_a_process_is_listed_by_its_kind() -> None:
    kinds = {
        "messageEventDefinition": "message_starts",
        "timerEventDefinition": "timer_starts",
        "signalEventDefinition": "signal_starts",
        "conditionalEventDefinition": "condition_starts",
    }

    scopes = {
        name: graph_of(placed("startEvent", definition(kind))).scopes["p"]
        for kind, name in kinds.items()
    }

    assert {name: getattr(scope, name) for name, scope in scopes.items()} == dict.fromkeys(
        kinds.values(), ("t",)
    )
    assert all(scope.starts == () for scope in scopes.values())


def test_a_receive_task_may_begin_an_instance() -> None:
    graph = graph_of(
        file(
            '<bpmn:receiveTask id="t" instantiate="true" messageRef="m"/><bpmn:endEvent id="e"/>'
            + line("t", "e"),
            ROOTS,
        )
    )

    assert graph.nodes["t"].instantiate
    assert graph.scopes["p"].message_starts == ("t",)
    assert graph.scopes["p"].starts == ()


def test_an_event_based_gateway_may_begin_an_instance_at_one_of_its_events() -> None:
    caught = "<bpmn:intermediateCatchEvent id='{}'>{}</bpmn:intermediateCatchEvent>"
    graph = graph_of(
        file(
            '<bpmn:eventBasedGateway id="g" instantiate="true" eventGatewayType="Parallel"/>'
            + caught.format("a", definition("messageEventDefinition"))
            + caught.format("b", definition("messageEventDefinition").replace('"m"', '"m2"'))
            + '<bpmn:endEvent id="e"/>'
            + line("g", "a", "e")
            + line("g", "b", "e"),
            ROOTS + '<bpmn:message id="m2" name="Fax"/>',
        )
    )

    assert graph.nodes["g"].instantiate
    assert graph.nodes["g"].all_events
    assert graph.scopes["p"].message_starts == ("a", "b")
    assert graph.scopes["p"].starts == ()


def test_a_scope_without_start_events_begins_where_no_flow_leads() -> None:
    linked = "<bpmn:linkEventDefinition name='l'/>"
    graph = graph_of(
        file(
            '<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:task id="c"/>'
            f'<bpmn:intermediateThrowEvent id="t">{linked}</bpmn:intermediateThrowEvent>'
            f'<bpmn:intermediateCatchEvent id="l">{linked}</bpmn:intermediateCatchEvent>'
            + line("a", "c", "t")
            + flow("b", "c")
            + flow("l", "z")
            + '<bpmn:task id="z"/>'
        )
    )

    assert graph.scopes["p"].starts == ("a", "b")


def test_a_message_flow_says_which_message_an_event_without_reference_means() -> None:
    sender = (
        '<bpmn:startEvent id="s"/><bpmn:intermediateThrowEvent id="t">'
        "<bpmn:messageEventDefinition/></bpmn:intermediateThrowEvent>"
        '<bpmn:endEvent id="e"/>' + line("s", "t", "e")
    )
    receiver = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="s2">'
        '<bpmn:messageEventDefinition/></bpmn:startEvent><bpmn:endEvent id="e2"/>'
        f"{line('s2', 'e2')}</bpmn:process>"
    )
    between_pools = (
        '<bpmn:collaboration id="c"><bpmn:participant id="p1" processRef="p"/>'
        '<bpmn:participant id="p2" processRef="q"/>'
        '<bpmn:messageFlow id="mf" sourceRef="t" targetRef="s2"{}/></bpmn:collaboration>'
    )

    named, bare = (
        compile_model(file(sender, receiver + between_pools.format(ref) + ROOTS)).graphs
        for ref in (' messageRef="m"', "")
    )

    def names(graphs: tuple[Graph, ...]) -> list[str]:
        events = [graphs[0].nodes["t"].event, graphs[1].nodes["s2"].event]
        return [event.name.text for event in events if isinstance(event, MessageEvent)]

    assert names(named) == ["Post", "Post"]
    assert names(bare) == ["mf", "mf"]


def test_a_literal_timer_may_stand_in_quotes() -> None:
    quoted = definition("timerEventDefinition").replace("PT1H", '"PT1H"')

    event = graph_of(placed("intermediateCatchEvent", quoted)).nodes["t"].event

    assert isinstance(event, TimerEvent)
    assert event.expression.evaluate({}, NOW) == "PT1H"


@pytest.mark.parametrize(
    ("text", "language", "seen"),
    [
        ("${x}", "", {"x": True}),
        ("= x > 3", "", {"x": 4}),
        ("x &gt; 3", "", {"x": 4}),
        ("x &gt; 3", "https://www.omg.org/spec/DMN/20191111/FEEL/", {"x": 4}),
        ("true", "", {}),
    ],
)
def test_a_condition_is_feel_or_juel(text: str, language: str, seen: dict[str, object]) -> None:
    said = f' language="{language}"' if language else ""
    asked = (
        f'<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression"{said}>'
        f"{text}</bpmn:condition></bpmn:conditionalEventDefinition>"
    )

    event = graph_of(placed("intermediateCatchEvent", asked)).nodes["t"].event

    assert isinstance(event, ConditionalEvent)
    assert event.condition.evaluate(seen, NOW) is True  # type: ignore[arg-type]


def test_xpath_is_refused_by_name() -> None:
    asked = (
        "<bpmn:conditionalEventDefinition><bpmn:condition "
        'xsi:type="bpmn:tFormalExpression" language="http://www.w3.org/1999/XPath">x &gt; 3'
        "</bpmn:condition></bpmn:conditionalEventDefinition>"
    )

    with pytest.raises(ModelRefused) as refused:
        compile_model(placed("intermediateCatchEvent", asked))

    assert any("XPath" in f.message and f.element == "t" for f in refused.value.findings)


@pytest.mark.parametrize("text", ["${x}", "= x > 3", "= x"])
@pytest.mark.parametrize("seen", [{}, {"x": None}])
def test_an_awaited_condition_is_not_true_while_its_variables_are_missing(
    text: str, seen: dict[str, None]
) -> None:
    asked = (
        '<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">'
        f"{text}</bpmn:condition></bpmn:conditionalEventDefinition>"
    )

    event = graph_of(placed("intermediateCatchEvent", asked)).nodes["t"].event

    assert isinstance(event, ConditionalEvent)
    assert event.condition.evaluate(seen, NOW) is False


def test_what_is_not_waited_for_cannot_be_waited_for_together() -> None:
    both = definition("messageEventDefinition") + definition("errorEventDefinition")
    placed_event = placed("boundaryEvent", both).replace(
        b'id="t" ', b'id="t" parallelMultiple="true" '
    )

    with pytest.raises(ModelRefused) as refused:
        compile_model(placed_event)

    assert [(f.rule, f.element) for f in refused.value.findings if f.severity == "error"] == [
        ("parallel-multiple", "t")
    ]
