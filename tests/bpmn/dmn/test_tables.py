from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest

from bpmn.dmn import Outcome, compile_decisions
from bpmn.errors import ExpressionFailed, ModelRefused

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def tag(name: str, text: str, attributes: str = "") -> str:
    return f"<{name} {attributes}><text>{escape(text)}</text></{name}>"


def table(
    rules: list[tuple[str, ...]],
    attributes: str = "",
    *,
    outputs: tuple[str, ...] = ('name="result"',),
    values: tuple[str, ...] = (),
    kind: str = "",
    columns: tuple[str, ...] = ("x",),
) -> str:
    made = [f"<decisionTable id='t' {attributes}>"]
    made += [
        f"<input id='i{at}'>{tag('inputExpression', column, kind)}</input>"
        for at, column in enumerate(columns)
    ]
    for at, output in enumerate(outputs):
        listed = tag("outputValues", values[at]) if values else ""
        made.append(f"<output id='o{at}' {output}>{listed}</output>")
    for at, rule in enumerate(rules):
        cells = "".join(tag("inputEntry", text) for text in rule[: len(columns)])
        cells += "".join(tag("outputEntry", text) for text in rule[len(columns) :])
        made.append(f"<rule id='r{at}'>{cells}</rule>")
    return "".join(made) + "</decisionTable>"


def model(*decisions: str, namespace: str = NAMESPACE) -> bytes:
    content = "\n".join(
        decision
        if decision.startswith("<decision ")
        else f'<decision id="d" name="D">{decision}</decision>'
        for decision in decisions
    )
    return f'<definitions xmlns="{namespace}" id="m" name="M">\n{content}\n</definitions>'.encode()


def decide(source: bytes, decision: str = "d", **variables: object) -> list[dict[str, object]]:
    outcome = compile_decisions(source)[decision].evaluate(variables, NOW)
    return outcome.outputs  # type: ignore[return-value]


def consider(source: bytes, decision: str = "d", **variables: object) -> Outcome:
    """The outcome as the standard has it: errors are null."""
    return compile_decisions(source)[decision].consider(variables, NOW)


RULES = [("> 10", '"big"'), ("> 100", '"huge"'), ("-", '"any"')]
RANKED = '"huge","big","any"'


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_a_table_of_any_edition_is_read(namespace: str) -> None:
    source = model(table([("1", "2")]), namespace=namespace)

    assert decide(source, x=1) == [{"result": 2}]


@pytest.mark.parametrize(
    ("policy", "values", "x", "results"),
    [
        ("UNIQUE", (), 5, ["any"]),
        ("FIRST", (), 500, ["big"]),
        ("PRIORITY", (RANKED,), 500, ["huge"]),
        ("OUTPUT ORDER", (RANKED,), 500, ["huge", "big", "any"]),
        ("RULE ORDER", (), 500, ["big", "huge", "any"]),
        ("COLLECT", (), 50, ["big", "any"]),
    ],
)
def test_a_hit_policy_chooses_among_matching_rules(
    policy: str, values: tuple[str, ...], x: int, results: list[str]
) -> None:
    source = model(table(RULES, f'hitPolicy="{policy}"', values=values))

    assert decide(source, x=x) == [{"result": result} for result in results]


def test_unique_fails_where_two_rules_match() -> None:
    source = model(table(RULES))

    with pytest.raises(ExpressionFailed, match="1, 3"):
        decide(source, x=50)


def test_any_fails_where_matching_rules_differ() -> None:
    same = model(table([("> 1", "1"), ("> 2", "1.0")], 'hitPolicy="ANY"'))
    other = model(table([("> 1", "1"), ("> 2", "2")], 'hitPolicy="ANY"'))

    assert decide(same, x=5) == [{"result": 1}]
    with pytest.raises(ExpressionFailed, match="ANY"):
        decide(other, x=5)


