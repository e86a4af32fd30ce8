"""Files of all kinds of tools are read: run, or refused with line and element, never a crash."""

from __future__ import annotations

import pytest

from bpmn.check import check_file
from bpmn.compiler import compile_model
from bpmn.errors import Finding
from tests.bpmn.drawing import between, file, flow, line

SIMPLE = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + line("s", "e")


def findings(source: bytes) -> list[Finding]:
    return check_file("x.bpmn", source)


def errors(source: bytes) -> list[Finding]:
    return [finding for finding in findings(source) if finding.severity == "error"]


def test_words_of_a_drawing_tool_are_noticed_once() -> None:
    word = '<v:farbe xmlns:v="urn:vendor" wert="rot"/>'
    extended = f"<bpmn:extensionElements>{word}</bpmn:extensionElements>"
    source = file(
        f'<bpmn:startEvent id="s">{extended}</bpmn:startEvent><bpmn:task id="t" '
        f'xmlns:v="urn:vendor" v:form="rund">{extended}</bpmn:task><bpmn:endEvent id="e"/>'
        + line("s", "t", "e")
    )

    assert [(f.rule, f.severity, f.element) for f in findings(source)] == [
        ("foreign-extension", "notice", "s")
    ]


def test_colours_are_not_mentioned() -> None:
    colour = 'xmlns:c="http://bpmn.io/schema/bpmn/biocolor/1.0" c:fill="red"'

    assert findings(between(f'<bpmn:task id="t" {colour}/>')) == []


def test_a_drawing_without_an_executable_process_says_what_it_has_instead() -> None:
    source = file(SIMPLE, '<bpmn:choreography id="ch" name="Tausch"/>').replace(
        b'isExecutable="true"', b'name="Nur gezeichnet"'
    )

    (found,) = errors(source)

    assert (found.rule, found.element) == ("no-executable-process", "d")
    assert "Nur gezeichnet" in found.message
    assert "Tausch" in found.message


def _drawn_only(source: bytes) -> bytes:
    return source.replace(b'isExecutable="true"', b"")


def test_beside_the_one_fault_of_a_drawing_stands_what_else_would_hinder_it() -> None:
    source = _drawn_only(
        file(
            '<bpmn:startEvent id="s"/>\n<bpmn:receiveTask id="t" camunda:async="vielleicht"/>\n'
            '<bpmn:scriptTask id="u" scriptFormat="groovy"><bpmn:script>x</bpmn:script>'
            '</bpmn:scriptTask><bpmn:endEvent id="e"/>' + line("s", "t", "u", "e"),
            '<bpmn:process id="leer"/>',
        )
    )

    found = findings(source)

    assert [(f.rule, f.element) for f in found if f.severity == "error"] == [
        ("no-executable-process", "d")
    ]
    assert [p.element for f in found for p in f.related if f.element == "d"] == ["p", "leer"]
    advice = [(f.rule, f.element, f.line) for f in found if f.severity == "warning"]
    assert ("script-language", "u", 7) in advice
    assert ("message-missing", "t", 6) in advice
    assert "leer" not in {element for _, element, _ in advice}


def test_in_a_file_without_an_id_the_first_drawn_process_is_named() -> None:
    source = _drawn_only(file(SIMPLE)).replace(b' id="d"', b"")

    (found,) = errors(source)

    assert (found.rule, found.element) == ("no-executable-process", "p")


def test_a_faultless_drawing_is_told_nothing_but_that_it_is_one() -> None:
    found = findings(_drawn_only(between('<bpmn:userTask id="t"/>')))

    assert [f.rule for f in found if f.severity != "notice"] == ["no-executable-process"]


def test_a_drawn_pool_beside_an_executable_one_gets_no_advice() -> None:
    drawn = (
        '<bpmn:process id="q"><bpmn:startEvent id="qs"/><bpmn:scriptTask id="qt" '
        'scriptFormat="groovy"><bpmn:script>x</bpmn:script></bpmn:scriptTask>'
        '<bpmn:endEvent id="qe"/>' + line("qs", "qt", "qe") + "</bpmn:process>"
    )

    found = findings(file(SIMPLE, drawn))

    assert {f.severity for f in found} == {"notice"}


@pytest.mark.parametrize("mark", ["${x == 1}", "= x = 1"])
def test_a_marked_expression_in_a_file_that_names_xpath_is_noticed(mark: str) -> None:
    source = file(
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g" default="g_e"/>'
        '<bpmn:endEvent id="e"/><bpmn:endEvent id="f"/>'
        + line("s", "g", "e")
        + flow("g", "f", mark)
    ).replace(b'id="d" ', b'id="d" expressionLanguage="http://www.w3.org/1999/XPath" ')

    assert [(f.rule, f.severity) for f in findings(source)] == [("expression-mark", "notice")]


