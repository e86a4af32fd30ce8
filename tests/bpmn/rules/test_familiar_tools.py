"""What the common tools write beside the flow is no fault: their idioms pass the rules."""

from __future__ import annotations

import pytest

from tests.bpmn.drawing import file, line
from tests.bpmn.rules.case import END, START, boundary, defined, event, subprocess, task, way
from tests.bpmn.rules.test_rules import found

_HANDLER = 'isForCompensation="true"'
_OBJECT = '<bpmn:dataObject id="o"/><bpmn:dataObjectReference id="r" dataObjectRef="o"/>'
_ASKED_ELSEWHERE = (
    '<bpmn:process id="q">' + START.replace('"s"', '"qs"') + task(
        "qt", '<bpmn:dataOutputAssociation id="qd"><bpmn:targetRef>st</bpmn:targetRef>'
        "</bpmn:dataOutputAssociation>") + END.replace('"e"', '"qe"')
    + line("qs", "qt", "qe") + "</bpmn:process>"
)  # fmt: skip

IDIOMS: dict[str, bytes] = {
    "bpmn-js: data into a placeholder property": file(
        way(task(
            "t", '<bpmn:property id="pr" name="__targetRef_placeholder"/>'
            '<bpmn:dataInputAssociation id="d1"><bpmn:sourceRef>r</bpmn:sourceRef>'
            "<bpmn:targetRef>pr</bpmn:targetRef></bpmn:dataInputAssociation>"
            '<bpmn:dataOutputAssociation id="d2"><bpmn:targetRef>r</bpmn:targetRef>'
            "</bpmn:dataOutputAssociation>")) + _OBJECT
    ),
    "bpmn-js: a data store without definition, shared by two pools": file(
        way(task("t")) + '<bpmn:dataStoreReference id="st"/>', _ASKED_ELSEWHERE
    ),
    "bpmn-js: lanes that list boundary events, a group, an annotation": file(
        '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef>s</bpmn:flowNodeRef>'
        "<bpmn:flowNodeRef>t</bpmn:flowNodeRef><bpmn:flowNodeRef>b</bpmn:flowNodeRef>"
        "<bpmn:flowNodeRef>e</bpmn:flowNodeRef><bpmn:childLaneSet id='cl'><bpmn:lane id='l1'>"
        "<bpmn:flowNodeRef>t</bpmn:flowNodeRef></bpmn:lane></bpmn:childLaneSet></bpmn:lane>"
        "</bpmn:laneSet>" + way(task("t")) + boundary("b", "t") + line("b", "e")
        + '<bpmn:group id="g" categoryValueRef="cv"/><bpmn:textAnnotation id="ta"/>'
        '<bpmn:association id="as" sourceRef="t" targetRef="ta"/>',
        '<bpmn:category id="c"><bpmn:categoryValue id="cv" value="x"/></bpmn:category>',
    ),
    "Signavio: empty data specifications, every default said": file(
        way(
            task("t", '<bpmn:ioSpecification id="io"><bpmn:inputSet id="is"/>'
                 '<bpmn:outputSet id="os"/></bpmn:ioSpecification>',
                 'isForCompensation="false" startQuantity="1" completionQuantity="1"'),
            subprocess("u", '<bpmn:ioSpecification id="io2"><bpmn:inputSet id="is2"/>'
                       '<bpmn:outputSet id="os2"/></bpmn:ioSpecification>'
                       + START.replace('"s"', '"us"') + END.replace('"e"', '"ue"')
                       + line("us", "ue"), attributes='triggeredByEvent="false"'),
        ),
        attributes='isClosed="false" processType="None"',
    ),
    "a pool that is a black box, flows to it from a pool's edge": file(
        way(task("t")),
        '<bpmn:collaboration id="c"><bpmn:participant id="one" processRef="p"/>'
        '<bpmn:participant id="two"/><bpmn:messageFlow id="m1" sourceRef="one" targetRef="two"/>'
        '<bpmn:messageFlow id="m2" sourceRef="two" targetRef="t"/></bpmn:collaboration>',
    ),
    "Camunda Modeler: compensation as it is drawn": file(
        way(task("t"), event("intermediateThrowEvent", "th", defined("compensate")))
        + boundary("b", "t", defined("compensate")) + task("h", "", _HANDLER)
        + '<bpmn:association id="as" associationDirection="One" sourceRef="b" targetRef="h"/>'
    ),
    "references with a prefix": file(
        way('<bpmn:receiveTask id="t" messageRef="tns:m"/>'), '<bpmn:message id="m" name="m"/>',
    ).replace(b'id="d"', b'id="d" xmlns:tns="urn:test"'),
    "types of XML schema": file(
        way(task("t")) + '<bpmn:dataObject id="o" itemSubjectRef="xsd:string"/>'
    ).replace(b'id="d"', b'id="d" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'),
}  # fmt: skip


@pytest.mark.parametrize("name", IDIOMS)
def test_an_idiom_of_a_tool_is_no_fault(name: str) -> None:
    assert found(IDIOMS[name]) == set()
