"""Bytes to an XML tree that can do no harm.

Invariant: no entity is resolved, no network touched, no document type read; size, depth and
attributes are bounded before anyone walks the tree; only our own errors leave this module.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from invoice.errors import InvoiceRefused, NotAnInvoice

MAX_BYTES = 25 * 1024 * 1024
MAX_DEPTH = 100
MAX_ATTRIBUTES = 200_000
MAX_TAGS = 2_000_000
"""Opening and closing tags: an element costs far more memory than its text."""

_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_ENCODINGS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16"}
)
"""Encodings in which `<!DOCTYPE` is found by its bytes (UTF-16 once its zeros are taken out)."""
_ATTRIBUTES = etree.XPath("count(//@*)")
_DEEPER = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")


def read_tree(data: bytes) -> etree._Element:
    """The root element, without comments and processing instructions."""
    if len(data) > MAX_BYTES:
        raise InvoiceRefused(f"größer als {MAX_BYTES} Bytes")
    plain = _ascii(data)
    _refuse_doctype(plain)
    may_flood = _refuse_flood(plain)
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise NotAnInvoice(f"kein wohlgeformtes XML: {error}") from error
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype or docinfo.internalDTD is not None:
        raise InvoiceRefused("mit einer Dokumenttyp-Deklaration")
    if _DEEPER(root):
        raise InvoiceRefused(f"tiefer als {MAX_DEPTH} Elemente verschachtelt")
    if may_flood and float(str(_ATTRIBUTES(root))) > MAX_ATTRIBUTES:
        raise InvoiceRefused(f"mehr als {MAX_ATTRIBUTES} Attribute")
    return root


def _parser() -> etree.XMLParser:
    """A fresh parser: lxml's are not to be shared between threads."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
        recover=False,
    )


def _ascii(data: bytes) -> bytes:
    """The bytes such that markup is found in them, also where they are UTF-16."""
    plain = data if b"\x00" not in data[:64] else data.replace(b"\x00", b"")
    return plain.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")


def _refuse_doctype(plain: bytes) -> None:
    """Before parsing: entities in attributes would be expanded whatever the parser is told."""
    declared = _ENCODING.match(plain)
    if declared and declared[1].decode("ascii", "replace").lower() not in _ENCODINGS:
        raise InvoiceRefused("in einer Zeichenkodierung, die nicht angenommen wird")
    if _DOCTYPE.search(plain):
        raise InvoiceRefused("mit einer Dokumenttyp-Deklaration")


def _refuse_flood(plain: bytes) -> bool:
    """Before parsing: what costs memory or time by its mere number.

    True where there may still be too many attributes; each has an equals sign.
    """
    if plain.count(b"<") > MAX_TAGS:
        raise InvoiceRefused(f"mehr als {MAX_TAGS} Elemente")
    if plain.count(b"=") <= MAX_ATTRIBUTES:
        return False
    if plain.count(b'="') + plain.count(b"='") + plain.count(b"= ") > MAX_ATTRIBUTES:
        raise InvoiceRefused(f"mehr als {MAX_ATTRIBUTES} Attribute")
    return True
