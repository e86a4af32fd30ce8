"""A KoSIT validator configuration: the zip with scenarios.xml and the stylesheets it names.

Invariant: the bytes are those whose SHA-256 the operator has pinned; nothing is unpacked to disk,
names are only keys within the archive, and what it inflates to is bounded before it is read.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from lxml import etree

from invoice.errors import InvoiceError, RulesRefused
from invoice.reading import read_tree

MOST_BYTES = 50 * 1024 * 1024
MOST_INFLATED = 300 * 1024 * 1024
MOST_FILES = 5_000
S = "{http://www.xoev.de/de/validator/framework/1/scenarios}"
_LOADS = frozenset(
    f"{{http://www.w3.org/1999/XSL/Transform}}{name}"
    for name in ("import", "include", "import-schema", "use-package", "result-document")
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done with documents that match. `levels` are the customLevels by rule id."""

    name: str
    match: str
    namespaces: dict[str, str]
    sheets: tuple[str, ...]
    levels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Configuration:
    """One import of official rules."""

    name: str
    date: str
    sha256: str
    scenarios: tuple[Scenario, ...]


def read_configuration(data: bytes, pinned: str) -> Configuration:
    """The configuration in this zip; raises RulesRefused."""
    digest = sha256(data).hexdigest()
    if digest != pinned.strip().lower():
        raise RulesRefused(f"die SHA-256 der Datei ist {digest}, verlangt ist {pinned}")
    if len(data) > MOST_BYTES:
        raise RulesRefused(f"größer als {MOST_BYTES} Bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_hostile(archive)
            return _read(archive, digest)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise RulesRefused(f"kein lesbares Zip-Archiv: {error}") from error
    except etree.LxmlError as error:
        raise RulesRefused(f"ein Stylesheet ist kein XML: {error}") from error


def _refuse_hostile(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_INFLATED:
        raise RulesRefused("das Archiv wird entpackt zu groß")
    names = [each.filename for each in entries]
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name:
            raise RulesRefused("das Archiv enthält Pfade, die aus ihm hinausführen")
    if len(set(names)) != len(names):
        raise RulesRefused("das Archiv enthält einen Namen zweimal")


def _read(archive: zipfile.ZipFile, digest: str) -> Configuration:
    names = sorted((n for n in archive.namelist() if n.endswith("scenarios.xml")), key=len)
    if not names:
        raise RulesRefused("das Archiv enthält keine scenarios.xml")
    root = _tree(archive.read(names[0]))
    base = names[0].removesuffix("scenarios.xml")
    scenarios = tuple(_scenario(archive, base, each) for each in root.iter(f"{S}scenario"))
    if root.tag != f"{S}scenarios" or not scenarios:
        raise RulesRefused("die scenarios.xml beschreibt kein Szenario")
    named, dated = root.findtext(f"{S}name", ""), root.findtext(f"{S}date", "")
    return Configuration(named.strip(), dated.strip(), digest, scenarios)


def _scenario(archive: zipfile.ZipFile, base: str, element: etree._Element) -> Scenario:
    locations = element.iterfind(f"{S}validateWithSchematron/{S}resource/{S}location")
    levels = {
        rule: each.get("level", "error")
        for each in element.iter(f"{S}customLevel")
        for rule in (each.text or "").split()
    }
    sheets = tuple(_sheet(archive, base + (each.text or "").strip()) for each in locations)
    match = (element.findtext(f"{S}match") or "").strip()
    if not match or not sheets:
        raise RulesRefused("ein Szenario nennt keine Bedingung oder keine Regeln")
    namespaces = {
        each.get("prefix", ""): (each.text or "").strip() for each in element.iter(f"{S}namespace")
    }
    name = element.findtext(f"{S}name", "").strip()
    return Scenario(name, match, namespaces, sheets, levels)


def _sheet(archive: zipfile.ZipFile, location: str) -> str:
    """A stylesheet as text of ours: it stands alone, as KoSIT's do."""
    try:
        root = _tree(archive.read(location))
    except KeyError:
        raise RulesRefused(f"im Archiv fehlt {location}") from None
    if any(element.tag in _LOADS for element in root.iter(etree.Element)):
        raise RulesRefused(f"{location} lädt oder schreibt andere Dateien")
    return etree.tostring(root, encoding="unicode")


def _tree(data: bytes) -> etree._Element:
    try:
        return read_tree(data)
    except InvoiceError as error:
        raise RulesRefused(str(error)) from error
