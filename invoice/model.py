"""The semantic model of EN 16931-1 in one frozen form for all syntaxes.

Each field names its business term (BT, BG). Amounts, rates and quantities are `Decimal`, dates
are `date`. `None` means that the element is absent, `""` that it is there and empty: rules tell
the two apart. A value that is there and cannot be read is `None` here and its text stands in
`unreadable`. Equality is equality of content: two syntaxes of one invoice are equal.
"""

# ruff: noqa: RUF009, RUF012 - fields are declared by term(), tables of terms are constants

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from lxml import etree

from invoice.attachments import Attachment

Syntax = Literal["ubl-invoice", "ubl-creditnote", "cii"]


def term(number: str, default: Any = None) -> Any:
    """A field that holds the business term `number`."""
    return field(default=default, metadata={"term": number})


def residue(default: Any = None) -> Any:
    """A field that only one syntax knows: rules need it, equality does not see it."""
    return field(default=default, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A business group and the element that it was read from."""

    terms: ClassVar[Mapping[str, str]] = {}

    source: etree._Element | None = residue()
    unreadable: Mapping[str, str] | None = residue()

    def has(self, name: str) -> bool:
        """Whether the element of this field is there, readable or not."""
        return getattr(self, name) is not None or name in (self.unreadable or ())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the content without the XML that it came from."""
        content = {k: v for k, v in self.__dict__.items() if k not in ("source", "unreadable")}
        return _restored, (type(self), content, self.unreadable)


def _restored(cls: type[Group], content: dict[str, Any], unreadable: Any) -> Group:
    group = cls.__new__(cls)
    group.__dict__.update(content, unreadable=unreadable)
    return group


@dataclass(frozen=True, kw_only=True)
class Identifier(Group):
    value: str | None = None
    scheme: str | None = None


@dataclass(frozen=True, kw_only=True)
class TaxRegistration(Group):
    """A number under which a party is known to a tax office."""

    value: str | None = None
    kind: str | None = None  # "VA": VAT identifier; "FC": national tax number
    scheme: str | None = residue()


@dataclass(frozen=True, kw_only=True)
class Address(Group):
    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    post_code: str | None = None
    subdivision: str | None = None
    country: str | None = None


class SellerAddress(Address):
    """BG-5."""

    terms = {
        "line1": "BT-35", "line2": "BT-36", "line3": "BT-162", "city": "BT-37",
        "post_code": "BT-38", "subdivision": "BT-39", "country": "BT-40",
    }  # fmt: skip


class BuyerAddress(Address):
    """BG-8."""

    terms = {
        "line1": "BT-50", "line2": "BT-51", "line3": "BT-163", "city": "BT-52",
        "post_code": "BT-53", "subdivision": "BT-54", "country": "BT-55",
    }  # fmt: skip


class TaxRepresentativeAddress(Address):
    """BG-12."""

    terms = {
        "line1": "BT-64", "line2": "BT-65", "line3": "BT-164", "city": "BT-66",
        "post_code": "BT-67", "subdivision": "BT-68", "country": "BT-69",
    }  # fmt: skip


class DeliveryAddress(Address):
    """BG-15."""

    terms = {
        "line1": "BT-75", "line2": "BT-76", "line3": "BT-165", "city": "BT-77",
        "post_code": "BT-78", "subdivision": "BT-79", "country": "BT-80",
    }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Contact(Group):
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    department: str | None = residue()


class SellerContact(Contact):
    """BG-6."""

    terms = {"name": "BT-41", "phone": "BT-42", "email": "BT-43"}


class BuyerContact(Contact):
    """BG-9."""

    terms = {"name": "BT-56", "phone": "BT-57", "email": "BT-58"}


@dataclass(frozen=True, kw_only=True)
class Party(Group):
    name: str | None = None
    trading_name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    legal_id: Identifier | None = None
    legal_form: str | None = None
    registrations: tuple[TaxRegistration, ...] = ()
    endpoint: Identifier | None = None
    address: Address | None = None
    contact: Contact | None = None
    creditors: tuple[Identifier, ...] = residue(())

    @property
    def vat_id(self) -> str | None:
        return next((r.value for r in self.registrations if r.kind == "VA"), None)

    @property
    def tax_number(self) -> str | None:
        return next((r.value for r in self.registrations if r.kind == "FC"), None)

    @property
    def identifier(self) -> str | None:
        return self.identifiers[0].value if self.identifiers else None


class Seller(Party):
    """BG-4."""

    terms = {
        "name": "BT-27", "trading_name": "BT-28", "identifiers": "BT-29", "legal_id": "BT-30",
        "registrations": "BT-31", "vat_id": "BT-31", "tax_number": "BT-32", "legal_form": "BT-33",
        "endpoint": "BT-34", "address": "BG-5", "contact": "BG-6",
    }  # fmt: skip


class Buyer(Party):
    """BG-7."""

    terms = {
        "name": "BT-44", "trading_name": "BT-45", "identifiers": "BT-46", "legal_id": "BT-47",
        "registrations": "BT-48", "vat_id": "BT-48", "endpoint": "BT-49",
        "address": "BG-8", "contact": "BG-9",
    }  # fmt: skip


class Payee(Party):
    """BG-10."""

    terms = {"name": "BT-59", "identifiers": "BT-60", "legal_id": "BT-61"}


class TaxRepresentative(Party):
    """BG-11."""

    terms = {"name": "BT-62", "registrations": "BT-63", "vat_id": "BT-63", "address": "BG-12"}


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


@dataclass(frozen=True, kw_only=True)
class Period(Group):
    start: date | None = None
    end: date | None = None
    tax_point_code: str | None = residue()


class InvoicingPeriod(Period):
    """BG-14."""

    terms = {"start": "BT-73", "end": "BT-74", "tax_point_code": "BT-8"}


class LinePeriod(Period):
    """BG-26."""

    terms = {"start": "BT-134", "end": "BT-135"}


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
class TaxCategory(Group):
    category: str | None = None
    rate: Decimal | None = None
    scheme: str | None = residue()

    @property
    def is_vat(self) -> bool:
        return (self.scheme or "").upper() == "VAT"


class LineTax(TaxCategory):
    """BG-30."""

    terms = {"category": "BT-151", "rate": "BT-152"}


@dataclass(frozen=True, kw_only=True)
class AllowanceCharge(Group):
    """BG-20, BG-21, BG-27 or BG-28."""

    charge: bool | None = None
    amount: Decimal | None = None
    base: Decimal | None = None
    percent: Decimal | None = None
    reason: str | None = None
    reason_code: str | None = None
    tax: TaxCategory | None = None
    taxes: tuple[TaxCategory, ...] = residue(())


class DocumentAllowance(AllowanceCharge):
    """BG-20."""

    terms = {
        "amount": "BT-92", "base": "BT-93", "percent": "BT-94", "tax": "BT-95",
        "reason": "BT-97", "reason_code": "BT-98",
    }  # fmt: skip


class DocumentCharge(AllowanceCharge):
    """BG-21."""

    terms = {
        "amount": "BT-99", "base": "BT-100", "percent": "BT-101", "tax": "BT-102",
        "reason": "BT-104", "reason_code": "BT-105",
    }  # fmt: skip


class LineAllowance(AllowanceCharge):
    """BG-27."""

    terms = {
        "amount": "BT-136", "base": "BT-137", "percent": "BT-138", "reason": "BT-139",
        "reason_code": "BT-140",
    }  # fmt: skip


class LineCharge(AllowanceCharge):
    """BG-28."""

    terms = {
        "amount": "BT-141", "base": "BT-142", "percent": "BT-143", "reason": "BT-144",
        "reason_code": "BT-145",
    }  # fmt: skip


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
class SupportingDocument(Group):
    """BG-24, and in its place the references that carry BT-17 and BT-18."""

    reference: str | None = term("BT-122")
    description: str | None = term("BT-123")
    uri: str | None = term("BT-124")
    attachment: Attachment | None = term("BT-125")
    type_code: str | None = residue()
    scheme: str | None = residue()


@dataclass(frozen=True, kw_only=True)
class Price(Group):
    """BG-29."""

    net: Decimal | None = term("BT-146")
    discount: Decimal | None = term("BT-147")
    gross: Decimal | None = term("BT-148")
    base_quantity: Decimal | None = term("BT-149")
    base_unit: str | None = term("BT-150")
    net_base: Identifier | None = residue()
    gross_base: Identifier | None = residue()


@dataclass(frozen=True, kw_only=True)
class Classification(Group):
    value: str | None = term("BT-158")
    scheme: str | None = term("BT-158-1")
    version: str | None = term("BT-158-2")


@dataclass(frozen=True, kw_only=True)
class Attribute(Group):
    """BG-32."""

    name: str | None = term("BT-160")
    value: str | None = term("BT-161")


@dataclass(frozen=True, kw_only=True)
class Item(Group):
    """BG-31."""

    name: str | None = term("BT-153")
    description: str | None = term("BT-154")
    seller_id: str | None = term("BT-155")
    buyer_id: str | None = term("BT-156")
    standard_id: Identifier | None = term("BT-157")
    classifications: tuple[Classification, ...] = term("BT-158", ())
    origin: str | None = term("BT-159")
    attributes: tuple[Attribute, ...] = term("BG-32", ())


@dataclass(frozen=True, kw_only=True)
class Line(Group):
    """BG-25."""

    id: str | None = term("BT-126")
    note: str | None = term("BT-127")
    object_id: Identifier | None = term("BT-128")
    quantity: Decimal | None = term("BT-129")
    unit: str | None = term("BT-130")
    net: Decimal | None = term("BT-131")
    order_line: str | None = term("BT-132")
    accounting_reference: str | None = term("BT-133")
    period: LinePeriod | None = term("BG-26")
    allowances: tuple[AllowanceCharge, ...] = term("BG-27", ())
    price: Price = term("BG-29", Price())
    tax: LineTax | None = term("BG-30")
    item: Item = term("BG-31", Item())
    sublines: tuple[Line, ...] = term("BG-DEX-01", ())
    taxes: tuple[LineTax, ...] = residue(())
    references: tuple[SupportingDocument, ...] = residue(())


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
    syntax: Syntax = residue("ubl-invoice")
    references: tuple[SupportingDocument, ...] = residue(())

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
