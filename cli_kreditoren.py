"""The supplier master on the command line: a table in, by hand or every night, and out."""

# ruff: noqa: PLC0415  a verb imports what it needs

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli_house import house
from cli_output import FINDINGS, Json, OneFile, print_json, refuse, say

app = typer.Typer(help="Kreditorenstamm · supplier master")


@app.command("import")
def table_in(file: OneFile, as_json: Json = False) -> None:
    """Eine CSV-Tabelle ganz übernehmen, oder nichts · take a CSV table in, whole or not at all."""
    from dataclasses import asdict

    from identity.principal import system_principal
    from processes.rechnungseingang.errors import KreditorTableInvalid
    from processes.rechnungseingang.kreditoren.table import import_table

    with house() as opened:
        tenant = opened.settings.tenant
        try:
            with opened.database.begin(tenant) as tx:
                found = import_table(tx, system_principal(tenant), file.read_bytes())
        except KreditorTableInvalid as error:
            refuse(f"Nichts übernommen:\n{error}", f"Nothing taken in:\n{error}", FINDINGS)
    if as_json:
        print_json(asdict(found))
        return
    say(
        f"{found.created} neu, {found.changed} geändert, {found.same} gleich; "
        f"{found.proposed} Konten zu bestätigen",
        f"{found.created} new, {found.changed} changed, {found.same} the same; "
        f"{found.proposed} accounts to confirm",
    )


@app.command("export")
def table_out(file: Annotated[Path, typer.Argument(dir_okay=False, writable=True)]) -> None:
    """Den ganzen Stamm als CSV-Tabelle schreiben · write all of it as a CSV table."""
    from identity.principal import system_principal
    from processes.rechnungseingang.kreditoren.table import export_table

    with house() as opened:
        tenant = opened.settings.tenant
        with opened.database.begin(tenant) as tx:
            content = export_table(tx, system_principal(tenant))
    file.write_bytes(content)
    say(f"Geschrieben: {file}", f"Written: {file}")
