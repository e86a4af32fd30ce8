"""A model becomes the graph that it draws."""

from __future__ import annotations

import time
from datetime import timedelta

from bpmn.compiler import compile_model
from bpmn.graph import (
    Computation,
    Decision,
    ErrorEvent,
    Graph,
    MessageEvent,
    Receive,
    Retry,
    Subprocess,
    TerminateEvent,
    TimerEvent,
    UserTask,
    Work,
)
from tests.bpmn.drawing import between, file, flow, line


def graph_of(source: bytes) -> Graph:
    compiled = compile_model(source)
    assert len(compiled.graphs) == 1
    return compiled.graphs[0]


def test_a_line_of_nodes_keeps_its_order_and_names() -> None:
    graph = graph_of(between('<bpmn:task id="t" name="Prüfen"/>'))

    assert list(graph.nodes) == ["s", "t", "e"]
    assert graph.nodes["t"].name == "Prüfen"
    assert graph.nodes["t"].incoming == ("s_t",)
    assert [f.target for f in graph.nodes["t"].outgoing] == ["e"]
    assert graph.scopes["p"].starts == ("s",)


def test_a_user_task_carries_who_may_do_it_and_until_when() -> None:
    graph = graph_of(
        between(
            '<bpmn:userTask id="t" camunda:assignee="${chef}" camunda:candidateGroups="a,b" '
            'camunda:dueDate="${frist}" camunda:formRef="pruefung" camunda:formRefBinding="latest"'
            "/>"
        )
    )

    action = graph.nodes["t"].action
    assert isinstance(action, UserTask)
    assert action.assignee is not None
    assert action.assignee.text == "${chef}"
    assert (action.form, action.form_binding) == ("pruefung", "latest")


def test_four_eyes_make_the_other_tasks_remembered() -> None:
    named = (
        '<bpmn:extensionElements><camunda:properties><camunda:property name="andere_person_als" '
        'value="a"/></camunda:properties></bpmn:extensionElements>'
    )
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:userTask id="a"/>'
            f'<bpmn:userTask id="b">{named}</bpmn:userTask><bpmn:endEvent id="e"/>'
            + line("s", "a", "b", "e")
        )
    )

    action = graph.nodes["b"].action
    assert isinstance(action, UserTask)
    assert action.other_person_than == ("a",)
    assert graph.remembered == frozenset({"a"})


def test_service_tasks_are_work_here_work_elsewhere_or_computation() -> None:
    texts = {
        'camunda:type="external" camunda:topic="post"': Work("post", external=True),
        'camunda:topic="read"': Work("read", external=False),
        'camunda:delegateExpression="${read_invoice}"': Work("read_invoice", external=False),
    }

    actions = {
        text: graph_of(between(f'<bpmn:serviceTask id="t" {text}/>')).nodes["t"].action
        for text in texts
    }

    assert actions == texts


def test_an_expression_task_computes_its_result_variable() -> None:
    graph = graph_of(
        between('<bpmn:serviceTask id="t" camunda:expression="${a}" camunda:resultVariable="b"/>')
    )

    action = graph.nodes["t"].action
    assert isinstance(action, Computation)
    assert [(name, e.text) for name, e in action.assignments] == [("b", "${a}")]


def test_a_gateway_keeps_conditions_apart_from_its_default() -> None:
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g" default="g_n"/>'
            '<bpmn:endEvent id="y"/><bpmn:endEvent id="n"/>'
            + flow("s", "g")
            + flow("g", "y", "${ja}")
            + flow("g", "n")
        )
    )

    gateway = graph.nodes["g"]
    assert [f.id for f in gateway.outgoing] == ["g_y"]
    assert gateway.default is not None
    assert gateway.default.id == "g_n"


