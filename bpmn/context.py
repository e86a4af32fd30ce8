"""What everybody needs who reads a model: the model itself, its expressions, the report.

Invariant: a text that does not compile is reported once, with the line that its fault stands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NoReturn, Protocol

from lxml import etree

from bpmn.errors import ExpressionRefused
from bpmn.expressions import condition, expression
from bpmn.graph import Expression
from bpmn.juel.execution import About
from bpmn.model import Model, text_of
from bpmn.report import Report
from bpmn.values import Value
from bpmn.whereabouts import known_at

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_CONSTANTS: dict[str, Value] = {"true": True, "false": False}


_MARKED = frozenset(
    {"http://www.w3.org/1999/XPath", "http://www.w3.org/1999/xpath", "http://java.sun.com/jsp/el"}
)
"""Languages that tools write into every file; a mark of ours in the text goes before them."""
_NO_XPATH = "The file names XPath, which begins nothing with ${ or =; read are JUEL and FEEL."


class Reported(Exception):
    """What stands here cannot be compiled, and the report says why."""


class Unmarked(Protocol):
    """A formal expression that says no language, in FEEL. `asked`: it must give a truth."""

    def __call__(self, text: str, *, asked: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Context:
    """One file that is read."""

    model: Model
    report: Report
    unmarked: Unmarked
    forms: dict[str, bytes] = field(default_factory=dict)
    """The forms that stand in the model itself, in form-js's JSON, by their key."""

    def refuse(self, rule: str, element: etree._Element, message: str) -> NoReturn:
        """Report, and compile no further what the element belongs to."""
        self.report.error(rule, element, message)
        raise Reported(message)

    def line(self, element: etree._Element) -> int:
        return self.report.document.line(element)

    def expression(
        self, text: str | None, element: etree._Element, language: str | None = None
    ) -> Expression | None:
        """Compile an attribute's or element's text: a literal, `${…}`, or `= FEEL`."""
        if text is None or not text.strip():
            return None
        line = self.line(element) + leading_lines(text)
        try:
            return expression(text.strip(), language, line, _about(text, element))
        except ExpressionRefused as error:
            self.refuse_expression(element, text.strip(), error, line)
            return None

    def formal(self, holder: etree._Element | None) -> Expression | None:
        """A formal expression of BPMN's own (BPMN 2.0 §8.4.6, §8.4.7): marked as in `expression`,
        in the language that it or the file names, else FEEL; numbers and truths are themselves."""
        text = text_of(holder)
        if holder is None or not text:
            return None
        known = self._constant(text, holder)
        if known is not None:
            return known
        line = self.line(holder) + leading_lines(holder.text or "")
        try:
            language = self._language(holder, text)
            if language == "":
                return expression(self.unmarked(text, asked=False), "feel", line)
            return expression(text, language, line, _about(text, holder))
        except ExpressionRefused as error:
            self.refuse_expression(holder, text, error, line)
            return None

    def condition(
        self, holder: etree._Element | None, *, at: etree._Element | None = None
    ) -> Expression | None:
        """A formal expression that must give true or false."""
        text = text_of(holder)
        if holder is None or not text:
            return None
        line = self.line(holder) + leading_lines(holder.text or "")
        if text in _CONSTANTS:
            return self._constant(text, holder)
        try:
            language = self._language(holder, text)
            if language == "":
                return condition(self.unmarked(text, asked=True), "feel", line)
            return condition(text, language, line, _about(text, holder))
        except ExpressionRefused as error:
            self.refuse_expression(holder if at is None else at, text, error, line)
            return None

    def _language(self, holder: etree._Element, text: str) -> str | None:
        """None where the text has a mark of its own, "" where nothing is said."""
        said = (holder.get("language") or "").strip() or self.model.expression_language.strip()
        if text.startswith("=") or "${" in text or "#{" in text:
            if said in _MARKED and "xpath" in said.lower():
                self.report.notice_kind(holder, _NO_XPATH, rule="expression-mark", of="XPath")
            return None if not said or said in _MARKED else said
        if "xpath" in said.lower():
            return "XPath"  # BPMN's default where the file names nothing; here that is FEEL
        return said

    def _constant(self, text: str, holder: etree._Element) -> Expression | None:
        if text in _CONSTANTS:
            return constant(text, _CONSTANTS[text], self.line(holder))
        if not _NUMBER.fullmatch(text):
            return None
        value = Decimal(text) if "." in text else int(text)
        return constant(text, value, self.line(holder))

    def variable(self, name: str, element: etree._Element) -> Expression:
        """The value of the variable, null where there is none."""
        return variable(name, self.line(element))

    def refuse_expression(
        self, element: etree._Element, text: str, error: ExpressionRefused, line: int
    ) -> None:
        """Report an expression with the line that its fault stands in."""
        shown = text if len(text) <= 80 else text[:77] + "…"
        line += text.rstrip().count("\n", 0, max(error.position, 0))
        self.report.error("expression", element, f"{error} — in: {shown.strip()}", line)


def constant(text: str, value: Value, line: int = 0) -> Expression:
    """An expression that is always the same value."""
    return Expression(text, "literal", lambda _variables, _now: value, line)


def variable(name: str, line: int = 0) -> Expression:
    """An expression that is one variable, whatever its name is made of."""

    def evaluate(variables: Mapping[str, Value], _now: datetime) -> Value:
        return variables.get(name)

    return Expression(name, "feel", evaluate, line)


def _about(text: str, element: etree._Element) -> About | None:
    """What the text may ask of its execution, where it asks at all."""
    return known_at(element) if "execution" in text or "task" in text else None


def leading_lines(text: str) -> int:
    """Line breaks before the first character that counts."""
    return text.count("\n", 0, len(text) - len(text.lstrip()))
