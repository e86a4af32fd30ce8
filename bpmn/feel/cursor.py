"""A parser's place in its text: tokens, names and types, and the limits on reading them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from bpmn.errors import ExpressionRefused
from bpmn.feel import syntax
from bpmn.feel.lexer import KEYWORDS, Token, tokens
from bpmn.feel.limits import DEPTH, TEXT
from bpmn.feel.names import Names

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


class Cursor:
    """Reads tokens from the left; one per text. The grammar is the subclass's."""

    def __init__(self, text: str, names: Iterable[str] = ()) -> None:
        if len(text) > TEXT:
            raise ExpressionRefused(f"an expression has at most {TEXT} characters", TEXT)
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._left = 50 * len(self._tokens)
        self._names = Names(names)
        self._before_closing = False
        """Reading the upper end of a range, where `[` closes it and begins no filter."""

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

    def _known_name(self) -> str | None:
        """The longest known name of several words that stands here."""
        for words in self._names.starting_with(self.token.text):
            following = self._tokens[self._at : self._at + len(words)]
            if [token.text for token in following if token.kind == "word"] == words:
                self._at += len(words)
                return " ".join(words)
        return None

    def _new_name(self, *closing: str) -> str:
        """A name that is introduced here: all words up to what closes it."""
        words: list[str] = []
        while self.token.kind == "word" and not (words and self._is(*closing)):
            if not words and self.token.text in KEYWORDS:
                break
            words.append(self._advance().text)
        if not words or not self._is(*closing):
            self._refuse("a name" if not words else f"“{closing[0]}”")
        name = " ".join(words)
        self._names.add(name)
        return name

    def _attempt(self, rule: Any) -> Any:
        """What the rule reads here, or None; the caller goes back."""
        depth = self._depth
        before = self._before_closing
        try:
            return rule()
        except ExpressionRefused:
            if self._left < 0:
                raise
            self._depth, self._before_closing = depth, before
            return None

    # --- types ---

    def type(self) -> syntax.Type:
        """Rule 54: a type's name, with what it is made of in `<…>`."""
        self._depth += 1
        if self._depth > DEPTH:
            raise self._too_deep()
        position = self.token.position
        if self.token.kind != "word":
            self._refuse("a type")
        name = self._known_name() or self._advance().text
        parts: list[tuple[str, syntax.Type]] = []
        if self._take("<"):
            while not self._is(">"):
                key = self._new_name(":") if name == "context" else ""
                if key:
                    self._expect(":")
                parts.append((key, self.type()))
                if not self._take(","):
                    break
            self._expect(">")
        if name == "function" and self._take("->"):
            parts.append(("->", self.type()))
        self._depth -= 1
        return self._checked_type(syntax.Type(name, tuple(parts)), position)

    def _checked_type(self, named: syntax.Type, position: int) -> syntax.Type:
        if named.name not in _TYPES:
            raise ExpressionRefused(f"there is no type {named.name}", position)
        single = named.name in ("list", "range")
        if (single and len(named.parts) > 1) or (
            named.parts and named.name not in ("list", "range", "context", "function")
        ):
            raise ExpressionRefused(f"the type {named.name} has no such parts", position)
        return named
