"""Beteiligungsschritte: who was asked, who did what, and what exactly they certified.

Invariant: a finished step does not change. It binds the hashes of the document versions it
certifies; when one of them gets a new version, the step and all later signatures of the Vorgang
are voided, which is recorded and shown, never undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert, select, update

from eakte.access import Level, demand
from eakte.errors import HeadDataInvalid, ReasonRequired, StepNotOpen
from eakte.grants import GranteeKind, end_grants, new_grant
from eakte.ids import new_id
from eakte.journal import record
from eakte.readlog import record_access
from eakte.signatures import Bound, bind, void_from
from eakte.tables import (
    akte_grant,
    beteiligungsschritt,
    schritt_bindung,
    vorgang,
)
from eakte.vorgaenge import writable_vorgang
from identity.principal import Principal
from storage.database import Row, Transaction

LONGEST_STEP = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Beteiligung:
    """What a person did, to be recorded.

    `versions`: ids of the versions certified; None: the current version of every Dokument of the
    Vorgang. `content_hash`: SHA-256 in hex over whatever else is certified (posting lines, payee,
    IBAN, due date), computed by the process. `performer`: only where the system records for a
    person whom it has checked itself. `step_id` or `task_id` finish a step that was opened.
    """

    kind: str
    outcome: str
    wording: str | None = None
    remark: str | None = None
    versions: tuple[str, ...] | None = ()
    befugnis: str | None = None
    amount: Decimal | None = None
    content_hash: str | None = None
    task_id: str | None = None
    step_id: str | None = None
    performer: Principal | None = None


@dataclass(frozen=True, slots=True)
class Schritt:
    """A Beteiligungsschritt. A voided one certifies nothing any more; `voided_by` says why."""

    id: str
    akte: str
    vorgang: str
    kind: str
    state: str
    task_id: str | None
    addressee_kind: GranteeKind | None
    addressee: str | None
    due: date | None
    opened_at: datetime
    performer: str | None
    on_behalf_of: str | None
    befugnis: str | None
    outcome: str | None
    wording: str | None
    remark: str | None
    amount: Decimal | None
    content_hash: str | None
    done_at: datetime | None
    voided_at: datetime | None
    voided_reason: str | None
    voided_by: str | None
    bound: tuple[Bound, ...]


def open_step(
    tx: Transaction,
    principal: Principal,
    vorgang_id: str,
    *,
    kind: str,
    addressee_kind: GranteeKind,
    addressee: str,
    due: date | None = None,
    task_id: str | None = None,
    level: Level = "write",
) -> Schritt:
    """Ask a person, group or unit to take part; until the step ends they may see the Vorgang."""
    row = writable_vorgang(tx, principal, vorgang_id)
    step_id = _insert(
        tx,
        row,
        kind,
        state="offen",
        task_id=task_id,
        addressee_kind=addressee_kind,
        addressee=addressee,
        due=due,
    )
    _ask(tx, principal, row, step_id, addressee_kind, addressee, level)
    facts = {
        "vorgang": vorgang_id,
        "schritt": step_id,
        "step_kind": kind,
        "addressee": f"{addressee_kind}:{addressee}",
        "due": due,
        "task": task_id,
    }
    record(tx, principal, row.akte, "schritt.opened", facts)
    return _load(tx, beteiligungsschritt.c.id == step_id)[0]


def record_step(
    tx: Transaction, principal: Principal, vorgang_id: str, step: Beteiligung
) -> Schritt:
    """Record what a person did: finish the step that was opened for it, or add a finished one."""
    row = writable_vorgang(tx, principal, vorgang_id)
    if step.performer is not None and principal.kind != "system":
        raise HeadDataInvalid("Nur das System zeichnet für andere auf.")
    performer = step.performer or principal
    step_id = _pending(tx, vorgang_id, step)
    if step_id is None:
        step_id = _insert(tx, row, step.kind, state="offen", task_id=step.task_id)
    bound = bind(tx, row, step_id, step.versions)
    amount = None if step.amount is None else int((step.amount * 100).to_integral_value())
    facts = {
        "vorgang": vorgang_id,
        "schritt": step_id,
        "step_kind": step.kind,
        "outcome": step.outcome,
        "versions": [f"{each.version}:{each.sha256}" for each in bound] or None,
        "befugnis": step.befugnis,
        "amount_cents": amount,
        "content_hash": step.content_hash,
        "task": step.task_id,
    }
    values = {"wording": step.wording, "remark": step.remark}
    seq = record(tx, performer, row.akte, "schritt.done", facts, values)
    _finish(
        tx,
        step_id,
        state="erledigt",
        performer=performer.id,
        on_behalf_of=performer.on_behalf_of,
        befugnis=step.befugnis,
        outcome=step.outcome,
        wording=step.wording,
        remark=step.remark,
        amount_cents=amount,
        content_hash=step.content_hash,
        done_at=tx.now,
        done_seq=seq,
    )
    _keep_reading(tx, principal, performer, row, step_id)
    return _load(tx, beteiligungsschritt.c.id == step_id)[0]


def skip_step(tx: Transaction, principal: Principal, step_id: str, reason: str) -> Schritt:
    """The step is not needed any more; the reason stays."""
    if not reason.strip():
        raise ReasonRequired("Bitte begründen, warum der Schritt entfällt.")
    row = demand(tx, principal, beteiligungsschritt, step_id, "write")
    writable_vorgang(tx, principal, row.vorgang)
    _require_open(tx, step_id)
    _finish(tx, step_id, state="uebergangen", remark=reason, done_at=tx.now)
    facts = {"vorgang": row.vorgang, "schritt": step_id, "step_kind": row.kind}
    record(tx, principal, row.akte, "schritt.skipped", facts, {"reason": reason})
    return _load(tx, beteiligungsschritt.c.id == step_id)[0]


def readdress_step(
    tx: Transaction,
    principal: Principal,
    step_id: str,
    *,
    addressee_kind: GranteeKind,
    addressee: str,
    level: Level = "write",
) -> Schritt:
    """Ask somebody else (the first one is absent, or wrong): the right moves with the request."""
    row = demand(tx, principal, beteiligungsschritt, step_id, "write")
    parent = writable_vorgang(tx, principal, row.vorgang)
    _require_open(tx, step_id)
    s = beteiligungsschritt.c
    changes = {"addressee_kind": addressee_kind, "addressee": addressee}
    tx.run(
        update(beteiligungsschritt).where(s.tenant == tx.tenant, s.id == step_id).values(**changes)
    )
    end_grants(tx, akte_grant.c.schritt == step_id)
    _ask(tx, principal, parent, step_id, addressee_kind, addressee, level)
    facts = {
        "vorgang": row.vorgang,
        "schritt": step_id,
        "step_kind": row.kind,
        "addressee": f"{addressee_kind}:{addressee}",
    }
    record(tx, principal, row.akte, "schritt.readdressed", facts)
    return _load(tx, s.id == step_id)[0]


def void_step(tx: Transaction, principal: Principal, step_id: str, reason: str) -> list[str]:
    """What the step certified has changed (its content hash): void it and all later ones.

    `reason` is a short code such as `kontierung_changed`, kept in the history for ever.
    """
    row = demand(tx, principal, beteiligungsschritt, step_id, "write")
    writable_vorgang(tx, principal, row.vorgang)
    return void_from(tx, principal, row.akte, row.vorgang, {step_id}, reason, step_id)


def schritte(tx: Transaction, principal: Principal, vorgang_id: str) -> list[Schritt]:
    """The Vorgang's steps in order, voided ones included. Remarks are content."""
    row = demand(tx, principal, vorgang, vorgang_id, "content")
    record_access(tx, principal, "list", "schritte", vorgang_id, akte=row.akte)
    return _load(tx, beteiligungsschritt.c.vorgang == vorgang_id)


