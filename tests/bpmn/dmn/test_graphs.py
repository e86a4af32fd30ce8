"""Requirements graphs, knowledge models, decision services and imports (DMN 1.5 §6.3, §10.4)."""

from __future__ import annotations

from datetime import date

import pytest

from bpmn.dmn import compile_decisions, compile_files
from bpmn.errors import ModelRefused
from tests.bpmn.dmn.drawing import (
    NOW,
    considered,
    considered_with,
    context,
    decision,
    function,
    imports,
    input_data,
    invocation,
    item,
    knowledge,
    literal,
    model,
    service,
    value,
)


def test_a_decision_sees_what_it_requires_by_name() -> None:
    source = model(
        input_data("in", "number", "Net amount"),
        decision("tax", literal("Net amount * 0.2"), "i:in", name="Tax due"),
        decision("d", literal("Net amount + Tax due"), "i:in", "d:tax"),
    )

    assert considered_with(source, "d", {"Net amount": 100}).value == 120


def test_names_may_hold_signs_that_are_operators_elsewhere() -> None:
    source = model(
        input_data("a"),
        input_data("ab", name="a-b"),
        decision("d", literal("a-b + a"), "i:a", "i:ab"),
    )

    assert considered_with(source, "d", {"a": 1, "a-b": 10}).value == 11


def test_a_decision_is_asked_for_by_name_too() -> None:
    source = model(decision("d", literal("1"), name="The decision"))

    assert value(source, "The decision") == 1


def test_a_variable_of_another_name_than_its_decision_is_what_expressions_call() -> None:
    one = decision("one", literal("1")).replace('<variable name="one"/>', '<variable name="uno"/>')

    assert value(model(one, decision("d", literal("uno + 1"), "d:one"))) == 2


def test_a_chain_of_requirements_may_be_as_long_as_it_likes() -> None:
    chain = [decision("d0", literal("1"))]
    chain += [decision(f"d{n}", literal(f"d{n - 1} + 1"), f"d:d{n - 1}") for n in range(1, 2000)]

    assert value(model(*chain), "d1999") == 2000


def test_a_knowledge_model_is_called_from_feel_by_position_and_name() -> None:
    source = model(
        knowledge("k", {"a": "number", "b": "number"}, literal("a - b"), name="the difference"),
        decision("d", literal("[the difference(5, 3), the difference(b: 5, a: 3)]"), "k:k"),
    )

    assert value(source) == [2, -2]


def test_a_knowledge_model_uses_others_and_itself() -> None:
    source = model(
        knowledge("half", {"n": ""}, literal("n / 2")),
        knowledge(
            "steps", {"n": ""}, literal("if n <= 1 then 0 else 1 + steps(half(n))"), "k:half"
        ),
        decision("d", literal("steps(8)"), "k:steps"),
    )

    assert value(source) == 3


def test_a_knowledge_model_sees_nothing_but_its_parameters() -> None:
    source = model(
        input_data("x"),
        knowledge("k", {"a": ""}, literal("x")),
        decision("d", literal("k(1)"), "k:k", "i:x"),
    )

    assert value(source, x=5) is None


def test_a_knowledge_model_gives_functions() -> None:
    source = model(
        knowledge("adder", {"n": ""}, function({"m": ""}, literal("n + m"))),
        decision("d", literal("for add in [adder(1), adder(10)] return add(5)"), "k:adder"),
    )

    assert value(source) == [6, 15]


def test_a_knowledge_model_is_passed_as_an_argument() -> None:
    source = model(
        knowledge("bigger", {"a": "", "b": ""}, literal("a > b")),
        decision("d", literal("sort([1, 3, 2], bigger)"), "k:bigger"),
    )

    assert value(source) == [3, 2, 1]


def test_arguments_and_results_of_a_knowledge_model_have_their_types() -> None:
    source = model(
        knowledge("k", {"a": "number"}, literal("[a]"), type_="number"),
        knowledge("wrong", {"a": "number"}, literal('"x"'), type_="number"),
        decision("d", literal('[k(1), k([2]), k("a"), wrong(1)]'), "k:k", "k:wrong"),
    )

    assert considered(source).value == [1, 2, None, None]


