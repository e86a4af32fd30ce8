"""Slips against the schema that change no meaning are warned of and read; what loses meaning is
refused."""

from __future__ import annotations

import time

import pytest

from bpmn.check import check_file
from bpmn.compiler import compile_model
from bpmn.diagram import diagram_svg
from bpmn.graph import Graph
from tests.bpmn.drawing import between, file, flow, line

_FLOWS = line("s", "t", "e")


def said(source: bytes) -> list[tuple[str, str, str | None]]:
    return [(f.severity, f.rule, f.element) for f in check_file("x.bpmn", source)]


def graph_of(source: bytes) -> Graph:
    (graph,) = compile_model(source).graphs
    return graph


def with_head(source: bytes, attributes: str) -> bytes:
    return source.replace(b'id="d" targetNamespace="urn:test"', attributes.encode())


@pytest.mark.parametrize(
    "inside",
    [
        "<bpmn:outgoing>t_e</bpmn:outgoing><bpmn:incoming>s_t</bpmn:incoming>",
        "<bpmn:incoming>s_t</bpmn:incoming><bpmn:outgoing>t_e</bpmn:outgoing>"
        "<bpmn:documentation>spät</bpmn:documentation>",
        "<bpmn:standardLoopCharacteristics loopMaximum='2'/><bpmn:extensionElements/>",
        "<bpmn:ioSpecification><bpmn:dataInput id='i'/><bpmn:inputSet>"
        "<bpmn:dataInputRefs>i</bpmn:dataInputRefs></bpmn:inputSet></bpmn:ioSpecification>",
        "<bpmn:incoming/><bpmn:outgoing></bpmn:outgoing>",
        "<v:looks xmlns:v='urn:tool'/>",
    ],
)
def test_parts_out_of_order_empty_or_of_a_tool_are_warned_of_and_read(inside: str) -> None:
    source = between(f'<bpmn:manualTask id="t">{inside}</bpmn:manualTask>')

    assert {*said(source)} == {("warning", "schema-slip", "t")}
    assert graph_of(source).nodes.keys() == {"s", "t", "e"}


@pytest.mark.parametrize(
    "attributes",
    ['farbe="rot"', 'default=""', 'isInterrupting="true"', 'parallelMultiple="false"'],
)
def test_an_attribute_without_meaning_is_warned_of_and_has_none(attributes: str) -> None:
    source = between(f'<bpmn:task id="t" {attributes}/>')

    assert said(source) == [("warning", "schema-slip", "t")]
    assert graph_of(source).nodes.keys() == {"s", "t", "e"}


@pytest.mark.parametrize(
    "attributes",
    [
        'assignee="eva"',  # a dialect's word without its prefix
        'isForCompensaton="true"',  # misspelt
        'cancelActivity="false"',  # BPMN's own, where it is not asked
        'startQuantity="viele"',
        'isForCompensation="nein"',
    ],
)
def test_an_attribute_that_somebody_meant_is_refused(attributes: str) -> None:
    source = between(f'<bpmn:task id="t" {attributes}/>')

    assert ("error", "schema", "t") in said(source)


def test_a_camunda_word_beside_extension_elements_is_refused() -> None:
    source = between('<bpmn:userTask id="t"><camunda:formData/></bpmn:userTask>')

    assert ("error", "schema", "t") in said(source)


def test_an_end_of_a_flow_may_have_the_prefix_of_the_file() -> None:
    tns = with_head(
        between('<bpmn:task id="t"/>'), 'id="d" targetNamespace="urn:test" xmlns:tns="urn:test"'
    )
    source = tns.replace(b'sourceRef="s"', b'sourceRef="tns:s"')

    assert said(source) == [("warning", "schema-slip", "s_t")]
    assert graph_of(source).nodes["s"].outgoing[0].target == "t"
    assert ("error", "schema", "s_t") in said(source.replace(b'"tns:s"', b'"other:s"'))


