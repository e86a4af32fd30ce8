"""The verbs for official rules: `amtsgang rules …`. They open the house and print."""

# ruff: noqa: PLC0415  a verb imports what it needs, so that the small ones start fast

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli_house import house
from cli_output import Json, out, print_json, refuse, say

app = typer.Typer(help="Amtliche Prüfregeln · official rules")


@app.command("import")
def rules_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    sha256: Annotated[str, typer.Option(help="the published checksum of the zip")],
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="judges invoices from this day on"),
    ] = None,
) -> None:
    """Amtliche Prüfregeln (KoSIT) übernehmen · import a KoSIT validator configuration."""
    from importlib.util import find_spec

    from identity.principal import system_principal
    from invoice.errors import RulesRefused
    from invoice.official.archive import MOST_BYTES
    from processes.rechnungseingang.official import import_rules

    with file.open("rb") as opened_file:
        data = opened_file.read(MOST_BYTES + 1)
    begins = valid_from.date() if valid_from is not None else None
    with house() as opened:
        try:
            system = system_principal(opened.settings.tenant)
            found = import_rules(opened, system, data, sha256, begins)
        except RulesRefused as error:
            refuse(f"Nicht übernommen: {error}", f"Refused: {error}")
    say(
        f"Übernommen: {found.name}, für Rechnungen ab {found.valid_from}",
        f"Imported: {found.name}, for invoices from {found.valid_from} on",
    )
    if find_spec("saxonche") is None:
        say(
            "Hier fehlt der Zusatz amtsgang[official]; wo Aufträge laufen, braucht es ihn.",
            "The extra amtsgang[official] is missing here; it is needed wherever jobs run.",
        )


@app.command("list")
def rules_list(as_json: Json = False) -> None:
    """Was übernommen ist, und ab wann es gilt · what was imported, and from when it judges."""
    from processes.rechnungseingang.official import releases

    with house() as opened, opened.database.reading(opened.settings.tenant) as tx:
        found = releases(tx)
    if as_json:
        print_json(
            [
                {"name": each.name, "sha256": each.sha256,
                 "valid_from": each.valid_from and each.valid_from.isoformat()}
                for each in found
            ]
        )  # fmt: skip
        return
    for each in found:
        out().print(f"{each.valid_from or '–'}  {each.name}  {each.sha256}", markup=False)


@app.command("withdraw")
def rules_withdraw(
    sha256: Annotated[str, typer.Argument(help="the checksum, or how it begins")],
) -> None:
    """Eine Übernahme außer Kraft setzen · put an import out of force."""
    from identity.principal import system_principal
    from invoice.errors import RulesRefused
    from processes.rechnungseingang.official import withdraw_rules

    with house() as opened:
        try:
            system = system_principal(opened.settings.tenant)
            found = withdraw_rules(opened, system, sha256)
        except RulesRefused as error:
            refuse(f"Nicht geschehen: {error}", f"Refused: {error}")
    say(f"Außer Kraft: {found.name}", f"Withdrawn: {found.name}")
