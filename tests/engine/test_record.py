"""The two parts of a ledger entry: nothing personal in the lasting one, nothing lost in both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine import acts, record
from engine.machine import facts
from engine.machine.facts import Fact
from storage.ledger import Entry

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FACTS: list[Fact] = [
    acts.Begun("d" * 32, "p", 3, "Muster-1"),
    acts.TaskAssigned(2, "muster"),
    acts.TaskUpdated(2, NOW, None, 70),
    acts.JobFailed(3, "work", 1, NOW, "Muster is away"),
    acts.CancelRequested("Muster asked"),
    facts.VariableSet(0, "name", {"Muster": [Decimal("1.50"), date(2026, 1, 2), None]}),
    facts.VariableSet(0, "n", 5, "Long"),
    facts.TaskOpened(2, "u", 1, "Muster", "muster", ("muster",), ("clerks",), NOW, None, 50, None),
    facts.TaskClosed(2, "completed"),
    facts.JobRequested(3, "work", 1, "handler", "work", 5, 3, (60.0, 120.0)),
    facts.TimerArmed(4, "t", 1, NOW),
    facts.Subscribed(5, "m", 1, "answer-of-Muster", "Muster"),
    facts.IncidentOpened(6, "x", 1, "expression_failed", "Muster is no number"),
    facts.ErrorThrown("e", "x", None, "Muster"),
    facts.Decided("d", "table", 1, (2,), {"who": "Muster"}, "Muster"),
    facts.Decided(
        "d",
        "table",
        1,
        (2,),
        {"who": "Muster"},
        "Muster",
        "f" * 32,
        [["table", [["t", "FIRST", [2], ["r2"]]]]],
        [{"required": {"who": "Muster"}, "tables": [], "result": "Muster"}],
    ),
    facts.MessageThrown("m", "answer-of-Muster", "Muster", {"who": "Muster"}),
    facts.Ended("completed", "end"),
]


def entry(parts: tuple[bytes, bytes | None], *, erased: bool = False) -> Entry:
    values = None if erased else parts[1]
    return Entry("s", 1, NOW, "u_1", None, "test", parts[0], values, redacted=erased)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_comes_back_equal_from_both_parts(fact: Fact) -> None:
    assert record.decode(entry(record.encode([fact]))) == [fact]


def test_the_lasting_part_names_no_person_and_quotes_no_value() -> None:
    lasting, values = record.encode(FACTS)

    assert b"uster" not in lasting
    assert values is not None
    assert b"Muster" in values


def test_an_erased_entry_still_tells_what_happened() -> None:
    told = record.decode(entry(record.encode(FACTS), erased=True))

    assert [type(fact) for fact in told] == [type(fact) for fact in FACTS]
    (opened,) = [fact for fact in told if isinstance(fact, facts.TaskOpened)]
    assert (opened.node, opened.due, opened.name) == ("u", NOW, None)


def test_every_kind_of_fact_can_be_recorded() -> None:
    kinds = {kind for kind in vars(facts).values() if isinstance(kind, type)}
    declared = {kind for kind in kinds if issubclass(kind, Fact) and kind is not Fact}

    assert declared <= set(record._SHAPES)


def test_a_decision_recorded_before_explanations_still_reads() -> None:
    old = entry((b'[["Decided","d","table",1,[2]]]', b'[[0,{"n":1},"x"]]'))

    assert record.decode(old) == [facts.Decided("d", "table", 1, (2,), {"n": 1}, "x")]
