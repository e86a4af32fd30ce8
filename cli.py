"""The command line: `amtsgang …`. A root: it opens the house and prints; it decides nothing.

Answers go to stdout, progress and remarks to stderr. Exit codes: 0 all is well, 1 findings,
2 misuse, 3 a service or the data is not in the state that the command needs.
Imports stand inside the commands: `--help` and the small verbs start without the whole house.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bpmn.errors import Finding
    from bpmn.values import Value, Variables

FINDINGS, MISUSE, NOT_READY = 1, 2, 3

app = typer.Typer(
    name="amtsgang",
    help="Vorgänge, Akten und Rechnungen einer Stadtverwaltung · workflow engine and records system",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
invoice_app = typer.Typer(help="Rechnungen prüfen und zeigen · check and show invoices")
user_app = typer.Typer(help="Benutzer und Zugangsschlüssel · users and API tokens")
app.add_typer(invoice_app, name="invoice")
app.add_typer(user_app, name="user")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="JSON auf stdout · JSON on stdout")]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)]
OneFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def _german() -> bool:
    language = os.environ.get("AMTSGANG_LANG") or locale.getlocale()[0] or "de"
    return not language.lower().startswith("en")


def say(german: str, english: str) -> None:
    err.print(german if _german() else english, markup=False)


def refuse(german: str, english: str, code: int = MISUSE) -> NoReturn:
    say(german, english)
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """Numbers keep their digits; temporal values are ISO 8601 text, as a person writes them."""
    import msgspec  # noqa: PLC0415

    encoded = msgspec.json.Encoder(decimal_format="number").encode(plain(value))
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def plain(value: object) -> object:
    from bpmn.feel import duration_text  # noqa: PLC0415
    from bpmn.values import YearsMonths  # noqa: PLC0415

    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, timedelta | YearsMonths):
        return duration_text(value)
    return value


def _context(text: str) -> Variables:
    import msgspec  # noqa: PLC0415

    from bpmn.values import decode  # noqa: PLC0415

    try:
        value = decode(text.encode())
    except msgspec.DecodeError as error:
        refuse(f"Kein JSON: {error}", f"Not JSON: {error}")
    if not isinstance(value, dict):
        refuse("Es wird ein JSON-Objekt erwartet", "A JSON object is expected")
    return value


def _print_findings(findings: Iterable[Finding], as_json: bool) -> None:
    findings = list(findings)
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        for f in findings:
            out.print(
                f"{f.file}:{f.line}: {f.severity}: {f.message} [{f.rule}] {f.element or ''}".rstrip(),
                markup=False,
            )
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(FINDINGS)


# --- models ---


@app.command()
def check(models: Files, as_json: Json = False) -> None:
    """Was die Bereitstellung sagen würde · what deployment would say."""
    from bpmn.check import check_file  # noqa: PLC0415

    findings = [f for model in models for f in check_file(str(model), model.read_bytes())]
    if not findings and not as_json:
        say("Ohne Befund.", "No findings.")
    _print_findings(findings, as_json)


@app.command()
def run(
    models: Files,
    variables: Annotated[str, typer.Option(help="JSON object")] = "{}",
    process: Annotated[str | None, typer.Option(help="process id")] = None,
    as_json: Json = False,
) -> None:
    """Ein Modell im Speicher laufen lassen, bis es wartet · run a model in memory until it waits."""
    from bpmn.errors import ModelRefused  # noqa: PLC0415
    from engine.testing import Bench  # noqa: PLC0415

    bench = Bench()
    try:
        keys = bench.deploy(*models)
    except ModelRefused as error:
        _print_findings(error.findings, as_json)
        raise typer.Exit(FINDINGS) from error
    if process is None and len(keys) != 1:
        refuse(f"Welcher Prozess? --process {keys}", f"Which process? --process {keys}")
    case = bench.start(process or keys[0], **_context(variables))
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
    model: OneFile,
    decision: Annotated[str, typer.Option(help="decision id")],
    context: Annotated[str, typer.Option(help="JSON object")] = "{}",
    as_json: Json = False,
) -> None:
    """Eine Entscheidung auswerten · evaluate a decision."""
    from bpmn.dmn import compile_decisions  # noqa: PLC0415
    from bpmn.errors import ExpressionFailed, ModelRefused  # noqa: PLC0415

    try:
        decisions = compile_decisions(model.read_bytes(), str(model))
        outcome = decisions.evaluate(decision, _context(context), datetime.now(UTC))
    except ModelRefused as error:
        _print_findings(error.findings, as_json)
        raise typer.Exit(FINDINGS) from error
    except KeyError as error:
        refuse(f"Keine Entscheidung {decision}", f"No decision {decision}")
        raise AssertionError from error
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    print_json({"result": outcome.result, "matched": list(outcome.matched)})


@app.command()
def feel(
    expression: str,
    context: Annotated[str, typer.Option(help="JSON object")] = "{}",
    as_json: Json = False,  # noqa: ARG001  the answer is JSON in any case
) -> None:
    """Einen FEEL-Ausdruck auswerten · evaluate a FEEL expression."""
    from bpmn.errors import ExpressionFailed, ExpressionRefused  # noqa: PLC0415
    from bpmn.feel import evaluate_feel  # noqa: PLC0415

    try:
        value: Value = evaluate_feel(expression, _context(context), datetime.now(UTC))
    except ExpressionRefused as error:
        refuse(f"Zeichen {error.position}: {error}", f"Character {error.position}: {error}", FINDINGS)
    except ExpressionFailed as error:
        refuse(str(error), str(error), FINDINGS)
    print_json(value)


# --- invoices ---


@invoice_app.command("check")
def invoice_check(files: Files, as_json: Json = False) -> None:
    """Rechnungen prüfen: Urteil, Profil, Befunde · verdict, profile, findings."""
    from invoice.checking import check_invoice  # noqa: PLC0415

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
    from invoice.errors import InvoiceError  # noqa: PLC0415
    from invoice.parsing import parse_invoice  # noqa: PLC0415
    from invoice.rendering import invoice_text  # noqa: PLC0415

    try:
        invoice = parse_invoice(file.read_bytes())
    except InvoiceError as error:
        refuse(str(error), str(error), FINDINGS)
    out.print(invoice_text(invoice), markup=False)


def _table(title: str, columns: list[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def main() -> int:
    """The entry point that pyproject.toml and `python -m cli` name."""
    app()
    return 0


if __name__ == "__main__":
    main()
