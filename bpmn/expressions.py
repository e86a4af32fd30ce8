"""Expressions of a model: which language a text is in, compiled once.

A text that begins with `=` (Zeebe's way) or whose language says so is FEEL; `${…}` and `#{…}` are
JUEL; any other text means itself. Other languages are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bpmn.errors import ExpressionFailed, ExpressionRefused, VariableMissing
from bpmn.feel import compile_feel
from bpmn.graph import Expression
from bpmn.juel import compile_juel
from bpmn.values import Value

_ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
_UNSAID = frozenset({"", "juel", "http://www.w3.org/1999/xpath", "http://java.sun.com/jsp/el"})


def expression(text: str, language: str | None = None, line: int = 0) -> Expression:
    """Compile the text. Raises `ExpressionRefused` with a position in the text as given."""
    said = (language or "").strip().lower()
    if said == "feel" or said.rstrip("/").endswith("/feel"):
        return feel_expression(text, line)
    if said not in _UNSAID:
        raise ExpressionRefused(f"the language {language} is not run; write FEEL or JUEL", 0)
    stripped = text.lstrip()
    if stripped.startswith("="):
        return feel_expression(text, line)
    language_found = "juel" if "${" in text or "#{" in text else "literal"
    if language_found == "juel":
        return Expression(text, "juel", compile_juel(text.strip()), line)
    return Expression(text, "literal", lambda _variables, _now: text, line)


def feel_expression(text: str, line: int = 0) -> Expression:
    """Compile FEEL, with or without Zeebe's `=` before it."""
    start = len(text) - len(text.lstrip())
    begin = start + 1 if text[start : start + 1] == "=" else 0
    try:
        return Expression(text, "feel", compile_feel(text[begin:]), line)
    except ExpressionRefused as refused:
        raise ExpressionRefused(str(refused), refused.position + begin) from refused


def condition(text: str, language: str | None = None, line: int = 0) -> Expression:
    """Compile a text that must give true or false; any other value is an `ExpressionFailed`.

    FEEL's null is what an absent variable makes of a comparison: a `VariableMissing`.
    """
    compiled = expression(text, language, line)
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


def feel_script(text: str, line: int = 0) -> tuple[tuple[str, Expression], ...]:
    """Compile lines of `name = expression`. A line that does not begin so continues the last;
    so does one that stands inside brackets still open."""
    statements: list[tuple[str, list[str], int, int]] = []
    position = 0
    for number, row in enumerate(text.splitlines(keepends=True)):
        match = _ASSIGNMENT.match(row)
        if match and not (statements and _is_open("".join(statements[-1][1]))):
            begin = position + match.end()
            statements.append((match[1], [row[match.end() :]], line + number, begin))
        elif statements:
            statements[-1][1].append(row)
        elif row.strip() and not row.strip().startswith("//"):
            raise ExpressionRefused("a FEEL script has lines of name = expression", position)
        position += len(row)
    if not statements:
        raise ExpressionRefused("the script is empty", 0)
    return tuple(
        (name, _statement("".join(rows), at, begin)) for name, rows, at, begin in statements
    )


def _statement(text: str, line: int, begin: int) -> Expression:
    try:
        return Expression(text.strip(), "feel", compile_feel(text), line)
    except ExpressionRefused as refused:
        raise ExpressionRefused(str(refused), refused.position + begin) from refused


def _is_open(text: str) -> bool:
    """Whether a bracket still waits for its other half."""
    plain = re.sub(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*', "", text)
    return sum(plain.count(mark) for mark in "([{") > sum(plain.count(mark) for mark in ")]}")
