"""Parties and addresses in CII, and the names that all of CII's tables are written in."""

from __future__ import annotations

from typing import Any

from lxml import etree

from invoice import model as m
from invoice.shapes import Names, Shape, Values, exact, normal

_UN = "urn:un:unece:uncefact:data:standard:{}:100"
NAMES = Names(
    {
        "rsm": _UN.format("CrossIndustryInvoice"),
        "ram": _UN.format("ReusableAggregateBusinessInformationEntity"),
        "udt": _UN.format("UnqualifiedDataType"),
        "qdt": _UN.format("QualifiedDataType"),
    }
)
ROOT = f"{{{NAMES.prefixes['rsm']}}}CrossIndustryInvoice"


def shape(group: type[m.Group], finish: Any = None) -> Shape:
    return Shape(NAMES, group, finish)


identifier = shape(m.Identifier).leaf(".", "value").leaf("@schemeID", "scheme", normal)


endpoint = (
    shape(m.Identifier).leaf("ram:URIID", "value").leaf("ram:URIID/@schemeID", "scheme", normal)
)


def address_shape(group: type[m.Address]) -> Shape:
    return (
        shape(group)
        .leaf("ram:LineOne", "line1")
        .leaf("ram:LineTwo", "line2")
        .leaf("ram:LineThree", "line3")
        .leaf("ram:CityName", "city")
        .leaf("ram:PostcodeCode", "post_code")
        .leaf("ram:CountrySubDivisionName", "subdivision")
        .leaf("ram:CountryID", "country", normal)
    )


def _person_or_department(values: Values, _: etree._Element) -> None:
    if values.get("name") is None and values.get("department") is not None:
        values["name"] = values["department"]


def contact_shape(group: type[m.Contact]) -> Shape:
    return (
        shape(group, _person_or_department)
        .leaf("ram:PersonName", "name")
        .leaf("ram:DepartmentName", "department")
        .leaf("ram:TelephoneUniversalCommunication/ram:CompleteNumber", "phone")
        .leaf("ram:EmailURIUniversalCommunication/ram:URIID", "email")
    )


def _registration(values: Values, _: etree._Element) -> None:
    values["kind"] = values.get("scheme")


registration = (
    shape(m.TaxRegistration, _registration)
    .leaf("ram:ID", "value")
    .leaf("ram:ID/@schemeID", "scheme", exact)
)


def party_shape(
    group: type[m.Party], address: type[m.Address], contact: type[m.Contact] = m.Contact
) -> Shape:
    return (
        shape(group)
        .leaf("ram:Name", "name")
        .leaf("ram:SpecifiedLegalOrganization/ram:TradingBusinessName", "trading_name")
        .all("ram:ID", "identifiers", identifier)
        .all("ram:GlobalID", "identifiers", identifier)
        .one("ram:SpecifiedLegalOrganization/ram:ID", "legal_id", identifier)
        .leaf("ram:Description", "legal_form")
        .all("ram:SpecifiedTaxRegistration", "registrations", registration)
        .one("ram:URIUniversalCommunication", "endpoint", endpoint)
        .one("ram:PostalTradeAddress", "address", address_shape(address))
        .one("ram:DefinedTradeContact", "contact", contact_shape(contact))
        .at("vat_id", "ram:SpecifiedTaxRegistration/ram:ID")
        .at("tax_number", "ram:SpecifiedTaxRegistration/ram:ID")
    )
