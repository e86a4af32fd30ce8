"""The rules of the binding to CII that no row of `cii.csv` can say.

Comparisons are those of the standard's tests: of texts as they stand, unless a rule takes the white
space off. CII-DT-010 to 012 stand in no table: the standard asks CII-DT-008 and 009 of the same
element, and an element is asked by the first context that fits.
"""

from __future__ import annotations

import re

from lxml import etree

from invoice.elements import NAMESPACES, below, clark, has, text, texts, trimmed
from invoice.syntax.table import SyntaxBook

book = SyntaxBook("cii")
rule = book.rule

_DEAL = "/rsm:SupplyChainTradeTransaction"
_LINE = f"{_DEAL}/ram:IncludedSupplyChainTradeLineItem"
AGREEMENT = f"{_DEAL}/ram:ApplicableHeaderTradeAgreement"
DELIVERY = f"{_DEAL}/ram:ApplicableHeaderTradeDelivery"
SETTLEMENT = f"{_DEAL}/ram:ApplicableHeaderTradeSettlement"
PRODUCT = f"{_LINE}/ram:SpecifiedTradeProduct"
CONTEXT = "/rsm:ExchangedDocumentContext"

for _context in (
    f"{CONTEXT}/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
    "/rsm:ExchangedDocument/ram:ID",
    f"{_LINE}/ram:AssociatedDocumentLineDocument/ram:LineID",
    f"{PRODUCT}/ram:SellerAssignedID",
):
    book.alone(_context)


def everywhere(element: etree._Element, parent: str, child: str) -> list[etree._Element]:
    """All children of that name, of all parents of that name in the document."""
    root = element.getroottree().getroot()
    return [each for above in root.iter(clark(parent)) for each in below(above, child)]


# The document