def steps_of_instance(tx: Transaction, instance_id: str) -> list[Schritt]:
    """The steps of all Vorgaenge that a process instance has been (Abgabe), without asking for
    rights: for rules that hold wherever it is worked on, never for display."""
    s, v = beteiligungsschritt.c, vorgang.c
    mine = select(v.id).where(v.tenant == tx.tenant, v.instance_id == instance_id)
    return _load(tx, s.vorgang.in_(mine))


def steps_of(tx: Transaction, akte_id: str) -> list[Schritt]:
    """All steps of an Akte, without asking for rights: the export has checked them."""
    return _load(tx, beteiligungsschritt.c.akte == akte_id)


def _pending(tx: Transaction, vorgang_id: str, step: Beteiligung) -> str | None:
    """The open step that this finishes; None if nobody opened one."""
    s = beteiligungsschritt.c
    if step.step_id is not None:
        _require_open(tx, step.step_id, vorgang_id)
        return step.step_id
    if step.task_id is None:
        return None
    query = select(s.id).where(
        s.tenant == tx.tenant,
        s.vorgang == vorgang_id,
        s.task_id == step.task_id,
        s.state == "offen",
    )
    found: str | None = tx.scalar(query)
    return found


def _require_open(tx: Transaction, step_id: str, vorgang_id: str | None = None) -> None:
    found = _load(tx, beteiligungsschritt.c.id == step_id)
    wrong = vorgang_id is not None and bool(found) and found[0].vorgang != vorgang_id
    if not found or wrong or found[0].state != "offen":
        raise StepNotOpen(f"Dieser Schritt ist nicht offen: {step_id}")


