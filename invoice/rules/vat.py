"""BR-S, Z, E, AE, IC, G, O, AF, AG: what each VAT category demands (EN 16931-1, 6.4.3 ff.).

The nine families ask the same ten questions. A row of `vat_categories` says how a family answers
where it differs; the functions below are the questions, numbered as in the standard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from invoice.model import Breakdown, Invoice, Party, TaxCategory
from invoice.rules.arithmetic import ZERO, cents, near, near_in_cii, near_in_ubl, rounded, same
from invoice.rules.rule import FIX, BySyntax, Klass, RuleBook, Select, document, once
from invoice.rules.vat_categories import CATEGORIES, Category

book = RuleBook()
Test = Callable[[Any, Invoice], bool]


# Where a category is used


def allowance_taxes(invoice: Invoice, charge: bool) -> list[TaxCategory]:
    return [tax for a in invoice.allowances if a.charge is charge for tax in a.taxes]


def _used(taxes: Sequence[TaxCategory], code: str, *, vat: bool = True) -> list[TaxCategory]:
    return [t for t in taxes if t.category == code and (not vat or t.is_vat)]


def _top_lines(invoice: Invoice) -> list[TaxCategory]:
    return [tax for line in invoice.lines for tax in line.taxes]


def _on_lines(code: str, invoice: Invoice) -> Sequence[Any]:
    return _used(_top_lines(invoice), code)


def _on_allowances(code: str, charge: bool, invoice: Invoice) -> Sequence[Any]:
    return _used(allowance_taxes(invoice, charge), code)


def _in_breakdown(code: str, vat: bool, invoice: Invoice) -> Sequence[Any]:
    return [b for b in invoice.breakdown if b.category == code and (not vat or b.is_vat)]


# 01: a category that is used stands in the breakdown


def _broken_down(category: Category, _: Invoice, invoice: Invoice) -> bool:
    code, cii = category.code, invoice.syntax == "cii"
    on_lines = invoice.line_taxes if not cii else _top_lines(invoice)
    others = [t for a in invoice.allowances for t in a.taxes]
    if category.rated:
        return _rated_broken_down(category, invoice, on_lines, others)
    lines, extras = _used(on_lines, code, vat=not cii), _used(others, code, vat=not cii)
    rows = _used(invoice.breakdown, code, vat=not cii)
    if cii:
        if not rows:
            return category.code == "O" or not (lines or extras)
        return len(rows) == 1 and bool(lines or extras)
    return len(rows) == 1 or not (lines or extras or rows)


def _rated_broken_down(
    category: Category,
    invoice: Invoice,
    on_lines: Sequence[TaxCategory],
    others: Sequence[TaxCategory],
) -> bool:
    code = category.code
    vat = invoice.syntax != "cii" and code != "S"
    lines, extras = _used(on_lines, code, vat=vat), _used(others, code, vat=vat)
    if invoice.syntax == "cii":
        rows = _used(invoice.breakdown, code, vat=False)
        return (not lines or len(lines) + len(rows) >= 2) and (
            not extras or len(extras) + len(rows) >= 2
        )
    if lines or extras:
        return bool(_used(invoice.breakdown, code, vat=code == "M"))
    return not _used(invoice.breakdown, code, vat=vat)


# 02, 03, 04: who has to be known to the tax office


def _has_number(category: Category, _: Any, invoice: Invoice) -> bool:
    return _seller_known(category, invoice) and _buyer_known(category, invoice)


def _has_number_for_standard_rate(_: Any, invoice: Invoice) -> bool:
    """BR-S-02 in UBL also fires where no line's category says that it is one of VAT."""
    if invoice.syntax != "cii" and not _used(invoice.line_taxes, "S"):
        return False
    return _seller_known(CATEGORIES[0], invoice)


def _seller_known(category: Category, invoice: Invoice) -> bool:
    if "VA" in _representative_kinds(invoice):
        return True
    kinds = _seller_kinds(invoice)
    if category.seller == "VAT identifier":
        return "VA" in kinds
    if invoice.syntax == "cii":
        return bool(kinds & {"VA", "FC"})
    return bool(kinds)