def test_an_id_may_begin_with_a_digit() -> None:
    source = file('<bpmn:startEvent id="s"/><bpmn:userTask id="4711-t"/><bpmn:boundaryEvent id="b" '
                  'attachedToRef="4711-t"><bpmn:incoming/><bpmn:timerEventDefinition>'
                  "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
                  '</bpmn:boundaryEvent><bpmn:endEvent id="e"/>'
                  + line("s", "4711-t", "e") + flow("b", "e"))  # fmt: skip

    assert {rule for _, rule, _ in said(source)} == {"schema-slip"}
    assert graph_of(source).nodes.keys() == {"s", "4711-t", "b", "e"}


def test_a_file_without_target_namespace_is_read() -> None:
    source = with_head(between('<bpmn:task id="t"/>'), 'id="d"')

    assert said(source) == [("warning", "schema-slip", "d")]
    assert graph_of(source).nodes.keys() == {"s", "t", "e"}


@pytest.mark.parametrize("type_", ['xsi:type="tFormalExpression"', 'xsi:type="q:tExpression"', ""])
def test_a_condition_whose_type_is_written_loosely_is_read(type_: str) -> None:
    condition = f'<bpmn:conditionExpression {type_} language="feel">x</bpmn:conditionExpression>'
    source = file(
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g" default="g_b"/><bpmn:endEvent '
        'id="a"/><bpmn:endEvent id="b"/>' + line("s", "g", "b") + '<bpmn:sequenceFlow id="f" '
        f'sourceRef="g" targetRef="a">{condition}</bpmn:sequenceFlow>'
    )

    graph = graph_of(source)

    assert ("warning", "schema-slip", "f") in said(source)
    assert graph.nodes["g"].outgoing[0].condition is not None


def test_an_import_after_an_extension_is_read() -> None:
    parts = (
        '<bpmn:extension definition="a"/><bpmn:import namespace="urn:a" location="a" '
        'importType="urn:xsd"/><bpmn:process id="p"'
    )
    source = between('<bpmn:task id="t"/>').replace(b'<bpmn:process id="p"', parts.encode())

    assert ("warning", "schema-slip", "d") in said(source)
    assert graph_of(source).nodes.keys() == {"s", "t", "e"}


def test_a_conditional_event_without_condition_may_be_drawn_but_not_run() -> None:
    event = (
        '<bpmn:intermediateCatchEvent id="t"><bpmn:conditionalEventDefinition/>'
        "</bpmn:intermediateCatchEvent>"
    )
    executed = between(event)
    drawn = executed.replace(b'id="p" isExecutable="true"', b'id="q"')
    beside = between("<bpmn:task id='a'/>", "a").replace(b'"s', b'"x').replace(b'"e', b'"y')
    process = drawn[drawn.index(b"<bpmn:process") : drawn.index(b"</bpmn:definitions>")]

    assert ("error", "condition-missing", "t") in said(executed)
    assert ("warning", "schema-slip", "t") in said(executed)
    assert {
        severity
        for severity, _, _ in said(
            beside.replace(b"</bpmn:definitions>", process + b"</bpmn:definitions>")
        )
    } == {"warning", "notice"}


def test_what_comes_after_a_slip_is_looked_at_too() -> None:
    source = between(
        '<bpmn:task id="t"><bpmn:outgoing>t_e</bpmn:outgoing><bpmn:incoming>s_t</bpmn:incoming>'
        '<bpmn:property id="q"><bpmn:unheard/></bpmn:property></bpmn:task>'
    )

    assert {("warning", "schema-slip", "t"), ("error", "schema", "t")} <= set(said(source))


def test_an_element_of_bpmn_that_stands_where_it_may_not_is_refused() -> None:
    source = between('<bpmn:task id="t"><bpmn:script>x</bpmn:script></bpmn:task>')

    assert ("error", "schema", "t") in said(source)


def test_a_diagram_before_its_process_is_read() -> None:
    plain = between('<bpmn:task id="t"/>')
    drawn = _DIAGRAM.format("").removesuffix("</bpmn:definitions>").encode()

    assert said(plain.replace(b"<bpmn:process", drawn + b"<bpmn:process")) == [
        ("warning", "schema-slip", "d")
    ]


