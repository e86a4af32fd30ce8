"""The command line: `amtsgang …`. A root: it opens the house and prints; it decides nothing.

The verbs that need a house stand here, in `cli_users`, `cli_rules`, `cli_kreditoren` and
`cli_demo`; the rest in `cli_models`.
"""

# ruff: noqa: PLC0415  a verb imports what it needs, so that the small ones start fast

from __future__ import annotations

import gc
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import cli_kreditoren
import cli_models
import cli_rules
import cli_users
from cli_house import house
from cli_output import (
    FINDINGS,
    NOT_READY,
    Files,
    Json,
    err,
    out,
    print_json,
    refuse,
    say,
)

if TYPE_CHECKING:
    from processes.house import House

app = typer.Typer(
    name="amtsgang",
    help="Vorgänge, Akten und Rechnungen einer Stadtverwaltung · workflow engine and records",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.registered_commands += cli_models.app.registered_commands
app.add_typer(cli_models.invoice_app, name="invoice")
app.add_typer(cli_rules.app, name="rules")
app.add_typer(cli_users.app, name="user")
app.add_typer(cli_kreditoren.app, name="kreditoren")

Host = Annotated[str, typer.Option(help="address to listen on")]
Port = Annotated[int, typer.Option(help="port to listen on", min=1, max=65535)]


# --- running ---


@app.command()
def migrate(as_json: Json = False) -> None:
    """Die Datenbank auf den Stand dieser Version bringen · bring the database up to date."""
    from processes.house import Settings
    from storage.migrate import migrate as apply

    settings = Settings.from_environment()
    settings.data.mkdir(parents=True, exist_ok=True)
    applied = apply(settings.database)
    if as_json:
        print_json({"applied": applied})
    elif applied:
        say(f"Angewandt: {', '.join(applied)}", f"Applied: {', '.join(applied)}")
    else:
        say("Die Datenbank ist auf dem Stand.", "The database is up to date.")


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8600,
    without_clock: Annotated[
        bool, typer.Option("--without-clock", help="HTTP only: jobs and timers run elsewhere")
    ] = False,
) -> None:
    """Seiten und Schnittstellen anbieten · serve pages and interfaces."""
    gc.disable()  # what is loaded now stays: `_listen` turns the collector on again
    from processes.house import Settings
    from processes.upkeep import Running, holding

    settings = Settings.from_environment(loopback=_is_loopback(host))
    alone = not without_clock and settings.broker_url is None
    with house(settings) as opened, holding(settings, f"http://{host}:{port}") as holder:
        if holder is not None:
            refuse(f"Hier läuft schon: {holder}", f"Already running: {holder}", NOT_READY)
        opened.deploy_packages()
        say(f"Amtsgang: http://{host}:{port}", f"Amtsgang: http://{host}:{port}")
        if not alone:
            _listen(opened, host, port)
            return
        with Running(opened):
            _listen(opened, host, port)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(help="consumers in this process", min=1)] = 2,
) -> None:
    """Aufträge aus der Warteschlange, Uhr und Zustellung · consumers, clock and relay."""
    from processes.house import Settings
    from worker import run

    settings = Settings.from_environment()
    if settings.broker_url is None:
        refuse("AMTSGANG_BROKER fehlt (amqp://…)", "AMTSGANG_BROKER is not set (amqp://…)")
    with house(settings) as opened:
        run(opened, concurrency)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(opened: House, host: str, port: int) -> None:
    import uvicorn

    from api import create

    application = create(opened)
    gc.freeze()  # the collector need not look at what is loaded now again
    gc.enable()
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=10,  # a long poll may last half an hour
    )


@app.command()
def demo(
    auto: Annotated[bool, typer.Option("--auto", help="plays the people, too, and ends")] = False,
    port: Port = 8600,
    data: Annotated[Path, typer.Option(help="folder, emptied before")] = Path("var/demo"),
) -> None:
    """Zum Ausprobieren: erfundene Stadt, erfundene Rechnungen · try it."""
    from cli_demo import run_demo

    raise typer.Exit(run_demo(data, port, auto=auto))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Was fehlt oder nicht stimmt, und was zu tun ist · what is missing, and what to do."""
    from processes.doctor import examine
    from processes.house import Settings

    findings = examine(Settings.from_environment())
    if as_json:
        print_json([finding.as_json() for finding in findings])
    for finding in [] if as_json else findings:
        out().print(f"{finding.state:8} {finding.subject}: {finding.text}", markup=False)
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(FINDINGS)


# --- models into the house ---


@app.command()
def deploy(
    models: Files,
    name: Annotated[str, typer.Option(help="name of the deployment")] = "Kommandozeile",
    as_json: Json = False,
) -> None:
    """Dateien zusammen bereitstellen oder keine · deploy files together or not at all."""
    from bpmn.errors import ModelRefused
    from engine.commands import Deploy
    from identity.principal import system_principal

    with house() as opened:
        files = [(path.name, path.read_bytes()) for path in models]
        try:
            deployed = opened.engine.execute(
                Deploy(name=name, files=files, source="amtsgang deploy"),
                system_principal(opened.settings.tenant),
            )
        except ModelRefused as error:
            cli_models.print_findings(error.findings, as_json)
            raise typer.Exit(FINDINGS) from error
    if as_json:
        print_json(
            {
                "id": deployed.id,
                "unchanged": deployed.unchanged,
                "definitions": [
                    {"kind": d.kind, "key": d.key, "version": d.version, "id": d.id}
                    for d in deployed.definitions
                ],
            }
        )
        return
    if deployed.unchanged:
        say("Unverändert: nichts Neues.", "Unchanged: nothing new.")
    for each in deployed.definitions:
        out().print(f"{each.kind} {each.key} v{each.version}", markup=False)


@app.command()
def intake(folder: Path) -> None:
    """Rechnungen eines Ordners einmal übernehmen · take in a folder's invoices once."""
    from processes.rechnungseingang.intake.channels import fetch_from

    if not folder.is_dir():
        refuse(f"Kein Ordner: {folder}", f"No folder: {folder}")
    with house() as opened:
        opened.deploy_packages()  # no server may have run here yet
        found = fetch_from(opened, (folder.resolve().as_uri(),))
    say(
        f"Übernommen: {found.taken}, nicht übernommen: {found.refused} (fehler/)",
        f"Taken in: {found.taken}, refused: {found.refused} (fehler/)",
    )
    if found.refused:
        raise typer.Exit(FINDINGS)


