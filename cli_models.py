"""The verbs that need no house: check, run, decide, feel, invoice.

Imports stand inside the commands, so that a small verb starts without the whole application.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli_output import FINDINGS, Files, Json, OneFile, as_text, out, print_json, refuse, say

if TYPE_CHECKING:
    from bpmn.errors import Finding
    from bpmn.values import Value, Variables

app = typer.Typer()
invoice_app = typer.Typer(help="Rechnungen prüfen und zeigen · check and show invoices")


def _context(text: str) -> Variables:
    import msgspec

    from bpmn.values import decode

    try:
        value = decode(text.encode())
    except msgspec.DecodeError as error:
        refuse(f"Kein JSON: {error}", f"Not JSON: {error}")
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
            out.print(f"{where}: {f.severity}: {f.message} [{f.rule}]", markup=False)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(FINDINGS)


# --- models ---


@app.command()
def check(models: Files, as_json: Json = False) -> None:
    """Was die Bereitstellung sagen würde · what deployment would say."""
    from bpmn.check import check_file

    findings = [f for model in models for f in check_file(str(model), model.read_bytes())]
    if not findings and not as_json:
        say("Ohne Befund.", "No findings.")
    print_findings(findings, as_json)


@app.command()
def run(
    models: Files,
    variables: Annotated[str, typer.Option(help="JSON object")] = "{}",
    process: Annotated[str | None, typer.Option(help="process id")] = None,
    as_json: Json = False,
) -> None:
    """Ein Modell laufen lassen, bis es wartet · run a model in memory until it waits."""
    from bpmn.errors import ModelRefused
    from engine.testing import Bench

    bench = Bench()
    try:
        bench.deploy(*models)
    except ModelRefused as error:
        print_findings(error.findings, as_json)
        raise typer.Exit(FINDINGS) from error
    keys = bench.processes
    if process is None and len(keys) != 1:
        named = ", ".join(keys)
        refuse(f"Welcher Prozess? --process {named}", f"Which process? --process {named}")
    case = bench.start_with(process or keys[0], _context(variables))
    answer = {
        "ended": case.ended,
        "waits_at": list(case.waits_at),
        "trace": list(case.trace),
        "variables": case.variables,
        "incidents": [str(incident) for incident in case.incidents],
    }
    if as_json:
        print_json(answer)
    else:
        for key, value in answer.items():
            out.print(f"{key}: {value}", markup=False)
    raise typer.Exit(FINDINGS if case.incidents else 0)


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

    given = _context(context)
    try:
        files = compile_files([(str(model), model.read_bytes()) for model in models])
        now = datetime.now(UTC)
        if decision is None:
            of, outcome = files[0], files[0].consider_all(given, now, explains=True)
        else:
            found = [(each, each.called(decision)) for each in files]
            of, asked = next((pair for pair in found if pair[1]), (files[0], None))
            if asked is None:
                refuse(f"Keine Entscheidung {decision}", f"No decision {decision}")
            outcome = asked.consider(given, now, explains=True)
    except ModelRefused as error:
        print_findings(error.findings, as_json)
        raise typer.Exit(FINDINGS) from error
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    shown = answer(outcome, of)
    if as_json:
        print_json(shown)
        return
    for name, value in shown["decisions"].items() if decision is None else ():
        out.print(f"{name}: {as_text(value)}", markup=False)
    if decision is not None:
        out.print(as_text(shown["result"]), markup=False)
    for flaw in outcome.warnings:
        say(f"Warnung: {flaw}", f"Warning: {flaw}")


@app.command()
def feel(
    expression: str,
    context: Annotated[str, typer.Option(help="JSON object")] = "{}",
    as_json: Json = False,  # noqa: ARG001  the answer is JSON in any case
) -> None:
    """Einen FEEL-Ausdruck auswerten · evaluate a FEEL expression."""
    from bpmn.errors import ExpressionFailed, ExpressionRefused
    from bpmn.feel import evaluate_feel

    try:
        value: Value = evaluate_feel(expression, _context(context), datetime.now(UTC))
    except ExpressionRefused as error:
        refuse(
            f"Zeichen {error.position}: {error}", f"Character {error.position}: {error}", FINDINGS
        )
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    print_json(value)


# --- invoices ---


@invoice_app.command("check")
def invoice_check(files: Files, as_json: Json = False) -> None:
    """Rechnungen prüfen: Urteil, Profil, Befunde · verdict, profile, findings."""
    from invoice.checking import check_invoice

    reports = [(str(file), check_invoice(file.read_bytes())) for file in files]
    if as_json:
        print_json([{"file": file, **report.as_json()} for file, report in reports])
    for file, report in [] if as_json else reports:
        out.print(f"{file}: {report.verdict}", markup=False)
        for f in report.findings:
            out.print(f"  {f.severity} {f.rule} ({f.place}): {f.text} {f.hint}", markup=False)
    if any(f.severity == "fatal" for _, report in reports for f in report.findings):
        raise typer.Exit(FINDINGS)


@invoice_app.command("show")
def invoice_show(file: OneFile) -> None:
    """Die Rechnung lesbar ausgeben · print the invoice for a person."""
    from invoice.errors import InvoiceError
    from invoice.parsing import parse_invoice
    from invoice.rendering import invoice_text

    try:
        invoice = parse_invoice(file.read_bytes())
    except InvoiceError as error:
        refuse(str(error), str(error), FINDINGS)
    out.print(invoice_text(invoice), markup=False)
