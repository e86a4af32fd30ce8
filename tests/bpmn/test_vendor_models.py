"""Whole files in the manner of each tool: run or refused by name, with every node, flow and shape.

The files in `models/vendors` were written for these tests, in the words and habits of the tools.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml import etree

from bpmn.check import check_file
from bpmn.compiler import compile_model
from bpmn.diagram import diagram_svg
from bpmn.elements import FLOW_NODES
from bpmn.errors import Finding, ModelRefused
from engine.testing import Bench

VENDORS = Path(__file__).parent / "models" / "vendors"
_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"

REFUSED: dict[str, set[tuple[str, str]]] = {
    "bizagi": {
        ("flow-without-condition", "Id_g"),
        ("flow-without-condition", "Id_f4"),
        ("error-code", "Id_e2"),
        ("expression", "Id_f3"),
    },
    "blueworks": {("no-executable-process", "BPMN-1")},
    "bonita": {("expression", "_f3"), ("expression", "_f4")},
    "eclipse": {("expression", "SequenceFlow_3")},
    "flowable": {
        ("foreign-dialect", "t1"),
        ("foreign-dialect", "mail"),
        ("implementation-missing", "mail"),
    },
    "innovator": {("no-executable-process", "_d")},
    "jbpm": {
        ("foreign-dialect", "demo.antrag"),
        ("process-public-executable", "demo.antrag"),
        ("foreign-dialect", "_T"),
    },
    "oracle": {("foreign-dialect", "Antrag")},
    "signavio": {("no-executable-process", "sid-1c4a7b0e-33c5-4d9c-9c2b-1c0a8f5c0001")},
    "visio": {("no-executable-process", "{7F0E}-Page-1")},
}
ADVISED = {
    "blueworks": {("script-language", "b-3")},
    "signavio": {("message-missing", "sid-start")},
    "visio": {("scope-empty", "shape.3")},
}
FILES = sorted(path.stem for path in VENDORS.glob("*.bpmn"))
RUNS = [name for name in FILES if name not in REFUSED]


def source_of(name: str) -> bytes:
    return (VENDORS / f"{name}.bpmn").read_bytes()


def tree_of(name: str) -> etree._Element:
    return etree.fromstring(source_of(name))


def said(name: str, severity: str) -> list[Finding]:
    found = check_file(f"{name}.bpmn", source_of(name))
    return [finding for finding in found if finding.severity == severity]


@pytest.mark.parametrize("name", FILES)
def test_a_file_runs_or_is_refused_by_element_and_rule(name: str) -> None:
    errors = {(f.rule, f.element) for f in said(name, "error")}

    assert errors == REFUSED.get(name, set())


@pytest.mark.parametrize("name", ADVISED)
def test_what_is_only_drawn_is_told_what_would_hinder_it(name: str) -> None:
    warned = {(f.rule, f.element) for f in said(name, "warning")}

    assert ADVISED[name] <= warned


@pytest.mark.parametrize("name", FILES)
def test_each_finding_stands_at_an_element_of_its_line(name: str) -> None:
    lines = source_of(name).splitlines()

    for finding in check_file(name + ".bpmn", source_of(name)):
        assert 1 <= finding.line <= len(lines)
        assert b"<" in lines[finding.line - 1]
        assert finding.rule.startswith("ignored-") or finding.element


@pytest.mark.parametrize("name", FILES)
def test_the_bench_deploys_what_the_check_lets_pass(name: str) -> None:
    bench = Bench()

    try:
        bench.deploy(VENDORS / f"{name}.bpmn")
        refused = set()
    except ModelRefused as error:
        refused = {(f.rule, f.element) for f in error.findings if f.severity == "error"}

    assert refused == REFUSED.get(name, set())


@pytest.mark.parametrize(
    ("name", "process", "variables", "waits"),
    [
        ("activiti", "aktiv", {}, ["frage"]),
        ("adonis", "pra", {"betrag": 3}, ["beleg"]),
        ("aris", "ID-p1", {}, ["ID-bedarf"]),
        ("bpmn_io", "Process_haupt", {}, ["Task_in"]),
        ("camunda8", "order", {}, ["check"]),
        ("enterprise_architect", "EAID_P", {"frei": False}, []),
        ("spiffarena", "Process_arena", {}, ["Activity_2"]),
        ("visual_paradigm", "aBcD1.GqYEAAQ9X", {}, ["tk_1"]),
        ("yaoqiang", "PROCESS_1", {}, ["_4"]),
    ],
)
def test_what_is_let_pass_begins(
    name: str, process: str, variables: dict[str, Any], waits: list[str]
) -> None:
    bench = Bench()
    bench.deploy(VENDORS / f"{name}.bpmn")

    case = bench.start(process, **variables)

    assert case.waits_at == waits
    assert case.incidents == []


@pytest.mark.parametrize("name", RUNS)
def test_each_node_and_flow_of_what_is_executed_is_in_the_graph(name: str) -> None:
    processes = {
        process.get("id"): process
        for process in tree_of(name).iterchildren(f"{_BPMN}process")
        if process.get("isExecutable") == "true"
    }

    graphs = {g.process_id: g for g in compile_model(source_of(name)).graphs}

    assert processes.keys() <= graphs.keys()
    for identifier, process in processes.items():
        parts = [(etree.QName(e).localname, e.get("id")) for e in process.iter(f"{_BPMN}*")]
        flows = {
            flow.id
            for node in graphs[str(identifier)].nodes.values()
            for flow in (*node.outgoing, *([node.default] if node.default else []))
        }
        assert graphs[str(identifier)].nodes.keys() == {i for k, i in parts if k in FLOW_NODES}
        assert flows == {i for k, i in parts if k == "sequenceFlow"}


@pytest.mark.parametrize("name", FILES)
def test_each_shape_of_the_first_diagram_is_drawn(name: str) -> None:
    plane = tree_of(name).find(f"{_DI}BPMNDiagram/{_DI}BPMNPlane")
    shapes = [] if plane is None else plane.findall(f"{_DI}BPMNShape")

    svg = etree.fromstring(diagram_svg(source_of(name)))

    drawn = {group.get("data-element") for group in svg.iter("{*}g")}
    assert {shape.get("bpmnElement") for shape in shapes} <= drawn


def test_each_process_of_a_file_with_several_diagrams_is_drawn_by_its_own() -> None:
    svg = etree.fromstring(diagram_svg(source_of("bpmn_io"), process="Process_neben"))

    drawn = {group.get("data-element") for group in svg.iter("{*}g")} - {None}
    assert drawn == {"Start_3", "Task_neben"}


def test_what_lies_in_a_closed_subprocess_is_drawn_below_it() -> None:
    svg = etree.fromstring(diagram_svg(source_of("bpmn_io")))

    drawn = [group.get("data-element") for group in svg.iter("{*}g") if group.get("data-element")]
    assert drawn.count("Sub_1") == 2
    assert {"Start_1", "Call_1", "Task_in", "End_2"} <= set(drawn)
    assert "Task_neben" not in drawn


def test_the_bands_of_a_choreography_task_lie_on_it() -> None:
    svg = etree.fromstring(diagram_svg(source_of("innovator")))

    drawn = [group.get("data-element") for group in svg.iter("{*}g") if group.get("data-element")]
    assert min(drawn.index("_k"), drawn.index("_v")) > drawn.index("_ct")


def _disordered(name: str, seed: int) -> bytes:
    """The file with the parts of every element in another order."""
    root = tree_of(name)
    dice = Random(seed)
    for element in root.iter(f"{_BPMN}*"):
        if etree.QName(element).localname != "extensionElements":
            parts = [*element]
            dice.shuffle(parts)
            element[:] = parts
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _meaning(source: bytes) -> dict[str, object]:
    """Nodes with what they do and where their ways lead; closures and lines are left out."""
    return {
        f"{graph.process_id}/{node.id}": (
            type(node.action),
            {(flow.id, flow.target) for flow in node.outgoing},
            node.default and node.default.id,
        )
        for graph in compile_model(source).graphs
        for node in graph.nodes.values()
    }


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_parts_means_nothing(name: str, seed: int) -> None:
    source = _disordered(name, seed)

    assert _meaning(source) == _meaning(source_of(name))


@pytest.mark.parametrize("name", RUNS)
def test_a_file_without_its_drawing_means_the_same(name: str) -> None:
    root = tree_of(name)
    for diagram in root.findall(f"{_DI}BPMNDiagram"):
        root.remove(diagram)
    source = etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    assert _meaning(source) == _meaning(source_of(name))
    assert diagram_svg(source).startswith("<svg")


@pytest.mark.parametrize("name", RUNS)
def test_a_file_under_another_prefix_means_the_same(name: str) -> None:
    root = tree_of(name)
    old = next(p for p, space in root.nsmap.items() if space == _BPMN[1:-1])
    text = source_of(name).decode("windows-1252" if b"windows-1252" in source_of(name) else "utf-8")
    if old is None:
        text = text.replace("<", "<model:").replace("<model:/", "</model:")
        text = text.replace("<model:?", "<?").replace("<model:!", "<!")
        text = re.sub(r"<(/?)model:(\w+):", r"<\1\2:", text).replace("xmlns=", "xmlns:model=", 1)
        text = text.replace('xsi:type="t', 'xsi:type="model:t')
    else:
        text = text.replace(f"<{old}:", "<model:").replace(f"</{old}:", "</model:")
        text = text.replace(f'"{old}:', '"model:').replace(f"xmlns:{old}=", "xmlns:model=")
    source = text.encode("windows-1252" if "windows-1252" in text else "utf-8")

    assert _meaning(source) == _meaning(source_of(name))
