"""The hand-over to the booking system: a canonical JSON file out, `gebucht` or `abgewiesen` back.

Invariant: the same order makes the same bytes, so a repeated write is recognised; a report is
applied once, however often it comes. `booking_id` names instance and round: after `abgewiesen` a
new order makes a new round.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any, Literal

from invoice.skonto import skonti
from processes.rechnungseingang import receipts
from processes.rechnungseingang.dates import skonto_until
from processes.rechnungseingang.errors import (
    BookingContradicts,
    NotWaitingForBooking,
)
from processes.rechnungseingang.examination import EURO
from storage.database import Row, Transaction

FORMAT = "amtsgang-booking-1"
MEDIA_TYPE = "application/json"
REFUNDS = ("absetzung", "annahme")
"""Orders in our favour: their amounts are positive in this direction."""
Result = Literal["gebucht", "abgewiesen"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What the file cites of one signature. `person` is an id, never a name."""

    kind: str
    person: str
    on_behalf_of: str | None
    befugnis: str | None
    wording: str
    content_hash: str
    at: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the booking system reports. `booking_id` None means the round that is waiting."""

    result: Result
    voucher: str | None = None
    booked_on: date | None = None
    reason: str | None = None
    booking_id: str | None = None


def booking_id(invoice: str, round_number: int) -> str:
    return f"{invoice}-{round_number}"


def canonical(content: Mapping[str, object]) -> bytes:
    """Sorted keys, no blanks, UTF-8, amounts as text: equal content is equal bytes."""
    return json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    ).encode()


def booking_file(
    receipt: Row,
    *,
    kreditor: str | None,
    round_number: int,
    geschaeftszeichen: str,
    kind: str,
    amount: Decimal,
    lines: Sequence[Mapping[str, object]],
    signatures: Sequence[Signature],
    reason: str | None,
) -> bytes:
    """What the booking system needs, and nothing of the person who is paid beyond that."""
    terms = skonti(receipt.payment_terms) if kind not in REFUNDS else ()
    return canonical(
        {
            "format": FORMAT,
            "booking_id": booking_id(receipt.id, round_number),
            "geschaeftszeichen": geschaeftszeichen,
            "unit": receipt.unit,
            "invoice": {
                "number": receipt.number,
                "issued_on": receipt.issued_on,
                "type_code": receipt.type_code,
                "seller": receipt.seller,
                "seller_key": receipt.seller_key,
                "amount_due": receipt.amount_due,
                "currency": receipt.currency,
                "stated_amount": receipt.stated_amount,
                "stated_currency": receipt.stated_currency,
                "sha256": receipt.sha256,
                "document_version": receipt.version,
                "received_at": receipt.received_at,
            },
            "order": {
                "kind": kind,
                "amount": amount,
                "kreditor": kreditor,
                "payee": receipt.payee if kind == "auszahlung" else None,
                "iban": receipt.iban if kind == "auszahlung" else None,
                "remittance": receipt.remittance or receipt.number,
                "due_on": receipt.due_on,
                "due_source": receipt.due_source,
                "skonto": [
                    {
                        "percent": term.percent,
                        "base": term.base,
                        "base_currency": term.base and (receipt.stated_currency or EURO),
                        "until": skonto_until(term, receipt.issued_on),
                    }
                    for term in terms
                ],
                "reason": reason,
            },
            "posting_lines": [dict(line) for line in lines],
            "signatures": [
                {name: getattr(each, name) for name in Signature.__dataclass_fields__}
                for each in signatures
            ],
        }
    )


TABLE_MEDIA_TYPE = "text/csv"
_OF_ORDER = ("kind", "kreditor", "payee", "iban", "remittance", "due_on")
_OF_INVOICE = ("number", "issued_on", "seller", "currency")
_OF_LINE = ("haushaltsjahr", "produkt", "sachkonto", "kostenstelle", "steuerkennzeichen")
_AMOUNTS = ("betrag", "steuerbetrag")
_OF_TERM = ("percent", "until", "base", "base_currency")
_TERMS = 2
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def booking_table(content: bytes) -> bytes:
    """The same order as CSV (RFC 4180, UTF-8, semicolons): a line for each posting line.

    `content` is what `booking_file` gave. A text that a spreadsheet would take for a formula is
    put behind an apostrophe: names and references are strangers' words.
    """
    said = json.loads(content)
    out = StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    head = ("booking_id", "geschaeftszeichen", "unit", *_OF_ORDER, *_OF_INVOICE, "line", *_OF_LINE)
    terms = (f"skonto_{n}_{name}" for n in range(1, _TERMS + 1) for name in _OF_TERM)
    table.writerow((*head, *_AMOUNTS, *terms))
    shared = [said["booking_id"], said["geschaeftszeichen"], said["unit"]]
    shared += [said["order"].get(name) for name in _OF_ORDER]
    shared += [said["invoice"][name] for name in _OF_INVOICE]
    for number, line in enumerate(said["posting_lines"], start=1):
        cells = [*shared, number, *(line.get(name) for name in _OF_LINE)]
        amounts = (line.get(name) for name in _AMOUNTS)
        table.writerow([*(cell(each) for each in cells), *amounts, *_terms(said)])
    return out.getvalue().encode()


def _terms(said: Mapping[str, Any]) -> Iterator[str | None]:
    """The first Skonti as cells; all of them stand in the JSON file."""
    stated = said["order"]["skonto"]
    for n in range(_TERMS):
        yield from (stated[n].get(name) if n < len(stated) else None for name in _OF_TERM)


def cell(value: object) -> str:
    """A cell of a table that people open in a spreadsheet."""
    text = "" if value is None else " ".join(str(value).split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def apply(tx: Transaction, invoice: str, said: Acknowledgement) -> bool:
    """Note the report on the invoice's row; False when this very report was noted before.

    The caller delivers the message to the instance, in the same transaction, only on True.
    """
    row = receipts.locked(tx, invoice)
    current = booking_id(invoice, row.booking_round)
    if said.booking_id is not None and said.booking_id != current:
        # An earlier round can only have been rejected: hearing so again changes nothing.
        if said.result == "abgewiesen" and _is_earlier(said.booking_id, row):
            return False
        raise BookingContradicts(f"Erwartet wird die Rückmeldung zu {current}.")
    if row.booking_result is not None:
        if row.booking_result == said.result and _same_voucher(row, said):
            return False
        raise BookingContradicts(f"Gemeldet ist schon „{row.booking_result}“ ({row.voucher}).")
    if row.booking_file is None:
        raise NotWaitingForBooking("Zu dieser Rechnung ist noch keine Buchungsdatei geschrieben.")
    if said.booking_id is None and row.booking_round > 1:
        # It may be about an earlier round: it says nothing of what was ordered since.
        raise BookingContradicts(f"Bitte die booking_id nennen; offen ist {current}.")
    receipts.change(
        tx,
        invoice,
        booking_result=said.result,
        voucher=said.voucher,
        booked_on=said.booked_on,
        booking_reason=said.reason,
    )
    return True


def _same_voucher(row: Row, said: Acknowledgement) -> bool:
    return bool(row.voucher == said.voucher and row.booked_on == said.booked_on)


def _is_earlier(reported: str, row: Row) -> bool:
    return reported in {booking_id(row.id, n) for n in range(1, row.booking_round)}


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
