"""Accounts of the Kreditoren: one person proposes, another confirms; only then are they known.

Invariant: nobody confirms what they (or whom they stand in for) proposed. What was taken out stays
as such until two persons have said otherwise: no import brings it back, and an invoice that names
it raises the alarm.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from identity.access import require
from identity.errors import FourEyesRequired
from identity.principal import Principal
from processes.rechnungseingang.errors import AccountInvalid
from processes.rechnungseingang.heads import iban_typed
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.tables import invoice_kreditor, invoice_kreditor_account
from storage.database import Row, Transaction, for_update

PROPOSED, CONFIRMED, REMOVED = "vorgeschlagen", "bestaetigt", "entfernt"
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


def accounts(tx: Transaction, kreditor_ids: Sequence[str], *states: str) -> list[Row]:
    """Those of these Kreditoren, what was proposed last first."""
    a = invoice_kreditor_account.c
    where = [a.tenant == tx.tenant, a.kreditor.in_(kreditor_ids)]
    if states:
        where.append(a.state.in_(states))
    query = select(invoice_kreditor_account).where(*where)
    return tx.all(query.order_by(a.proposed_at.desc(), a.id)) if kreditor_ids else []


def propose(
    tx: Transaction,
    principal: Principal,
    kreditor_id: str,
    *,
    iban: str,
    reason: str,
    bic: str = "",
    batch: str | None = None,
) -> bool:
    """First pair of eyes; False where it is proposed or confirmed already. An import (`batch`)
    brings nothing back that was taken out."""
    require(principal, "kreditor.create")
    known_iban, known_bic = read_account(iban, bic)
    why = kreditoren.one_line(reason)[:300]
    if not why:
        raise AccountInvalid("Bitte angeben, woher das Konto bekannt und wie es geprüft ist.")
    a = invoice_kreditor_account.c
    same = (a.tenant == tx.tenant, a.kreditor == kreditor_id, a.iban == known_iban)
    found = tx.first(for_update(select(invoice_kreditor_account).where(*same)))
    if found is not None and (found.state != REMOVED or batch is not None):
        return False
    values = {
        **_fresh(principal, tx.now),
        "bic": known_bic,
        "reason": why,
        "batch": batch,
    }
    if found is None:
        key = {"id": f"kk_{secrets.token_hex(12)}", "kreditor": kreditor_id, "iban": known_iban}
        tx.run(insert(invoice_kreditor_account), {"tenant": tx.tenant, **key, **values})
    else:
        tx.run(update(invoice_kreditor_account).where(*same).values(**values))
    told = {"iban": known_iban, "reason": why}
    kreditoren.record(tx, principal, kreditor_id, "kreditor.account.proposed", values=told)
    return True


def confirm(tx: Transaction, principal: Principal, account_id: str) -> None:
    """Second pair of eyes: from now on the account raises no alarm."""
    require(principal, "kreditor.confirm")
    found = _locked(tx, account_id, PROPOSED)
    if principal.identities() & {found.proposed_by, found.proposed_for}:
        raise FourEyesRequired("Wer ein Konto vorschlägt, bestätigt es nicht selbst.")
    who = {"confirmed_by": principal.id, "on_behalf_of": principal.on_behalf_of}
    _set(tx, account_id, state=CONFIRMED, confirmed_at=tx.now, removed_at=None, **who)
    _record(tx, principal, found, "confirmed")


def confirm_import(tx: Transaction, principal: Principal, account_id: str) -> int:
    """All accounts of the import that brought this one, but for those of a Kreditor who has a
    confirmed account already: a change is looked at singly. How many."""
    require(principal, "kreditor.confirm")
    found = _locked(tx, account_id, PROPOSED)
    a = invoice_kreditor_account.c
    if found.batch is None:
        raise AccountInvalid("Dieses Konto kam nicht mit einem Import.")
    of_batch = (a.tenant == tx.tenant, a.batch == found.batch, a.state == PROPOSED)
    having = select(a.kreditor).where(a.tenant == tx.tenant, a.state == CONFIRMED)
    rows = tx.all(select(a.id).where(*of_batch, a.kreditor.not_in(having)))
    if not rows:
        raise AccountInvalid("Jedes dieser Konten ist eine Änderung: bitte einzeln bestätigen.")
    for row in rows:
        confirm(tx, principal, row.id)
    return len(rows)


def remove(tx: Transaction, principal: Principal, account_id: str) -> None:
    """Reject a proposal, or take an account out. One person suffices: it only makes stricter."""
    require(principal, "kreditor.confirm")
    found = _locked(tx, account_id, PROPOSED, CONFIRMED)
    none = {"confirmed_by": None, "on_behalf_of": None, "confirmed_at": None}
    _set(tx, account_id, state=REMOVED, removed_at=tx.now, **none)
    _record(tx, principal, found, "removed")


def doubt(tx: Transaction, principal: Principal, kreditor_id: str) -> int:
    """What identifies the Kreditor has changed: its confirmed accounts are proposals again, each to
    be looked at singly, whatever import once brought them."""
    rows = accounts(tx, [kreditor_id], CONFIRMED)
    for row in rows:
        none = {"confirmed_by": None, "on_behalf_of": None, "confirmed_at": None}
        _set(tx, row.id, batch=None, **_fresh(principal, tx.now), **none)
        _record(tx, principal, row, "doubted")
    return len(rows)


def find(tx: Transaction, text: str = "", limit: int = 100, offset: int = 0) -> list[Row]:
    """Those whose IBAN or Kreditor matches, what waits to be confirmed first."""
    a, k = invoice_kreditor_account.c, invoice_kreditor.c
    query = select(
        invoice_kreditor_account, k.name.label("name"), k.number.label("number"), k.city
    ).join(invoice_kreditor, (k.tenant == a.tenant) & (k.id == a.kreditor))
    query = query.where(a.tenant == tx.tenant)
    for word in kreditoren.words_of(text):
        named = k.words.contains(word) | (k.id == kreditoren.one_line(text))
        query = query.where(a.iban.contains(word.upper()) | named)
    order = (a.state != PROPOSED, a.state, a.proposed_at.desc(), a.id)
    return tx.all(query.order_by(*order).limit(limit).offset(offset))


def read_account(iban: str, bic: str = "") -> tuple[str, str | None]:
    """IBAN and BIC as they are kept; raises `AccountInvalid`."""
    try:
        known = iban_typed(iban)
    except ValueError:
        known = None
    if known is None:
        raise AccountInvalid("Diese IBAN stimmt nicht: bitte die Ziffern prüfen.")
    tight = "".join(bic.split()).upper()
    if tight and not _BIC.fullmatch(tight):
        raise AccountInvalid(f"BIC: „{bic.strip()[:20]}“ hat nicht 8 oder 11 Zeichen.")
    return known, tight or None


def _fresh(principal: Principal, now: datetime) -> dict[str, Any]:
    who = {"proposed_by": principal.id, "proposed_for": principal.on_behalf_of}
    return {"state": PROPOSED, "proposed_at": now, **who}


def _locked(tx: Transaction, account_id: str, *states: str) -> Row:
    found = tx.first(for_update(select(invoice_kreditor_account).where(*_where(tx, account_id))))
    if found is None or found.state not in states:
        raise AccountInvalid("Diese Zeile gibt es so nicht mehr: bitte neu ansehen.")
    return found


def _set(tx: Transaction, account_id: str, **values: object) -> None:
    tx.run(update(invoice_kreditor_account).where(*_where(tx, account_id)).values(**values))


def _record(tx: Transaction, principal: Principal, row: Row, what: str) -> None:
    kind, told = f"kreditor.account.{what}", {"iban": row.iban, "reason": row.reason}
    kreditoren.record(tx, principal, row.kreditor, kind, values=told, proposed_by=row.proposed_by)


def _where(tx: Transaction, account_id: str) -> tuple[Any, Any]:
    a = invoice_kreditor_account.c
    return (a.tenant == tx.tenant, a.id == account_id)
