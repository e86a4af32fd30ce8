"""SpiffWorkflow's models run where their Python means the same in FEEL, and are refused else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.compiler import compile_model
from bpmn.dialects.python import feel_of
from bpmn.errors import ExpressionRefused, ModelRefused
from bpmn.expressions import expression
from bpmn.graph import Computation, MultiInstance, Node, Work
from bpmn.values import Value
from tests.bpmn.drawing import between, file, flow

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SPACE = 'xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core"'
WORDS = "<spiff:instructionsForEndUser>so</spiff:instructionsForEndUser>"


def spoken(source: bytes) -> bytes:
    return source.replace(b'id="d"', f'id="d" {SPACE}'.encode(), 1)


def node(tag: str, words: str, inside: str = "", attributes: str = "") -> Node:
    content = (
        f'<bpmn:{tag} id="t" {attributes}><bpmn:extensionElements>{words}'
        f"</bpmn:extensionElements>{inside}</bpmn:{tag}>"
    )
    return compile_model(spoken(between(content))).graphs[0].nodes["t"]


def test_plain_assignments_of_a_script_are_feel() -> None:
    action = node(
        "scriptTask", WORDS, '<bpmn:script>a = 1\nb = {"x": [a, None]}</bpmn:script>'
    ).action

    assert isinstance(action, Computation)
    seen: dict[str, Value] = {}
    for name, value in action.assignments:
        assert name is not None
        seen[name] = value.evaluate(seen, NOW)
    assert seen == {"a": 1, "b": {"x": [1, None]}}


def test_scripts_before_and_after_a_task_set_variables() -> None:
    made = node(
        "userTask",
        "<spiff:preScript>a = 1</spiff:preScript><spiff:postScript>b = a</spiff:postScript>",
    )

    assert [(each.event, each.variable) for each in made.listeners] == [
        ("start", "a"),
        ("end", "b"),
    ]


def test_an_operator_is_work_for_a_handler_with_its_parameters() -> None:
    made = node(
        "serviceTask",
        '<spiff:serviceTaskOperator id="http/Get"><spiff:parameters><spiff:parameter id="url" '
        'type="str" value="\'urn:\' + x"/></spiff:parameters></spiff:serviceTaskOperator>',
    )

    assert made.action == Work("http/Get", external=False)
    assert [(name, value.evaluate({"x": "y"}, NOW)) for name, value in made.inputs] == [
        ("url", "urn:y")
    ]


def test_a_loop_may_run_over_a_variable_by_its_name() -> None:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>liste</bpmn:loopDataInputRef>"
        '<bpmn:inputDataItem id="x"/></bpmn:multiInstanceLoopCharacteristics>'
    )

    made = node("userTask", WORDS, loop)

    assert isinstance(made.loop, MultiInstance)
    assert made.loop.collection is not None
    assert made.loop.collection.evaluate({"liste": [1]}, NOW) == [1]


def test_a_condition_in_python_is_asked_in_feel() -> None:
    source = file(
        f'<bpmn:extensionElements>{WORDS}</bpmn:extensionElements><bpmn:startEvent id="s"/>'
        '<bpmn:exclusiveGateway id="g" default="g_f"/><bpmn:endEvent id="e"/>'
        '<bpmn:endEvent id="f"/>'
        + flow("s", "g")
        + flow("g", "e", "x == 'ja' and not fertig")
        + flow("g", "f")
    )

    graph = compile_model(spoken(source)).graphs[0]

    condition = graph.nodes["g"].outgoing[0].condition
    assert condition is not None
    assert condition.evaluate({"x": "ja", "fertig": False}, NOW) is True
    assert condition.evaluate({"x": "nein", "fertig": False}, NOW) is False


@pytest.mark.parametrize(
    ("python", "variables", "value"),
    [
        ("x", {"x": 1}, 1),
        ("x.y", {"x": {"y": 2}}, 2),
        ("-3", {}, -3),
        ("x + 1 - 2 * 3", {"x": 1}, -4),
        ("x != None", {"x": 1}, True),
        ("x is None", {"x": None}, True),
        ("x > 1 or x < 0", {"x": 2}, True),
        ("True", {}, True),
        ("'a\"b'", {}, 'a"b'),
    ],
)
def test_what_python_and_feel_say_alike_gives_the_same(
    python: str, variables: dict[str, Value], value: Value
) -> None:
    assert expression(feel_of(python), "feel").evaluate(variables, NOW) == value


@pytest.mark.parametrize(
    "python",
    [
        "f(x)", "x / 2", "x // 2", "x + y", "x and y", "[a for a in x]", "x[0]", "1 < x < 3",
        "f'{x}'", "0.1", "lambda: 1", "x if y else z", "x in y", "not x", "import os", "",
        "(" * 300,
        "'a' * 3", "{1: 2}", "null", "__import__('os').system('ls')",
    ],
)  # fmt: skip
def test_python_that_could_mean_something_else_is_refused(python: str) -> None:
    with pytest.raises(ExpressionRefused):
        feel_of(python)


@pytest.mark.parametrize(
    ("tag", "words", "inside"),
    [
        ("scriptTask", WORDS, "<bpmn:script>import os</bpmn:script>"),
        ("scriptTask", WORDS, "<bpmn:script>x.y = 1</bpmn:script>"),
        ("userTask", "<spiff:preScript>print(1)</spiff:preScript>", ""),
        ("businessRuleTask", "<spiff:calledDecisionId>x</spiff:calledDecisionId>", ""),
        ("userTask", "<spiff:zauber/>", ""),
        ("serviceTask", "<spiff:serviceTaskOperator/>", ""),
    ],
)
def test_what_has_no_equivalent_is_refused(tag: str, words: str, inside: str) -> None:
    with pytest.raises(ModelRefused) as refused:
        node(tag, words, inside)

    assert {f.element for f in refused.value.findings if f.severity == "error"} == {"t"}