def _insert(
    tx: Transaction,
    row: Row,
    kind: str,
    *,
    state: str,
    task_id: str | None = None,
    addressee_kind: str | None = None,
    addressee: str | None = None,
    due: date | None = None,
) -> str:
    step_id = new_id(tx.now)
    values = {
        "tenant": tx.tenant,
        "id": step_id,
        "akte": row.akte,
        "vorgang": row.id,
        "kind": kind,
        "state": state,
        "task_id": task_id,
        "addressee_kind": addressee_kind,
        "addressee": addressee,
        "due": due,
        "opened_at": tx.now,
    }
    tx.run(insert(beteiligungsschritt), values)
    return step_id


def _ask(  # noqa: PLR0917 private
    tx: Transaction,
    principal: Principal,
    row: Row,
    step_id: str,
    addressee_kind: GranteeKind,
    addressee: str,
    level: Level,
) -> None:
    """The right that goes with a request, up to the Vorgang's Vertraulichkeit."""
    new_grant(
        tx,
        principal,
        row.akte,
        vorgang_id=row.id,
        schritt_id=step_id,
        grantee_kind=addressee_kind,
        grantee=addressee,
        level=level,
        ceiling=row.vertraulichkeit,
        until=tx.now + LONGEST_STEP,
        reason="Beteiligung",
    )


def _finish(tx: Transaction, step_id: str, **values: object) -> None:
    s = beteiligungsschritt.c
    tx.run(
        update(beteiligungsschritt).where(s.tenant == tx.tenant, s.id == step_id).values(**values)
    )
    end_grants(tx, akte_grant.c.schritt == step_id)


def _keep_reading(
    tx: Transaction, principal: Principal, performer: Principal, row: Row, step_id: str
) -> None:
    """Who signed may go on reading what they signed, until the Transferfrist ends."""
    if performer.kind != "person":
        return
    new_grant(
        tx,
        principal,
        row.akte,
        vorgang_id=row.id,
        schritt_id=step_id,
        grantee_kind="person",
        grantee=performer.id,
        level="content",
        ceiling=row.vertraulichkeit,
        until=tx.now + LONGEST_STEP,
        reason="Beteiligung",
    )


def _load(tx: Transaction, which) -> list[Schritt]:  # type: ignore[no-untyped-def]
    s, b = beteiligungsschritt.c, schritt_bindung.c
    query = select(beteiligungsschritt).where(s.tenant == tx.tenant, which)
    rows = tx.all(query.order_by(s.opened_at, s.id))
    ids = [row.id for row in rows]
    bound: dict[str, list[Bound]] = {}
    if ids:
        query = select(schritt_bindung).where(b.tenant == tx.tenant, b.schritt.in_(ids))
        for each in tx.all(query.order_by(b.dokument, b.version)):
            bound.setdefault(each.schritt, []).append(
                Bound(each.version, each.dokument, each.sha256)
            )
    return [_schritt(row, tuple(bound.get(row.id, ()))) for row in rows]


def _schritt(row: Row, bound: tuple[Bound, ...]) -> Schritt:
    same = {
        name: getattr(row, name) for name in Schritt.__slots__ if name not in {"amount", "bound"}
    }
    amount = None if row.amount_cents is None else Decimal(row.amount_cents).scaleb(-2)
    return Schritt(**same, amount=amount, bound=bound)
