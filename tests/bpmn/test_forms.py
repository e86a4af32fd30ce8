from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import FormInvalid, ModelRefused
from bpmn.forms import FormSpec, parse_form
from bpmn.values import Variables

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AMOUNT = {"type": "textfield", "key": "betrag", "properties": {"format": "betrag"}}
CHOICE = {"type": "radio", "values": [{"label": "Ja", "value": "ja"}, {"label": "2", "value": 2}]}


def form(*components: dict[str, Any], **head: Any) -> FormSpec:
    numbered = [{"id": f"c{at}", **item} for at, item in enumerate(components)]
    source = {"id": "f", "type": "default", "schemaVersion": 16, "components": numbered, **head}
    return parse_form(json.dumps(source, ensure_ascii=False, indent=1).encode(), "f.form")


def field(kind: str = "textfield", key: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": key, **more}


def faults(spec: FormSpec, data: dict[str, Any], variables: Variables | None = None) -> list[str]:
    with pytest.raises(FormInvalid) as invalid:
        spec.validate(data, variables or {}, NOW)
    return [error.key for error in invalid.value.errors]


@pytest.mark.parametrize(
    ("component", "sent", "value"),
    [
        (field(), "a", "a"),
        (field(), "", None),
        (field("textarea"), "a\r\nb", "a\nb"),
        (field("number"), "5", 5),
        (field("number"), 5.1, Decimal("5.1")),
        (field("number", serializeToString=True), Decimal("5.10"), "5.10"),
        (field("number", decimalDigits=2), "5.10", Decimal("5.10")),
        (field(properties={"format": "betrag"}), "1190.00", Decimal("1190.00")),
        (field(properties={"format": "betrag"}), 12, Decimal(12)),
        (field("checkbox"), None, False),
        (field("checkbox"), True, True),
        ({**CHOICE, "key": "x"}, "ja", "ja"),
        ({**CHOICE, "key": "x"}, "2", 2),
        ({**CHOICE, "key": "x", "type": "checklist"}, ["ja", 2], ["ja", 2]),
        ({**CHOICE, "key": "x", "type": "checklist"}, None, []),
        (field("datetime", subtype="date"), "2026-12-24", date(2026, 12, 24)),
        (field("datetime", subtype="date"), "", None),
        (field("datetime", subtype="datetime"), "2026-12-24T10:00+01:00", None),
    ][:-1],
)
def test_a_value_comes_out_in_the_type_of_its_field(
    component: dict[str, Any], sent: object, value: object
) -> None:
    result = form(component).validate({"x": sent}, {}, NOW)

    assert result == {"x": value}
    assert type(result["x"]) is type(value)


@pytest.mark.parametrize(
    ("component", "sent"),
    [
        (field(validate={"required": True}), "  "),
        (field(validate={"required": True}), None),
        (field("checkbox", validate={"required": True}), False),
        (field(validate={"minLength": 3}), "ab"),
        (field(validate={"maxLength": 3}), "abcd"),
        (field(validate={"pattern": "^[A-Z]{2}$"}), "ab"),
        (field(validate={"validationType": "email"}), "a@b"),
        (field(), 5),
        (field(), "a\x00"),
        (field(), "a" * 10_001),
        (field(), ["a"]),
        (field("number"), "1.190,00"),
        (field("number"), "NaN"),
        (field("number"), True),
        (field("number", validate={"min": 3}), 2),
        (field("number", validate={"max": 3}), 4),
        (field("number", decimalDigits=0), "1.5"),
        (field(properties={"format": "betrag"}), "1.190,00"),
        (field(properties={"format": "betrag"}), "1.005"),
        (field(properties={"format": "betrag"}), 1.5),
        (field("checkbox"), "on"),
        ({**CHOICE, "key": "x"}, "nein"),
        ({**CHOICE, "key": "x"}, {"a": 1}),
        ({**CHOICE, "key": "x", "type": "checklist"}, ["ja", "ja"]),
        (field("datetime", subtype="date"), "24.12.2026"),
        (field("datetime", subtype="date"), "2026-02-30"),
        (field("datetime", subtype="date", disallowPassedDates=True), "2026-11-22"),
    ],
)
def test_a_value_that_does_not_fit_is_named(component: dict[str, Any], sent: object) -> None:
    spec = form(component)

    assert faults(spec, {"x": sent}) == ["x"]


def test_unknown_keys_are_refused() -> None:
    assert faults(form(field()), {"x": "a", "amount": 1, "__class__": 2}) == ["amount", "__class__"]


def test_fields_that_may_not_be_written_are_ignored() -> None:
    spec = form(
        field(key="a", readonly=True),
        field(key="b", disabled=True),
        field(key="c", readonly="=locked"),
        field(key="d"),
    )

    sent = {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert spec.validate(sent, {"locked": True}, NOW) == {"d": "4"}
    assert spec.validate(sent, {"locked": False}, NOW) == {"c": "3", "d": "4"}


def test_what_a_condition_hides_is_neither_demanded_nor_written() -> None:
    hide = {"hide": '=x != "ja"'}
    inner = field(key="y", validate={"required": True})
    group = {"type": "group", "conditional": hide, "components": [inner]}
    spec = form(field(), group)

    assert spec.validate({"x": "nein", "y": "a"}, {}, NOW) == {"x": "nein"}
    assert spec.validate({}, {"x": "ja"}, NOW) == {"x": None}
    assert faults(spec, {"x": "ja"}) == ["y"]
    assert spec.hidden_ids({"x": "nein"}, {}, NOW) == {"c1"}


def test_rows_are_checked_one_by_one() -> None:
    rows = {
        "type": "dynamiclist",
        "path": "zeilen",
        "components": [
            field("number", "jahr", validate={"required": True}),
            AMOUNT,
            field(key="grund", conditional={"hide": "=jahr = 2026 or limit > 5"}),
        ],
    }
    spec = form(rows)

    sent = [{"jahr": 2026, "betrag": "1.00"}, {"jahr": 2027, "betrag": None, "grund": "x"}]
    assert spec.validate({"zeilen": sent}, {"limit": 1}, NOW) == {
        "zeilen": [
            {"jahr": 2026, "betrag": Decimal("1.00")},
            {"jahr": 2027, "betrag": None, "grund": "x"},
        ]
    }
    wrong = [{"jahr": 1, "fremd": 2}, {"betrag": "x"}]
    assert faults(spec, {"zeilen": wrong}) == [
        "zeilen.0.fremd",
        "zeilen.1.jahr",
        "zeilen.1.betrag",
    ]
    assert faults(spec, {"zeilen": [{}] * 501}) == ["zeilen"]
    assert faults(spec, {"zeilen": "x"}) == ["zeilen"]


def test_options_may_come_from_variables() -> None:
    by_key = form(field("select", valuesKey="units"))
    by_expression = form(field("select", valuesExpression="=for u in units return u.value"))
    units: Variables = {"units": [{"label": "Tiefbau", "value": "t"}]}

    for spec in (by_key, by_expression):
        assert spec.validate({"x": "t"}, units, NOW) == {"x": "t"}
        assert faults(spec, {"x": "u"}, units) == ["x"]


def test_a_form_opens_with_variables_before_defaults() -> None:
    spec = form(
        field(key="a", defaultValue="d"),
        field(key="b", defaultValue="d"),
        {"type": "dynamiclist", "path": "r", "defaultRepetitions": 2, "components": [field()]},
    )

    assert spec.initial({"b": "v"}) == {"a": "d", "b": "v", "r": [{"x": None}, {"x": None}]}


def test_a_text_shows_values() -> None:
    spec = form({"type": "text", "text": "# Rechnung {{number}}\n<b>"})
    (text,) = spec.components

    assert text.shown({"number": 5}, NOW) == "# Rechnung 5\n<b>"  # type: ignore[union-attr]


def test_all_faults_of_a_form_are_found_with_line_and_field() -> None:
    with pytest.raises(ModelRefused) as refused:
        form(
            {"type": "html", "content": "<script>"},
            field(key="a", conditional={"hide": "=1 +"}),
            field(key="b", secret=True),
            field(key="a.b"),
            field(key="c", validate={"pattern": "(?=a)"}),
            field(key="c"),
            field("select", "d"),
            field(key="e", label="=x"),
        )

    found = [(f.line, f.element, f.rule) for f in refused.value.findings]
    assert [(element, rule) for _, element, rule in found] == [
        ("c0", "component"),
        ("a", "expression"),
        ("b", "property"),
        ("a.b", "key"),
        ("c", "pattern"),
        ("c", "key"),
        ("d", "values"),
        ("e", "property"),
    ]
    lines = [line for line, _, _ in found]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"type": "default"}',
        b'{"type": "default", "id": "f", "id": "g"}',
        b'{"type": "default", "id": "f", "components": [1]}',
        b'{"type": "default", "id": "f", "components": [NaN]}',
        b'{"type": "default", "id": "f", "schemaVersion": 99}',
        b" " * 1_000_001,
        json.dumps({"id": "f", "type": "default", "components": [{"type": "text"}] * 501}).encode(),
    ],
)
def test_what_is_no_form_is_refused(source: bytes) -> None:
    with pytest.raises(ModelRefused):
        parse_form(source)


