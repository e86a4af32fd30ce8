"""Befugnisse: who may certify or order what, up to which amount, for which unit or budget.

Invariant: a Befugnis counts only after one person proposed and another confirmed it, neither of
them for themselves; each step stands in the appointed person's stream. A signature cites the row.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from sqlalchemy import insert, or_, select, update

from identity.access import require
from identity.errors import BefugnisInvalid, BefugnisUnknown, FourEyesRequired
from identity.persons import changed, person_by_id
from identity.principal import Principal
from identity.tables import befugnis
from storage.database import Row, Transaction, for_update

Kind: TypeAlias = Literal["sachlich", "rechnerisch", "anordnung"]
KINDS: tuple[Kind, ...] = ("sachlich", "rechnerisch", "anordnung")


@dataclass(frozen=True, slots=True)
class Befugnis:
    """An appointment. `limit` is in euro and included; None is without limit, unit, budget.

    `stufe` is the office that it goes with, in the words of the table that asks for one.
    """

    id: str
    person: str
    kind: Kind
    unit: str | None
    budget: str | None
    stufe: str | None
    limit: Decimal | None
    valid_from: date
    valid_to: date | None
    appointed_by: str
    confirmed_by: str | None
    state: Literal["proposed", "confirmed", "rejected", "revoked"]


def propose_befugnis(
    tx: Transaction,
    principal: Principal,
    *,
    person: str,
    kind: Kind,
    valid_from: date,
    unit: str | None = None,
    budget: str | None = None,
    stufe: str | None = None,
    limit: Decimal | None = None,
    valid_to: date | None = None,
) -> Befugnis:
    """First pair of eyes: propose an appointment. It does not count until it is confirmed."""
    require(principal, "befugnis.propose")
    _refuse_own(principal, person)
    if kind not in KINDS:
        raise BefugnisInvalid(f"Diese Art der Befugnis gibt es nicht: {kind}")
    if limit is not None and limit < 0:
        raise BefugnisInvalid("Die Wertgrenze einer Befugnis ist nicht negativ.")
    if valid_to is not None and valid_to < valid_from:
        raise BefugnisInvalid("Die Befugnis endet, bevor sie beginnt.")
    if person_by_id(tx, person).kind != "person":
        raise BefugnisInvalid("Eine Befugnis hat nur ein Mensch.")
    row = {
        "tenant": tx.tenant,
        "id": f"b_{secrets.token_hex(12)}",
        "person": person,
        "kind": kind,
        "unit": unit,
        "budget": budget,
        "stufe": stufe,
        "limit_cents": _cents(limit),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "appointed_by": principal.id,
        "state": "proposed",
    }
    tx.run(insert(befugnis), row)
    facts = {
        "befugnis": row["id"],
        "kind": kind,
        "unit": unit,
        "budget": budget,
        "stufe": stufe,
        "limit": limit,
        "from": valid_from,
        "to": valid_to,
    }
    changed(tx, principal, person, "befugnis.proposed", facts)
    return befugnis_by_id(tx, str(row["id"]))


def confirm_befugnis(tx: Transaction, principal: Principal, befugnis_id: str) -> Befugnis:
    """Second pair of eyes: the proposal comes into force. Not by who proposed or is appointed."""
    require(principal, "befugnis.confirm")
    found = _locked(tx, befugnis_id, "proposed")
    _refuse_own(principal, found.person)
    if found.appointed_by in principal.identities():
        raise FourEyesRequired("Wer eine Befugnis vorschlägt, bestätigt sie nicht selbst.")
    _set(tx, befugnis_id, state="confirmed", confirmed_by=principal.id)
    facts = {"befugnis": befugnis_id, "proposed_by": found.appointed_by}
    changed(tx, principal, found.person, "befugnis.confirmed", facts)
    return befugnis_by_id(tx, befugnis_id)


def reject_befugnis(tx: Transaction, principal: Principal, befugnis_id: str) -> Befugnis:
    """The second person does not agree, or the first withdraws the proposal."""
    require(principal, "befugnis.confirm")
    found = _locked(tx, befugnis_id, "proposed")
    _set(tx, befugnis_id, state="rejected")
    changed(tx, principal, found.person, "befugnis.rejected", {"befugnis": befugnis_id})
    return befugnis_by_id(tx, befugnis_id)


def revoke_befugnis(
    tx: Transaction, principal: Principal, befugnis_id: str, reason: str
) -> Befugnis:
    """End a Befugnis at once. One person suffices: what takes rights away must not wait."""
    require(principal, "befugnis.propose")
    found = _locked(tx, befugnis_id, "confirmed")
    _set(tx, befugnis_id, state="revoked")
    facts = {"befugnis": befugnis_id}
    changed(tx, principal, found.person, "befugnis.revoked", facts, {"reason": reason})
    return befugnis_by_id(tx, befugnis_id)


def befugnis_for(  # noqa: PLR0917 the order in which one asks
    tx: Transaction,
    person: str,
    kind: Kind,
    unit: str,
    amount: Decimal,
    on: date,
    budget: str | None = None,
    stufen: Collection[str | None] | None = None,
) -> Befugnis | None:
    """The Befugnis that suffices, or None: of several the one with the lowest limit.

    `stufen` are the offices that suffice (None among them: no office stated), or None for any.
    Refunds are as weighty as payments: the limit is compared with the amount without its sign.
    """
    table = befugnis.c
    query = select(befugnis).where(
        table.tenant == tx.tenant,
        table.person == person,
        table.kind == kind,
        table.state == "confirmed",
        or_(table.unit.is_(None), table.unit == unit),
        or_(table.budget.is_(None), table.budget == budget),
        or_(table.limit_cents.is_(None), table.limit_cents >= _cents_up(amount)),
        table.valid_from <= on,
        or_(table.valid_to.is_(None), table.valid_to >= on),
    )
    if stufen is not None:
        named = table.stufe.in_(sorted(each for each in stufen if each is not None))
        query = query.where(or_(named, table.stufe.is_(None)) if None in stufen else named)
    rows = tx.all(query.order_by(table.limit_cents.is_(None), table.limit_cents, table.id).limit(1))
    return _befugnis(rows[0]) if rows else None


def befugnis_by_id(tx: Transaction, befugnis_id: str) -> Befugnis:
    """The row that a signature cites, whatever its state; raises `BefugnisUnknown`."""
    row = tx.first(
        select(befugnis).where(befugnis.c.tenant == tx.tenant, befugnis.c.id == befugnis_id)
    )
    if row is None:
        raise BefugnisUnknown(f"Diese Befugnis gibt es nicht: {befugnis_id}")
    return _befugnis(row)


def befugnisse(
    tx: Transaction, principal: Principal, *, person: str | None = None, state: str | None = None
) -> list[Befugnis]:
    """The tenant's Befugnisse; one's own are always readable, all by who may read them."""
    if person is None or person != principal.id:
        require(principal, "befugnis.read")
    query = select(befugnis).where(befugnis.c.tenant == tx.tenant)
    if person is not None:
        query = query.where(befugnis.c.person == person)
    if state is not None:
        query = query.where(befugnis.c.state == state)
    return [_befugnis(row) for row in tx.all(query.order_by(befugnis.c.person, befugnis.c.id))]


def _locked(tx: Transaction, befugnis_id: str, state: str) -> Befugnis:
    where = (befugnis.c.tenant == tx.tenant, befugnis.c.id == befugnis_id)
    row = tx.first(for_update(select(befugnis).where(*where)))
    if row is None or row.state != state:
        raise BefugnisUnknown(f"Keine Befugnis im Zustand {state}: {befugnis_id}")
    return _befugnis(row)


def _set(tx: Transaction, befugnis_id: str, **values: object) -> None:
    where = (befugnis.c.tenant == tx.tenant, befugnis.c.id == befugnis_id)
    tx.run(update(befugnis).where(*where).values(**values))


def _refuse_own(principal: Principal, person: str) -> None:
    if person in principal.identities():
        raise FourEyesRequired("Über die eigene Befugnis entscheiden andere.")


def _cents(amount: Decimal | None) -> int | None:
    if amount is None:
        return None
    cents = amount * 100
    if cents != cents.to_integral_value():
        raise BefugnisInvalid("Eine Wertgrenze hat höchstens zwei Nachkommastellen.")
    return int(cents)


def _cents_up(amount: Decimal) -> int:
    """Whole cents, away from zero: a fraction above the limit is above the limit."""
    return int((abs(amount) * 100).to_integral_value(rounding="ROUND_CEILING"))


def _befugnis(row: Row) -> Befugnis:
    return Befugnis(
        id=row.id,
        person=row.person,
        kind=row.kind,
        unit=row.unit,
        budget=row.budget,
        stufe=row.stufe,
        limit=None if row.limit_cents is None else Decimal(row.limit_cents).scaleb(-2),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        appointed_by=row.appointed_by,
        confirmed_by=row.confirmed_by,
        state=row.state,
    )
