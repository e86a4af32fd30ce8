"""Names of several words and signs; the longest that stands in the text is taken.

A name may hold spaces and `. / - ' + *` (DMN 1.5 §10.3.1.2 rules 25 to 32). Only who knows the
names can tell `a-b` from a subtraction. So a parser is told them: those of the standard, those of
the caller (`Vocabulary`), and those that the text itself introduces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bpmn.errors import ExpressionRefused
from bpmn.feel.lexer import KEYWORDS, Token, tokens
from bpmn.feel.syntax import Type

FUNCTIONS = frozenset(
    {
        "date and time",
        "days and time duration",
        "years and months duration",
        "string length",
        "upper case",
        "lower case",
        "substring before",
        "substring after",
        "starts with",
        "ends with",
        "string join",
        "list contains",
        "list replace",
        "insert before",
        "index of",
        "distinct values",
        "round up",
        "round down",
        "round half up",
        "round half down",
        "day of year",
        "day of week",
        "month of year",
        "week of year",
        "get value",
        "get entries",
        "context put",
        "context merge",
        "met by",
        "overlaps before",
        "overlaps after",
        "finished by",
        "started by",
    }
)
"""Functions and types that the standard names with spaces."""

NOT_OF_DMN = {
    "is defined": "value != null",
    "get or else": "if value != null then value else default",
    "trim": 'replace(text, "^\\s+|\\s+$", "")',
    "is blank": 'matches(text, "^\\s*$")',
    "is empty": "count(list) = 0",
    "put": "context put(context, key, value)",
    "put all": "context merge([context, context])",
    "duplicate values": "distinct values(list[count(index of(list, item)) > 1])",
    "last day of month": 'date(d.year, d.month, 1) + @"P1M" - @"P1D"',
    "extract": "matches and replace",
    "partition": "sublist(list, start, length)",
    "assert": "if condition then value else null",
    "random number": "",
    "uuid": "",
    "to base64": "",
}
"""Functions that other engines have beside DMN's, and what to write instead."""

PROPERTIES = frozenset({"time offset", "start included", "end included"})


@lru_cache(maxsize=10_000)
def words_of(name: str) -> tuple[str, ...]:
    """The tokens that a name is made of; none if it cannot be written as a name."""
    try:
        found = tokens(name)[:-1]
    except ExpressionRefused:
        return ()
    if not found or found[0].kind != "word" or found[0].text in KEYWORDS:
        return ()
    return tuple(token.text for token in found if token.kind != "string")


class Index:
    """Names of more than one token, found by their first."""

    __slots__ = ("_by_first",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        words = words_of(name)
        if len(words) > 1:
            others = self._by_first.setdefault(words[0], [])
            others.append((words, name))
            others.sort(key=lambda entry: len(entry[0]), reverse=True)

    def longest(self, text: Sequence[Token], at: int) -> tuple[int, str]:
        """How many tokens the longest known name takes here, and the name; 0 if none stands."""
        for words, name in self._by_first.get(text[at].text, ()):
            following = text[at : at + len(words)]
            if len(following) == len(words) and all(
                token.text == word and token.kind not in ("string", "at")
                for token, word in zip(following, words, strict=True)
            ):
                return len(words), name
        return 0, ""


_FUNCTIONS = Index((*FUNCTIONS, *NOT_OF_DMN))
_PROPERTIES = Index(PROPERTIES)


class Vocabulary:
    """What a caller knows before expressions are compiled: names of variables, names of the
    entries that contexts among them have, and types. Made once for many expressions."""

    def __init__(
        self,
        names: Iterable[str] = (),
        fields: Iterable[str] = (),
        types: Mapping[str, Type] | None = None,
    ) -> None:
        self.names = frozenset(names)
        self.types = dict(types or {})
        self.variables = Index(self.names)
        self.fields = Index((*self.names, *fields))
        self.type_names = Index(self.types)

    @staticmethod
    def of(names: Iterable[str] | Vocabulary) -> Vocabulary:
        return names if isinstance(names, Vocabulary) else Vocabulary(names)


class Names:
    """The names one parser knows, scope by scope."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._fields = Index()
        self.scopes: tuple[Index, ...] = ()
        """Open scopes, innermost last; a parser that goes back puts them back too."""

    def open(self, *, of_items: bool = False) -> None:
        """Begin a scope; in one of items' names, every entry's name may be a variable's."""
        self.scopes = (*self.scopes, self._fields if of_items else Index())

    def close(self) -> None:
        self.scopes = self.scopes[:-1]

    def add(self, name: str) -> None:
        """Introduce a name in the innermost scope."""
        if self.scopes:
            self.scopes[-1].add(name)
        self._fields.add(name)

    def variable(self, text: Sequence[Token], at: int) -> tuple[int, str]:
        found = [scope.longest(text, at) for scope in reversed(self.scopes)]
        found.append(self._vocabulary.variables.longest(text, at))
        if any(scope is self._fields for scope in self.scopes):
            found.append(self._vocabulary.fields.longest(text, at))
            found.append(_PROPERTIES.longest(text, at))
        found.append(_FUNCTIONS.longest(text, at))
        return max(found, key=lambda entry: entry[0])

    def field(self, text: Sequence[Token], at: int) -> tuple[int, str]:
        found = (
            self._fields.longest(text, at),
            self._vocabulary.fields.longest(text, at),
            _PROPERTIES.longest(text, at),
        )
        return max(found, key=lambda entry: entry[0])

    def type(self, text: Sequence[Token], at: int) -> tuple[int, str]:
        found = (self._vocabulary.type_names.longest(text, at), _FUNCTIONS.longest(text, at))
        return max(found, key=lambda entry: entry[0])
