"""Lines and what they share with the document: taxes, allowances, periods, documents."""

# ruff: noqa: RUF009, RUF012 - fields are declared by term(), tables of terms are constants

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from invoice.attachments import Attachment
from invoice.group import Group, residue, term
from invoice.parties import Identifier


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
class SupportingDocument(Group):
    """BG-24, and in its place the references that carry BT-17 and BT-18."""

    reference: str | None = term("BT-122")
    description: str | None = term("BT-123")
    uri: str | None = term("BT-124")
    attachment: Attachment | None = term("BT-125")
    type_code: str | None = residue()
    links: tuple[etree._Element, ...] = residue(())
    scheme: str | None = residue()


@dataclass(frozen=True, kw_only=True)
class Period(Group):
    start: date | None = None
    end: date | None = None
    tax_point_code: str | None = residue()


class LinePeriod(Period):
    """BG-26."""

    terms = {"start": "BT-134", "end": "BT-135"}


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