def _exactly_one(rule_id: str, context: str, path: str, what: str) -> None:
    @rule(rule_id, "fatal", context, f"{what} steht nicht genau einmal.",
          "Die Angabe genau einmal machen.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        return len(below(element, path)) == 1


_GUIDELINE = "ram:GuidelineSpecifiedDocumentContextParameter"
_exactly_one("CII-SR-009", CONTEXT, _GUIDELINE, "Die Spezifikation (BT-24)")
_exactly_one("CII-SR-010", CONTEXT, f"{_GUIDELINE}/ram:ID", "Die Kennung der Spezifikation (BT-24)")
_exactly_one("CII-SR-014", "/rsm:ExchangedDocument", "ram:TypeCode", "Die Rechnungsart (BT-3)")
_CHARACTERISTIC = f"{PRODUCT}/ram:ApplicableProductCharacteristic"
_exactly_one("CII-SR-069", _CHARACTERISTIC, "ram:Description", "Der Name des Artikelattributs")
_exactly_one("CII-SR-072", _CHARACTERISTIC, "ram:Value", "Der Wert des Artikelattributs (BT-161)")
_PRICE = "ram:NetPriceProductTradePrice/ram:ChargeAmount"
_exactly_one("CII-SR-439", f"{_LINE}/ram:SpecifiedLineTradeAgreement", _PRICE, "Der Nettopreis")


def _all_alike(rule_id: str, name: str, what: str) -> None:
    @rule(rule_id, "fatal", "/", f"Die Zahlungsanweisungen nennen verschiedene {what}.",
          "Überall dieselbe Angabe machen.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        means = everywhere(element, "ram:SpecifiedTradeSettlementPaymentMeans", name)
        return len({trimmed(each) for each in means}) <= 1


_all_alike("CII-SR-467", "ram:TypeCode", "Zahlungsarten (BT-81)")
_all_alike("CII-SR-468", "ram:Information", "Texte zur Zahlungsart (BT-82)")


@rule("CII-SR-469", "fatal", "/", "Der Verwendungszweck (BT-83) steht mehrfach.",
      "Nur einen Verwendungszweck angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    parent = "ram:ApplicableHeaderTradeSettlement"
    return len(everywhere(element, parent, "ram:PaymentReference")) <= 1


# Parties


def _one_kind_of_id(rule_id: str, context: str, party: str, who: str) -> None:
    @rule(rule_id, "warning", context, f"{who} hat zwei Arten von Kennungen.",
          "Entweder ram:ID oder ram:GlobalID angeben.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        return not (has(element, f"{party}/ram:ID") and has(element, f"{party}/ram:GlobalID"))


_one_kind_of_id("CII-SR-449", DELIVERY, "ram:ShipToTradeParty", "Der Lieferort (BT-71)")
_one_kind_of_id("CII-SR-450", AGREEMENT, "ram:BuyerTradeParty", "Der Erwerber (BT-46)")
_one_kind_of_id("CII-SR-451", SETTLEMENT, "ram:PayeeTradeParty", "Der Zahlungsempfänger (BT-60)")


def _person_or_department(rule_id: str, party: str, who: str) -> None:
    @rule(rule_id, "warning", AGREEMENT, f"Der Ansprechpartner des {who} ist doppelt benannt.",
          "Entweder ram:PersonName oder ram:DepartmentName angeben.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        contact = f"{party}/ram:DefinedTradeContact"
        both = (f"{contact}/ram:PersonName", f"{contact}/ram:DepartmentName")
        return not all(has(element, path) for path in both)


_person_or_department("CII-SR-465", "ram:SellerTradeParty", "Verkäufers (BT-41)")
_person_or_department("CII-SR-466", "ram:BuyerTradeParty", "Erwerbers (BT-56)")


# References


def _of_type(element: etree._Element, code: str, *, trim: bool = False) -> list[etree._Element]:
    read = trimmed if trim else text
    references = below(element, "ram:AdditionalReferencedDocument")
    return [r for r in references if code in {read(each) for each in below(r, "ram:TypeCode")}]


def _one_of_type(rule_id: str, context: str, code: str, what: str, *, trim: bool) -> None:
    @rule(rule_id, "warning", context, f"{what} steht mehrfach.",
          f"Nur eine Referenz mit dem Typ {code} angeben.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        return len(_of_type(element, code, trim=trim)) <= 1


_one_of_type("CII-SR-457", AGREEMENT, "50", "Die Vergabenummer (BT-17)", trim=False)
_one_of_type("CII-SR-458", AGREEMENT, "130", "Das abgerechnete Objekt (BT-18)", trim=False)
_one_of_type("CII-SR-474", f"{_LINE}/ram:SpecifiedLineTradeSettlement", "130",
             "Das abgerechnete Objekt der Position (BT-128)", trim=True)  # fmt: skip


def _once_a_paper(rule_id: str, name: str, what: str) -> None:
    @rule(rule_id, "warning", AGREEMENT, f"{what} steht mehr als einmal.",
          "Bei den Unterlagen (Typ 916) nur einmal angeben.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        papers = _of_type(element, "916", trim=True)
        return sum(len(below(each, name)) for each in papers) <= 1


_once_a_paper("CII-SR-475", "ram:Name", "Die Beschreibung der Unterlage (BT-123)")
_once_a_paper("CII-SR-476", "ram:AttachmentBinaryObject", "Der Anhang (BT-125)")


def _only_with_type(rule_id: str, name: str, codes: frozenset[str], text_: str) -> None:
    @rule(rule_id, "fatal", "//*ReferencedDocument", text_,
          f"{name} weglassen oder den richtigen Typ angeben.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        if not has(element, name):
            return True
        is_additional = element.tag == clark("ram:AdditionalReferencedDocument")
        return is_additional and not codes.isdisjoint(texts(element, "ram:TypeCode"))


_PAPER = frozenset({"916"})
_ONLY_PAPERS = "Die Angabe kommt nur bei rechnungsbegründenden Unterlagen (Typ 916) vor."
_only_with_type("CII-DT-015", "ram:URIID", _PAPER, _ONLY_PAPERS)
_only_with_type("CII-DT-021", "ram:Name", _PAPER, _ONLY_PAPERS)
_only_with_type("CII-DT-022", "ram:AttachmentBinaryObject", _PAPER, _ONLY_PAPERS)
_only_with_type("CII-DT-018", "ram:TypeCode", frozenset({"50", "130", "916"}),
                "Der Typ der Referenz ist nicht vorgesehen.")  # fmt: skip
_only_with_type("CII-DT-024", "ram:ReferenceTypeCode", frozenset({"130"}),
                "Die Angabe kommt nur beim abgerechneten Objekt (Typ 130) vor.")  # fmt: skip


@rule("CII-DT-027", "fatal", "//*ReferencedDocument", "Nur eine frühere Rechnung hat hier ein "
      "Datum (BT-26).", "ram:FormattedIssueDateTime weglassen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    is_invoice = element.tag == clark("ram:InvoiceReferencedDocument")
    return is_invoice or not has(element, "ram:FormattedIssueDateTime")


# Lines


@rule("CII-SR-046", "fatal", PRODUCT, "Bei der Artikelnummer (BT-157) fehlt das Schema.",
      "Das Attribut schemeID ergänzen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    ids = below(element, "ram:GlobalID")
    return not ids or any(each.get("schemeID") is not None for each in ids)


@rule("CII-SR-090", "fatal", PRODUCT, "Beim Ursprungsland (BT-159) steht nicht genau ein Code.",
      "Genau einen Ländercode angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    country = "ram:OriginTradeCountry"
    return not has(element, country) or len(below(element, f"{country}/ram:ID")) == 1


@rule("CII-SR-119", "warning", f"{_LINE}/ram:SpecifiedLineTradeAgreement",
      "Der Preisnachlass (BT-147) ist unvollständig oder ein Zuschlag.",
      "Betrag und ChargeIndicator false zusammen angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    allowance = "ram:GrossPriceProductTradePrice/ram:AppliedTradeAllowanceCharge"
    amount = has(element, f"{allowance}/ram:ActualAmount")
    indicator = f"{allowance}/ram:ChargeIndicator"
    if not has(element, indicator):
        return not amount
    stated = texts(element, f"{indicator}/udt:Indicator")
    return amount and any(each.strip() in {"false", "0"} for each in stated)


@rule("CII-SR-454", "warning", f"{_LINE}/ram:SpecifiedLineTradeSettlement",
      "Die Position hat nicht genau eine Umsatzsteuerkategorie (BT-151).",
      "Bei jeder Position genau eine Kategorie angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len(below(element, "ram:ApplicableTradeTax")) == 1


@rule("CII-SR-463", "fatal", "//ram:SpecifiedTradeAllowanceCharge",
      "Es fehlt, ob dies ein Nachlass oder ein Zuschlag ist.",
      "ram:ChargeIndicator angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return has(element, "ram:ChargeIndicator")


_OTHER_UNITS = etree.XPath(
    "boolean(//*[@unitCode and not(self::ram:BilledQuantity)]"
    "[substring(local-name(), string-length(local-name()) - 7) = 'Quantity'])",
    namespaces={"ram": NAMESPACES["ram"]},
)


@rule("CII-DT-033", "fatal", "/", "Eine Menge hat eine Einheit, aber keine fakturierte Menge hat "
      "eine (BT-130).", "unitCode bei der fakturierten Menge angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    """Asked once: the standard's test looks at all lines, whichever quantity it is asked of."""
    lines = below(element, f"{_LINE.strip('/')}/ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")
    if any(each.get("unitCode") is not None for each in lines):
        return True
    return not _OTHER_UNITS(element)


# Payment, tax and dates


@rule("CII-SR-462", "fatal", SETTLEMENT, "Die Steuern nennen verschiedene Codes für den Zeitpunkt "
      "der Steuerfälligkeit (BT-8).", "Überall denselben Code angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    codes = everywhere(element, "ram:ApplicableTradeTax", "ram:DueDateTypeCode")
    return len({text(each) for each in codes}) <= 1


@rule("CII-SR-470", "fatal", SETTLEMENT, "Zur Überweisung fehlt das Konto (BT-84).",
      "IBAN oder Kontonummer des Empfängers angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    account = "ram:PayeePartyCreditorFinancialAccount"
    return all(
        has(means, f"{account}/ram:IBANID") or has(means, f"{account}/ram:ProprietaryID")
        for means in below(element, "ram:SpecifiedTradeSettlementPaymentMeans")
        if {"30", "58"} & {trimmed(code) for code in below(means, "ram:TypeCode")}
    )


def _no_attribute(rule_id: str, name: str) -> None:
    @rule(rule_id, "fatal", "//*Amount", f"Das Attribut {name} kommt nur bei Steuersummen vor.",
          f"{name} weglassen; die Währung steht in ram:InvoiceCurrencyCode.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        return element.tag == clark("ram:TaxTotalAmount") or element.get(name) is None


_no_attribute("CII-DT-031", "currencyID")
_no_attribute("CII-DT-032", "currencyCodeListVersionID")


@rule("CII-DT-037", "fatal", "//*TradeTax", "Die Steuerart ist nicht VAT (Umsatzsteuer).",
      "Nur Umsatzsteuer mit dem Code VAT angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    kinds = texts(element, "ram:TypeCode")
    return not kinds or "VAT" in kinds


def _only_in_settlement(rule_id: str, name: str) -> None:
    @rule(rule_id, "warning", "//*TradeTax", "Die Angabe kommt nur in der Steueraufschlüsselung "
          "der Rechnung vor.", f"{name} hier weglassen.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        if not has(element, name):
            return True
        header = clark("ram:ApplicableHeaderTradeSettlement")
        return next(element.iterancestors(header), None) is not None


_only_in_settlement("CII-DT-041", "ram:BasisAmount")
_only_in_settlement("CII-DT-054", "ram:TaxPointDate")
_only_in_settlement("CII-DT-058", "ram:DueDateTypeCode")


def _only_where_it_applies(rule_id: str, name: str) -> None:
    @rule(rule_id, "warning", "//*TradeTax", "Ein Befreiungsgrund steht nur bei der "
          "Steueraufschlüsselung (BT-120, BT-121).", f"{name} hier weglassen.")  # fmt: skip
    def _(element: etree._Element) -> bool:
        return element.tag == clark("ram:ApplicableTradeTax") or not has(element, name)


_only_where_it_applies("CII-DT-052", "ram:ExemptionReasonCode")
_only_where_it_applies("CII-DT-098", "ram:ExemptionReason")

_DAY = re.compile(r"\s*\d{4}(1[0-2]|0[1-9])(3[01]|[12][0-9]|0[1-9])\s*", re.ASCII)


@rule("CII-DT-097", "fatal", "//udt:DateTimeString", "Das Datum ist nicht von der Form JJJJMMTT.",
      "Das Datum im Format 102 angeben, zum Beispiel 20261231.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return element.get("format") != "102" or bool(_DAY.fullmatch(text(element)))
