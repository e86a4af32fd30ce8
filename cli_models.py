"""The verbs that need no house: check, run, decide, feel, invoice.

Imports stand inside the commands, so that a small verb starts without the whole application.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli_output import FINDINGS, Files, Json, OneFile, as_text, out, print_json, refuse, say

if TYPE_CHECKING:
    from pathlib import Path

    from bpmn.errors import Finding
    from bpmn.values import Value, Variables
    from engine.testing import Case

app = typer.Typer()
invoice_app = typer.Typer(help="Rechnungen prüfen und zeigen · check and show invoices")


def _json(text: str) -> Value:
    import msgspec

    from bpmn.values import decode

    try:
        return decode(text.encode())
    except msgspec.DecodeError as error:
        refuse(f"Kein JSON: {error}", f"Not JSON: {error}")


def _context(text: str) -> Variables:
    value = _json(text)
    if not isinstance(value, dict):
        refuse("Es wird ein JSON-Objekt erwartet", "A JSON object is expected")
    return value


def print_findings(findings: Iterable[Finding], as_json: bool) -> None:
    findings = list(findings)
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        for f in findings:
            where = f"{f.file}:{f.line}: {f.element or ''}".rstrip(" :")
            others = ", ".join(f"{each.element}:{each.line}" for each in f.related)
            also = f" (see {others})" if others else ""
            out().print(f"{where}: {f.severity}: {f.message} [{f.rule}]{also}", markup=False)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(FINDINGS)


# --- models ---


@app.command()
def check(models: Files, as_json: Json = False) -> None:
    """Was die Bereitstellung sagen würde · what deployment would say."""
    from bpmn.check import check_file

    files = {_shown_name(model): model.read_bytes() for model in models}
    findings = [f for name, content in files.items() for f in check_file(name, content, files)]
    if not findings and not as_json:
        say("Ohne Befund.", "No findings.")
    print_findings(findings, as_json)


def _shown_name(path: Path) -> str:
    """A file's name may be bytes that are no text; JSON is text."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@app.command()
def run(
    models: Files,
    variables: Annotated[str, typer.Option(help="JSON object")] = "{}",
    process: Annotated[str | None, typer.Option(help="process id")] = None,
    as_json: Json = False,  # noqa: ARG001  the answer is JSON in any case
) -> None:
    """Ein Modell laufen lassen, bis es wartet · run a model in memory until it waits."""
    from bpmn.errors import ModelRefused
    from engine.testing import Bench

    bench = Bench()
    try:
        bench.deploy(*models)
    except ModelRefused as error:
        print_findings(error.findings, as_json=True)
        raise typer.Exit(FINDINGS) from error
    keys = bench.processes if len(bench.processes) == 1 else bench.beginnings
    if process is None and len(keys) != 1:
        named = ", ".join(bench.processes)
        refuse(f"Welcher Prozess? --process {named}", f"Which process? --process {named}")
    if process is not None and process not in bench.processes:
        refuse(f"Kein Prozess {process}", f"No process {process}")
    case = bench.start_with(process or keys[0], _context(variables))
    bench.run_continuations()
    print_json(_shown(case))
    raise typer.Exit(FINDINGS if any(each.incidents for each in bench.cases) else 0)


def _shown(case: Case) -> dict[str, object]:
    """Where a case stands; the cases it has called stand in it."""
    return {
        "process": case.graph.process_id,
        "ended": case.ended,
        "outcome": case.outcome,
        "waits_at": list(case.waits_at),
        "trace": list(case.trace),
        "variables": case.variables,
        "incidents": [
            {"node": each.node, "kind": each.kind, "message": each.message}
            for each in case.incidents
        ],
        "called": [_shown(each) for each in case.children],
    }


