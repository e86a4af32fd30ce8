"""Invoices in CII, as CEN/TS 16931-3-3 binds the terms to it."""

from __future__ import annotations

from datetime import date

from tests.invoice.random_invoices import TOTALS, Said, around, tag

CII_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<rsm:CrossIndustryInvoice"
    ' xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
    ' xmlns:ram="urn:un:unece:uncefact:data:standard:'
    'ReusableAggregateBusinessInformationEntity:100"'
    ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
    ' xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100">'
)


def cii(said: Said) -> bytes:
    return (
        CII_HEAD
        + around("rsm:ExchangedDocumentContext",
                 around("ram:GuidelineSpecifiedDocumentContextParameter",
                        tag("ram:ID", "urn:cen.eu:en16931:2017")))
        + around("rsm:ExchangedDocument", tag("ram:ID", said["number"]),
                 tag("ram:TypeCode", said["type"]), _moment("ram:IssueDateTime", said["issued"]),
                 *(around("ram:IncludedNote", tag("ram:Content", each)) for each in said["notes"]))
        + around("rsm:SupplyChainTradeTransaction",
                 *(_cii_line(each) for each in said["lines"]),
                 _cii_agreement(said), _cii_delivery(said), _cii_settlement(said))
        + "</rsm:CrossIndustryInvoice>"
    ).encode()  # fmt: skip


def _moment(name: str, found: date | None) -> str:
    if found is None:
        return ""
    return around(name, tag("udt:DateTimeString", f"{found:%Y%m%d}", format="102"))


def _cii_agreement(said: Said) -> str:
    return around(
        "ram:ApplicableHeaderTradeAgreement",
        tag("ram:BuyerReference", said["leitweg"]),
        around("ram:SellerTradeParty", _cii_party(said["seller"])),
        around("ram:BuyerTradeParty", _cii_party(said["buyer"])),
        around("ram:SellerOrderReferencedDocument",
               tag("ram:IssuerAssignedID", said["sales_order"])),
        around("ram:BuyerOrderReferencedDocument", tag("ram:IssuerAssignedID", said["order"])),
        around("ram:ContractReferencedDocument", tag("ram:IssuerAssignedID", said["contract"])),
        *(around("ram:AdditionalReferencedDocument", tag("ram:IssuerAssignedID", each),
                 tag("ram:TypeCode", "916"),
                 tag("ram:AttachmentBinaryObject", "QUJD", mimeCode="text/csv",
                     filename=f"{each}.csv"))
          for each in said["attached"]),
        around("ram:SpecifiedProcuringProject", tag("ram:ID", said["project"]),
               tag("ram:Name", said["project"] and "Project reference")),
    )  # fmt: skip


def _cii_party(found: Said) -> str:
    person = around("ram:DefinedTradeContact", tag("ram:PersonName", found["contact"]),
                    around("ram:TelephoneUniversalCommunication",
                           tag("ram:CompleteNumber", found["phone"])),
                    around("ram:EmailURIUniversalCommunication", tag("ram:URIID", found["mail"])),
                    )  # fmt: skip
    return (
        tag("ram:Name", found["name"])
        + around("ram:SpecifiedLegalOrganization", tag("ram:ID", found["legal"], schemeID="0002"),
                 tag("ram:TradingBusinessName", found["trading"]))
        + person
        + around("ram:PostalTradeAddress", tag("ram:PostcodeCode", found["code"]),
                 tag("ram:LineOne", found["line1"]), tag("ram:LineTwo", found["line2"]),
                 tag("ram:LineThree", found["line3"]), tag("ram:CityName", found["city"]),
                 tag("ram:CountryID", found["country"]),
                 tag("ram:CountrySubDivisionName", found["region"]))
        + around("ram:URIUniversalCommunication",
                 tag("ram:URIID", found["endpoint"], schemeID="EM"))
        + "".join(around("ram:SpecifiedTaxRegistration", tag("ram:ID", found[key], schemeID=kind))
                  for key, kind in (("vat", "VA"), ("tax", "FC")))
    )  # fmt: skip


def _cii_delivery(said: Said) -> str:
    event = _moment("ram:OccurrenceDateTime", said["delivered"])
    inside = (
        around("ram:ActualDeliverySupplyChainEvent", event)
        + around("ram:DespatchAdviceReferencedDocument",
                 tag("ram:IssuerAssignedID", said["despatch"]))
        + around("ram:ReceivingAdviceReferencedDocument",
                 tag("ram:IssuerAssignedID", said["receipt"]))
    )  # fmt: skip
    return f"<ram:ApplicableHeaderTradeDelivery>{inside}</ram:ApplicableHeaderTradeDelivery>"


