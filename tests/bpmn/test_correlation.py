"""Senders and receivers make the same key of the same correlation properties."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.compiler import compile_model
from bpmn.errors import ModelRefused
from bpmn.graph import Graph, MessageEvent, Receive
from bpmn.values import Value
from tests.bpmn.drawing import file, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def retrieval(message: str, path: str) -> str:
    return (
        f'<bpmn:correlationPropertyRetrievalExpression messageRef="{message}"><bpmn:messagePath '
        f'xsi:type="bpmn:tFormalExpression">{path}</bpmn:messagePath>'
        "</bpmn:correlationPropertyRetrievalExpression>"
    )


MESSAGES = (
    '<bpmn:itemDefinition id="it"/>'
    '<bpmn:message id="m1" name="Bestellung"/><bpmn:message id="m2" name="Rechnung"/>'
    '<bpmn:correlationProperty id="nr" type="it">'
    + retrieval("m1", "bestellung.nummer")
    + retrieval("m2", "rechnung.bestellnummer")
    + '</bpmn:correlationProperty><bpmn:correlationProperty id="ort" type="it">'
    + retrieval("m1", "bestellung.ort")
    + retrieval("m2", "rechnung.ort")
    + "</bpmn:correlationProperty>"
)
SUBSCRIPTION = (
    '<bpmn:correlationSubscription id="cs" correlationKeyRef="key">{}'
    "</bpmn:correlationSubscription>"
)
BOUND = (
    '<bpmn:correlationPropertyBinding correlationPropertyRef="{}"><bpmn:dataPath '
    'xsi:type="bpmn:tFormalExpression">{}</bpmn:dataPath></bpmn:correlationPropertyBinding>'
)


def collaboration(*properties: str) -> str:
    refs = "".join(
        f"<bpmn:correlationPropertyRef>{name}</bpmn:correlationPropertyRef>" for name in properties
    )
    return (
        '<bpmn:collaboration id="c"><bpmn:participant id="p1" processRef="p"/>'
        '<bpmn:participant id="p2" name="Lieferant"/>'
        f'<bpmn:correlationKey id="key" name="Vorgang">{refs}</bpmn:correlationKey>'
        "</bpmn:collaboration>"
    )


def model(properties: tuple[str, ...], subscription: str = "", sends: bool = True) -> Graph:
    sent = (
        '<bpmn:intermediateThrowEvent id="a"><bpmn:messageEventDefinition messageRef="m1"/>'
        "</bpmn:intermediateThrowEvent>"
    )
    names = ("s", "a", "b", "e") if sends else ("s", "b", "e")
    body = (
        f'<bpmn:startEvent id="s"/>{sent if sends else ""}'
        f'<bpmn:receiveTask id="b" messageRef="m2"/><bpmn:endEvent id="e"/>{line(*names)}'
    )
    source = file(body + subscription, MESSAGES + collaboration(*properties))
    return compile_model(source).graphs[0]


def keys(graph: Graph, variables: dict[str, Value]) -> list[Value]:
    thrown, action = graph.nodes["a"].event, graph.nodes["b"].action
    assert isinstance(thrown, MessageEvent)
    assert isinstance(action, Receive)
    compiled = (thrown.key, action.message.key)
    return [None if key is None else key.evaluate(variables, NOW) for key in compiled]


def test_a_subscription_gives_the_receivers_key_from_its_own_data() -> None:
    graph = model(("nr",), SUBSCRIPTION.format(BOUND.format("nr", "meine_nummer")))

    assert keys(graph, {"bestellung": {"nummer": 7}, "meine_nummer": 7}) == [7, 7]


def test_several_properties_make_one_key_in_the_order_of_the_key() -> None:
    bound = BOUND.format("ort", "stadt") + BOUND.format("nr", "meine_nummer")

    graph = model(("nr", "ort"), SUBSCRIPTION.format(bound))

    seen: dict[str, Value] = {
        "bestellung": {"nummer": 7, "ort": "Kiel"},
        "meine_nummer": 7,
        "stadt": "Kiel",
    }
    assert keys(graph, seen) == [[7, "Kiel"], [7, "Kiel"]]


def test_without_subscription_the_key_comes_from_the_message_that_was_sent_before() -> None:
    graph = model(("nr",))

    seen: dict[str, Value] = {"bestellung": {"nummer": 7}, "rechnung": {"bestellnummer": 7}}
    assert keys(graph, seen) == [7, 7]


def test_a_receiver_that_cannot_know_its_key_is_refused() -> None:
    with pytest.raises(ModelRefused) as refused:
        model(("nr",), sends=False)

    assert ("correlation-missing", "b") in {(f.rule, f.element) for f in refused.value.findings}


def test_a_start_event_takes_the_message_whatever_its_key() -> None:
    body = (
        '<bpmn:startEvent id="s"><bpmn:messageEventDefinition messageRef="m1"/></bpmn:startEvent>'
        '<bpmn:endEvent id="e"/>' + line("s", "e")
    )

    graph = compile_model(file(body, MESSAGES + collaboration("nr"))).graphs[0]

    event = graph.nodes["s"].event
    assert isinstance(event, MessageEvent)
    assert event.key is None
