"""UBL 2.1 Invoice and CreditNote as the model of EN 16931 (syntax binding CEN/TS 16931-3-2)."""

from __future__ import annotations

import re

from lxml import etree

from invoice import model as m
from invoice.shapes import Shape, Values, exact, flag, iso_date, normal, number
from invoice.ubl_parties import (
    CREDIT_NOTE,
    INVOICE,
    NAMES,
    address_shape,
    buyer,
    identifier,
    payee,
    representative,
    seller,
    shape,
)

__all__ = ["NAMES", "ROOTS", "put_tax_amounts", "read_ubl", "root_of"]

_PLACEHOLDERS = frozenset({"Dummywert", "NA"})
"""BT-13 where only BT-14 is known: UBL cannot give the one without the other."""
_SUBJECT = re.compile(r"#([A-Z]{3})#")


def _period(group: type[m.Period]) -> Shape:
    return (
        shape(group)
        .leaf("cbc:StartDate", "start", iso_date)
        .leaf("cbc:EndDate", "end", iso_date)
        .leaf("cbc:DescriptionCode", "tax_point_code", normal)
    )


def _tax(group: type[m.TaxCategory]) -> Shape:
    return (
        shape(group)
        .leaf("cbc:ID", "category", normal)
        .leaf("cbc:Percent", "rate", number)
        .leaf("cac:TaxScheme/cbc:ID", "scheme", normal)
    )


def _allowance(allowance: type[m.AllowanceCharge], charge: type[m.AllowanceCharge]) -> Shape:
    def finish(values: Values, _: etree._Element) -> type[m.AllowanceCharge]:
        taxes = values.get("taxes")
        if taxes:
            values["tax"] = taxes[0]
        return charge if values.get("charge") else allowance

    return (
        shape(allowance, finish)
        .leaf("cbc:ChargeIndicator", "charge", flag)
        .leaf("cbc:Amount", "amount", number)
        .leaf("cbc:BaseAmount", "base", number)
        .leaf("cbc:MultiplierFactorNumeric", "percent", number)
        .leaf("cbc:AllowanceChargeReason", "reason")
        .leaf("cbc:AllowanceChargeReasonCode", "reason_code", normal)
        .all("cac:TaxCategory", "taxes", _tax(m.TaxCategory))
        .at("tax", "cac:TaxCategory/cbc:ID")
        .also(charge)
    )


def _binary(values: Values, _: etree._Element) -> None:
    encoded = values.pop("encoded", None)
    mime, name = values.pop("mime", None), values.pop("filename", None)
    if encoded is not None:
        values["attachment"] = m.Attachment(encoded, mime, name)


_BINARY = "cac:Attachment/cbc:EmbeddedDocumentBinaryObject"
document = (
    shape(m.SupportingDocument, _binary)
    .leaf("cbc:ID", "reference")
    .leaf("cbc:ID/@schemeID", "scheme", normal)
    .leaf("cbc:DocumentTypeCode", "type_code", normal)
    .leaf("cbc:DocumentDescription", "description")
    .each("cac:Attachment/cac:ExternalReference", "links")
    .leaf("cac:Attachment/cac:ExternalReference/cbc:URI", "uri")
    .leaf(_BINARY, "encoded", str)
    .leaf(f"{_BINARY}/@mimeCode", "mime", str)
    .leaf(f"{_BINARY}/@filename", "filename", str)
    .at("attachment", _BINARY)
)
account = (
    shape(m.Account)
    .leaf("cbc:ID", "iban")
    .leaf("cbc:Name", "name")
    .leaf("cac:FinancialInstitutionBranch/cbc:ID", "bic")
)
card = shape(m.Card).leaf("cbc:PrimaryAccountNumberID", "number").leaf("cbc:HolderName", "holder")


def _mandate(values: Values, _: etree._Element) -> None:
    values["has_account"] = "account" in values