def test_a_knowledge_model_asked_with_an_argument_of_another_type_is_null_and_a_fault() -> None:
    asked = model(knowledge("k", {"a": "number"}, literal("a + 1")))

    wrong, missing = considered(asked, "k", a="x"), considered(asked, "k")

    assert (wrong.value, missing.value) == (None, None)
    assert [flaw.fault for flaw in wrong.warnings] == [True]
    assert not any(flaw.fault for flaw in missing.warnings)


def test_a_knowledge_model_is_asked_from_outside() -> None:
    source = model(knowledge("k", {"day": "date", "n": ""}, literal("day.year + n")))

    assert considered(source, "k", day="2026-01-02", n=1).value == 2027


# --- services ---

SERVICES = (
    input_data("x", "number"),
    input_data("y", "number"),
    decision("inner", literal("x + 1"), "i:x"),
    decision("given", literal("y * 100"), "i:y"),
    decision("out", literal("inner + given"), "d:inner", "d:given"),
    decision("other", literal("inner"), "d:inner"),
    service("one", outputs=("out",), encapsulated=("inner",), decisions=("given",), data=("x",)),
    service(
        "two", outputs=("out", "other"), encapsulated=("inner",), decisions=("given",), data=("x",)
    ),
)


def test_a_service_is_called_from_feel_with_its_data_then_its_decisions() -> None:
    source = model(
        *SERVICES,
        decision("d", literal("[one(1, 10), one(given: 1, x: 10)]"), "k:one"),
        decision("i", invocation("two", x="1", given="5"), "k:two"),
    )

    assert value(source) == [12, 12]
    assert value(source, "i") == {"out": 7, "other": 2}


def test_a_service_is_asked_from_outside() -> None:
    source = model(*SERVICES)

    assert value(source, "one", x=1, given=10) == 12
    assert value(source, "two", x=1, given=10) == {"out": 12, "other": 2}


def test_a_decision_that_a_service_is_given_is_not_evaluated() -> None:
    outcome = considered(model(*SERVICES), "one", x=1, given=10)

    assert [each.decision for each in outcome.trace] == ["inner", "out"]


def test_a_services_result_has_its_type() -> None:
    typed = service("s", outputs=("other",), encapsulated=("inner",), data=("x",), type_="string")
    outcome = considered(model(*SERVICES, typed), "s", x=1)

    assert outcome.value is None
    assert outcome.warnings[-1].fault


def test_a_service_needs_an_output_decision() -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(*SERVICES, service("s", outputs=())))

    assert [f.rule for f in refused.value.findings if f.severity == "error"] == ["service-output"]


# --- imports ---

LIBRARY = model(
    item("tDay", "date"),
    input_data("day", "tDay", "The day"),
    knowledge("k", {"a": "number"}, literal("a * 2"), name="double it"),
    decision("of", literal("The day.year"), "i:day", name="Year of"),
    decision("data", context(("a b", literal("7")))),
    service("srv", outputs=("of",), data=("day",)),
    namespace="https://example.org/library",
)
USER = model(
    imports("lib one", "https://example.org/library"),
    input_data("mine", "lib one.tDay"),
    decision("d", literal("lib one.double it(lib one.Year of)"),
             "k:https://example.org/library#k", "d:https://example.org/library#of"),
    decision("e", literal("lib one.data.a b"), "d:https://example.org/library#data"),
    decision("f", literal("mine.year"), "i:mine"),
    decision("g", literal("mine instance of lib one.tDay"), "i:mine"),
    decision("h", literal("lib one.srv(mine)"), "i:mine", "k:https://example.org/library#srv"),
    decision("i", literal("lib one.The day.month"), "i:https://example.org/library#day"),
)  # fmt: skip


