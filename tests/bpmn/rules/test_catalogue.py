"""docs/rules.md says what the code says, and names every rule id that the code may report."""

from __future__ import annotations

import re
from pathlib import Path

from bpmn.rules import RULES, SUBJECTS
from bpmn.rules.catalogue import COMPILER, page, rule_ids
from bpmn.soundness import RULES as SOUNDNESS

ROOT = Path(__file__).parents[3]
_REPORTED = re.compile(
    r"\b(?:report|self|context)\.(?:error|warning|notice|refuse)\(\s*\"([a-z-]+)\""
)
_OF_OTHER_FILES = ("dmn", "form_", "forms", "symbols", "feel/")


def test_the_page_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == page()


def test_each_rule_id_in_the_code_is_in_the_catalogue() -> None:
    reported = {
        identifier
        for file in sorted((ROOT / "bpmn").rglob("*.py"))
        if not file.relative_to(ROOT / "bpmn").as_posix().startswith(_OF_OTHER_FILES)
        for identifier in _REPORTED.findall(file.read_text("utf-8"))
    }

    assert reported <= rule_ids()


def test_no_rule_id_means_two_things() -> None:
    assert not RULES.keys() & SOUNDNESS.keys()
    assert not SOUNDNESS.keys() & COMPILER.keys()


def test_each_rule_belongs_to_a_subject_and_has_a_section_and_a_sentence() -> None:
    modules = {subject.__name__ for subject in SUBJECTS}

    for rule in RULES.values():
        assert rule.look.__module__ in modules
        assert re.fullmatch(r"\d+(\.\d+)*", rule.section)
        assert rule.sentence.endswith(".")
