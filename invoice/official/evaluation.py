"""The program that evaluates official rules, in a process of its own: JSON in, JSON out.

Invariant: one processor a process; from the moment that rules or a document are touched no file
and no connection can be opened (the kernel refuses every new descriptor), whatever a stylesheet
asks for. It imports nothing of this project.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

CPU_SECONDS = 120
MEMORY = 1536 * 1024 * 1024
FEATURE = "http://saxon.sf.net/feature/"


def shut() -> None:
    """No new file, socket or pipe from here on; nothing written but the answer."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, 64 * 1024 * 1024),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))


def evaluate(processor: Any, given: dict[str, Any]) -> dict[str, object]:
    """The first scenario that matches, and what each of its sheets reports (SVRL)."""
    document = processor.parse_xml(xml_text=given["document"])
    for number, scenario in enumerate(given["scenarios"]):
        if _matches(processor, document, scenario):
            reports = [_report(processor, document, sheet) for sheet in scenario["sheets"]]
            return {"scenario": number, "reports": reports}
    return {"scenario": None, "reports": []}


def _matches(processor: Any, document: Any, scenario: dict[str, Any]) -> bool:
    xpath = processor.new_xpath_processor()
    for prefix, uri in scenario["namespaces"].items():
        xpath.declare_namespace(prefix, uri)
    xpath.set_context(xdm_item=document)
    return bool(xpath.effective_boolean_value(scenario["match"]))


def _report(processor: Any, document: Any, sheet: str) -> str:
    compiled = processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=sheet)
    written = compiled.transform_to_string(xdm_node=document)
    if not written:
        raise ValueError("the stylesheet reported nothing")
    return str(written)


def main() -> None:
    """Any failure is the answer "no verdict"."""
    from saxonche import PySaxonProcessor  # noqa: PLC0415 the extra `official`

    given = json.load(sys.stdin.buffer)
    processor = PySaxonProcessor(license=False)
    processor.set_configuration_property(f"{FEATURE}allowedProtocols", "")
    processor.set_configuration_property(f"{FEATURE}allow-external-functions", "off")
    processor.set_configuration_property(
        f"{FEATURE}parserFeature?uri=http%3A//apache.org/xml/features/disallow-doctype-decl", "true"
    )
    shut()
    try:
        answer = evaluate(processor, given)
    except Exception as error:  # noqa: BLE001 whatever goes wrong is no verdict
        answer = {"failed": str(error)[:500]}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
