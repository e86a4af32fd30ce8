"""Random invoices as facts, and the elements that the writers of both syntaxes make of them.

Nothing of the tables that read is used here: what is written is what a sender would write.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Said = dict[str, Any]
WORDS = ("Straße", "Öl & Gas", "a < b", "„Zitat“", "x", "0", "Ä" * 40, "Zeile 1\nZeile 2", "=1+1")


def random_invoice(dice: Random) -> Said:
    """The facts of an invoice; any optional one may be absent. It need not be right."""
    order = maybe(dice, word)
    return {
        "number": word(dice),
        "issued": day(dice),
        "type": dice.choice(["380", "384", "326", "877"]),
        "currency": dice.choice(["EUR", "CHF"]),
        "due": maybe(dice, day),
        "leitweg": maybe(dice, word),
        "accounting": maybe(dice, word),
        "order": order,
        "sales_order": maybe(dice, word) if order else None,  # UBL cannot say the one alone
        "contract": maybe(dice, word),
        "project": maybe(dice, word),
        "receipt": maybe(dice, word),
        "despatch": maybe(dice, word),
        "terms": maybe(dice, word),
        "remittance": maybe(dice, word),
        "notes": [word(dice) for _ in range(dice.randint(0, 2))],
        "seller": party(dice, True),
        "buyer": party(dice, False),
        "delivered": maybe(dice, day),
        "period": maybe(dice, period),
        "iban": maybe(dice, word),
        "account_name": word(dice),
        "allowances": [allowance(dice, True) for _ in range(dice.randint(0, 2))],
        "preceding": [word(dice) for _ in range(dice.randint(0, 1))],
        "attached": [word(dice) for _ in range(dice.randint(0, 2))],
        "breakdown": [taxed(dice) for _ in range(dice.randint(1, 3))],
        "totals": {name: number(dice) for name in TOTALS},
        "lines": [line(dice) for _ in range(dice.randint(1, 4))],
    }


TOTALS = ("lines", "allowances", "charges", "net", "gross", "prepaid", "due")


def word(dice: Random) -> str:
    return dice.choice(WORDS) + str(dice.randint(1, 99))


def day(dice: Random) -> date:
    return date(2026, 1, 1) + timedelta(days=dice.randint(0, 700))


def number(dice: Random) -> str:
    return f"{dice.randint(-9999, 999999) / 100:.2f}"


def period(dice: Random) -> tuple[date, date]:
    return day(dice), day(dice)


def maybe(dice: Random, make: Any) -> Any:
    return make(dice) if dice.random() < 0.6 else None


def party(dice: Random, selling: bool) -> Said:
    return {
        "name": word(dice),
        "trading": maybe(dice, word) if selling else None,
        "legal": maybe(dice, word),
        "vat": maybe(dice, word),
        "tax": maybe(dice, word) if selling else None,
        "line1": maybe(dice, word),
        "line2": maybe(dice, word),
        "line3": maybe(dice, word),
        "city": maybe(dice, word),
        "code": maybe(dice, word),
        "region": maybe(dice, word),
        "country": dice.choice(["DE", "AT"]),
        "contact": maybe(dice, word),
        "phone": maybe(dice, word),
        "mail": maybe(dice, word),
        "endpoint": maybe(dice, word),
    }


def rate_of(dice: Random) -> Said:
    return {"category": dice.choice(["S", "AE", "E"]), "rate": dice.choice(["19", "7.00", "0"])}


def allowance(dice: Random, of_document: bool) -> Said:
    found = {
        "charge": dice.random() < 0.5,
        "amount": number(dice),
        "base": maybe(dice, number),
        "percent": maybe(dice, number),
        "reason": maybe(dice, word),
        "code": maybe(dice, word),
    }
    return {**found, **rate_of(dice)} if of_document else found


def taxed(dice: Random) -> Said:
    reason = {"reason": maybe(dice, word), "reason_code": maybe(dice, word)}
    return {"taxable": number(dice), "tax": number(dice), **rate_of(dice), **reason}


def line(dice: Random) -> Said:
    return {
        "id": word(dice),
        "note": maybe(dice, word),
        "quantity": number(dice),
        "unit": dice.choice(["C62", "HUR"]),
        "net": number(dice),
        "order_line": maybe(dice, word),
        "accounting": maybe(dice, word),
        "period": maybe(dice, period),
        "allowances": [allowance(dice, False) for _ in range(dice.randint(0, 2))],
        "name": word(dice),
        "description": maybe(dice, word),
        "sellers_id": maybe(dice, word),
        "buyers_id": maybe(dice, word),
        "standard_id": maybe(dice, word),
        "origin": maybe(dice, lambda _: "DE"),
        "attributes": [(word(dice), word(dice)) for _ in range(dice.randint(0, 2))],
        "price": number(dice),
        **rate_of(dice),
    }


def tag(name: str, value: Any, **attributes: str | None) -> str:
    """An element, or nothing where there is nothing to say."""
    if value is None or value == "":
        return ""
    given = "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items() if v is not None)
    return f"<{name}{given}>{escape(str(value))}</{name}>"


def around(name: str, *parts: str) -> str:
    inside = "".join(parts)
    return f"<{name}>{inside}</{name}>" if inside else ""
