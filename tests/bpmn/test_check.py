"""Every deployable kind of file is checked by what deployment would say."""

from __future__ import annotations

import pytest

from bpmn.check import check_file
from tests.bpmn.dmn import drawing
from tests.bpmn.drawing import between


def test_a_good_file_of_each_kind_has_no_errors() -> None:
    form = b'{"type": "default", "id": "f", "components": []}'

    assert check_file("a.bpmn", between('<bpmn:task id="t"/>')) == []
    assert [f for f in check_file("a.form", form) if f.severity == "error"] == []


@pytest.mark.parametrize("name", ["a.bpmn", "a.bpmn2", "a.bpmn20.xml", "a.dmn", "a.form", "A.BPMN"])
def test_garbage_of_each_kind_is_a_finding_with_the_files_name(name: str) -> None:
    findings = check_file(name, b"\x00garbage")

    assert findings
    assert {f.file for f in findings} == {name}
    assert {f.severity for f in findings} == {"error"}


def test_faults_of_an_imported_model_are_found_in_its_own_file() -> None:
    library = drawing.model(drawing.decision("l", drawing.literal("(")), namespace="ns:l")
    user = drawing.model(
        drawing.imports("lib", "ns:l"), drawing.decision("d", drawing.literal("1"))
    )
    files = {"user.dmn": user, "lib.dmn": library, "other.bpmn": b"<x/>"}

    assert check_file("user.dmn", user, files) == []
    assert [f.file for f in check_file("lib.dmn", library, files)] == ["lib.dmn"]
    assert [f.rule for f in check_file("user.dmn", user)] == ["import-missing"]
