"""Content on its way to a browser: opened there only when it is harmless, else saved.

Invariant: nothing that somebody sent us is rendered as part of this site, and nothing that runs
(a PDF with scripts as much as HTML) is opened by the browser at all.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from invoice.errors import PdfRefused
from invoice.pdf.reading import read_pdf

PDF = "application/pdf"
SHOWN_INLINE = frozenset({PDF, "image/png", "image/jpeg", "text/plain", "text/csv"})
"""What a browser may open by itself; all else, HTML and SVG above all, is downloaded."""

SHUT = "default-src 'none'; frame-ancestors 'none'; sandbox"
FRAMED_PDF = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""A task shows the PDF beside its form. Browsers' own viewers do not start in a sandbox."""


def download(data: bytes, media_type: str, name: str) -> Response:
    """The bytes, under the name they were filed with."""
    plain = media_type.split(";", 1)[0].strip().lower()
    inline = plain in SHOWN_INLINE and (plain != PDF or _is_harmless(data))
    way = "inline" if inline else "attachment"
    return Response(
        data,
        media_type=plain if inline else "application/octet-stream",
        headers={
            "content-disposition": f"{way}; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": FRAMED_PDF if inline and plain == PDF else SHUT,
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        },
    )


def _is_harmless(data: bytes) -> bool:
    """Whether the PDF was read whole, in a process of its own, and holds nothing that acts."""
    try:
        read_pdf(data)
    except PdfRefused:
        return False
    return True
