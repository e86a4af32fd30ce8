"""What of an invoice a person is shown, in which order and under which words.

The HTML and the plain text are made of the same sections, so they never say different things.
Invariant: every term that the model holds has a row; what could not be read is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

from invoice import formats, wording
from invoice import model as m
from invoice.group import Group, term_of
from invoice.leitweg import leitweg_fault
from invoice.skonto import skonti
from invoice.terms import LABELS, title_of

T = TypeVar("T")

MOST_CHARACTERS = 20_000
"""Of one value. The file holds the rest."""
MOST_OF_A_GROUP = 500
"""Of notes, allowances, documents … on one page; beyond that it is no invoice but a flood."""
UNREADABLE = "so nicht lesbar"
_PERCENTS = frozenset(
    ("BT-94", "BT-96", "BT-101", "BT-103", "BT-119", "BT-138", "BT-143", "BT-152")
)
_QUANTITIES = frozenset({"BT-129", "BT-149"})
_WORDS = {"BT-3": wording.TYPES, "BT-8": wording.TAX_POINTS, "BT-81": wording.MEANS}
_CATEGORIES = frozenset({"BT-95", "BT-102", "BT-118"})
_ACCOUNTS = frozenset({"BT-84", "BT-91"})
_UNITS = frozenset({"BT-130", "BT-150"})
_ADDRESS = ("line1", "line2", "line3", "post_code", "city", "subdivision", "country")
_CONTACT = ("name", "phone", "email")
_ALLOWANCE = ("amount", "base", "percent", "reason", "reason_code")


@dataclass(slots=True, eq=False)
class Row:
    """One field: business term, label, value. `note` is a word of caution.

    `id` is where links lead and `findings` are the numbers of those about it; see `anchors`.
    """

    term: str
    label: str
    value: str
    note: str = ""
    id: str = ""
    findings: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Section:
    """Fields that belong together. `term` is the group's; `source` is set where it may recur."""

    term: str
    title: str
    rows: list[Row]
    parts: list[Section]
    source: etree._Element | None = None
    id: str = ""
    findings: tuple[int, ...] = ()

    def all_rows(self) -> Iterator[Row]:
        """Its own, and those of its parts."""
        yield from self.rows
        for part in self.parts:
            yield from part.all_rows()


def sections(invoice: m.Invoice) -> list[Section]:
    """Everything but lines, allowances, VAT, totals and documents, which are tables."""
    return [
        _head(invoice),
        _party("BG-4", invoice.seller, m.SellerAddress(), m.SellerContact()),
        _party("BG-7", invoice.buyer, m.BuyerAddress(), m.BuyerContact()),
        *_payment(invoice),
        _delivery(invoice),
        _references(invoice),
        *_others(invoice),
        *_notes(invoice),
        _section("BG-2", rows(invoice, "business_process", "specification")),
    ]


def totals(invoice: m.Invoice) -> Section:
    """The sums, from the lines down to what is due."""
    found = invoice.totals
    above = rows(found, "lines", "allowances", "charges", "net", "tax", currency=invoice.currency)
    other = rows(found, "tax_accounting", currency=invoice.tax_currency)
    below = rows(found, "gross", "prepaid", "rounding", "due", currency=invoice.currency)
    return _section("BG-22", [*above, *other, *below])


def allowances(invoice: m.Invoice) -> list[Section]:
    return [_allowance(each, invoice.currency) for each in some(invoice.allowances)]


def breakdown(invoice: m.Invoice) -> list[Section]:
    names = ("category", "rate", "taxable", "tax", "exemption", "exemption_code")
    return [
        _section("BG-23", rows(each, *names, currency=invoice.currency), of=each)
        for each in some(invoice.breakdown)
    ]


def documents(invoice: m.Invoice) -> list[Section]:
    return [_document(each) for each in some(invoice.documents)]


def position(line: m.Line, invoice: m.Invoice, level: int = 0) -> Section:
    """One line with all that it says. Lines below it are positions of their own."""
    price, item, period = line.price, line.item, line.period or m.LinePeriod()
    tax = line.tax or m.LineTax()
    fields = [
        *rows(line, "id", "quantity", "unit", "net", currency=invoice.currency),
        *rows(item, "name", "description"),
        *rows(price, "net", "base_quantity", "base_unit", "gross", "discount",
              currency=invoice.currency),
        *rows(tax, "category", "rate"),
        *rows(period, "start", "end"),
        *rows(item, "seller_id", "buyer_id", "standard_id"),
        *(_classification(each) for each in some(item.classifications)),
        *rows(item, "origin"),
        *rows(line, "order_line", "object_id", "accounting_reference", "note"),
    ]  # fmt: skip
    parts = [
        _section("BG-32", rows(each, "name", "value"), of=each) for each in some(item.attributes)
    ]
    parts += [_allowance(each, invoice.currency) for each in some(line.allowances)]
    cut_off = beyond(item.classifications, item.attributes, line.allowances)
    if cut_off:
        fields.append(Row("", "Weitere Angaben", f"{cut_off} stehen nur in der Datei"))
    group = "BG-DEX-01" if level else "BG-25"
    return Section(group, title_of(group), fields, parts, line.source)


