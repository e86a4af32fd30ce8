"""BPMN's data (10.4): data objects, properties, stores, inputs and outputs are variables.

Invariant: each is one variable of the scope it stands in, by its name, or by its id where it has
none; a data association becomes an input or output mapping of its node. What no association or
loop reads or writes, and no name of its own declares, is drawn only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from bpmn.context import Context, constant
from bpmn.dialects.dialect import Mappings, Parameters
from bpmn.elements import ACTIVITIES, BPMN, SUBPROCESSES
from bpmn.graph import Expression
from bpmn.model import (
    FlowNode,
    ProcessModel,
    ScopeModel,
    child,
    children,
    local,
    reference,
    text_of,
)

_ASSOCIATIONS = ("dataInputAssociation", "dataOutputAssociation")
_DRAWN = "__targetRef_placeholder"
"""The property that bpmn.io draws an association's arrow to where a task has no inputs."""
_PATH = re.compile(r"(?:=\s*|[$#]\{\s*)?([^\W\d][\w-]*)\s*\}?")


@dataclass(eq=False)
class Data:
    """The data of one process."""

    context: Context
    process: ProcessModel
    used: set[str] = field(default_factory=set)
    """Ids of data that something reads or writes."""
    drawn: dict[str, set[str]] = field(default_factory=dict)
    """Data objects → the names of their references."""

    def __post_init__(self) -> None:
        for scope in self.process.scopes:
            for part in scope.parts("dataObjectReference"):
                if name := (part.get("name") or "").strip():
                    self.drawn.setdefault(reference(part.get("dataObjectRef")), set()).add(name)
        for kind in (*_ASSOCIATIONS, "loopDataInputRef", "loopDataOutputRef"):
            for part in self.process.element.iter(f"{{{BPMN}}}{kind}"):
                if kind.startswith("loop"):
                    self.used.add(reference(text_of(part)))
                elif self._counts(part):
                    self.used.update(_ends(part))
        for name in list(self.used):
            referred = self._behind(self.context.model.elements.get(name))
            if referred is not None:
                self.used.add(referred.get("id", ""))

    # --- names ---

    def _behind(self, element: etree._Element | None) -> etree._Element | None:
        """The data object or store that a reference stands for."""
        if element is None:
            return None
        for kind in ("dataObject", "dataStore"):
            if local(element) == f"{kind}Reference":
                return self.context.model.elements.get(reference(element.get(f"{kind}Ref")))
        return None

    def name_of(self, element: etree._Element) -> str:
        """The variable that an item of data is."""
        behind = self._behind(element)
        if behind is not None:
            element = behind
        name = (element.get("name") or "").strip()
        if name or local(element) != "dataObject":
            return name or element.get("id", "")
        identifier = element.get("id", "")
        drawn = self.drawn.get(identifier, set())
        return next(iter(drawn)) if len(drawn) == 1 else identifier

    def named(self, identifier: str) -> str | None:
        element = self.context.model.elements.get(identifier)
        return None if element is None else self.name_of(element)

    # --- scopes ---

    def declared(self, scope: ScopeModel) -> tuple[tuple[str, Expression | None], ...]:
        """The variables of the scope that its data are."""
        names: dict[str, None] = {}
        for part in scope.parts("property"):
            names[self.name_of(part)] = None
        for part in scope.parts("dataObject"):
            if part.get("id") in self.used or (part.get("name") or "").strip():
                names[self.name_of(part)] = None
            else:
                self._drawn_only(part)
        for part in scope.parts("dataObjectReference"):
            if child(part, "dataState") is not None:
                self.context.report.notice_kind(
                    part, "The state of a data object is drawn only.", rule="ignored-dataState",
                    of="dataState",
                )  # fmt: skip
            if part.get("id") not in self.used:
                self._drawn_only(part)
        if scope.parent is None:
            names |= dict.fromkeys(self._stores())
        return tuple((name, None) for name in names if name)

    def _drawn_only(self, part: etree._Element) -> None:
        self.context.report.notice_kind(
            part, "Data that no association reads or writes are drawn only."
        )

    def _stores(self) -> Iterator[str]:
        for scope in self.process.scopes:
            for part in scope.parts("dataStoreReference"):
                if part.get("id") not in self.used:
                    self._drawn_only(part)
                    continue
                self.context.report.notice_kind(
                    part,
                    "A data store is a variable of each instance here; instances do not share it.",
                )
                yield self.name_of(part)

    # --- nodes ---

    def mappings(self, node: FlowNode) -> Mappings:
        """What the node's data associations put in and take out.

        What an activity gives back under the name of an output stays inside it: the output is a
        variable of its own, and the association says where it goes.
        """
        specification = child(node.element, "ioSpecification")
        loop = node.loop
        runs_over = {
            reference(text_of(child(loop, name)))
            for name in ("loopDataInputRef", "loopDataOutputRef")
            if loop is not None
        } - {""}
        holder = node.element if specification is None else specification
        own: dict[str, None] = {}
        if node.kind in ACTIVITIES:
            properties = () if node.kind in SUBPROCESSES else node.parts("property")
            for part in (*children(holder, "dataOutput"), *properties):
                if part.get("id") not in runs_over and part.get("name") != _DRAWN:
                    own[self.name_of(part)] = None
            if loop is not None and (item := child(loop, "outputDataItem")) is not None:
                own[self.name_of(item)] = None
        inputs = [
            pair
            for part in node.parts("dataInputAssociation")
            if self._counts(part) and not runs_over & set(_ends(part))
            for pair in self._moved(part)
        ]
        filled = {name for name, _ in inputs}
        line = self.context.line(node.element)
        empty = [
            (name, constant("null", None, line)) for name in own if name and name not in filled
        ]
        outputs = [
            pair
            for part in node.parts("dataOutputAssociation")
            if self._counts(part) and not runs_over & set(_sources(part))
            for pair in self._moved(part)
        ]
        return Mappings((*empty, *inputs), tuple(outputs))

    def inputs_of(self, node: FlowNode) -> list[str]:
        """Names of the data inputs of an activity, in their order."""
        return self._specified(node.element, "dataInput")

    def outputs_of(self, node: FlowNode) -> list[str]:
        return self._specified(node.element, "dataOutput")

    def specified(self, element: etree._Element, kind: str) -> list[str]:
        """Names of the inputs or outputs that an activity or a process specifies."""
        return self._specified(element, kind)

    def _specified(self, element: etree._Element, kind: str) -> list[str]:
        specification = child(element, "ioSpecification")
        parts = [] if specification is None else children(specification, kind)
        return [self.name_of(part) for part in parts]

    def value(self, node: FlowNode, identifier: str) -> Expression | None:
        """What comes into the node's data input of that id; None where nothing is associated."""
        for part in node.parts("dataInputAssociation"):
            if reference(text_of(child(part, "targetRef"))) == identifier:
                return next((value for _, value in self._moved(part)), None)
        return None

    def destination(self, node: FlowNode, identifier: str) -> str | None:
        """Where the node's data output of that id goes; None where nothing is associated."""
        for part in node.parts("dataOutputAssociation"):
            if identifier in _sources(part):
                return self.named(reference(text_of(child(part, "targetRef"))))
        return None

    # --- associations ---

    def _counts(self, part: etree._Element) -> bool:
        """Whether anything is moved: bpmn.io draws arrows that end at nothing."""
        moves = any(child(part, name) is not None for name in ("transformation", "assignment"))
        target = self.context.model.elements.get(reference(text_of(child(part, "targetRef"))))
        drawn = target is None or target.get("name") == _DRAWN
        return moves or (bool(_sources(part)) and not drawn)

    def _moved(self, part: etree._Element) -> Parameters:
        """The variables that an association sets (BPMN 2.0 §10.4.2, Table 10.63)."""
        target = self.named(reference(text_of(child(part, "targetRef")))) or ""
        transformation = child(part, "transformation")
        assignments = children(part, "assignment")
        if assignments:
            return tuple(self._assigned(assignments, target))
        if transformation is not None:
            value = self.context.formal(transformation)
            return () if value is None else ((target, value),)
        sources = [name for each in _sources(part) if (name := self.named(each))]
        if len(sources) != 1 or not target:
            return ()  # the rules say what is wrong
        return ((target, self.context.variable(sources[0], part)),)

    def _assigned(
        self, assignments: Iterable[etree._Element], target: str
    ) -> Iterator[tuple[str, Expression]]:
        for part in assignments:
            value = self.context.formal(child(part, "from"))
            text = text_of(child(part, "to"))
            match = _PATH.fullmatch(text)
            if text and match is None:
                self.context.report.error(
                    "assignment-target",
                    part,
                    f'"{text}" is not the name of a variable; assign a whole one, like '
                    "context put(x, key, value).",
                )
            elif value is None:
                if not text_of(child(part, "from")):
                    self.context.report.error("expression", part, "This assigns nothing.")
            else:
                named = self.named(match[1]) if match else None
                name = named or (match[1] if match else target)
                yield name, value


def _sources(part: etree._Element) -> list[str]:
    return [name for each in children(part, "sourceRef") if (name := reference(text_of(each)))]


def _ends(part: etree._Element) -> list[str]:
    return [*_sources(part), reference(text_of(child(part, "targetRef")))]
