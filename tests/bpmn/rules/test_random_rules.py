"""Random valid models keep every rule; one reference bent breaks one, at its place."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bpmn.errors import Finding
from bpmn.reader import read_document
from bpmn.report import Report, named
from bpmn.rules import check_file
from bpmn.schema import schema_findings
from bpmn.soundness import check_soundness
from tests.bpmn.random_blocks import Block, blocks, valid_model

_REFERENCE = re.compile(r"(sourceRef|targetRef|attachedToRef|messageRef|default)=\"([^\"]+)\"")


def said(source: bytes) -> list[Finding]:
    document = read_document(source, "x.bpmn")
    report = Report(document)
    drawing = check_file(document.root, report)
    check_soundness(drawing, report, well_formed=not report.errors)
    return report.findings()


@settings(deadline=None)
@given(blocks)
def test_a_random_valid_model_has_no_error_and_is_sound(block: Block) -> None:
    source = valid_model(block)

    assert schema_findings(read_document(source, "x.bpmn")) == []
    assert said(source) == []


@settings(deadline=None)
@given(blocks, st.data())
def test_a_reference_that_is_bent_is_reported_where_it_stands(
    block: Block, data: st.DataObject
) -> None:
    text = valid_model(block).decode()
    place = data.draw(st.sampled_from(list(_REFERENCE.finditer(text))))
    bent = text[: place.start(2)] + "nothing" + text[place.end(2) :]

    found = said(bent.encode())

    holder = etree.fromstring(bent.encode()).xpath(f'//*[@{place[1]}="nothing"]')[0]
    assert named(holder) in {f.element for f in found if f.severity == "error"}
