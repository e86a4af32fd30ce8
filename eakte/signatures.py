"""What a signature binds, and what voids it.

Invariant: a signature certifies the hashes of current versions; once one of them is followed by
another, it and every later signature of the Vorgang are voided, in the order of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, insert, or_, select, update

from eakte.errors import HeadDataInvalid
from eakte.journal import record
from eakte.tables import (
    beteiligungsschritt,
    dokument,
    dokument_version,
    primaerdokument,
    schritt_bindung,
)
from identity.principal import Principal
from storage.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Bound:
    """A document version that a step certifies."""

    version: str
    dokument: str
    sha256: str


def void_signatures(  # noqa: PLR0917 called by dokumente.py alone
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    vorgang_id: str,
    dokument_id: str,
    version_id: str,
) -> list[str]:
    """A Dokument has a new version: void what certified an earlier one, and all later ones."""
    b = schritt_bindung.c
    query = select(b.schritt).where(
        b.tenant == tx.tenant, b.dokument == dokument_id, b.version != version_id
    )
    steps = {row.schritt for row in tx.all(query)}
    return void_from(tx, principal, akte_id, vorgang_id, steps, "new_version", version_id)


def void_from(  # noqa: PLR0917 called with all of it
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    vorgang_id: str,
    steps: set[str],
    reason: str,
    cause: str,
) -> list[str]:
    """Void these steps and every later signature; what certifies nothing (a note) stands."""
    s, b = beteiligungsschritt.c, schritt_bindung.c
    binds = exists(select(1).where(b.tenant == s.tenant, b.schritt == s.id))
    certifies = or_(binds, s.content_hash.is_not(None), s.befugnis.is_not(None))
    query = (
        select(s.id, s.done_seq)
        .where(s.tenant == tx.tenant, s.vorgang == vorgang_id, s.state == "erledigt")
        .where(s.voided_at.is_(None), or_(certifies, s.id.in_(sorted(steps))))
        .order_by(s.done_seq)
    )
    standing = tx.all(query)
    first = min((row.done_seq for row in standing if row.id in steps), default=None)
    if first is None:
        return []
    voided = [row.id for row in standing if row.done_seq >= first]
    for step_id in voided:
        tx.run(
            update(beteiligungsschritt)
            .where(s.tenant == tx.tenant, s.id == step_id)
            .values(voided_at=tx.now, voided_reason=reason, voided_by=cause)
        )
    facts = {"vorgang": vorgang_id, "schritte": list(voided), "reason": reason, "cause": cause}
    record(tx, principal, akte_id, "schritte.voided", facts)
    return voided


def bind(tx: Transaction, row: Row, step_id: str, versions: tuple[str, ...] | None) -> list[Bound]:
    """Bind the step to current versions of the Vorgang; an outdated one certifies nothing."""
    d, v, p = dokument.c, dokument_version.c, primaerdokument.c
    query = (
        select(v.id, v.dokument, p.sha256)
        .join(dokument, (d.tenant == v.tenant) & (d.id == v.dokument) & (d.versionen == v.number))
        .join(primaerdokument, (p.tenant == v.tenant) & (p.version == v.id))
        .where(v.tenant == tx.tenant, d.vorgang == row.id, p.format == "original")
        .order_by(d.number)
    )
    current = {each.id: Bound(each.id, each.dokument, each.sha256) for each in tx.all(query)}
    chosen = tuple(current) if versions is None else tuple(dict.fromkeys(versions))
    unknown = [version for version in chosen if version not in current]
    if unknown:
        raise HeadDataInvalid(
            "Gezeichnet wird nur die geltende Fassung eines Dokuments dieses Vorgangs: "
            + ", ".join(unknown)
        )
    for version in chosen:
        bound = current[version]
        key = {"tenant": tx.tenant, "schritt": step_id, "version": version}
        tx.run(insert(schritt_bindung), {**key, "dokument": bound.dokument, "sha256": bound.sha256})
    return [current[version] for version in chosen]
