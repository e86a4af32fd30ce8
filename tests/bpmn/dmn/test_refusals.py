"""What a decision model may not say: each fault with its rule, its element and its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpmn.dmn import compile_decisions, compile_files
from bpmn.errors import Finding, ModelRefused
from tests.bpmn.dmn.drawing import (
    context,
    decision,
    function,
    imports,
    input_data,
    invocation,
    knowledge,
    literal,
    model,
    service,
    text,
)

ONE = literal("1")
JAVASCRIPT = 'expressionLanguage="javascript"'
FOREIGN = f'<functionDefinition kind="Java">{ONE}</functionDefinition>'


def table(content: str, attributes: str = "") -> str:
    inputs = f"<input id='i'>{text('inputExpression', '1')}</input>"
    return f"<decisionTable id='t' {attributes}>{inputs}{content}</decisionTable>"


def rule(*entries: str) -> str:
    cells = text("inputEntry", "-") * int(entries[0])
    return (
        f"<rule id='r'>{cells}{''.join(text('outputEntry', each) for each in entries[1:])}</rule>"
    )


OUTPUT = "<output id='o'/>"


def findings(*content: str) -> list[Finding]:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(*content), "m.dmn")
    return refused.value.findings


@pytest.mark.parametrize(
    ("content", "rule", "element"),
    [
        (decision("d", ONE, "d:x"), "unknown-reference", "d"),
        (decision("d", ONE, "i:x"), "unknown-reference", "d"),
        (decision("d", ONE, "k:x"), "unknown-reference", "d"),
        (decision("d", ONE, "k:d"), "wrong-reference", "d"),
        (decision("d", ONE, "i:d"), "wrong-reference", "d"),
        (decision("d", ONE, "d:http://x#y"), "unknown-reference", "d"),
        (decision("d", ONE, "d:d"), "cyclic-requirement", "d"),
        (decision("d", ONE, "d:e") + decision("e", ONE, "d:d"), "cyclic-requirement", "e"),
        (
            knowledge("k", {}, ONE, "k:l") + knowledge("l", {}, ONE, "k:k"),
            "cyclic-requirement",
            "l",
        ),
        (decision("d", ONE) + decision("d", ONE, name="e"), "duplicate-id", "d"),
        (decision("d", ONE, name="e") + decision("e", ONE), "duplicate-name", "e"),
        (decision("d", ONE + ONE), "boxed-structure", "d"),
        (decision("d", "<story/>"), "not-executed", "d"),
        (decision("d", ONE, type_="tNone"), "unknown-type", "d"),
        (decision("d", literal("1 +")), "expression", "d"),
        (decision("d", literal("1", JAVASCRIPT)), "expression-language", "d"),
        (decision("d", literal("${a.b()}")), "expression", "d"),
        (
            decision("d", "<literalExpression><importedValues/></literalExpression>"),
            "imported-values",
            "d",
        ),
        (decision("d", context(("a", ONE), ("a", ONE))), "duplicate-name", "d"),
        (decision("d", context(("", ONE), ("a", ONE))), "context-result", "d"),
        (decision("d", function({"a": "tNone"}, ONE)), "unknown-type", "d"),
        (decision("d", function({}, ONE + ONE)), "boxed-structure", "d"),
        (decision("d", "<conditional/>"), "boxed-structure", "d"),
        (decision("d", "<for><in/><return/></for>"), "boxed-structure", "d"),
        (
            decision("d", f"<relation><column name='a'/><row>{ONE}{ONE}</row></relation>"),
            "relation-row",
            "d",
        ),
        (
            decision("d", invocation("f").replace("</inv", "<binding/></inv")),
            "binding",
            "d",
        ),
        (decision("d", table(OUTPUT + rule("2", "1"))), "rule-entries", "r"),
        (decision("d", table(OUTPUT + rule("1", "1", "2"))), "rule-entries", "r"),
        (decision("d", table(OUTPUT + rule("1", "1"), 'hitPolicy="BEST"')), "hit-policy", "t"),
        (decision("d", table(rule("1"))), "output", "t"),
        (decision("d", table(OUTPUT * 2)), "output", "o"),
        (
            decision("d", table(OUTPUT + rule("1", "1"), 'hitPolicy="PRIORITY"')),
            "hit-policy-values",
            "t",
        ),
        (
            decision("d", table(OUTPUT + rule("1", "1"), 'hitPolicy="OUTPUT ORDER"')),
            "hit-policy-values",
            "t",
        ),
        (
            decision("d", table(OUTPUT + rule("1", "1"), 'hitPolicy="ANY" aggregation="SUM"')),
            "aggregation",
            "t",
        ),
        (decision("d", table(OUTPUT).replace("<text>1</text>", "")), "input", "i"),
        (decision("d", ONE) + service("s", outputs=("x",)), "unknown-reference", "s"),
        (decision("d", ONE) + service("s", outputs=()), "service-output", "s"),
        (
            decision("d", ONE) + service("s", outputs=("d",), decisions=("d",)),
            "service-input",
            "s",
        ),
        (
            input_data("a", name="n") + decision("b", ONE, name="n")
            + decision("d", ONE, "i:a", "d:b"),
            "ambiguous-name",
            "d",
        ),
        (imports("a", "ns:a") + decision("d", ONE), "import-missing", "m"),
        ("<story/>" + decision("d", ONE), "not-executed", "m"),
        ("<decision name='x'/>", "id", "m"),
        ("", "no-decision", "m"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_with_its_rule_and_element(
    content: str, rule: str, element: str
) -> None:
    found = [f for f in findings(content) if f.severity == "error"]

    assert (rule, element) in [(f.rule, f.element) for f in found]
    assert all(f.line in (1, 2) for f in found)


def test_the_report_is_complete() -> None:
    found = findings(
        decision("a", literal("1 +")),
        decision("b", ONE, "d:nobody"),
        decision("c", table(OUTPUT + rule("2", "1"))),
    )

    assert [(f.line, f.rule) for f in found] == [
        (2, "expression"),
        (3, "unknown-reference"),
        (4, "rule-entries"),
    ]


def test_a_fault_in_an_expression_names_its_line_and_character() -> None:
    (found,) = findings(decision("d", literal("1 +\n2 +\n+")))

    assert found.line == 4
    assert "character 9" in found.message


def test_faults_of_all_files_are_reported() -> None:
    first = model(imports("b", "ns:b"), decision("d", literal("(")), namespace="ns:a")
    second = model(decision("e", literal(")")), namespace="ns:b")

    with pytest.raises(ModelRefused) as refused:
        compile_files([("a.dmn", first), ("b.dmn", second)])

    assert {f.file for f in refused.value.findings} == {"a.dmn", "b.dmn"}


def test_a_file_that_cannot_be_read_is_reported_beside_the_faults_of_others() -> None:
    user = model(imports("b", "ns:b"), decision("d", literal("(")), namespace="ns:a")

    with pytest.raises(ModelRefused) as refused:
        compile_files([("a.dmn", user), ("b.dmn", b"<x/>")])

    assert [(f.file, f.rule) for f in refused.value.findings] == [
        ("b.dmn", "not-dmn"),
        ("a.dmn", "expression"),
    ]


def test_a_namespace_of_several_files_cannot_be_imported() -> None:
    user = model(imports("b", "ns:b"), decision("d", ONE), namespace="ns:a")
    twins = [(f"{n}.dmn", model(decision("e", ONE), namespace="ns:b")) for n in (1, 2)]

    with pytest.raises(ModelRefused) as refused:
        compile_files([("a.dmn", user), *twins])

    assert [f.rule for f in refused.value.findings] == ["import-ambiguous"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (decision("d", ""), "no-logic"),
        (decision("d", "<literalExpression/>"), "empty-expression"),
        (decision("d", literal("nobody(1)")), "expression-null"),
        (decision("d", literal("abs()")), "expression-null"),
        (decision("d", FOREIGN), "function-kind"),
        (imports("p", "ns:p", "http://www.dmg.org/PMML-4_1") + decision("d", ONE), "import-type"),
    ],
)  # fmt: skip
def test_what_can_only_give_null_is_a_warning(content: str, rule: str) -> None:
    made = compile_decisions(model(content))

    assert [(f.rule, f.severity) for f in made.findings] == [(rule, "warning")]


def test_each_rule_id_in_the_code_is_in_the_documentation() -> None:
    root = Path(__file__).parents[3]
    inner = r"[^\"()]*(?:\([^()]*\)[^\"()]*)*"
    reported = re.compile(rf"(?:fault|warn|report|Finding)\({inner}\"([a-z-]+)\"")
    page = (root / "docs" / "decisions.md").read_text("utf-8").partition("## Rules")[2]
    documented = set(re.findall(r"`([a-z-]+)`", page))

    found = {
        rule
        for file in sorted((root / "bpmn" / "dmn").glob("*.py"))
        for rule in reported.findall(file.read_text("utf-8"))
    }

    assert len(found) > 30
    assert found <= documented