@pytest.mark.parametrize(
    ("aggregation", "x", "results"),
    [
        ("SUM", 5, [Decimal("3.5")]),
        ("MIN", 5, [1]),
        ("MAX", 5, [Decimal("2.5")]),
        ("COUNT", 5, [2]),
        ("COUNT", 0, [0]),
        ("SUM", 0, []),
    ],
)
def test_collect_aggregates(aggregation: str, x: int, results: list[object]) -> None:
    rules = [("> 1", "1"), ("> 2", "2.5")]
    source = model(table(rules, f'hitPolicy="COLLECT" aggregation="{aggregation}"'))

    assert decide(source, x=x) == [{"result": result} for result in results]


def test_an_outcome_names_what_explains_it() -> None:
    rules = [("> 10", "-", "1", "2"), ("<= 10", '"a"', "3", "4")]
    source = model(table(rules, outputs=('name="p"', 'name="q"'), columns=("x + 1", "y")))

    outcome = compile_decisions(source)["d"].evaluate({"x": 4, "y": "a"}, NOW)

    assert outcome.matched == (2,)
    assert outcome.inputs == {"x + 1": 5, "y": "a"}
    assert outcome.outputs == [{"p": 3, "q": 4}]


@pytest.mark.parametrize(
    ("kind", "x", "test"),
    [
        ("integer", "5", "5"),
        ("string", 5, '"5"'),
        ("boolean", "true", "true"),
        ("date", "2026-01-02", '@"2026-01-02"'),
        ("date", date(2026, 1, 2), '> @"2026-01-01"'),
        ("feel:number", Decimal("1.5"), "1.5"),
        ("number", None, "null"),
    ],
)
def test_an_input_gets_the_type_of_its_column(kind: str, x: object, test: str) -> None:
    source = model(table([(test, "true")], kind=f'typeRef="{kind}"'))

    assert decide(source, x=x) == [{"result": True}]


@pytest.mark.parametrize(("kind", "x"), [("integer", "a"), ("integer", Decimal("1.5"))])
def test_a_value_of_another_type_fails(kind: str, x: object) -> None:
    source = model(table([("-", "1")], kind=f'typeRef="{kind}"'))

    with pytest.raises(ExpressionFailed):
        decide(source, x=x)


def test_an_output_beside_its_list_of_values_fails() -> None:
    source = model(table([("-", "x")], values=('"a","b"',)))

    assert decide(source, x="a") == [{"result": "a"}]
    with pytest.raises(ExpressionFailed, match="not among"):
        decide(source, x="c")


def test_a_rule_may_call_its_input_by_name() -> None:
    content = table([('starts with(kind, "A")', "1"), ("cellInput = 1", "2")])
    named = content.replace("<input id='i0'", "<input id='i0' camunda:inputVariable='kind'")
    prefix = b'xmlns:camunda="http://camunda.org/schema/1.0/dmn" id="m"'

    assert decide(model(named).replace(b'id="m"', prefix), x="AB") == [{"result": 1}]


def test_the_default_output_stands_where_no_rule_matches() -> None:
    content = table([("1", "1")]).replace("</output>", f"{tag('defaultOutputEntry', '7')}</output>")

    assert decide(model(content), x=2) == [{"result": 7}]


def test_required_decisions_are_evaluated_first() -> None:
    season = (
        f'<decision id="s" name="Season">{table([("< 10", chr(34) + "W" + chr(34))])}</decision>'
    )
    length = '<decision id="l" name="Length"><variable name="len"/>{}</decision>'.format(
        '<informationRequirement><requiredDecision href="#s"/></informationRequirement>'
        + tag("literalExpression", "string length(Season) + count([result]) * 10")
    )

    assert decide(model(length, season), "l", x=1) == [{"len": 11}]


