"""Data objects, inputs and outputs, and the sets that they form (BPMN 2.0.2, 10.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.elements import SUBPROCESSES
from bpmn.model import reference
from bpmn.rules.drawing import (
    Drawing,
    Element,
    holder_of,
    kind_of,
    named_parts,
    part,
    references,
    says,
)
from bpmn.rules.rule import Breaches, rule

_SETS = (
    ("dataInput", "inputSet", "dataInputRefs"),
    ("dataOutput", "outputSet", "dataOutputRefs"),
)
_REFS = {
    "inputSet": ("dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs"),
    "outputSet": ("dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs"),
}


@rule(
    "data-in-no-set", "10.4.1", "Each input belongs to an input set, each output to an output set."
)
def data_belongs_to_a_set(drawing: Drawing) -> Breaches:
    for specification in _with_data(drawing):
        for kind, group, refs in _SETS:
            if kind_of(specification) != "ioSpecification" and part(specification, group) is None:
                continue  # the one set of an event need not be drawn
            members = {
                name for one in named_parts(specification, group) for name in references(one, refs)
            }
            for data in named_parts(specification, kind):
                if data.get("id") not in members:
                    yield data, f'"{_label(data)}" belongs to no {group}.'


def _with_data(drawing: Drawing) -> Iterator[Element]:
    yield from drawing.all("ioSpecification")
    yield from (node.element for node in drawing.each() if node.kind.endswith("Event"))


@rule("set-of-others", "10.4.1", "A set has inputs or outputs of its own specification.")
def sets_hold_their_own(drawing: Drawing) -> Breaches:
    for group, names in _REFS.items():
        for one in drawing.all(group):
            owner = holder_of(one)
            for ref in named_parts(one, *names):
                data = drawing.find(ref.text)
                if data is not None and holder_of(data) is not owner:
                    yield ref, f'"{reference(ref.text)}" belongs to another element.'


@rule(
    "set-optional",
    "10.4.1",
    "What is optional in a set, or may come while it runs, is a member of the set.",
)
def optional_data_are_members(drawing: Drawing) -> Breaches:
    for group, (all_of, *some) in _REFS.items():
        for one in drawing.all(group):
            members = set(references(one, all_of))
            for ref in named_parts(one, *some):
                if reference(ref.text) not in members:
                    yield ref, f'"{reference(ref.text)}" is not among the {all_of} of this set.'


@rule("set-pairing", "10.4.1", "An input set and an output set that belong together say so both.")
def sets_name_each_other(drawing: Drawing) -> Breaches:
    for group, mine, other_group, theirs in (
        ("inputSet", "outputSetRefs", "outputSet", "inputSetRefs"),
        ("outputSet", "inputSetRefs", "inputSet", "outputSetRefs"),
    ):
        named = {other: set(references(other, theirs)) for other in drawing.all(other_group)}
        for one in drawing.all(group):
            for ref in named_parts(one, mine):
                other = drawing.find(ref.text)
                if other in named and one.get("id") not in named[other]:
                    yield ref, f'"{reference(ref.text)}" does not name this set in its turn.'


@rule(
    "subprocess-data",
    "10.4.1",
    "An embedded subprocess has no inputs and outputs of its own but those of its instances.",
)
def subprocesses_see_the_data_around(drawing: Drawing) -> Breaches:
    for kind in SUBPROCESSES:
        for element in drawing.all(kind):
            specification = part(element, "ioSpecification")
            has_instances = part(element, "multiInstanceLoopCharacteristics") is not None
            if specification is None or has_instances:
                continue
            if named_parts(specification, "dataInput", "dataOutput"):
                yield element, "An embedded subprocess sees the data around it; it has no inputs."


@rule(
    "collection-mismatch",
    "10.4.1",
    "Data that says whether it is a collection says the same as its item definition.",
)
def collections_agree(drawing: Drawing) -> Breaches:
    for data, item in _typed(drawing):
        if data.get("isCollection") and says(data, "isCollection") != says(item, "isCollection"):
            yield data, f'isCollection differs from that of "{item.get("id")}".'


@rule(
    "collection-unsaid",
    "10.4.1",
    "Data whose item definition is a collection says so too, though it need not.",
    warns=True,
)
def collections_say_so(drawing: Drawing) -> Breaches:
    for data, item in _typed(drawing):
        if not data.get("isCollection") and says(item, "isCollection"):
            yield data, f'It is taken for a collection, as "{item.get("id")}" is one.'


def _typed(drawing: Drawing) -> Iterator[tuple[Element, Element]]:
    """Data with its item definition; isCollection "is needed when no itemDefinition is
    referenced", and must otherwise have the same value."""
    for data in drawing.all("dataObject", "dataInput", "dataOutput"):
        item = drawing.referred(data, "itemSubjectRef")
        if item is not None and kind_of(item) == "itemDefinition":
            yield data, item


