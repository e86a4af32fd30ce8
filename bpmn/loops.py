"""Loop characteristics (BPMN 2.0 §10.3.8): how often an activity runs, and over what."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from bpmn.compilation import Compilation
from bpmn.data import Data
from bpmn.dialects.dialect import LoopWords
from bpmn.elements import EVENT_DEFINITIONS
from bpmn.events import thrown_definition
from bpmn.graph import Expression, Loop, MultiInstance, SimpleEvent, StandardLoop
from bpmn.model import FlowNode, child, children, local, reference, text_of

_BEHAVIORS = {"None": "none", "One": "one", "All": "all", "Complex": "complex"}
_VARIABLE = re.compile(r"=?\s*([^\W\d]\w*)(?:\.\w+)*\s*")


def compile_loop(context: Compilation, data: Data, node: FlowNode) -> Loop | None:
    loop = node.loop
    if loop is None:
        return None
    if local(loop) == "standardLoopCharacteristics":
        return _standard(context, node, loop)
    return _multi_instance(context, data, node, loop)


def _standard(context: Compilation, node: FlowNode, loop: etree._Element) -> StandardLoop:
    condition = context.condition(child(loop, "loopCondition"), at=node.element)
    text = (loop.get("loopMaximum") or "").strip()
    maximum = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
    before = loop.get("testBefore", "false").strip() in ("true", "1")
    return StandardLoop(condition, before, maximum)


def _multi_instance(
    context: Compilation, data: Data, node: FlowNode, loop: etree._Element
) -> MultiInstance:
    words = context.dialect.loop(context, node) or LoopWords()
    cardinality = context.formal(child(loop, "loopCardinality"))
    collection = words.collection or _collection(context, data, node, loop)
    if cardinality is None and collection is None:
        context.refuse(
            "instances-missing", node.element, f'How often "{node.label}" runs is not said.'
        )
    if cardinality is not None and collection is not None:
        context.refuse(
            "instances-twice", node.element, "Say a number or a collection of instances, not both."
        )
    item, made = child(loop, "inputDataItem"), child(loop, "outputDataItem")
    result = words.result or (None if made is None else context.variable(data.name_of(made), made))
    element = words.element or (None if item is None else data.name_of(item))
    results = words.results or _results(context, data, node, loop)
    return MultiInstance(
        sequential=loop.get("isSequential", "false").strip() in ("true", "1"),
        cardinality=cardinality,
        collection=collection,
        element=element,
        results=results,
        result=result,
        own=None if results is None else _own(result, element),
        completion=context.condition(child(loop, "completionCondition"), at=node.element),
        behavior=_behavior(loop),
        events=tuple(_events(context, node, loop)),
        first_counter=context.dialect.loops_from,
        async_before=words.async_before,
        async_after=words.async_after,
        gaps=words.gaps,
    )


def _own(result: Expression | None, element: str | None) -> str | None:
    match = None if result is None else _VARIABLE.fullmatch(result.text)
    return match[1] if match and match[1] != element else None


def _collection(
    context: Compilation, data: Data, node: FlowNode, loop: etree._Element
) -> Expression | None:
    """What `loopDataInputRef` runs over: a data input with what comes into it, or data around."""
    part = child(loop, "loopDataInputRef")
    if part is None or not text_of(part):
        return None
    name = _data(context, data, part)
    return data.value(node, reference(text_of(part))) or context.variable(name, part)


def _results(context: Compilation, data: Data, node: FlowNode, loop: etree._Element) -> str | None:
    part = child(loop, "loopDataOutputRef")
    if part is None or not text_of(part):
        return None
    return data.destination(node, reference(text_of(part))) or _data(context, data, part)


def _data(context: Compilation, data: Data, part: etree._Element) -> str:
    identifier = reference(text_of(part))
    name = data.named(identifier)
    if name is None and context.dialect.names_collections:
        return identifier
    if name is None:
        context.refuse("dangling-reference", part, f'There is no element "{identifier}".')
    return name


def _behavior(loop: etree._Element) -> Any:
    return _BEHAVIORS.get(loop.get("behavior", "All").strip(), "all")


def _events(
    context: Compilation, node: FlowNode, loop: etree._Element
) -> list[tuple[Expression | None, SimpleEvent]]:
    """What instances throw when they complete (BPMN 2.0 Table 10.31)."""
    behavior = _behavior(loop)
    found: list[tuple[Expression | None, SimpleEvent]] = []
    if behavior in ("one", "none"):
        name = reference(loop.get(f"{behavior}BehaviorEventRef"))
        definition = _shared(context, name)
        if definition is None:
            context.refuse(
                "behavior-event",
                loop,
                f"Which event the instances throw is not said: {behavior}BehaviorEventRef.",
            )
        event = thrown_definition(context, node, definition)
        return [] if event is None else [(None, event)]
    for part in children(loop, "complexBehaviorDefinition"):
        condition = context.condition(child(part, "condition"), at=node.element)
        thrown = child(part, "event")
        for definition in () if thrown is None else thrown.iterchildren(etree.Element):
            said: etree._Element | None = definition
            if local(definition) == "eventDefinitionRef":
                said = _shared(context, reference(text_of(definition)))
            if said is not None and local(said) in EVENT_DEFINITIONS:
                event = thrown_definition(context, node, said)
                if event is not None and condition is not None:
                    found.append((condition, event))
    return found


def _shared(context: Compilation, name: str) -> etree._Element | None:
    """The event definition of this id that stands beside the processes."""
    kinds = (context.model.find(kind, name) for kind in EVENT_DEFINITIONS)
    return next((each for each in kinds if each is not None), None)
