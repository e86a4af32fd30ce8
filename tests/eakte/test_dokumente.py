"""Dokumente, what signatures bind, Wiedervorlagen, search, history, export."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest

import eakte
from eakte.access import Vertraulichkeit
from eakte.beteiligung import (
    Beteiligung,
    open_step,
    readdress_step,
    record_step,
    schritte,
    skip_step,
    void_step,
)
from eakte.dokumente import add_version, dokument_head, file_dokument, read_dokument
from eakte.errors import (
    AccessDenied,
    CursorInvalid,
    ExportIncomplete,
    HeadDataInvalid,
    NotFound,
    StepNotOpen,
    WiedervorlageNotOpen,
)
from eakte.export import export_akte
from eakte.history import TEXTS, history
from eakte.readlog import accesses, prune_accesses, record_denial
from eakte.search import Query, dokumente_in, search, vorgaenge_in
from eakte.tables import akte as akte_table
from eakte.vorgaenge import close_vorgang
from eakte.wiedervorlagen import complete_wiedervorlage, set_wiedervorlage, wiedervorlagen
from identity.errors import NotPermitted
from identity.principal import system_principal
from storage import verify_bundle
from storage.errors import Conflict
from storage.ledger import entries, erase_values
from storage.objects import open_store

SYSTEM = system_principal("default")


def test_a_filed_dokument_gives_back_its_bytes_and_knows_their_hash(house) -> None:
    data = b"<Invoice>4711</Invoice>"
    blob = house.put(data)
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        filed = file_dokument(
            tx,
            house.tief,
            vorgang.id,
            titel="Rechnung 4711",
            dokumenttyp="rechnung",
            richtung="eingang",
            eingang_am=date(2026, 3, 2),
            blob_id=blob,
            blobs=house.blobs,
            dateiname="rechnung.xml",
            fremdes_geschaeftszeichen="RE-4711",
        )

    with house.database.reading() as tx:
        read = read_dokument(tx, house.tief, filed.current.id, house.blobs, "Prüfung")
        assert dokument_head(tx, house.tief, filed.id) == filed
        told = list(entries(tx, filed.akte))[-1]

    assert read == data
    assert (filed.number, filed.current.number, filed.current.size) == (1, 1, len(data))
    assert filed.current.sha256.encode() in told.facts
    assert b"RE-4711" not in told.facts


def test_an_eingang_has_a_date_and_a_dokument_a_title(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        for wrong in ({"titel": " "}, {"eingang_am": None}, {"richtung": "quer"}):
            head = {
                "titel": "R",
                "dokumenttyp": "rechnung",
                "richtung": "eingang",
                "eingang_am": date(2026, 3, 2),
                **wrong,
            }
            with pytest.raises(HeadDataInvalid):
                file_dokument(tx, house.tief, vorgang.id, blob_id=blob, blobs=house.blobs, **head)


def test_bytes_belong_to_one_dokument_only(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        house.dokument(tx, house.vorgang(tx).id, blob)

    with pytest.raises((Conflict, Exception)) as refused, house.begin() as tx:
        house.dokument(tx, house.vorgang(tx).id, blob)

    assert refused.value.code in {"eakte_blob_in_use", "conflict"}


def certified(house, tx, vorgang_id: str, kind: str, who, **more) -> str:
    step = Beteiligung(kind, "richtig", versions=None, wording="sachlich richtig", **more)
    return record_step(tx, who, vorgang_id, step).id


def test_a_new_version_voids_the_signature_and_all_later_ones_visibly(house) -> None:
    first, other, second = house.put(), house.put(b"<Lieferschein/>"), house.put(b"<neu/>")
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        rechnung = house.dokument(tx, vorgang.id, first)
        lieferschein = house.dokument(tx, vorgang.id, other, "Lieferschein")
        only_other = Beteiligung("kenntnis", "gesehen", versions=(lieferschein.current.id,))
        before = record_step(tx, house.tief, vorgang.id, only_other).id
        signed = certified(house, tx, vorgang.id, "sachlich", house.tief)
        later = Beteiligung("anordnung", "angeordnet", content_hash="ab" * 32)
        after = record_step(tx, house.tief_lead, vorgang.id, later).id
        note = record_step(tx, house.tief, vorgang.id, Beteiligung("vermerk", "notiert")).id
        newer = add_version(
            tx, house.tief, rechnung.id, blob_id=second, blobs=house.blobs, reason="Korrektur"
        )
        shown = {each.id: each for each in schritte(tx, house.tief, vorgang.id)}
        told = list(entries(tx, vorgang.akte))[-1]

    assert rechnung.current.sha256 in {each.sha256 for each in shown[signed].bound}
    assert [shown[each].voided_at is not None for each in (before, signed, after, note)] == [
        False,
        True,
        True,
        False,
    ]
    assert shown[signed].voided_by == newer.current.id
    assert told.kind == "schritte.voided"


def test_only_the_version_in_force_can_be_certified(house) -> None:
    first, second = house.put(), house.put(b"<neu/>")
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        old = house.dokument(tx, vorgang.id, first)
        add_version(tx, house.tief, old.id, blob_id=second, blobs=house.blobs, reason="K")
        step = Beteiligung("sachlich", "richtig", versions=(old.current.id,))
        with pytest.raises(HeadDataInvalid):
            record_step(tx, house.tief, vorgang.id, step)


def test_changed_posting_lines_void_by_hand(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        step = Beteiligung("sachlich", "richtig", content_hash="ab" * 32, amount=Decimal("119.00"))
        signed = record_step(tx, house.tief, vorgang.id, step)
        voided = void_step(tx, SYSTEM, signed.id, "kontierung_changed")

    assert signed.amount == Decimal("119.00")
    assert voided == [signed.id]


def test_who_is_asked_may_read_and_act_until_the_step_ends(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        vorgang = house.vorgang(tx, house.akte(tx, "jugendamt"))
        filed = house.dokument(tx, vorgang.id, blob)
        version = filed.current.id
        with pytest.raises(AccessDenied):
            read_dokument(tx, house.rechner, version, house.blobs, "Prüfung")
        step = open_step(
            tx,
            SYSTEM,
            vorgang.id,
            kind="rechnerisch",
            addressee_kind="group",
            addressee="rechnerisch",
            task_id="i-7",
        )
        assert read_dokument(tx, house.rechner, version, house.blobs, "Prüfung")
        done = record_step(
            tx, house.rechner, vorgang.id, Beteiligung("rechnerisch", "richtig", task_id="i-7")
        )
        assert read_dokument(tx, house.rechner, version, house.blobs, "Rückfrage")
        with pytest.raises(AccessDenied):
            record_step(tx, house.rechner, vorgang.id, Beteiligung("x", "y"))
        with pytest.raises(AccessDenied):
            read_dokument(tx, house.kasse, version, house.blobs, "Neugier")
        close_vorgang(tx, house.jugend, vorgang.id, "gebucht")

    later = datetime.now(UTC) + timedelta(days=40)
    with house.begin(later) as tx, pytest.raises(AccessDenied):
        read_dokument(tx, house.rechner, version, house.blobs, "Neugier")
    assert (done.id, done.performer, done.state) == (step.id, house.rechner.id, "erledigt")


def test_the_right_to_read_moves_with_the_request(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        vorgang = house.vorgang(tx, house.akte(tx, "jugendamt"))
        version = house.dokument(tx, vorgang.id, blob).current.id
        step = open_step(
            tx, SYSTEM, vorgang.id, kind="p", addressee_kind="group", addressee="rechnerisch"
        )
        moved = readdress_step(
            tx, house.jugend, step.id, addressee_kind="person", addressee=house.kasse.id
        )
        assert read_dokument(tx, house.kasse, version, house.blobs, "Prüfung")
        with pytest.raises(AccessDenied):
            read_dokument(tx, house.rechner, version, house.blobs, "Prüfung")

    assert moved.addressee == house.kasse.id


def test_a_finished_step_does_not_change(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        step = open_step(
            tx, SYSTEM, vorgang.id, kind="p", addressee_kind="unit", addressee="tiefbau"
        )
        skipped = skip_step(tx, house.tief, step.id, "nicht nötig")
        with pytest.raises(StepNotOpen):
            record_step(tx, house.tief, vorgang.id, Beteiligung("p", "ja", step_id=step.id))
        with pytest.raises(StepNotOpen):
            skip_step(tx, house.tief, step.id, "doppelt")

    assert skipped.state == "uebergangen"


def test_only_the_system_records_for_somebody_else(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        step = Beteiligung("anordnung", "angeordnet", performer=house.kasse)
        with pytest.raises(HeadDataInvalid):
            record_step(tx, house.tief, vorgang.id, step)
        recorded = record_step(tx, SYSTEM, vorgang.id, step)

    assert recorded.performer == house.kasse.id


def test_a_step_taken_for_an_absent_person_names_both(house) -> None:
    acting = house.tief.acting_for("u_absent")
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        step = record_step(tx, acting, vorgang.id, Beteiligung("sachlich", "richtig"))
        told = list(entries(tx, vorgang.akte))[-1]

    assert (step.performer, step.on_behalf_of) == (house.tief.id, "u_absent")
    assert (told.actor, told.on_behalf_of) == (house.tief.id, "u_absent")


def test_a_wiedervorlage_comes_back_to_its_addressee_and_ends_once(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        due = {"due": date(2026, 4, 1), "reason": "Antwort der Firma?"}
        mine = set_wiedervorlage(tx, house.tief, vorgang.id, addressee=house.tief.id, **due)
        group = set_wiedervorlage(tx, house.tief, vorgang.id, addressee="fachamt_tiefbau", **due)
        set_wiedervorlage(tx, house.tief, vorgang.id, addressee="u_other", **due)
        early = wiedervorlagen(tx, house.tief, due_until=date(2026, 3, 31), mine=True)
        listed = wiedervorlagen(tx, house.tief, due_until=date(2026, 4, 1), mine=True)
        complete_wiedervorlage(tx, house.tief, mine.id)
        with pytest.raises(WiedervorlageNotOpen):
            complete_wiedervorlage(tx, house.tief, mine.id)
        left = wiedervorlagen(tx, house.tief, mine=True)

    assert early == []
    assert {each.id for each in listed} == {mine.id, group.id}
    assert [each.id for each in left] == [group.id]


def test_search_pages_through_head_data_without_gap_or_repetition(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx)
        made = {house.vorgang(tx, akte, betreff=f"Straße Ölmühle {n}").id for n in range(7)}
        house.vorgang(tx, akte, betreff="Gehweg 100%")
        pages, cursor = [], None
        while True:
            page = search(tx, house.tief, Query(text="ÖLMÜHLE strasse"), cursor=cursor, limit=3)
            pages.append([hit.id for hit in page.hits])
            cursor = page.cursor
            if cursor is None:
                break
        percent = search(tx, house.tief, Query(text="100%"))
        wildcard = search(tx, house.tief, Query(text="%_%"))
        with pytest.raises(CursorInvalid):
            search(tx, house.tief, Query(), cursor="???")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert {each for page in pages for each in page} == made
    assert [hit.betreff for hit in percent.hits] == ["Gehweg 100%"]
    assert wildcard.hits == []


def test_search_finds_by_every_head_datum(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        akte = house.akte(tx, year=2026)
        vorgang = house.vorgang(tx, akte)
        filed = house.dokument(tx, vorgang.id, blob, fremdes_geschaeftszeichen="RE-77")
        found = {
            query: [hit.id for hit in search(tx, house.tief, query).hits]
            for query in (
                Query("akte", unit="tiefbau", year=2026, aktenplan="R.10"),
                Query("vorgang", akte=akte.id, state="offen"),
                Query("dokument", text="re-77", dokumenttyp="rechnung", richtung="eingang"),
                Query("dokument", eingang_from=date(2026, 3, 2), eingang_to=date(2026, 3, 2)),
                Query("dokument", eingang_from=date(2026, 3, 3)),
                Query("akte", text=akte.geschaeftszeichen),
            )
        }
        listed = [each.id for each in dokumente_in(tx, house.tief, vorgang.id)]
        inside = [each.id for each in vorgaenge_in(tx, house.tief, akte.id)]

    assert list(found.values()) == [
        [akte.id],
        [vorgang.id],
        [filed.id],
        [filed.id],
        [],
        [akte.id],
    ]
    assert (listed, inside) == ([filed.id], [vorgang.id])


def test_reading_is_logged_before_the_bytes_leave_and_only_datenschutz_sees_it(house) -> None:
    blob = house.put()
    with house.begin() as tx:
        filed = house.dokument(tx, house.vorgang(tx).id, blob)
    with house.database.reading() as tx:
        read_dokument(tx, house.tief, filed.current.id, house.blobs, "Prüfung")
        search(tx, house.tief, Query())
        with pytest.raises(NotFound) as refused:
            dokument_head(tx, house.nobody, filed.id)
    record_denial(house.database, house.nobody, refused.value)

    with house.begin() as tx:
        log, more = accesses(tx, house.datenschutz, limit=2)
        rest, end = accesses(tx, house.datenschutz, limit=2, cursor=more)
        for other in (house.tief_lead, house.auditor, house.operator):
            with pytest.raises(NotPermitted):
                accesses(tx, other)

    assert log[0].action == "denied"
    assert {each.action for each in [*log, *rest]} == {"denied", "search", "read"}
    read = next(each for each in [*log, *rest] if each.action == "read")
    assert (read.object_id, read.akte, read.purpose) == (
        filed.current.id,
        filed.akte,
        "Prüfung",
    )
    assert end is None


def test_the_access_log_is_kept_thirteen_months(house) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for days in (0, 390, 400):
        with house.begin(now - timedelta(days=days)) as tx:
            search(tx, house.tief, Query())

    with house.begin(now) as tx:
        pruned = prune_accesses(tx, SYSTEM)
        left, _ = accesses(tx, house.datenschutz)

    assert (pruned, len(left)) == (1, 2)


def test_the_history_is_readable_german(house) -> None:
    blob = house.put()
    noon = datetime(2026, 3, 2, 11, tzinfo=UTC)
    with house.begin(noon) as tx:
        vorgang = house.vorgang(tx, house.akte(tx, betreff="Rechnungen"))
        house.dokument(tx, vorgang.id, blob)
        open_step(
            tx,
            house.tief,
            vorgang.id,
            kind="rechnerische Feststellung",
            addressee_kind="group",
            addressee="rechnerisch",
            due=date(2026, 3, 9),
        )
        step = Beteiligung(
            "sachliche Feststellung", "richtig", amount=Decimal("1234.50"), remark="geprüft"
        )
        record_step(tx, house.tief, vorgang.id, step)
        told = [entry.line() for entry in history(tx, house.tief, vorgang.akte)]

    assert told[0].startswith("02.03.2026 12:00 · System hat die Akte R.10-TB/2026/0001")
    assert told[2].endswith("(rechnung, Eingang) zur Akte genommen, eingegangen am 02.03.2026")
    assert told[3].endswith(
        "Tief Muster hat die Gruppe rechnerisch um „rechnerische Feststellung“ gebeten, "
        "fällig am 09.03.2026"
    )
    assert told[4].endswith(
        "hat „sachliche Feststellung“ erledigt: richtig, über 1.234,50 €, Vermerk: geprüft"
    )


def test_erased_values_are_shown_as_erased(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx, betreff="Geheim")
        erase_values(tx, akte_table, akte.id, actor="system", reason="Art. 17 DSGVO")
        told = history(tx, house.tief, akte.id)

    assert told[0].redacted
    assert told[0].text == "hat die Akte R.10-TB/2026/0001 „(gelöscht)“ angelegt"
    assert "Geheim" not in " ".join(entry.line() for entry in told)


def test_every_kind_of_entry_has_a_german_text(house) -> None:
    source = "".join(path.read_text() for path in Path(eakte.__path__[0]).glob("*.py"))
    kinds = set(re.findall(r'record\([^"]*?"([a-z_]+\.[a-z_]+)"', source, re.DOTALL))

    assert len(kinds) > 12
    assert {kind for kind in kinds if not kind.startswith("aktenplan.")} <= set(TEXTS)


def test_the_history_leaves_out_what_one_may_not_read(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx)
        house.vorgang(tx, akte, betreff="offen für alle im Amt")
        house.vorgang(
            tx, akte, betreff="Streng vertraulich", vertraulichkeit=Vertraulichkeit.VERTRAULICH
        )
        clerk = history(tx, house.tief, akte.id)
        lead = history(tx, house.tief_lead, akte.id)

    assert len(lead) == len(clerk) + 1
    assert "Streng vertraulich" not in " ".join(entry.line() for entry in clerk)


def export(house, tmp_path, who, akte_id):
    target = tmp_path / "akte.zip"
    exported = export_akte(
        house.database,
        who,
        akte_id,
        blobs=house.blobs,
        store=open_store(str(tmp_path / "objects")),
        keyring=house.keyring,
        target=target,
        purpose="Prüfung durch das RPA",
    )
    return target, exported


def test_an_exported_akte_proves_itself_and_holds_every_version(house, tmp_path) -> None:
    first, second = house.put(b"<alt/>"), house.put(b"<neu/>")
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        filed = house.dokument(tx, vorgang.id, first)
        add_version(tx, house.tief, filed.id, blob_id=second, blobs=house.blobs, reason="K")

    target, exported = export(house, tmp_path, house.auditor, vorgang.akte)
    proven = verify_bundle.check(target, house.keyring.fingerprint)

    assert (proven.verdict, proven.documents) == ("verified", 3)
    assert (exported.documents, exported.destroyed) == (2, ())
    with ZipFile(target) as archive:
        names = [name for name in archive.namelist() if name.startswith("dokumente/")]
        overview = json.loads(archive.read(next(n for n in names if n.endswith("akte.json"))))
        contents = {archive.read(name) for name in names}
    assert {b"<alt/>", b"<neu/>"} < contents
    assert len(overview["historie"]) == 5 - 1
    assert overview["dokumente"][0]["versions"][1]["number"] == 2


def test_no_name_of_a_file_leads_out_of_an_export(house, tmp_path) -> None:
    blob = house.put(b"<r/>")
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        filed = house.dokument(tx, vorgang.id, blob, dateiname="../../../etc/cron.d/x\u202e.xml")

    target, _ = export(house, tmp_path, house.auditor, vorgang.akte)

    with ZipFile(target) as archive:
        names = [name for name in archive.namelist() if b"<r/>" in archive.read(name)]
    assert filed.current.dateiname == "x.xml"
    assert [name.rpartition("/")[2] for name in names] == ["0002-0001-001-v1-x.xml"]
    assert not any(".." in name for name in names)


def test_an_akte_with_closed_parts_is_exported_only_by_who_may_read_them(house, tmp_path) -> None:
    with house.begin() as tx:
        akte = house.akte(tx)
        house.vorgang(tx, akte, vertraulichkeit=Vertraulichkeit.VERTRAULICH)

    with pytest.raises(ExportIncomplete):
        export(house, tmp_path, house.tief, akte.id)
    target, _ = export(house, tmp_path, house.tief_lead, akte.id)

    assert target.exists()


def test_shredded_bytes_are_named_and_left_out_of_the_export(house, tmp_path) -> None:
    blob = house.put()
    with house.begin() as tx:
        filed = house.dokument(tx, house.vorgang(tx).id, blob)
    with house.begin() as tx:
        house.blobs.shred(tx, blob)

    target, exported = export(house, tmp_path, house.tief, filed.akte)

    assert exported.destroyed == (filed.current.id,)
    assert verify_bundle.check(target, house.keyring.fingerprint).verdict == "verified"
