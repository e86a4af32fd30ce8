"""How the command line speaks: German or English to people, JSON to programs.

Answers go to stdout, progress and remarks to stderr. Exit codes: 0 all is well, 1 findings,
2 misuse, 3 the data or a service is not in the state that the command needs.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

FINDINGS, MISUSE, NOT_READY = 1, 2, 3

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="JSON auf stdout · JSON on stdout")]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)]
OneFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def speaks_german() -> bool:
    language = os.environ.get("AMTSGANG_LANG") or locale.getlocale()[0] or "de"
    return not language.lower().startswith("en")


def say(german: str, english: str) -> None:
    err.print(german if speaks_german() else english, markup=False)


def refuse(german: str, english: str, code: int = MISUSE) -> NoReturn:
    say(german, english)
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """Numbers keep their digits; temporal values are ISO 8601 text, as a person writes them."""
    sys.stdout.write(as_text(value) + "\n")


def as_text(value: object) -> str:
    """The value as indented JSON."""
    import msgspec  # noqa: PLC0415

    encoded = msgspec.json.Encoder(decimal_format="number").encode(plain(value))
    return msgspec.json.format(encoded, indent=2).decode()


def plain(value: object) -> object:
    from bpmn.feel import kind  # noqa: PLC0415
    from bpmn.feel.builtins.conversion import print_value  # noqa: PLC0415

    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if kind(value) in _JSON_HAS else print_value(value)


_JSON_HAS = frozenset({"Null", "boolean", "number", "string", "unknown"})


def table(title: str, columns: list[str], rows: Iterable[Iterable[str]]) -> None:
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*row)
    out.print(shown)