def test_what_stands_between_processes_is_drawn_only() -> None:
    root = (
        '<bpmn:choreography id="ch"/>'
        '<bpmn:collaboration id="c"><bpmn:participant id="a" processRef="p"/>'
        '<bpmn:participant id="b" name="Bank"/><bpmn:messageFlow id="mf" sourceRef="a" '
        'targetRef="b"/><bpmn:conversation id="cv"><bpmn:participantRef>a</bpmn:participantRef>'
        "<bpmn:participantRef>b</bpmn:participantRef></bpmn:conversation></bpmn:collaboration>"
    )

    found = findings(file(SIMPLE, root))

    assert "ignored-choreography" in {f.rule for f in found}
    assert {f.severity for f in found} == {"notice"}


def test_an_import_is_noticed_and_an_extension_to_be_understood_is_refused() -> None:
    imported = '<bpmn:import importType="urn:xsd" location="a.xsd" namespace="urn:a"/>'
    source = file(SIMPLE).replace(
        b'<bpmn:process id="p"', f'{imported}<bpmn:process id="p"'.encode()
    )
    demanded = file(SIMPLE).replace(
        b'<bpmn:process id="p"',
        b'<bpmn:extension mustUnderstand="true" definition="x:y" xmlns:x="urn:x"/>'
        b'<bpmn:process id="p"',
    )

    assert [(f.rule, f.severity) for f in findings(source)] == [("ignored-import", "notice")]
    assert [f.rule for f in errors(demanded)] == ["must-understand"]


def test_another_prefix_and_default_namespaces_read_alike() -> None:
    source = file(SIMPLE).replace(b"bpmn:", b"semantic:").replace(b"xmlns:bpmn", b"xmlns:semantic")
    plain = file(SIMPLE).replace(b"bpmn:", b"").replace(b"xmlns:bpmn", b"xmlns")

    assert [g.nodes.keys() for g in compile_model(source).graphs] == [{"s": 0, "e": 0}.keys()]
    assert [g.nodes.keys() for g in compile_model(plain).graphs] == [{"s": 0, "e": 0}.keys()]


def test_what_the_drawn_pool_says_for_another_engine_does_not_matter() -> None:
    drawn = (
        '<bpmn:process id="q"><bpmn:serviceTask id="x" xmlns:d="http://www.jboss.org/drools" '
        'd:taskName="Email"/></bpmn:process>'
    )

    assert errors(file(SIMPLE, drawn)) == []


@pytest.mark.parametrize(
    "root",
    [
        '<bpmn:dataStore id="ds"/>',
        '<bpmn:resource id="r" name="Kasse"/>',
        '<bpmn:itemDefinition id="i" structureRef="xsd:string" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema"/>',
        '<bpmn:category id="c"><bpmn:categoryValue id="cv" value="x"/></bpmn:category>',
        '<bpmn:endPoint id="ep"/>',
        '<bpmn:partnerEntity id="pe"/>',
        '<bpmn:partnerRole id="pr"/>',
        '<bpmn:escalation id="es"/>',
        '<bpmn:error id="er"/>',
        '<bpmn:message id="m"/>',
        '<bpmn:signal id="sg"/>',
        '<bpmn:timerEventDefinition id="td"/>',
    ],
)
def test_elements_beside_the_process_that_nothing_uses_are_no_fault(root: str) -> None:
    assert findings(file(SIMPLE, root)) == []


@pytest.mark.parametrize(
    "part",
    [
        '<bpmn:auditing id="x"/>',
        '<bpmn:monitoring id="x"/>',
        '<bpmn:laneSet id="x"><bpmn:lane id="l"/></bpmn:laneSet>',
    ],
)
def test_parts_without_effect_are_noticed(part: str) -> None:
    found = findings(file(part + SIMPLE))

    assert {f.severity for f in found} == {"notice"}


def test_two_conditions_on_one_place_keep_their_lines() -> None:
    source = between(
        '<bpmn:userTask id="t">\n<bpmn:standardLoopCharacteristics>\n<bpmn:loopCondition '
        'xsi:type="bpmn:tFormalExpression">1 +</bpmn:loopCondition>\n'
        "</bpmn:standardLoopCharacteristics></bpmn:userTask>"
    )

    assert [(f.rule, f.element, f.line) for f in errors(source)] == [("expression", "t", 8)]
