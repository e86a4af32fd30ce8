"""BR-B: split payment, a VAT category (B) of Italian domestic invoices alone.

Both rules ask for codes wherever they stand, so they look at the source.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from invoice.cii_parties import NAMES as CII_NAMES
from invoice.model import Invoice
from invoice.rules.rule import FIX, RuleBook, document
from invoice.ubl_parties import NAMES as UBL_NAMES

book = RuleBook()
rule = book.rule

_HINT = (
    "Split Payment (B) ist ein italienisches Verfahren, bei dem der Käufer die Steuer abführt. "
    "Hier gehört eine andere Kategorie hin. " + FIX
)
_CODE, _COUNTRY = UBL_NAMES.tags("cbc:ID")[0], UBL_NAMES.tags("cbc:IdentificationCode")[0]
_OF_CATEGORIES = set(
    UBL_NAMES.tags("cac:TaxCategory") + UBL_NAMES.tags("cac:ClassifiedTaxCategory")
)
_CII_CODE, _CII_COUNTRY = CII_NAMES.tags("ram:CategoryCode")[0], CII_NAMES.tags("ram:CountryID")[0]


def _elements(invoice: Invoice, tag: str) -> Iterator[etree._Element]:
    yield from invoice.elements.get(tag, ())


def _categories(invoice: Invoice) -> set[str]:
    if invoice.syntax == "cii":
        return {each.text or "" for each in _elements(invoice, _CII_CODE)}
    codes = _elements(invoice, _CODE)
    return {each.text or "" for each in codes if _parent_tag(each) in _OF_CATEGORIES}


def _parent_tag(element: etree._Element) -> object:
    above = element.getparent()
    return None if above is None else above.tag


@rule("BR-B-01", document, "breakdown", "Split Payment (B) steht in einer Rechnung, die nicht nur "
      "Italien betrifft.", _HINT, terms="BT-151 BT-95 BT-102")  # fmt: skip
def split_payment_is_italian(invoice: Invoice, _: Invoice) -> bool:
    if "B" not in _categories(invoice):
        return True
    tag = _CII_COUNTRY if invoice.syntax == "cii" else _COUNTRY
    return all(each.text == "IT" for each in _elements(invoice, tag))


@rule("BR-B-02", document, "breakdown", "Split Payment (B) und Normalsatz (S) stehen in einer "
      "Rechnung.", _HINT, terms="BT-151 BT-95 BT-118 BT-102")  # fmt: skip
def split_payment_stands_alone(invoice: Invoice, _: Invoice) -> bool:
    return not {"B", "S"} <= _categories(invoice)