def test_all_faults_of_a_file_are_found_with_line_and_element() -> None:
    rules = [("> ", "1"), ("1", "foo(2)")]
    source = model(
        table(rules, 'hitPolicy="WRONG"'),
        '<decision id="e"><context/><list/></decision>',
        '<decision id="f"><informationRequirement><requiredDecision href="#f"/>'
        "</informationRequirement>" + tag("literalExpression", "1") + "</decision>",
    )

    with pytest.raises(ModelRefused) as refused:
        compile_decisions(source, "a.dmn")

    found = {(f.line, f.element, f.rule, f.severity) for f in refused.value.findings}
    assert found == {
        (2, "t", "hit-policy", "error"),
        (2, "r0", "expression", "error"),
        (2, "r1", "expression-null", "warning"),
        (3, "e", "boxed-structure", "error"),
        (4, "f", "cyclic-requirement", "error"),
    }


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        model(),
        model(table([("1",)])),
        model(table([("1", "2", "3")])),
        model(table([("1", "2")], 'hitPolicy="PRIORITY"')),
        model(table([("1", "2")], 'hitPolicy="UNIQUE" aggregation="SUM"')),
        model(table([("1", "2")], kind='typeRef="tFoo"')),
        model(table([("1", "2")], kind='expressionLanguage="javascript"')),
        model(table([("1", "2", "3")], outputs=("", ""))),
        model("<invocation/>"),
    ],
)
def test_what_is_no_table_that_can_be_run_is_refused(source: bytes) -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(source)

    assert refused.value.findings


def test_shared_requirements_are_evaluated_once() -> None:
    decisions = ['<decision id="d0" name="d0">' + tag("literalExpression", "1") + "</decision>"]
    for at in range(1, 40):
        requirement = f'<requiredDecision href="#d{at - 1}"/>'
        body = "".join(f"<informationRequirement>{requirement}</informationRequirement>" * 2)
        text = tag("literalExpression", f"d{at - 1} + d{at - 1}")
        decisions.append(f'<decision id="d{at}" name="d{at}">{body}{text}</decision>')

    assert decide(model(*decisions), "d39") == [{"d39": 2**39}]


# --- as the standard has it: values instead of rows, null instead of errors ---


def test_a_table_with_one_output_gives_its_value_one_with_several_a_context() -> None:
    one = model(table([("1", "2")]))
    two = model(table([("1", "2", "3")], outputs=('name="p"', 'name="q q"')))

    assert consider(one, x=1).value == 2
    assert consider(two, x=1).value == {"p": 2, "q q": 3}


@pytest.mark.parametrize(
    ("attributes", "values", "x", "result"),
    [
        ("", (), 0, None),
        ('hitPolicy="FIRST"', (), 0, None),
        ('hitPolicy="COLLECT"', (), 0, []),
        ('hitPolicy="RULE ORDER"', (), 0, None),
        ('hitPolicy="OUTPUT ORDER"', ("2, 1",), 0, None),
        ('hitPolicy="COLLECT" aggregation="COUNT"', (), 0, 0),
        ('hitPolicy="COLLECT" aggregation="SUM"', (), 0, None),
        ('hitPolicy="COLLECT" aggregation="MIN"', (), 0, None),
        ('hitPolicy="COLLECT"', (), 5, [1, 2]),
        ('hitPolicy="OUTPUT ORDER"', ("2, 1",), 5, [2, 1]),
        ('hitPolicy="PRIORITY"', ("2, 1",), 5, 2),
        ('hitPolicy="COLLECT" aggregation="SUM"', (), 5, 3),
        ('hitPolicy="COLLECT" aggregation="MAX"', (), 5, 2),
    ],
)
def test_what_a_table_gives_depends_on_its_hit_policy(
    attributes: str, values: tuple[str, ...], x: int, result: object
) -> None:
    source = model(table([("> 1", "1"), ("> 2", "2")], attributes, values=values))

    assert consider(source, x=x).value == result


def test_the_first_output_counts_most_for_priority() -> None:
    rules = [("-", '"b"', "1"), ("-", '"a"', "1"), ("-", '"a"', "2")]
    outputs, values = ('name="p"', 'name="q"'), ('"a","b"', "2, 1")
    source = model(table(rules, 'hitPolicy="PRIORITY"', outputs=outputs, values=values))

    outcome = consider(source, x=1)

    assert (outcome.value, outcome.matched) == ({"p": "a", "q": 2}, (3,))


