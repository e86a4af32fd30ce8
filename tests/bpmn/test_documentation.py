"""The page for process designers tells what the compiler executes."""

from __future__ import annotations

from pathlib import Path

from bpmn.elements import FLOW_NODES

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def test_the_page_names_every_executed_element_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")

    named = {kind for kind in FLOW_NODES if f"`{kind}`" in text}

    assert named == {kind for kind, treatment in FLOW_NODES.items() if treatment.how == "executed"}