mandate = (
    shape(m.Mandate, _mandate)
    .leaf("cbc:ID", "reference")
    .leaf("cac:PayerFinancialAccount/cbc:ID", "account")
)
payment_means = (
    shape(m.PaymentMeans)
    .leaf("cbc:PaymentMeansCode", "code", normal)
    .leaf("cbc:PaymentMeansCode/@name", "text")
    .leaf("cbc:PaymentID", "remittance")
    .leaf("cbc:PaymentDueDate", "due_date", iso_date)
    .one("cac:PayeeFinancialAccount", "account", account)
    .one("cac:CardAccount", "card", card)
    .one("cac:PaymentMandate", "mandate", mandate)
)
delivery = (
    shape(m.Delivery)
    .leaf("cbc:ActualDeliveryDate", "on", iso_date)
    .leaf("cac:DeliveryParty/cac:PartyName/cbc:Name", "name")
    .one("cac:DeliveryLocation/cbc:ID", "location", identifier)
    .one("cac:DeliveryLocation/cac:Address", "address", address_shape(m.DeliveryAddress))
)
breakdown = (
    shape(m.Breakdown)
    .leaf("cbc:TaxableAmount", "taxable", number)
    .leaf("cbc:TaxAmount", "tax", number)
    .leaf("cac:TaxCategory/cbc:ID", "category", normal)
    .leaf("cac:TaxCategory/cbc:Percent", "rate", number)
    .leaf("cac:TaxCategory/cbc:TaxExemptionReason", "exemption")
    .leaf("cac:TaxCategory/cbc:TaxExemptionReasonCode", "exemption_code", normal)
    .leaf("cac:TaxCategory/cac:TaxScheme/cbc:ID", "scheme", normal)
)
tax_amount = (
    shape(m.TaxAmount)
    .leaf("cbc:TaxAmount", "amount", number)
    .leaf("cbc:TaxAmount/@currencyID", "currency", str)
    .all("cac:TaxSubtotal", "subtotals", breakdown)
)
totals = (
    shape(m.Totals)
    .leaf("cbc:LineExtensionAmount", "lines", number)
    .leaf("cbc:TaxExclusiveAmount", "net", number)
    .leaf("cbc:TaxInclusiveAmount", "gross", number)
    .leaf("cbc:AllowanceTotalAmount", "allowances", number)
    .leaf("cbc:ChargeTotalAmount", "charges", number)
    .leaf("cbc:PrepaidAmount", "prepaid", number)
    .leaf("cbc:PayableRoundingAmount", "rounding", number)
    .leaf("cbc:PayableAmount", "due", number)
    .at("tax", "../cac:TaxTotal/cbc:TaxAmount")
    .at("tax_accounting", "../cac:TaxTotal/cbc:TaxAmount")
)
price = (
    shape(m.Price)
    .leaf("cbc:PriceAmount", "net", number)
    .leaf("cbc:BaseQuantity", "base_quantity", number)
    .leaf("cbc:BaseQuantity/@unitCode", "base_unit", normal)
    .leaf("cac:AllowanceCharge/cbc:Amount", "discount", number)
    .leaf("cac:AllowanceCharge/cbc:BaseAmount", "gross", number)
)
classification = (
    shape(m.Classification)
    .leaf(".", "value")
    .leaf("@listID", "scheme", normal)
    .leaf("@listVersionID", "version", normal)
)
item = (
    shape(m.Item)
    .leaf("cbc:Name", "name")
    .leaf("cbc:Description", "description")
    .leaf("cac:SellersItemIdentification/cbc:ID", "seller_id")
    .leaf("cac:BuyersItemIdentification/cbc:ID", "buyer_id")
    .one("cac:StandardItemIdentification/cbc:ID", "standard_id", identifier)
    .all(
        "cac:CommodityClassification/cbc:ItemClassificationCode", "classifications", classification
    )
    .leaf("cac:OriginCountry/cbc:IdentificationCode", "origin", normal)
    .all(
        "cac:AdditionalItemProperty",
        "attributes",
        shape(m.Attribute).leaf("cbc:Name", "name").leaf("cbc:Value", "value"),
    )
)


def _line(values: Values, _: etree._Element) -> None:
    taxes = values.get("taxes")
    if taxes:
        values["tax"] = taxes[0]


