"""What a browser opens of what was sent to us, and what it only saves."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from tests.invoice.test_documents import image, saved
from web.downloads import download

SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def acting() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(image()))
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    return saved(writer)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html",
        "text/html; charset=utf-8",
        "image/svg+xml",
        "IMAGE/SVG+XML",
        "application/xml",
        "text/xml",
        "application/xhtml+xml",
        "application/pdf",
        "text/javascript",
        "multipart/x-mixed-replace",
        "",
    ],
)
def test_what_can_run_is_saved_and_never_opened(media_type: str) -> None:
    answer = download(SCRIPT, media_type, "a.html")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_pdf_with_javascript_is_saved_and_never_opened() -> None:
    answer = download(acting(), "application/pdf", "rechnung.pdf")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_harmless_pdf_opens_beside_the_form_of_this_site_alone() -> None:
    answer = download(image(), "application/pdf", "rechnung.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_text_is_shown_as_text_whatever_it_says() -> None:
    answer = download(SCRIPT, "text/plain", "a.txt")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_name_cannot_add_a_header_or_end_the_quotes() -> None:
    answer = download(b"a", "text/plain", 'a"\r\nX-Evil: 1.html')

    assert "x-evil" not in answer.headers
    assert '"' not in answer.headers["content-disposition"]
