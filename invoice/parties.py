"""Seller, buyer, payee and tax representative with their addresses (BG-4 to BG-15).

One party has the same fields in every role, but other business terms: `terms` of the role says
which.
"""

# ruff: noqa: RUF012 - tables of terms are constants

from __future__ import annotations

from dataclasses import dataclass

from invoice.group import Group, residue


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