def test_priorities_may_stand_in_the_outputs_type() -> None:
    listed = tag("allowedValues", RANKED)
    kind = f'<itemDefinition name="tRank"><typeRef>string</typeRef>{listed}</itemDefinition>'
    source = model(table(RULES, 'hitPolicy="PRIORITY"', outputs=('name="r" typeRef="tRank"',)))
    source = source.replace(b"\n<decision", kind.encode() + b"\n<decision")

    assert consider(source, x=500).value == "huge"


@pytest.mark.parametrize(
    ("rules", "attributes", "message"),
    [
        ([("-", "1"), ("-", "1")], "", "UNIQUE"),
        ([("-", "1"), ("-", "2")], 'hitPolicy="ANY"', "ANY"),
        ([("-", "1"), ("-", '"a"')], 'hitPolicy="COLLECT" aggregation="SUM"', "SUM"),
    ],
)
def test_a_violated_hit_policy_gives_null_and_says_so(
    rules: list[tuple[str, ...]], attributes: str, message: str
) -> None:
    outcome = consider(model(table(rules, attributes)), x=1)

    assert outcome.value is None
    assert message in outcome.warnings[0].message


def test_an_input_that_is_not_listed_gives_null_and_says_so() -> None:
    listed = table([("-", "1")]).replace("</input>", f"{tag('inputValues', '1, 2')}</input>")

    assert consider(model(listed), x=1).value == 1
    assert consider(model(listed), x=3).value is None
    assert "not among" in consider(model(listed), x=3).warnings[0].message


@pytest.mark.parametrize(
    ("test", "x", "result"),
    [
        ("? > 1 and ? < 5", 3, True),
        ("not(1, 2)", 2, None),
        ("not(1, 2)", 3, True),
        ("< 2, > 4", 5, True),
        ("[1..3], (4..6)", 4, None),
        ("null", None, True),
        ("", 1, True),
        ("-", None, True),
        ('contains(?, "b")', "abc", True),
        ("x + 0", 4, True),
        ("[1, 2, 3]", 2, True),
    ],
)
def test_a_cell_is_a_unary_test(test: str, x: object, result: object) -> None:
    assert consider(model(table([(test, "true")])), x=x).value is result


def test_defaults_of_several_outputs_stand_where_no_rule_matches() -> None:
    outputs = ('name="p"', 'name="q"')
    content = table([("1", "1", "2")], outputs=outputs)
    first = content.index("</output>")
    content = f"{content[:first]}{tag('defaultOutputEntry', '7')}{content[first:]}"

    assert consider(model(content), x=2).value == {"p": 7, "q": None}


def test_a_default_stands_for_the_empty_list_too() -> None:
    content = table([("1", "1")], 'hitPolicy="COLLECT"')
    content = content.replace("</output>", f"{tag('defaultOutputEntry', '7')}</output>")

    assert consider(model(content), x=2).value == 7


def test_orientation_and_annotations_change_nothing() -> None:
    content = table([("1", "2")], 'preferredOrientation="CrossTable" outputLabel="o"')
    content = content.replace("<rule", "<annotation name='why'/><rule")
    content = content.replace(
        "</rule>", "<annotationEntry><text>so</text></annotationEntry></rule>"
    )

    assert consider(model(content), x=1).value == 2


def test_a_trace_tells_rules_by_their_ids_and_what_they_gave() -> None:
    outcome = consider(model(table(RULES, 'hitPolicy="RULE ORDER"')), x=50)

    (noted,) = outcome.trace
    (use,) = noted.tables
    assert (noted.decision, noted.result) == ("d", ["big", "any"])
    assert (use.table, use.inputs, use.rules) == ("t", {"x": 50}, ("r0", "r2"))
    assert use.rows == ({"result": "big"}, {"result": "any"})