def left_out(invoice: m.Invoice) -> int:
    """How many groups stand on no page."""
    return beyond(
        invoice.notes, invoice.preceding, invoice.payment_means, invoice.third_party_payments,
        invoice.allowances, invoice.breakdown, invoice.documents,
    )  # fmt: skip


def _section(
    term: str,
    fields: list[Row],
    *parts: Section,
    title: str | None = None,
    of: Group | None = None,
) -> Section:
    called = title_of(term) if title is None else title
    return Section(term, called, fields, list(parts), None if of is None else of.source)


# The document


def _head(invoice: m.Invoice) -> Section:
    due = formats.amount(invoice.amount_due, invoice.currency)
    fields = rows(
        invoice, "number", "issue_date", "type_code", "due_date", "buyer_reference", "currency",
        "tax_currency", "tax_point_date", "tax_point_code",
    )  # fmt: skip
    fields[4].note = leitweg_fault(invoice.buyer_reference) or ""
    return _section("", [*fields[:4], Row("", LABELS["BT-115"], due), *fields[4:]])


def _party(term: str, party: m.Party, address: m.Address, contact: m.Contact) -> Section:
    fields = rows(party, "name", "trading_name", "identifiers", "legal_id")
    fields.append(_numbers(party, "vat_id", "VA"))
    if isinstance(party, m.Seller):
        fields += [_numbers(party, "tax_number", "FC"), *rows(party, "legal_form")]
    return _section(
        term,
        [*fields, *rows(party, "endpoint")],
        _section(term_of(type(party), "address"), rows(party.address or address, *_ADDRESS)),
        _section(term_of(type(party), "contact"), rows(party.contact or contact, *_CONTACT)),
    )


def _numbers(party: m.Party, name: str, kind: str) -> Row:
    """All numbers of this kind: there should be one."""
    term = term_of(type(party), name)
    found = [r.value for r in party.registrations if r.kind == kind and r.value]
    return Row(term, LABELS[term], cut(", ".join(found)))


def _payment(invoice: m.Invoice) -> Iterator[Section]:
    for means in some(invoice.payment_means):
        yield _means(means)
    terms = _terms_of_payment(invoice)
    told = [*rows(invoice, "remittance"), *terms]
    title = title_of("BG-16") if not invoice.payment_means else "Zahlungsbedingungen"
    term = "" if invoice.payment_means else "BG-16"
    yield _section(term, told, _section("BG-19", _debit(invoice)), title=title)
    for third in some(invoice.third_party_payments):
        paid = rows(third, "kind", "amount", "description", currency=third.currency)
        yield _section("BG-DEX-09", paid, of=third)


def _debit(invoice: m.Invoice) -> list[Row]:
    """UBL has the creditor among the identifiers of a party, also where there is no mandate."""
    fields = rows(invoice.direct_debit or m.DirectDebit(), "mandate", "creditor", "account")
    if not fields[1].value:
        parties = [each for each in (invoice.seller, invoice.payee) if each is not None]
        fields[1].value = _joined([found for party in parties for found in party.creditors])
    return fields


def _means(means: m.PaymentMeans) -> Section:
    account = rows(means.account or m.Account(), "iban", "name", "bic")
    card = rows(means.card or m.Card(), "number", "holder")
    parts = _section("BG-17", account), _section("BG-18", card)
    return _section("BG-16", rows(means, "code", "text"), *parts, of=means)


def _terms_of_payment(invoice: m.Invoice) -> list[Row]:
    """The discounts in words, and the terms as they stand: what is not understood is seen, too."""
    found = []
    for skonto in skonti(invoice.payment_terms):
        of = f" von {formats.amount(skonto.base, invoice.currency)}" if skonto.base else ""
        said = f"{formats.percent(skonto.percent)}{of} binnen {skonto.days} Tagen"
        found.append(Row("", "Skonto", said))
    return [*found, *rows(invoice, "payment_terms")]


def _delivery(invoice: m.Invoice) -> Section:
    found = invoice.delivery or m.Delivery()
    period = rows(invoice.period or m.InvoicingPeriod(), "start", "end")
    address = rows(found.address or m.DeliveryAddress(), *_ADDRESS)
    parts = _section("BG-14", period), _section("BG-15", address)
    return _section("BG-13", rows(found, "on", "name", "location"), *parts)


def _references(invoice: m.Invoice) -> Section:
    fields = rows(
        invoice, "order", "sales_order", "contract", "project", "tender", "object_id",
        "accounting_reference", "receiving_advice", "despatch_advice",
    )  # fmt: skip
    earlier = [
        _section("BG-3", rows(each, "number", "issue_date"), of=each)
        for each in some(invoice.preceding)
    ]
    return _section("", fields, *(earlier or [_section("BG-3", [])]), title="Bezüge")


