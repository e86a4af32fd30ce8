"""Expressions of a model: which language a text is in, compiled once.

A text that begins with `=` (Zeebe's way) or whose language says so is FEEL; `${…}` and `#{…}` are
JUEL; any other text means itself. Other languages are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bpmn.assignments import feel_script
from bpmn.errors import ExpressionFailed, ExpressionRefused, VariableMissing
from bpmn.feel import compile_feel
from bpmn.graph import Expression
from bpmn.juel import compile_juel
from bpmn.juel.execution import About
from bpmn.values import Value

__all__ = [
    "awaited_condition",
    "condition",
    "expression",
    "feel_expression",
    "feel_script",
    "says_feel",
]

_UNSAID = frozenset({"", "juel", "http://www.w3.org/1999/xpath", "http://java.sun.com/jsp/el"})


_FEEL = re.compile(r"(.*[/-])?feel(/\d+)?/?")
"""`feel`, `text/feel`, and the names that OMG gave it: `…/FEEL/20140401`, `…/20191111/FEEL/`."""


def says_feel(language: str) -> bool:
    """Whether a language, format or media type names FEEL."""
    return _FEEL.fullmatch(language.strip().lower()) is not None


def expression(
    text: str, language: str | None = None, line: int = 0, about: About | None = None
) -> Expression:
    """Compile the text; `about` is what it may ask of its execution.

    Raises `ExpressionRefused` with a position in the text as given.
    """
    said = (language or "").strip().lower()
    if says_feel(said):
        return feel_expression(text, line)
    if said not in _UNSAID:
        raise ExpressionRefused(f"the language {language} is not run; write FEEL or JUEL", 0)
    stripped = text.lstrip()
    if stripped.startswith("="):
        return feel_expression(text, line)
    language_found = "juel" if "${" in text or "#{" in text else "literal"
    if language_found == "juel":
        return Expression(text, "juel", compile_juel(text.strip(), about or {}), line)
    return Expression(text, "literal", lambda _variables, _now: text, line)


def feel_expression(text: str, line: int = 0) -> Expression:
    """Compile FEEL, with or without Zeebe's `=` before it."""
    start = len(text) - len(text.lstrip())
    begin = start + 1 if text[start : start + 1] == "=" else 0
    try:
        return Expression(text, "feel", compile_feel(text[begin:]), line)
    except ExpressionRefused as refused:
        raise ExpressionRefused(str(refused), refused.position + begin) from refused


def condition(
    text: str, language: str | None = None, line: int = 0, about: About | None = None
) -> Expression:
    """Compile a text that must give true or false; any other value is an `ExpressionFailed`.

    FEEL's null is what an absent variable makes of a comparison: a `VariableMissing`.
    """
    compiled = expression(text, language, line, about)
    if compiled.language == "literal":
        raise ExpressionRefused("a condition is an expression: ${…} or = …", 0)
    evaluate = compiled.evaluate

    def verdict(variables: Mapping[str, Value], now: datetime) -> Value:
        value = evaluate(variables, now)
        if value is not True and value is not False:
            shown = "null" if value is None else type(value).__name__
            fault = VariableMissing if value is None else ExpressionFailed
            raise fault(f"the condition {text.strip()} is not true or false but {shown}")
        return value

    return Expression(text, compiled.language, verdict, line)


def awaited_condition(condition: Expression) -> Expression:
    """What a conditional event waits for is not true as long as its variables are missing."""
    evaluate = condition.evaluate

    def verdict(variables: Mapping[str, Value], now: datetime) -> Value:
        try:
            return evaluate(variables, now)
        except VariableMissing:
            return False

    return Expression(condition.text, condition.language, verdict, condition.line)
