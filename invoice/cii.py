"""UN/CEFACT CII as the model of EN 16931 (syntax binding CEN/TS 16931-3-3)."""

from __future__ import annotations

from lxml import etree

from invoice import model as m
from invoice.cii_parties import NAMES, ROOT, identifier, party_shape, shape
from invoice.shapes import Shape, Values, date_102, exact, flag, normal, number
from invoice.ubl import put_tax_amounts

__all__ = ["NAMES", "ROOT", "read_cii", "root"]

_FORMAT = ("format", "102")
"""Dates in any other format are not read."""
_TAX_POINT = {"5": "3", "29": "35", "72": "432"}
"""BT-8: CII codes it by UNTDID 2475, the model as UBL does by UNTDID 2005."""


def _date(found: Shape, path: str, name: str) -> Shape:
    return found.leaf(f"{path}/udt:DateTimeString", name, date_102, only=_FORMAT)


def _delivery(values: Values, _: etree._Element) -> None:
    place = values.pop("place", None)
    if place is not None:
        values["name"] = place.name
        values["address"] = place.address
        values["location"] = place.identifiers[0] if place.identifiers else None


delivery = (
    _date(
        shape(m.Delivery, _delivery), "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime",
        "on",
    )
    .one("ram:ShipToTradeParty", "place", party_shape(m.Party, m.DeliveryAddress))
    .at("address", "ram:ShipToTradeParty/ram:PostalTradeAddress")
    .at("name", "ram:ShipToTradeParty/ram:Name")
    .at("location", "ram:ShipToTradeParty/ram:GlobalID")
    .at("location", "ram:ShipToTradeParty/ram:ID")
)  # fmt: skip


def _period(group: type[m.Period]) -> Shape:
    return _date(_date(shape(group), "ram:StartDateTime", "start"), "ram:EndDateTime", "end")


def _tax(group: type[m.TaxCategory]) -> Shape:
    return (
        shape(group)
        .leaf("ram:CategoryCode", "category", exact)
        .leaf("ram:RateApplicablePercent", "rate", number)
        .leaf("ram:TypeCode", "scheme", exact)
    )


def _allowance(allowance: type[m.AllowanceCharge], charge: type[m.AllowanceCharge]) -> Shape:
    def finish(values: Values, _: etree._Element) -> type[m.AllowanceCharge]:
        taxes = values.get("taxes")
        if taxes:
            values["tax"] = taxes[0]
        return charge if values.get("charge") else allowance

    return (
        shape(allowance, finish)
        .leaf("ram:ChargeIndicator/udt:Indicator", "charge", flag)
        .leaf("ram:ActualAmount", "amount", number)
        .leaf("ram:BasisAmount", "base", number)
        .leaf("ram:CalculationPercent", "percent", number)
        .leaf("ram:Reason", "reason")
        .leaf("ram:ReasonCode", "reason_code", normal)
        .all("ram:CategoryTradeTax", "taxes", _tax(m.TaxCategory))
        .at("tax", "ram:CategoryTradeTax/ram:CategoryCode")
        .also(charge)
    )


def _binary(values: Values, _: etree._Element) -> None:
    encoded = values.pop("encoded", None)
    mime, name = values.pop("mime", None), values.pop("filename", None)
    if encoded is not None:
        values["attachment"] = m.Attachment(encoded, mime, name)


document = (
    shape(m.SupportingDocument, _binary)
    .leaf("ram:IssuerAssignedID", "reference")
    .leaf("ram:URIID", "uri")
    .leaf("ram:TypeCode", "type_code", exact)
    .leaf("ram:Name", "description")
    .leaf("ram:ReferenceTypeCode", "scheme", normal)
    .leaf("ram:AttachmentBinaryObject", "encoded", str)
    .leaf("ram:AttachmentBinaryObject/@mimeCode", "mime", str)
    .leaf("ram:AttachmentBinaryObject/@filename", "filename", str)
    .at("attachment", "ram:AttachmentBinaryObject")
)


def _account(values: Values, _: etree._Element) -> None:
    """BT-84 is an IBAN or, where there is none, the bank's own number."""
    if values.get("iban") is None and values.get("proprietary") is not None:
        values["iban"] = values["proprietary"]


account = (
    shape(m.Account, _account)
    .leaf("ram:IBANID", "iban")
    .leaf("ram:AccountName", "name")
    .leaf("ram:ProprietaryID", "proprietary")
)


def _means(values: Values, _: etree._Element) -> None:
    bic, found = values.pop("bic", None), values.get("account")
    if bic is not None and found is not None:
        found.__dict__["bic"] = bic