def of(identifier: str, variables: dict[str, object]) -> object:
    user, _ = compile_files([("user.dmn", USER), ("library.dmn", LIBRARY)])
    outcome = user[identifier].consider(variables, NOW)
    assert outcome.warnings == ()
    return outcome.value


@pytest.mark.parametrize(
    "given",
    [
        {"lib one": {"The day": "2026-01-02"}},
        {"lib one.The day": "2026-01-02"},
        {"The day": date(2026, 1, 2)},
    ],
)
def test_what_is_imported_is_called_by_the_imports_name(given: dict[str, object]) -> None:
    assert of("d", given) == 4052
    assert of("i", given) == 1


def test_types_values_and_services_of_an_import_are_at_hand() -> None:
    assert of("e", {}) == 7
    assert of("f", {"mine": "2026-01-02"}) == 2026
    assert of("g", {"mine": "2026-01-02"}) is True
    assert of("h", {"mine": "2026-01-02"}) == 2026


def test_an_import_without_a_name_brings_names_as_they_are() -> None:
    user = model(
        imports("", "https://example.org/library"),
        input_data("mine", "tDay"),
        decision(
            "d", literal("double it(mine.month)"), "i:mine", "k:https://example.org/library#k"
        ),
    )
    made, _ = compile_files([("user.dmn", user), ("library.dmn", LIBRARY)])

    assert made["d"].consider({"mine": "2026-03-02"}, NOW).value == 6


def test_imports_go_on_through_other_models() -> None:
    middle = model(
        imports("lib", "https://example.org/library"),
        decision("mid", literal("lib.Year of + 1"), "d:https://example.org/library#of"),
        namespace="https://example.org/middle",
    )
    top = model(
        imports("middle", "https://example.org/middle"),
        decision("d", literal("middle.mid"), "d:https://example.org/middle#mid"),
    )
    made, *_ = compile_files([("t", top), ("m", middle), ("l", LIBRARY)])

    for given in ({"middle": {"lib": {"The day": "2026-01-02"}}}, {"The day": "2026-01-02"}):
        assert made["d"].consider(given, NOW).value == 2027


def test_a_model_may_hold_nothing_but_types() -> None:
    types = model(item("tDay", "date"), namespace="ns:types")
    user = model(
        imports("t", "ns:types"), input_data("x", "t.tDay"), decision("d", literal("x.year"), "i:x")
    )
    made, _ = compile_files([("types.dmn", types), ("user.dmn", user)])

    assert made["d"].consider({"x": "2026-01-02"}, NOW).value == 2026


def test_a_missing_import_is_refused_by_name() -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(USER, "user.dmn")

    first = refused.value.findings[0]
    assert (first.rule, first.line) == ("import-missing", 2)
    assert "https://example.org/library (lib one)" in first.message


def test_imports_that_lead_back_are_refused() -> None:
    first = model(imports("b", "ns:b"), decision("d", literal("1")), namespace="ns:a")
    second = model(imports("a", "ns:a"), decision("d", literal("1")), namespace="ns:b")

    with pytest.raises(ModelRefused) as refused:
        compile_files([("a.dmn", first), ("b.dmn", second)])

    assert {(f.file, f.rule) for f in refused.value.findings} >= {("a.dmn", "import-cycle")}


def test_files_beside_a_model_are_only_read_for_its_imports() -> None:
    alone = compile_decisions(model(decision("d", literal("1"))), "a.dmn", [("b.dmn", b"<x/>")])

    assert list(alone) == ["d"]


# --- all decisions ---


def test_all_decisions_are_evaluated_by_name() -> None:
    source = model(
        input_data("x", "number"),
        decision("a", literal("x + 1"), "i:x", name="First one"),
        decision("b", literal("First one * 2"), "d:a"),
        decision("c", literal('x + "a"'), "i:x"),
    )
    outcome = compile_decisions(source).consider_all({"x": 1}, NOW, explains=True)

    assert outcome.value == {"First one": 2, "b": 4, "c": None}
    assert [flaw.decision for flaw in outcome.warnings] == ["c"]
