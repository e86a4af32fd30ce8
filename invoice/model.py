"""The semantic model of EN 16931-1 in one frozen form for all syntaxes.

Each field names its business term (BT, BG). Amounts, rates and quantities are `Decimal`, dates
are `date`. `None` means that the element is absent, `""` that it is there and empty: rules tell
the two apart. A value that is there and cannot be read is `None` here and its text stands in
`unreadable`. Equality is equality of content: two syntaxes of one invoice are equal.
"""

# ruff: noqa: RUF009, RUF012 - fields are declared by term(), tables of terms are constants

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from lxml import etree

from invoice.attachments import Attachment
from invoice.elements import clark
from invoice.group import Group, residue, term
from invoice.parties import (
    Address,
    Buyer,
    BuyerAddress,
    BuyerContact,
    Contact,
    DeliveryAddress,
    Identifier,
    Party,
    Payee,
    Seller,
    SellerAddress,
    SellerContact,
    TaxRegistration,
    TaxRepresentative,
    TaxRepresentativeAddress,
)
from invoice.positions import (
    AllowanceCharge,
    Attribute,
    Classification,
    DocumentAllowance,
    DocumentCharge,
    Item,
    Line,
    LineAllowance,
    LineCharge,
    LinePeriod,
    LineTax,
    Period,
    Price,
    SupportingDocument,
    TaxCategory,
)

__all__ = [
    "Account",
    "Address",
    "AllowanceCharge",
    "Attachment",
    "Attribute",
    "Breakdown",
    "Buyer",
    "BuyerAddress",
    "BuyerContact",
    "Card",
    "Classification",
    "Contact",
    "Delivery",
    "DeliveryAddress",
    "DirectDebit",
    "DocumentAllowance",
    "DocumentCharge",
    "Group",
    "Identifier",
    "Invoice",
    "InvoicingPeriod",
    "Item",
    "Line",
    "LineAllowance",
    "LineCharge",
    "LinePeriod",
    "LineTax",
    "Mandate",
    "Note",
    "Party",
    "Payee",
    "PaymentMeans",
    "Period",
    "PrecedingInvoice",
    "Price",
    "Seller",
    "SellerAddress",
    "SellerContact",
    "SupportingDocument",
    "Syntax",
    "TaxAmount",
    "TaxCategory",
    "TaxRegistration",
    "TaxRepresentative",
    "TaxRepresentativeAddress",
    "ThirdPartyPayment",
    "Totals",
]

Syntax = Literal["ubl-invoice", "ubl-creditnote", "cii"]


@dataclass(frozen=True, kw_only=True)
class Note(Group):
    """BG-1."""

    subject: str | None = term("BT-21")
    text: str | None = term("BT-22")


@dataclass(frozen=True, kw_only=True)
class PrecedingInvoice(Group):
    """BG-3."""

    number: str | None = term("BT-25")
    issue_date: date | None = term("BT-26")


class InvoicingPeriod(Period):
    """BG-14."""

    terms = {"start": "BT-73", "end": "BT-74", "tax_point_code": "BT-8"}


@dataclass(frozen=True, kw_only=True)
class Delivery(Group):
    """BG-13."""

    name: str | None = term("BT-70")
    location: Identifier | None = term("BT-71")
    on: date | None = term("BT-72")
    address: DeliveryAddress | None = term("BG-15")


@dataclass(frozen=True, kw_only=True)
class Account(Group):
    """BG-17."""

    iban: str | None = term("BT-84")
    name: str | None = term("BT-85")
    bic: str | None = term("BT-86")
    proprietary: str | None = residue()


@dataclass(frozen=True, kw_only=True)
class Card(Group):
    """BG-18."""

    number: str | None = term("BT-87")
    holder: str | None = term("BT-88")


@dataclass(frozen=True, kw_only=True)
class Mandate(Group):
    """What UBL says of BG-19 inside one means of payment."""

    reference: str | None = term("BT-89")
    account: str | None = term("BT-91")
    has_account: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentMeans(Group):
    """BG-16, one means of payment."""

    code: str | None = term("BT-81")
    text: str | None = term("BT-82")
    account: Account | None = term("BG-17")
    card: Card | None = term("BG-18")
    remittance: str | None = residue()
    due_date: date | None = residue()
    mandate: Mandate | None = residue()
    debited_account: str | None = residue()
    institutions: tuple[etree._Element, ...] = residue(())


@dataclass(frozen=True, kw_only=True)
class DirectDebit(Group):
    """BG-19."""

    mandate: str | None = term("BT-89")
    creditor: str | None = term("BT-90")
    account: str | None = term("BT-91")


@dataclass(frozen=True, kw_only=True)
class TaxAmount(Group):
    """A total of VAT in one currency; in UBL with the subtotals that stand below it."""

    amount: Decimal | None = term("BT-110")
    currency: str | None = None
    subtotals: tuple[Breakdown, ...] = residue(())


@dataclass(frozen=True, kw_only=True)
class Totals(Group):
    """BG-22."""

    lines: Decimal | None = term("BT-106")
    allowances: Decimal | None = term("BT-107")
    charges: Decimal | None = term("BT-108")
    net: Decimal | None = term("BT-109")
    tax: Decimal | None = term("BT-110")
    tax_accounting: Decimal | None = term("BT-111")
    gross: Decimal | None = term("BT-112")
    prepaid: Decimal | None = term("BT-113")
    rounding: Decimal | None = term("BT-114")
    due: Decimal | None = term("BT-115")
    tax_amounts: tuple[TaxAmount, ...] = residue(())


