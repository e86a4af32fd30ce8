"""Bytes from strangers in, an XML tree with true line numbers out.

Invariant: no entity is expanded, nothing is fetched, a DOCTYPE is refused before anything is
built, and what is too large or too deep is refused before it costs memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from lxml import etree

from bpmn.errors import Finding, ModelRefused

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `line` is that of the element's "<", in files of any length."""

    file: str
    root: etree._Element
    _lines: dict[etree._Element, int] = field(default_factory=dict, repr=False)

    def line(self, element: etree._Element) -> int:
        return self._lines.get(element) or _known_line(element)


def read_document(source: bytes, file: str) -> Document:
    """Parse XML that is not trusted; raises `ModelRefused` with one finding or more."""
    if len(source) > MAX_BYTES:
        raise _refused(file, 1, "too-large", f"The file is larger than {MAX_BYTES >> 20} MB.")
    if not source.strip(b"\x00 \t\r\n"):
        raise _refused(file, 1, "not-xml", "The file is empty.")
    if source.count(b"<") > 2 * MAX_ELEMENTS:  # a cheap bound, before a tree costs memory
        raise _too_many(file)
    _refuse_doctype(source, file)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ModelRefused(_syntax_findings(error, parser, file)) from error
    # Once more for encodings that expat does not know.
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype(file, 1)
    _refuse_bulk(root, file)
    return Document(file, root, _lines_of_tags(source, root))


def _refused(file: str, line: int, rule: str, message: str) -> ModelRefused:
    return ModelRefused([Finding(file, line, None, rule, "error", message)])


def _too_many(file: str) -> ModelRefused:
    return _refused(file, 1, "too-large", f"The file has more than {MAX_ELEMENTS} elements.")


def _doctype(file: str, line: int) -> ModelRefused:
    return _refused(
        file, line, "doctype", "A DOCTYPE is refused: models need none, and it can hide entities."
    )


def _refuse_doctype(source: bytes, file: str) -> None:
    """Look at the prolog only: parsing ends at the DOCTYPE or at the first element."""
    parser = expat.ParserCreate(namespace_separator=None)

    class _Seen(Exception):
        pass

    def doctype(*_: object) -> None:
        raise _doctype(file, parser.CurrentLineNumber)

    def element(*_: object) -> None:
        raise _Seen

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    try:
        parser.Parse(source, True)
    except (_Seen, expat.ExpatError, ValueError, LookupError):
        return  # libxml2 words the fault, and knows more encodings


def _syntax_findings(
    error: etree.XMLSyntaxError | ValueError, parser: etree.XMLParser, file: str
) -> list[Finding]:
    entries = list(parser.error_log)[:20] if isinstance(error, etree.XMLSyntaxError) else []
    found: dict[int, Finding] = {}
    for entry in entries:
        # One per line: what follows the first fault of a line is mostly its echo.
        rule = "too-deep" if "xcessive depth" in entry.message else "not-xml"
        text = f"Not well-formed XML, column {entry.column}: {entry.message.strip()}"
        found.setdefault(entry.line, Finding(file, entry.line, None, rule, "error", text))
    if found:
        return list(found.values())
    line = getattr(error, "lineno", None) or 1
    return [Finding(file, line, None, "not-xml", "error", f"Not well-formed XML: {error}")]


def _refuse_bulk(root: etree._Element, file: str) -> None:
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH:
            text = f"Elements are nested deeper than {MAX_DEPTH}."
            raise _refused(file, _known_line(element), "too-deep", text)
    if count > MAX_ELEMENTS:
        raise _too_many(file)


def _known_line(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 0


def _lines_of_tags(source: bytes, root: etree._Element) -> dict[etree._Element, int]:
    """Lines of the elements, counted by a second pass, where libxml2's are others: it keeps them
    in 16 bits, and takes the line of the last attribute."""
    lines: list[int] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: lines.append(parser.CurrentLineNumber)
    try:
        parser.Parse(source, True)
    except (expat.ExpatError, ValueError, LookupError):
        return {}  # an encoding that expat does not know: libxml2's guess must do
    pairs = zip(root.iter(etree.Element), lines, strict=False)
    return {element: line for element, line in pairs if _known_line(element) != line}