def _buyer_known(category: Category, invoice: Invoice) -> bool:
    if not category.buyer or "VA" in _buyer_kinds(invoice):
        return True
    return category.buyer == "VAT or legal identifier" and invoice.buyer.legal_id is not None


@once
def _seller_kinds(invoice: Invoice) -> frozenset[str | None]:
    return _kinds(invoice.seller)


@once
def _buyer_kinds(invoice: Invoice) -> frozenset[str | None]:
    return _kinds(invoice.buyer)


@once
def _representative_kinds(invoice: Invoice) -> frozenset[str | None]:
    return _kinds(invoice.tax_representative)


def _kinds(party: Party | None) -> frozenset[str | None]:
    """The kinds of numbers that the tax office knows this party by."""
    registrations = party.registrations if party is not None else ()
    return frozenset(r.kind for r in registrations if r.value is not None)


def _has_no_number(_: Any, invoice: Invoice) -> bool:
    """BR-O: whoever is outside VAT names no VAT identifier."""
    kinds = _seller_kinds(invoice) | _buyer_kinds(invoice) | _representative_kinds(invoice)
    return "VA" not in kinds


# 05, 06, 07: which rate goes with the category


def _rate_fits(category: Category, tax: TaxCategory, invoice: Invoice) -> bool:
    if category.rate == "none":
        return not tax.has("rate")
    if tax.rate is None:
        return False
    if category.rate == "zero":
        return tax.rate == 0
    above = category.rate == "above zero" or (category.family == "AF" and invoice.syntax == "cii")
    return tax.rate > 0 if above else tax.rate >= 0


# 08: the taxable amount is the sum of what is taxed so


@dataclass(slots=True)
class _Taxed:
    """The sums of what is taxed in one way, and whether there is any of it."""

    lines: Decimal = ZERO
    charges: Decimal = ZERO
    allowances: Decimal = ZERO
    has_lines: bool = False
    has_allowances: bool = False

    @property
    def in_cii(self) -> Decimal:
        return cents(self.lines) + cents(self.charges) - cents(self.allowances)

    @property
    def besides(self) -> Decimal:
        return self.charges - self.allowances


_NOTHING = _Taxed()
_RATED = {category.code: category.rated for category in CATEGORIES}


@once
def _taxed(invoice: Invoice) -> Mapping[tuple[str, Decimal | None], _Taxed]:
    """By category and rate, and by category alone where the rate is None: one walk, for an invoice
    may have as many rates as lines."""
    found: defaultdict[tuple[str, Decimal | None], _Taxed] = defaultdict(_Taxed)
    for line in invoice.lines:
        for key in _ways(line.taxes):
            found[key].has_lines = True
            found[key].lines += line.net or ZERO
    for each in invoice.allowances:
        for key in _ways(each.taxes):
            found[key].has_allowances = True
            if each.charge is True:
                found[key].charges += each.amount or ZERO
            elif each.charge is False:
                found[key].allowances += each.amount or ZERO
    return found


def _ways(taxes: Sequence[TaxCategory]) -> Iterator[tuple[str, Decimal | None]]:
    """The official rules ask for category and rate apart: with several, each goes with each."""
    rates = {t.rate for t in taxes if t.rate is not None}
    for code in {t.category for t in taxes if t.category in _RATED}:
        yield code, None
        if _RATED[code]:
            yield from ((code, rate) for rate in rates)


def _taxable_fits(category: Category, row: Breakdown, invoice: Invoice) -> bool:
    if category.rated:
        return _rated_taxable_fits(category, row, invoice)
    used = _taxed(invoice).get((category.code, None), _NOTHING)
    if invoice.syntax == "cii":
        expected = used.in_cii
        return (
            near_in_cii(row.taxable, expected) if category.loose_in_cii else row.taxable == expected
        )
    return bool(invoice.lines) and row.taxable == used.lines + used.charges - used.allowances


