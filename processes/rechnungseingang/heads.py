"""The head data of an invoice: what lists, gateways, signatures and the booking file need.

Invariant: a head is complete (`is_complete`) before anybody checks the invoice; it comes from the
file, or from a person who typed what the file does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from unicodedata import category

from bpmn.values import Value
from invoice.model import Invoice
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import Due, due
from processes.rechnungseingang.duplicates import seller_key
from processes.rechnungseingang.examination import EURO, currency_of
from storage.database import Row

CARDS = ("48", "54", "55")
DIRECT_DEBIT = ("49", "59")
LONGEST_NUMBER, LONGEST_NAME, LONGEST_TEXT = 200, 500, 4000
LONGEST_IBAN, LONGEST_CODE = 34, 40
"""A file may state texts of any length; the head keeps what indexes and people can bear."""
_OF_SELLER = ("seller_vat_id", "seller_tax_number", "seller_registration", "seller_city")
_VAT_ID = re.compile(r"[A-Z]{2}\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """Field names are those of the table `invoice_receipt`."""

    number: str | None
    issued_on: date | None
    type_code: str | None
    seller: str | None
    seller_key: str | None
    amount_due: Decimal | None
    currency: str
    leitweg_id: str | None
    payee: str | None
    iban: str | None
    remittance: str | None
    payment_means: str | None
    payment_terms: str | None
    due: Due
    order_reference: str | None = None
    cost_centre: str | None = None
    preceding: str | None = None
    seller_vat_id: str | None = None
    seller_tax_number: str | None = None
    seller_registration: str | None = None
    seller_city: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there is what nobody can check, pay or find an invoice without."""
        return bool(self.number and self.seller and self.issued_on and self.amount_due is not None)

    def row(self) -> dict[str, object]:
        """The columns of `invoice_receipt`."""
        return {
            "number": self.number,
            "issued_on": self.issued_on,
            "type_code": self.type_code,
            "seller": self.seller,
            "seller_key": self.seller_key,
            "amount_due": None if self.amount_due is None else f"{self.amount_due:.2f}",
            "currency": self.currency,
            "leitweg_id": self.leitweg_id,
            "payee": self.payee,
            "iban": self.iban,
            "remittance": self.remittance,
            "payment_means": self.payment_means,
            "payment_terms": self.payment_terms,
            "due_on": self.due.on,
            "due_source": self.due.source,
            "order_reference": self.order_reference,
            "cost_centre": self.cost_centre,
            "preceding": self.preceding,
            **{name: getattr(self, name) for name in _OF_SELLER},
        }


def head_of(invoice: Invoice, received_at: datetime) -> Head:
    """What the file says."""
    codes = [means.code for means in invoice.payment_means if means.code]
    # One that needs no transfer decides: a debit that we would pay a second time is the dearer
    # mistake.
    means = next((c for c in codes if c in DIRECT_DEBIT + CARDS), codes[0] if codes else None)
    payee = invoice.payee.name if invoice.payee is not None else None
    legal, address = invoice.seller.legal_id, invoice.seller.address
    return Head(
        number=_text(invoice.number, LONGEST_NUMBER),
        issued_on=invoice.issue_date,
        type_code=_text(invoice.type_code, LONGEST_CODE),
        seller=_text(invoice.seller.name, LONGEST_NAME),
        seller_key=seller_key(
            invoice.seller.vat_id, invoice.seller.tax_number, invoice.seller.name
        ),
        amount_due=None if invoice.amount_due is None else parse_amount(invoice.amount_due),
        currency=currency_of(invoice),
        leitweg_id=_text(invoice.leitweg_id, LONGEST_NUMBER),
        payee=_text(payee, LONGEST_NAME) or _text(invoice.seller.name, LONGEST_NAME),
        # One that is too long is none: it is never cut, and a person types the right one.
        iban=invoice.iban if len(invoice.iban or "") <= LONGEST_IBAN else None,
        remittance=_text(invoice.remittance),
        payment_means=_text(means, LONGEST_CODE),
        payment_terms=_text(invoice.payment_terms),
        due=due(invoice.due_date, received_at),
        order_reference=_text(invoice.order, LONGEST_NUMBER),
        cost_centre=_text(invoice.accounting_reference, LONGEST_NUMBER),
        preceding=next((_text(p.number, LONGEST_NUMBER) for p in invoice.preceding), None),
        seller_vat_id=_text(invoice.seller.vat_id, LONGEST_NUMBER),
        seller_tax_number=_text(invoice.seller.tax_number, LONGEST_NUMBER),
        seller_registration=_text(legal.value if legal is not None else None, LONGEST_NUMBER),
        seller_city=_text(address.city if address is not None else None, LONGEST_NAME),
    )


def head_typed(typed: Mapping[str, Value], received_at: datetime) -> Head:
    """What a person typed in the form `rechnung_klaeren` (a "sonstige Rechnung")."""
    seller = _text(typed.get("lieferant"))
    stated = typed.get("faellig_am")
    payable = due(None, received_at) if stated is None else Due(_day(stated), "erfasst")
    known_as = _text(typed.get("lieferant_kennung"))
    is_vat_id = known_as is not None and _VAT_ID.match("".join(known_as.split()).upper())
    vat_id, tax_number = (known_as, None) if is_vat_id else (None, known_as)
    return Head(
        number=_text(typed.get("rechnungsnummer")),
        issued_on=_day(typed["rechnungsdatum"]) if typed.get("rechnungsdatum") else None,
        type_code=None,
        seller=seller,
        seller_key=seller_key(vat_id, tax_number, seller),
        amount_due=parse_amount(typed.get("betrag")),
        currency=EURO,
        leitweg_id=_text(typed.get("leitweg_eingabe")),
        payee=_text(typed.get("zahlungsempfaenger")) or seller,
        iban=iban_typed(typed.get("iban")),
        remittance=None,
        payment_means=None,
        payment_terms=None,
        due=payable,
        seller_vat_id=vat_id,
        seller_tax_number=tax_number,
    )


def head_in(row: Row) -> Head:
    """What the table holds."""
    return Head(
        number=row.number,
        issued_on=row.issued_on,
        type_code=row.type_code,
        seller=row.seller,
        seller_key=row.seller_key,
        amount_due=parse_amount(row.amount_due),
        currency=row.currency or EURO,
        leitweg_id=row.leitweg_id,
        payee=row.payee,
        iban=row.iban,
        remittance=row.remittance,
        payment_means=row.payment_means,
        payment_terms=row.payment_terms,
        due=Due(row.due_on, row.due_source),
        order_reference=row.order_reference,
        cost_centre=row.cost_centre,
        preceding=row.preceding,
        **{name: getattr(row, name) for name in _OF_SELLER},
    )


def iban_typed(value: Value) -> str | None:
    """An IBAN without its blanks; raises ValueError for one whose check digits are wrong."""
    compact = "".join(value.split()).upper() if isinstance(value, str) else ""
    if not compact:
        return None
    moved = compact[4:] + compact[:4]
    known = 15 <= len(compact) <= 34 and compact.isascii() and compact.isalnum()
    if not known or int("".join(str(int(c, 36)) for c in moved)) % 97 != 1:
        raise ValueError(compact)
    return compact


def _text(value: Value, most: int = LONGEST_TEXT) -> str | None:
    """What one sees of it: signs that turn or hide other text are no part of a name or number."""
    if not isinstance(value, str):
        return None
    seen = "".join(c for c in value if c in "\n\t" or category(c) not in {"Cc", "Cf", "Cs"})
    return seen.strip()[:most] or None


def _day(value: Value) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value))
