"""What the form for a "sonstige Rechnung" holds at first: the head as the XML in its PDF has it.

Invariant: it is a suggestion. ZUGFeRD MINIMUM and BASIC WL are no invoices in law; nothing of them
counts until a person has compared it with the image and sent it. What cannot be taken over as it
stands, such as an amount in another currency, is left empty and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpmn.values import Variables
from eakte.access import may
from eakte.tables import vorgang
from identity.principal import Principal
from invoice.documents import Document, read_document
from processes.rechnungseingang import receipts
from processes.rechnungseingang.amounts import german
from processes.rechnungseingang.examination import EURO, currency_of
from processes.rechnungseingang.heads import head_of
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House

NODE = "rechnung_klaeren"


@dataclass(frozen=True, slots=True)
class Prefilled:
    """The fields of the form by key, where they come from, and what was left out."""

    values: Variables
    profile: str
    left_out: str | None = None


def prefilled(row: Row, document: Document) -> Prefilled | None:
    """What the file says of its head; None where it says nothing, or a person has typed already."""
    if document.stated is None or row.number is not None:
        return None
    head, currency = head_of(document.stated, row.received_at), currency_of(document.stated)
    in_euro = currency == EURO
    values: Variables = {
        "lieferant": head.seller,
        "lieferant_kennung": head.seller_vat_id or head.seller_tax_number,
        "rechnungsnummer": head.number,
        "rechnungsdatum": head.issued_on,
        "betrag": f"{head.amount_due:.2f}" if in_euro and head.amount_due is not None else None,
        "faellig_am": document.stated.due_date,
        "zahlungsempfaenger": head.payee if head.payee != head.seller else None,
        "iban": head.iban,
        "leitweg_eingabe": head.leitweg_id,
    }
    left_out = None
    if not in_euro and head.amount_due is not None:
        left_out = f"Der Betrag lautet auf {german(head.amount_due, currency)}: bitte umrechnen."
    given: Variables = {name: value for name, value in values.items() if value is not None}
    return Prefilled(given, document.profile or "", left_out)


def task_values(house: House, tx: Transaction, principal: Principal, task: Any) -> Variables:
    """For a task whose form the principal fills in; nothing for who may not read the invoice."""
    if task.node != NODE or task.closed_at is not None:
        return {}
    row = receipts.find(tx, task.instance_id)
    if row is None or row.vorgang is None or row.number is not None:
        return {}
    if not may(tx, principal, vorgang, row.vorgang, "content"):
        return {}
    found = prefilled(row, read_document(house.blobs.read(tx, row.blob_id)))
    return found.values if found is not None else {}
