"""Invoices in UBL 2.1, as CEN/TS 16931-3-2 binds the terms to it."""

from __future__ import annotations

from datetime import date

from tests.invoice.random_invoices import Said, around, tag

UBL_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
)


def ubl(said: Said) -> bytes:
    euro = {"currencyID": said["currency"]}
    return (
        UBL_HEAD
        + tag("cbc:CustomizationID", "urn:cen.eu:en16931:2017")
        + tag("cbc:ID", said["number"])
        + tag("cbc:IssueDate", said["issued"])
        + tag("cbc:DueDate", said["due"])
        + tag("cbc:InvoiceTypeCode", said["type"])
        + "".join(tag("cbc:Note", each) for each in said["notes"])
        + tag("cbc:DocumentCurrencyCode", said["currency"])
        + tag("cbc:AccountingCost", said["accounting"])
        + tag("cbc:BuyerReference", said["leitweg"])
        + _ubl_period(said["period"])
        + around("cac:OrderReference", tag("cbc:ID", said["order"]),
                 tag("cbc:SalesOrderID", said["sales_order"]))
        + "".join(
            around("cac:BillingReference",
                   around("cac:InvoiceDocumentReference", tag("cbc:ID", each)))
            for each in said["preceding"])
        + around("cac:DespatchDocumentReference", tag("cbc:ID", said["despatch"]))
        + around("cac:ReceiptDocumentReference", tag("cbc:ID", said["receipt"]))
        + around("cac:ContractDocumentReference", tag("cbc:ID", said["contract"]))
        + "".join(
            around("cac:AdditionalDocumentReference", tag("cbc:ID", each),
                   around("cac:Attachment", tag(
                       "cbc:EmbeddedDocumentBinaryObject", "QUJD", mimeCode="text/csv",
                       filename=f"{each}.csv")))
            for each in said["attached"])
        + around("cac:ProjectReference", tag("cbc:ID", said["project"]))
        + around("cac:AccountingSupplierParty", _ubl_party(said["seller"]))
        + around("cac:AccountingCustomerParty", _ubl_party(said["buyer"]))
        + around("cac:Delivery", tag("cbc:ActualDeliveryDate", said["delivered"]))
        + around("cac:PaymentMeans", tag("cbc:PaymentMeansCode", "58"),
                 tag("cbc:PaymentID", said["remittance"]),
                 around("cac:PayeeFinancialAccount", tag("cbc:ID", said["iban"]),
                        tag("cbc:Name", said["iban"] and said["account_name"])))
        + around("cac:PaymentTerms", tag("cbc:Note", said["terms"]))
        + "".join(_ubl_allowance(each, euro) for each in said["allowances"])
        + around("cac:TaxTotal", tag("cbc:TaxAmount", "1.00", **euro), *(
            around("cac:TaxSubtotal", tag("cbc:TaxableAmount", each["taxable"], **euro),
                   tag("cbc:TaxAmount", each["tax"], **euro), _ubl_tax("cac:TaxCategory", each))
            for each in said["breakdown"]))
        + around("cac:LegalMonetaryTotal", *(
            tag(f"cbc:{name}Amount", said["totals"][key], **euro)
            for key, name in zip(
                ("lines", "net", "gross", "allowances", "charges", "prepaid", "due"),
                ("LineExtension", "TaxExclusive", "TaxInclusive", "AllowanceTotal", "ChargeTotal",
                 "Prepaid", "Payable"), strict=True)))
        + "".join(_ubl_line(each, euro) for each in said["lines"])
        + "</Invoice>"
    ).encode()  # fmt: skip


def _ubl_period(found: tuple[date, date] | None) -> str:
    if found is None:
        return ""
    return around("cac:InvoicePeriod", tag("cbc:StartDate", found[0]), tag("cbc:EndDate", found[1]))


def _ubl_party(found: Said) -> str:
    return around(
        "cac:Party",
        tag("cbc:EndpointID", found["endpoint"], schemeID="EM"),
        around("cac:PartyName", tag("cbc:Name", found["trading"])),
        around("cac:PostalAddress", tag("cbc:StreetName", found["line1"]),
               tag("cbc:AdditionalStreetName", found["line2"]), tag("cbc:CityName", found["city"]),
               tag("cbc:PostalZone", found["code"]), tag("cbc:CountrySubentity", found["region"]),
               around("cac:AddressLine", tag("cbc:Line", found["line3"])),
               around("cac:Country", tag("cbc:IdentificationCode", found["country"]))),
        *(around("cac:PartyTaxScheme", tag("cbc:CompanyID", found[key]),
                 around("cac:TaxScheme", tag("cbc:ID", scheme)))
          for key, scheme in (("vat", "VAT"), ("tax", "FC")) if found[key]),
        around("cac:PartyLegalEntity", tag("cbc:RegistrationName", found["name"]),
               tag("cbc:CompanyID", found["legal"], schemeID="0002")),
        around("cac:Contact", tag("cbc:Name", found["contact"]),
               tag("cbc:Telephone", found["phone"]), tag("cbc:ElectronicMail", found["mail"])),
    )  # fmt: skip


def _ubl_tax(name: str, found: Said) -> str:
    return around(
        name,
        tag("cbc:ID", found["category"]),
        tag("cbc:Percent", found["rate"]),
        tag("cbc:TaxExemptionReasonCode", found.get("reason_code")),
        tag("cbc:TaxExemptionReason", found.get("reason") if "taxable" in found else None),
        around("cac:TaxScheme", tag("cbc:ID", "VAT")),
    )


def _ubl_allowance(found: Said, euro: Said) -> str:
    return around(
        "cac:AllowanceCharge",
        tag("cbc:ChargeIndicator", str(found["charge"]).lower()),
        tag("cbc:AllowanceChargeReasonCode", found["code"]),
        tag("cbc:AllowanceChargeReason", found["reason"]),
        tag("cbc:MultiplierFactorNumeric", found["percent"]),
        tag("cbc:Amount", found["amount"], **euro),
        tag("cbc:BaseAmount", found["base"], **euro),
        _ubl_tax("cac:TaxCategory", found) if "category" in found else "",
    )


def _ubl_line(found: Said, euro: Said) -> str:
    return around(
        "cac:InvoiceLine",
        tag("cbc:ID", found["id"]),
        tag("cbc:Note", found["note"]),
        tag("cbc:InvoicedQuantity", found["quantity"], unitCode=found["unit"]),
        tag("cbc:LineExtensionAmount", found["net"], **euro),
        tag("cbc:AccountingCost", found["accounting"]),
        _ubl_period(found["period"]),
        around("cac:OrderLineReference", tag("cbc:LineID", found["order_line"])),
        *(_ubl_allowance(each, euro) for each in found["allowances"]),
        around("cac:Item", tag("cbc:Description", found["description"]),
               tag("cbc:Name", found["name"]),
               around("cac:BuyersItemIdentification", tag("cbc:ID", found["buyers_id"])),
               around("cac:SellersItemIdentification", tag("cbc:ID", found["sellers_id"])),
               around("cac:StandardItemIdentification",
                      tag("cbc:ID", found["standard_id"], schemeID="0160")),
               around("cac:OriginCountry", tag("cbc:IdentificationCode", found["origin"])),
               _ubl_tax("cac:ClassifiedTaxCategory", found),
               *(around("cac:AdditionalItemProperty", tag("cbc:Name", name),
                        tag("cbc:Value", value)) for name, value in found["attributes"])),
        around("cac:Price", tag("cbc:PriceAmount", found["price"], **euro)),
    )  # fmt: skip