_FINANCIAL = "FinancialInstitution"
payment_means = (
    shape(m.PaymentMeans, _means)
    .leaf("ram:TypeCode", "code", exact)
    .leaf("ram:Information", "text")
    .one(
        "ram:ApplicableTradeSettlementFinancialCard",
        "card",
        shape(m.Card).leaf("ram:ID", "number").leaf("ram:CardholderName", "holder"),
    )
    .leaf("ram:PayerPartyDebtorFinancialAccount/ram:IBANID", "debited_account")
    .one("ram:PayeePartyCreditorFinancialAccount", "account", account)
    .leaf(f"ram:PayeeSpecifiedCreditor{_FINANCIAL}/ram:BICID", "bic")
    .each(f"ram:PayeeSpecifiedCreditor{_FINANCIAL}", "institutions")
    .each(f"ram:PayerSpecifiedDebtor{_FINANCIAL}", "institutions")
)


def _tax_point(values: Values, _: etree._Element) -> None:
    code = values.get("tax_point_code")
    values["tax_point_code"] = _TAX_POINT.get(code, code) if code is not None else None


breakdown = (
    shape(m.Breakdown, _tax_point)
    .leaf("ram:CalculatedAmount", "tax", number)
    .leaf("ram:TypeCode", "scheme", exact)
    .leaf("ram:ExemptionReason", "exemption")
    .leaf("ram:BasisAmount", "taxable", number)
    .leaf("ram:CategoryCode", "category", exact)
    .leaf("ram:ExemptionReasonCode", "exemption_code", normal)
    .leaf("ram:TaxPointDate/udt:DateString", "tax_point_date", date_102, only=_FORMAT)
    .leaf("ram:DueDateTypeCode", "tax_point_code", normal)
    .leaf("ram:RateApplicablePercent", "rate", number)
)
tax_amount = shape(m.TaxAmount).leaf(".", "amount", number).leaf("@currencyID", "currency", str)
totals = (
    shape(m.Totals)
    .leaf("ram:LineTotalAmount", "lines", number)
    .leaf("ram:ChargeTotalAmount", "charges", number)
    .leaf("ram:AllowanceTotalAmount", "allowances", number)
    .leaf("ram:TaxBasisTotalAmount", "net", number)
    .all("ram:TaxTotalAmount", "tax_amounts", tax_amount)
    .leaf("ram:RoundingAmount", "rounding", number)
    .leaf("ram:GrandTotalAmount", "gross", number)
    .leaf("ram:TotalPrepaidAmount", "prepaid", number)
    .leaf("ram:DuePayableAmount", "due", number)
    .at("tax", "ram:TaxTotalAmount")
    .at("tax_accounting", "ram:TaxTotalAmount")
)
classification = (
    shape(m.Classification)
    .leaf("ram:ClassCode", "value")
    .leaf("ram:ClassCode/@listID", "scheme", normal)
    .leaf("ram:ClassCode/@listVersionID", "version", normal)
)
item = (
    shape(m.Item)
    .one("ram:GlobalID", "standard_id", identifier)
    .leaf("ram:SellerAssignedID", "seller_id")
    .leaf("ram:BuyerAssignedID", "buyer_id")
    .leaf("ram:Name", "name")
    .leaf("ram:Description", "description")
    .all(
        "ram:ApplicableProductCharacteristic",
        "attributes",
        shape(m.Attribute).leaf("ram:Description", "name").leaf("ram:Value", "value"),
    )
    .all("ram:DesignatedProductClassification", "classifications", classification)
    .leaf("ram:OriginTradeCountry/ram:ID", "origin", normal)
)


def _price(values: Values, _: etree._Element) -> None:
    """The base quantity of the net price counts; the gross price's only where it is alone."""
    for name in ("base_quantity", "base_unit"):
        gross = values.pop(f"gross_{name}", None)
        if values.get(name) is None and gross is not None:
            values[name] = gross


_GROSS, _NET = "ram:GrossPriceProductTradePrice", "ram:NetPriceProductTradePrice"
base = shape(m.Identifier).leaf(".", "value", exact).leaf("@unitCode", "scheme", exact)
price = (
    shape(m.Price, _price)
    .leaf(f"{_GROSS}/ram:ChargeAmount", "gross", number)
    .leaf(f"{_GROSS}/ram:BasisQuantity", "gross_base_quantity", number)
    .leaf(f"{_GROSS}/ram:BasisQuantity/@unitCode", "gross_base_unit", normal)
    .leaf(f"{_GROSS}/ram:AppliedTradeAllowanceCharge/ram:ActualAmount", "discount", number)
    .one(f"{_GROSS}/ram:BasisQuantity", "gross_base", base)
    .leaf(f"{_NET}/ram:ChargeAmount", "net", number)
    .one(f"{_NET}/ram:BasisQuantity", "net_base", base)
    .leaf(f"{_NET}/ram:BasisQuantity", "base_quantity", number)
    .leaf(f"{_NET}/ram:BasisQuantity/@unitCode", "base_unit", normal)
)
line_reference = (
    shape(m.SupportingDocument)
    .leaf("ram:IssuerAssignedID", "reference")
    .leaf("ram:TypeCode", "type_code", normal)
    .leaf("ram:ReferenceTypeCode", "scheme", normal)
)


