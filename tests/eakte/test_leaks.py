"""The leak test: every public function of the E-Akte, asked by every role for another's file.

The functions are found, not listed: a new one that this test cannot call fails it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import literal, select

import eakte
from eakte import grants, tables
from eakte.access import Vertraulichkeit, concerns, visible
from eakte.beteiligung import Beteiligung, open_step, record_step
from eakte.dokumente import add_version
from eakte.errors import AccessDenied, EakteError, NotFound
from eakte.export import export_akte
from eakte.search import Query
from eakte.vorgaenge import close_vorgang
from eakte.wiedervorlagen import set_wiedervorlage
from identity.errors import IdentityError
from identity.principal import system_principal
from storage.objects import open_store

SYSTEM = system_principal("default")
HEAD, CONTENT = "Kopfgeheimnis", "Inhaltsgeheimnis"

BELOW_THE_CHECK = {
    "eakte.access.visible",  # the criterion itself
    "eakte.grants.new_grant",  # writes what its callers have checked
    "eakte.journal.record",
    "eakte.readlog.record_access",
    "eakte.signatures.void_from",
    "eakte.signatures.void_signatures",
}
WITHOUT_PRINCIPAL = {
    "eakte.access.lock_akten",
    "eakte.akten.writable",
    "eakte.beteiligung.steps_of",
    "eakte.beteiligung.steps_of_instance",
    "eakte.dokumente.load_dokumente",
    "eakte.grants.end_grants",
    "eakte.signatures.bind",
    # the Aktenplan and the units name no person and are open to all
    "eakte.aktenplan.aktenplan",
    "eakte.aktenplan.einheit",
    "eakte.aktenplan.einheit_by_id",
    "eakte.aktenplan.today",
    "eakte.aktenplan.unit",
    "eakte.aktenplan.units",
}
# What a role may do to a file of another unit, by its office.
OFFICE = {
    ("registratur", "eakte.akten.trigger_retention"),
    ("registratur", "eakte.vorgaenge.reopen_vorgang"),
    ("auditor", "eakte.grants.break_glass"),
    ("tief_lead", "eakte.grants.break_glass"),
}
FOREIGN = ["tief", "tief_lead", "kasse", "rechner", "registratur"]
OUTSIDE = ["auditor", "datenschutz", "designer", "operator", "nobody"]


class RolledBackError(Exception):
    """Ends a transaction whose changes the next question must not see."""


def public_functions() -> Iterator[tuple[str, Callable[..., object], list[str]]]:
    for module in pkgutil.iter_modules(eakte.__path__, "eakte."):
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.name:
                continue
            parameters = list(inspect.signature(function).parameters)
            if parameters and parameters[0] == "tx":
                yield f"{module.name}.{name}", function, parameters


ASKED = sorted(
    name
    for name, _, parameters in public_functions()
    if parameters[1:2] == ["principal"] and name not in BELOW_THE_CHECK
)
FUNCTIONS = {name: function for name, function, _ in public_functions()}


def build_file(house, grade: Vertraulichkeit) -> SimpleNamespace:
    """A file of the Jugendamt with something in every table."""
    blob, spare = house.put(CONTENT.encode()), house.put(b"fresh")
    second = house.put(b"second " + CONTENT.encode())
    with house.begin() as tx:
        akte = house.akte(tx, "jugendamt", betreff=HEAD, vertraulichkeit=grade)
        vorgang = house.vorgang(tx, akte, betreff=HEAD, instance_id="instance")
        filed = house.dokument(tx, vorgang.id, blob, HEAD, dateiname=CONTENT)
        filed = add_version(tx, SYSTEM, filed.id, blob_id=second, blobs=house.blobs, reason=CONTENT)
        closed = house.vorgang(tx, akte, betreff=HEAD)
        close_vorgang(tx, SYSTEM, closed.id, CONTENT)
        step = open_step(
            tx, SYSTEM, vorgang.id, kind="p", addressee_kind="person", addressee="u_away"
        )
        done = Beteiligung("s", "ja", versions=None, remark=CONTENT, wording=CONTENT)
        record_step(tx, house.jugend_lead, vorgang.id, done)
        due = {"due": date(2026, 4, 1), "addressee": house.tief.id}
        wiedervorlage = set_wiedervorlage(tx, SYSTEM, vorgang.id, reason=CONTENT, **due)
        grant = grants.grant_access(
            tx,
            SYSTEM,
            akte.id,
            grantee_kind="person",
            grantee="u_nobody_here",
            level="content",
            until=tx.now + timedelta(days=1),
            reason=CONTENT,
        )
    return SimpleNamespace(
        akte_id=akte.id,
        vorgang_id=vorgang.id,
        dokument_id=filed.id,
        version_id=filed.current.id,
        step_id=step.id,
        wiedervorlage_id=wiedervorlage.id,
        grant_id=grant.id,
        instance_id="instance",
        blob_id=spare,
        blobs=house.blobs,
        purpose="Neugier",
        reason="ein hinreichend langer Grund",
        betreff="übernommen",
        on=date(2026, 6, 1),
        grade=Vertraulichkeit.VERTRAULICH,
        titel="fremd",
        dokumenttyp="x",
        richtung="intern",
        eingang_am=date(2026, 3, 1),
        due=date(2026, 3, 1),
        addressee="x",
        addressee_kind="person",
        kind="p",
        step=Beteiligung("p", "ja"),
        grantee_kind="person",
        grantee="x",
        level="content",
        until=datetime.now(UTC) + timedelta(days=1),
        table=tables.akte,
        row_id=akte.id,
        aktenplan="R.10",
        unit="jugendamt",
        # of the Aktenplan and the units: no file is touched
        einheit_id="x",
        last_day=date(2026, 1, 1),
        kennzeichen="Z.1",
        bezeichnung="Z",
        aufbewahrung_jahre=1,
        aussonderungsart="V",
        gueltig_von=date(2026, 1, 1),
        unit_id="z",
        kuerzel="Z",
        vertraulichkeit=Vertraulichkeit.NFD,
    )


def ask(tx, name: str, principal, file: SimpleNamespace) -> str:
    """The answer as text, or what refused it; every query a search can make is made."""
    function = FUNCTIONS[name]
    wanted = {
        parameter.name: getattr(file, parameter.name)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in {"tx", "principal", "query"}
        and parameter.default is inspect.Parameter.empty
    }
    takes_query = "query" in inspect.signature(function).parameters
    queries = [Query(what) for what in ("akte", "vorgang", "dokument")] if takes_query else [None]
    answers = []
    for query in queries:
        given = wanted if query is None else {**wanted, "query": query}
        try:
            answers.append(repr(function(tx, principal, **given)))
        except (EakteError, IdentityError) as error:
            answers.append(f"refused: {error}")
    return " ".join(answers)


def asked(house, name: str, who: str, file: SimpleNamespace) -> tuple[str, bool]:
    """The answer, and whether the file changed by asking."""
    answer, changed = "", False
    stream = select(tables.akte.c.seq).where(tables.akte.c.id == file.akte_id)
    with suppress(RolledBackError), house.begin() as tx:
        before = tx.scalar(stream)
        answer = ask(tx, name, house.people[who], file)
        changed = tx.scalar(stream) != before
        raise RolledBackError
    return answer, changed


def test_every_function_that_takes_a_transaction_is_known_to_this_test() -> None:
    unasked = {
        name
        for name, _, parameters in public_functions()
        if parameters[1:2] != ["principal"] and name not in WITHOUT_PRINCIPAL
    }

    assert unasked == set()
    assert len(ASKED) > 25


def test_no_function_gives_a_foreign_role_another_s_file(house) -> None:
    file = build_file(house, Vertraulichkeit.PERSONENBEZOGEN)
    leaks = []

    for name in ASKED:
        for who in FOREIGN + OUTSIDE:
            answer, changed = asked(house, name, who, file)
            allowed = (who, name) in OFFICE
            reads = who == "auditor"
            if CONTENT in answer and not reads:
                leaks.append((name, who, "content"))
            if HEAD in answer and who in OUTSIDE and not reads:
                leaks.append((name, who, "head"))
            if changed and not allowed:
                leaks.append((name, who, "changed"))

    assert leaks == []


def test_no_function_tells_a_foreign_role_that_a_vertrauliche_file_exists(house) -> None:
    file = build_file(house, Vertraulichkeit.VERTRAULICH)
    leaks = []

    for name in ASKED:
        for who in [*FOREIGN, *OUTSIDE, "jugend"]:
            answer, changed = asked(house, name, who, file)
            knows_heads = who in {"registratur", "jugend"}
            if CONTENT in answer:
                leaks.append((name, who, "content"))
            if HEAD in answer and not knows_heads:
                leaks.append((name, who, "head"))
            if changed and (who, name) not in OFFICE:
                leaks.append((name, who, "changed"))

    assert leaks == []


def test_the_same_questions_are_answered_to_who_keeps_the_file(house) -> None:
    file = build_file(house, Vertraulichkeit.PERSONENBEZOGEN)

    answered = {name for name in ASKED if "refused" not in asked(house, name, "jugend", file)[0]}

    assert {
        "eakte.akten.akte_head",
        "eakte.akten.change_betreff",
        "eakte.beteiligung.schritte",
        "eakte.dokumente.add_version",
        "eakte.dokumente.read_dokument",
        "eakte.grants.grants_of",
        "eakte.history.history",
        "eakte.search.search",
        "eakte.wiedervorlagen.complete_wiedervorlage",
    } <= answered


@pytest.mark.parametrize("who", [each for each in FOREIGN + OUTSIDE if each != "auditor"])
def test_nobody_exports_another_s_file(house, tmp_path: Path, who: str) -> None:
    file = build_file(house, Vertraulichkeit.PERSONENBEZOGEN)
    target = tmp_path / "leak.zip"

    with pytest.raises((EakteError, IdentityError)):
        export_akte(
            house.database,
            house.people[who],
            file.akte_id,
            blobs=house.blobs,
            store=open_store(str(tmp_path / "objects")),
            keyring=house.keyring,
            target=target,
            purpose="Neugier",
        )

    assert not target.exists()


@pytest.mark.parametrize("grade", list(Vertraulichkeit))
def test_lists_and_single_questions_agree_for_every_role_and_table(house, grade) -> None:
    file = build_file(house, grade)
    rows = {
        tables.akte: file.akte_id,
        tables.vorgang: file.vorgang_id,
        tables.dokument: file.dokument_id,
        tables.dokument_version: file.version_id,
        tables.beteiligungsschritt: file.step_id,
        tables.wiedervorlage: file.wiedervorlage_id,
    }
    levels = ("head", "content", "write")
    with house.begin() as tx:
        for who in house.people.values():
            seen = {}
            for table, row_id in rows.items():
                for level in levels:
                    criterion = visible(who, table, now=tx.now, level=level)
                    query = select(1).where(table.c.id == row_id, criterion)
                    seen[table.name, level] = tx.first(query) is not None
            by_level = {level: {seen[table.name, level] for table in rows} for level in levels}
            assert all(len(answers) == 1 for answers in by_level.values())
            head, content, write = (min(by_level[level]) for level in levels)
            assert head >= content >= write


def test_a_process_instance_is_as_visible_as_its_vorgang(house) -> None:
    build_file(house, Vertraulichkeit.PERSONENBEZOGEN)

    def seen(who: str, instance: str) -> bool:
        with house.begin() as tx:
            criterion = concerns(house.people[who], literal(instance), now=tx.now)
            return tx.first(select(1).where(criterion)) is not None

    assert {who: seen(who, "instance") for who in ("jugend", "tief", "auditor", "nobody")} == {
        "jugend": True,
        "tief": False,
        "auditor": True,
        "nobody": False,
    }
    assert seen("tief", "an instance that is no Vorgang")


def test_a_principal_of_another_tenant_sees_nothing(house) -> None:
    file = build_file(house, Vertraulichkeit.OFFEN)

    with house.database.begin("nachbarstadt") as tx, pytest.raises(NotFound):
        FUNCTIONS["eakte.akten.akte_head"](tx, house.jugend, file.akte_id)
    other = system_principal("nachbarstadt")
    with house.begin() as tx, pytest.raises(NotFound):
        FUNCTIONS["eakte.akten.akte_head"](tx, other, file.akte_id)


def test_a_grant_opens_one_vorgang_until_it_expires_or_is_revoked(house) -> None:
    file = build_file(house, Vertraulichkeit.PERSONENBEZOGEN)
    now = datetime.now(UTC)
    read = FUNCTIONS["eakte.dokumente.read_dokument"]
    with house.begin(now) as tx:
        grant = grants.grant_access(
            tx,
            house.jugend_lead,
            file.akte_id,
            grantee_kind="group",
            grantee="rechnerisch",
            level="content",
            until=now + timedelta(days=2),
            reason="Mitzeichnung",
            vorgang_id=file.vorgang_id,
        )

    def readable(at: datetime, who) -> bool:
        with house.begin(at) as tx:
            try:
                read(tx, who, file.version_id, house.blobs, "Mitzeichnung")
            except AccessDenied:
                return False
            return True

    assert readable(now + timedelta(days=1), house.rechner)
    assert not readable(now + timedelta(days=1), house.kasse)
    assert not readable(now + timedelta(days=2), house.rechner)
    with house.begin(now) as tx:
        with pytest.raises(AccessDenied):
            FUNCTIONS["eakte.history.history"](tx, house.rechner, file.akte_id)
        grants.revoke_grant(tx, house.jugend_lead, grant.id)
    assert not readable(now + timedelta(days=1), house.rechner)


def test_a_deputy_sees_what_the_absent_person_sees(house) -> None:
    file = build_file(house, Vertraulichkeit.PERSONENBEZOGEN)
    head = FUNCTIONS["eakte.history.history"]
    with house.begin() as tx:
        grants.grant_access(
            tx,
            house.jugend_lead,
            file.akte_id,
            grantee_kind="person",
            grantee=house.kasse.id,
            level="content",
            until=tx.now + timedelta(days=2),
            reason="Prüfung",
        )
        assert head(tx, house.tief.acting_for(house.kasse.id), file.akte_id)
        with pytest.raises(AccessDenied):
            head(tx, house.tief, file.akte_id)


def test_breaking_the_glass_opens_an_akte_for_four_hours_and_is_seen_by_all(house) -> None:
    file = build_file(house, Vertraulichkeit.VERTRAULICH)
    now = datetime.now(UTC)
    reason = "Kindeswohl, Rufbereitschaft am Wochenende"
    read = FUNCTIONS["eakte.dokumente.read_dokument"]
    with house.begin(now) as tx:
        grants.break_glass(tx, house.tief_lead, file.akte_id, reason)
        bytes_read = read(tx, house.tief_lead, file.version_id, house.blobs, "Notfall")
        with pytest.raises(NotFound):
            read(tx, house.tief.acting_for(house.tief_lead.id), file.version_id, house.blobs, "x")
        told = FUNCTIONS["eakte.history.history"](tx, house.jugend_lead, file.akte_id)
        log, _ = FUNCTIONS["eakte.readlog.accesses"](tx, house.datenschutz)

    with house.begin(now + timedelta(hours=4)) as tx, pytest.raises(NotFound):
        read(tx, house.tief_lead, file.version_id, house.blobs, "x")
    assert bytes_read.endswith(CONTENT.encode())
    assert told[-1].text.endswith(reason)
    assert "break_glass" in {each.action for each in log}
