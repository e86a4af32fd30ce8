"""What is told of embedded files without decoding them."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from invoice.attachments import is_base64
from invoice.checking import check_invoice

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
SCHEMA = etree.XMLSchema(
    etree.fromstring(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:element name="file" type="xs:base64Binary"/></xs:schema>'
    )
)
PIECES = st.sampled_from(["QUJD", "QQ==", "QUI=", "=", "==", " ", "\n", "Q", "QR==", "ä", "-", "A"])


def valid(text: str) -> bool:
    element = etree.Element("file")
    element.text = text
    return SCHEMA.validate(element)


@given(
    st.lists(PIECES, max_size=12).map("".join) | st.binary().map(base64.b64encode).map(bytes.decode)
)
@example("QUJD" * 20 + " " * 80)
@example("QQ==" + " " * 80)
def test_what_is_called_base64_is_valid_by_the_schema(text: str) -> None:
    if is_base64(text):
        assert valid(text)


@given(st.binary(), st.integers(1, 90))
def test_what_an_encoder_writes_is_base64_whatever_the_width(content: bytes, width: int) -> None:
    encoded = base64.b64encode(content).decode()

    assert is_base64("\n".join(re.findall(f".{{1,{width}}}", encoded)))


def with_file(encoded: bytes, attributes: bytes = b'mimeCode="text/csv" filename="a.csv"') -> bytes:
    reference = (
        b"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>"
        b"<cbc:EmbeddedDocumentBinaryObject %s>%s</cbc:EmbeddedDocumentBinaryObject>"
        b"</cac:Attachment></cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
    )
    return UBL.replace(b"<cac:AccountingSupplierParty>", reference % (attributes, encoded), 1)


def faults(data: bytes) -> list[tuple[str, int]]:
    return [(f.path, f.line) for f in check_invoice(data).findings if f.rule == "XSD"]


@pytest.mark.parametrize("size", [12, 30_000])
def test_a_file_that_is_no_base64_is_a_fault_of_the_schema(size: int) -> None:
    good = base64.b64encode(bytes(size))

    assert faults(with_file(good)) == []
    ((path, line),) = faults(with_file(good[:-2] + b"*" + good[-1:]))
    assert path.endswith("EmbeddedDocumentBinaryObject")
    assert line > 1


def test_the_attributes_of_a_big_file_are_looked_at_and_it_stays_in_the_invoice() -> None:
    good = base64.b64encode(bytes(30_000))
    data = with_file(good, b'mimeCode="text/csv" colour="red"')

    report = check_invoice(data)

    ((path, _),) = faults(data)
    assert path.endswith("EmbeddedDocumentBinaryObject")
    assert report.invoice is not None
    assert bytes(30_000) in [each.content for each in report.invoice.attachments]
    assert report.invoice.source is not None
    assert good in etree.tostring(report.invoice.source)
