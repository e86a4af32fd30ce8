"""What is not executed exactly is refused, with rule, element and line."""

from __future__ import annotations

import pytest

from bpmn.compiler import compile_model
from bpmn.elements import FLOW_NODES
from bpmn.errors import Finding, ModelRefused
from tests.bpmn.drawing import between, file, flow, line

START, END = '<bpmn:startEvent id="s"/>', '<bpmn:endEvent id="e"/>'
TIMER = "<bpmn:timerEventDefinition>{}</bpmn:timerEventDefinition>"


def refusal(source: bytes) -> list[Finding]:
    with pytest.raises(ModelRefused) as refused:
        compile_model(source)
    return [finding for finding in refused.value.findings if finding.severity == "error"]


def rules(source: bytes) -> set[tuple[str, str | None]]:
    return {(f.rule, f.element) for f in refusal(source) if f.rule != "schema"}


def wait(timer: str) -> bytes:
    """A model that waits at `t` for the given timer."""
    return between(
        f'<bpmn:intermediateCatchEvent id="t">{TIMER.format(timer)}</bpmn:intermediateCatchEvent>'
    )


@pytest.mark.parametrize("kind", [k for k, t in FLOW_NODES.items() if t.how == "refused"])
def test_an_element_that_is_not_executed_is_refused_by_name(kind: str) -> None:
    source = between(f'<bpmn:{kind} id="t"/>')

    found = refusal(source)

    assert ("unsupported", "t", 6) in {(f.rule, f.element, f.line) for f in found}


