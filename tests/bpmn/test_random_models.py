"""Whatever is drawn, the compiler gives an exact graph or a refusal with a place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.compiler import compile_model
from bpmn.elements import ACTIVITIES, FLOW_NODES
from bpmn.errors import ModelRefused
from bpmn.graph import Graph
from bpmn.rules.flows import CHOOSING
from tests.bpmn.drawing import file, flow

_TEXTS = {
    "startEvent": "<bpmn:startEvent {0}/>",
    "endEvent": "<bpmn:endEvent {0}/>",
    "task": "<bpmn:task {0}/>",
    "userTask": "<bpmn:userTask {0}/>",
    "serviceTask": '<bpmn:serviceTask {0} camunda:topic="x"/>',
    "exclusiveGateway": "<bpmn:exclusiveGateway {0}/>",
    "parallelGateway": "<bpmn:parallelGateway {0}/>",
    "inclusiveGateway": "<bpmn:inclusiveGateway {0}/>",
    "intermediateThrowEvent": "<bpmn:intermediateThrowEvent {0}/>",
    "boundaryEvent": '<bpmn:boundaryEvent {0} attachedToRef="n{1}"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>",
    "subProcess": '<bpmn:subProcess {0}><bpmn:startEvent id="s{1}"/><bpmn:task id="t{1}"/>'
    '<bpmn:sequenceFlow id="i{1}" sourceRef="s{1}" targetRef="t{1}"/></bpmn:subProcess>',
}
_nodes = st.lists(st.sampled_from(sorted(_TEXTS)), min_size=1, max_size=8)
_flows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.booleans()), max_size=12, unique=True
)


def draw(kinds: list[str], flows: list[tuple[int, int, bool]]) -> bytes:
    nodes = "".join(
        _TEXTS[kind].format(f'id="n{n}"', (n + 1) % len(kinds)) for n, kind in enumerate(kinds)
    )
    seen = {(a, b): asked for a, b, asked in flows}
    ways = "".join(
        flow(f"n{a}", f"n{b}", "${x}" if asked else None) for (a, b), asked in seen.items()
    )
    return file(nodes + ways)


@settings(deadline=None)  # the first example loads the schema
@given(_nodes, _flows)
def test_a_random_drawing_is_compiled_exactly_or_refused_with_a_place(
    kinds: list[str], flows: list[tuple[int, int, bool]]
) -> None:
    try:
        (graph,) = compile_model(draw(kinds, flows)).graphs
    except ModelRefused as refused:
        errors = [f for f in refused.findings if f.severity == "error"]
        assert errors
        assert all(f.line and f.rule and f.message for f in errors)
    else:
        assert_sound(graph)


def assert_sound(graph: Graph) -> None:
    """Every flow leads somewhere in its scope, every scope begins, every condition is asked."""
    for node in graph.nodes.values():
        assert FLOW_NODES[node.kind].how == "executed"
        ways = [*node.outgoing, *([node.default] if node.default else [])]
        for way in ways:
            assert graph.nodes[way.target].scope == node.scope
            assert way.id in graph.nodes[way.target].incoming
        if any(way.condition for way in ways):
            assert node.kind in ACTIVITIES | CHOOSING
        for name in node.boundary:
            assert graph.nodes[name].attached_to == node.id
    for scope in graph.scopes.values():
        assert scope.starts
        assert set(scope.nodes) == {n.id for n in graph.nodes.values() if n.scope == scope.id}
