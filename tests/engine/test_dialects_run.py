"""What a dialect says is what happens: from the file to the end of the case."""

from __future__ import annotations

from bpmn.values import Value
from engine.machine.facts import Called
from engine.testing import Bench
from engine.testing_case import Case
from tests.bpmn.drawing import between, file, flow, line

ZEEBE = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'


def bench_with(*sources: bytes) -> Bench:
    bench = Bench()
    bench.deploy(*sources)
    return bench


def zeebe(source: bytes) -> bytes:
    return source.replace(b'id="d"', f'id="d" {ZEEBE}'.encode(), 1)


def extended(tag: str, words: str, attributes: str = "", inside: str = "") -> str:
    return (
        f'<bpmn:{tag} id="t" {attributes}><bpmn:extensionElements>{words}'
        f"</bpmn:extensionElements>{inside}</bpmn:{tag}>"
    )


def test_zeebes_outputs_leave_nothing_else_behind() -> None:
    words = (
        '<zeebe:taskDefinition type="x"/><zeebe:ioMapping><zeebe:input source="= a" target="b"/>'
        '<zeebe:output source="= c + b" target="d.e"/></zeebe:ioMapping>'
    )
    bench = bench_with(zeebe(between(extended("serviceTask", words))))

    case = bench.start("p", a=1)
    case.complete("t", c=2, unnuetz=True)

    assert case.ended
    assert case.variables == {"a": 1, "d": {"e": 3}}


def test_zeebes_task_without_outputs_gives_all_it_has() -> None:
    bench = bench_with(zeebe(between(extended("serviceTask", '<zeebe:taskDefinition type="x"/>'))))

    case = bench.start("p")
    case.complete("t", c=2)

    assert case.variables == {"c": 2}


def test_zeebes_instances_collect_what_each_computes() -> None:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="= [1, 2, 3]" inputElement="x" '
        'outputCollection="alle" outputElement="= y"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    script = '<zeebe:script expression="= x * 2" resultVariable="y"/>'
    bench = bench_with(zeebe(between(extended("scriptTask", script, inside=loop))))

    case = bench.start("p")

    assert case.variables == {"alle": [2, 4, 6]}


def test_a_called_process_may_get_its_callers_business_key() -> None:
    words = '<camunda:in businessKey="#{execution.processBusinessKey}"/>'
    inner = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="s2"/>'
        f'<bpmn:userTask id="u"/><bpmn:endEvent id="e2"/>{line("s2", "u", "e2")}</bpmn:process>'
    )
    bench = bench_with(between(extended("callActivity", words, 'calledElement="q"'), root=inner))

    case = bench.start("p", business_key="R-7")

    called = [fact for fact in case.facts if isinstance(fact, Called)]
    assert [(fact.process, fact.business_key) for fact in called] == [("q", "R-7")]


def test_a_process_tells_its_start_where_it_begins() -> None:
    told = (
        '<bpmn:extensionElements><camunda:executionListener event="start" expression="'
        "${execution.setVariable('x', 1)}\"/></bpmn:extensionElements>"
    )
    bench = bench_with(
        file(f'{told}<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>{flow("s", "e")}')
    )

    case = bench.start("p")

    assert case.variables == {"x": 1}


def reporting(condition: str) -> Case:
    asked = f'<camunda:errorEventDefinition errorRef="x" expression="{condition}"/>'
    task = extended("serviceTask", asked, 'camunda:type="external" camunda:topic="post"')
    caught = (
        '<bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:errorEventDefinition errorRef="x"/>'
        '</bpmn:boundaryEvent><bpmn:endEvent id="f"/>'
    )
    source = file(
        f'<bpmn:startEvent id="s"/>{task}{caught}<bpmn:endEvent id="e"/>'
        + line("s", "t", "e")
        + flow("b", "f"),
        '<bpmn:error id="x" errorCode="unzustellbar"/>',
    )
    return bench_with(source).start("p")


def test_what_an_external_worker_reports_may_be_an_error() -> None:
    case = reporting("${code == 7}")

    case.complete("t", code=7)

    assert case.trace == ["s", "b", "f"]


def test_what_an_external_worker_reports_is_done_otherwise() -> None:
    case = reporting("${code == 7}")
    seen: dict[str, Value] = {"code": 8}

    case.complete("t", **seen)

    assert case.trace == ["s", "t", "e"]
    assert case.variables == seen


def test_a_thrown_error_says_its_message_to_who_catches_it() -> None:
    inner = (
        '<bpmn:subProcess id="t"><bpmn:startEvent id="s1"/><bpmn:endEvent id="e1">'
        '<bpmn:errorEventDefinition errorRef="x"/></bpmn:endEvent>'
        f"{line('s1', 'e1')}</bpmn:subProcess>"
    )
    caught = (
        '<bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:errorEventDefinition '
        'camunda:errorCodeVariable="code" camunda:errorMessageVariable="wort"/>'
        "</bpmn:boundaryEvent>"
    )
    bench = bench_with(
        file(
            f'<bpmn:startEvent id="s"/>{inner}{caught}<bpmn:endEvent id="e"/>'
            + line("s", "t", "e")
            + flow("b", "e"),
            '<bpmn:error id="x" errorCode="E1" camunda:errorMessage="Nr. ${nummer}"/>',
        )
    )

    case = bench.start("p", nummer=7)

    assert case.variables == {"nummer": 7, "code": "E1", "wort": "Nr. 7"}


def test_data_objects_carry_values_from_task_to_task() -> None:
    specification = (
        '<bpmn:ioSpecification><bpmn:dataInput id="i{0}" name="ein"/><bpmn:dataOutput id="o{0}" '
        'name="aus"/><bpmn:inputSet><bpmn:dataInputRefs>i{0}</bpmn:dataInputRefs></bpmn:inputSet>'
        "<bpmn:outputSet><bpmn:dataOutputRefs>o{0}</bpmn:dataOutputRefs></bpmn:outputSet>"
        "</bpmn:ioSpecification><bpmn:dataInputAssociation><bpmn:sourceRef>{1}</bpmn:sourceRef>"
        "<bpmn:targetRef>i{0}</bpmn:targetRef></bpmn:dataInputAssociation>"
        "<bpmn:dataOutputAssociation><bpmn:sourceRef>o{0}</bpmn:sourceRef><bpmn:targetRef>{2}"
        "</bpmn:targetRef></bpmn:dataOutputAssociation><bpmn:script>aus = ein + 1</bpmn:script>"
    )
    task = '<bpmn:scriptTask id="{0}" scriptFormat="feel">{1}</bpmn:scriptTask>'
    bench = bench_with(
        file(
            '<bpmn:dataObject id="d1" name="anfang"/><bpmn:dataObject id="d2" name="mitte"/>'
            '<bpmn:startEvent id="s"/>'
            + task.format("a", specification.format(1, "d1", "d2"))
            + task.format("b", specification.format(2, "d2", "d1"))
            + '<bpmn:endEvent id="e"/>'
            + line("s", "a", "b", "e")
        )
    )

    case = bench.start("p", anfang=1)

    assert case.variables == {"anfang": 3, "mitte": 2}
