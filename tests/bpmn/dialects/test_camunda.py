"""Camunda 7's words, and those of the engines that it comes from or that come from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bpmn.compiler import compile_model
from bpmn.errors import ModelRefused
from bpmn.forms import FormSpec, parse_form
from bpmn.graph import (
    ConditionalEvent,
    ErrorEvent,
    EscalationEvent,
    Graph,
    SignalEvent,
    UserTask,
    Work,
)
from tests.bpmn.drawing import between, file, flow, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def graph_of(source: bytes) -> Graph:
    return compile_model(source).graphs[0]


def refused(source: bytes) -> set[tuple[str, str | None]]:
    with pytest.raises(ModelRefused) as refusal:
        compile_model(source)
    return {(f.rule, f.element) for f in refusal.value.findings if f.severity == "error"}


def form_data(fields: str) -> bytes:
    return between(
        '<bpmn:userTask id="t"><bpmn:extensionElements><camunda:formData>'
        f"{fields}</camunda:formData></bpmn:extensionElements></bpmn:userTask>"
    )


FIELDS = """<camunda:formField id="name" label="Name" type="string" defaultValue="Anna">
<camunda:validation><camunda:constraint name="required"/>
<camunda:constraint name="maxlength" config="30"/></camunda:validation></camunda:formField>
<camunda:formField id="zahl" type="long" defaultValue="3"><camunda:validation>
<camunda:constraint name="min" config="1"/><camunda:constraint name="max" config="9"/>
</camunda:validation></camunda:formField>
<camunda:formField id="ja" type="boolean" defaultValue="true"/>
<camunda:formField id="tag" type="date"/>
<camunda:formField id="art" type="enum"><camunda:value id="a" name="Brief"/>
<camunda:value id="b"/><camunda:validation><camunda:constraint name="readonly"/>
</camunda:validation></camunda:formField>"""


def test_form_data_is_a_form_that_is_deployed_with_its_model() -> None:
    compiled = compile_model(form_data(FIELDS))

    (form,) = compiled.forms
    action = compiled.graphs[0].nodes["t"].action
    assert isinstance(action, UserTask)
    assert (action.form, action.form_binding) == ("p.t", "deployment")
    assert form.key == "p.t"
    spec = parse_form(form.content)
    fields = {field.key: field for field in spec.fields()}
    assert [(f.key, f.kind, f.label, f.default) for f in fields.values()] == [
        ("name", "textfield", "Name", "Anna"),
        ("zahl", "number", "zahl", 3),
        ("ja", "checkbox", "ja", True),
        ("tag", "date", "tag", None),
        ("art", "select", "art", None),
    ]
    assert (fields["name"].required, fields["name"].max_length) == (True, 30)
    assert (fields["zahl"].minimum, fields["zahl"].maximum) == (1, 9)
    assert [(o.value, o.label) for o in fields["art"].options] == [("a", "Brief"), ("b", "b")]
    assert fields["art"].readonly is True


@pytest.mark.parametrize(
    "field",
    [
        '<camunda:formField id="a" type="custom"/>',
        '<camunda:formField id="a" type="string" defaultValue="${x}"/>',
        '<camunda:formField id="a" type="long" defaultValue="viel"/>',
        '<camunda:formField id="a b" type="string"/>',
        '<camunda:formField id="a" type="enum"/>',
        '<camunda:formField id="a" type="string"><camunda:validation><camunda:constraint '
        'name="validator" config="de.X"/></camunda:validation></camunda:formField>',
        '<camunda:formField id="a" type="string"/><camunda:formField id="a" type="string"/>',
    ],
)
def test_a_generated_field_that_is_not_exact_is_refused(field: str) -> None:
    assert refused(form_data(field)) == {("form", "t")}


def test_a_form_that_stands_in_a_process_for_zeebe_is_deployed_with_it() -> None:
    form = {"type": "default", "id": "egal", "components": [
        {"type": "textfield", "id": "f", "key": "a", "label": "A"}]}  # fmt: skip
    embedded = (
        "<bpmn:extensionElements><zeebe:userTaskForm xmlns:zeebe="
        f'"http://camunda.org/schema/zeebe/1.0" id="f1">{json.dumps(form)}</zeebe:userTaskForm>'
        "</bpmn:extensionElements>"
    )
    named = (
        "<bpmn:extensionElements><zeebe:formDefinition xmlns:zeebe="
        '"http://camunda.org/schema/zeebe/1.0" formKey="camunda-forms:bpmn:{}"/>'
        "</bpmn:extensionElements>"
    )
    body = (
        '<bpmn:startEvent id="s"/><bpmn:userTask id="t">{}</bpmn:userTask><bpmn:endEvent id="e"/>'
    )

    def model(name: str) -> bytes:
        return file(embedded + body.format(named.format(name)) + line("s", "t", "e"))

    compiled = compile_model(model("f1"))

    (found,) = compiled.forms
    spec = parse_form(found.content)
    assert isinstance(spec, FormSpec)
    assert [field.key for field in spec.fields()] == ["a"]
    action = compiled.graphs[0].nodes["t"].action
    assert isinstance(action, UserTask)
    assert (action.form, action.form_binding) == (found.key, "deployment")
    assert ("form", "t") in refused(model("f2"))


def test_a_signal_carries_what_is_mapped_into_it() -> None:
    mapped = ("<bpmn:extensionElements>{}</bpmn:extensionElements>").format(
        '<camunda:in source="a" target="b"/><camunda:in sourceExpression="${a}" target="c"/>'
    )

    def model(mapping: str) -> bytes:
        return between(
            '<bpmn:intermediateThrowEvent id="t"><bpmn:signalEventDefinition signalRef="g">'
            f"{mapping}</bpmn:signalEventDefinition></bpmn:intermediateThrowEvent>",
            root='<bpmn:signal id="g" name="Alarm-${a}"/>',
        )

    event = graph_of(model(mapped)).nodes["t"].event

    assert isinstance(event, SignalEvent)
    assert event.name.evaluate({"a": 7}, NOW) == "Alarm-7"
    assert event.inputs is not None
    assert {name: e.evaluate({"a": 7}, NOW) for name, e in event.inputs} == {"b": 7, "c": 7}
    keyed = '<bpmn:extensionElements><camunda:in businessKey="${a}"/></bpmn:extensionElements>'
    assert ("unsupported", "t") in refused(model(keyed))


def test_a_condition_may_look_at_one_variable_only() -> None:
    source = between(
        '<bpmn:intermediateCatchEvent id="t"><bpmn:conditionalEventDefinition '
        'camunda:variableName="x" camunda:variableEvents="create, update"><bpmn:condition '
        'xsi:type="bpmn:tFormalExpression">${x &gt; 1}</bpmn:condition>'
        "</bpmn:conditionalEventDefinition></bpmn:intermediateCatchEvent>"
    )

    event = graph_of(source).nodes["t"].event

    assert isinstance(event, ConditionalEvent)
    assert (event.variable, event.changes) == ("x", frozenset({"create", "update"}))
    assert ("attribute", "t") in refused(source.replace(b"create, update", b"create, oft"))


def test_variables_receive_what_was_caught() -> None:
    caught = (
        '<bpmn:boundaryEvent id="{0}" attachedToRef="t"><bpmn:{1}EventDefinition '
        "{2}/></bpmn:boundaryEvent>"
    )
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:subProcess id="t"><bpmn:startEvent id="s1"/>'
            f'<bpmn:endEvent id="e1"/>{line("s1", "e1")}</bpmn:subProcess>'
            + caught.format(
                "b1",
                "error",
                'camunda:errorCodeVariable="c" camunda:errorMessageVariable="m"',
            )
            + caught.format("b2", "escalation", 'camunda:escalationCodeVariable="x"')
            + '<bpmn:endEvent id="e"/>'
            + line("s", "t", "e")
            + flow("b1", "e")
            + flow("b2", "e")
        )
    )

    assert graph.nodes["b1"].event == ErrorEvent(None, "c", "m")
    assert graph.nodes["b2"].event == EscalationEvent(None, "x")


@pytest.mark.parametrize("space", ["http://activiti.org/bpmn", "http://flowable.org/bpmn"])
def test_the_elders_words_that_kept_their_meaning_are_read(space: str) -> None:
    source = between('<bpmn:userTask id="t" camunda:assignee="anna"/>').replace(
        b"http://camunda.org/schema/1.0/bpmn", space.encode()
    )
    work = between('<bpmn:serviceTask id="t" camunda:delegateExpression="${lesen}"/>').replace(
        b"http://camunda.org/schema/1.0/bpmn", space.encode()
    )

    action = graph_of(source).nodes["t"].action

    assert isinstance(action, UserTask)
    assert action.assignee is not None
    assert graph_of(work).nodes["t"].action == Work("lesen", external=False)


@pytest.mark.parametrize(
    "content",
    [
        '<bpmn:serviceTask id="t" camunda:type="http"/>',
        '<bpmn:userTask id="t" camunda:skipExpression="${x}"/>',
        '<bpmn:userTask id="t"><bpmn:extensionElements><camunda:formProperty id="a"/>'
        "</bpmn:extensionElements></bpmn:userTask>",
    ],
)
def test_the_elders_other_words_are_refused_as_theirs(content: str) -> None:
    source = between(content).replace(
        b"http://camunda.org/schema/1.0/bpmn", b"http://flowable.org/bpmn"
    )

    assert ("foreign-dialect", "t") in refused(source)


def test_an_initiator_and_tags_stand_at_start_and_process() -> None:
    graph = graph_of(
        file(
            '<bpmn:startEvent id="s" camunda:initiator="wer"/><bpmn:endEvent id="e"/>'
            + flow("s", "e"),
            attributes='camunda:versionTag="1" camunda:historyTimeToLive="P1Y"',
        )
    )

    assert (graph.initiator, graph.version_tag, graph.history_ttl) == ("wer", "1", "P1Y")