def _rated_taxable_fits(category: Category, row: Breakdown, invoice: Invoice) -> bool:
    if row.rate is None:
        return True
    used = _taxed(invoice).get((category.code, row.rate), _NOTHING)
    if invoice.syntax == "cii":
        # But for S, the official rule looks for the rate where none can stand.
        return category.code != "S" or same(row.taxable, used.in_cii)
    fits = near_in_ubl(row.taxable, used.lines + used.besides)
    if category.code != "S":
        return bool(invoice.lines) and fits
    # Where an allowance has the rate, the official rule is content with the sum without the lines:
    # it asks the same of the lines that the other kind of document has.
    if used.has_allowances:
        return fits or near_in_ubl(row.taxable, used.besides)
    return used.has_lines and fits


# 09: the tax is the rate of the taxable amount


def _tax_fits(category: Category, row: Breakdown, invoice: Invoice) -> bool:
    if not category.rated:
        return row.tax is not None and row.tax == 0
    if category.code != "S" and invoice.syntax == "cii":
        return True
    if row.tax is None or row.taxable is None or row.rate is None:
        return False
    expected = rounded(abs(row.taxable) * row.rate) / 100
    return near(abs(row.tax), expected)


# 10: an exemption has a reason, a tax has none


def _reason_fits(category: Category, row: Breakdown, _: Invoice) -> bool:
    given = row.has("exemption") or row.has("exemption_code")
    return given is category.reason


# The rules of all families

_RATE_TERMS = ("BT-152", "BT-96", "BT-103")
_USES = (
    ("02", "Position", "BT-151"),
    ("03", "Nachlass", "BT-95"),
    ("04", "Zuschlag", "BT-102"),
)


def _enter(category: Category) -> None:
    """The ten rules of one family."""
    code, family, called = category.code, category.family, f"„{category.name}“ ({category.code})"
    places: dict[str, Select] = {
        "02": partial(_on_lines, code),
        "03": partial(_on_allowances, code, False),
        "04": partial(_on_allowances, code, True),
    }
    book.rule(
        f"BR-{family}-01", document, "breakdown",
        f"Positionen und Steueraufschlüsselung passen bei der Kategorie {called} nicht zusammen.",
        _ROWS[category.rated] + FIX,
        terms="BG-23 BT-118", category=code,
    )(partial(_broken_down, category))  # fmt: skip
    for number, place, term in _USES:
        _enter_number(category, number, place, term, places[number])
    for number, (use, place, _), term in zip(("05", "06", "07"), _USES, _RATE_TERMS, strict=True):
        book.rule(
            f"BR-{family}-{number}", places[use], "rate",
            f"Der Steuersatz {_OF[place]} passt nicht zur Kategorie {called}.",
            _RATES[category.rate] + " " + FIX, terms=term, klass=Klass.CONTENT, category=code,
        )(partial(_rate_fits, category))  # fmt: skip
    _enter_breakdown(category, called)


_ROWS = {
    True: "Jede verwendete Kategorie steht mit jedem ihrer Sätze in der Steueraufschlüsselung"
    " (BG-23). ",
    False: "Wird die Kategorie verwendet, steht sie genau einmal in der Steueraufschlüsselung"
    " (BG-23). ",
}
_ONE = {"Position": "eine Position", "Nachlass": "ein Nachlass", "Zuschlag": "ein Zuschlag"}
_OF = {"Position": "einer Position", "Nachlass": "eines Nachlasses", "Zuschlag": "eines Zuschlags"}
_SELLER = {
    "any number": "die USt-IdNr. oder Steuernummer des Verkäufers (BT-31, BT-32)",
    "VAT identifier": "die USt-IdNr. des Verkäufers (BT-31)",
}
_BUYER = {
    "": "",
    "VAT or legal identifier": ", dazu die USt-IdNr. oder Registernummer des Käufers"
    " (BT-48, BT-47)",
    "VAT identifier": ", dazu die USt-IdNr. des Käufers (BT-48)",
}
_RATES = {
    "above zero": "Der Satz muss über 0 % liegen.",
    "zero or more": "Der Satz muss angegeben sein und darf nicht unter 0 % liegen.",
    "zero": "Der Satz muss 0 % sein.",
    "none": "Es darf kein Satz angegeben sein.",
}


