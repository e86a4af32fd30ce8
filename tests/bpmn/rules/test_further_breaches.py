"""Rules that one case does not show whole: the same constraint, broken in another way."""

from __future__ import annotations

import pytest
from lxml import etree

from bpmn.check import check_file
from bpmn.rules import references
from bpmn.vocabulary import schema_files
from tests.bpmn.drawing import between, file, line
from tests.bpmn.rules.case import (
    HOUR,
    MESSAGE,
    Case,
    M,
    catch,
    defined,
    gateway,
    task,
    throw,
    way,
)

_ITEMS = (
    '<bpmn:itemDefinition id="i"/><bpmn:itemDefinition id="i2"/>'
    '<bpmn:message id="m" name="m" itemRef="i"/>'
    '<bpmn:interface name="if"><bpmn:operation id="op" name="t"><bpmn:inMessageRef>m'
    "</bpmn:inMessageRef></bpmn:operation></bpmn:interface>"
)
_POOLS = '<bpmn:participant id="one" processRef="p"/><bpmn:participant id="two"/>'


def _input(item: str = "", name: str = "in") -> str:
    said = f' itemSubjectRef="{item}"' if item else ""
    return (
        f'<bpmn:ioSpecification><bpmn:dataInput id="{name}"{said}/><bpmn:inputSet>'
        f"<bpmn:dataInputRefs>{name}</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/>"
        "</bpmn:ioSpecification>"
    )


def _service(item: str) -> bytes:
    task_ = f'<bpmn:serviceTask id="t" operationRef="op">{_input(item)}</bpmn:serviceTask>'
    return file(way(task_), _ITEMS)


def _calling(mine: str, theirs: str) -> bytes:
    called = (
        f'<bpmn:process id="q" isExecutable="true">{theirs}<bpmn:startEvent id="qs"/>'
        '<bpmn:endEvent id="qe"/>' + line("qs", "qe") + "</bpmn:process>"
    )
    call = f'<bpmn:callActivity id="t" calledElement="q">{mine}</bpmn:callActivity>'
    return file(way(call), "<bpmn:itemDefinition id='i'/><bpmn:itemDefinition id='i2'/>" + called)


def _conversing(with_: str) -> bytes:
    ends = "".join(f"<bpmn:participantRef>{one}</bpmn:participantRef>" for one in ("one", "two"))
    return file(
        way(task("t")),
        f'<bpmn:collaboration id="c">{_POOLS}<bpmn:callConversation id="cc" '
        f'calledCollaborationRef="called">{ends}</bpmn:callConversation></bpmn:collaboration>'
        f'<bpmn:{with_} id="called"/>',
    )


def _receiving(prefix: str) -> bytes:
    return file(way(f'<bpmn:receiveTask id="t" messageRef="{prefix}:m"/>'), M).replace(
        b'targetNamespace="urn:test"',
        b'targetNamespace="urn:test" xmlns:own="urn:test" xmlns:other="urn:other"',
    )


def _lanes(second: str) -> bytes:
    kinds = ("tResource", second)
    lanes = "".join(
        f'<bpmn:lane id="l{n}"><bpmn:partitionElement xsi:type="bpmn:{kind}" id="pe{n}" name="x"/>'
        "</bpmn:lane>"
        for n, kind in enumerate(kinds)
    )
    return file(f'<bpmn:laneSet id="ls">{lanes}</bpmn:laneSet>{way(task("t"))}')


def _given(outputs: str) -> str:
    return f'<bpmn:dataOutput id="out"/>{outputs}{MESSAGE}'


