"""Posting lines: where an amount is posted to, line by line (Kontierung).

Invariant: equal lines are equal values, however they were typed, sent or stored, so that a
signature over them still stands after they have been stored. Amounts of lines are gross.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from bpmn.values import Value
from invoice.model import Breakdown
from processes.rechnungseingang.amounts import german, parse_amount

Line = Mapping[str, object]
TAX_CODES = {
    "hoheitlich": "hoheitlich, ohne Vorsteuer",
    "vst19": "Vorsteuer 19 %",
    "vst7": "Vorsteuer 7 %",
    "vst0": "steuerfrei",
    "13b": "§ 13b UStG, Steuerschuld bei uns",
}
"""As forms/sachlich_pruefen.form has them."""
_RATES = {"vst19": Decimal(19), "vst7": Decimal(7)}
_REVERSE_CHARGE = "AE"
_CENT = Decimal("0.01")


def posting_lines(value: Value) -> list[dict[str, Value]]:
    """The posting lines that a variable or a form holds."""
    lines = [line for line in value if isinstance(line, dict)] if isinstance(value, list) else []
    return [_normal(line) for line in lines]


def _normal(line: Mapping[str, Value]) -> dict[str, Value]:
    """A whole year as a whole number, an amount with its cents: a database keeps 1190.00 as it was
    typed, be it 1190."""
    normal = dict(line)
    amount, year = parse_amount(line.get("betrag")), line.get("haushaltsjahr")
    if amount is not None:
        normal["betrag"] = amount
    if isinstance(year, Decimal) and year == year.to_integral_value():
        normal["haushaltsjahr"] = int(year)
    return normal


def amount_of(line: Line) -> Decimal:
    """What a line posts; nought where it names no amount."""
    return parse_amount(line.get("betrag")) or Decimal("0.00")


def moved(lines: Iterable[Line]) -> Decimal:
    """How much is posted in one direction: what limits are compared with.

    Where all lines have one sign it is their sum. A line against the others takes from one budget
    what another gets; it must not make the whole look small.
    """
    amounts = [amount_of(line) for line in lines]
    up = sum((each for each in amounts if each > 0), Decimal("0.00"))
    down = sum((-each for each in amounts if each < 0), Decimal("0.00"))
    return max(up, down)


def fault_in(lines: Sequence[Line], amount: Decimal, currency: str) -> str | None:
    """Why these lines do not make up the amount, for the person who sent them."""
    if not lines:
        return "Bitte mindestens eine Buchungszeile angeben."
    if any(parse_amount(line.get("betrag")) is None for line in lines):
        return "Jede Buchungszeile braucht einen Betrag wie 1.190,00."
    if amount and not all(amount_of(line) for line in lines):
        return "Eine Buchungszeile über 0,00 bucht nichts: bitte entfernen."
    difference = sum((amount_of(line) for line in lines), Decimal(0)) - amount
    if not difference:
        return None
    total, whole = german(amount + difference, currency), german(amount, currency)
    more = "zu viel" if abs(amount + difference) > abs(amount) else "zu wenig"
    return (
        f"Die Buchungszeilen ergeben {total}, festgestellt sind {whole}: "
        f"{german(abs(difference), currency)} {more}."
    )


def with_tax(lines: Sequence[Line]) -> list[dict[str, object]]:
    """The lines with the input tax that is in each (`steuerbetrag`), None where it is not claimed.

    The tax of all lines of one rate is that of their sum, to the cent; the cents that rounding
    leaves go to the lines that lost most by it.
    """
    found: list[dict[str, object]] = [{**line, "steuerbetrag": None} for line in lines]
    for code, rate in _RATES.items():
        mine = [line for line in found if line.get("steuerkennzeichen") == code]
        for line, tax in zip(mine, _shares([amount_of(line) for line in mine], rate), strict=True):
            line["steuerbetrag"] = tax
    return found


def _shares(gross: Sequence[Decimal], rate: Decimal) -> list[Decimal]:
    exact = [each * rate / (100 + rate) for each in gross]
    shares = [each.quantize(_CENT, ROUND_DOWN) for each in exact]
    left = sum(exact, Decimal(0)).quantize(_CENT, ROUND_HALF_UP) - sum(shares, Decimal(0))
    cent = _CENT if left > 0 else -_CENT
    lost = sorted(range(len(gross)), key=lambda n: (exact[n] - shares[n]) * -cent)
    for n in range(int(abs(left) / _CENT)):
        shares[lost[n % len(lost)]] += cent
    return shares


def turned(lines: Iterable[Line]) -> list[dict[str, object]]:
    """The same in the other direction."""
    return [{**line, "betrag": -amount_of(line)} for line in lines]


def by_tax(lines: Iterable[Line]) -> dict[str, Decimal]:
    """What is posted under each Steuerkennzeichen."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[str(line.get("steuerkennzeichen"))] += amount_of(line)
    return dict(sums)


def tax_doubts(lines: Sequence[Line], breakdown: Iterable[Breakdown]) -> list[str]:
    """Where the Steuerkennzeichen do not go with the VAT that the invoice states (BG-23).

    Doubts for the person who checks; an invoice may be posted otherwise for good reasons.
    """
    groups = list(breakdown)
    if not groups:
        return []
    posted, said = by_tax(lines), []
    for code, rate in _RATES.items():
        stated = sum(
            ((g.taxable or Decimal(0)) + (g.tax or Decimal(0)) for g in groups if g.rate == rate),
            Decimal(0),
        )
        mine = posted.get(code, Decimal(0))
        if abs(mine) > abs(stated):
            said.append(
                f"Mit {TAX_CODES[code]} sind {german(abs(mine))} kontiert; die Rechnung weist zu "
                f"diesem Satz {german(abs(stated))} brutto aus."
            )
    reverse = any(g.category == _REVERSE_CHARGE for g in groups)
    if reverse and "13b" not in posted:
        said.append(
            "Die Rechnung nennt die Steuerschuld des Empfängers (AE), kontiert ist keine Zeile mit "
            "§ 13b UStG."
        )
    if not reverse and "13b" in posted:
        said.append(
            "Kontiert ist § 13b UStG; die Rechnung nennt keine Steuerschuld des Empfängers (AE)."
        )
    return said
