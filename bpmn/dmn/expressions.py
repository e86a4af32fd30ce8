"""The texts in a decision model, compiled: FEEL, or JUEL where Camunda's dialect says so.

Invariant: a syntax error is a fault of the file; what can only give null is a warning, and gives
null when it is evaluated, with the reason (DMN 1.5 §10.3.2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpmn.dmn.evaluation import Evaluation
from bpmn.dmn.source import Element, Source, local
from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import Compiled, Type, Vocabulary, compile_expression, compile_unary
from bpmn.feel.names import words_of
from bpmn.feel.scope import Scope
from bpmn.juel import compile_juel

Code = Callable[[Scope], Any]
"""A compiled expression: the names in scope in (`scope.run` is the `Evaluation`), a value out."""

Names = frozenset[str]
"""The names that an expression may call, all of which its scope holds when it is evaluated."""

FEEL, JUEL = "feel", "juel"


class Expressions:
    """Compiles the texts of one file. What stands in many cells is compiled once."""

    def __init__(self, source: Source, types: Mapping[str, Type], fields: frozenset[str]) -> None:
        self.source = source
        self._types = types
        self._fields = fields
        self._vocabularies: dict[Names, Vocabulary] = {}
        self._codes: dict[tuple[str, Names], Code] = {}
        self._tests: dict[tuple[str, Names], Code | None] = {}

    # --- expressions ---

    def expression(self, element: Element, names: Names) -> Code:
        """The code of an element's text; an empty one gives null."""
        text = self.source.text(element)
        if not text.strip():
            self._refuse_imported(element)
            return nothing
        language = self.language(element, text)
        if language == JUEL:
            return self._juel(element, text)
        if language != FEEL:
            message = f"The language {language} is not run; write FEEL."
            self.source.fault(element, "expression-language", message)
            return nothing
        key = (text, names)
        if key not in self._codes:
            self._codes[key] = self._feel(element, text, names)
        return self._codes[key]

    def _feel(self, element: Element, text: str, names: Names) -> Code:
        try:
            compiled = compile_expression(text, self.vocabulary(names))
        except ExpressionRefused as refused:
            self.source.refuse_expression(element, text, refused)
            return nothing
        self._warn(element, text, compiled.faults)
        return _explained(compiled, _place(element))

    def _juel(self, element: Element, text: str) -> Code:
        try:
            evaluate = compile_juel(text.strip())
        except ExpressionRefused as refused:
            self.source.refuse_expression(element, text, refused)
            return nothing
        place = _place(element)

        def code(scope: Scope) -> Any:
            try:
                return evaluate(scope.names, scope.run.now)
            except ExpressionFailed as failed:
                evaluation_of(scope).fault(place, str(failed))
                return None

        return code

    # --- unary tests ---

    def tests(self, element: Element, names: Names) -> Code | None:
        """The code of unary tests on `?`; None where every value passes."""
        text = self.source.text(element)
        if text.strip() in ("", "-"):
            return None
        if self.language(element) != FEEL:
            message = "What a rule says of its inputs is written in FEEL."
            self.source.fault(element, "expression-language", message)
            return None
        key = (text, names)
        if key not in self._tests:
            self._tests[key] = self._unary(element, text, names)
        return self._tests[key]

    def _unary(self, element: Element, text: str, names: Names) -> Code | None:
        try:
            compiled = compile_unary(text, self.vocabulary(names))
        except ExpressionRefused as refused:
            self.source.refuse_expression(element, text, refused)
            return None
        self._warn(element, text, compiled.faults)
        return compiled.code if compiled.tree.tests else None

    def values(self, text: str) -> Code | None:
        """The code of a list of values, in the order of the text; None where it is none."""
        try:
            compiled = compile_expression(f"[{text}]", self.vocabulary(frozenset()))
        except ExpressionRefused:
            return None
        return None if compiled.faults else compiled.code

    # --- names and languages ---

    def vocabulary(self, names: Names) -> Vocabulary:
        known = self._vocabularies.get(names)
        if known is None:
            known = self._vocabularies[names] = Vocabulary(names, self._fields, self._types)
        return known

    def language(self, element: Element, text: str = "") -> str:
        """FEEL where nobody says otherwise, save for what is `${…}` as a whole."""
        said = element.get("expressionLanguage") or self.source.language
        plain = said.strip().lower().rstrip("/")
        if not plain:
            whole = text.strip()
            return JUEL if whole.startswith(("${", "#{")) and whole.endswith("}") else FEEL
        if plain.endswith(("feel", "feel.xsd")) or "/feel/" in plain:
            return FEEL
        return plain

    def _refuse_imported(self, element: Element) -> None:
        if self.source.child(element, "importedValues") is not None:
            message = "Values of another file (importedValues) are not read; write them here."
            self.source.fault(element, "imported-values", message)
        elif local(element) not in ("outputEntry", "inputEntry"):
            self.source.warn(element, "empty-expression", "The expression is empty: it gives null.")

    def _warn(self, element: Element, text: str, faults: tuple[ExpressionRefused, ...]) -> None:
        for fault in faults:
            shown = text.strip() if len(text.strip()) <= 80 else text.strip()[:77] + "…"
            message = f"{fault} (character {fault.position + 1}): this gives null — in: {shown}"
            self.source.warn(element, "expression-null", message)


def spaced(names: frozenset[str]) -> frozenset[str]:
    """Those of the names that are more than one word, which a parser has to be told."""
    return frozenset(name for name in names if len(words_of(name)) > 1)


def evaluation_of(scope: Scope) -> Evaluation:
    run = scope.run
    assert isinstance(run, Evaluation)
    return run


def nothing(_scope: Scope) -> None:
    return None


def _explained(compiled: Compiled, place: str) -> Code:
    """The code, which leaves a remark where it gives null and somebody wants to know why."""
    inner = compiled.code
    if compiled.text.strip() == "null":
        return inner

    def code(scope: Scope) -> Any:
        value = inner(scope)
        run = scope.run
        if isinstance(run, Evaluation) and run.explains and _holds_null(value):
            with run.quiet():
                reasons = compiled.reasons(scope.names, run.now)
            for reason in reasons:
                run.remark(place, f"{reason.text} — in: {compiled.text.strip()[:80]}")
        return value

    return code


def _holds_null(value: Any) -> bool:
    if type(value) is dict:
        return None in value.values()
    return value is None or (type(value) is list and None in value)


def _place(element: Element) -> str:
    """The id of the element or of the nearest one around it that has one."""
    for each in (element, *element.iterancestors()):
        if identifier := each.get("id"):
            return identifier
    return ""
