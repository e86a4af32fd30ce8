"""The sentences of the findings: what is right, then what the clerk does; one word a thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from invoice.model import Syntax
from invoice.rules import ALL
from invoice.rules.rule import FIX
from invoice.syntax.walk import book_of
from invoice.terms import name_of

OTHER_WORDS = ("Erwerber", "Umsatzsteuer-ID", "Lieferantennummer", "Aufschlüsselung der Umsatz")
"""What is called Käufer, USt-IdNr., Kennung and Steueraufschlüsselung."""


def _sentences() -> Iterator[tuple[str, str, str, str]]:
    """Rule, severity, what is wrong, what to do."""
    for rule in ALL:
        yield rule.id, rule.severity, rule.text, rule.hint
    syntaxes: tuple[Syntax, ...] = ("ubl-invoice", "cii")
    for syntax in syntaxes:
        for each in book_of(syntax).rules.values():
            if each.text:
                yield each.id, "", each.text, each.hint


def test_each_rule_says_what_is_wrong_and_what_to_do() -> None:
    short = [rule for rule, _, text, hint in _sentences() if len(text) < 20 or len(hint) < 10]

    assert short == []


def test_what_the_clerk_does_comes_last() -> None:
    amiss = []
    for rule, severity, _, hint in _sentences():
        told = re.split(r"(?<=[.]) (?!etwa |zum Beispiel |Abs|Satz|[0-9])", hint)
        clerk = [part.startswith("Bitte") for part in told]
        if severity == "fatal" and not clerk[-1]:
            amiss.append(rule)
        if any(clerk) and False in clerk[clerk.index(True) :]:
            amiss.append(rule)

    assert amiss == [], amiss


def test_only_a_fatal_rule_asks_for_another_invoice() -> None:
    asking = {r.id for r in ALL if FIX in r.hint and "fatal" not in (r.severity, r.cii_severity)}

    assert asking == set()


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_one_thing_has_one_word(word: str) -> None:
    used = [rule for rule, _, text, hint in _sentences() if word in text or word in hint]

    assert used == []


def test_each_term_that_a_sentence_names_is_one_of_the_standard() -> None:
    unknown = {
        (rule, term)
        for rule, _, text, hint in _sentences()
        for term in re.findall(r"B[TG]-(?:DEX-)?[0-9]+", f"{text} {hint}")
        if not name_of(term)
    }

    assert unknown == set()
