"""What deployment would say about one file, without deploying it.

Invariant: never raises for what stands in the file; everything is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpmn.compiler import MODEL_SUFFIXES, compile_model
from bpmn.dmn import DMN_SUFFIXES, compile_decisions, is_dmn
from bpmn.errors import Finding, ModelRefused
from bpmn.forms import parse_form

Files = Mapping[str, bytes]


def check_file(name: str, source: bytes, beside: Files | None = None) -> list[Finding]:
    """Findings of a .bpmn, .dmn or .form file; its name says which it is. What it imports is
    looked for in the files that come along `beside` it."""
    for suffixes, check in _CHECKS.items():
        if name.lower().endswith(suffixes):
            try:
                return check(source, name, beside or {})
            except ModelRefused as refused:
                return refused.findings
    text = "Deployed are models (.bpmn), decisions (.dmn) and forms (.form)."
    unknown = Finding(name, 1, None, "unknown-file", "error", text)
    return [unknown, *_by_content(name, source)]


def _by_content(name: str, source: bytes) -> list[Finding]:
    """A model under another name is looked at all the same: one fault is not to hide the others."""
    try:
        found = _model(source, name, {})
    except ModelRefused as refused:
        found = refused.findings
    return [] if any(each.rule in _NO_MODEL for each in found) else found


_NO_MODEL = ("not-xml", "doctype", "not-bpmn", "too-large", "too-deep")


def _decisions(source: bytes, file: str, beside: Files) -> list[Finding]:
    """An imported file's own faults are found when it is checked itself."""
    others = [(name, content) for name, content in beside.items() if name != file and is_dmn(name)]
    try:
        found = list(compile_decisions(source, file, others).findings)
    except ModelRefused as refused:
        found = refused.findings
    return [finding for finding in found if finding.file == file]


def _form(source: bytes, file: str, _beside: Files) -> list[Finding]:
    parse_form(source, file)
    return []


def _model(source: bytes, file: str, _beside: Files) -> list[Finding]:
    return compile_model(source, file).findings


_CHECKS: dict[tuple[str, ...], Callable[[bytes, str, Files], list[Finding]]] = {
    MODEL_SUFFIXES: _model,
    DMN_SUFFIXES: _decisions,
    (".form",): _form,
}
