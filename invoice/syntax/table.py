"""The tables of a syntax, compiled into steps that a walk takes from element to element.

A row is `id,severity,test,context,path`. `test` is `no` (the path is not used) or `one` (at most
once in each context). `context` is `/…` below the document's element, or `//…` anywhere; a last
name `*Ending` stands for all names that end so, `*` for all. Names have the usual prefixes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from invoice.elements import clark
from invoice.rules.rule import Severity

Test = Callable[[etree._Element], bool]
Table = Literal["ubl", "cii"]

MOST_NAMES = 200
"""More names than any element of the standards has below it."""


@dataclass(frozen=True, slots=True)
class SyntaxRule:
    """One rule. `text` and `hint` are empty where the test says it all."""

    id: str
    severity: Severity
    text: str = ""
    hint: str = ""


@dataclass(slots=True)
class Step:
    """Where a walk stands: what may come below, and what is asked here."""

    children: dict[str, Step] = field(default_factory=dict)
    unused: list[SyntaxRule] = field(default_factory=list)
    attributes: dict[str, SyntaxRule] = field(default_factory=dict)
    once: list[tuple[SyntaxRule, int, str]] = field(default_factory=list)
    """Rule, how many levels above its context is, and the attribute counted, if any."""
    asked: list[tuple[SyntaxRule, Test]] = field(default_factory=list)
    alone: bool = False
    """Only the first context that fits asks: those by the ending of a name come after this one."""

    def child(self, tag: str) -> Step:
        return self.children.setdefault(tag, Step())


@dataclass(slots=True)
class Steps:
    """A compiled table: the step of the document's element, and those that begin anywhere."""

    document: Step = field(default_factory=Step)
    anywhere: Step = field(default_factory=Step)
    endings: dict[str, Step] = field(default_factory=dict)
    states: dict[tuple[int, ...], State] = field(default_factory=dict)
    """By the steps that they consist of: there are far fewer of these than paths to them."""

    def begun_at(self, tag: str) -> tuple[list[Step], list[Step]]:
        """The steps that begin at an element of this name: by its name, and by its ending."""
        named = self.anywhere.children.get(tag)
        by_ending = [step for ending, step in self.endings.items() if tag.endswith(ending)]
        return [named] if named else [], by_ending

    def at(self, context: str) -> Iterator[Step]:
        """The steps at which these contexts end."""
        for each in context.split(" | "):
            yield self._walk(each)

    def _walk(self, context: str) -> Step:
        if context.startswith("//*"):
            return self.endings.setdefault(context.removeprefix("//*"), Step())
        step = self.anywhere if context.startswith("//") else self.document
        for name in context.strip("/").split("/"):
            step = step.child(clark(name)) if name else step
        return step


class State:
    """All steps at which a walk stands at an element, and what they ask, taken together.

    States are made as documents need them and kept: the same names lead to the same state. How many
    names a state remembers is bounded, for strangers make up as many of them as they like.
    """

    __slots__ = ("_all", "asked", "asks", "attributes", "below", "once", "unused")

    def __init__(self, all_steps: Steps, steps: list[Step]) -> None:
        self._all = all_steps, steps
        self.below: dict[str, State] = {}
        self.unused = [rule for step in steps for rule in step.unused]
        self.once = [each for step in steps for each in step.once]
        self.asked = [each for step in steps for each in step.asked]
        self.asks = bool(self.unused or self.once or self.asked)
        self.attributes = {name: rule for step in steps for name, rule in step.attributes.items()}

    @classmethod
    def of_document(cls, all_steps: Steps, tag: str) -> State:
        named, by_ending = all_steps.begun_at(tag)
        return cls(all_steps, [all_steps.document, *named, *by_ending])

    def at(self, tag: str) -> State:
        """The state of a child of this name."""
        found = self.below.get(tag)
        return found if found is not None else self._reach(tag)

    def _reach(self, tag: str) -> State:
        all_steps, here = self._all
        named, by_ending = all_steps.begun_at(tag)
        known = [step.children[tag] for step in here if tag in step.children] + named
        steps = known if any(step.alone for step in known) else known + by_ending
        of_steps = tuple(map(id, steps))
        found = all_steps.states.get(of_steps)
        if found is None:
            found = all_steps.states[of_steps] = State(all_steps, steps)
        if known or len(self.below) < MOST_NAMES:
            self.below[tag] = found
        return found


class SyntaxBook:
    """The rules of one syntax: its table, and the functions beside it."""

    def __init__(self, table: Table) -> None:
        self.steps = Steps()
        self.states: dict[str, State] = {}
        self.rules: dict[str, SyntaxRule] = {}
        source = Path(__file__).with_name(f"{table}.csv")
        with source.open(encoding="utf-8", newline="") as file:
            rows: Any = csv.reader(file)
            next(rows)
            for rule_id, severity, test, context, path in rows:
                self._enter(self._rule(rule_id, severity), test, context, path)

    def state(self, tag: str) -> State:
        """Where a walk stands at the document's element."""
        return self.states.setdefault(tag, State.of_document(self.steps, tag))

    def rule(
        self, rule_id: str, severity: Severity, context: str, text: str, hint: str
    ) -> Callable[[Test], Test]:
        """Enter the function below, which answers whether an element of this context is right."""

        def enter(test: Test) -> Test:
            rule = self.rules[rule_id] = SyntaxRule(rule_id, severity, text, hint)
            for step in self.steps.at(context):
                step.asked.append((rule, test))
            return test

        return enter

    def alone(self, context: str) -> None:
        """Let no context that goes by the ending of a name ask of these elements."""
        for step in self.steps.at(context):
            step.alone = True

    def _rule(self, rule_id: str, severity: Any) -> SyntaxRule:
        return self.rules.setdefault(rule_id, SyntaxRule(rule_id, severity))

    def _enter(self, rule: SyntaxRule, test: str, context: str, path: str) -> None:
        first, *rest = path.split("/")
        for alternative in first.split("|"):
            names = [alternative, *rest]
            attribute = names.pop().removeprefix("@") if names[-1].startswith("@") else ""
            (step,) = self.steps.at(context)
            for name in names:
                step = step.child(clark(name))
            if test == "one":
                step.once.append((rule, len(names), attribute))
            elif attribute:
                step.attributes[attribute] = rule
            else:
                step.unused.append(rule)
