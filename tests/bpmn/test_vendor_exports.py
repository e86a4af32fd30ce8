"""Words and habits of drawing tools: the graph keeps every node, and the diagram is drawn."""

from __future__ import annotations

import pytest

from bpmn.compiler import compile_model
from bpmn.diagram import diagram_svg
from tests.bpmn.drawing import between, file, line

_SIGNAVIO = (
    '<bpmn:userTask id="t" completionQuantity="1" startQuantity="1" isForCompensation="false" '
    'implementation="webService" name="A&#10;B"><bpmn:extensionElements><v:signavioMetaData '
    'xmlns:v="http://www.signavio.com" metaKey="bgcolor" metaValue=""/></bpmn:extensionElements>'
    "</bpmn:userTask>"
)
_BIZAGI = (
    '<bpmn:task id="t"><bpmn:documentation/><bpmn:extensionElements><v:BizagiExtensions '
    'xmlns:v="http://www.bizagi.com/bpmn20"><v:BizagiProperties/></v:BizagiExtensions>'
    "</bpmn:extensionElements></bpmn:task>"
)
_EMPTY_SETS = (
    '<bpmn:task id="t"><bpmn:ioSpecification><bpmn:inputSet/><bpmn:outputSet/>'
    "</bpmn:ioSpecification></bpmn:task>"
)


@pytest.mark.parametrize("activity", [_SIGNAVIO, _BIZAGI, _EMPTY_SETS])
def test_an_activity_in_the_words_of_a_drawing_tool_is_kept(activity: str) -> None:
    source = between(activity)

    (graph,) = compile_model(source).graphs

    assert graph.nodes.keys() == {"s", "t", "e"}
    assert diagram_svg(source).startswith("<svg")


def test_ids_with_umlauts_dots_and_underscores_are_kept() -> None:
    source = file('<bpmn:startEvent id="_Ä.s-1"/><bpmn:endEvent id="e"/>' + line("_Ä.s-1", "e"))

    (graph,) = compile_model(source).graphs

    assert graph.nodes.keys() == {"_Ä.s-1", "e"}


def test_a_file_in_utf_16_is_read() -> None:
    source = between('<bpmn:task id="t"/>').decode().replace("UTF-8", "UTF-16").encode("utf-16")

    (graph,) = compile_model(source).graphs

    assert graph.nodes.keys() == {"s", "t", "e"}
