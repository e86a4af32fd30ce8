"""Editions of the code lists that EN 16931 names. Which one binds, a pack says.

Invariant: an edition is whole and never changes. A later one is made from the one before it and
states only what it adds and what it drops, so that both stand side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, eq=False)
class CodeLists:
    """The lists of one edition, by the names that the rules call them."""

    edition: str
    lists: Mapping[str, frozenset[str]]

    def __getitem__(self, name: str) -> frozenset[str]:
        return self.lists[name]

    @cache  # noqa: B019 editions live as long as the program
    def spaced(self, name: str) -> str:
        """All codes of a list in one text, a blank before and after each."""
        return f" {' '.join(sorted(self.lists[name]))} "

    def followed_by(
        self,
        edition: str,
        adds: Mapping[str, str] | None = None,
        drops: Mapping[str, str] | None = None,
    ) -> CodeLists:
        """The next edition: what it adds to these lists and drops from them, codes apart by blanks.
        Dropping what is not there is an error of ours."""
        adds, drops = adds or {}, drops or {}
        changed = {
            name: (self.lists[name] - set(drops.get(name, "").split()))
            | set(adds.get(name, "").split())
            for name in adds.keys() | drops.keys()
        }
        for name, codes in drops.items():
            if unknown := set(codes.split()) - self.lists[name]:
                raise ValueError(f"{self.edition} has no {sorted(unknown)} in {name}")
        return CodeLists(edition, {**self.lists, **changed})


def read_edition(file: Path) -> CodeLists:
    """An edition that was written down whole."""
    told = json.loads(file.read_text(encoding="utf-8"))
    lists = {name: frozenset(each["codes"].split()) for name, each in told["lists"].items()}
    return CodeLists(told["edition"], lists)


EN16931_1_3_16 = read_edition(Path(__file__).with_name("codelists.json"))