@dataclass(frozen=True, kw_only=True)
class Breakdown(TaxCategory):
    """BG-23."""

    terms = {"category": "BT-118", "rate": "BT-119"}

    taxable: Decimal | None = term("BT-116")
    tax: Decimal | None = term("BT-117")
    exemption: str | None = term("BT-120")
    exemption_code: str | None = term("BT-121")
    tax_point_date: date | None = residue()
    tax_point_code: str | None = residue()


@dataclass(frozen=True, kw_only=True)
class ThirdPartyPayment(Group):
    """BG-DEX-09: what the invoice collects for somebody else (XRechnung Extension, UBL)."""

    kind: str | None = term("BT-DEX-001")
    amount: Decimal | None = term("BT-DEX-002")
    currency: str | None = None
    description: str | None = term("BT-DEX-003")


@dataclass(frozen=True, kw_only=True)
class Invoice(Group):
    """The invoice or credit note."""

    number: str | None = term("BT-1")
    issue_date: date | None = term("BT-2")
    type_code: str | None = term("BT-3")
    currency: str | None = term("BT-5")
    tax_currency: str | None = term("BT-6")
    tax_point_date: date | None = term("BT-7")
    tax_point_code: str | None = term("BT-8")
    due_date: date | None = term("BT-9")
    buyer_reference: str | None = term("BT-10")
    project: str | None = term("BT-11")
    contract: str | None = term("BT-12")
    order: str | None = term("BT-13")
    sales_order: str | None = term("BT-14")
    receiving_advice: str | None = term("BT-15")
    despatch_advice: str | None = term("BT-16")
    tender: str | None = term("BT-17")
    object_id: Identifier | None = term("BT-18")
    accounting_reference: str | None = term("BT-19")
    payment_terms: str | None = term("BT-20")
    notes: tuple[Note, ...] = term("BG-1", ())
    business_process: str | None = term("BT-23")
    specification: str | None = term("BT-24")
    preceding: tuple[PrecedingInvoice, ...] = term("BG-3", ())
    seller: Seller = term("BG-4", Seller())
    buyer: Buyer = term("BG-7", Buyer())
    payee: Payee | None = term("BG-10")
    tax_representative: TaxRepresentative | None = term("BG-11")
    delivery: Delivery | None = term("BG-13")
    period: InvoicingPeriod | None = term("BG-14")
    payment_means: tuple[PaymentMeans, ...] = term("BG-16", ())
    remittance: str | None = term("BT-83")
    direct_debit: DirectDebit | None = term("BG-19")
    allowances: tuple[AllowanceCharge, ...] = term("BG-20", ())
    totals: Totals = term("BG-22", Totals())
    breakdown: tuple[Breakdown, ...] = term("BG-23", ())
    documents: tuple[SupportingDocument, ...] = term("BG-24", ())
    lines: tuple[Line, ...] = term("BG-25", ())
    third_party_payments: tuple[ThirdPartyPayment, ...] = term("BG-DEX-09", ())
    syntax: Syntax = residue("ubl-invoice")
    references: tuple[SupportingDocument, ...] = residue(())

    @cached_property
    def elements(self) -> dict[str, list[etree._Element]]:
        """All elements of the source by tag, for rules that ask wherever something stands."""
        found: defaultdict[str, list[etree._Element]] = defaultdict(list)
        if self.source is not None:
            for element in self.source.iter(etree.Element):
                found[str(element.tag)].append(element)
        found.default_factory = None
        return found

    def named(self, name: str) -> Sequence[etree._Element]:
        """The elements of this name, such as `ram:TypeCode`, wherever they stand."""
        return self.elements.get(clark(name), ())

    @cached_property
    def line_taxes(self) -> tuple[TaxCategory, ...]:
        """The categories of all lines (BG-30), also of those below lines."""
        found: list[TaxCategory] = []
        pending = list(self.lines)
        while pending:
            line = pending.pop()
            found.extend(line.taxes)
            pending.extend(line.sublines)
        return tuple(found)

    @cached_property
    def worked_out(self) -> dict[object, Any]:
        """What rules have worked out of it, by who did: see `rules.rule.once`."""
        return {}

    @cached_property
    def tax_categories(self) -> frozenset[str | None]:
        """All codes of VAT categories that lines, allowances, charges and the breakdown name."""
        named = [tax for each in self.allowances for tax in each.taxes]
        return frozenset(t.category for t in (*self.line_taxes, *named, *self.breakdown))

    @property
    def leitweg_id(self) -> str | None:
        """BT-10, where XRechnung puts the Leitweg-ID."""
        return self.buyer_reference

    @property
    def amount_due(self) -> Decimal | None:
        """BT-115."""
        return self.totals.due

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """BT-125 of all supporting documents."""
        return tuple(d.attachment for d in self.documents if d.attachment is not None)

    @property
    def account(self) -> Account | None:
        """The first account to pay to (BG-17)."""
        return next((m.account for m in self.payment_means if m.account is not None), None)

    @property
    def iban(self) -> str | None:
        """BT-84 of the first account, without blanks and in capitals."""
        account = self.account
        if account is None or not account.iban:
            return None
        return "".join(account.iban.split()).upper()