def _lines(*quantities: str) -> Shape:
    """A line; the quantity has another name in each kind of document, and either is read."""
    found = shape(m.Line, _line).leaf("cbc:ID", "id").leaf("cbc:Note", "note")
    for quantity in quantities:
        found.leaf(f"cbc:{quantity}", "quantity", number)
        found.leaf(f"cbc:{quantity}/@unitCode", "unit", normal)
    found = (
        found.leaf("cbc:LineExtensionAmount", "net", number)
        .leaf("cac:OrderLineReference/cbc:LineID", "order_line")
        .leaf("cbc:AccountingCost", "accounting_reference")
        .one("cac:DocumentReference/cbc:ID", "object_id", identifier)
        .one("cac:InvoicePeriod", "period", _period(m.LinePeriod))
        .all("cac:AllowanceCharge", "allowances", _allowance(m.LineAllowance, m.LineCharge))
        .one("cac:Price", "price", price)
        .one("cac:Item", "item", item)
        .all("cac:Item/cac:ClassifiedTaxCategory", "taxes", _tax(m.LineTax))
        .at("tax", "cac:Item/cac:ClassifiedTaxCategory")
    )
    return found.all("cac:SubInvoiceLine", "sublines", found)


def _note(values: Values, _: etree._Element) -> None:
    """UBL has no element for BT-21; it stands before the text as `#ABC#`."""
    said = values.get("text") or ""
    subject = _SUBJECT.match(said)
    if subject:
        values["subject"] = subject[1]
        values["text"] = said[subject.end() :]


note = shape(m.Note, _note).leaf(".", "text")


def _finish(values: Values, _: etree._Element) -> None:
    means = values.get("payment_means", [])
    _references(values)
    _direct_debit(values, means)
    if values.get("sales_order") and values.get("order") in _PLACEHOLDERS:
        del values["order"]
    if means and means[0].remittance is not None:
        values["remittance"] = means[0].remittance
    if "due_date" not in values:
        due = next((x.due_date for x in means if x.due_date is not None), None)
        values["due_date"] = due
    period = values.get("period")
    if period is not None:
        values["tax_point_code"] = period.tax_point_code
    amounts = values.pop("tax_amounts", [])
    values["breakdown"] = [b for amount in amounts for b in amount.subtotals]
    _totals(values, amounts)


def _totals(values: Values, amounts: list[m.TaxAmount]) -> None:
    found = values.get("totals")
    if found is None:
        if not amounts:
            return
        found = values["totals"] = m.Totals(source=None)
    put_tax_amounts(found, tuple(amounts), values.get("currency"), values.get("tax_currency"))


def put_tax_amounts(
    totals: m.Totals, amounts: tuple[m.TaxAmount, ...], currency: str | None, accounting: str | None
) -> None:
    """Tell BT-110 and BT-111 apart by their currency, while the totals are being built."""
    content = totals.__dict__
    content["tax_amounts"] = amounts
    own = [a for a in amounts if a.currency == currency]
    other = [a for a in amounts if a.currency == accounting and accounting != currency]
    if own:
        content["tax"] = own[0].amount
    if other and accounting is not None:
        content["tax_accounting"] = other[0].amount


def _references(values: Values) -> None:
    """Additional references carry BT-18 (130), in credit notes BT-11 (50), else BG-24."""
    references = values.get("references", [])
    values["documents"] = [r for r in references if r.type_code not in ("130", "50")]
    for reference in references:
        if reference.type_code == "130" and "object_id" not in values:
            values["object_id"] = m.Identifier(
                value=reference.reference, scheme=reference.scheme, source=reference.source
            )
        if reference.type_code == "50" and "project" not in values:
            values["project"] = reference.reference


def _direct_debit(values: Values, means: list[m.PaymentMeans]) -> None:
    mandates = [x.mandate for x in means if x.mandate is not None]
    if not mandates:
        return
    parties = (values.get("seller"), values.get("payee"))
    creditors = [i for p in parties if p is not None for i in p.creditors]
    values["direct_debit"] = m.DirectDebit(
        mandate=mandates[0].reference,
        account=mandates[0].account,
        creditor=creditors[0].value if creditors else None,
        source=mandates[0].source,
    )


third_party = (
    shape(m.ThirdPartyPayment)
    .leaf("cbc:ID", "kind")
    .leaf("cbc:PaidAmount", "amount", number)
    .leaf("cbc:PaidAmount/@currencyID", "currency", str)
    .leaf("cbc:InstructionID", "description")
)


