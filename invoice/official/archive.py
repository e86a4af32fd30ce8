"""The zip that KoSIT publishes a configuration as, and the files in it.

Invariant: nothing is unpacked to disk and names are only keys within the archive; what it inflates
to is bounded before it is read, and no name leads out of it.
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from lxml import etree

from invoice.errors import InvoiceError, RulesRefused
from invoice.reading import MAX_BYTES, read_tree

MOST_BYTES = 50 * 1024 * 1024
MOST_INFLATED = 300 * 1024 * 1024
MOST_FILES = 5_000
_ENCRYPTED = 0x1
_SCHEMA_PARSER = {
    "resolve_entities": "internal",
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""W3C's schema of signatures brings declarations of its own; libxml2 bounds what they grow to."""


class Archive:
    """The files of a configuration, named as its scenarios.xml names them."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        _refuse_hostile(opened.infolist())
        self._opened = opened
        found = sorted(
            (PurePosixPath(name) for name in opened.namelist() if _base(name) == "scenarios.xml"),
            key=lambda path: len(path.parts),
        )
        if not found:
            raise RulesRefused("das Archiv enthält keine scenarios.xml")
        if len(found) > 1 and len(found[0].parts) == len(found[1].parts):
            raise RulesRefused("das Archiv enthält mehrere Konfigurationen")
        self._root = found[0].parent
        self._names = frozenset(opened.namelist())

    @property
    def scenarios(self) -> etree._Element:
        return self.tree("scenarios.xml")

    def tree(self, location: str) -> etree._Element:
        """A file as XML, read as strictly as an invoice is."""
        try:
            return read_tree(self._bytes(location))
        except InvoiceError as error:
            raise RulesRefused(f"{location}: {error}") from error

    def schema(self, location: str) -> etree._Element:
        """A schema as XML; it may declare entities of its own."""
        try:
            parser = etree.XMLParser(**_SCHEMA_PARSER)  # type: ignore[arg-type]
            return etree.fromstring(self._bytes(location), parser)
        except etree.XMLSyntaxError as error:
            raise RulesRefused(f"{location} ist kein lesbares Schema: {error}") from error

    def beside(self, location: str, reference: str) -> str:
        """The location that a file refers to. Raises RulesRefused where it leads out of here."""
        path = normpath(PurePosixPath(location).parent / unquote(reference.strip()))
        outside = path.startswith(("/", "..")) or path == "."
        if outside or ":" in reference or "#" in reference:
            raise RulesRefused(f"{location} verweist auf {reference}, außerhalb des Archivs")
        return path

    def _bytes(self, location: str) -> bytes:
        name = str(self._root / location)
        if name not in self._names:
            raise RulesRefused(f"im Archiv fehlt {location}")
        if self._opened.getinfo(name).file_size > MAX_BYTES:
            raise RulesRefused(f"{location} ist zu groß")
        return self._opened.read(name)


def _refuse_hostile(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_INFLATED:
        raise RulesRefused("das Archiv wird entpackt zu groß")
    for each in entries:
        path = PurePosixPath(each.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in each.filename:
            raise RulesRefused("das Archiv enthält Pfade, die aus ihm hinausführen")
        kind = stat.S_IFMT(each.external_attr >> 16)
        if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise RulesRefused("das Archiv enthält Verweise statt Dateien")
        if each.flag_bits & _ENCRYPTED:
            raise RulesRefused("das Archiv ist verschlüsselt")
    if len({each.filename for each in entries}) != len(entries):
        raise RulesRefused("das Archiv enthält einen Namen zweimal")


def _base(name: str) -> str:
    return PurePosixPath(name).name
