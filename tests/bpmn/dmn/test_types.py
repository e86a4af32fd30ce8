"""Item definitions and the conversions to them (DMN 1.5 §7.3.2 and §10.3.2.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from bpmn.dmn import compile_decisions
from bpmn.errors import ModelRefused
from bpmn.values import YearsMonths
from tests.bpmn.dmn.drawing import (
    allowed,
    component,
    considered,
    decision,
    input_data,
    item,
    knowledge,
    literal,
    model,
    value,
)

NAIVE = datetime(2026, 1, 2)  # noqa: DTZ001 a date and time without a zone

PERSON = item(
    "tPerson",
    content=component("name", "string")
    + component("born on", "date")
    + component("marks", "tMark", collection=True)
    + component("home", content=component("town", "string")),
)
TYPES = (
    PERSON,
    item("tMark", "number", allowed("[1..6]")),
    item("tColour", "string", allowed('"red","green"')),
    item("tColours", "tColour", collection=True),
    item(
        "tFew",
        "number",
        allowed("> 0") + allowed("count(?) < 3", "typeConstraint"),
        collection=True,
    ),
    item("tBack", "tPerson"),
)


def echoed(type_: str, *types: str) -> bytes:
    return model(*(types or TYPES), input_data("x", type_), decision("d", literal("x"), "i:x"))


@pytest.mark.parametrize(
    ("type_", "given", "result"),
    [
        ("string", "a", "a"),
        ("number", Decimal("1.50"), Decimal("1.50")),
        ("boolean", True, True),
        ("date", "2026-01-02", date(2026, 1, 2)),
        ("time", "10:11:12", time(10, 11, 12)),
        ("date and time", "2026-01-02T10:11:12Z", datetime(2026, 1, 2, 10, 11, 12, tzinfo=UTC)),
        ("date and time", "2026-01-02", NAIVE),
        ("dateTime", "2026-01-02T00:00:00", NAIVE),
        ("days and time duration", "P1DT2H", timedelta(days=1, hours=2)),
        ("dayTimeDuration", "PT1S", timedelta(seconds=1)),
        ("years and months duration", "P1Y2M", YearsMonths(14)),
        ("feel:date", "2026-01-02", date(2026, 1, 2)),
        ("Any", "2026-01-02", "2026-01-02"),
        ("", "2026-01-02", "2026-01-02"),
        ("tColour", "red", "red"),
        ("tColour", None, None),
        ("tColour", ["red"], "red"),
        ("tColours", ["red", "green", "red"], ["red", "green", "red"]),
        ("tColours", "red", ["red"]),
        ("tFew", [1, 2], [1, 2]),
        ("string", ["a"], "a"),
    ],
)
def test_an_input_is_read_in_its_type(type_: str, given: object, result: object) -> None:
    assert value(echoed(type_), x=given) == result


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        ("string", 1),
        ("number", "1"),
        ("date", "2026-02-30"),
        ("boolean", "true"),
        ("tColour", "blue"),
        ("tColours", ["red", "blue"]),
        ("tFew", [1, 2, 3]),
        ("tFew", [0]),
        ("string", ["a", "b"]),
        ("tMark", 7),
        ("tPerson", {"name": 1}),
        ("tPerson", {"marks": [1, 9]}),
    ],
)
def test_an_input_of_another_type_is_null_and_a_fault(type_: str, given: object) -> None:
    outcome = considered(echoed(type_), x=given)

    assert outcome.value is None
    assert outcome.warnings[0].fault
    assert outcome.warnings[0].element == "x"


def test_texts_inside_contexts_and_lists_are_read_in_their_types() -> None:
    given = {"name": "A", "born on": "2000-01-02", "marks": [1], "home": {"town": "B"}, "more": 1}

    found = value(echoed("tBack"), x=given)

    assert found["born on"] == date(2000, 1, 2)
    assert found["home"] == {"town": "B"}


def test_a_component_that_is_not_stated_is_null() -> None:
    assert value(echoed("tPerson"), x={"name": "A"})["born on"] is None


def test_a_list_of_contexts_is_read_in_its_type() -> None:
    people = item("tPeople", "tPerson", collection=True)
    source = echoed("tPeople", *TYPES, people)

    (found,) = value(source, x=[{"name": "A", "born on": "2000-01-02"}])

    assert found["born on"] == date(2000, 1, 2)


@pytest.mark.parametrize(
    ("type_", "text", "result"),
    [
        ("number", "[5]", 5),
        ("tColours", '"red"', ["red"]),
        ("date and time", 'date("2026-01-02")', datetime(2026, 1, 2, tzinfo=UTC)),
        ("number", '"5"', None),
        ("string", '["a", "b"]', None),
        ("tPerson", '{name: "A"}', None),
    ],
)
def test_a_decisions_value_is_converted_to_its_type(type_: str, text: str, result: object) -> None:
    source = model(*TYPES, decision("d", literal(text), type_=type_))

    assert considered(source).value == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('"red" instance of tColour', True),
        ('"blue" instance of tColour', False),
        ('["red"] instance of tColours', True),
        ("5 instance of tMark", True),
        ('(function(a: tColour) a)("blue")', None),
        ('(function(a: tColour) a)("red")', "red"),
        ("k instance of tOperation", True),
        ("k instance of tOther", False),
    ],
)
def test_expressions_name_the_models_types(text: str, result: object) -> None:
    operation = (
        '<itemDefinition name="tOperation"><functionItem outputTypeRef="number">'
        '<parameters name="a" typeRef="number"/></functionItem></itemDefinition>'
    )
    other = operation.replace("tOperation", "tOther").replace('="number"/>', '="string"/>')
    source = model(
        *TYPES,
        operation,
        other,
        knowledge("k", {"a": "number"}, literal("a"), type_="tOperation"),
        decision("d", literal(text), "k:k"),
    )

    assert considered(source).value == result


def test_types_of_dmn_1_1_are_qualified_names() -> None:
    edition = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
    source = model(
        item("tDay", "feel:date"),
        input_data("x", "own:tDay"),
        decision("d", literal("x.year"), "i:x", type_="feel:number"),
        edition=edition,
        namespace="ns:own",
        more='xmlns:own="ns:own" xmlns:feel="http://www.omg.org/spec/FEEL/20140401"',
    )

    assert value(source, x="2026-01-02") == 2026


@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        (item("tA", "tB"), "unknown-type", 2),
        (item("tA", "tA"), "cyclic-type", 2),
        (item("tB", "tA") + "\n" + item("tA", "tB"), "cyclic-type", 3),
        (item("tA", content=component("a", "tA")), "cyclic-type", 2),
        (item("tA", content=component("a") + component("a")), "duplicate-name", 2),
        (item("tA") + "\n" + item("tA"), "duplicate-name", 3),
        (item("tA", "number", allowed("> >")), "expression", 2),
        (item("") , "type-name", 2),
    ],
)  # fmt: skip
def test_a_type_that_means_nothing_is_refused(content: str, rule: str, line: int) -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(content, input_data("x", "tA"), decision("d", literal("x"), "i:x")))

    assert (rule, line) in [(f.rule, f.line) for f in refused.value.findings]
