"""A diagram can be seen, read aloud and walked with the Tab key, and does no harm."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bpmn.diagram import diagram_svg
from bpmn.errors import ModelRefused
from bpmn.symbols import wrap
from tests.bpmn.drawing import between

MODEL = (Path(__file__).parent / "models" / "pruefung.bpmn").read_bytes()
_SVG = "{http://www.w3.org/2000/svg}"


def drawn(source: bytes = MODEL, **marks: str) -> etree._Element:
    return etree.fromstring(diagram_svg(source, marks))


def groups(svg: etree._Element) -> dict[str, etree._Element]:
    return {g.get("data-element", ""): g for g in svg.iter(f"{_SVG}g") if g.get("data-element")}


def test_every_flow_node_can_be_focused_and_names_its_kind() -> None:
    found = groups(drawn())

    focused = [name for name, group in found.items() if group.get("tabindex") == "0"]
    assert focused == [
        "eingang", "pruefen", "frist", "erinnern", "richtig", "anordnen", "zurueck",
    ]  # fmt: skip
    assert found["richtig"].get("aria-label") == "Exklusives Gateway: richtig?"


def test_a_status_is_said_in_words_class_and_sign() -> None:
    svg = drawn(pruefen="active", erinnern="incident", eingang="done")

    found = groups(svg)
    assert "active" in (found["pruefen"].get("class") or "").split()
    assert (found["erinnern"].get("aria-label") or "").endswith(", Störung")
    assert "✓" in "".join(map(str, found["eingang"].itertext()))
    assert "Aktiv: Sachliche Richtigkeit" in (svg.findtext(f"{_SVG}desc") or "")


def test_what_follows_a_node_is_said_with_the_flow_names() -> None:
    found = groups(drawn())

    said = found["richtig"].findtext(f"{_SVG}desc")

    assert said == "Weiter zu: zur Anordnung (ja), zurückgewiesen (nein)"


def test_the_picture_holds_no_script_style_or_outside_reference() -> None:
    nasty = between('<bpmn:task id="t" name="&lt;script&gt;alert(1)&lt;/script&gt;"/>')

    for text in (diagram_svg(MODEL), diagram_svg(nasty)):
        assert "<script" not in text
        assert not re.search(r"\b(style|href|src|on\w+)=", text)
        assert "url(" not in text


def test_a_model_without_drawing_is_laid_out() -> None:
    found = groups(drawn(between('<bpmn:userTask id="t"/>')))

    assert list(found) == ["s", "t", "e"]


def test_absurd_coordinates_are_tamed() -> None:
    source = MODEL.replace(b'x="280"', b'x="NaN"').replace(b'x="485"', b'x="1e300"')

    svg = drawn(source)

    assert "nan" not in (svg.get("viewBox") or "")
    assert float(svg.get("width") or 0) < 1_000_000


def test_a_drawing_with_a_doctype_is_refused() -> None:
    with pytest.raises(ModelRefused):
        diagram_svg(b"<!DOCTYPE a><a/>")


@given(st.text(max_size=200), st.integers(10, 300), st.integers(1, 6))
def test_wrapped_text_keeps_to_its_room(text: str, width: int, room: int) -> None:
    lines = wrap(text, float(width), room)

    assert 1 <= len(lines) <= room
    assert all(len(line) <= max(4, int(width / 6.4)) for line in lines)


_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:c="http://www.omg.org/spec/DD/20100524/DC" id="d" targetNamespace="urn:t">'
)
_TWO = (
    '<bpmn:process id="p"><bpmn:task id="t"/><bpmn:task id="u"/><bpmn:sequenceFlow id="f" '
    'sourceRef="t" targetRef="u"/></bpmn:process><bpmn:process id="q"><bpmn:subProcess id="v">'
    '<bpmn:task id="w"/></bpmn:subProcess></bpmn:process>'
)


def _place(name: str, x: int = 0, attributes: str = "") -> str:
    return (
        f'<di:BPMNShape bpmnElement="{name}" {attributes}><c:Bounds x="{x}" y="0" width="100" '
        'height="80"/></di:BPMNShape>'
    )


def _drawn_as(*planes: tuple[str, str]) -> bytes:
    diagrams = "".join(
        f'<di:BPMNDiagram><di:BPMNPlane bpmnElement="{shown}">{content}</di:BPMNPlane>'
        "</di:BPMNDiagram>"
        for shown, content in planes
    )
    return f"{_HEAD}{_TWO}{diagrams}</bpmn:definitions>".encode()


def test_of_several_diagrams_that_of_the_process_is_drawn() -> None:
    source = _drawn_as(("p", _place("t")), ("q", _place("v") + _place("w")))

    assert groups(etree.fromstring(diagram_svg(source))).keys() == {"t"}
    assert groups(etree.fromstring(diagram_svg(source, process="q"))).keys() == {"v", "w"}
    assert groups(etree.fromstring(diagram_svg(source, process="x"))).keys() == {"t"}


def test_a_node_without_place_and_a_flow_without_way_are_drawn_all_the_same() -> None:
    lost = '<di:BPMNShape bpmnElement="u"/><di:BPMNEdge bpmnElement="f"/>'

    svg = drawn(_drawn_as(("p", _place("t") + lost)))

    assert groups(svg).keys() == {"t", "u"}
    (way,) = svg.findall(f".//{_SVG}g[@class='edge sequenceFlow']/{_SVG}path")
    assert way.get("d") == "M50 40L50 180"


@pytest.mark.parametrize(
    ("attributes", "content", "signs"),
    [
        ("", "", 1),
        ("", _place("w"), 0),
        ('isExpanded="false"', _place("w"), 1),
        ('isExpanded="x"', _place("w"), 0),
    ],
)
def test_a_subprocess_is_open_where_it_says_so_or_its_parts_are_drawn(
    attributes: str, content: str, signs: int
) -> None:
    svg = drawn(_drawn_as(("q", _place("v", attributes=attributes) + content)))

    assert len(groups(svg)["v"].findall(f"{_SVG}path[@class='symbol']")) == signs


@pytest.mark.parametrize(
    "activity",
    [
        '<bpmn:task id="t" isForCompensation="true"/>',
        '<bpmn:task id="t"><bpmn:standardLoopCharacteristics/></bpmn:task>',
        '<bpmn:task id="t"><bpmn:multiInstanceLoopCharacteristics/></bpmn:task>',
        '<bpmn:adHocSubProcess id="t"><bpmn:task id="u"/></bpmn:adHocSubProcess>',
        '<bpmn:callActivity id="t"/>',
    ],
)
def test_what_repeats_undoes_or_opens_has_a_sign(activity: str) -> None:
    plane = f'<di:BPMNDiagram><di:BPMNPlane bpmnElement="p">{_place("t") + _place("u", 200)}'
    process = f'<bpmn:process id="p">{activity}</bpmn:process>'
    source = f"{_HEAD}{process}{plane}</di:BPMNPlane></di:BPMNDiagram></bpmn:definitions>"

    signs = groups(drawn(source.encode()))["t"].findall(f"{_SVG}path[@class='symbol']")

    assert len(signs) == 1


def test_data_shows_its_state_and_a_group_its_category() -> None:
    vendors = Path(__file__).parent / "models" / "vendors"

    signavio, camunda = (
        groups(drawn((vendors / f"{name}.bpmn").read_bytes())) for name in ("signavio", "camunda7")
    )

    assert "".join(map(str, signavio["sid-do"].itertext())).endswith("Paket[verpackt]")
    assert "".join(map(str, camunda["Group_1"].itertext())).endswith("Beteiligung")
