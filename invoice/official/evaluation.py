"""The program that evaluates official rules, in a process of its own, one document after the other.

First comes a configuration, then documents; each is answered in JSON. Invariant: one processor a
process; from the moment that rules or a document are touched no file and no connection can be
opened (the kernel refuses every new descriptor), whatever a stylesheet or a schema asks for. It
imports nothing of this project.
"""

from __future__ import annotations

import json
import resource
import select
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from lxml import etree

HEADER = 8
CPU_SECONDS = 120
"""For one question; from then on the kernel ends the process."""
MEMORY = 1536 * 1024 * 1024
IDLE_SECONDS = 300
MOST_FAULTS = 50
MOST_MESSAGE = 600
MOST_OF_ONE_RULE = 25
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FEATURE = "http://saxon.sf.net/feature/"
IN = "{http://www.xoev.de/de/validator/framework/1/createreportinput}"
S = "{http://www.xoev.de/de/validator/framework/1/scenarios}"
ZIP = "zip:/"
"""Before locations, so that libxml2 puts them together as it does with files."""


def shut() -> None:
    """No new file, socket or pipe from here on; nothing written but the answers."""
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))


def allow(seconds: int) -> None:
    """So much CPU from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


class Evaluator:
    """The configuration as the processor has it. What a scenario needs is compiled when needed."""

    def __init__(self, processor: Any, given: dict[str, Any]) -> None:
        self._processor = processor
        self._scenarios: list[dict[str, Any]] = given["scenarios"]
        self._files: dict[str, str] = given["files"]
        self.sheet = cache(self._compiled)
        self.schema = cache(self._schema)

    def compile(self) -> dict[str, object]:
        """Everything, to see whether it can be compiled."""
        for scenario in self._scenarios:
            self._xpath(scenario, scenario["match"])
            for location in {*scenario["sheets"], scenario["report"]} - {None}:
                self.sheet(location)
            if scenario["schema"] is not None:
                self.schema(scenario["schema"])
        return {"compiled": len(self._scenarios)}

    def evaluate(self, text: str) -> dict[str, object]:
        """The scenario that matches, if it is exactly one, and what came of each of its steps."""
        document = self._processor.parse_xml(xml_text=text)
        found = [n for n, each in enumerate(self._scenarios) if self._matches(document, each)]
        if len(found) != 1:
            return {"matching": found}
        scenario = self._scenarios[found[0]]
        answer: dict[str, object] = {"matching": found, "faults": [], "reports": []}
        if scenario["schema"] is not None:
            answer["faults"] = self._faults(scenario["schema"], text)
        if not answer["faults"]:  # rules are asked of valid documents only
            reports = [self._report(document, sheet) for sheet in scenario["sheets"]]
            answer["reports"] = [told(each) for each in reports]
            if scenario["accept"] is not None:
                given = report_input(text, scenario["text"], reports)
                try:
                    answer["accepted"] = self._accepted(document, scenario, given)
                except Exception as error:  # noqa: BLE001 the findings stand all the same
                    answer["undecided"] = str(error)[:500]
        return answer

    def _matches(self, document: Any, scenario: dict[str, Any]) -> bool:
        xpath = self._xpath(scenario, None)
        xpath.set_context(xdm_item=document)
        try:
            return bool(xpath.effective_boolean_value(scenario["match"]))
        except Exception:  # noqa: BLE001 as in KoSIT's validator: what cannot be told does not match
            return False

    def _xpath(self, scenario: dict[str, Any], expression: str | None) -> Any:
        """A processor of paths that knows the scenario's prefixes."""
        xpath = self._processor.new_xpath_processor()
        for prefix, uri in scenario["namespaces"].items():
            xpath.declare_namespace(prefix, uri)
        if expression is not None:
            xpath.set_context(xdm_item=self._processor.parse_xml(xml_text="<none/>"))
            xpath.effective_boolean_value(expression)
        return xpath

    def _report(self, document: Any, sheet: str) -> etree._Element:
        written = self.sheet(sheet).transform_to_string(xdm_node=document)
        if not written:
            raise ValueError("the stylesheet reported nothing")
        return etree.fromstring(str(written).encode(), etree.XMLParser(huge_tree=True))

    def _accepted(self, document: Any, scenario: dict[str, Any], given: str) -> bool:
        """What acceptMatch says of the report that the scenario's stylesheet makes."""
        sheet = self.sheet(scenario["report"])
        sheet.set_parameter("input-document", document)
        written = sheet.transform_to_string(xdm_node=self._processor.parse_xml(xml_text=given))
        sheet.clear_parameters()
        xpath = self._xpath(scenario, None)
        xpath.set_context(xdm_item=self._processor.parse_xml(xml_text=str(written)))
        return bool(xpath.effective_boolean_value(scenario["accept"]))

    def _compiled(self, sheet: str) -> Any:
        return self._processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_text=self._files[sheet]
        )

    def _faults(self, schema: str, text: str) -> list[str]:
        """Validated while it is read: places of faults would cost time without end."""
        parser = etree.XMLParser(
            schema=self.schema(schema), resolve_entities=False, no_network=True, huge_tree=True
        )
        try:
            etree.fromstring(text.encode(), parser)
        except etree.XMLSyntaxError as error:
            entries = list(error.error_log)[:MOST_FAULTS]  # type: ignore[call-overload]
            return [each.message[:MOST_MESSAGE] for each in entries]
        return []

    def _schema(self, location: str) -> Any:
        """Put together from the files of the configuration, and nothing else."""
        files = self._files

        class Files(etree.Resolver):
            def resolve(self, url: str, _: object, context: Any) -> Any:  # type: ignore[override]
                text = files[url.removeprefix(ZIP).lstrip("/")]
                return self.resolve_string(text, context, base_url=url)

        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        parser.resolvers.add(Files())
        return etree.XMLSchema(
            etree.fromstring(files[location].encode(), parser, base_url=f"{ZIP}/{location}")
        )