def _line(values: Values, _: etree._Element) -> None:
    taxes = values.get("taxes")
    if taxes:
        values["tax"] = taxes[0]
    for reference in values.get("references", ()):
        values.setdefault(
            "object_id",
            m.Identifier(
                value=reference.reference, scheme=reference.scheme, source=reference.source
            ),
        )


_AGREED, _SETTLED = "ram:SpecifiedLineTradeAgreement", "ram:SpecifiedLineTradeSettlement"
line = (
    shape(m.Line, _line)
    .leaf("ram:AssociatedDocumentLineDocument/ram:LineID", "id")
    .leaf("ram:AssociatedDocumentLineDocument/ram:IncludedNote/ram:Content", "note")
    .one("ram:SpecifiedTradeProduct", "item", item)
    .leaf(f"{_AGREED}/ram:BuyerOrderReferencedDocument/ram:LineID", "order_line")
    .one(_AGREED, "price", price)
    .leaf("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", "quantity", number)
    .leaf("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode", "unit", normal)
    .all(f"{_SETTLED}/ram:ApplicableTradeTax", "taxes", _tax(m.LineTax))
    .one(f"{_SETTLED}/ram:BillingSpecifiedPeriod", "period", _period(m.LinePeriod))
    .all(
        f"{_SETTLED}/ram:SpecifiedTradeAllowanceCharge",
        "allowances",
        _allowance(m.LineAllowance, m.LineCharge),
    )
    .leaf(
        f"{_SETTLED}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        "net",
        number,
    )
    .all(f"{_SETTLED}/ram:AdditionalReferencedDocument", "references", line_reference)
    .leaf(
        f"{_SETTLED}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting_reference"
    )
    .at("tax", f"{_SETTLED}/ram:ApplicableTradeTax")
    .at("object_id", f"{_SETTLED}/ram:AdditionalReferencedDocument/ram:IssuerAssignedID")
)


def _finish(values: Values, element: etree._Element) -> None:
    _references(values)
    _direct_debit(values, element)
    delivered = values.get("delivery")
    if delivered is not None and delivered == m.Delivery() and not delivered.unreadable:
        del values["delivery"]  # the element is mandatory in CII, the group is not
    for tax in values.get("breakdown", ()):
        if tax.tax_point_date is not None:
            values.setdefault("tax_point_date", tax.tax_point_date)
        if tax.tax_point_code is not None:
            values.setdefault("tax_point_code", tax.tax_point_code)
    found = values.get("totals")
    if found is not None:
        put_tax_amounts(
            found, found.tax_amounts, values.get("currency"), values.get("tax_currency")
        )


def _references(values: Values) -> None:
    """One element carries BT-17 (50), BT-18 (130) and BG-24 (916)."""
    references = values.get("references", [])
    values["documents"] = [r for r in references if r.type_code not in ("50", "130")]
    for reference in references:
        if reference.type_code == "50":
            values.setdefault("tender", reference.reference)
        if reference.type_code == "130":
            values.setdefault(
                "object_id",
                m.Identifier(
                    value=reference.reference, scheme=reference.scheme, source=reference.source
                ),
            )


def _direct_debit(values: Values, element: etree._Element) -> None:
    mandate, creditor = values.pop("mandate", None), values.pop("creditor", None)
    account = next(
        (
            x.debited_account
            for x in values.get("payment_means", ())
            if x.debited_account is not None
        ),
        None,
    )
    if mandate is None and creditor is None and account is None:
        return
    values["direct_debit"] = m.DirectDebit(
        mandate=mandate, creditor=creditor, account=account, source=element
    )


_TX = "rsm:SupplyChainTradeTransaction"
_AGR = f"{_TX}/ram:ApplicableHeaderTradeAgreement"
_DEL = f"{_TX}/ram:ApplicableHeaderTradeDelivery"
_SET = f"{_TX}/ram:ApplicableHeaderTradeSettlement"
_CONTEXT, _HEAD = "rsm:ExchangedDocumentContext", "rsm:ExchangedDocument"