def _others(invoice: m.Invoice) -> Iterator[Section]:
    yield _section("BG-10", rows(invoice.payee or m.Payee(), "name", "identifiers", "legal_id"))
    found = invoice.tax_representative or m.TaxRepresentative()
    fields = [*rows(found, "name"), _numbers(found, "vat_id", "VA")]
    address = rows(found.address or m.TaxRepresentativeAddress(), *_ADDRESS)
    yield _section("BG-11", fields, _section("BG-12", address))


def _notes(invoice: m.Invoice) -> Iterator[Section]:
    for note in some(invoice.notes):
        yield _section("BG-1", rows(note, "subject", "text"), of=note)


# Parts of tables


def _allowance(found: m.AllowanceCharge, currency: str | None) -> Section:
    of_line = isinstance(found, m.LineAllowance | m.LineCharge)
    charge = isinstance(found, m.LineCharge | m.DocumentCharge)
    group = ("BG-28" if charge else "BG-27") if of_line else ("BG-21" if charge else "BG-20")
    fields = rows(found, *_ALLOWANCE, currency=currency)
    if not of_line:
        taxes = found.taxes or ((found.tax,) if found.tax else ())
        category, rate = ("BT-102", "BT-103") if charge else ("BT-95", "BT-96")
        codes = ", ".join(wording.category(tax.category) for tax in taxes)
        rates = ", ".join(formats.percent(tax.rate) for tax in taxes)
        fields += [Row(category, LABELS[category], codes), Row(rate, LABELS[rate], rates)]
    return _section(group, fields, title="Zuschlag" if charge else "Nachlass", of=found)


def _document(found: m.SupportingDocument) -> Section:
    fields = rows(found, "reference", "description", "uri")
    if found.uri:
        fields[-1].note = "wird nicht abgerufen"
    file = found.attachment
    if file is not None:
        stated = f"{file.name} ({formats.size(file.size)})"
        fields.append(Row("BT-125", LABELS["BT-125"], stated, file.declared_type or ""))
    else:
        fields.append(Row("BT-125", LABELS["BT-125"], ""))
    return _section("BG-24", fields, of=found)


def _classification(found: m.Classification) -> Row:
    of = " ".join(part for part in (found.scheme, found.version) if part)
    said = f"{found.value or ''} ({of})" if of else found.value or ""
    return Row("BT-158", LABELS["BT-158"], cut(said))


# Values


def rows(group: Group, *names: str, currency: str | None = None) -> list[Row]:
    """The rows of these fields, also of those that are not there."""
    found, unreadable = [], group.unreadable
    for name, term, label in _named(type(group), names):
        value = getattr(group, name)
        if value is not None:
            found.append(Row(term, label, cut(_shown(term, value, currency))))
        elif unreadable and name in unreadable:
            found.append(Row(term, label, cut(unreadable[name] or ""), UNREADABLE))
        else:
            found.append(Row(term, label, ""))
    return found


_names: dict[tuple[type[Group], tuple[str, ...]], tuple[tuple[str, str, str], ...]] = {}


def _named(cls: type[Group], names: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Fields of a group with their terms and labels."""
    found = _names.get((cls, names))
    if found is None:
        terms = [(name, term_of(cls, name)) for name in names]
        found = _names[cls, names] = tuple((name, term, LABELS[term]) for name, term in terms)
    return found


def _shown(term: str, value: Any, currency: str | None) -> str:
    if isinstance(value, Decimal):
        if term in _PERCENTS:
            return formats.percent(value)
        return formats.number(value) if term in _QUANTITIES else formats.amount(value, currency)
    if isinstance(value, str):
        return _said(term, value)
    if isinstance(value, date):
        return formats.day(value)
    return wording.identifier(value) if isinstance(value, m.Identifier) else _joined(value)


def _said(term: str, value: str) -> str:
    if term in _WORDS:
        return wording.named(value, _WORDS[term])
    if term in _UNITS:
        return wording.unit(value)
    if term in _CATEGORIES:
        return wording.category(value)
    return formats.iban(value) if term in _ACCOUNTS else value


def _joined(found: Sequence[m.Identifier]) -> str:
    return wording.identifiers(tuple(found))


def some(found: Sequence[T]) -> Sequence[T]:
    """As many of them as a page shows."""
    return found[:MOST_OF_A_GROUP]


def beyond(*groups: Sequence[Any]) -> int:
    """How many of them no page shows."""
    return sum(max(0, len(found) - MOST_OF_A_GROUP) for found in groups)


def cut(text: str) -> str:
    """The text as far as a page shows it, in the order in which it is written."""
    text = formats.upright(text)
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]} … (gekürzt, in der Datei sind es {len(text)} Zeichen)"
