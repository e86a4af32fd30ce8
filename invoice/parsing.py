"""Bytes to the model, whatever the syntax."""

from __future__ import annotations

from lxml import etree

from invoice import cii, ubl
from invoice.errors import NotAnInvoice
from invoice.model import Invoice
from invoice.reading import read_tree


def parse_invoice(data: bytes) -> Invoice:
    """The invoice in these bytes, unchecked. Raises NotAnInvoice or InvoiceRefused."""
    return read_invoice(read_tree(data))


def read_invoice(root: etree._Element) -> Invoice:
    """The invoice whose root element this is."""
    if root.tag in ubl.ROOTS:
        return ubl.read_ubl(root)
    if root.tag == cii.ROOT:
        return cii.read_cii(root)
    raise NotAnInvoice(f"das oberste Element „{root.tag}“ ist weder UBL noch CII")
