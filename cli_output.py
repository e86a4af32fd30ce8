"""How the command line speaks: German or English to people, JSON to programs.

Answers go to stdout, progress and remarks to stderr. Exit codes: 0 all is well, 1 findings,
2 misuse, 3 the data or a service is not in the state that the command needs.
"""

# ruff: noqa: PLC0415  what prints nothing imports nothing for it

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

FINDINGS, MISUSE, NOT_READY = 1, 2, 3

Json = Annotated[bool, typer.Option("--json", help="JSON auf stdout · JSON on stdout")]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)]
OneFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def speaks_german() -> bool:
    language = os.environ.get("AMTSGANG_LANG") or locale.getlocale()[0] or "de"
    return not language.lower().startswith("en")


@cache
def out() -> Console:
    """For answers. Only what prints one needs rich: `serve` starts without it."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


@cache
def err() -> Console:
    """For progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(german: str, english: str) -> None:
    sys.stderr.write(f"{german if speaks_german() else english}\n")


def refuse(german: str, english: str, code: int = MISUSE) -> NoReturn:
    say(german, english)
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """Numbers keep their digits; temporal values are ISO 8601 text, as a person writes them."""
    sys.stdout.write(as_text(value) + "\n")


def as_text(value: object) -> str:
    """The value as indented JSON."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(plain(value)), indent=2).decode()


def plain(value: object) -> object:
    """What JSON has: numbers with all their digits and never an exponent, the rest as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    from msgspec import Raw

    from bpmn.feel import kind
    from bpmn.feel.builtins.conversion import print_value

    if isinstance(value, Decimal):
        return Raw(f"{value:f}".encode())
    return value if kind(value) in _JSON_HAS else print_value(value)


_JSON_HAS = frozenset({"Null", "boolean", "number", "string", "unknown"})


def table(title: str, columns: list[str], rows: Iterable[Iterable[str]]) -> None:
    from rich.table import Table

    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*row)
    out().print(shown)
