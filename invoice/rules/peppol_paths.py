"""Where UBL and CII keep what the Peppol rules ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lxml import etree

from invoice.syntax.table import clark_path


def found(element: etree._Element, path: str) -> list[etree._Element]:
    """All at this path, or at either of two."""
    return [at for each in path.split("|") for at in element.findall(clark_path(each))]


def has(element: etree._Element, path: str) -> bool:
    return bool(found(element, path))


def text(element: etree._Element, path: str = "", *, plain: bool = True) -> str:
    """The text of the first element at this path; `plain` without white space around it."""
    at = next(iter(found(element, path)), None) if path else element
    said = (at.text or "") if at is not None else ""
    return " ".join(said.split()) if plain else said


def number(element: etree._Element, path: str = "") -> Decimal | None:
    try:
        value = Decimal(text(element, path))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


Discounted = tuple[etree._Element, Decimal | None, Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one syntax, from the document, a line, or a group of its own."""

    currency: str
    tax_currency: str
    tax_total: str
    seller: str
    buyer: str
    endpoint: str
    means: str
    means_code: str
    mandate: str
    mandate_is_in_head: bool
    allowance: str
    line_allowance: str
    percent: str
    base: str
    amount: str
    indicator: str
    price_discount: str
    line: tuple[str, ...]
    line_net: str
    quantity: str
    price: str
    price_base: str
    price_bases: str
    gross_price: str
    period: str
    line_period: str
    start: str
    end: str

    def all(self, element: etree._Element, path: str) -> list[etree._Element]:
        return found(element, path)

    def lines(self, root: etree._Element) -> list[etree._Element]:
        return [line for path in self.line for line in found(root, path)]

    def allowances(self, root: etree._Element) -> Iterator[etree._Element]:
        yield from found(root, self.allowance)
        for line in self.lines(root):
            yield from found(line, self.line_allowance)

    def price_allowances(self, root: etree._Element) -> Iterator[etree._Element]:
        for line in self.lines(root):
            yield from found(line, self.price_discount)

    def discounted_prices(self, root: etree._Element) -> Iterator[Discounted]:
        """Each discount on a price: where, the net price, the gross price, the discount."""
        for line in self.lines(root):
            net = number(line, self.price)
            for discount in found(line, self.price_discount):
                at = line if self.gross_price else discount
                gross = number(at, self.gross_price or self.base)
                yield discount, net, gross, number(discount, self.amount)


UBL = Paths(
    currency="cbc:DocumentCurrencyCode", tax_currency="cbc:TaxCurrencyCode",
    tax_total="cac:TaxTotal/cbc:TaxAmount", seller="cac:AccountingSupplierParty/cac:Party",
    buyer="cac:AccountingCustomerParty/cac:Party", endpoint="cbc:EndpointID",
    means="cac:PaymentMeans", means_code="cbc:PaymentMeansCode",
    mandate="cac:PaymentMandate/cbc:ID", mandate_is_in_head=False,
    allowance="cac:AllowanceCharge", line_allowance="cac:AllowanceCharge",
    percent="cbc:MultiplierFactorNumeric", base="cbc:BaseAmount", amount="cbc:Amount",
    indicator="cbc:ChargeIndicator", price_discount="cac:Price/cac:AllowanceCharge",
    line=("cac:InvoiceLine", "cac:CreditNoteLine"), line_net="cbc:LineExtensionAmount",
    quantity="cbc:InvoicedQuantity|cbc:CreditedQuantity", price="cac:Price/cbc:PriceAmount",
    price_base="cac:Price/cbc:BaseQuantity", price_bases="cac:Price/cbc:BaseQuantity",
    gross_price="", period="cac:InvoicePeriod", line_period="cac:InvoicePeriod",
    start="cbc:StartDate", end="cbc:EndDate",
)  # fmt: skip

_DEAL = "rsm:SupplyChainTradeTransaction"
_PAID = f"{_DEAL}/ram:ApplicableHeaderTradeSettlement"
_AGREED = f"{_DEAL}/ram:ApplicableHeaderTradeAgreement"
_NET = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"
_GROSS = "ram:SpecifiedLineTradeAgreement/ram:GrossPriceProductTradePrice"
_LINE = "ram:SpecifiedLineTradeSettlement"

CII = Paths(
    currency=f"{_PAID}/ram:InvoiceCurrencyCode", tax_currency=f"{_PAID}/ram:TaxCurrencyCode",
    tax_total=f"{_PAID}/ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount",
    seller=f"{_AGREED}/ram:SellerTradeParty", buyer=f"{_AGREED}/ram:BuyerTradeParty",
    endpoint="ram:URIUniversalCommunication/ram:URIID",
    means=f"{_PAID}/ram:SpecifiedTradeSettlementPaymentMeans", means_code="ram:TypeCode",
    mandate=f"{_PAID}/ram:SpecifiedTradePaymentTerms/ram:DirectDebitMandateID",
    mandate_is_in_head=True, allowance=f"{_PAID}/ram:SpecifiedTradeAllowanceCharge",
    line_allowance=f"{_LINE}/ram:SpecifiedTradeAllowanceCharge",
    percent="ram:CalculationPercent", base="ram:BasisAmount", amount="ram:ActualAmount",
    indicator="ram:ChargeIndicator/udt:Indicator",
    price_discount=f"{_GROSS}/ram:AppliedTradeAllowanceCharge",
    line=(f"{_DEAL}/ram:IncludedSupplyChainTradeLineItem",),
    line_net=f"{_LINE}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
    quantity="ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
    price=f"{_NET}/ram:ChargeAmount", price_base=f"{_NET}/ram:BasisQuantity",
    price_bases=f"{_NET}/ram:BasisQuantity|{_GROSS}/ram:BasisQuantity",
    gross_price=f"{_GROSS}/ram:ChargeAmount", period=f"{_PAID}/ram:BillingSpecifiedPeriod",
    line_period=f"{_LINE}/ram:BillingSpecifiedPeriod",
    start="ram:StartDateTime/udt:DateTimeString", end="ram:EndDateTime/udt:DateTimeString",
)  # fmt: skip
