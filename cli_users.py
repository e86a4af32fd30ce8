"""Users and API tokens on the command line."""

# ruff: noqa: PLC0415  a verb imports what it needs

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from cli_house import house
from cli_output import MISUSE, Json, out, print_json, refuse, table

app = typer.Typer(help="Benutzer und Zugangsschlüssel · users and API tokens")


@app.command("add")
def user_add(  # noqa: PLR0917 options of the command line
    login: str,
    name: Annotated[str | None, typer.Option(help="display name")] = None,
    role: Annotated[list[str] | None, typer.Option(help="may be repeated")] = None,
    group: Annotated[list[str] | None, typer.Option(help="may be repeated")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="may be repeated")] = None,
    machine: Annotated[bool, typer.Option("--machine", help="a system, without password")] = False,
    as_json: Json = False,
) -> None:
    """Eine Person (fragt das Passwort) oder ein System anlegen · add a person or a system."""
    from identity.errors import IdentityError
    from identity.persons import add_machine, add_person

    password = None if machine else _ask_password()
    with house() as opened:
        try:
            with opened.database.begin(opened.settings.tenant) as tx:
                if machine:
                    made = add_machine(
                        tx, login=login, display_name=name or login, roles=role or ()
                    )
                else:
                    made = add_person(
                        tx,
                        login=login,
                        display_name=name or login,
                        password=password,
                        groups=group or (),
                        roles=role or (),
                        units=unit or (),
                    )
        except IdentityError as error:
            refuse(str(error), str(error), MISUSE)
    if as_json:
        print_json({"id": made})
    else:
        out().print(made, markup=False)


def _ask_password() -> str:
    """From the terminal twice, or one line of a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Passwort · password", hide_input=True, confirmation_prompt=True))


@app.command("token")
def user_token(
    login: str,
    scope: Annotated[list[str] | None, typer.Option(help="e.g. invoice.submit; repeated")] = None,
    days: Annotated[int, typer.Option(help="valid for", min=1, max=3650)] = 365,
    as_json: Json = False,
) -> None:
    """Einen Zugangsschlüssel ausstellen; er wird nur einmal gezeigt · issue an API token."""
    from identity.errors import IdentityError
    from identity.persons import find_by_login
    from identity.principal import system_principal
    from identity.tokens import issue_token

    with house() as opened:
        tenant = opened.settings.tenant
        try:
            with opened.database.begin(tenant) as tx:
                found = find_by_login(tx, login)
                if found is None:
                    refuse(f"Kein Benutzer {login}", f"No user {login}")
                text, token = issue_token(
                    tx,
                    system_principal(tenant),
                    found.id,
                    label="Kommandozeile",
                    scopes=scope or ("*",),
                    lifetime=timedelta(days=days),
                )
        except IdentityError as error:
            refuse(str(error), str(error), MISUSE)
    if as_json:
        print_json({"token": text, "id": token.id, "expires_at": token.expires_at})
    else:
        out().print(text, markup=False)


@app.command("list")
def user_list(as_json: Json = False) -> None:
    """Alle Benutzer mit Rollen und Gruppen · all users."""
    from identity.persons import persons

    with house() as opened, opened.database.reading(opened.settings.tenant) as tx:
        found = persons(tx, include_inactive=True)
    if as_json:
        print_json([{"id": p.id, "login": p.login, "name": p.display_name} for p in found])
        return
    table(
        "Benutzer",
        ["Login", "Name", "Rollen", "Gruppen", "Stellen"],
        (
            (p.login, p.display_name, *(", ".join(sorted(x)) for x in (p.roles, p.groups, p.units)))
            for p in found
        ),
    )
