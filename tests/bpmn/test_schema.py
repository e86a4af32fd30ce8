"""The OMG schema is loaded late, alone and once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from bpmn.check import check_file
from bpmn.compiler import compile_model
from tests.bpmn.drawing import between

_GOOD = between('<bpmn:task id="t"/>')
_BAD = between('<bpmn:task id="t" cancelActivity="false"/>')


def test_the_engine_that_brings_the_schema_is_never_imported() -> None:
    code = (
        "import sys; from bpmn.compiler import compile_model; "
        "assert 'bpmn.schema' not in sys.modules; "
        f"compile_model({_GOOD!r}); "
        "print([name for name in sys.modules if name.startswith('SpiffWorkflow')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_a_source_that_passed_once_compiles_without_the_schema() -> None:
    graphs = compile_model(_BAD, against_schema=False).graphs

    assert [graph.process_id for graph in graphs] == ["p"]


def test_a_schema_location_in_the_file_is_not_followed() -> None:
    source = _GOOD.replace(b'id="d"', b'id="d" xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd"')

    assert check_file("x.bpmn", source) == []


def test_threads_do_not_read_each_others_findings() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: check_file("x.bpmn", [_GOOD, _BAD][n % 2]), range(40)))

    assert [len(findings) for findings in found] == [0, 1] * 20


def test_an_id_that_only_the_drawing_repeats_is_warned_of() -> None:
    diagram = (
        b'<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="t">'
        b"<di:BPMNPlane/></di:BPMNDiagram></bpmn:definitions>"
    )

    findings = check_file("x.bpmn", _GOOD.replace(b"</bpmn:definitions>", diagram))

    assert [(f.rule, f.severity) for f in findings] == [("diagram-id", "warning")]


def test_a_repeated_id_is_reported_once() -> None:
    source = _GOOD.replace(
        b'<bpmn:endEvent id="e"/>', b'<bpmn:endEvent id="e"/><bpmn:task id="t"/>'
    )

    findings = check_file("x.bpmn", source)

    assert [finding.rule for finding in findings if finding.element == "t"].count("schema") == 0
    assert "duplicate-id" in {finding.rule for finding in findings}
