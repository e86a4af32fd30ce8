"""Decisions in the engine: deployed with what they import, bound, evaluated, and explained."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bpmn.errors import ExpressionFailed, ModelRefused
from engine import queries, record
from engine.commands import Deploy, EvaluateDecision, StartInstance
from engine.errors import NotFound
from engine.machine.facts import Decided
from engine.results import Deployed
from engine.testing import Bench
from identity.errors import NotPermitted
from identity.principal import Principal
from storage import ledger
from storage.verify import verify_one
from tests.bpmn.dmn.drawing import (
    decision,
    function,
    imports,
    input_data,
    knowledge,
    literal,
    model,
    requires,
)
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, BEN, OPERATOR, Bureau

LIBRARY = model(
    knowledge("k", {"a": "number"}, literal("a * 2"), name="double"), namespace="ns:lib"
)
TABLE = (
    '<decision id="limit" name="Limit"><variable name="Limit"/>'
    + requires("i:amount", "d:twice")
    + '<decisionTable id="t" hitPolicy="UNIQUE"><input id="i1"><inputExpression id="x1">'
    "<text>twice</text></inputExpression></input>"
    '<output id="o1" name="who"/><output id="o2" name="days"/>'
    '<rule id="low"><inputEntry id="e1"><text>&lt; 100</text></inputEntry>'
    '<outputEntry id="u1"><text>"clerk"</text></outputEntry>'
    '<outputEntry id="w1"><text>5</text></outputEntry></rule>'
    '<rule id="high"><inputEntry id="e2"><text>[100..1000)</text></inputEntry>'
    '<outputEntry id="u2"><text>"lead"</text></outputEntry>'
    '<outputEntry id="w2"><text>10</text></outputEntry></rule>'
    '<rule id="odd"><inputEntry id="e3"><text>500</text></inputEntry>'
    '<outputEntry id="u3"><text>"odd"</text></outputEntry>'
    '<outputEntry id="w3"><text>0</text></outputEntry></rule>'
    "</decisionTable></decision>"
)


def limits(factor: str = "lib.double(amount)") -> bytes:
    return model(
        imports("lib", "ns:lib"),
        input_data("amount", "number"),
        decision("twice", literal(factor), "i:amount", "k:ns:lib#k"),
        TABLE,
    )


def rule(attributes: str) -> bytes:
    element = f'<businessRuleTask id="b" camunda:decisionRef="limit" {attributes}/>'
    return models.chain("p", ("b", element), models.user_task("u"))


SINGLE = 'camunda:mapDecisionResult="singleResult" camunda:resultVariable="r"'


def deploy(bureau: Bureau, *files: tuple[str, bytes], name: str = "n") -> Deployed:
    return bureau.run(Deploy(name, list(files)))


def stocked(bureau: Bureau, process: bytes | None = None) -> None:
    files = [("limit.dmn", limits()), ("lib.dmn", LIBRARY)]
    deploy(bureau, *files, *([("p.bpmn", process)] if process else []))


# --- evaluation on its own ---


def test_a_decision_is_evaluated_and_recorded_in_a_stream_of_its_own(bureau: Bureau) -> None:
    stocked(bureau)

    done = bureau.run(EvaluateDecision({"amount": 60}, key="limit"), ANNA)

    assert done.value == {"who": "lead", "days": 10}
    assert (done.outputs, done.matched) == (({"who": "lead", "days": 10},), (2,))
    with bureau.database.reading("default") as tx:
        (entry,) = ledger.entries(tx, done.id)
        view = queries.evaluation(tx, ANNA, done.id)
        told = queries.explanation(tx, ANNA, view)
    assert (entry.kind, entry.actor) == ("decision.evaluated", ANNA.id)
    assert b"lead" not in entry.facts
    assert (view.key, view.version, view.instance_id) == ("limit", 1, None)
    assert told.evaluated == [["twice", []], ["limit", [["t", "UNIQUE", [2], ["high"]]]]]
    assert told.values == [
        {"required": {"amount": 60}, "tables": [], "result": 120},
        {
            "required": {"amount": 60, "twice": 120},
            "tables": [{"inputs": {"twice": 120}, "outputs": [{"who": "lead", "days": 10}]}],
            "result": {"who": "lead", "days": 10},
        },
    ]


def test_the_ledger_with_evaluations_verifies(bureau: Bureau) -> None:
    stocked(bureau, rule(SINGLE))
    alone = bureau.run(EvaluateDecision({"amount": 60}, key="limit"))
    started = bureau.run(StartInstance("p", variables={"amount": 60}))

    for stream in (alone.id, started.id):
        assert verify_one(bureau.database, "default", stream).faults == []


def test_an_evaluation_at_fault_is_an_error_and_leaves_nothing(bureau: Bureau) -> None:
    stocked(bureau)

    with pytest.raises(ExpressionFailed, match=r"UNIQUE.*2, 3"):
        bureau.run(EvaluateDecision({"amount": 250}, key="limit"))
    with pytest.raises(ExpressionFailed, match="number"):
        bureau.run(EvaluateDecision({"amount": "x"}, key="limit"))

    with bureau.database.reading("default") as tx:
        assert queries.evaluation_count(tx, OPERATOR, queries.EvaluationQuery()) == 0


def test_a_decision_that_nobody_deployed_is_not_found(bureau: Bureau) -> None:
    with pytest.raises(NotFound):
        bureau.run(EvaluateDecision({}, key="limit"))


def test_who_may_start_nothing_may_evaluate_nothing(bureau: Bureau) -> None:
    stocked(bureau)
    auditor = Principal("u_a", "default", "a", "person", frozenset(), frozenset({"auditor"}))

    with pytest.raises(NotPermitted):
        bureau.run(EvaluateDecision({"amount": 1}, key="limit"), auditor)


def test_evaluations_are_seen_by_who_made_them_and_by_who_sees_all(bureau: Bureau) -> None:
    stocked(bureau)
    done = bureau.run(EvaluateDecision({"amount": 60}, key="limit"), ANNA)

    with bureau.database.reading("default") as tx:
        for principal, number in ((ANNA, 1), (BEN, 0), (OPERATOR, 1)):
            query = queries.EvaluationQuery(keys=("limit",))
            assert queries.evaluation_count(tx, principal, query) == number
        with pytest.raises(NotFound):
            queries.evaluation(tx, BEN, done.id)


def test_large_values_stand_in_an_explanation_as_their_hash(bureau: Bureau) -> None:
    deploy(bureau, ("d.dmn", model(input_data("x"), decision("d", literal("count(x)"), "i:x"))))

    done = bureau.run(EvaluateDecision({"x": ["a" * 3000, "b" * 3000]}, key="d"))

    with bureau.database.reading("default") as tx:
        told = queries.explanation(tx, OPERATOR, queries.evaluation(tx, OPERATOR, done.id))
    assert done.value == 2
    assert told.values[0]["required"]["x"].keys() == {"bytes", "sha256"}  # type: ignore[index,call-overload,union-attr]


def test_an_explanation_of_very_many_values_stays_small(bureau: Bureau) -> None:
    chain = [decision("d0", literal('"a" + x'), "i:x")]
    chain += [decision(f"d{n}", literal(f"d{n - 1}"), f"d:d{n - 1}") for n in range(1, 600)]
    deploy(bureau, ("d.dmn", model(input_data("x"), *chain)))

    done = bureau.run(EvaluateDecision({"x": "x" * 3_000}, key="d599"))

    with bureau.database.reading("default") as tx:
        (entry,) = ledger.entries(tx, done.id)
    assert entry.values is not None
    assert 1_000_000 < len(entry.values) < 1_300_000


def test_functions_and_ranges_inside_a_graph_are_explained_as_text(bureau: Bureau) -> None:
    source = model(
        decision("f", function({"n": ""}, literal("n + 1"))),
        decision("r", literal("[1..3]")),
        decision("d", literal("f(1) in r"), "d:f", "d:r"),
    )
    deploy(bureau, ("d.dmn", source))

    done = bureau.run(EvaluateDecision({}, key="d"))

    assert done.value is True
    with bureau.database.reading("default") as tx:
        told = queries.explanation(tx, OPERATOR, queries.evaluation(tx, OPERATOR, done.id))
    required = told.values[-1]["required"]  # type: ignore[index,call-overload]
    assert required["r"] == "[1..3]"  # type: ignore[index,call-overload]


def test_a_result_that_no_variable_can_hold_is_an_error(bureau: Bureau) -> None:
    deploy(bureau, ("d.dmn", model(decision("d", literal("[1..3]")))))

    with pytest.raises(ExpressionFailed, match="range"):
        bureau.run(EvaluateDecision({}, key="d"))


# --- in a process ---


def test_a_business_rule_tasks_decision_is_explained_in_the_instances_stream(
    bureau: Bureau,
) -> None:
    stocked(bureau, rule(SINGLE))

    started = bureau.run(StartInstance("p", variables={"amount": Decimal("10.50")}), ANNA)

    with bureau.database.reading("default") as tx:
        (view,) = queries.evaluation_list(
            tx, ANNA, queries.EvaluationQuery(instance_id=started.id, nodes=("b",))
        )
        told = queries.explanation(tx, ANNA, view)
        found = queries.variables(tx, ANNA, started.id)
        decided = [
            fact
            for entry in ledger.entries(tx, started.id)
            for fact in record.decode(entry)
            if isinstance(fact, Decided)
        ]
    assert found["r"].value == {"who": "clerk", "days": 5}
    assert decided == [told]
    assert (view.process_id, view.node, view.definition_id) == ("p", "b", told.definition_id)
    assert told.evaluated == [["twice", []], ["limit", [["t", "UNIQUE", [1], ["low"]]]]]


def test_a_decision_at_fault_stops_the_process_with_an_incident(bureau: Bureau) -> None:
    stocked(bureau, rule(SINGLE))

    started = bureau.run(StartInstance("p", variables={"amount": 250}), ANNA)

    with bureau.database.reading("default") as tx:
        (incident,) = queries.incidents(tx, OPERATOR, queries.IncidentQuery(instance_id=started.id))
    assert "UNIQUE" in incident.message


@pytest.mark.parametrize(
    ("binding", "who"),
    [
        ("", "lead"),
        ('camunda:decisionRefBinding="deployment"', "clerk"),
        ('camunda:decisionRefBinding="version" camunda:decisionRefVersion="1"', "clerk"),
        ('camunda:decisionRefBinding="version" camunda:decisionRefVersion="2"', "lead"),
    ],
)
def test_a_process_takes_the_version_that_it_is_bound_to(
    bureau: Bureau, binding: str, who: str
) -> None:
    stocked(bureau, rule(f"{SINGLE} {binding}"))
    deploy(bureau, ("limit.dmn", limits("lib.double(amount) + 100")), ("lib.dmn", LIBRARY))

    started = bureau.run(StartInstance("p", variables={"amount": 1}), ANNA)

    with bureau.database.reading("default") as tx:
        found = queries.variables(tx, ANNA, started.id)["r"].value
    assert found["who"] == who  # type: ignore[index,call-overload]


def test_a_process_takes_the_newest_version_with_the_tag_that_it_is_bound_to(
    bureau: Bureau,
) -> None:
    def tagged(tag: str, text: str) -> tuple[str, bytes]:
        attribute = f'xmlns:c="http://camunda.org/schema/1.0/dmn" c:versionTag="{tag}"'
        return "d.dmn", model(decision("limit", literal(text), more=attribute))

    bound = 'camunda:decisionRefBinding="versionTag" camunda:decisionRefVersionTag="1.0"'
    mapped = 'camunda:mapDecisionResult="singleEntry" camunda:resultVariable="r"'
    for file in (tagged("1.0", "1"), tagged("1.0", "2"), tagged("2.0", "3")):
        deploy(bureau, file)
    deploy(bureau, ("p.bpmn", rule(f"{mapped} {bound}")))

    started = bureau.run(StartInstance("p"), ANNA)

    with bureau.database.reading("default") as tx:
        assert queries.variables(tx, ANNA, started.id)["r"].value == 2


def test_zeebes_called_decision_gives_the_value_as_dmn_has_it(bureau: Bureau) -> None:
    called = (
        '<businessRuleTask id="b"><extensionElements>'
        '<zeebe:calledDecision xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
        'decisionId="all" resultVariable="r"/></extensionElements></businessRuleTask>'
    )
    collecting = model(input_data("x"), decision("all", literal("[x, x + 1]"), "i:x"))
    process = models.chain("p", ("b", called), models.user_task("u"))
    deploy(bureau, ("all.dmn", collecting), ("p.bpmn", process))

    started = bureau.run(StartInstance("p", variables={"x": 1}), ANNA)

    with bureau.database.reading("default") as tx:
        assert queries.variables(tx, ANNA, started.id)["r"].value == [1, 2]


# --- deployment ---


def test_an_import_that_is_not_deployed_with_its_model_is_refused(bureau: Bureau) -> None:
    deploy(bureau, ("lib.dmn", LIBRARY))

    with pytest.raises(ModelRefused) as refused:
        deploy(bureau, ("limit.dmn", limits()))

    assert refused.value.findings[0].rule == "import-missing"


def test_models_that_import_each_other_are_deployed_again_together(bureau: Bureau) -> None:
    files = [("limit.dmn", limits()), ("lib.dmn", LIBRARY)]
    first = deploy(bureau, *files)
    same = deploy(bureau, *files)
    other = deploy(bureau, files[0], ("lib.dmn", LIBRARY.replace(b"* 2", b"* 20")))

    assert same.id == first.id
    assert {each.key for each in other.definitions} == {"twice", "limit"}
    assert bureau.run(EvaluateDecision({"amount": 6}, key="limit")).value["who"] == "lead"  # type: ignore[index,call-overload]


def test_a_bench_takes_models_that_import_each_other() -> None:
    bench = Bench()
    bench.deploy(limits(), LIBRARY, rule(SINGLE))

    case = bench.start("p", amount=60)

    assert case.variables["r"] == {"who": "lead", "days": 10}
