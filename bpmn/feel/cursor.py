"""A parser's place in its text: tokens, names and types, and the limits on reading them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from bpmn.errors import ExpressionRefused
from bpmn.feel import syntax
from bpmn.feel.lexer import KEYWORDS, Token, tokens
from bpmn.feel.limits import DEPTH, TEXT
from bpmn.feel.names import Names, Vocabulary

_TYPES = frozenset(
    {
        "Any",
        "Null",
        "boolean",
        "context",
        "date",
        "date and time",
        "days and time duration",
        "function",
        "list",
        "number",
        "range",
        "string",
        "time",
        "years and months duration",
    }
)
_OTHER_TYPE_NAMES = {
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
}
"""What DMN's `typeRef` calls built-in types beside their FEEL names (DMN 1.5 §7.3.2)."""

_IN_NAMES = frozenset("./-'+*") | {"**", ".."}
"""Signs that a name may hold (rule 30)."""


class Cursor:
    """Reads tokens from the left; one per text. The grammar is the subclass's.

    `faults` collects what is no syntax error but can only give null; where it is None, such a
    fault refuses the text.
    """

    def __init__(
        self,
        text: str,
        names: Iterable[str] | Vocabulary = (),
        faults: list[ExpressionRefused] | None = None,
    ) -> None:
        if len(text) > TEXT:
            raise ExpressionRefused(f"an expression has at most {TEXT} characters", TEXT)
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._left = 50 * len(self._tokens)
        self._vocabulary = Vocabulary.of(names)
        self._names = Names(self._vocabulary)
        self._faults = faults
        self._before_closing = False
        """Reading the upper end of a range, where `[` closes it and begins no filter."""

    def fault(self, message: str, position: int) -> syntax.Node:
        """A node whose value is null, or a refusal."""
        refused = ExpressionRefused(message, position)
        if self._faults is None:
            raise refused
        self._faults.append(refused)
        return syntax.Broken(position, message)

    def guarded(self, rule: Any) -> Any:
        try:
            return rule()
        except RecursionError:
            raise self._too_deep() from None

    def finished(self, tree: syntax.Node) -> syntax.Node:
        if self.token.kind != "end":
            self._refuse("an operator or the end")
        if syntax.depth(tree) > DEPTH:
            raise self._too_deep()
        return tree

    # --- tokens ---

    @property
    def token(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self.token
        self._left -= 1
        if self._left < 0:
            raise self._too_deep()
        if token.kind != "end":
            self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self.token.kind in ("symbol", "word") and self.token.text in texts

    def _at_end(self) -> bool:
        return self.token.kind == "end"

    def _take(self, text: str) -> bool:
        if self._is(text):
            self._advance()
            return True
        return False

    def _expect(self, text: str) -> Token:
        if not self._is(text):
            self._refuse(f"“{text}”")
        return self._advance()

    def _refuse(self, wanted: str) -> NoReturn:
        found = self.token.text or "the end"
        raise ExpressionRefused(f"expected {wanted}, found {found}", self.token.position)

    def _too_deep(self) -> ExpressionRefused:
        return ExpressionRefused("the expression is nested too deeply", self.token.position)

    # --- names ---

    def _variable_name(self) -> str:
        """The name that stands here: the longest known one, or one word."""
        return self._longest(self._names.variable)

    def _field_name(self) -> str:
        """The name that stands after a dot."""
        if self.token.kind not in ("word", "quoted"):
            self._refuse("a name")
        return self._longest(self._names.field)

    def _longest(self, known: Callable[[list[Token], int], tuple[int, str]]) -> str:
        if self.token.kind == "quoted":
            return str(self._advance().value)
        count, name = known(self._tokens, self._at)
        if not count:
            return self._advance().text
        self._at += count
        return name

    def _new_name(self, *closing: str) -> str:
        """A name that is introduced here: all tokens up to what closes it."""
        name = self._spelled(self._name_length(*closing))
        self._names.add(name)
        return name

    def _name_length(self, *closing: str) -> int:
        """How many tokens from here on may be a name, up to what closes it."""
        if self.token.kind == "quoted":
            return 1
        if self.token.kind != "word" or self.token.text in KEYWORDS:
            return 0
        count = 1
        while True:
            token = self._tokens[self._at + count]
            if token.kind == "end" or token.text in closing:
                return count
            if token.kind not in ("word", "number") and token.text not in _IN_NAMES:
                return count
            count += 1

    def _spelled(self, count: int) -> str:
        """The next tokens as a name; its words are separated as in the text, by one space."""
        if not count:
            self._refuse("a name")
        first, last = self._tokens[self._at], self._tokens[self._at + count - 1]
        if first.kind == "quoted":
            self._at += 1
            return str(first.value)
        written = self._text[first.position : last.position + len(last.text)]
        self._at += count
        return " ".join(written.split())

    def _attempt(self, rule: Any) -> Any:
        """What the rule reads here, or None; the caller goes back."""
        depth, before, scopes = self._depth, self._before_closing, self._names.scopes
        faults = len(self._faults or ())
        try:
            return rule()
        except ExpressionRefused:
            if self._left < 0:
                raise
            self._depth, self._before_closing, self._names.scopes = depth, before, scopes
            if self._faults is not None:
                del self._faults[faults:]
            return None

    # --- types ---

    def type(self) -> syntax.Type | None:
        """Rule 54: a type's name, with what it is made of in `<…>`; None after a fault."""
        self._depth += 1
        if self._depth > DEPTH:
            raise self._too_deep()
        position = self.token.position
        if self.token.kind not in ("word", "quoted"):
            self._refuse("a type")
        name = self._longest(self._names.type)
        parts: list[tuple[str, syntax.Type | None]] = []
        if self._take("<"):
            while not self._is(">"):
                parts.append(self._type_part(name))
                if not self._take(","):
                    break
            self._expect(">")
        if name == "function" and self._take("->"):
            parts.append(("->", self.type()))
        self._depth -= 1
        return self._checked_type(name, parts, position)

    def _type_part(self, name: str) -> tuple[str, syntax.Type | None]:
        if name != "context":
            return "", self.type()
        key = self._spelled(self._name_length(":"))
        self._expect(":")
        return key, self.type()

    def _checked_type(
        self, name: str, parts: list[tuple[str, syntax.Type | None]], position: int
    ) -> syntax.Type | None:
        if name in self._vocabulary.types and not parts:
            return self._vocabulary.types[name]
        name = _OTHER_TYPE_NAMES.get(name, name)
        while name not in _TYPES and self._take("."):
            name += f".{self._advance().text}"
        if name not in _TYPES:
            self.fault(f"there is no type {name}", position)
            return None
        single = name in ("list", "range")
        if (single and len(parts) > 1) or (
            parts and name not in ("list", "range", "context", "function")
        ):
            self.fault(f"the type {name} has no such parts", position)
            return None
        known = [(key, part) for key, part in parts if part is not None]
        return syntax.Type(name, tuple(known)) if len(known) == len(parts) else None
