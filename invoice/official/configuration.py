"""A KoSIT validator configuration: the zip with scenarios.xml and the files that it names.

Its form is that of scenarios.xsd of KoSIT's validator, version 1. Invariant: the bytes are those
whose SHA-256 the operator has pinned; each stylesheet and each schema that a scenario needs stands
in `files` and needs nothing else: what it imports lies in it, or beside it in `files`.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from lxml import etree

from invoice.errors import RulesRefused
from invoice.official.archive import MOST_BYTES, Archive

S = "{http://www.xoev.de/de/validator/framework/1/scenarios}"
_XSL = "{http://www.w3.org/1999/XSL/Transform}"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_INLINED = frozenset({f"{_XSL}import", f"{_XSL}include"})
_REFUSED = frozenset(
    f"{_XSL}{name}" for name in ("import-schema", "use-package", "result-document")
)
_REFERRING = frozenset(f"{_XSD}{name}" for name in ("import", "include", "redefine"))
_ASSERTIONS = frozenset({f"{_SVRL}failed-assert", f"{_SVRL}successful-report"})
LEVELS = frozenset({"error", "warning", "information"})
MOST_NESTED = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done with documents that match. Schema, sheets and report are named by location."""

    name: str
    match: str
    namespaces: dict[str, str]
    schema: str | None
    sheets: tuple[str, ...]
    report: str | None
    accept: str | None
    levels: dict[str, str]
    """customLevel by rule id."""
    rules: frozenset[str]
    """Ids of all rules that its sheets ask; empty where they do not say."""
    proofs: tuple[str, ...]
    """Of each sheet, what its report must have, or it did not judge; empty if it never tells."""
    text: str
    """The scenario as the report's stylesheet reads it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One import of official rules."""

    name: str
    date: date | None
    sha256: str
    scenarios: tuple[Scenario, ...]
    files: dict[str, str]

    @property
    def title(self) -> str:
        """How people call it, with the bytes that it is."""
        return f"{self.name} (SHA-256 {self.sha256[:12]}…)"


