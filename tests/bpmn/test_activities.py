"""What activities do, how often, and what they need: compiled from plain BPMN and Camunda 7."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.compiler import compile_model
from bpmn.errors import ModelRefused
from bpmn.graph import (
    AdHoc,
    Call,
    Computation,
    ErrorEvent,
    Graph,
    Listener,
    MultiInstance,
    Node,
    Passed,
    SignalEvent,
    StandardLoop,
    Subprocess,
    UserTask,
    Work,
)
from bpmn.values import Value
from tests.bpmn.drawing import between, file, flow, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def node_of(source: bytes, name: str = "t") -> Node:
    return graph_of(source).nodes[name]


def graph_of(source: bytes) -> Graph:
    return compile_model(source).graphs[0]


def call_of(content: str) -> Call:
    action = node_of(between(content)).action
    assert isinstance(action, Call)
    return action


def extended(tag: str, attributes: str, extensions: str, inside: str = "") -> str:
    return (
        f'<bpmn:{tag} id="t" {attributes}><bpmn:extensionElements>{extensions}'
        f"</bpmn:extensionElements>{inside}</bpmn:{tag}>"
    )


def refused(source: bytes) -> set[tuple[str, str | None]]:
    with pytest.raises(ModelRefused) as refusal:
        compile_model(source)
    return {(f.rule, f.element) for f in refusal.value.findings if f.severity == "error"}


# --- calls ---


def test_a_plain_call_passes_all_variables_both_ways() -> None:
    call = call_of('<bpmn:callActivity id="t" calledElement="unten"/>')

    assert call.reference.text == "unten"
    assert call.binding == "latest"
    assert call.inputs == (Passed(None, None),)
    assert call.outputs == (Passed(None, None),)


def test_a_call_of_camunda_passes_what_it_maps_and_nothing_else() -> None:
    bare = call_of('<bpmn:callActivity id="t" calledElement="u" camunda:asyncBefore="true"/>')
    mapped = call_of(
        extended(
            "callActivity",
            'calledElement="${ziel}" camunda:calledElementBinding="versionTag" '
            'camunda:calledElementVersionTag="1.2"',
            '<camunda:in businessKey="#{execution.processBusinessKey}"/>'
            '<camunda:in variables="all" local="true"/>'
            '<camunda:in source="a" target="b"/>'
            '<camunda:in sourceExpression="${a + 1}" target="c"/>'
            '<camunda:out source="d" target="e"/>',
        )
    )

    assert (bare.inputs, bare.outputs) == ((), ())
    assert mapped.reference.evaluate({"ziel": "unten"}, NOW) == "unten"
    assert (mapped.binding, mapped.version) == ("versionTag", "1.2")
    assert mapped.same_business_key
    assert mapped.business_key is None
    everything, named, computed = mapped.inputs
    assert everything == Passed(None, None, local=True)
    assert named.value is not None
    assert named.value.evaluate({"a": 1}, NOW) == 1
    assert computed.value is not None
    assert computed.value.evaluate({"a": 1}, NOW) == 2
    assert [each.target for each in (*mapped.inputs, *mapped.outputs)] == [None, "b", "c", "e"]


def test_a_business_key_may_be_computed() -> None:
    call = call_of(
        extended("callActivity", 'calledElement="u"', '<camunda:in businessKey="${nummer}"/>')
    )

    assert call.business_key is not None
    assert call.business_key.evaluate({"nummer": "7"}, NOW) == "7"


def test_data_inputs_and_outputs_of_a_call_are_those_of_the_called_process_in_their_order() -> None:
    specification = (
        '<bpmn:ioSpecification><bpmn:dataInput id="{0}i" name="{1}"/>'
        '<bpmn:dataOutput id="{0}o" name="{2}"/><bpmn:inputSet><bpmn:dataInputRefs>{0}i'
        "</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet><bpmn:dataOutputRefs>{0}o"
        "</bpmn:dataOutputRefs></bpmn:outputSet></bpmn:ioSpecification>"
    )
    caller = (
        '<bpmn:startEvent id="s"/><bpmn:dataObject id="da" name="akte"/>'
        '<bpmn:callActivity id="t" calledElement="q">'
        f"{specification.format('c', 'hin', 'her')}"
        "<bpmn:dataInputAssociation><bpmn:sourceRef>da</bpmn:sourceRef>"
        "<bpmn:targetRef>ci</bpmn:targetRef></bpmn:dataInputAssociation>"
        "<bpmn:dataOutputAssociation><bpmn:sourceRef>co</bpmn:sourceRef>"
        "<bpmn:targetRef>da</bpmn:targetRef></bpmn:dataOutputAssociation>"
        '</bpmn:callActivity><bpmn:endEvent id="e"/>' + line("s", "t", "e")
    )
    called = (
        f'<bpmn:process id="q" isExecutable="true">{specification.format("q", "rein", "raus")}'
        '<bpmn:startEvent id="s2"/><bpmn:endEvent id="e2"/>' + line("s2", "e2") + "</bpmn:process>"
    )

    node = node_of(file(caller, called))

    action = node.action
    assert isinstance(action, Call)
    assert [(p.target, p.value and p.value.evaluate({"hin": 1}, NOW)) for p in action.inputs] == [
        ("rein", 1)
    ]
    assert [(p.target, p.value and p.value.evaluate({"raus": 2}, NOW)) for p in action.outputs] == [
        ("her", 2)
    ]
    assert {name: e.evaluate({"akte": 3}, NOW) for name, e in node.inputs} == {
        "her": None,
        "hin": 3,
    }
    assert [(name, e.evaluate({"her": 4}, NOW)) for name, e in node.outputs] == [("akte", 4)]


def test_a_process_of_this_file_that_is_called_must_be_executable() -> None:
    drawn = '<bpmn:process id="q"><bpmn:startEvent id="s2"/></bpmn:process>'

    found = refused(between('<bpmn:callActivity id="t" calledElement="q"/>', root=drawn))

    assert ("called-not-executable", "t") in found


@pytest.mark.parametrize(
    "attributes",
    ['camunda:caseRef="x"', 'calledElement="x" camunda:variableMappingClass="de.X"'],
)
def test_cases_and_java_mappings_are_refused(attributes: str) -> None:
    assert ("unsupported", "t") in refused(between(f'<bpmn:callActivity id="t" {attributes}/>'))


# --- global tasks ---


def test_a_global_task_is_a_process_of_one_node() -> None:
    root = (
        '<bpmn:globalUserTask id="gu" name="Prüfen" camunda:assignee="anna"/>'
        '<bpmn:globalScriptTask id="gs" scriptLanguage="feel"><bpmn:script>a = 1</bpmn:script>'
        '</bpmn:globalScriptTask><bpmn:globalTask id="g"/><bpmn:globalManualTask id="gm"/>'
        '<bpmn:globalBusinessRuleTask id="gb" camunda:decisionRef="d"/>'
    )

    graphs = compile_model(between('<bpmn:callActivity id="t" calledElement="gu"/>', root=root))

    made = {graph.process_id: graph for graph in graphs.graphs}
    assert set(made) == {"p", "gu", "gs", "g", "gm", "gb"}
    assert made["gu"].scopes["gu"].starts == ("gu#task",)
    assert isinstance(made["gu"].nodes["gu#task"].action, UserTask)
    assert made["gu"].nodes["gu#task"].name == "Prüfen"
    assert isinstance(made["gs"].nodes["gs#task"].action, Computation)


# --- subprocesses ---


def test_transactions_and_event_subprocesses_say_what_they_are() -> None:
    transaction = (
        '<bpmn:transaction id="t"><bpmn:startEvent id="s1"/><bpmn:endEvent id="e1"/>'
        f"{line('s1', 'e1')}</bpmn:transaction>"
    )

    assert node_of(between(transaction)).action == Subprocess(transaction=True)


def test_an_ad_hoc_subprocess_knows_its_order_and_its_end() -> None:
    inside = (
        '<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:task id="c"/>' + line("a", "b") + "{}"
    ).format(
        '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">= fertig'
        "</bpmn:completionCondition>"
    )
    source = between(
        f'<bpmn:adHocSubProcess id="t" ordering="Sequential">{inside}</bpmn:adHocSubProcess>'
    )

    graph = graph_of(source)

    action = graph.nodes["t"].action
    assert isinstance(action, AdHoc)
    assert (action.parallel, action.cancel_remaining, action.chosen) == (False, True, None)
    assert action.completion is not None
    assert action.completion.evaluate({"fertig": True}, NOW) is True
    assert graph.scopes["t"].starts == ("a", "c")


# --- loops ---


def test_a_standard_loop_has_condition_order_and_maximum() -> None:
    loop = node_of(
        between(
            '<bpmn:task id="t"><bpmn:standardLoopCharacteristics testBefore="true" loopMaximum="3">'
            '<bpmn:loopCondition xsi:type="bpmn:tFormalExpression">loopCounter &lt; 2'
            "</bpmn:loopCondition></bpmn:standardLoopCharacteristics></bpmn:task>"
        )
    ).loop

    assert isinstance(loop, StandardLoop)
    assert (loop.test_before, loop.maximum) == (True, 3)
    assert loop.condition is not None
    assert loop.condition.evaluate({"loopCounter": 1}, NOW) is True


def many(content: str, attributes: str = "", activity: str = 'userTask id="t"') -> Node:
    tag = activity.split(maxsplit=1)[0]
    return node_of(
        between(
            f"<bpmn:{activity}><bpmn:multiInstanceLoopCharacteristics {attributes}>{content}"
            f"</bpmn:multiInstanceLoopCharacteristics></bpmn:{tag}>"
        )
    )


def test_instances_are_counted_by_a_number() -> None:
    loop = many(
        '<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">3</bpmn:loopCardinality>'
        '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">'
        "${nrOfCompletedInstances &gt; 1}</bpmn:completionCondition>",
        'isSequential="true"',
    ).loop

    assert isinstance(loop, MultiInstance)
    assert loop.sequential
    assert loop.cardinality is not None
    assert loop.cardinality.evaluate({}, NOW) == 3
    assert loop.completion is not None
    assert loop.completion.evaluate({"nrOfCompletedInstances": 2}, NOW) is True
    assert loop.first_counter == 1


def test_camunda_counts_from_0_over_a_collection_by_its_name_or_expression() -> None:
    named = many("", 'camunda:collection="liste" camunda:elementVariable="x"').loop
    computed = many("", 'camunda:collection="${liste}" camunda:asyncBefore="true"').loop

    assert isinstance(named, MultiInstance)
    assert named.collection is not None
    assert named.collection.evaluate({"liste": [1]}, NOW) == [1]
    assert (named.element, named.first_counter) == ("x", 0)
    assert isinstance(computed, MultiInstance)
    assert computed.collection is not None
    assert computed.collection.evaluate({"liste": [2]}, NOW) == [2]
    assert computed.async_before


DATA_LOOP = """<bpmn:startEvent id="s"/><bpmn:dataObject id="dl" name="liste" isCollection="true"/>
<bpmn:dataObject id="dr" name="ergebnisse" isCollection="true"/>
<bpmn:scriptTask id="t" scriptFormat="feel"><bpmn:ioSpecification>
<bpmn:dataInput id="il" isCollection="true"/><bpmn:dataInput id="ix" name="posten"/>
<bpmn:dataOutput id="ol" isCollection="true"/><bpmn:dataOutput id="oy" name="summe"/>
<bpmn:inputSet><bpmn:dataInputRefs>il</bpmn:dataInputRefs><bpmn:dataInputRefs>ix
</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet><bpmn:dataOutputRefs>ol
</bpmn:dataOutputRefs><bpmn:dataOutputRefs>oy</bpmn:dataOutputRefs></bpmn:outputSet>
</bpmn:ioSpecification>
<bpmn:dataInputAssociation><bpmn:sourceRef>dl</bpmn:sourceRef><bpmn:targetRef>il</bpmn:targetRef>
</bpmn:dataInputAssociation>
<bpmn:dataInputAssociation><bpmn:sourceRef>item</bpmn:sourceRef><bpmn:targetRef>ix
</bpmn:targetRef></bpmn:dataInputAssociation>
<bpmn:dataOutputAssociation><bpmn:sourceRef>oy</bpmn:sourceRef><bpmn:targetRef>made
</bpmn:targetRef></bpmn:dataOutputAssociation>
<bpmn:dataOutputAssociation><bpmn:sourceRef>ol</bpmn:sourceRef><bpmn:targetRef>dr</bpmn:targetRef>
</bpmn:dataOutputAssociation>
<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>il</bpmn:loopDataInputRef>
<bpmn:loopDataOutputRef>ol</bpmn:loopDataOutputRef>
<bpmn:inputDataItem id="item" name="ding"/><bpmn:outputDataItem id="made" name="gemacht"/>
</bpmn:multiInstanceLoopCharacteristics><bpmn:script>summe = posten + 1</bpmn:script>
</bpmn:scriptTask><bpmn:endEvent id="e"/>"""


def test_a_loop_over_data_reads_and_writes_through_its_associations() -> None:
    node = node_of(file(DATA_LOOP + line("s", "t", "e")))

    loop = node.loop
    assert isinstance(loop, MultiInstance)
    assert loop.collection is not None
    assert loop.collection.evaluate({"liste": [1, 2]}, NOW) == [1, 2]
    assert (loop.element, loop.results) == ("ding", "ergebnisse")
    assert loop.result is not None
    assert loop.result.evaluate({"gemacht": 5}, NOW) == 5
    inside: dict[str, Value] = {"ding": 7}
    assert {name: e.evaluate(inside, NOW) for name, e in node.inputs} == {
        "summe": None,
        "gemacht": None,
        "posten": 7,
    }
    assert [(name, e.evaluate({"summe": 8}, NOW)) for name, e in node.outputs] == [("gemacht", 8)]


@pytest.mark.parametrize("behavior", ["None", "One"])
def test_instances_may_throw_an_event_each_or_once(behavior: str) -> None:
    ref = f'{behavior.lower()}BehaviorEventRef="def"'
    counted = '<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">2</bpmn:loopCardinality>'
    source = between(
        f'<bpmn:task id="t"><bpmn:multiInstanceLoopCharacteristics behavior="{behavior}" {ref}>'
        f"{counted}</bpmn:multiInstanceLoopCharacteristics></bpmn:task>",
        root='<bpmn:signal id="g" name="Fertig"/><bpmn:signalEventDefinition id="def" '
        'signalRef="g"/>',
    )

    loop = node_of(source).loop

    assert isinstance(loop, MultiInstance)
    assert loop.behavior == behavior.lower()
    ((condition, event),) = loop.events
    assert condition is None
    assert isinstance(event, SignalEvent)


def test_complex_behavior_throws_where_its_condition_holds() -> None:
    source = between(
        '<bpmn:task id="t"><bpmn:multiInstanceLoopCharacteristics behavior="Complex">'
        '<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">2</bpmn:loopCardinality>'
        '<bpmn:complexBehaviorDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">'
        'loopCounter = 2</bpmn:condition><bpmn:event id="ev"><bpmn:errorEventDefinition '
        'errorRef="x"/></bpmn:event></bpmn:complexBehaviorDefinition>'
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:task>",
        root='<bpmn:error id="x" errorCode="halb"/>',
    )

    loop = node_of(source).loop

    assert isinstance(loop, MultiInstance)
    ((condition, event),) = loop.events
    assert condition is not None
    assert condition.evaluate({"loopCounter": 2}, NOW) is True
    assert event == ErrorEvent("halb")


def test_quantities_stand_at_the_node() -> None:
    node = node_of(between('<bpmn:task id="t" startQuantity="2" completionQuantity="3"/>'))

    assert (node.start_quantity, node.completion_quantity) == (2, 3)


# --- gateways ---


def test_a_complex_gateway_has_its_activation_condition() -> None:
    node = node_of(
        file(
            '<bpmn:startEvent id="s"/><bpmn:parallelGateway id="g"/><bpmn:task id="a"/>'
            '<bpmn:task id="b"/><bpmn:complexGateway id="t"><bpmn:activationCondition '
            'xsi:type="bpmn:tFormalExpression">activationCount &gt;= 1</bpmn:activationCondition>'
            '</bpmn:complexGateway><bpmn:endEvent id="e"/>'
            + line("s", "g", "a", "t", "e")
            + line("g", "b", "t")
        )
    )

    assert node.activation is not None
    assert node.activation.evaluate({"activationCount": 1}, NOW) is True


# --- work, people, listeners ---


def test_an_operation_or_an_implementation_is_a_handler_by_its_name() -> None:
    interface = (
        '<bpmn:message id="m" name="m"/><bpmn:interface id="i" name="Register">'
        '<bpmn:operation id="op" name="nachschlagen"><bpmn:inMessageRef>m</bpmn:inMessageRef>'
        "</bpmn:operation></bpmn:interface>"
    )

    by_operation = node_of(between('<bpmn:serviceTask id="t" operationRef="op"/>', root=interface))
    by_uri = node_of(between('<bpmn:serviceTask id="t" implementation="urn:amt:senden"/>'))

    assert by_operation.action == Work("nachschlagen", external=False)
    assert by_uri.action == Work("urn:amt:senden", external=False)


def test_roles_of_bpmn_name_people_and_groups() -> None:
    role = (
        "<bpmn:{0}><bpmn:resourceAssignmentExpression>"
        "<bpmn:formalExpression>{1}</bpmn:formalExpression></bpmn:resourceAssignmentExpression>"
        "</bpmn:{0}>"
    )
    action = node_of(
        between(
            '<bpmn:userTask id="t">'
            + role.format("humanPerformer", "${chef}")
            + role.format("potentialOwner", "user(anna), group(kasse), amt")
            + "<bpmn:potentialOwner><bpmn:resourceRef>r</bpmn:resourceRef></bpmn:potentialOwner>"
            "</bpmn:userTask>",
            root='<bpmn:resource id="r" name="archiv"/>',
        )
    ).action

    assert isinstance(action, UserTask)
    assert action.assignee is not None
    assert action.assignee.evaluate({"chef": "otto"}, NOW) == "otto"
    assert action.candidate_users is not None
    assert action.candidate_users.evaluate({}, NOW) == "anna"
    assert action.candidate_groups is not None
    assert action.candidate_groups.evaluate({}, NOW) == "kasse,amt,archiv"


def test_listeners_are_expressions_or_handlers_by_name() -> None:
    heard = (
        '<camunda:executionListener event="start" delegateExpression="${melden}"/>'
        '<camunda:executionListener event="end" expression="${execution.setVariable(\'x\', y)}"/>'
        '<camunda:taskListener event="create" expression="${y}"/>'
    )
    taken = (
        '<bpmn:sequenceFlow id="f" sourceRef="t" targetRef="e"><bpmn:extensionElements>'
        '<camunda:executionListener event="take" delegateExpression="${melden}"/>'
        "</bpmn:extensionElements></bpmn:sequenceFlow>"
    )
    graph = graph_of(
        file(
            '<bpmn:extensionElements><camunda:executionListener event="start" '
            'delegateExpression="${melden}"/></bpmn:extensionElements><bpmn:startEvent id="s"/>'
            + extended("userTask", "", heard)
            + '<bpmn:endEvent id="e"/>'
            + flow("s", "t")
            + taken
        )
    )

    first, second, third = graph.nodes["t"].listeners
    assert first == Listener("start", topic="melden")
    assert (second.event, second.variable) == ("end", "x")
    assert second.expression is not None
    assert second.expression.evaluate({"y": 4}, NOW) == 4
    assert (third.event, third.variable) == ("create", None)
    assert graph.nodes["t"].outgoing[0].listeners == (Listener("take", topic="melden"),)
    assert graph.nodes["s"].listeners == (Listener("start", topic="melden"),)


@pytest.mark.parametrize(
    "listener",
    [
        '<camunda:executionListener event="start" class="de.X"/>',
        '<camunda:taskListener event="create" class="de.X"/>',
        '<camunda:executionListener event="start"><camunda:script scriptFormat="groovy">x'
        "</camunda:script></camunda:executionListener>",
        '<camunda:taskListener event="timeout" delegateExpression="${x}"/>',
        '<camunda:taskListener event="assignment" delegateExpression="${x}"/>',
        '<camunda:taskListener event="delete" delegateExpression="${x}"/>',
        '<camunda:executionListener event="take" delegateExpression="${x}"/>',
        '<camunda:executionListener event="start"/>',
    ],
)
def test_a_listener_that_does_not_run_here_is_refused(listener: str) -> None:
    found = refused(between(extended("userTask", "", listener)))

    assert found
    assert {element for _, element in found} == {"t"}


def test_what_an_external_worker_reports_may_be_an_error() -> None:
    asked = '<camunda:errorEventDefinition errorRef="x" expression="${code == 7}"/>'
    node = node_of(
        between(
            extended("serviceTask", 'camunda:type="external" camunda:topic="post"', asked),
            root='<bpmn:error id="x" errorCode="unzustellbar"/>',
        )
    )

    assert isinstance(node.action, Work)
    ((condition, code),) = node.action.errors
    assert condition.evaluate({"code": 7}, NOW) is True
    assert code == "unzustellbar"


def test_an_expression_that_sets_a_variable_computes_it() -> None:
    text = "${execution.setVariable('summe', a + b)}"
    action = node_of(between(f'<bpmn:serviceTask id="t" camunda:expression="{text}"/>')).action

    assert isinstance(action, Computation)
    ((name, value),) = action.assignments
    assert name == "summe"
    assert value.evaluate({"a": 1, "b": 2}, NOW) == 3


def test_versions_may_be_bound_by_their_tag() -> None:
    task = node_of(
        between(
            '<bpmn:userTask id="t" camunda:formRef="f" camunda:formRefBinding="versionTag" '
            'camunda:formRefVersionTag="v2"/>'
        )
    ).action

    assert isinstance(task, UserTask)
    assert (task.form_binding, task.form_version) == ("versionTag", "v2")
    wanting = between(
        '<bpmn:businessRuleTask id="t" camunda:decisionRef="d" '
        'camunda:decisionRefBinding="versionTag"/>'
    )
    assert ("binding", "t") in refused(wanting)