def test_boundary_events_sit_at_their_activity() -> None:
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:userTask id="t"/>'
            '<bpmn:boundaryEvent id="b" attachedToRef="t" cancelActivity="false">'
            "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
            "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
            '<bpmn:boundaryEvent id="f" attachedToRef="t"><bpmn:errorEventDefinition '
            'errorRef="x" camunda:errorCodeVariable="c"/></bpmn:boundaryEvent>'
            '<bpmn:endEvent id="e"/>' + line("s", "t", "e") + flow("b", "e") + flow("f", "e"),
            '<bpmn:error id="x" errorCode="kaputt"/>',
        )
    )

    assert graph.nodes["t"].boundary == ("b", "f")
    assert graph.nodes["b"].attached_to == "t"
    assert not graph.nodes["b"].interrupting
    assert isinstance(graph.nodes["b"].event, TimerEvent)
    assert graph.nodes["f"].event == ErrorEvent("kaputt", "c")


def test_a_subprocess_is_a_scope_of_its_own() -> None:
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:subProcess id="t"><bpmn:startEvent id="s2"/>'
            '<bpmn:endEvent id="e2"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
            + line("s2", "e2")
            + '</bpmn:subProcess><bpmn:endEvent id="e"/>'
            + line("s", "t", "e")
        )
    )

    assert isinstance(graph.nodes["t"].action, Subprocess)
    assert graph.scopes["t"].parent == "p"
    assert graph.scopes["t"].starts == ("s2",)
    assert graph.nodes["e2"].scope == "t"
    assert isinstance(graph.nodes["e2"].event, TerminateEvent)


def test_messages_are_named_and_keyed() -> None:
    key = (
        '<bpmn:extensionElements><camunda:properties><camunda:property name="correlation_key" '
        'value="${nummer}"/></camunda:properties></bpmn:extensionElements>'
    )
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="m"/>'
            "</bpmn:startEvent>"
            f'<bpmn:receiveTask id="t" messageRef="m">{key}</bpmn:receiveTask>'
            '<bpmn:endEvent id="e"><bpmn:messageEventDefinition messageRef="m"/></bpmn:endEvent>'
            + line("s", "t", "e"),
            '<bpmn:message id="m" name="gebucht"/>',
        )
    )

    action = graph.nodes["t"].action
    assert isinstance(action, Receive)
    assert action.message.name.text == "gebucht"
    assert action.message.key is not None
    assert graph.scopes["p"].message_starts == ("s",)
    assert graph.scopes["p"].starts == ()
    assert isinstance(graph.nodes["e"].event, MessageEvent)


def test_a_decision_is_bound_as_it_says() -> None:
    graph = graph_of(
        between(
            '<bpmn:businessRuleTask id="t" camunda:decisionRef="befugnis" '
            'camunda:decisionRefBinding="version" camunda:decisionRefVersion="3" '
            'camunda:mapDecisionResult="singleEntry" camunda:resultVariable="stufe"/>'
        )
    )

    assert graph.nodes["t"].action == Decision("befugnis", "version", 3, "stufe", "singleEntry")


def test_retries_read_as_cycle_or_as_list() -> None:
    def retry_of(text: str) -> Retry | None:
        cycle = (
            f"<bpmn:extensionElements><camunda:failedJobRetryTimeCycle>{text}"
            "</camunda:failedJobRetryTimeCycle></bpmn:extensionElements>"
        )
        source = between(f'<bpmn:serviceTask id="t" camunda:topic="x">{cycle}</bpmn:serviceTask>')
        return graph_of(source).nodes["t"].retry

    assert retry_of("R3/PT10S") == Retry(3, (timedelta(seconds=10),) * 2)
    assert retry_of("PT1M,PT5M") == Retry(3, (timedelta(minutes=1), timedelta(minutes=5)))


def test_five_hundred_elements_compile_in_a_tenth_of_a_second() -> None:
    names = [f"t{n}" for n in range(250)]
    tasks = "".join(f'<bpmn:serviceTask id="{n}" camunda:expression="${{true}}"/>' for n in names)
    source = file(
        f'<bpmn:startEvent id="s"/>{tasks}<bpmn:endEvent id="e"/>{line("s", *names, "e")}'
    )
    compile_model(source)

    spent = []
    for _ in range(5):
        began = time.process_time()
        graph_of(source)
        spent.append(time.process_time() - began)

    assert min(spent) < 0.1
