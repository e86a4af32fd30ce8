"""Which zip is taken for a configuration of official rules, and which is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator

import pytest

from invoice.errors import NoVerdict, RulesRefused
from invoice.official.configuration import read_configuration
from invoice.official.worker import worker_for
from tests.invoice.miniature import (
    REPORT,
    SCENARIOS,
    SCHEMA,
    SHEET,
    SHEETS,
    XSDS,
    archive,
    configuration,
    read,
    scenario,
    scenarios,
    step,
)


def zipped(change: Iterator[zipfile.ZipInfo] | None = None, **names: str) -> bytes:
    """The miniature with one entry more, whose attributes are told."""
    stream = io.BytesIO(archive(scenarios_xml=SCENARIOS, resources__rules_xsl=SHEET))
    with zipfile.ZipFile(stream, "a") as made:
        for each in change or ():
            made.writestr(each, "/etc/passwd")
    return stream.getvalue()


def link() -> Iterator[zipfile.ZipInfo]:
    entry = zipfile.ZipInfo("resources/report.xsl")
    entry.external_attr = 0o120777 << 16
    yield entry


RULES: dict[str, str | bytes] = {
    "scenarios_xml": SCENARIOS,
    "resources__rules_xsl": SHEET.format(body=""),
    "resources__report_xsl": REPORT.format(accept="true()"),
}
LOADING = '<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">{}</xsl:stylesheet>'


def told(*each: str) -> dict[str, str | bytes]:
    return RULES | {"scenarios_xml": scenarios(*each)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no zip", "Zip"),
        (archive(readme_xml="<a/>"), "keine scenarios.xml"),
        (archive(scenarios_xml=SCENARIOS), "fehlt resources/rules.xsl"),
        (archive(**RULES, **{"..__rules_xsl": "<a/>"}), "hinausführen"),
        (archive(**RULES, __etc__rules_xsl="<a/>"), "hinausführen"),
        (archive(**RULES, **{"C:__rules_xsl": "<a/>"}), "hinausführen"),
        (archive(**RULES, **{"a\\..\\..\\b": "<a/>"}), "hinausführen"),
        (archive(**RULES, **{f"n{number}": "" for number in range(5001)}), "zu groß"),
        (zipped(link()), "Verweise"),
        (archive(a__scenarios_xml=SCENARIOS, b__scenarios_xml=SCENARIOS), "mehrere"),
        (archive(scenarios_xml='<!DOCTYPE a [<!ENTITY x "y">]><a/>'), "Dokumenttyp"),
        (archive(scenarios_xml="<scenarios/>"), "kein Szenario"),
        (archive(**RULES | {"resources__rules_xsl": SHEET.format(
            body='<xsl:result-document href="/tmp/x"/>')}), "schreibt Dateien"),
        (archive(**RULES | {"resources__rules_xsl": LOADING.format(
            '<xsl:import href="file:///etc/passwd"/>')}), "außerhalb"),
        (archive(**RULES | {"resources__rules_xsl": LOADING.format(
            '<xsl:include href="../../x.xsl"/>')}), "außerhalb"),
        (archive(**RULES | {"resources__rules_xsl": LOADING.format(
            '<xsl:include href="rules.xsl"/>')}), "lädt sich selbst"),
        (archive(**RULES | {"resources__rules_xsl": LOADING.format(
            '<xsl:include href="none.xsl"/>')}), "fehlt resources/none.xsl"),
        (archive(scenarios_xml=b" " * 30_000_000), "scenarios.xml ist zu groß"),
        (archive(scenarios_xml=SCENARIOS, bombe=b" " * 315_000_000), "entpackt zu groß"),
        (archive(**told(scenario("A", "true()"))), "keine Regeln"),
        (archive(**told(scenario("A", "", SHEETS))), "keine Bedingung"),
        (archive(**told(scenario("A", "true()", step("XmlSchema", "../x.xsd")))), "außerhalb"),
        (archive(**told(scenario("A", "true()", step("XmlSchema", "http://x/x.xsd")))),
         "außerhalb"),
        (archive(**told(scenario("A", "true()", SCHEMA))), "fehlt resources/ubl"),
        (archive(**told(scenario("A", "true()", SHEETS, levels=(
            '<customLevel level="fatal">T-1</customLevel>')))), "kein Gewicht"),
        (archive(**told(scenario("A", "true()", SHEETS, levels=(
            '<customLevel level="error">T-1</customLevel>'
            '<customLevel level="warning">T-1</customLevel>')))), "zwei Gewichte"),
        (archive(**told(scenario("A", "true()", SHEETS.replace(
            "<validateWithSchematron>", '<validateWithSchematron psvi="true">')))), "Schematypen"),
        (archive(**RULES | {"scenarios_xml": SCENARIOS.replace("2026-08-31", "gestern")}),
         "von keinem Tag"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_none_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(RulesRefused, match=words):
        read(data)


def flipped(data: bytes) -> bytes:
    """One byte of the first file's content is another."""
    at = data.index(b"scenarios.xml") + len("scenarios.xml") + 20
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def encrypted(data: bytes) -> bytes:
    """The central directory says that the first file is encrypted."""
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 :]


@pytest.mark.parametrize("change", [flipped, encrypted, lambda data: data[:-40]])
def test_a_zip_that_cannot_be_read_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RulesRefused, match=r"Zip-Archiv|verschlüsselt"):
        read(change(archive(**RULES)))


def test_a_report_is_needed_only_where_something_is_asked_of_it() -> None:
    fewer = {name: data for name, data in RULES.items() if "report" not in name}
    asking = scenarios(scenario("A", "true()", SHEETS, accept="/rep:report"))

    assert read(archive(**fewer)).scenarios[0].report is None
    with pytest.raises(RulesRefused, match=r"fehlt resources/report\.xsl"):
        read(archive(**fewer | {"scenarios_xml": asking}))


def test_a_schema_that_refers_to_a_file_that_is_missing_is_refused() -> None:
    less = {name: data for name, data in XSDS.items() if "CommonBasic" not in name}

    with pytest.raises(RulesRefused, match=r"fehlt .*CommonBasicComponents"):
        read(archive(**told(scenario("A", "true()", SCHEMA, SHEETS)), **less))


def test_what_cannot_be_compiled_is_found_out_at_once() -> None:
    broken = configuration(sheet=SHEET.format(body='<xsl:value-of select="("/>'))

    with pytest.raises(NoVerdict) as caught:
        worker_for(broken).compile()

    assert caught.value.detail
    worker_for(configuration()).compile()  # and what can be is not


def test_other_bytes_than_the_pinned_ones_are_refused() -> None:
    with pytest.raises(RulesRefused, match="SHA-256"):
        read_configuration(archive(scenarios_xml=SCENARIOS), "0" * 64)
