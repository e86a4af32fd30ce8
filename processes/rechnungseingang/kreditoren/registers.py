"""The supplier master on its pages: Kreditoren, and the accounts that two persons confirm.

Invariant: the rules stand in `master` and `accounts`; these pages only ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bpmn.german import format_german_date
from bpmn.values import decode
from eakte.readlog import record_access
from identity.persons import display_names
from identity.principal import Principal
from invoice.documents import invoice_in
from invoice.errors import InvoiceError
from invoice.model import Invoice
from processes.package import Field, Occasion, Register, RowAct, Search, Sheet
from processes.rechnungseingang import receipts
from processes.rechnungseingang.errors import KreditorUnknown
from processes.rechnungseingang.kreditoren import accounts, suppliers
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.master import IDENTIFYING, LABELS, Kreditor
from processes.rechnungseingang.kreditoren.table import export_table, import_table, last_import
from processes.rechnungseingang.letters import templates
from storage.database import Row, Transaction
from storage.ledger import Entry, entries

if TYPE_CHECKING:
    from processes.house import House

_STATES = {
    accounts.PROPOSED: "vorgeschlagen",
    accounts.CONFIRMED: "bestätigt",
    accounts.REMOVED: "entfernt",
}
_KINDS = {
    "kreditor.created": "angelegt",
    "kreditor.changed": "geändert",
    "kreditor.chosen": "für eine Rechnung gewählt",
    "kreditor.account.proposed": "Konto vorgeschlagen",
    "kreditor.account.confirmed": "Konto bestätigt",
    "kreditor.account.removed": "Konto entfernt",
    "kreditor.account.doubted": "Konto neu zu bestätigen",
}
MOST_TOLD = 200


def _in_words(each: Kreditor) -> Mapping[str, str]:
    texts = {name: str(getattr(each, name) or "") for name in LABELS}
    state = "gesperrt" if each.blocked else "ohne Nummer" if not each.number else "in Ordnung"
    return {
        **texts,
        "id": each.id,
        "stand": str(each.stand),
        "valid_from": format_german_date(each.valid_from),
        "called": each.called,
        "state": state,
    }


def _find(tx: Transaction, text: str, limit: int, offset: int) -> list[Mapping[str, str]]:
    return [_in_words(each) for each in kreditoren.find(tx, text, limit, offset)]


def _row(tx: Transaction, key: str) -> Mapping[str, str] | None:
    try:
        return _in_words(kreditoren.kreditor(tx, key))
    except KreditorUnknown:
        return None


def _put(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> str:
    """Add one, with its first account as a proposal, or change the one with that id."""
    values = {name: text for name, text in given.items() if name in LABELS}
    if kreditor_id := given.get("id"):
        stand = given.get("stand", "")
        seen = int(stand) if stand.isdecimal() and len(stand) < 19 else None
        changed = kreditoren.change(tx, principal, kreditor_id, values, seen)
        if changed & IDENTIFYING:
            accounts.doubt(tx, principal, kreditor_id)
        return kreditor_id
    kreditor_id = kreditoren.create(tx, principal, {n: text for n, text in values.items() if text})
    if iban := given.get("iban"):
        reason = given.get("account_reason") or "Bei der Anlage angegeben"
        bic = given.get("bic", "")
        accounts.propose(tx, principal, kreditor_id, iban=iban, bic=bic, reason=reason)
    return kreditor_id


def _beside(house: House, tx: Transaction, principal: Principal, key: str) -> str:  # noqa: ARG001
    """The Kreditor as a whole: data, accounts, others like it, history."""
    found = kreditoren.kreditor(tx, key)
    record_access(tx, principal, "read", "kreditor", found.id)
    held = accounts.accounts(tx, [key])
    told = list(entries(tx, key, after=max(0, found.stand - MOST_TOLD)))
    people = (
        {e.actor for e in told} | {r.confirmed_by for r in held} | {r.proposed_by for r in held}
    )
    names = display_names(tx, {each for each in people if each})
    return templates.get_template("kreditor.html").render(
        kreditor=found,
        labels=LABELS,
        words=_in_words(found),
        accounts=held,
        states=_STATES,
        names=names,
        twins=kreditoren.twins(tx, found),
        history=[_told(each, names) for each in reversed(told)],
        most=MOST_TOLD,
    )


def _told(entry: Entry, names: Mapping[str, str]) -> Mapping[str, object]:
    values = decode(entry.values) if entry.values is not None else {}
    assert isinstance(values, dict), "as kreditoren.record wrote it"
    changes = [
        f"{LABELS[name]}: {_change(each)}"
        for name, each in values.items()
        if name in LABELS and isinstance(each, list)
    ]
    if "iban" in values:
        changes = [f"{values['iban']} ({values.get('reason')})"]
    return {
        "at": entry.at,
        "what": _KINDS.get(entry.kind, entry.kind),
        "who": names.get(entry.actor, "unbekannt"),
        "changes": ["nicht mehr lesbar"] if entry.redacted else changes,
    }


def _change(each: Sequence[object]) -> str:
    before, after = each
    return f"{after or 'leer'}" if before is None else f"{before} → {after or 'leer'}"


def _occasion(house: House, tx: Transaction, principal: Principal, wanted: str) -> Occasion | None:
    """The invoice that the Kreditor is wanted for."""
    row = receipts.find(tx, wanted)
    if row is None or not suppliers.may_choose(tx, principal, row):
        return None
    record_access(tx, principal, "read", "invoice", row.id, akte=row.akte, purpose="Kreditor")
    number = f"Rechnung {row.number}" if row.number else "Rechnung ohne Nummer"

    def take(tx: Transaction, principal: Principal, key: str) -> None:
        suppliers.choose(tx, principal, row.id, key)

    about = f"Gesucht ist der Kreditor zu: {number} von {row.seller or 'unbekannt'}."
    return Occasion(about, given_by(_invoice_in(house, tx, row), row), take)


def given_by(invoice: Invoice | None, row: Row) -> dict[str, str]:
    """What the invoice says of its seller, as the form for a new Kreditor takes it."""
    given = {
        "name": row.seller,
        "vat_id": row.seller_vat_id,
        "tax_number": row.seller_tax_number,
        "registration_id": row.seller_registration,
        "city": row.seller_city,
        "iban": row.iban,
        "account_reason": f"Laut Rechnung {row.number or row.id}" if row.iban else None,
    }
    if invoice is not None:
        endpoint, address = invoice.seller.endpoint, invoice.seller.address
        if endpoint is not None and endpoint.value:
            mail = endpoint.scheme in {None, "EM"}
            given["electronic_address"] = (
                endpoint.value if mail else f"{endpoint.scheme}:{endpoint.value}"
            )
        if address is not None:
            given |= {"street": address.line1, "post_code": address.post_code}
            given |= {"country": address.country}
        if invoice.account is not None and row.iban == invoice.iban:
            given["bic"] = invoice.account.bic
    return {name: " ".join(text.split())[:200] for name, text in given.items() if text}


def _invoice_in(house: House, tx: Transaction, row: Row) -> Invoice | None:
    try:
        return invoice_in(house.blobs.read(tx, row.blob_id))
    except InvoiceError:
        return None


def _find_accounts(tx: Transaction, text: str, limit: int, offset: int) -> list[Mapping[str, str]]:
    rows = accounts.find(tx, text, limit, offset)
    people = {each for row in rows for each in (row.proposed_by, row.confirmed_by) if each}
    names = display_names(tx, people)
    return [
        {
            "id": row.id,
            "kreditor": " ".join(filter(None, (row.number, row.name))),
            "iban": row.iban,
            "bic": row.bic or "",
            "reason": row.reason,
            "state": _STATES[row.state],
            "who": ", ".join(
                f"{what} {names.get(who, 'unbekannt')}"
                for what, who in (("von", row.proposed_by), ("bestätigt von", row.confirmed_by))
                if who
            ),
            "batch": row.batch or "",
        }
        for row in rows
    ]


def _put_account(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> str:
    found = kreditoren.kreditor_called(tx, given["kreditor"])
    accounts.propose(
        tx, principal, found.id, iban=given["iban"], bic=given["bic"], reason=given["reason"]
    )
    return found.id


def _waits(row: Mapping[str, str]) -> bool:
    return row["state"] == _STATES[accounts.PROPOSED]


KREDITOREN = Register(
    name="kreditoren",
    title="Kreditoren",
    label="Kreditoren",
    text="Die Lieferanten, wie das HKR-Verfahren sie führt. Eine Rechnung findet ihren Kreditor an "
    "USt-IdNr., Steuernummer, Registernummer, bestätigter Bankverbindung oder Name und Ort. Wer "
    "ändert, was einen Kreditor kenntlich macht, lässt seine Konten neu bestätigen.",
    looking="kreditor.read",
    permission="kreditor.create",
    changing="kreditor.change",
    row_title="called",
    fields=(
        Field("id", "Kennung", listed=False, form="hidden", optional=True),
        Field("stand", "Stand", listed=False, form="hidden", optional=True),
        Field("number", "Nummer", "von der Buchhaltung; leer, bis es eine gibt", optional=True),
        Field("name", "Name"),
        Field("vat_id", "USt-IdNr.", optional=True),
        Field("tax_number", "Steuernummer", listed=False, optional=True),
        Field("registration_id", "Registernummer", "wie HRB 1234", listed=False, optional=True),
        Field(
            "electronic_address",
            "Elektronische Adresse",
            "E-Mail, oder Schema:Adresse",
            listed=False,
            optional=True,
        ),
        Field("street", "Straße", listed=False, optional=True),
        Field("post_code", "PLZ", listed=False, optional=True),
        Field("city", "Ort", optional=True),
        Field("country", "Land", "zwei Buchstaben wie DE", listed=False, optional=True),
        Field("sachkonto", "Übliches Sachkonto", "als Vorschlag", listed=False, optional=True),
        Field("kostenstelle", "Übliche Kostenstelle", "als Vorschlag", listed=False, optional=True),
        Field("payment_terms", "Zahlungsbedingungen", listed=False, optional=True),
        Field("valid_from", "Gültig ab", "leer: ab heute", listed=False, optional=True),
        Field(
            "blocked",
            "Gesperrt, weil",
            "leer: nicht gesperrt; sonst wird nichts zur Zahlung angeordnet",
            listed=False,
            optional=True,
        ),
        Field("state", "Stand", form="never"),
        Field(
            "iban", "IBAN", "wird vorgeschlagen, eine andere Person bestätigt sie",
            listed=False, form="new", optional=True,
        ),
        Field("bic", "BIC", listed=False, form="new", optional=True),
        Field(
            "account_reason", "Woher das Konto bekannt ist", listed=False, form="new", optional=True
        ),
    ),
    rows=lambda tx: _find(tx, "", 1000, 0),
    put=_put,
    search=Search("Nummer, Name, Ort, USt-IdNr., Steuernummer oder IBAN", _find, _row),
    sheet=Sheet(
        "Ein Kreditor je Zeile, weitere Konten in weiteren Zeilen mit denselben Angaben. "
        "Übernommen wird die ganze Datei oder nichts; dieselbe Datei noch einmal ändert nichts. "
        "Wer nicht darin steht, bleibt. Konten warten danach auf die Bestätigung einer anderen "
        "Person.",
        "kreditor.change",
        export_table,
        import_table,
        last_import,
    ),
    beside=_beside,
    occasion=_occasion,
)  # fmt: skip

ACCOUNTS = Register(
    name="bankverbindungen",
    title="Bankverbindungen der Kreditoren",
    text="Eine Person schlägt ein Konto vor und sagt, wie sie es geprüft hat, eine andere "
    "bestätigt es. Nur bestätigte Konten, und solche, auf die schon gezahlt wurde, lösen keine "
    "Warnung aus. Wer eine Rechnung feststellt, darf ihr Konto nicht bestätigt haben.",
    looking="kreditor.read",
    permission="kreditor.create",
    row_title="iban",
    changes=False,
    fields=(
        Field("id", "Kennung", listed=False, form="never"),
        Field("kreditor", "Kreditor", "seine Nummer oder Kennung"),
        Field("iban", "IBAN"),
        Field("bic", "BIC", optional=True, listed=False),
        Field("reason", "Wie geprüft", "zum Beispiel: Rückruf unter der bekannten Nummer, mit wem"),
        Field("state", "Stand", form="never"),
        Field("who", "Von wem", form="never"),
    ),
    rows=lambda tx: _find_accounts(tx, "", 1000, 0),
    put=_put_account,
    search=Search("IBAN, Name oder Nummer des Kreditors", _find_accounts, lambda _tx, _key: None),
    acts=(
        RowAct("bestaetigen", "Bestätigen", "kreditor.confirm", _waits, accounts.confirm),
        RowAct(
            "import",
            "Ganzen Import bestätigen",
            "kreditor.confirm",
            lambda row: _waits(row) and bool(row["batch"]),
            accounts.confirm_import,
        ),
        RowAct(
            "entfernen",
            "Entfernen",
            "kreditor.confirm",
            lambda row: row["state"] != _STATES[accounts.REMOVED],
            accounts.remove,
        ),
    ),
)