MODELS: dict[str, tuple[bytes, str, str | None]] = {
    # name: (source, rule, element)
    "a flow to nowhere": (
        file(START + END + flow("s", "e") + flow("s", "x")), "dangling-flow", "s_x",
    ),
    "a flow into a subprocess's content": (
        file(
            START + '<bpmn:subProcess id="t"><bpmn:startEvent id="s2"/><bpmn:task id="i"/>'
            + line("s2", "i") + "</bpmn:subProcess>" + line("s", "t") + flow("s", "i")
        ), "flow-crosses-scope", "s_i",
    ),
    "a flow into a start event": (
        file(START + END + '<bpmn:task id="t"/>' + line("s", "t", "e") + flow("t", "s")),
        "flow-into-start", "t_s",
    ),
    "a flow out of an end event": (
        file(START + END + '<bpmn:task id="t"/>' + line("s", "e", "t")), "flow-out-of-end", "e_t",
    ),
    "a start without a way on": (file(START), "start-without-outgoing", "s"),
    "two plain starts of a subprocess": (
        between(
            '<bpmn:subProcess id="t"><bpmn:startEvent id="a"/><bpmn:startEvent id="b"/>'
            '<bpmn:endEvent id="z"/>' + line("a", "z") + line("b", "z") + "</bpmn:subProcess>"
        ),
        "several-starts", "b",
    ),
    "no start": (file('<bpmn:task id="t"/>' + END + flow("t", "e")), "no-start", "p"),
    "an implicit start": (
        file(START + END + '<bpmn:task id="t"/>' + flow("s", "e") + flow("t", "e")),
        "implicit-start", "t",
    ),
    "a gateway that leads nowhere": (
        file(START + '<bpmn:exclusiveGateway id="g"/>' + flow("s", "g")),
        "gateway-without-outgoing", "g",
    ),
    "a default that is not the gateway's": (
        file(START + END + '<bpmn:exclusiveGateway id="g" default="s_g"/>' + line("s", "g", "e")),
        "default-not-outgoing", "g",
    ),
    "a default with a condition": (
        file(
            START + END + '<bpmn:exclusiveGateway id="g" default="g_e"/>' + flow("s", "g")
            + flow("g", "e", "${x}")
        ), "default-with-condition", "g_e",
    ),
    "a parallel gateway with a condition": (
        file(
            START + END + '<bpmn:parallelGateway id="g"/>' + flow("s", "g")
            + flow("g", "e", "${x}")
        ), "condition-misplaced", "g_e",
    ),
    "a choice without condition": (
        file(
            START + END + '<bpmn:endEvent id="f"/><bpmn:exclusiveGateway id="g"/>'
            + flow("s", "g") + flow("g", "e", "${x}") + flow("g", "f")
        ), "flow-without-condition", "g_f",
    ),
    "an empty condition": (
        file(
            START + END + '<bpmn:exclusiveGateway id="g"/>' + flow("s", "g") + flow("g", "e", " ")
        ),
        "condition-empty", "g_e",
    ),
    "a condition that does not compile": (
        file(
            START + END + '<bpmn:exclusiveGateway id="g"/>' + flow("s", "g")
            + flow("g", "e", "${x +}")
        ), "expression", "g_e",
    ),
    "a condition in a strange language": (
        file(
            START + END + '<bpmn:exclusiveGateway id="g"/>' + flow("s", "g")
            + flow("g", "e", "x", "groovy")
        ), "expression", "g_e",
    ),
    "a boundary event on nothing": (
        file(
            START + END + f'<bpmn:boundaryEvent id="b" attachedToRef="x">'
            f"{TIMER.format('<bpmn:timeDuration>PT1H</bpmn:timeDuration>')}</bpmn:boundaryEvent>"
            + flow("s", "e") + flow("b", "e")
        ), "attached-missing", "b",
    ),
    "a boundary event on a gateway": (
        file(
            START + END + '<bpmn:exclusiveGateway id="g"/>'
            '<bpmn:boundaryEvent id="b" attachedToRef="g">'
            f"{TIMER.format('<bpmn:timeDuration>PT1H</bpmn:timeDuration>')}</bpmn:boundaryEvent>"
            + line("s", "g", "e") + flow("b", "e")
        ), "attached-missing", "b",
    ),
    "an error that does not interrupt": (
        file(
            START + END + '<bpmn:task id="t"/>'
            '<bpmn:boundaryEvent id="b" attachedToRef="t" cancelActivity="false">'
            "<bpmn:errorEventDefinition/></bpmn:boundaryEvent>" + line("s", "t", "e")
            + flow("b", "e")
        ), "error-interrupts", "b",
    ),
    "one error caught twice": (
        file(
            START + END + '<bpmn:task id="t"/>'
            + "".join(
                f'<bpmn:boundaryEvent id="{b}" attachedToRef="t"><bpmn:errorEventDefinition/>'
                "</bpmn:boundaryEvent>" for b in ("b", "c")
            ) + line("s", "t", "e") + flow("b", "e") + flow("c", "e")
        ), "duplicate-catch", "c",
    ),
    "a subprocess that starts on a timer": (
        file(
            START + END + '<bpmn:subProcess id="t"><bpmn:startEvent id="x">'
            f"{TIMER.format('<bpmn:timeDuration>PT1H</bpmn:timeDuration>')}</bpmn:startEvent>"
            '<bpmn:task id="i"/>' + line("x", "i") + "</bpmn:subProcess>" + line("s", "t", "e")
        ), "subprocess-start", "x",
    ),
    "a catch event that waits for nothing": (
        between('<bpmn:intermediateCatchEvent id="t"/>'), "event-definition-missing", "t",
    ),
    "an error thrown in the middle": (
        between(
            '<bpmn:intermediateThrowEvent id="t"><bpmn:errorEventDefinition errorRef="x"/>'
            "</bpmn:intermediateThrowEvent>", root='<bpmn:error id="x" errorCode="x"/>',
        ), "event-place", "t",
    ),
    "a receive task without message, in a file that speaks a dialect": (
        between('<bpmn:receiveTask id="t" camunda:asyncBefore="true"/>'), "message-missing", "t",
    ),
    "an event without message": (
        between(
            '<bpmn:intermediateCatchEvent id="t"><bpmn:messageEventDefinition/>'
            "</bpmn:intermediateCatchEvent>"
        ), "message-missing", "t",
    ),
    "a message that does not exist": (
        between('<bpmn:receiveTask id="t" messageRef="m"/>'), "dangling-reference", "t",
    ),
    "an error end without error": (
        file(
            START + '<bpmn:endEvent id="e"><bpmn:errorEventDefinition/></bpmn:endEvent>'
            + flow("s", "e")
        ), "error-code", "e",
    ),
    "an error without code": (
        file(
            START + '<bpmn:endEvent id="e"><bpmn:errorEventDefinition errorRef="x"/>'
            "</bpmn:endEvent>" + flow("s", "e"), '<bpmn:error id="x"/>',
        ), "error-code", "x",
    ),
    "a timer without text": (wait(""), "timer", "t"),
    "a timer with two texts": (
        wait(
            "<bpmn:timeDate>2026-01-01</bpmn:timeDate><bpmn:timeDuration>P1D</bpmn:timeDuration>"
        ), "timer", "t",
    ),
    "a duration that is none": (
        wait("<bpmn:timeDuration>3 Tage</bpmn:timeDuration>"), "timer", "t",
    ),
    "a date that is none": (wait("<bpmn:timeDate>morgen</bpmn:timeDate>"), "timer", "t"),
    "a cycle that is none": (wait("<bpmn:timeCycle>R0/PT1H</bpmn:timeCycle>"), "timer", "t"),
    "a JavaScript": (
        between(
            '<bpmn:scriptTask id="t" scriptFormat="javascript"><bpmn:script>1</bpmn:script>'
            "</bpmn:scriptTask>"
        ), "script-language", "t",
    ),
    "a script without text": (
        between('<bpmn:scriptTask id="t" scriptFormat="feel"><bpmn:script/></bpmn:scriptTask>'),
        "script-missing",
        "t",
    ),
    "a service task without implementation, in a file that speaks a dialect": (
        between('<bpmn:serviceTask id="t" camunda:asyncBefore="true"/>'),
        "implementation-missing", "t",
    ),
    "a service task without implementation, drawn for another engine": (
        between('<bpmn:serviceTask id="t"/>').replace(
            b'id="d"', b'id="d" xmlns:m="urn:m" m:executionPlatform="Some Platform"'
        ), "implementation-missing", "t",
    ),
    "a service task with two implementations": (
        between('<bpmn:serviceTask id="t" camunda:topic="x" camunda:expression="${x}"/>'),
        "several-implementations", "t",
    ),
    "a Java class": (
        between('<bpmn:serviceTask id="t" camunda:class="de.example.X"/>'), "unsupported", "t",
    ),
    "a delegate method": (
        between('<bpmn:serviceTask id="t" camunda:delegateExpression="${a.b(c)}"/>'),
        "unsupported", "t",
    ),
    "a mail task": (
        between('<bpmn:serviceTask id="t" camunda:type="mail"/>'), "unsupported", "t",
    ),
    "an external task without topic": (
        between('<bpmn:serviceTask id="t" camunda:type="external"/>'), "topic-missing", "t",
    ),
    "a computed topic": (
        between('<bpmn:serviceTask id="t" camunda:topic="${x}"/>'), "dynamic-reference", "t",
    ),
    "four eyes with an unknown task": (
        between(
            '<bpmn:userTask id="t"><bpmn:extensionElements><camunda:properties>'
            '<camunda:property name="andere_person_als" value="x"/></camunda:properties>'
            "</bpmn:extensionElements></bpmn:userTask>"
        ), "four-eyes", "t",
    ),
    "four eyes with itself": (
        between(
            '<bpmn:userTask id="t"><bpmn:extensionElements><camunda:properties>'
            '<camunda:property name="andere_person_als" value="t"/></camunda:properties>'
            "</bpmn:extensionElements></bpmn:userTask>"
        ), "four-eyes", "t",
    ),
    "a listener": (
        between(
            '<bpmn:userTask id="t"><bpmn:extensionElements>'
            '<camunda:taskListener event="create" class="x"/>'
            "</bpmn:extensionElements></bpmn:userTask>"
        ), "unsupported", "t",
    ),
    "an extension nobody knows": (
        between(
            '<bpmn:userTask id="t"><bpmn:extensionElements><camunda:zauber/>'
            "</bpmn:extensionElements></bpmn:userTask>"
        ), "unknown-extension", "t",
    ),
    "a starter group": (
        file(START + END + flow("s", "e"), attributes='camunda:candidateStarterGroups="x"'),
        "unsupported", "p",
    ),
    "a strange retry": (
        between(
            '<bpmn:serviceTask id="t" camunda:topic="x"><bpmn:extensionElements>'
            "<camunda:failedJobRetryTimeCycle>oft</camunda:failedJobRetryTimeCycle>"
            "</bpmn:extensionElements></bpmn:serviceTask>"
        ), "retry", "t",
    ),
    "a strange switch": (
        between('<bpmn:task id="t" camunda:asyncBefore="ja"/>'), "attribute", "t",
    ),
    "an id used twice": (
        file(START + END + '<bpmn:task id="e"/>' + flow("s", "e")), "duplicate-id", "e",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_broken_model_is_refused_with_its_rule_and_element(name: str) -> None:
    source, rule, element = MODELS[name]

    assert (rule, element) in rules(source)


def test_the_report_names_every_fault_not_only_the_first() -> None:
    found = rules(
        file(
            START
            + '<bpmn:receiveTask id="a"/>\n<bpmn:serviceTask id="b" camunda:asyncBefore="true"/>\n'
            + '<bpmn:scriptTask id="c" scriptFormat="python">'
            + '<bpmn:script>x</bpmn:script></bpmn:scriptTask><bpmn:endEvent id="e"/>'
            + line("s", "a", "b", "c", "e")
        )
    )

    assert {
        ("message-missing", "a"),
        ("implementation-missing", "b"),
        ("script-language", "c"),
    } <= found


def test_a_fault_in_a_script_is_reported_in_its_own_line() -> None:
    script = "a = 1\nb = 2 +\n"
    source = between(
        '<bpmn:scriptTask id="t" scriptFormat="feel">\n<bpmn:script>'
        f"{script}</bpmn:script></bpmn:scriptTask>"
    )

    found = refusal(source)

    assert [(f.rule, f.element) for f in found] == [("expression", "t")]
    assert found[0].line == 8


def test_a_model_without_executable_process_is_refused() -> None:
    source = file(START + END + flow("s", "e")).replace(b'isExecutable="true"', b"")

    assert [f.rule for f in refusal(source)] == ["no-executable-process"]


def test_an_element_speaks_one_dialect() -> None:
    source = between(
        '<bpmn:serviceTask id="t" camunda:topic="x"><bpmn:extensionElements>'
        '<zeebe:taskDefinition xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" type="x"/>'
        "</bpmn:extensionElements></bpmn:serviceTask>"
    )

    assert rules(source) == {("several-dialects", "t")}


@pytest.mark.parametrize(
    "word",
    [
        'xmlns:f="http://flowable.org/bpmn" f:skipExpression="${x}"',
        'xmlns:d="http://www.jboss.org/drools" d:taskName="Email"',
    ],
)
def test_what_another_engine_would_execute_is_refused_by_name(word: str) -> None:
    assert rules(between(f'<bpmn:task id="t" {word}/>')) == {("foreign-dialect", "t")}


def test_the_schema_names_line_and_element() -> None:
    source = between('<bpmn:userTask id="t">\n<bpmn:script>x</bpmn:script></bpmn:userTask>')

    found = [(f.rule, f.element, f.line) for f in refusal(source)]

    assert ("schema", "t", 7) in found


def test_a_broken_flow_does_not_call_all_that_follows_unreachable() -> None:
    source = file(
        START
        + '<bpmn:task id="a"/><bpmn:task id="b"/>'
        + END
        + flow("s", "x")
        + line("a", "b", "e")
    )

    with pytest.raises(ModelRefused) as refused:
        compile_model(source)

    assert not [f for f in refused.value.findings if f.rule == "unreachable"]
