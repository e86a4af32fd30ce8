"""The Aktenhistorie for people: who did what and when, decoded from the Akte's ledger stream.

Invariant: it shows what the ledger holds and nothing else; entries on Vorgaenge and Dokumente
whose content the principal may not see are left out, erased values say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import Table, select

from bpmn.values import decode
from eakte.access import Vertraulichkeit, demand, visible
from eakte.aktenplan import ZONE
from eakte.readlog import record_access
from eakte.tables import akte, dokument, vorgang
from identity.persons import display_names
from identity.principal import Principal
from storage.database import Transaction
from storage.ledger import Entry, entries

ERASED = "(gelöscht)"

TEXTS: dict[str, str] = {
    # [in brackets]: left out where the entry does not say it
    "akte.created": "hat die Akte {geschaeftszeichen} „{betreff}“ angelegt",
    "akte.betreff_changed": "hat den Betreff der Akte in „{betreff}“ geändert",
    "akte.vertraulichkeit_raised": "hat die Akte als „{vertraulichkeit}“ eingestuft",
    "akte.retention_started": (
        "hat die Aufbewahrungsfrist ausgelöst, sie läuft ab {from}[ bis {until}][: {reason}]"
    ),
    "akte.break_glass": "hat im Notzugriff Einsicht bis {until} genommen[: {reason}]",
    "akte.exported": "hat die Akte mit {documents} Dateien ausgegeben[: {purpose}]",
    "vorgang.opened": "hat den Vorgang {number} „{betreff}“ eröffnet",
    "vorgang.betreff_changed": "hat den Betreff des Vorgangs in „{betreff}“ geändert",
    "vorgang.vertraulichkeit_raised": "hat den Vorgang als „{vertraulichkeit}“ eingestuft",
    "vorgang.closed": "hat den Vorgang am {zda_on} z.d.A. geschrieben[: {reason}]",
    "vorgang.reopened": "hat den Vorgang wieder geöffnet[: {reason}]",
    "dokument.filed": (
        "hat das Dokument {number} „{titel}“ ({dokumenttyp}, {richtung}) zur Akte genommen"
        "[, eingegangen am {eingang_am}]"
    ),
    "dokument.version_added": (
        "hat eine neue Fassung ({version_number}) von „{titel}“ abgelegt[: {reason}]"
    ),
    "schritt.opened": "hat {addressee} um „{step_kind}“ gebeten[, fällig am {due}]",
    "schritt.readdressed": "hat „{step_kind}“ an {addressee} weitergegeben",
    "schritt.done": (
        "hat „{step_kind}“ erledigt: {outcome}[, über {amount_cents}][, Vermerk: {remark}]"
    ),
    "schritt.skipped": "hat „{step_kind}“ entfallen lassen[: {reason}]",
    "schritte.voided": "{schritte} Zeichnungen sind hinfällig geworden, Grund: {reason}",
    "wiedervorlage.set": "hat eine Wiedervorlage für {addressee} zum {due} gesetzt[: {reason}]",
    "wiedervorlage.done": "hat die Wiedervorlage erledigt",
    "grant.given": "hat {grantee} das Recht „{level}“ bis {until} gegeben[: {reason}]",
    "grant.revoked": "hat ein gegebenes Recht beendet",
    "ledger.values_erased": "hat Inhalte früherer Einträge gelöscht, Grund: {reason}",
}
_WORDS = {
    "new_version": "eine neue Fassung liegt vor",
    "kontierung_changed": "die Kontierung hat sich geändert",
    "head": "Kopfdaten sehen",
    "content": "lesen",
    "write": "bearbeiten",
    "eingang": "Eingang",
    "ausgang": "Ausgang",
    "intern": "intern",
}
_PLACE = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the history. `text` goes after the actor's name."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    on_behalf_of: str | None
    on_behalf_of_name: str | None
    kind: str
    text: str
    vorgang: str | None
    dokument: str | None
    redacted: bool

    def line(self) -> str:
        """The entry as one line of plain text."""
        who = self.actor_name
        if self.on_behalf_of_name is not None:
            who = f"{who} in Vertretung für {self.on_behalf_of_name}"
        return f"{self.at.astimezone(ZONE):%d.%m.%Y %H:%M} · {who} {self.text}"


def history(
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    *,
    vorgang_id: str | None = None,
    after: int = 0,
    words: Mapping[str, str] = MappingProxyType({}),
) -> list[HistoryEntry]:
    """The Akte's history, or one Vorgang's, oldest first; `after` is the last seq one has.

    `words` are what the process calls its steps and outcomes.
    """
    if vorgang_id is None:
        demand(tx, principal, akte, akte_id, "content")
    else:
        row = demand(tx, principal, vorgang, vorgang_id, "content")
        akte_id = row.akte
    record_access(tx, principal, "read", "historie", vorgang_id or akte_id, akte=akte_id)
    told = list(_told(tx, principal, akte_id, vorgang_id, after))
    names = display_names(tx, _persons(told))
    return [_line(entry, facts, names, words) for entry, facts in told]


def _told(
    tx: Transaction, principal: Principal, akte_id: str, vorgang_id: str | None, after: int
) -> Iterator[tuple[Entry, dict[str, object]]]:
    """The entries that the principal may read, with their decoded facts."""
    open_vorgaenge = _readable(tx, principal, vorgang, akte_id)
    open_dokumente = _readable(tx, principal, dokument, akte_id)
    for entry in entries(tx, akte_id, after):
        facts = _decoded(entry.facts)
        of_vorgang, of_dokument = facts.get("vorgang"), facts.get("dokument")
        if vorgang_id is not None and of_vorgang != vorgang_id:
            continue
        if of_vorgang is not None and of_vorgang not in open_vorgaenge:
            continue
        if of_dokument is not None and of_dokument not in open_dokumente:
            continue
        yield entry, facts


def _readable(tx: Transaction, principal: Principal, table: Table, akte_id: str) -> set[object]:
    query = select(table.c.id).where(
        table.c.tenant == tx.tenant,
        table.c.akte == akte_id,
        visible(principal, table, now=tx.now, level="content"),
    )
    return {row.id for row in tx.all(query)}


def _persons(told: list[tuple[Entry, dict[str, object]]]) -> set[str]:
    found = set()
    for entry, facts in told:
        found.add(entry.actor)
        if entry.on_behalf_of is not None:
            found.add(entry.on_behalf_of)
        for name in ("addressee", "grantee"):
            found.add(str(facts.get(name, "")).removeprefix("person:"))
    return found


def _line(
    entry: Entry, facts: dict[str, object], names: Mapping[str, str], words: Mapping[str, str]
) -> HistoryEntry:
    values = {} if entry.values is None else _decoded(entry.values)
    shown = {
        name: _shown(name, value, names, words)
        for name, value in {**facts, **values}.items()
        if value is not None
    }
    return HistoryEntry(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        actor_name=names.get(entry.actor, entry.actor),
        on_behalf_of=entry.on_behalf_of,
        on_behalf_of_name=(
            None
            if entry.on_behalf_of is None
            else names.get(entry.on_behalf_of, entry.on_behalf_of)
        ),
        kind=entry.kind,
        text=_text(TEXTS.get(entry.kind, entry.kind), shown),
        vorgang=_id(facts, "vorgang"),
        dokument=_id(facts, "dokument"),
        redacted=entry.redacted,
    )


def _text(template: str, shown: Mapping[str, str]) -> str:
    """Fill a text: optional parts go where something is missing, else a gap is shown as erased."""

    def optional(part: re.Match[str]) -> str:
        inner: str = part.group(1)
        return inner if all(name in shown for name in _PLACE.findall(inner)) else ""

    whole = _OPTIONAL.sub(optional, template)
    return _PLACE.sub(lambda place: shown.get(place.group(1), ERASED), whole)


def _shown(name: str, value: object, names: Mapping[str, str], words: Mapping[str, str]) -> str:
    """A value as people read it."""
    if isinstance(value, date):  # a datetime is one too
        return (
            f"{value.astimezone(ZONE):%d.%m.%Y %H:%M}"
            if isinstance(value, datetime)
            else (f"{value:%d.%m.%Y}")
        )
    if isinstance(value, list):
        return str(len(value))
    if name == "vertraulichkeit" and isinstance(value, int):
        return Vertraulichkeit(value).label
    if name == "amount_cents" and isinstance(value, int):
        euros = f"{Decimal(value).scaleb(-2):,.2f} €"
        return euros.translate(str.maketrans(",.", ".,"))
    if name in {"addressee", "grantee"}:
        return _who(str(value), names)
    if name in {"step_kind", "outcome"} and str(value) in words:
        return words[str(value)]
    return _WORDS.get(str(value), str(value))


def _who(text: str, names: Mapping[str, str]) -> str:
    """`group:rechnerisch`, `person:u_…` or a bare id, as people read it."""
    kind, _, who = text.rpartition(":")
    return f"{_KINDS[kind]} {who}" if kind in _KINDS else names.get(who, who)


_KINDS = {"group": "die Gruppe", "unit": "die Einheit"}


def _decoded(data: bytes) -> dict[str, object]:
    value = decode(data)
    assert isinstance(value, dict), "facts and values of an Akte are contexts"
    return dict(value)


def _id(facts: Mapping[str, object], name: str) -> str | None:
    value = facts.get(name)
    return None if value is None else str(value)
