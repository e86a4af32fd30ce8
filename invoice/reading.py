"""Bytes to an XML tree that can do no harm.

Invariant: no entity is resolved, no network touched, no document type read; size, depth, names,
texts and attributes are bounded before anyone walks the tree; a document leaves nothing behind in
this process; only our own errors leave this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from lxml import etree

from invoice.errors import InvoiceRefused, NotAnInvoice

MAX_BYTES = 25 * 1024 * 1024
MAX_DEPTH = 100
MAX_ATTRIBUTES = 100_000
MAX_ELEMENTS = 250_000
"""An element costs far more memory than its text. A line of an invoice has some twenty."""
LONGEST_TEXT = 200_000
"""Characters of a field or attribute, embedded files apart: a hundred pages."""
LONGEST_NAME = 300
LONGEST_NAMESPACE = 1_000
SMALL = 64 * 1024
"""Bytes of markup and text, embedded files apart, that nobody need be wary of."""
Read = TypeVar("Read")

_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_ENCODINGS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16"}
)
"""Encodings in which `<!DOCTYPE` is found by its bytes (UTF-16 once its zeros are taken out)."""
_VALUE = re.compile(rb"""=\s*["']""")
_FILE = re.compile(rb"(?:[\w.-]{1,50}:)?\w{1,50}BinaryObject(?:\s[^>]{0,1000})?>")
_LONG_NAME = re.compile(rb"<[^\s<>/!?]{%d}" % LONGEST_NAME)
_ATTRIBUTES = etree.XPath("count(//@*)")
_DEEPER = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_LONG_TEXT = etree.XPath(
    f"boolean(//@*[string-length() > {LONGEST_TEXT}]"
    f" | //text()[string-length() > {LONGEST_TEXT}]"
    "[not(contains(local-name(..), 'BinaryObject'))])"
)


def read_tree(data: bytes) -> etree._Element:
    """The root element, without comments and processing instructions."""
    if len(data) > MAX_BYTES:
        raise InvoiceRefused(f"größer als {MAX_BYTES} Bytes")
    plain = _ascii(data)
    _refuse_doctype(plain)
    may_flood = _refuse_flood(plain)
    size = _size(plain)
    try:
        root = passing(lambda: etree.fromstring(data, _parser()), size)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise InvoiceRefused(f"tiefer als {MAX_DEPTH} Elemente verschachtelt") from error
        raise NotAnInvoice(f"kein wohlgeformtes XML: {error}") from error
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype or docinfo.internalDTD is not None:
        raise InvoiceRefused("mit einer Dokumenttyp-Deklaration")
    _refuse_excess(root, may_flood)
    if size > SMALL:
        _refuse_length(root)
    return root


def passing(read: Callable[[], Read], size: int) -> Read:
    """What `read` returns; of more than a few bytes in a thread that ends with it.

    libxml2 keeps each name that a thread has met for as long as the thread lives: documents full
    of names that nobody has ever heard of would fill the memory of a worker one after the other.
    """
    if size <= SMALL:
        return read()
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 few documents need it

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read).result()


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


def _size(plain: bytes) -> int:
    """How much there is besides the texts of embedded files, in which no name hides."""
    if len(plain) <= SMALL:
        return len(plain)
    parts = (part for part in plain.split(b"<") if len(part) > LONGEST_NAME)
    return len(plain) - sum(_length_of_file(part) for part in parts)


def _length_of_file(part: bytes) -> int:
    """Of the text behind a tag for a file. With a quote in it, it is not yet the text: the tag's
    end may stand in the value of an attribute."""
    tag = _FILE.match(part)
    if tag is None or b'"' in (text := part[tag.end() :]) or b"'" in text:
        return 0
    return len(text)


def _refuse_doctype(plain: bytes) -> None:
    """Before parsing: entities in attributes would be expanded whatever the parser is told."""
    declared = _ENCODING.match(plain)
    if declared and declared[1].decode("ascii", "replace").lower() not in _ENCODINGS:
        raise InvoiceRefused("in einer Zeichenkodierung, die nicht angenommen wird")
    if _DOCTYPE.search(plain):
        raise InvoiceRefused("mit einer Dokumenttyp-Deklaration")


def _refuse_flood(plain: bytes) -> bool:
    """Before parsing: what costs memory or time by its mere number or length.

    True where there may still be too many attributes; each has an equals sign.
    """
    if plain.count(b"<") > MAX_ELEMENTS and plain.count(b"<") - plain.count(b"</") > MAX_ELEMENTS:
        raise InvoiceRefused(f"mehr als {MAX_ELEMENTS} Elemente")
    if _LONG_NAME.search(plain):
        raise InvoiceRefused("mit einem überlangen Namen")
    if plain.count(b"=") <= MAX_ATTRIBUTES:
        return False
    if sum(1 for _ in _VALUE.finditer(plain)) > MAX_ATTRIBUTES:
        raise InvoiceRefused(f"mehr als {MAX_ATTRIBUTES} Attribute")
    return True


def _refuse_excess(root: etree._Element, may_flood: bool) -> None:
    if _DEEPER(root):
        raise InvoiceRefused(f"tiefer als {MAX_DEPTH} Elemente verschachtelt")
    if may_flood and float(str(_ATTRIBUTES(root))) > MAX_ATTRIBUTES:
        raise InvoiceRefused(f"mehr als {MAX_ATTRIBUTES} Attribute")


def _refuse_length(root: etree._Element) -> None:
    """Every element's name holds all of its namespace's."""
    declared: Any = etree.iterwalk(root, events=("start-ns",))
    if any(len(uri) > LONGEST_NAMESPACE for _, (_, uri) in declared):
        raise InvoiceRefused("mit einem überlangen Namen")
    if _LONG_TEXT(root):
        raise InvoiceRefused(f"mit einer Angabe von mehr als {LONGEST_TEXT} Zeichen")
