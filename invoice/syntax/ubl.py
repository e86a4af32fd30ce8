"""The rules of the binding to UBL that no row of `ubl.csv` can say.

Comparisons are those of the standard's tests: of texts as they stand, white space included.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from invoice.elements import NAMESPACES, below, clark, has, text, texts
from invoice.syntax.table import SyntaxBook

book = SyntaxBook("ubl")
rule = book.rule

REFERENCE = "//cac:AdditionalDocumentReference"
LINE = "//cac:InvoiceLine | //cac:CreditNoteLine"
OBJECT_TYPE = "130"
"""The code (UNTDID 1001) of a reference that names the invoiced object (BT-18)."""


def anywhere(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return element.iter(clark(name))


def names_object(reference: etree._Element) -> bool:
    return OBJECT_TYPE in texts(reference, "cbc:DocumentTypeCode")


def _of_tax_scheme(element: etree._Element, party: str, *, vat: bool) -> int:
    """Tax numbers of a party in the scheme VAT, or in another."""
    schemes = below(element, f"cac:{party}/cac:Party/cac:PartyTaxScheme")
    return sum(
        len(below(scheme, "cbc:CompanyID"))
        for scheme in schemes
        if any(
            (name.upper() == "VAT") is vat
            for tax in below(scheme, "cac:TaxScheme")
            for name in texts(tax, "cbc:ID") or [""]
        )
    )


# Amounts and attachments


@rule("UBL-DT-01", "fatal", "//*Amount", "Der Betrag hat mehr als zwei Nachkommastellen.",
      "Beträge auf zwei Nachkommastellen runden.")  # fmt: skip
def _(element: etree._Element) -> bool:
    if str(element.tag).endswith("PriceAmount") or len(text(element).partition(".")[2]) <= 2:
        return True
    prices = element.iterancestors(clark("cac:Price"))
    return any(has(price, "cac:AllowanceCharge") for price in prices)


@rule("UBL-DT-06", "fatal", "//*BinaryObject", "Beim eingebetteten Anhang fehlt der Dateityp.",
      "Das Attribut mimeCode ergänzen, zum Beispiel application/pdf.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return element.get("mimeCode") is not None


@rule("UBL-DT-07", "fatal", "//*BinaryObject", "Beim eingebetteten Anhang fehlt der Dateiname.",
      "Das Attribut filename ergänzen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return element.get("filename") is not None


# The document


@rule("UBL-CR-002", "warning", "/", "Die Rechnung nennt eine andere UBL-Version als 2.1.",
      "cbc:UBLVersionID weglassen oder auf 2.1 setzen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    versions = texts(element, "cbc:UBLVersionID")
    return not versions or "2.1" in versions


@rule("UBL-CR-412", "warning", "/", "Das Fälligkeitsdatum steht bei der Zahlungsart.",
      "In einer Rechnung steht es in cbc:DueDate; nur eine Gutschrift nennt es bei der "
      "Zahlungsart.")  # fmt: skip
def _(element: etree._Element) -> bool:
    is_invoice = etree.QName(element).localname == "Invoice"
    return not (is_invoice and has(element, "cac:PaymentMeans/cbc:PaymentDueDate"))


@rule("UBL-SR-12", "fatal", "/", "Der Verkäufer nennt mehr als eine Umsatzsteuer-ID (BT-31).",
      "Nur eine Umsatzsteuer-ID angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return _of_tax_scheme(element, "AccountingSupplierParty", vat=True) <= 1


@rule("UBL-SR-13", "fatal", "/", "Der Verkäufer nennt mehr als eine Steuernummer (BT-32).",
      "Nur eine Steuernummer angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return _of_tax_scheme(element, "AccountingSupplierParty", vat=False) <= 1


@rule("UBL-SR-18", "fatal", "/", "Der Erwerber hat mehr als eine Umsatzsteuer-ID (BT-48).",
      "Nur eine Umsatzsteuer-ID angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return _of_tax_scheme(element, "AccountingCustomerParty", vat=True) <= 1


@rule("UBL-SR-29", "fatal", "/", "Die Gläubiger-Identifikationsnummer (BT-90) steht mehrfach.",
      "Die Nummer mit dem Schema SEPA nur bei einem Beteiligten angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    parties = anywhere(element, "cac:PartyIdentification")
    ids = [each for party in parties for each in below(party, "cbc:ID")]
    return sum(each.get("schemeID", "").upper() == "SEPA" for each in ids) <= 1


@rule("UBL-SR-44", "fatal", "/", "Die Zahlungsarten nennen verschiedene Verwendungszwecke (BT-83).",
      "Überall denselben Verwendungszweck angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len({text(each) for each in anywhere(element, "cbc:PaymentID")}) <= 1


@rule("UBL-SR-47", "fatal", "/", "Die Rechnung nennt verschiedene Zahlungsarten (BT-81).",
      "Alle Zahlungswege mit demselben Code angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len({text(each) for each in anywhere(element, "cbc:PaymentMeansCode")}) <= 1


# References


@rule("UBL-SR-04", "fatal", "/", "Das abgerechnete Objekt (BT-18) steht mehrfach.",
      "Nur eine Referenz mit dem Typ 130 angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    references = below(element, "cac:AdditionalDocumentReference")
    return sum(len(below(each, "cbc:ID")) for each in references if names_object(each)) <= 1


@rule("UBL-SR-43", "fatal", REFERENCE, "Die Referenz hat einen Typ oder ein Schema, das nur dem "
      "abgerechneten Objekt (BT-18) zukommt.", "cbc:DocumentTypeCode und schemeID weglassen, "
      "oder den Typ 130 angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    codes = texts(element, "cbc:DocumentTypeCode")
    root = element.getroottree().getroot()
    if OBJECT_TYPE in codes or ("50" in codes and etree.QName(root).localname == "CreditNote"):
        return True
    return not codes and all(each.get("schemeID") is None for each in below(element, "cbc:ID"))


@rule("UBL-CR-665", "warning", REFERENCE, "Die Kennung einer Unterlage hat ein Schema.",
      "schemeID weglassen; nur das abgerechnete Objekt (Typ 130) hat eines.")  # fmt: skip
def _(element: etree._Element) -> bool:
    codes = texts(element, "cbc:DocumentTypeCode")
    if codes and all(code == OBJECT_TYPE for code in codes):
        return True
    return all(each.get("schemeID") is None for each in below(element, "cbc:ID"))


@rule("UBL-CR-666", "fatal", REFERENCE, "Das abgerechnete Objekt (BT-18) hat einen Anhang.",
      "Den Anhang als eigene Unterlage ohne Typ angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return not (names_object(element) and has(element, "cac:Attachment"))


@rule("UBL-CR-673", "fatal", REFERENCE, "Das abgerechnete Objekt (BT-18) hat eine Beschreibung.",
      "cbc:DocumentDescription bei der Referenz mit Typ 130 weglassen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return not (names_object(element) and has(element, "cbc:DocumentDescription"))


@rule("UBL-SR-07", "fatal", "//cac:BillingReference", "Die frühere Rechnung hat keine Nummer "
      "(BT-25).", "Die Nummer der früheren Rechnung angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return has(element, "cac:InvoiceDocumentReference/cbc:ID")


# Parties


@rule("UBL-SR-42", "fatal", "//cac:AccountingSupplierParty/cac:Party",
      "Der Verkäufer nennt mehr als zwei Steuernummern.",
      "Höchstens eine Umsatzsteuer-ID und eine Steuernummer angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len(below(element, "cac:PartyTaxScheme")) <= 2


@rule("UBL-SR-53", "fatal", "//cac:PartyTaxScheme", "Die Steuernummer oder ihre Art fehlt.",
      "cbc:CompanyID und cac:TaxScheme/cbc:ID zusammen angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return has(element, "cac:TaxScheme/cbc:ID") and has(element, "cbc:CompanyID")


@rule("UBL-SR-51", "fatal", "//cac:PostalAddress | //cac:Address",
      "Die Anschrift hat mehr als eine dritte Zeile.",
      "Nur ein cac:AddressLine angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len(below(element, "cac:AddressLine")) <= 1


def _is_another_than_the_seller(payee: etree._Element) -> bool:
    parent = payee.getparent()
    if parent is None:
        return False
    path = "cac:AccountingSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
    sellers = texts(parent, path)
    return any(name != s for name in texts(payee, "cac:PartyName/cbc:Name") for s in sellers)


_PAYEE_HINT = (
    "Einen Zahlungsempfänger nur angeben, wenn er nicht der Verkäufer ist, und nur einmal."
)


@rule("UBL-SR-19", "fatal", "//cac:PayeeParty", "Der Zahlungsempfänger (BT-59) steht mehrfach oder "
      "ist der Verkäufer.", _PAYEE_HINT)  # fmt: skip
def _(element: etree._Element) -> bool:
    named = len(below(element, "cac:PartyName/cbc:Name"))
    return named <= 1 and _is_another_than_the_seller(element)


@rule("UBL-SR-20", "fatal", "//cac:PayeeParty", "Der Zahlungsempfänger hat mehrere Kennungen "
      "(BT-60) oder ist der Verkäufer.", _PAYEE_HINT)  # fmt: skip
def _(element: etree._Element) -> bool:
    ids = below(element, "cac:PartyIdentification/cbc:ID")
    known = [each for each in ids if each.get("schemeID", "").upper() != "SEPA"]
    return len(known) <= 1 and _is_another_than_the_seller(element)


@rule("UBL-SR-21", "fatal", "//cac:PayeeParty", "Der Zahlungsempfänger hat mehrere "
      "Registernummern (BT-61) oder ist der Verkäufer.", _PAYEE_HINT)  # fmt: skip
def _(element: etree._Element) -> bool:
    numbers = len(below(element, "cac:PartyLegalEntity/cbc:CompanyID"))
    return numbers <= 1 and _is_another_than_the_seller(element)


# Lines, allowances and charges


@rule("UBL-SR-48", "fatal", LINE, "Die Position hat nicht genau eine Umsatzsteuerkategorie "
      "(BT-151).", "Bei jeder Position genau eine Kategorie angeben.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return len(below(element, "cac:Item/cac:ClassifiedTaxCategory")) == 1


def _one_reason(element: etree._Element, indicator: frozenset[str]) -> bool:
    stated = {each.strip() for each in texts(element, "cbc:ChargeIndicator")}
    return not stated & indicator or len(below(element, "cbc:AllowanceChargeReason")) <= 1


@rule("UBL-SR-30", "fatal", "//cac:AllowanceCharge", "Der Nachlass hat mehrere Gründe.",
      "Die Gründe in einem Feld zusammenfassen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return _one_reason(element, frozenset({"false", "0"}))


@rule("UBL-SR-31", "fatal", "//cac:AllowanceCharge", "Der Zuschlag hat mehrere Gründe.",
      "Die Gründe in einem Feld zusammenfassen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return _one_reason(element, frozenset({"true", "1"}))


# Attributes

_NAMED = etree.XPath(
    "boolean(//*[@name and not(self::cbc:PaymentMeansCode)])",
    namespaces={"cbc": NAMESPACES["cbc"]},
)


@rule("UBL-DT-18", "warning", "/", "Das Attribut name kommt nur bei der Zahlungsart vor (BT-82).",
      "Das Attribut name an anderen Stellen weglassen.")  # fmt: skip
def _(element: etree._Element) -> bool:
    return not _NAMED(element)
