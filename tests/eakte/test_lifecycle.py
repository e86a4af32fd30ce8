"""Whatever is done to an Akte in whatever order: numbers have no gap, the chain holds, the rows
say what the ledger says."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bpmn.values import decode
from eakte.beteiligung import Beteiligung, record_step
from eakte.dokumente import add_version
from eakte.errors import EakteError
from eakte.tables import akte as akte_table
from eakte.tables import beteiligungsschritt, dokument, vorgang
from eakte.vorgaenge import close_vorgang, open_vorgang, reopen_vorgang
from identity.errors import IdentityError
from identity.principal import system_principal
from storage.ledger import entries
from storage.walk import verify_stream

SYSTEM = system_principal("default")
STEPS = st.sampled_from(["open", "file", "version", "sign", "close", "reopen", "fail"])
ACTORS = st.sampled_from(["tief", "tief_lead", "registratur", "jugend", "system"])


class GivenUpError(Exception):
    """A transaction that ends before its commit."""


def perform(house, akte_id: str, what: str, who) -> None:
    """One change, by its own transaction; what is refused or given up leaves nothing."""
    blob = house.put() if what in {"file", "version"} else ""
    with house.begin() as tx:
        v, d = vorgang.c, dokument.c
        last = tx.scalar(select(v.id).where(v.akte == akte_id).order_by(v.number.desc())) or "-"
        filed = tx.scalar(select(d.id).where(d.vorgang == last).order_by(d.number.desc())) or "-"
        if what in {"open", "fail"}:
            open_vorgang(tx, who, akte_id, betreff="V")
        elif what == "file":
            house.dokument(tx, last, blob)
        elif what == "version":
            add_version(tx, who, filed, blob_id=blob, blobs=house.blobs, reason="K")
        elif what == "sign":
            record_step(tx, who, last, Beteiligung("s", "ja", versions=None))
        elif what == "close":
            close_vorgang(tx, who, last, "fertig")
        else:
            reopen_vorgang(tx, who, last, "Nachtrag")
        if what == "fail":
            raise GivenUpError


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=st.lists(st.tuples(STEPS, ACTORS), min_size=3, max_size=20))
def test_any_order_of_work_leaves_whole_numbers_and_a_whole_chain(house, plan) -> None:
    with house.begin() as tx:
        akte = house.akte(tx)
    for what, who in plan:
        principal = SYSTEM if who == "system" else house.people[who]
        try:
            perform(house, akte.id, what, principal)
        except (EakteError, IdentityError, GivenUpError):
            continue

    with house.database.reading() as tx:
        told = [(entry, decode(entry.facts)) for entry in entries(tx, akte.id)]
        heads = tx.all(select(vorgang).where(vorgang.c.akte == akte.id).order_by(vorgang.c.number))
        kept = tx.all(select(dokument).where(dokument.c.akte == akte.id))
        s = beteiligungsschritt.c
        voided = tx.all(select(s.id).where(s.akte == akte.id, s.voided_at.is_not(None)))
        faults = verify_stream(tx, akte_table, akte.id)
        counted = tx.scalar(select(akte_table.c.vorgaenge).where(akte_table.c.id == akte.id))
    assert faults == []
    assert [head.number for head in heads] == list(range(1, counted + 1))
    for head in heads:
        numbers = sorted(each.number for each in kept if each.vorgang == head.id)
        assert numbers == list(range(1, head.dokumente + 1))
        turns = [
            entry.kind
            for entry, facts in told
            if facts.get("vorgang") == head.id and entry.kind.partition(".")[0] == "vorgang"
        ]
        assert (head.state == "zda") == (turns[-1] == "vorgang.closed")
    said = {
        step
        for entry, facts in told
        if entry.kind == "schritte.voided"
        for step in facts["schritte"]
    }
    assert said == {row.id for row in voided}
    assert [entry.seq for entry, _ in told] == list(range(1, len(told) + 1))