def told(report: etree._Element) -> dict[str, object]:
    """What a report in SVRL says: its root, what else stands in it, and each failed assertion."""
    found: list[dict[str, str]] = []
    count: Counter[str] = Counter()
    for element in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        rule = element.get("id") or "?"
        count[rule] += 1
        if count[rule] <= MOST_OF_ONE_RULE:
            said = element.find(f"{SVRL}text")
            text = "" if said is None else "".join(map(str, said.itertext()))
            stated = {name: element.get(name, "") for name in ("flag", "role", "location")}
            found.append({"rule": rule, "text": text, **stated})
    written = {str(each.tag) for each in report.iterchildren(etree.Element)}
    return {"root": str(report.tag), "written": sorted(written), "findings": found}


def report_input(document: str, scenario: str, reports: list[etree._Element]) -> str:
    """What a report is made from (createReportInput.xsd), of a document that the schema allows."""
    stated = etree.fromstring(scenario)
    root = etree.Element(f"{IN}createReportInput", frameworkVersion="1.0.0")
    engine = etree.SubElement(root, f"{IN}engine")
    etree.SubElement(engine, f"{IN}name").text = "Amtsgang"
    etree.SubElement(root, f"{IN}timestamp").text = datetime.now(UTC).isoformat("T", "seconds")
    identification = etree.SubElement(root, f"{IN}documentIdentification")
    digest = etree.SubElement(identification, f"{IN}documentHash")
    etree.SubElement(digest, f"{IN}hashAlgorithm").text = "SHA-256"
    etree.SubElement(digest, f"{IN}hashValue").text = b64encode(
        sha256(document.encode()).digest()
    ).decode()
    etree.SubElement(identification, f"{IN}documentReference").text = "Rechnung"
    root.append(stated)
    etree.SubElement(root, f"{IN}validationResultsWellformedness")
    for resource_ in stated.iterfind(f"{S}validateWithXmlSchema/{S}resource"):
        etree.SubElement(root, f"{IN}validationResultsXmlSchema").append(deepcopy(resource_))
    sheets = stated.iterfind(f"{S}validateWithSchematron/{S}resource")
    for resource_, report in zip(sheets, reports, strict=True):
        step = etree.SubElement(root, f"{IN}validationResultsSchematron")
        step.append(deepcopy(resource_))
        etree.SubElement(step, f"{IN}results").append(report)
    return etree.tostring(root, encoding="unicode")


def questions(stream: Any) -> Iterator[bytes]:
    """What is asked, until nobody asks any more."""
    while select.select([stream], [], [], IDLE_SECONDS)[0]:
        header = stream.read(HEADER)
        if len(header) < HEADER:
            return
        yield stream.read(int.from_bytes(header))


def tell(answer: dict[str, object]) -> None:
    data = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(data).to_bytes(HEADER) + data)
    sys.stdout.buffer.flush()


def main() -> None:
    """Any failure is the answer "no verdict"."""
    from saxonche import PySaxonProcessor  # noqa: PLC0415 the extra `official`

    processor = PySaxonProcessor(license=False)
    for feature, value in (
        ("allowedProtocols", "data"),  # what a stylesheet imports was written into it
        ("allow-external-functions", "off"),
        (
            "parserFeature?uri=http%3A//apache.org/xml/features/disallow-doctype-decl",
            "true",
        ),
    ):
        processor.set_configuration_property(f"{FEATURE}{feature}", value)
    shut()
    evaluator = None
    for question in questions(sys.stdin.buffer):
        allow(CPU_SECONDS)
        try:
            if evaluator is None:
                evaluator = Evaluator(processor, json.loads(question))
                answer: dict[str, object] = {}
            elif not question:
                answer = evaluator.compile()
            else:
                answer = evaluator.evaluate(question.decode())
        except Exception as error:  # noqa: BLE001 whatever goes wrong is no verdict
            answer = {"failed": str(error)[:500]}
        tell(answer)


if __name__ == "__main__":
    main()
