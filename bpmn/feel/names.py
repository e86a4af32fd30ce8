"""Names of several words. A parser knows them and takes the longest that stands in the text.

What the standard names with spaces, and what a caller adds (DMN 1.5 §10.3.1.3).
"""

from __future__ import annotations

from collections.abc import Iterable

STANDARD = frozenset(
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
        "time offset",
        "start included",
        "end included",
    }
)


class Names:
    """Known names, found by their first word."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_first: dict[str, list[list[str]]] = {}
        for name in (*STANDARD, *names):
            self.add(name)

    def add(self, name: str) -> None:
        words = name.split()
        if len(words) > 1:
            others = self._by_first.setdefault(words[0], [])
            others.append(words)
            others.sort(key=len, reverse=True)

    def starting_with(self, word: str) -> list[list[str]]:
        """The names that begin with the word, longest first, as lists of words."""
        return self._by_first.get(word, [])
