"""Models as Camunda 7's users write them, compiled without a finding.

The workloads of the benchmark beside the rivals: a (start and end), b (ten expressions in a row),
c (people, a worker and a timer), d (continuations).
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from bpmn.compiler import compile_model
from bpmn.graph import Computation, Graph, TimerEvent, UserTask, Work

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MODELS = Path(__file__).parent / "models"


def model(key: str, body: str) -> Graph:
    """As tools write it: BPMN as default namespace, extensions under a prefix of one's own."""
    source = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:x="http://camunda.org/schema/1.0/bpmn" targetNamespace="workload">
  <process id="{key}" name="{key}" isExecutable="true" x:historyTimeToLive="P180D">
{body}
  </process>
</definitions>"""
    compiled = compile_model(source.encode())
    assert compiled.findings == []
    return compiled.graphs[0]


def way(*names: str) -> str:
    return "".join(
        f'<sequenceFlow id="from_{a}_to_{b}" sourceRef="{a}" targetRef="{b}"/>\n'
        for a, b in pairwise(names)
    )


def test_workload_a_starts_and_ends() -> None:
    graph = model("a", '<startEvent id="begin"/><endEvent id="done"/>' + way("begin", "done"))

    assert graph.scopes["a"].starts == ("begin",)
    assert graph.nodes["begin"].outgoing[0].target == "done"


def test_workload_b_computes_ten_times_in_a_row() -> None:
    names = [f"step{n}" for n in range(1, 11)]
    tasks = "".join(
        f'<serviceTask id="{n}" name="Step" x:expression="${{true}}"/>\n' for n in names
    )

    graph = model(
        "b",
        f'<startEvent id="begin"/>{tasks}<endEvent id="done"/>{way("begin", *names, "done")}',
    )

    actions = [graph.nodes[name].action for name in names]
    assert all(isinstance(action, Computation) for action in actions)
    first = actions[0]
    assert isinstance(first, Computation)
    assert [(name, e.evaluate({}, NOW)) for name, e in first.assignments] == [(None, True)]


def test_workload_c_has_people_a_choice_a_worker_and_a_timer() -> None:
    graph = model(
        "c0",
        """<startEvent id="begin"/><userTask id="decide" x:candidateGroups="clerks"/>
        <exclusiveGateway id="choice" default="no"/><endEvent id="rejected"/>
        <serviceTask id="work" x:type="external" x:topic="topic0"/>
        <intermediateCatchEvent id="pause"><timerEventDefinition>
          <timeDuration xsi:type="tFormalExpression">PT0S</timeDuration>
        </timerEventDefinition></intermediateCatchEvent>
        <userTask id="finish" x:candidateGroups="clerks"/><endEvent id="done"/>
        <sequenceFlow id="yes" sourceRef="choice" targetRef="work">
          <conditionExpression xsi:type="tFormalExpression">${approved}</conditionExpression>
        </sequenceFlow>
        <sequenceFlow id="no" sourceRef="choice" targetRef="rejected"/>"""
        + way("begin", "decide", "choice")
        + way("work", "pause", "finish", "done"),
    )

    decide, choice = graph.nodes["decide"], graph.nodes["choice"]
    assert isinstance(decide.action, UserTask)
    assert decide.action.candidate_groups is not None
    assert decide.action.candidate_groups.evaluate({}, NOW) == "clerks"
    (yes,) = choice.outgoing
    assert yes.condition is not None
    assert yes.condition.evaluate({"approved": True}, NOW) is True
    assert choice.default is not None
    assert choice.default.target == "rejected"
    assert graph.nodes["work"].action == Work("topic0", external=True)
    event = graph.nodes["pause"].event
    assert isinstance(event, TimerEvent)
    assert (event.kind, event.expression.evaluate({}, NOW)) == ("duration", "PT0S")


def test_workload_d_continues_before_each_step() -> None:
    names = [f"step{n}" for n in range(1, 6)]
    tasks = "".join(
        f'<serviceTask id="{n}" x:asyncBefore="true" x:expression="${{true}}"/>' for n in names
    )

    graph = model(
        "d",
        f'<startEvent id="begin"/>{tasks}<endEvent id="done"/>{way("begin", *names, "done")}',
    )

    assert [n for n, node in graph.nodes.items() if node.async_before] == names


def test_a_model_drawn_in_modeler_compiles() -> None:
    compiled = compile_model((MODELS / "pruefung.bpmn").read_bytes())

    said = [(f.rule, f.element) for f in compiled.findings if f.severity != "notice"]
    assert said == [("implicit-end", "erinnern")]
    assert compiled.graphs[0].nodes["pruefen"].boundary == ("frist",)


def test_inputs_and_outputs_are_texts_lists_maps_and_scripts() -> None:
    graph = model(
        "io",
        """<startEvent id="begin"/><serviceTask id="work" x:topic="t"><extensionElements>
        <x:inputOutput>
          <x:inputParameter name="a">${b}</x:inputParameter>
          <x:inputParameter name="empty"/>
          <x:inputParameter name="many"><x:list><x:value>1</x:value><x:list/>
            <x:list><x:value>${b}</x:value></x:list><x:value>${b}</x:value></x:list>
          </x:inputParameter>
          <x:inputParameter name="named"><x:map><x:entry key="k">v</x:entry>
            <x:entry key="deep"><x:list><x:value>w</x:value></x:list></x:entry></x:map>
          </x:inputParameter>
          <x:outputParameter name="sum"><x:script scriptFormat="feel">b + 1</x:script>
          </x:outputParameter>
        </x:inputOutput></extensionElements></serviceTask><endEvent id="done"/>"""
        + way("begin", "work", "done"),
    )

    node = graph.nodes["work"]
    values = {name: e.evaluate({"b": 2}, NOW) for name, e in node.inputs}
    assert values == {
        "a": 2,
        "empty": None,
        "many": ["1", [], [2], 2],
        "named": {"k": "v", "deep": ["w"]},
    }
    assert [(name, e.evaluate({"b": 2}, NOW)) for name, e in node.outputs] == [("sum", 3)]


def test_a_script_assigns_line_by_line() -> None:
    graph = model(
        "s",
        """<startEvent id="begin"/><scriptTask id="work" scriptFormat="FEEL"><script>
          a = 1
          b = a + 1
        </script></scriptTask><endEvent id="done"/>"""
        + way("begin", "work", "done"),
    )

    action = graph.nodes["work"].action
    assert isinstance(action, Computation)
    assert [name for name, _ in action.assignments] == ["a", "b"]
    assert [expression.line for _, expression in action.assignments] == [7, 8]


def test_conditions_may_be_feel() -> None:
    graph = model(
        "f",
        """<startEvent id="begin"/><exclusiveGateway id="choice" default="no"/>
        <endEvent id="low"/><endEvent id="high"/>
        <sequenceFlow id="yes" sourceRef="choice" targetRef="high">
          <conditionExpression xsi:type="tFormalExpression" language="feel">amount &gt; 100
          </conditionExpression></sequenceFlow>
        <sequenceFlow id="no" sourceRef="choice" targetRef="low"/>"""
        + way("begin", "choice"),
    )

    (yes,) = graph.nodes["choice"].outgoing
    assert yes.condition is not None
    assert yes.condition.evaluate({"amount": 101}, NOW) is True


def test_a_message_may_be_thrown_by_a_worker_or_by_the_engine() -> None:
    body = """<startEvent id="begin"/>
        <intermediateThrowEvent id="work"><messageEventDefinition
          x:type="external" x:topic="post"/></intermediateThrowEvent>
        <sendTask id="send" messageRef="m"/>
        <endEvent id="done"/>""" + way("begin", "work", "send", "done")
    source = f"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:x="http://operaton.org/schema/1.0/bpmn" targetNamespace="t">
  <message id="m" name="fertig"/><process id="p" isExecutable="true">{body}</process>
</definitions>"""

    (graph,) = compile_model(source.encode()).graphs

    assert graph.nodes["work"].action == Work("post", external=True)
    assert graph.nodes["work"].event is None
    assert graph.nodes["send"].action is None
    assert graph.nodes["send"].event is not None
