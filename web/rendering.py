"""Templates and how German readers write things: amounts, dates, instants.

Invariant: everything is escaped unless it is `Markup` made by our own renderers.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from invoice.formats import upright

ZONE = ZoneInfo("Europe/Berlin")
STATIC = files("web") / "static"


def betrag(value: Decimal | int | str | None, currency: str = "EUR") -> str:
    """1190 → "1.190,00 €"; no value → a dash."""
    if value is None or value == "":
        return "–"
    text = f"{Decimal(value):,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{text} {'€' if currency == 'EUR' else currency}"


def datum(value: date | None) -> str:
    """2026-11-23 → "23.11.2026"; an instant is shown in the tenant's zone."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(ZONE)
    return value.strftime("%d.%m.%Y")


def zeitpunkt(value: datetime | None) -> str:
    """An instant as "23.11.2026, 14:05 Uhr" in the tenant's zone."""
    return "–" if value is None else value.astimezone(ZONE).strftime("%d.%m.%Y, %H:%M Uhr")


def groesse(count: int) -> str:
    """A number of bytes as people read it: "5,8 KB"."""
    size = float(count)
    for unit in ("Byte", "KB", "MB"):
        if size < 1000:
            return (
                f"{size:.0f} {unit}" if unit == "Byte" else f"{size:.1f} {unit}".replace(".", ",")
            )
        size /= 1000
    return f"{size:.1f} GB".replace(".", ",")


WORDS = {
    "in_bearbeitung": "in Bearbeitung",
    "aufbewahrung": "in Aufbewahrung",
    "zda": "z.d.A.",
    "uebergangen": "übergangen",
    "abschluss": "dem Abschluss der Akte",
    "haushaltsjahr": "dem Beschluss über das Haushaltsjahr",
    "ereignis": "einem Ereignis, das eine Person einträgt",
}


def wort(value: str | None) -> str:
    """What a state or trigger of the E-Akte is called."""
    return "–" if not value else WORDS.get(value, value)


@cache
def static(name: str) -> str:
    """The address of a static file, with its content's hash so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def _upright(value: object) -> object:
    """What people see reads as it is written, whatever signs a stranger put into a name."""
    return upright(value) if isinstance(value, str) else value


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_upright,
    )
    made.filters.update(betrag=betrag, datum=datum, zeitpunkt=zeitpunkt, groesse=groesse, wort=wort)
    made.globals.update(static=static)
    return made