root = (
    shape(m.Invoice, _finish)
    .leaf(f"{_CONTEXT}/ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
          "business_process")
    .leaf(f"{_CONTEXT}/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
          "specification", exact)
    .leaf(f"{_HEAD}/ram:ID", "number")
    .leaf(f"{_HEAD}/ram:TypeCode", "type_code", normal)
    .leaf(f"{_HEAD}/ram:IssueDateTime/udt:DateTimeString", "issue_date", date_102, only=_FORMAT)
    .all(f"{_HEAD}/ram:IncludedNote", "notes",
         shape(m.Note).leaf("ram:SubjectCode", "subject", normal).leaf("ram:Content", "text"))
    .all(f"{_TX}/ram:IncludedSupplyChainTradeLineItem", "lines", line)
    .leaf(f"{_AGR}/ram:BuyerReference", "buyer_reference")
    .one(f"{_AGR}/ram:SellerTradeParty", "seller",
         party_shape(m.Seller, m.SellerAddress, m.SellerContact))
    .one(f"{_AGR}/ram:BuyerTradeParty", "buyer",
         party_shape(m.Buyer, m.BuyerAddress, m.BuyerContact))
    .one(f"{_AGR}/ram:SellerTaxRepresentativeTradeParty", "tax_representative",
         party_shape(m.TaxRepresentative, m.TaxRepresentativeAddress))
    .leaf(f"{_AGR}/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID", "sales_order")
    .leaf(f"{_AGR}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", "order")
    .leaf(f"{_AGR}/ram:ContractReferencedDocument/ram:IssuerAssignedID", "contract")
    .all(f"{_AGR}/ram:AdditionalReferencedDocument", "references", document)
    .leaf(f"{_AGR}/ram:SpecifiedProcuringProject/ram:ID", "project")
    .one(_DEL, "delivery", delivery)
    .leaf(f"{_DEL}/ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID", "despatch_advice")
    .leaf(f"{_DEL}/ram:ReceivingAdviceReferencedDocument/ram:IssuerAssignedID", "receiving_advice")
    .leaf(f"{_SET}/ram:CreditorReferenceID", "creditor")
    .leaf(f"{_SET}/ram:PaymentReference", "remittance")
    .leaf(f"{_SET}/ram:TaxCurrencyCode", "tax_currency", exact)
    .leaf(f"{_SET}/ram:InvoiceCurrencyCode", "currency", exact)
    .one(f"{_SET}/ram:PayeeTradeParty", "payee", party_shape(m.Payee, m.Address))
    .all(f"{_SET}/ram:SpecifiedTradeSettlementPaymentMeans", "payment_means", payment_means)
    .all(f"{_SET}/ram:ApplicableTradeTax", "breakdown", breakdown)
    .one(f"{_SET}/ram:BillingSpecifiedPeriod", "period", _period(m.InvoicingPeriod))
    .all(f"{_SET}/ram:SpecifiedTradeAllowanceCharge", "allowances",
         _allowance(m.DocumentAllowance, m.DocumentCharge))
    .leaf(f"{_SET}/ram:SpecifiedTradePaymentTerms/ram:Description", "payment_terms", str)
    .leaf(f"{_SET}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString",
          "due_date", date_102, only=_FORMAT)
    .leaf(f"{_SET}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID", "mandate")
    .one(f"{_SET}/ram:SpecifiedTradeSettlementHeaderMonetarySummation", "totals", totals)
    .all(f"{_SET}/ram:InvoiceReferencedDocument", "preceding",
         shape(m.PrecedingInvoice)
         .leaf("ram:IssuerAssignedID", "number")
         .leaf("ram:FormattedIssueDateTime/qdt:DateTimeString", "issue_date", date_102,
               only=_FORMAT))
    .leaf(f"{_SET}/ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "accounting_reference")
    .at("documents", f"{_AGR}/ram:AdditionalReferencedDocument")
    .at("tender", f"{_AGR}/ram:AdditionalReferencedDocument/ram:IssuerAssignedID")
    .at("object_id", f"{_AGR}/ram:AdditionalReferencedDocument/ram:IssuerAssignedID")
    .at("tax_point_code", f"{_SET}/ram:ApplicableTradeTax/ram:DueDateTypeCode")
    .at("direct_debit", f"{_SET}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID")
)  # fmt: skip


def read_cii(element: etree._Element) -> m.Invoice:
    """The model of this CII document. Its tag is `ROOT`."""
    invoice: m.Invoice = root.build(element)
    invoice.__dict__["syntax"] = "cii"
    return invoice