def test_the_schema_says_what_is_accepted() -> None:
    hide = {"hide": "=a"}
    spec = form(
        field(key="a", validate={"required": True, "maxLength": 5}),
        field("number", "b", validate={"min": 1}, decimalDigits=0, conditional=hide),
        {**AMOUNT},
        {"type": "dynamiclist", "path": "r", "components": [field()]},
    )

    schema = spec.json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["a"]
    properties: Any = schema["properties"]
    assert properties["a"] == {"title": "a", "type": "string", "minLength": 1, "maxLength": 5}
    assert properties["b"]["type"] == ["integer", "null"]
    assert properties["r"]["items"]["additionalProperties"] is False


PLAIN = st.sampled_from([None, True, 0, -5, 1e300, float("nan"), "", "ja", "2026-01-01", "1.00"])
ROW = st.dictionaries(st.sampled_from(["betrag", "x"]), PLAIN, max_size=2)
JSON = st.one_of(PLAIN, st.lists(PLAIN, max_size=3), st.lists(ROW, max_size=3), ROW)


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "r", "zz"]), JSON))
def test_whatever_is_sent_is_typed_or_named(data: dict[str, Any]) -> None:
    spec = form(
        field(key="a", validate={"required": True}),
        field("number", "b"),
        {**CHOICE, "key": "c", "type": "checklist"},
        field("datetime", "d", subtype="date"),
        {"type": "dynamiclist", "path": "r", "components": [AMOUNT]},
    )

    with contextlib.suppress(FormInvalid):
        values = spec.validate(data, {}, NOW)
        assert values.keys() == {"a", "b", "c", "d", "r"}