_OVER_INPUT = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>"
    '<bpmn:inputDataItem id="item"/></bpmn:multiInstanceLoopCharacteristics>'
)
CASES = {
    "message-item of a service": ("message-item", Case(_service("i2"), "in", _service("i"))),
    "call-data that is not passed": (
        "call-data", Case(_calling("", _input(name="qin")), "t", _calling("", "")),
    ),
    "call-data that is not taken": (
        "call-data", Case(_calling(_input(), ""), "t", _calling(_input() + _OVER_INPUT, "")),
    ),
    "call-data of another kind": (
        "call-data",
        Case(
            _calling(_input("i2"), _input("i", "qin")), "t",
            _calling(_input("i"), _input("i", "qin")),
        ),
    ),
    "wrong-reference to a choreography": (
        "wrong-reference",
        Case(_conversing("choreography"), "cc", _conversing("globalConversation")),
    ),
    "dangling-reference into a namespace that is not imported": (
        "dangling-reference", Case(_receiving("other"), "t", _receiving("own")),
    ),
    "lane-partition by elements of their own": (
        "lane-partition", Case(_lanes("tError"), "l1", _lanes("tResource")),
    ),
    "data-in-no-set of an event": (
        "data-in-no-set",
        Case(
            file(way(catch("t", _given("<bpmn:outputSet/>"))), M), "out",
            file(way(catch("t", _given("<bpmn:outputSet><bpmn:dataOutputRefs>out"
                                       "</bpmn:dataOutputRefs></bpmn:outputSet>"))), M),
        ),
    ),
    "gateway-idle at the beginning": (
        "gateway-idle",
        Case(
            file(gateway("exclusive", "g") + task("t") + line("g", "t")), "g",
            file(gateway("parallel", "g") + task("t") + task("u") + line("g", "t")
                 + line("g", "u")),
        ),
    ),
    "duplicate-id of a definition": (
        "duplicate-id",
        Case(
            file(way(catch("a", HOUR.replace("Definition>", 'Definition id="x">', 1)),
                     catch("b", HOUR.replace("Definition>", 'Definition id="x">', 1)))), "x",
            file(way(catch("a"), catch("b"))), passes_schema=False,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_breach_is_found_at_the_element_and_its_neighbour_is_fine(name: str) -> None:
    rule, case = CASES[name]

    broken = {(f.rule, f.element) for f in check_file("x.bpmn", case.broken)}
    fine = {f.rule for f in check_file("x.bpmn", case.fine) if f.severity == "error"}

    assert (rule, case.element) in broken
    assert rule not in fine


def test_an_imported_name_is_not_looked_for_here() -> None:
    imported = _receiving("other").replace(
        b"<bpmn:process", b'<bpmn:import importType="x" location="o" namespace="urn:other"/>'
        b"<bpmn:process", 1,
    )  # fmt: skip

    found = check_file("x.bpmn", imported)

    assert [f.rule for f in found if f.severity == "error"] == []


_OF_OTHER_RULES = {
    "default", "attachedToRef", "calledElement", "sequenceFlow@sourceRef", "sequenceFlow@targetRef",
}  # fmt: skip
_TO_ANYTHING = {
    "extension@definition", "itemDefinition@structureRef", "interface@implementationRef",
    "operation@implementationRef", "correlationProperty@type",
}  # fmt: skip
"""Names of things outside of BPMN: XML types, implementations, extension definitions."""


def test_every_reference_of_the_schema_is_looked_at() -> None:
    schema = etree.parse(schema_files() / "Semantic.xsd")
    space = "{http://www.w3.org/2001/XMLSchema}"

    missing = set()
    for type_ in schema.iter(f"{space}complexType"):
        name = type_.get("name", "")
        kind = name[1:2].lower() + name[2:]
        for each in type_.iter(f"{space}attribute", f"{space}element"):
            if each.get("type") not in ("xsd:QName", "xsd:IDREF"):
                continue
            attribute = each.tag == f"{space}attribute"
            sign, table = (
                ("@", references._ATTRIBUTES) if attribute else ("/", references._ELEMENTS)
            )
            names = {each.get("name", ""), f"{kind}{sign}{each.get('name')}"}
            if not names & (table.keys() | _OF_OTHER_RULES | _TO_ANYTHING):
                missing.add(f"{kind}{sign}{each.get('name')}")

    assert missing == set()


def test_a_call_without_handler_cannot_be_compensated_where_it_is_executed() -> None:
    call = '<bpmn:callActivity id="t" calledElement="q"/>'
    thrown = throw("u", defined("compensate", 'activityRef="t"'))

    called = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="qs"/>'
        '<bpmn:endEvent id="qe"/>' + line("qs", "qe") + "</bpmn:process>"
    )
    source = file(way(call, thrown), called)

    executed = check_file("x.bpmn", source)
    drawn = check_file("x.bpmn", source.replace(b'isExecutable="true"', b"", 1))

    found = {(each.rule, each.element) for each in executed if each.severity == "error"}
    assert found == {("compensate-without-handler", "t"), ("compensate-without-handler", "u")}
    assert "compensate-without-handler" not in {each.rule for each in drawn}


def test_the_neighbour_of_a_fault_is_named_with_its_line() -> None:
    (found,) = check_file("x.bpmn", between('<bpmn:task\n id="t" default="s_t"/>'))

    assert [(place.element, place.line) for place in found.related] == [("s_t", 9)]
    assert found.as_json()["related"] == [{"element": "s_t", "line": 9}]
