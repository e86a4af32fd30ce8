"""Parties and addresses in UBL, and the names that all of UBL's tables are written in."""

from __future__ import annotations

from typing import Any

from lxml import etree

from invoice import model as m
from invoice.shapes import Names, Shape, Values, normal

INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
_COMPONENTS = "urn:oasis:names:specification:ubl:schema:xsd:Common{}Components-2"

NAMES = Names(
    {
        "ubl": INVOICE,
        "cn": CREDIT_NOTE,
        "cac": _COMPONENTS.format("Aggregate"),
        "cbc": _COMPONENTS.format("Basic"),
        "ext": _COMPONENTS.format("Extension"),
    }
)


def shape(group: type[m.Group], finish: Any = None) -> Shape:
    return Shape(NAMES, group, finish)


identifier = shape(m.Identifier).leaf(".", "value").leaf("@schemeID", "scheme", normal)


def address_shape(group: type[m.Address]) -> Shape:
    return (
        shape(group)
        .leaf("cbc:StreetName", "line1")
        .leaf("cbc:AdditionalStreetName", "line2")
        .leaf("cac:AddressLine/cbc:Line", "line3")
        .leaf("cbc:CityName", "city")
        .leaf("cbc:PostalZone", "post_code")
        .leaf("cbc:CountrySubentity", "subdivision")
        .leaf("cac:Country/cbc:IdentificationCode", "country", normal)
    )


def contact_shape(group: type[m.Contact]) -> Shape:
    return (
        shape(group)
        .leaf("cbc:Name", "name")
        .leaf("cbc:Telephone", "phone")
        .leaf("cbc:ElectronicMail", "email")
    )


def _registration(values: Values, _: etree._Element) -> None:
    is_vat = (values.get("scheme") or "").upper() == "VAT"
    values["kind"] = "VA" if is_vat else "FC"


registration = (
    shape(m.TaxRegistration, _registration)
    .leaf("cbc:CompanyID", "value")
    .leaf("cac:TaxScheme/cbc:ID", "scheme", normal)
)


def party_shape(group: type[m.Party], address: type[m.Address], contact: type[m.Contact]) -> Shape:
    """UBL wraps seller and buyer twice; the outer element counts as the party."""
    return (
        shape(group, _without_creditor)
        .leaf("cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "name")
        .leaf("cac:Party/cac:PartyName/cbc:Name", "trading_name")
        .all("cac:Party/cac:PartyIdentification/cbc:ID", "identifiers", identifier)
        .one("cac:Party/cac:PartyLegalEntity/cbc:CompanyID", "legal_id", identifier)
        .leaf("cac:Party/cac:PartyLegalEntity/cbc:CompanyLegalForm", "legal_form")
        .all("cac:Party/cac:PartyTaxScheme", "registrations", registration)
        .one("cac:Party/cbc:EndpointID", "endpoint", identifier)
        .one("cac:Party/cac:PostalAddress", "address", address_shape(address))
        .one("cac:Party/cac:Contact", "contact", contact_shape(contact))
        .at("vat_id", "cac:Party/cac:PartyTaxScheme/cbc:CompanyID")
        .at("tax_number", "cac:Party/cac:PartyTaxScheme/cbc:CompanyID")
    )


def _without_creditor(values: Values, _: etree._Element) -> None:
    """BT-90 stands among the identifiers of seller or payee, marked SEPA."""
    found = values.get("identifiers", [])
    values["identifiers"] = [i for i in found if i.scheme != "SEPA"]
    values["creditors"] = tuple(i for i in found if i.scheme == "SEPA")


payee = (
    shape(m.Payee, _without_creditor)
    .leaf("cac:PartyName/cbc:Name", "name")
    .all("cac:PartyIdentification/cbc:ID", "identifiers", identifier)
    .one("cac:PartyLegalEntity/cbc:CompanyID", "legal_id", identifier)
)
representative = (
    shape(m.TaxRepresentative)
    .leaf("cac:PartyName/cbc:Name", "name")
    .all("cac:PartyTaxScheme", "registrations", registration)
    .one("cac:PostalAddress", "address", address_shape(m.TaxRepresentativeAddress))
    .at("vat_id", "cac:PartyTaxScheme/cbc:CompanyID")
)


seller = party_shape(m.Seller, m.SellerAddress, m.SellerContact)
buyer = party_shape(m.Buyer, m.BuyerAddress, m.BuyerContact)
