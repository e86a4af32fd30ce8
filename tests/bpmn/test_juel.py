from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.juel import compile_juel
from bpmn.juel.execution import About, telling, told
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
    "tags": ["a", "b"],
    "json": '{"name": "Meier", "amount": 12.50, "ok": true, "rows": [{"a": 1}, {"a": 2}]}',
}
OFFICE, SUMMER = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))


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
        ("${none.x}", None),
        ("${none.x[0].y}", None),
        ("${rows.size()}", 2),
        ("${rows.isEmpty()}", False),
        ("${rows.get(1).a}", 2),
        ("${rows.get(0)['a'] + rows.get(1)['a']}", 3),
        ("${tags.contains('b') && !tags.contains('c')}", True),
        ("${tags.contains(1)}", False),
        ("${tags.containsAll(tags)}", True),
        ("${tags.indexOf('b')}", 1),
        ("${invoice.containsKey('seller')}", True),
        ("${invoice.get('seller').get('name')}", "Müller"),
        ("${invoice.getOrDefault('x', 'none')}", "none"),
        ("${kind.equals('A')}", True),
        ("${kind.equals(1)}", False),
        ("${kind.equals(none)}", False),
        ("${kind.equalsIgnoreCase('a')}", True),
        ("${' x '.trim().length()}", 1),
        ("${kind.toLowerCase().concat('b').toUpperCase()}", "AB"),
        ("${'Rechnung'.startsWith('Re') and 'Rechnung'.endsWith('ng')}", True),
        ("${'Rechnung'.substring(2, 5)}", "chn"),
        ("${'Rechnung'.substring(5).indexOf('n')}", 1),
        ("${'a.b'.replace('.', '-')}", "a-b"),
        ("${amount.toString().length()}", 3),
        ("${price.intValue()}", 12),
        ("${amount.compareTo(1)}", 1),
        ("${S(json).prop('name').stringValue()}", "Meier"),
        ("${S(json).prop('amount').numberValue() > 10}", True),
        ("${S(json).prop('ok').boolValue() ? 1 : 2}", 1),
        ("${S(json).prop('rows').elements().size()}", 2),
        ("${S(json).prop('rows').elements().get(1).prop('a').numberValue()}", 2),
        ("${S(json).prop('rows').elements()}", [{"a": 1}, {"a": 2}]),
        ("${S(json).prop('rows')}", [{"a": 1}, {"a": 2}]),
        ("${S(json).hasProp('x')}", False),
        ("${JSON(invoice).prop('seller').prop('name').value()}", "Müller"),
        ("name: ${S(json).prop('name')}", 'name: "Meier"'),
        ("${dateTime().plusDays(8).toDate()}", datetime(2026, 12, 1, 13, tzinfo=OFFICE)),
        ("${dateTime().minusMonths(1)}", datetime(2026, 10, 23, 13, tzinfo=SUMMER)),
        ("${now().before(dateTime().plusHours(1))}", True),
    ],
)
def test_an_expression_gives_what_camunda_gives(text: str, value: object) -> None:
    result = compile_juel(text)(VARIABLES, NOW)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "text",
    ["${missing}", "${kind.length}", "${'a' > 1}", "${1 / 0}", "${none.size()}", "${rows + 1}"],
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
        ("${dateTime('x')}", 2),
        ("${XML(a)}", 2),
        ("${execution.businessKey}", 2),
        ("${execution.setVariable('a', 1)}", 2),
        ("${fn:length(a)}", 2),
        ("${a} #{b}", 5),
        ("${a = 1}", 4),
        ("${" + "(" * 5000, 102),
        ("${rows.size(1)}", 6),
        ("${rows.stream()}", 6),
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


@pytest.mark.parametrize(
    "text",
    [
        "${kind.size()}",
        "${rows.get(9)}",
        "${rows.get('x')}",
        "${rows.trim()}",
        "${S(kind)}",
        "${S(json).prop('missing')}",
        "${S(json).prop('name').numberValue()}",
        "${S(json).elements()}",
        "${S(json).name}",
        "${S(json) > 1}",
        "${'a'.substring(2)}",
        "${dateTime().plusYears(9999999)}",
        "${dateTime().plusDays(1.5)}",
        "${kind.startsWith(1)}",
    ],
)
def test_a_method_fails_where_java_throws(text: str) -> None:
    evaluate = compile_juel(text)

    with pytest.raises(ExpressionFailed):
        evaluate(VARIABLES, NOW)


def test_a_day_is_added_on_the_wall_clock_and_an_hour_on_the_time_line() -> None:
    before_summer = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)

    day = compile_juel("${dateTime().plusDays(1)}")({}, before_summer)
    hours = compile_juel("${dateTime().plusHours(24)}")({}, before_summer)

    assert day == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 2:30 is skipped, it is 3:30
    assert hours == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert compile_juel("${dateTime().plusDays(2)}")({}, before_summer) == datetime(
        2026, 3, 30, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("${x.matches('a')}", "matches("),
        ("${fn:length(x)}", "string length("),
        ("${execution.setVariable('x', 1)}", "name = value"),
        ("${rows.stream()}", "filter"),
    ],
)
def test_a_refusal_says_what_to_write_in_feel(text: str, hint: str) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_juel(text)

    assert hint in str(refused.value)


ABOUT: About = {
    "execution.processInstanceId": told("processInstanceId"),
    "execution.businessKey": told("businessKey"),
    "execution.currentActivityId": lambda _variables, _now: "t",
    "task.taskDefinitionKey": lambda _variables, _now: "t",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${execution.processInstanceId}", "i-1"),
        ("${execution.getProcessInstanceId()}", "i-1"),
        ("${execution.processBusinessKey}", "R-7"),
        ("${execution.getProcessBusinessKey()}", "R-7"),
        ("${execution.getBusinessKey()}/${a}", "R-7/1"),
        ("${execution.currentActivityId}", "t"),
        ("${task.getTaskDefinitionKey()}", "t"),
    ],
)
def test_an_expression_asks_what_is_known_of_its_execution(text: str, value: str) -> None:
    evaluate = compile_juel(text, ABOUT)

    with telling({"processInstanceId": "i-1"}, "R-7"):
        assert evaluate({"a": 1}, NOW) == value


def test_what_nobody_tells_of_the_execution_fails() -> None:
    evaluate = compile_juel("${execution.businessKey}", ABOUT)

    with pytest.raises(ExpressionFailed, match="businessKey"):
        evaluate({"businessKey": 1}, NOW)


@pytest.mark.parametrize(
    "text", ["${execution.id}", "${execution.businessKey()}", "${task.assignee}", "${task.getX(1)}"]
)
def test_what_is_not_known_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ExpressionRefused, match=r"only variables, (execution|task)\."):
        compile_juel(text, ABOUT)


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
