from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.juel import compile_juel
from bpmn.values import decode, encode

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VARIABLES = {
    "amount": 150,
    "price": Decimal("12.50"),
    "kind": "A",
    "ok": True,
    "none": None,
    "rows": [{"a": 1}, {"a": 2}],
    "invoice": {"seller": {"name": "Müller"}},
    "empty_list": [],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${amount}", 150),
        ("#{amount > 100}", True),
        ("${amount > 100 && kind == 'A'}", True),
        ("${amount gt 100 and kind eq 'A'}", True),
        ("${not ok or empty none}", True),
        ("${!ok || amount le 150}", True),
        ("${ok ? 'ja' : 'nein'}", "ja"),
        ("${ok?kind:none}", "A"),
        ("${amount + 1 * 2}", 152),
        ("${amount mod 7}", 3),
        ("${-7 % 3}", -1),
        ("${amount div 4}", Decimal("37.5")),
        ("${price * 2}", Decimal("25.00")),
        ("${'1' + '2'}", 3),
        ("${amount == '150'}", True),
        ("${none == null}", True),
        ("${none < 1}", False),
        ("${none + 1}", 1),
        ("${empty empty_list}", True),
        ("${invoice.seller.name}", "Müller"),
        ("${invoice['seller'].name}", "Müller"),
        ("${rows[1].a}", 2),
        ("${rows[9]}", None),
        ("${invoice.missing}", None),
        ("Rechnung ${kind}/${amount} über ${price}", "Rechnung A/150 über 12.50"),
        ("a${none}b", "ab"),
        (r"\${kind}", "${kind}"),
        ("${'it\\'s'}", "it's"),
        ("${'}'}", "}"),
        ("${execution.getVariable('kind')}", "A"),
        ("${execution.getVariable('missing')}", None),
        ("${execution.hasVariable('missing')}", False),
        ("${now() > now()}", False),
    ],
)
def test_an_expression_gives_what_camunda_gives(text: str, value: object) -> None:
    result = compile_juel(text)(VARIABLES, NOW)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "text",
    ["${missing}", "${kind.length}", "${'a' > 1}", "${1 / 0}", "${none.x}", "${rows + 1}"],
)
def test_what_has_no_value_fails(text: str) -> None:
    evaluate = compile_juel(text)

    with pytest.raises(ExpressionFailed):
        evaluate(VARIABLES, NOW)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("${", 2),
        ("${}", 2),
        ("${a", 3),
        ("x ${bean.method()}", 8),
        ("${mailService(a)}", 2),
        ("${execution.id}", 2),
        ("${task}", 2),
        ("${execution}", 2),
        ("${dateTime()}", 2),
        ("${fn:length(a)}", 2),
        ("${a} #{b}", 5),
        ("${a = 1}", 4),
        ("${" + "(" * 5000, 102),
        ("${rows.size()}", 6),
        ("${''.getClass()}", 4),
    ],
)
def test_what_cannot_be_reached_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_juel(text)

    assert refused.value.position == position


@pytest.mark.parametrize("text", ["${kind.__class__}", "${kind['__class__']}", "${rows.__len__}"])
def test_no_python_attribute_can_be_reached(text: str) -> None:
    evaluate = compile_juel(text)

    with pytest.raises(ExpressionFailed):
        evaluate(VARIABLES, NOW)


WORDS = st.lists(
    st.sampled_from(["kind", "amount", "rows", "1", "'a'", "null", "true", "empty", "(", ")", "["])
    | st.sampled_from(["]", ".", "?", ":", "+", "/", "==", "<", "&&", "not", "or", "execution"]),
    max_size=10,
).map(lambda words: "${" + " ".join(words) + "}")


@given(WORDS | st.text(alphabet="${}#a.'\\\"()", max_size=15))
def test_any_text_is_refused_fails_or_gives_a_value(text: str) -> None:
    try:
        value = compile_juel(text)(VARIABLES, NOW)
    except (ExpressionRefused, ExpressionFailed):
        return

    assert decode(encode(value)) == value