@rule("data-object-missing", "10.4.1", "A data object reference names its data object.")
def references_name_their_object(drawing: Drawing) -> Breaches:
    for element in drawing.all("dataObjectReference"):
        if not (element.get("dataObjectRef") or "").strip():
            yield element, f'"{_label(element)}" does not say which data object it shows.'


@rule(
    "data-object-hidden",
    "10.4.1",
    "A data object is seen in its own process or subprocess and within.",
)
def objects_are_visible(drawing: Drawing) -> Breaches:
    for element in drawing.all("dataObjectReference"):
        data = drawing.referred(element, "dataObjectRef")
        if data is None or kind_of(data) != "dataObject":
            continue
        if holder_of(data) not in element.iterancestors():
            yield element, f'"{data.get("id")}" is not visible from here.'


@rule(
    "data-object-state",
    "10.4.1",
    "States stand at references to a data object, its item definition at the object.",
    warns=True,
)
def states_stand_at_references(drawing: Drawing) -> Breaches:
    for element in drawing.all("dataObject"):
        if part(element, "dataState") is not None:
            yield element, "A data object has no state of its own; its references have."
    for element in drawing.all("dataObjectReference"):
        if element.get("itemSubjectRef"):
            yield element, "The item definition stands at the data object."


@rule(
    "data-store-capacity",
    "10.4.1",
    "The capacity of a data store is for one that is limited.",
    warns=True,
)
def capacity_is_for_limited_stores(drawing: Drawing) -> Breaches:
    for store in drawing.all("dataStore"):
        if store.get("capacity") and says(store, "isUnlimited", default=True):
            yield store, "capacity has no effect where isUnlimited is not false."


@rule(
    "event-data",
    "10.5.1",
    "An event with data has one input or output for each of its definitions, of the kind that "
    "the definition carries.",
)
def events_carry_what_they_define(drawing: Drawing) -> Breaches:
    for node in drawing.each():
        data = named_parts(node.element, "dataInput", "dataOutput")
        if not data or not node.kind.endswith("Event"):
            continue
        if len(data) != len(node.definitions):
            text = f'"{node.label}" has {len(node.definitions)} definitions and {len(data)} data.'
            yield node.element, text
            continue
        for one, definition in zip(data, node.definitions, strict=True):
            carried = _carried(drawing, definition)
            item = reference(one.get("itemSubjectRef"))
            if item and carried and item != carried:
                yield one, f'The definition carries "{carried}", not "{item}".'


def _carried(drawing: Drawing, definition: Element) -> str:
    """The item definition of a message, signal, error or escalation."""
    for name, item in (
        ("messageRef", "itemRef"),
        ("signalRef", "structureRef"),
        ("errorRef", "structureRef"),
        ("escalationRef", "structureRef"),
    ):
        thing = drawing.referred(definition, name)
        if thing is not None:
            return reference(thing.get(item))
    return ""


@rule(
    "call-data",
    "10.3.6",
    "A call activity has the inputs and outputs of what it calls: as many, and of the same kinds.",
)
def calls_fit_what_they_call(drawing: Drawing) -> Breaches:
    for node in drawing.each("callActivity"):
        called = drawing.referred(node.element, "calledElement")
        mine = part(node.element, "ioSpecification")
        theirs = None if called is None else part(called, "ioSpecification")
        if called is None or (mine is None and theirs is None):
            continue
        data, sets = ("dataInput", "dataOutput"), ("inputSet", "outputSet")
        for kind in data if mine is None or theirs is None else data + sets:
            here, there = _parts(mine, kind), _parts(theirs, kind)
            if len(here) > len(there):
                here = _without_collections(node.element, here)
            if len(here) != len(there):
                text = f'"{node.label}" has {len(here)} × {kind}, what it calls {len(there)}.'
                yield node.element, text, called
            elif sorted(_items(here)) != sorted(_items(there)):
                text = f'"{node.label}" has {kind} of other kinds than what it calls.'
                yield node.element, text, *there


def _without_collections(activity: Element, data: list[Element]) -> list[Element]:
    """What a multi-instance call runs over is its own, and passed on item by item."""
    loop = part(activity, "multiInstanceLoopCharacteristics")
    if loop is None:
        return data
    own = {*references(loop, "loopDataInputRef"), *references(loop, "loopDataOutputRef")}
    return [one for one in data if one.get("id") not in own]


def _parts(specification: Element | None, kind: str) -> list[Element]:
    return [] if specification is None else named_parts(specification, kind)


def _items(data: list[Element]) -> list[str]:
    return [reference(one.get("itemSubjectRef")) for one in data]


def _label(element: Element) -> str:
    return element.get("name") or element.get("id") or kind_of(element)