def read_configuration(data: bytes, pinned: str) -> Configuration:
    """The configuration in this zip; raises RulesRefused."""
    if len(data) > MOST_BYTES:
        raise RulesRefused(f"größer als {MOST_BYTES} Bytes")
    digest = sha256(data).hexdigest()
    if digest != pinned.strip().lower():
        raise RulesRefused(f"die SHA-256 der Datei ist {digest}, verlangt ist {pinned}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            return _Reader(Archive(opened)).configuration(digest)
    except (
        zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, zlib.error,
    ) as error:  # fmt: skip
        raise RulesRefused(f"kein lesbares Zip-Archiv: {error}") from error
    except etree.LxmlError as error:
        raise RulesRefused(f"eine Datei ist kein lesbares XML: {error}") from error


class _Reader:
    """Reads the scenarios, and each file that they name once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._files: dict[str, str] = {}
        self._rules: dict[str, frozenset[str]] = {}
        self._proofs: dict[str, str] = {}

    def configuration(self, digest: str) -> Configuration:
        root = self._archive.scenarios
        scenarios = tuple(self._scenario(each) for each in root.iterchildren(f"{S}scenario"))
        if root.tag != f"{S}scenarios" or not scenarios:
            raise RulesRefused("die scenarios.xml beschreibt kein Szenario, das hier bekannt ist")
        name, dated = _text(root, "name"), _text(root, "date")
        try:
            day = date.fromisoformat(dated) if dated else None
        except ValueError:
            raise RulesRefused(f"die scenarios.xml ist von keinem Tag: {dated[:40]}") from None
        return Configuration(name, day, digest, scenarios, self._files)

    def _scenario(self, element: etree._Element) -> Scenario:
        name, match, accept = (_text(element, each) for each in ("name", "match", "acceptMatch"))
        schemas = _locations(element, "validateWithXmlSchema")
        sheets = [self._sheet(each) for each in _locations(element, "validateWithSchematron")]
        reports = _locations(element, "createReport")
        if not match or not (schemas or sheets):
            raise RulesRefused(f"das Szenario „{name}“ nennt keine Bedingung oder keine Regeln")
        if len(schemas) > 1 or len(reports) > 1:
            raise RulesRefused(f"das Szenario „{name}“ nennt mehrere Schemata oder Berichte")
        if accept and not reports:
            raise RulesRefused(f"das Szenario „{name}“ hat acceptMatch, aber keinen Bericht")
        if any(each.get("psvi") in ("true", "1") for each in element.iter()):
            raise RulesRefused(f"das Szenario „{name}“ verlangt ein Dokument mit Schematypen")
        report = self._sheet(reports[0]) if accept else None  # else nothing asks what it says
        schema = self._schema(self._archive.beside("", schemas[0])) if schemas else None
        return Scenario(
            name=name,
            match=match,
            namespaces={
                each.get("prefix", ""): (each.text or "").strip()
                for each in element.iterchildren(f"{S}namespace")
            },
            schema=schema,
            sheets=tuple(sheets),
            report=report,
            accept=accept or None,
            levels=_levels(element),
            rules=frozenset().union(*(self._rules[each] for each in sheets)),
            proofs=tuple(self._proofs[each] for each in sheets),
            text=etree.tostring(element, encoding="unicode", with_tail=False),
        )

    def _sheet(self, location: str) -> str:
        """A stylesheet as text that stands alone: what it imports is written into it."""
        location = self._archive.beside("", location)
        if location not in self._files:
            root = self._alone(location, 0)
            self._files[location] = etree.tostring(root, encoding="unicode")
        return location

    def _alone(self, location: str, depth: int) -> etree._Element:
        if depth > MOST_NESTED:
            raise RulesRefused(f"{location} lädt sich selbst oder zu viele andere")
        root = self._archive.tree(location)
        rules, proof = set(_ids(root)), _proof(root)
        for element in root.iter(etree.Element):
            if element.tag in _REFUSED:
                raise RulesRefused(f"{location} schreibt Dateien oder verlangt Schematypen")
            if element.tag in _INLINED:
                other = self._archive.beside(location, element.get("href", ""))
                alone = self._alone(other, depth + 1)
                rules |= self._rules[other]
                proof = proof or self._proofs[other]
                data = b64encode(etree.tostring(alone)).decode()
                element.set("href", f"data:application/xslt+xml;base64,{data}")
        self._rules[location], self._proofs[location] = frozenset(rules), proof
        return root

    def _schema(self, location: str) -> str:
        """A schema and all that it refers to."""
        if location not in self._files:
            root = self._archive.schema(location)
            self._files[location] = etree.tostring(root, encoding="unicode")
            for element in root.iter(*_REFERRING):
                reference = element.get("schemaLocation")
                if reference:
                    self._schema(self._archive.beside(location, reference))
        return location


def _locations(element: etree._Element, step: str) -> list[str]:
    found = element.iterfind(f"{S}{step}/{S}resource/{S}location")
    return [(each.text or "").strip() for each in found]


def _levels(element: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in element.iterfind(f"{S}createReport/{S}customLevel"):
        level = each.get("level", "")
        if level not in LEVELS:
            raise RulesRefused(f"customLevel kennt kein Gewicht „{level}“")
        for rule in (each.text or "").split():
            if found.setdefault(rule, level) != level:
                raise RulesRefused(f"customLevel gibt der Regel {rule} zwei Gewichte")
    return found


def _ids(root: etree._Element) -> list[str]:
    """Ids of the assertions that a compiled Schematron may report."""
    found: list[str] = []
    for element in root.iter(*_ASSERTIONS):
        stated = element.get("id")
        if stated and "{" not in stated:
            found.append(stated)
        found += [
            (each.text or "").strip()
            for each in element.iterchildren(f"{_XSL}attribute")
            if each.get("name") == "id"
        ]
    return found


def _proof(root: etree._Element) -> str:
    """What a compiled Schematron writes when it judges, unless its compiler left that out."""
    written = (f"{_SVRL}fired-rule", f"{_SVRL}active-pattern")
    return next((name for name in written if next(root.iter(name), None) is not None), "")


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{S}{name}") or "").strip()
