from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.expressions import condition, expression

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language", "found", "value"),
    [
        ("= a + 1", None, "feel", 2),
        ("a + 1", "feel", "feel", 2),
        ("a + 1", "https://www.omg.org/spec/DMN/20191111/FEEL/", "feel", 2),
        ("${a + 1}", None, "juel", 2),
        ("a + 1", None, "literal", "a + 1"),
    ],
)
def test_a_text_is_in_the_language_it_shows(
    text: str, language: str | None, found: str, value: object
) -> None:
    compiled = expression(text, language, 7)

    assert compiled.language == found
    assert compiled.evaluate({"a": 1}, NOW) == value
    assert compiled.line == 7


def test_another_language_is_refused_by_name() -> None:
    with pytest.raises(ExpressionRefused, match="groovy"):
        expression("a", "groovy")


def test_the_position_of_a_fault_counts_the_equals_sign() -> None:
    with pytest.raises(ExpressionRefused) as refused:
        expression("  = 1 +")

    assert refused.value.position == 7


def test_a_condition_gives_true_or_false_or_fails() -> None:
    compiled = condition("= a > 1")

    assert compiled.evaluate({"a": 2}, NOW) is True
    with pytest.raises(ExpressionFailed, match="null"):
        compiled.evaluate({}, NOW)


def test_a_condition_is_never_a_literal_text() -> None:
    with pytest.raises(ExpressionRefused):
        condition("true")


@pytest.mark.parametrize(
    "language",
    [
        "FEEL",
        "text/x-feel",
        "http://www.omg.org/spec/FEEL/20140401",
        "https://www.omg.org/spec/DMN/20191111/FEEL/",
    ],
)
def test_feel_is_known_by_the_names_that_the_omg_gave_it(language: str) -> None:
    compiled = expression("1 + 1", language)

    assert compiled.language == "feel"
    assert compiled.evaluate({}, datetime(2026, 1, 5, tzinfo=UTC)) == 2


def test_a_language_that_only_begins_like_feel_is_refused() -> None:
    with pytest.raises(ExpressionRefused, match="feelings"):
        expression("1 + 1", "http://example.org/feelings")