_DIAGRAM = """<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:c="http://www.omg.org/spec/DD/20100524/DC" xmlns:w="http://www.omg.org/spec/DD/20100524/DI"
><di:BPMNPlane bpmnElement="p">{}</di:BPMNPlane></di:BPMNDiagram></bpmn:definitions>"""


@pytest.mark.parametrize(
    ("drawn", "element"),
    [
        ('<di:BPMNShape id="x" bpmnElement="t" isExpanded="x"><c:Bounds x="1" y="1" width="9" '
         'height="9"/></di:BPMNShape>', "x"),
        ('<di:BPMNShape bpmnElement="t"/>', "t"),
        ('<di:BPMNEdge bpmnElement="s_t"/>', "s_t"),
        ('<di:BPMNShape bpmnElement="t"><c:Bounds x="NaN" y="links" width="9" height="9"/>'
         "</di:BPMNShape>", "t"),
        ('<di:BPMNEdge bpmnElement="s_t"><w:waypoint x="1" y="a"/></di:BPMNEdge>', "s_t"),
        ('<di:BPMNWhatever id="u"/>', "u"),
    ],
)  # fmt: skip
def test_a_broken_drawing_is_warned_of_at_the_shape(drawn: str, element: str) -> None:
    source = between('<bpmn:task id="t"/>').replace(
        b"</bpmn:definitions>", _DIAGRAM.format(drawn).encode()
    )

    assert {(severity, at) for severity, _, at in said(source)} == {("warning", element)}
    assert graph_of(source).nodes.keys() == {"s", "t", "e"}


def test_a_slip_is_found_at_the_line_of_its_element() -> None:
    source = between(
        '<bpmn:task id="t">\n<bpmn:outgoing>t_e</bpmn:outgoing>\n<bpmn:incoming>s_t</bpmn:incoming>'
        "\n</bpmn:task>"
    )

    (found,) = check_file("x.bpmn", source)

    assert (found.element, found.line) == ("t", 6)


def test_a_flow_without_id_need_not_be_listed_where_others_are() -> None:
    nodes = (
        '<bpmn:startEvent id="s"/><bpmn:task id="t"><bpmn:incoming>s_t</bpmn:incoming>'
        '</bpmn:task><bpmn:task id="u"/><bpmn:endEvent id="e"/>'
    )
    unnamed = flow("u", "t").replace('id="u_t" ', "")
    source = file(nodes + line("s", "t", "e") + flow("s", "u") + unnamed)

    assert {rule for severity, rule, _ in said(source) if severity == "error"} == set()


def test_more_slips_than_are_listed_are_counted() -> None:
    tasks = "".join(f'<bpmn:task id="t{n}" farbe="rot"/>' for n in range(300))
    source = file('<bpmn:startEvent id="s"/>' + tasks + line("s", *(f"t{n}" for n in range(300))))

    found = check_file("x.bpmn", source)

    assert any("100 more slips" in f.message for f in found)


def test_a_large_file_full_of_slips_is_checked_and_drawn_within_seconds() -> None:
    parts = "".join(
        f'<bpmn:userTask id="t{n}" farbe="rot"><bpmn:outgoing>t{n}_t{n + 1}</bpmn:outgoing>'
        f"<bpmn:extensionElements/></bpmn:userTask><bpmn:dataObject id='o{n}' name='o{n}'/>"
        f'<bpmn:dataObjectReference id="r{n}" dataObjectRef="o{n}"/>'
        for n in range(1_600)
    )
    drawn = "".join(
        f'<di:BPMNShape bpmnElement="{kind}{n}"><c:Bounds x="{n}" y="0" width="36" height="36"/>'
        "</di:BPMNShape>"
        for n in range(1_600)
        for kind in "tr"
    )
    source = file(
        '<bpmn:startEvent id="s"/>' + parts + line("s", *(f"t{n}" for n in range(1_600)))
    ).replace(b"</bpmn:definitions>", _DIAGRAM.format(drawn).encode())
    began = time.process_time()

    check_file("x.bpmn", source)
    diagram_svg(source)

    assert time.process_time() - began < 8
