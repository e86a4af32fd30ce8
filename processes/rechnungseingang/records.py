"""The invoice in the E-Akte: Akte per unit and Haushaltsjahr, Vorgang per invoice, its Dokumente.

Invariant: all of it happens as the system, in the transaction of the step that causes it; what a
person did is recorded under that person. A Vorgang is open exactly as long as its invoice is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eakte.access import Level, Vertraulichkeit
from eakte.akten import Akte, ensure_akte
from eakte.aktenplan import add_einheit, aktenplan, set_unit, units
from eakte.aktenplan import unit as unit_of
from eakte.beteiligung import Beteiligung, Schritt, open_step, record_step, schritte, skip_step
from eakte.dokumente import Dokument, add_version, file_dokument
from eakte.grants import grant_access
from eakte.vorgaenge import close_vorgang, open_vorgang, raise_vorgang, vorgang_head
from eakte.wiedervorlagen import (
    Wiedervorlage,
    complete_wiedervorlage,
    set_wiedervorlage,
    wiedervorlagen,
)
from identity.principal import Principal, system_principal
from processes.rechnungseingang import receipts
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.routing import INTAKE_UNIT, Route
from storage.blobs import Blobs
from storage.database import Row, Transaction

AKTENPLAN = "R.10"
"""Eingangsrechnungen. The Akte lives on when its Vorgaenge are z.d.A.; its own trigger starts
the retention (the council's decision on the Haushaltsjahr)."""

_KEPT_YEARS, _SINCE = 8, date(2000, 1, 1)
STANDING_GRANT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Paper:
    """Bytes that were put before (PENDING) and are to become a Dokument."""

    blob: str
    titel: str
    dokumenttyp: str
    media_type: str
    richtung: str = "intern"
    dateiname: str | None = None
    received: bool = False


def shortened(text: str | None, most: int = 120) -> str:
    """A text of the file as a Betreff or title bears it: a file may state any length."""
    one_line = " ".join((text or "").split())
    return one_line if len(one_line) <= most else f"{one_line[: most - 1]}…"


def subject_line(receipt: Row) -> str:
    """What the Vorgang is about; amounts and numbers, no purpose and no names of persons."""
    if not receipt.number:
        return f"Eingang vom {local_day(receipt.received_at):%d.%m.%Y}, noch zu klären"
    amount = parse_amount(receipt.amount_due)
    shown = f" über {german(amount, receipt.currency or 'EUR')}" if amount is not None else ""
    seller = shortened(receipt.seller) or "unbekannt"
    return f"Rechnung {shortened(receipt.number)} von {seller}{shown}"


def furnish(tx: Transaction) -> None:
    """The unit that takes invoices in and the class of Akten they are filed in: without them the
    first invoice could not be filed. A house may have set them up otherwise already."""
    system = system_principal(tx.tenant)
    if INTAKE_UNIT not in {each.id for each in units(tx)}:
        set_unit(
            tx,
            system,
            INTAKE_UNIT,
            bezeichnung="Zentrale Rechnungsstelle",
            kuerzel="RS",
            vertraulichkeit=Vertraulichkeit.NFD,
        )
    if AKTENPLAN not in {each.kennzeichen for each in aktenplan(tx)}:
        add_einheit(
            tx,
            system,
            kennzeichen=AKTENPLAN,
            bezeichnung="Eingangsrechnungen",
            aufbewahrung_jahre=_KEPT_YEARS,
            ausloeser="haushaltsjahr",
            aussonderungsart="V",
            rechtsgrundlage="§ 59 KomHVO NRW; § 147 AO; § 14b UStG",
            gueltig_von=_SINCE,
        )


def open_record(
    tx: Transaction, blobs: Blobs, receipt: Row, unit: str, papers: Sequence[Paper]
) -> None:
    """Open the Vorgang in the unit's Akte and file the papers; the first is the original."""
    system = system_principal(tx.tenant)
    akte = _akte_of(tx, unit, local_day(receipt.received_at).year)
    vorgang = open_vorgang(
        tx, system, akte.id, betreff=subject_line(receipt), instance_id=receipt.id
    )
    filed = [file_paper(tx, blobs, receipt, vorgang.id, paper) for paper in papers]
    original = filed[0]
    receipts.change(
        tx,
        receipt.id,
        unit=unit,
        akte=akte.id,
        vorgang=vorgang.id,
        dokument=original.id,
        version=original.current.id,
        blob_id=original.current.blob_id,
    )
    if unit != INTAKE_UNIT:
        # The Rechnungsstelle took the invoice in and answers for its way through the house.
        _let_intake(tx, akte.id, vorgang.id, "content")


def _akte_of(tx: Transaction, unit: str, year: int) -> Akte:
    return ensure_akte(
        tx,
        system_principal(tx.tenant),
        aktenplan=AKTENPLAN,
        unit=unit,
        year=year,
        betreff=f"Eingangsrechnungen {year}",
    )


def _let_intake(tx: Transaction, akte: str, vorgang: str, level: Level) -> None:
    grant_access(
        tx,
        system_principal(tx.tenant),
        akte,
        vorgang_id=vorgang,
        grantee_kind="group",
        grantee=INTAKE_UNIT,
        level=level,
        until=tx.now + STANDING_GRANT,
        reason="Rechnungseingang",
    )


def is_open(tx: Transaction, vorgang: str) -> bool:
    return vorgang_head(tx, system_principal(tx.tenant), vorgang).state == "offen"


def afterwards(tx: Transaction, receipt: Row) -> str:
    """The Vorgang with what comes up after z.d.A., opened in this year's Akte if there is none:
    what is closed stays as it was closed. It is as confidential, and the Rechnungsstelle works on
    it. The caller has locked the receipt."""
    if receipt.later is not None and is_open(tx, receipt.later):
        return str(receipt.later)
    system = system_principal(tx.tenant)
    akte = _akte_of(tx, receipt.unit, local_day(tx.now).year)
    opened = open_vorgang(
        tx,
        system,
        akte.id,
        betreff=f"Nach Abschluss: {subject_line(receipt)}",
        vertraulichkeit=vorgang_head(tx, system, receipt.vorgang).vertraulichkeit,
    )
    if receipt.unit != INTAKE_UNIT:
        _let_intake(tx, akte.id, opened.id, "write")
    receipts.change(tx, receipt.id, later=opened.id)
    return opened.id


def file_paper(tx: Transaction, blobs: Blobs, receipt: Row, vorgang: str, paper: Paper) -> Dokument:
    return file_dokument(
        tx,
        system_principal(tx.tenant),
        vorgang,
        titel=paper.titel,
        dokumenttyp=paper.dokumenttyp,
        richtung=paper.richtung,  # type: ignore[arg-type]
        eingang_am=local_day(receipt.received_at) if paper.richtung == "eingang" else None,
        blob_id=paper.blob,
        blobs=blobs,
        media_type=paper.media_type,
        dateiname=paper.dateiname,
        fremdes_geschaeftszeichen=receipt.number if paper.richtung == "eingang" else None,
    )


def replace_paper(
    tx: Transaction, blobs: Blobs, dokument: str, *, blob: str, media_type: str, reason: str
) -> Dokument:
    """A new version of a Dokument, e.g. the signed letter after its draft."""
    return add_version(
        tx,
        system_principal(tx.tenant),
        dokument,
        blob_id=blob,
        blobs=blobs,
        reason=reason,
        media_type=media_type,
    )


def close_record(tx: Transaction, vorgang: str, reason: str) -> None:
    """z.d.A.: what is still awaited from somebody is skipped, with the same reason."""
    skip_open(tx, vorgang, reason)
    close_vorgang(tx, system_principal(tx.tenant), vorgang, reason)


def skip_open(tx: Transaction, vorgang: str, reason: str) -> None:
    """Nobody is asked any more for what was still awaited."""
    system = system_principal(tx.tenant)
    for each in schritte(tx, system, vorgang):
        if each.state == "offen":
            skip_step(tx, system, each.id, reason)


def hand_over(
    tx: Transaction, blobs: Blobs, receipt: Row, route: Route, papers: Sequence[Paper]
) -> None:
    """Close the Vorgang here and go on with the papers in the Akte of another unit (Abgabe).

    Its Wiedervorlagen go with it: whoever checks it there has to meet the day.
    What stays here is from now on as confidential as that unit's files.
    """
    reason = f"Abgegeben an {route.name}"
    waiting = wiedervorlagen(tx, system_principal(tx.tenant), vorgang_id=receipt.vorgang)
    grade = unit_of(tx, route.unit).vertraulichkeit
    raise_vorgang(tx, system_principal(tx.tenant), receipt.vorgang, grade)
    close_record(tx, receipt.vorgang, reason)
    open_record(tx, blobs, receipt, route.unit, papers)
    vorgang = receipts.receipt(tx, receipt.id).vorgang
    for each in waiting:
        come_back(tx, vorgang, each.due, each.reason, route.checking_group)


def ask(tx: Transaction, vorgang: str, kind: str, group: str, due: date | None = None) -> None:
    """Open the step that a group's task will finish; until then the group may see the Vorgang."""
    system = system_principal(tx.tenant)
    already = [s for s in schritte(tx, system, vorgang) if s.state == "offen" and s.kind == kind]
    if not already:
        open_step(tx, system, vorgang, kind=kind, addressee_kind="group", addressee=group, due=due)


def did(tx: Transaction, vorgang: str, performer: Principal, step: Beteiligung) -> Schritt:
    """Record what a person did, finishing the step that was opened for it if there is one."""
    system = system_principal(tx.tenant)
    open_ones = [
        s for s in schritte(tx, system, vorgang) if s.state == "offen" and s.kind == step.kind
    ]
    step_id = open_ones[0].id if open_ones else None
    values = {name: getattr(step, name) for name in Beteiligung.__dataclass_fields__}
    values |= {"step_id": step_id, "performer": performer}
    return record_step(tx, system, vorgang, Beteiligung(**values))


def steps_of(tx: Transaction, vorgang: str) -> list[Schritt]:
    """All steps, as the system sees them (checks of signatures, never for display)."""
    return schritte(tx, system_principal(tx.tenant), vorgang)


ASKED = "Rückfrage an"
"""How the reason of a question's Wiedervorlage begins."""


def come_back(tx: Transaction, vorgang: str, due: date, reason: str, addressee: str) -> None:
    set_wiedervorlage(
        tx,
        system_principal(tx.tenant),
        vorgang,
        due=due,
        reason=reason,
        addressee=addressee,
    )


def came_back(tx: Transaction, vorgang: str) -> None:
    """The answer is there: end the open Wiedervorlagen of the Vorgang's questions."""
    system = system_principal(tx.tenant)
    for each in wiedervorlagen(tx, system, vorgang_id=vorgang):
        if each.reason.startswith(ASKED):
            complete_wiedervorlage(tx, system, each.id)


OBJECTION = "Mängelrüge bis"
"""How the reason of an objection's Wiedervorlage begins."""


def object_until(tx: Transaction, vorgang: str, due: date, reason: str, group: str) -> None:
    """Come back in time to object; what was to be objected to before counts no more."""
    objected(tx, vorgang)
    come_back(tx, vorgang, due, reason, group)


def objection(tx: Transaction, vorgang: str) -> Wiedervorlage | None:
    """The open Wiedervorlage of an objection."""
    found = wiedervorlagen(tx, system_principal(tx.tenant), vorgang_id=vorgang)
    return next((each for each in found if each.reason.startswith(OBJECTION)), None)


def objected(tx: Transaction, vorgang: str) -> None:
    """Nothing is left to object to."""
    while (found := objection(tx, vorgang)) is not None:
        complete_wiedervorlage(tx, system_principal(tx.tenant), found.id)


def geschaeftszeichen(tx: Transaction, vorgang: str) -> str:
    return vorgang_head(tx, system_principal(tx.tenant), vorgang).geschaeftszeichen