def _root(kind: str, other: str, line: Shape) -> Shape:
    return (
        shape(m.Invoice, _finish)
        .all("cac:PrepaidPayment", "third_party_payments", third_party)
        .leaf("cbc:CustomizationID", "specification", exact)
        .leaf("cbc:ProfileID", "business_process")
        .leaf("cbc:ID", "number")
        .leaf("cbc:IssueDate", "issue_date", iso_date)
        .leaf("cbc:DueDate", "due_date", iso_date)
        .leaf(f"cbc:{kind}TypeCode", "type_code", normal)
        .all("cbc:Note", "notes", note)
        .leaf("cbc:TaxPointDate", "tax_point_date", iso_date)
        .leaf("cbc:DocumentCurrencyCode", "currency", exact)
        .leaf("cbc:TaxCurrencyCode", "tax_currency", exact)
        .leaf("cbc:AccountingCost", "accounting_reference")
        .leaf("cbc:BuyerReference", "buyer_reference")
        .one("cac:InvoicePeriod", "period", _period(m.InvoicingPeriod))
        .leaf("cac:OrderReference/cbc:ID", "order")
        .leaf("cac:OrderReference/cbc:SalesOrderID", "sales_order")
        .all(
            "cac:BillingReference",
            "preceding",
            shape(m.PrecedingInvoice)
            .leaf("cac:InvoiceDocumentReference/cbc:ID", "number")
            .leaf("cac:InvoiceDocumentReference/cbc:IssueDate", "issue_date", iso_date),
        )
        .leaf("cac:DespatchDocumentReference/cbc:ID", "despatch_advice")
        .leaf("cac:ReceiptDocumentReference/cbc:ID", "receiving_advice")
        .leaf("cac:OriginatorDocumentReference/cbc:ID", "tender")
        .leaf("cac:ContractDocumentReference/cbc:ID", "contract")
        .all("cac:AdditionalDocumentReference", "references", document)
        .leaf("cac:ProjectReference/cbc:ID", "project")
        .one("cac:AccountingSupplierParty", "seller", seller)
        .one("cac:AccountingCustomerParty", "buyer", buyer)
        .one("cac:PayeeParty", "payee", payee)
        .one("cac:TaxRepresentativeParty", "tax_representative", representative)
        .one("cac:Delivery", "delivery", delivery)
        .all("cac:PaymentMeans", "payment_means", payment_means)
        .leaf("cac:PaymentTerms/cbc:Note", "payment_terms", str)
        .all("cac:AllowanceCharge", "allowances", _allowance(m.DocumentAllowance, m.DocumentCharge))
        .all("cac:TaxTotal", "tax_amounts", tax_amount)
        .one("cac:LegalMonetaryTotal", "totals", totals)
        .all(f"cac:{kind}Line", "lines", line)
        .all(f"cac:{other}Line", "lines", line)
        .at("documents", "cac:AdditionalDocumentReference")
        .at("breakdown", "cac:TaxTotal/cac:TaxSubtotal")
        .at("direct_debit", "cac:PaymentMeans/cac:PaymentMandate")
        .at("remittance", "cac:PaymentMeans/cbc:PaymentID")
        .at("object_id", "cac:AdditionalDocumentReference/cbc:ID")
    )


ROOTS = {
    f"{{{INVOICE}}}Invoice": _root(
        "Invoice", "CreditNote", _lines("InvoicedQuantity", "CreditedQuantity")
    ),
    f"{{{CREDIT_NOTE}}}CreditNote": _root(
        "CreditNote", "Invoice", _lines("CreditedQuantity", "InvoicedQuantity")
    ),
}


def root_of(syntax: str) -> Shape:
    """The table of the whole document in this syntax."""
    kind = "CreditNote" if syntax == "ubl-creditnote" else "Invoice"
    return next(found for tag, found in ROOTS.items() if tag.endswith(kind))


def read_ubl(root: etree._Element) -> m.Invoice:
    """The model of this UBL document. The root's tag is one of `ROOTS`."""
    invoice: m.Invoice = ROOTS[str(root.tag)].build(root)
    is_credit_note = CREDIT_NOTE in str(root.tag)
    invoice.__dict__["syntax"] = "ubl-creditnote" if is_credit_note else "ubl-invoice"
    return invoice
