"""Bytes from strangers are read without harm and with true lines."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.check import check_file
from bpmn.errors import ModelRefused
from bpmn.reader import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_document
from tests.bpmn.drawing import between

_BOMB = (
    "<?xml version='1.0' encoding='{0}'?><!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]>"
    "<a x='&c;'>&c;</a>"
)


def rule_of(source: bytes) -> str:
    with pytest.raises(ModelRefused) as refused:
        read_document(source, "x.bpmn")
    return refused.value.findings[0].rule


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "gb18030"])
def test_a_doctype_is_refused_in_any_encoding(encoding: str) -> None:
    assert rule_of(_BOMB.format(encoding).encode(encoding)) == "doctype"


def test_an_external_entity_is_refused_before_anything_is_fetched() -> None:
    source = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'

    assert rule_of(source) == "doctype"


def test_what_is_too_large_or_deep_is_refused_quickly() -> None:
    began = time.process_time()

    assert rule_of(b" " * MAX_BYTES + b"<a/>") == "too-large"
    assert rule_of(b"<a>" + b"<a/>" * (2 * MAX_ELEMENTS) + b"</a>") == "too-large"
    assert rule_of(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)) == "too-deep"
    assert rule_of(b"<a>" * 100_000) == "too-deep"
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "source", [b"", b"\n", b"{}", b"PK\x03\x04", b"<a><b></a>", b"\xff\xfe", b"<a x=1/>"]
)
def test_what_is_not_xml_is_one_clear_finding(source: bytes) -> None:
    findings = check_file("x.bpmn", source)

    assert findings
    assert {f.rule for f in findings} == {"not-xml"}


def test_lines_stay_true_beyond_what_libxml_counts() -> None:
    source = b"<a>" + b"\n" * 70_000 + b"<b><c/>\n<d/></b></a>"

    document = read_document(source, "x.bpmn")

    (b,) = document.root
    assert [document.line(e) for e in (b, b[0], b[1])] == [70_001, 70_001, 70_002]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "windows-1252"])
@pytest.mark.parametrize("prefix", ["bpmn:", "semantic:", "a.b-c_d:", ""])
def test_a_finding_has_the_line_of_its_tag_however_the_file_is_written(
    newline: str, encoding: str, prefix: str
) -> None:
    text = between('<bpmn:task\n  id="t"\n  name="ü"\n  startQuantity="0"/>').decode()
    text = text.replace("xmlns:bpmn", f"xmlns:{prefix}".rstrip(":")).replace("bpmn:", prefix)
    text = text.replace("UTF-8", encoding.removesuffix("-sig").removesuffix("-be"))

    (found,) = check_file("x.bpmn", text.replace("\n", newline).encode(encoding))

    assert (found.rule, found.element, found.line) == ("quantity", "t", 6)


def test_what_is_too_deep_is_refused_at_its_line() -> None:
    with pytest.raises(ModelRefused) as refused:
        read_document(b"<a>\n" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "x.bpmn")

    assert [(f.rule, f.line) for f in refused.value.findings] == [("too-deep", MAX_DEPTH + 1)]


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-15", "windows-1252"])
def test_a_model_may_be_written_in_another_encoding(encoding: str) -> None:
    text = between('<bpmn:task id="t" name="Prüfung"/>').decode().replace("UTF-8", encoding)

    assert check_file("x.bpmn", text.encode(encoding)) == []


def test_another_xml_file_is_not_taken_for_a_model() -> None:
    assert [f.rule for f in check_file("x.bpmn", b"<invoice/>")] == ["not-bpmn"]


def test_a_file_of_another_kind_is_named() -> None:
    assert [f.rule for f in check_file("x.exe", b"")] == ["unknown-file"]


def test_a_model_under_another_name_is_looked_at_all_the_same() -> None:
    faulty = between('<bpmn:task id="t" startQuantity="0"/>')

    found = check_file("x.xml", faulty)

    assert [(f.rule, f.element) for f in found] == [("unknown-file", None), ("quantity", "t")]


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ("http://schema.omg.org/spec/BPMN/2.0", "draft"),
        ("http://www.wfmc.org/2008/XPDL2.1", "XPDL"),
        ("http://www.omg.org/spec/CMMN/20151109/MODEL", "case model"),
    ],
)
def test_a_model_of_another_kind_is_named(space: str, said: str) -> None:
    (found,) = check_file("x.bpmn", f'<definitions xmlns="{space}" id="d"/>'.encode())

    assert (found.rule, found.line) == ("not-bpmn", 1)
    assert said in found.message


def test_a_decision_model_that_is_called_a_model_is_told_so() -> None:
    source = b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="n"/>'

    (found,) = check_file("x.bpmn", source)

    assert found.rule == "not-bpmn"
    assert "decision model" in found.message


_MODEL = between(
    '<bpmn:userTask id="t" camunda:assignee="${a}"/><bpmn:boundaryEvent id="b" attachedToRef="t">'
    "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
)
_WORDS = st.sampled_from(
    [b"s", b"e", b"t", b"b", b"", b"p", b"${", b"<", b'"', b"bpmn:", b"task", b"startEvent",
     b"endEvent", b"subProcess", b"process", b"sequenceFlow", b"camunda:", b"&#0;", b"\xff"]
)  # fmt: skip


@settings(deadline=None)  # the first example loads the schema
@given(st.lists(st.tuples(st.integers(0, len(_MODEL)), st.integers(0, 30), _WORDS), max_size=4))
def test_a_damaged_model_ends_in_findings_never_in_another_error(
    edits: list[tuple[int, int, bytes]],
) -> None:
    source = _MODEL
    for position, cut, word in edits:
        source = source[:position] + word + source[position + cut :]

    for finding in check_file("x.bpmn", source):
        assert finding.rule