def _cii_settlement(said: Said) -> str:
    summed = zip(
        TOTALS,
        ("LineTotal", "AllowanceTotal", "ChargeTotal", "TaxBasisTotal", "GrandTotal",
         "TotalPrepaid", "DuePayable"), strict=True,
    )  # fmt: skip
    sums = {name: tag(f"ram:{name}Amount", said["totals"][key]) for key, name in summed}
    return around(
        "ram:ApplicableHeaderTradeSettlement",
        tag("ram:PaymentReference", said["remittance"]),
        tag("ram:InvoiceCurrencyCode", said["currency"]),
        around("ram:SpecifiedTradeSettlementPaymentMeans", tag("ram:TypeCode", "58"),
               around("ram:PayeePartyCreditorFinancialAccount", tag("ram:IBANID", said["iban"]),
                      tag("ram:AccountName", said["iban"] and said["account_name"]))),
        *(around("ram:ApplicableTradeTax", tag("ram:CalculatedAmount", each["tax"]),
                 tag("ram:TypeCode", "VAT"), tag("ram:ExemptionReason", each["reason"]),
                 tag("ram:BasisAmount", each["taxable"]), tag("ram:CategoryCode", each["category"]),
                 tag("ram:ExemptionReasonCode", each["reason_code"]),
                 tag("ram:RateApplicablePercent", each["rate"]))
          for each in said["breakdown"]),
        _cii_period(said["period"]),
        *(_cii_allowance(each) for each in said["allowances"]),
        around("ram:SpecifiedTradePaymentTerms", tag("ram:Description", said["terms"]),
               _moment("ram:DueDateDateTime", said["due"])),
        around("ram:SpecifiedTradeSettlementHeaderMonetarySummation", sums["LineTotal"],
               sums["ChargeTotal"], sums["AllowanceTotal"], sums["TaxBasisTotal"],
               tag("ram:TaxTotalAmount", "1.00", currencyID=said["currency"]), sums["GrandTotal"],
               sums["TotalPrepaid"], sums["DuePayable"]),
        *(around("ram:InvoiceReferencedDocument", tag("ram:IssuerAssignedID", each))
          for each in said["preceding"]),
        around("ram:ReceivableSpecifiedTradeAccountingAccount", tag("ram:ID", said["accounting"])),
    )  # fmt: skip


def _cii_period(found: tuple[date, date] | None) -> str:
    if found is None:
        return ""
    return around("ram:BillingSpecifiedPeriod", _moment("ram:StartDateTime", found[0]),
                  _moment("ram:EndDateTime", found[1]))  # fmt: skip


def _cii_allowance(found: Said) -> str:
    taxes = ""
    if "category" in found:
        taxes = around("ram:CategoryTradeTax", tag("ram:TypeCode", "VAT"),
                       tag("ram:CategoryCode", found["category"]),
                       tag("ram:RateApplicablePercent", found["rate"]))  # fmt: skip
    return around(
        "ram:SpecifiedTradeAllowanceCharge",
        around("ram:ChargeIndicator", tag("udt:Indicator", str(found["charge"]).lower())),
        tag("ram:CalculationPercent", found["percent"]),
        tag("ram:BasisAmount", found["base"]),
        tag("ram:ActualAmount", found["amount"]),
        tag("ram:ReasonCode", found["code"]),
        tag("ram:Reason", found["reason"]),
        taxes,
    )


def _cii_line(found: Said) -> str:
    return around(
        "ram:IncludedSupplyChainTradeLineItem",
        around("ram:AssociatedDocumentLineDocument", tag("ram:LineID", found["id"]),
               around("ram:IncludedNote", tag("ram:Content", found["note"]))),
        around("ram:SpecifiedTradeProduct",
               tag("ram:GlobalID", found["standard_id"], schemeID="0160"),
               tag("ram:SellerAssignedID", found["sellers_id"]),
               tag("ram:BuyerAssignedID", found["buyers_id"]), tag("ram:Name", found["name"]),
               tag("ram:Description", found["description"]),
               *(around("ram:ApplicableProductCharacteristic", tag("ram:Description", name),
                        tag("ram:Value", value)) for name, value in found["attributes"]),
               around("ram:OriginTradeCountry", tag("ram:ID", found["origin"]))),
        around("ram:SpecifiedLineTradeAgreement",
               around("ram:BuyerOrderReferencedDocument", tag("ram:LineID", found["order_line"])),
               around("ram:NetPriceProductTradePrice", tag("ram:ChargeAmount", found["price"]))),
        around("ram:SpecifiedLineTradeDelivery",
               tag("ram:BilledQuantity", found["quantity"], unitCode=found["unit"])),
        around("ram:SpecifiedLineTradeSettlement",
               around("ram:ApplicableTradeTax", tag("ram:TypeCode", "VAT"),
                      tag("ram:CategoryCode", found["category"]),
                      tag("ram:RateApplicablePercent", found["rate"])),
               _cii_period(found["period"]),
               *(_cii_allowance(each) for each in found["allowances"]),
               around("ram:SpecifiedTradeSettlementLineMonetarySummation",
                      tag("ram:LineTotalAmount", found["net"])),
               around("ram:ReceivableSpecifiedTradeAccountingAccount",
                      tag("ram:ID", found["accounting"]))),
    )  # fmt: skip