def _enter_number(category: Category, number: str, place: str, term: str, used: Select) -> None:
    """One finding a document in UBL, one for each use in CII: as the official rules do."""
    called = f"„{category.name}“ ({category.code})"

    def once(invoice: Invoice) -> Sequence[Any]:
        return (invoice,) if _uses(category, number, invoice) else ()

    if category.family == "O":
        text = f"Die Rechnung nennt eine USt-IdNr., obwohl {_ONE[place]} {called} ist."
        hint = "Wer nicht steuerbare Umsätze abrechnet, nennt hier keine USt-IdNr. " + FIX
        test: Test = _has_no_number
    else:
        numbers = f"{_SELLER[category.seller]} oder die USt-IdNr. seines Steuervertreters (BT-63)"
        text = f"Zur Kategorie {called} {_OF[place]} fehlt eine steuerliche Nummer."
        hint = f"Anzugeben ist {numbers}{_BUYER[category.buyer]}. {FIX}"
        test = partial(_has_number, category)
        if (category.code, number) == ("S", "02"):
            test = _has_number_for_standard_rate
    book.rule(
        f"BR-{category.family}-{number}", BySyntax(used, once), "", text, hint,
        terms=f"{term} BT-31 BT-32 BT-63", klass=Klass.CONTENT, category=category.code,
    )(test)  # fmt: skip


def _uses(category: Category, number: str, invoice: Invoice) -> bool:
    """Whether UBL's rule applies. Slips of the official definitions are kept."""
    code, scheme_counts = category.code, True
    if number == "02":
        taxes: Sequence[TaxCategory] = invoice.line_taxes
        scheme_counts = category.code != "S"
    else:
        taxes = allowance_taxes(invoice, number == "04")
    return bool(_used(taxes, code, vat=scheme_counts))


def _enter_breakdown(category: Category, called: str) -> None:
    family, code = category.family, category.code
    rows = BySyntax(
        partial(_in_breakdown, code, category.code not in ("S", "Z")),
        partial(_in_breakdown, code, True),
    )
    book.rule(
        f"BR-{family}-08", rows, "taxable",
        f"Der Betrag ohne Steuer zu {called} stimmt nicht mit den Positionen überein.",
        "BT-116 muss die Summe der so besteuerten Positionen und Zuschläge abzüglich der Nachlässe"
        " sein. " + FIX, terms="BT-116 BT-131 BT-99 BT-92", category=code,
    )(partial(_taxable_fits, category))  # fmt: skip
    book.rule(
        f"BR-{family}-09", rows, "tax",
        f"Der Steuerbetrag zu {called} ist falsch gerechnet.",
        "BT-117 muss der Betrag ohne Steuer (BT-116) mal Steuersatz (BT-119) sein. " + FIX
        if category.rated else "BT-117 muss bei dieser Kategorie 0 sein. " + FIX,
        terms="BT-117 BT-116 BT-119", klass=Klass.CONTENT, category=code,
    )(partial(_tax_fits, category))  # fmt: skip
    book.rule(
        f"BR-{family}-10", rows, "exemption",
        f"Zu {called} fehlt der Grund der Steuerbefreiung." if category.reason
        else f"Zu {called} ist ein Grund für eine Steuerbefreiung angegeben.",
        ("BT-120 oder BT-121 muss angegeben sein. " if category.reason
         else "BT-120 und BT-121 dürfen hier nicht stehen. ") + FIX,
        terms="BT-120 BT-121", klass=Klass.CONTENT, category=code,
    )(partial(_reason_fits, category))  # fmt: skip


for _category in CATEGORIES:
    _enter(_category)
