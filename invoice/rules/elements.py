"""Elements by a path of local names, for rules that are about elements and not about terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from lxml import etree

from invoice.model import Group, Invoice
from invoice.rules.rule import RuleBook

Broken = Callable[[Invoice], Iterator[etree._Element]]


def element_rule(
    book: RuleBook, name: str, said: str, hint: str, terms: str
) -> Callable[[Broken], Broken]:
    """Enter the function below, which finds the elements that break the rule."""

    def enter(broken: Broken) -> Broken:
        select = partial(_select, broken)
        book.rule(name, select, "", said, hint, terms=terms)(_never)
        return broken

    return enter


def _select(broken: Broken, invoice: Invoice) -> Sequence[Any]:
    return () if invoice.source is None else [Group(source=e) for e in broken(invoice)]


def _never(_: Any, __: Invoice) -> bool:
    return False


def is_below(element: etree._Element, name: str) -> bool:
    return any(str(above.tag).endswith(f"}}{name}") for above in element.iterancestors())


def plain(text: str | None) -> str:
    """XPath's normalize-space()."""
    return " ".join((text or "").split())