# --- proof ---


@app.command()
def verify(
    what: Annotated[str | None, typer.Argument(help="stream id or bundle.zip")] = None,
    trust: Annotated[
        str | None, typer.Option(help="fingerprint of the signing key, from outside the bundle")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ketten, Prüfpunkte und Inhalte prüfen; ein Bündel ohne Netz · verify chains or a bundle."""
    if what is not None and Path(what).is_file():
        from storage.verify_bundle import main as check_bundle

        arguments = [what, *(["--trust", trust] if trust else []), *(["--json"] if as_json else [])]
        raise typer.Exit(check_bundle(arguments))
    _verify_house(what, as_json)


def _verify_house(stream: str | None, as_json: bool) -> None:
    from storage.verify import verify_all, verify_one

    with house() as opened, err().status("…") as status:
        tenant, trusted = opened.settings.tenant, opened.keyring.fingerprints()
        if stream is not None:
            report = verify_one(opened.database, tenant, stream)
        else:
            parts = (opened.database, opened.store, opened.blobs, tenant)
            report = verify_all(*parts, trusted=trusted, progress=status.update)
        fingerprint = opened.keyring.fingerprint
    if as_json:
        print_json(
            {
                "whole": report.whole,
                "streams": report.streams,
                "entries": report.entries,
                "checkpoints": report.checkpoints,
                "blobs": report.blobs,
                "unanchored": report.unanchored,
                "faults": [fault._asdict() for fault in report.faults],
                "fingerprint": fingerprint,
            }
        )
    else:
        for fault in report.faults:
            out().print(f"{fault}", markup=False)
        say(
            f"{report.streams} Ketten, {report.entries} Einträge, {report.checkpoints} "
            f"Prüfpunkte, {report.blobs} Inhalte geprüft; {len(report.unanchored)} Ketten noch "
            "nicht verankert. "
            + ("Alles unverändert." if report.whole else f"{len(report.faults)} Fehler."),
            f"{report.streams} streams, {report.entries} entries, {report.checkpoints} "
            f"checkpoints, {report.blobs} contents checked; {len(report.unanchored)} streams not "
            "yet anchored. " + ("All whole." if report.whole else f"{len(report.faults)} faults."),
        )
    if not report.whole:
        raise typer.Exit(FINDINGS)


@app.command()
def export(
    akte: str,
    target: Annotated[Path | None, typer.Option("--to", help="the zip to write")] = None,
    purpose: Annotated[str, typer.Option(help="goes into the record")] = "Ausgabe (Kommandozeile)",
    as_json: Json = False,
) -> None:
    """Eine Akte als Bündel ausgeben, das sich selbst beweist · export an Akte as a bundle."""
    from eakte.errors import EakteError
    from identity.principal import system_principal
    from processes.export import export_case

    with house() as opened:
        try:
            exported = export_case(
                opened,
                system_principal(opened.settings.tenant),
                akte,
                target=target or Path(f"{akte}.zip"),
                purpose=purpose,
            )
        except EakteError as error:
            refuse(str(error), str(error), FINDINGS)
        fingerprint = opened.keyring.fingerprint
    answer = {
        "bundle": str(exported.target),
        "documents": exported.documents,
        "destroyed": list(exported.destroyed),
        "fingerprint": fingerprint,
    }
    if as_json:
        print_json(answer)
        return
    out().print(str(exported.target), markup=False)
    command = f"amtsgang verify {exported.target} --trust {fingerprint}"
    say(f"Prüfen, auch ohne uns: {command}", f"To verify, without us too: {command}")


def main() -> int:
    """The entry point that pyproject.toml and `python -m cli` name."""
    app()
    return 0


if __name__ == "__main__":
    main()
