"""Models for Zeebe mean the same in the graph as those of other dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bpmn.compiler import Compiled, compile_model
from bpmn.errors import ModelRefused
from bpmn.graph import (
    AdHoc,
    Call,
    Computation,
    Decision,
    Expression,
    Listener,
    MultiInstance,
    Node,
    Passed,
    Receive,
    Retry,
    UserTask,
    Work,
)
from bpmn.values import Value
from tests.bpmn.drawing import between, file, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SPACE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'


def compiled(source: bytes) -> Compiled:
    return compile_model(source.replace(b'id="d"', f'id="d" {SPACE}'.encode(), 1))


def said(tag: str, words: str, inside: str = "", attributes: str = "") -> bytes:
    return between(
        f'<bpmn:{tag} id="t" {attributes}><bpmn:extensionElements>{words}'
        f"</bpmn:extensionElements>{inside}</bpmn:{tag}>"
    )


def node(tag: str, words: str, inside: str = "", attributes: str = "") -> Node:
    return compiled(said(tag, words, inside, attributes)).graphs[0].nodes["t"]


def value(expression: Expression | None, variables: dict[str, Value] | None = None) -> Value:
    assert expression is not None
    return expression.evaluate(variables or {}, NOW)


def test_a_task_definition_is_work_for_a_worker_elsewhere() -> None:
    made = node(
        "serviceTask",
        '<zeebe:taskDefinition type="post" retries="5"/><zeebe:taskHeaders>'
        '<zeebe:header key="art" value="brief"/></zeebe:taskHeaders>'
        '<zeebe:properties><zeebe:property name="x" value="y"/></zeebe:properties>',
    )

    assert made.action == Work("post", external=True)
    assert made.retry == Retry(5, (timedelta(),))
    assert made.properties == {"art": "brief", "x": "y"}


@pytest.mark.parametrize("tag", ["sendTask", "scriptTask", "businessRuleTask"])
def test_any_service_like_task_may_be_a_job(tag: str) -> None:
    assert node(tag, '<zeebe:taskDefinition type="x"/>').action == Work("x", external=True)


def test_a_thrown_message_is_a_job() -> None:
    made = node(
        "intermediateThrowEvent",
        '<zeebe:taskDefinition type="senden"/>',
        "<bpmn:messageEventDefinition/>",
    )

    assert made.action == Work("senden", external=True)
    assert made.event is None


def test_mappings_put_values_into_variables_and_parts_of_them() -> None:
    made = node(
        "serviceTask",
        '<zeebe:taskDefinition type="x"/><zeebe:ioMapping>'
        '<zeebe:input source="= a" target="b"/><zeebe:input source="= a + 1" target="c.d.e"/>'
        '<zeebe:input source="fest" target="c.f"/>'
        '<zeebe:output source="= r" target="ergebnis.teil"/></zeebe:ioMapping>',
    )

    seen: dict[str, Value] = {"a": 1, "c": {"alt": True}}
    for name, expression in made.inputs:
        seen[name] = expression.evaluate(seen, NOW)
    assert seen == {"a": 1, "b": 1, "c": {"d": {"e": 2}, "f": "fest"}}
    ((name, output),) = made.outputs
    assert name == "ergebnis"
    assert value(output, {"r": 3, "ergebnis": {"alt": 1}}) == {"alt": 1, "teil": 3}
    assert made.keeps_results


def test_a_user_task_says_who_when_and_with_which_form() -> None:
    action = node(
        "userTask",
        '<zeebe:userTask/><zeebe:assignmentDefinition assignee="= chef" candidateGroups="a, b" '
        'candidateUsers="= leute"/><zeebe:taskSchedule dueDate="= frist" '
        'followUpDate="2026-01-01T00:00:00Z"/><zeebe:priorityDefinition priority="80"/>'
        '<zeebe:formDefinition formId="pruefung" bindingType="versionTag" versionTag="2"/>',
    ).action

    assert isinstance(action, UserTask)
    assert value(action.assignee, {"chef": "anna"}) == "anna"
    assert value(action.candidate_groups) == "a, b"
    assert value(action.candidate_users, {"leute": ["otto"]}) == ["otto"]
    assert value(action.due, {"frist": NOW}) == NOW
    assert value(action.priority) == "80"
    assert (action.form, action.form_binding, action.form_version) == (
        "pruefung",
        "versionTag",
        "2",
    )


def test_a_call_passes_all_variables_unless_it_says_otherwise() -> None:
    def call(words: str, more: str = "") -> Call:
        action = node("callActivity", f'<zeebe:calledElement processId="u" {words}/>{more}').action
        assert isinstance(action, Call)
        return action

    plain = call('bindingType="deployment"')
    closed = call('propagateAllParentVariables="false" propagateAllChildVariables="false"')
    mapped = call(
        'propagateAllChildVariables="false"',
        '<zeebe:ioMapping><zeebe:output source="= r" target="x"/></zeebe:ioMapping>',
    )

    assert (plain.reference.text, plain.binding) == ("u", "deployment")
    assert (plain.inputs, plain.outputs) == ((Passed(None, None),), (Passed(None, None),))
    assert (closed.inputs, closed.outputs) == ((Passed(None, None, local=True),), ())
    assert mapped.outputs == (Passed(None, None, local=True),)


def test_a_called_decision_gives_its_own_value() -> None:
    action = node(
        "businessRuleTask", '<zeebe:calledDecision decisionId="befugnis" resultVariable="stufe"/>'
    ).action

    assert action == Decision("befugnis", "latest", None, "stufe", "value")


def test_a_script_puts_its_value_into_a_variable() -> None:
    action = node("scriptTask", '<zeebe:script expression="= a + 1" resultVariable="b"/>').action

    assert isinstance(action, Computation)
    ((name, computed),) = action.assignments
    assert (name, value(computed, {"a": 1})) == ("b", 2)


def test_instances_run_over_a_collection_and_collect_their_results() -> None:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="= liste" inputElement="x" '
        'outputCollection="alle" outputElement="= y"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    made = node("serviceTask", '<zeebe:taskDefinition type="x"/>', loop)

    assert isinstance(made.loop, MultiInstance)
    assert value(made.loop.collection, {"liste": [1]}) == [1]
    assert (made.loop.element, made.loop.results, made.loop.first_counter) == ("x", "alle", 1)
    assert value(made.loop.result, {"y": 2}) == 2
    assert [(name, value(e)) for name, e in made.inputs] == [("y", None)]


def test_a_message_has_its_key_from_its_subscription() -> None:
    message = (
        '<bpmn:message id="m" name="Post"><bpmn:extensionElements><zeebe:subscription '
        'correlationKey="= nummer"/></bpmn:extensionElements></bpmn:message>'
    )

    made = compiled(between('<bpmn:receiveTask id="t" messageRef="m"/>', root=message))

    action = made.graphs[0].nodes["t"].action
    assert isinstance(action, Receive)
    assert value(action.message.key, {"nummer": 7}) == 7


def test_listeners_are_work_by_their_type() -> None:
    made = node(
        "userTask",
        '<zeebe:userTask/><zeebe:executionListeners><zeebe:executionListener eventType="start" '
        'type="melden"/></zeebe:executionListeners><zeebe:taskListeners><zeebe:taskListener '
        'eventType="completing" type="pruefen"/></zeebe:taskListeners>',
    )

    assert made.listeners == (
        Listener("start", topic="melden"),
        Listener("complete", topic="pruefen"),
    )


def test_an_ad_hoc_subprocess_begins_with_what_it_lists() -> None:
    action = node(
        "adHocSubProcess",
        '<zeebe:adHoc activeElementsCollection="= [&quot;a&quot;]"/>',
        '<bpmn:task id="a"/>',
    ).action

    assert isinstance(action, AdHoc)
    assert value(action.chosen) == ["a"]


def test_the_version_tag_stands_at_the_process() -> None:
    source = file(
        '<bpmn:extensionElements><zeebe:versionTag value="1.2"/></bpmn:extensionElements>'
        '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + line("s", "e")
    )

    assert compiled(source).graphs[0].version_tag == "1.2"


@pytest.mark.parametrize(
    ("tag", "words", "rule"),
    [
        ("serviceTask", "<zeebe:taskDefinition/>", "topic-missing"),
        ("serviceTask", '<zeebe:taskDefinition type="= x"/>', "dynamic-reference"),
        ("serviceTask", '<zeebe:taskDefinition type="x" retries="viele"/>', "retry"),
        ("businessRuleTask", '<zeebe:calledDecision decisionId="x"/>', "decision-missing"),
        ("callActivity", "<zeebe:calledElement/>", "called-missing"),
        ("callActivity", '<zeebe:calledElement processId="x" bindingType="y"/>', "binding"),
        ("userTask", '<zeebe:taskDefinition type="x"/>', "unsupported"),
        ("userTask", "<zeebe:zauber/>", "unknown-extension"),
        ("serviceTask", f'<zeebe:taskDefinition type="{"x" * 256}"/>', "too-long"),
        (
            "userTask",
            '<zeebe:taskListeners><zeebe:taskListener eventType="canceling" type="x"/>'
            "</zeebe:taskListeners>",
            "unsupported",
        ),
        ("adHocSubProcess", "<zeebe:properties/>", "adhoc-begin"),
        ("task", '<zeebe:ioMapping><zeebe:input source="= x"/></zeebe:ioMapping>', "parameter"),
    ],
)
def test_what_is_not_exact_is_refused(tag: str, words: str, rule: str) -> None:
    inside = '<bpmn:task id="a"/>' if tag.startswith("adHoc") else ""

    with pytest.raises(ModelRefused) as refused:
        compiled(said(tag, words, inside))

    assert (rule, "t") in {(f.rule, f.element) for f in refused.value.findings}