@app.command()
def decide(
    models: Files,
    decision: Annotated[
        str | None, typer.Option(help="id or name of a decision, service or knowledge model")
    ] = None,
    context: Annotated[str, typer.Option(help="JSON object")] = "{}",
    as_json: Json = False,
) -> None:
    """Entscheidungen auswerten, eine oder alle · evaluate one decision, or all."""
    from bpmn.dmn import compile_files
    from bpmn.dmn.answers import answer
    from bpmn.errors import ExpressionFailed, ModelRefused

    given, now = _context(context), datetime.now(UTC)
    try:
        files = compile_files([(str(model), model.read_bytes()) for model in models])
        if decision is None:
            of, outcome = files[0], files[0].consider_all(given, now, explains=True)
        else:
            found = [(each, each.called(decision)) for each in files]
            of, asked = next((pair for pair in found if pair[1]), (files[0], None))
            if asked is None:
                refuse(f"Keine Entscheidung {decision}", f"No decision {decision}")
            outcome = asked.consider(given, now, explains=True)
        answered = answer(outcome, of)
    except ModelRefused as error:
        print_findings(error.findings, as_json)
        raise typer.Exit(FINDINGS) from error
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    if as_json:
        print_json(answered)
        return
    shown = answered["result"] if decision is None else {"": answered["result"]}
    for name, value in shown.items():
        out().print(f"{name}: {as_text(value)}".removeprefix(": "), markup=False)
    for flaw in outcome.warnings:
        say(f"Warnung: {flaw}", f"Warning: {flaw}")


@app.command()
def feel(
    expression: str,
    context: Annotated[str, typer.Option(help="JSON object")] = "{}",
    unary: Annotated[bool, typer.Option("--unary", help="tests of a table's cell")] = False,
    tested: Annotated[str, typer.Option("--input", help="JSON value that is tested")] = "null",
    as_json: Json = False,
) -> None:
    """Einen FEEL-Ausdruck auswerten · evaluate a FEEL expression.

    --json: {value, type, warnings}. --unary: Tests wie in einer Entscheidungstabelle.
    """
    from bpmn.errors import ExpressionFailed, ExpressionRefused
    from bpmn.feel import Run, compile_expression, compile_unary, print_type, type_of, vocabulary_of

    variables, now = _context(context), datetime.now(UTC)
    names = vocabulary_of({**variables, "?": _json(tested)})
    try:
        if unary:
            tests = compile_unary(expression, names)
            value = tests.verdict(_json(tested), variables, Run(now))
            reasons = tests.reasons(_json(tested), variables, now)
        else:
            compiled = compile_expression(expression, names)
            value = compiled.value(variables, Run(now))
            reasons = compiled.reasons(variables, now)
        type_ = print_type(type_of(value))
    except ExpressionRefused as error:
        at = error.position + 1
        refuse(f"Zeichen {at}: {error}", f"Character {at}: {error}", FINDINGS)
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    if as_json:
        warnings = [{"position": each.position + 1, "text": each.text} for each in reasons]
        print_json({"value": value, "type": type_, "warnings": warnings})
        return
    for each in reasons:
        say(
            f"Zeichen {each.position + 1}: {each.text}",
            f"Character {each.position + 1}: {each.text}",
        )
    print_json(value)


# --- invoices ---


@invoice_app.command("check")
def invoice_check(files: Files, as_json: Json = False) -> None:
    """Rechnungen prüfen: Urteil, Profil, Befunde · verdict, profile, findings."""
    from invoice.documents import check_document
    from invoice.formats import harmless

    told: list[dict[str, object]] = []
    faulty = False
    for file in files:
        name = os.fsencode(file).decode(errors="replace")
        report = check_document(_sent(file))
        faulty |= any(f.severity == "fatal" for f in report.findings)
        if as_json:
            told.append({"file": name, **report.as_json()})
            continue
        lines = [f"{harmless(name)}: {report.verdict}"]
        for f in report.findings:
            where = f" ({f.place})" if f.place else ""
            lines.append(harmless(f"  {f.severity} {f.rule}{where}: {f.text} {f.hint}"))
        out().print("\n".join(lines), markup=False)
    if as_json:
        print_json(told)
    if faulty:
        raise typer.Exit(FINDINGS)


def _sent(file: Path) -> bytes:
    """No more of a file than one byte beyond what is read as an invoice: it may have no end."""
    from invoice.reading import MAX_BYTES

    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


@invoice_app.command("show")
def invoice_show(file: OneFile) -> None:
    """Die Rechnung lesbar ausgeben · print the invoice for a person."""
    from invoice.documents import invoice_in
    from invoice.errors import InvoiceError
    from invoice.formats import harmless
    from invoice.plain_text import invoice_text

    try:
        invoice = invoice_in(_sent(file))
    except InvoiceError as error:
        refuse(harmless(str(error)), harmless(str(error)), FINDINGS)
    out().print(invoice_text(invoice), markup=False)
