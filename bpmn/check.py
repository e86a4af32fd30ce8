"""What deployment would say about one file, without deploying it.

Invariant: never raises for what stands in the file; everything is a finding.
"""

from __future__ import annotations

from collections.abc import Callable

from bpmn.compiler import compile_model
from bpmn.dmn import compile_decisions
from bpmn.errors import Finding, ModelRefused
from bpmn.forms import parse_form


def check_file(name: str, source: bytes) -> list[Finding]:
    """Findings of a .bpmn, .dmn or .form file; its name says which it is."""
    for suffixes, check in _CHECKS.items():
        if name.lower().endswith(suffixes):
            try:
                return check(source, name)
            except ModelRefused as refused:
                return refused.findings
    text = "Deployed are models (.bpmn), decisions (.dmn) and forms (.form)."
    return [Finding(name, 0, None, "unknown-file", "error", text)]


def _decisions(source: bytes, file: str) -> list[Finding]:
    return list(compile_decisions(source, file).findings)


def _form(source: bytes, file: str) -> list[Finding]:
    parse_form(source, file)
    return []


def _model(source: bytes, file: str) -> list[Finding]:
    return compile_model(source, file).findings


_CHECKS: dict[tuple[str, ...], Callable[[bytes, str], list[Finding]]] = {
    (".bpmn", ".bpmn20.xml"): _model,
    (".dmn", ".dmn11.xml"): _decisions,
    (".form",): _form,
}
