"""The requirements graph of several files: its nodes, what they require, and their logic.

Invariant: every requirement leads to an element of the right kind, and no element requires itself,
not by others either (DMN 1.5 §6.3); what breaks this is a fault of its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from bpmn.dmn.boxed import EXPRESSIONS, Boxed
from bpmn.dmn.expressions import Expressions, spaced
from bpmn.dmn.functions import Definition, result_of
from bpmn.dmn.item_definitions import Types
from bpmn.dmn.links import Linked
from bpmn.dmn.nodes import DecisionNode, InputData, KnowledgeModel, Node, ServiceNode
from bpmn.dmn.source import Element, Source, local, name_of, plain_name
from bpmn.feel.types import ANY

N = TypeVar("N", bound=Node)

_CLASSES: dict[str, type[Node]] = {
    "decision": DecisionNode,
    "inputData": InputData,
    "businessKnowledgeModel": KnowledgeModel,
    "decisionService": ServiceNode,
}
_KIND_OF = {made: kind for kind, made in _CLASSES.items()}


class Requirements:
    """Builds the graph. `nodes` keeps each file's elements by id."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        self.types: dict[Source, Types] = {}
        self.nodes: dict[Source, dict[str, Node]] = {}
        self._of: dict[Element, Node] = {}
        self._fields = _fields(linked.sources)

    def build(self) -> None:
        for source in self.linked.in_order():
            self.types[source] = types = Types(source)
            for each, other in self.linked.imports(source):
                types.imported(each.name, self.types[other])
            types.absent = tuple(each.name for each in self.linked.absent(source))
        for source in self.linked.sources:
            self._enter(source)
        for node in self._all():
            self._require(node)
        self._refuse_cycles()
        for source in self.linked.sources:
            self._compile(source)

    def _all(self) -> Iterator[Node]:
        for nodes in self.nodes.values():
            yield from nodes.values()

    # --- nodes ---

    def _enter(self, source: Source) -> None:
        made = self.nodes[source] = {}
        names: dict[str, Element] = {}
        for identifier, element in source.nodes.items():
            name = name_of(element)
            variable = source.child(element, "variable")
            called = name_of(variable) if variable is not None and variable.get("name") else name
            type_ = ANY if variable is None else self.types[source].of(variable)
            node = _CLASSES[local(element)](source, element, identifier, name, called, type_)
            if not name:
                source.fault(element, "name", f"The {local(element)} needs a name.")
            twin = names.setdefault(name, element)
            if twin is not element:
                kinds = {local(twin), local(element)}
                text = f"Two elements are named {name}."
                report = source.fault if len(kinds) == 1 else source.warn
                report(element, "duplicate-name", text)
            made[identifier] = self._of[element] = node

    # --- what they require ---

    def _require(self, node: Node) -> None:
        if isinstance(node, ServiceNode):
            self._require_of_service(node)
            return
        source = node.source
        for requirement in source.children(node.element, "informationRequirement"):
            if not isinstance(node, DecisionNode):
                text = f"A {local(node.element)} requires no information."
                source.fault(requirement, "requirement-kind", text)
            for kind, allowed in (("requiredDecision", DecisionNode), ("requiredInput", InputData)):
                self._follow(node, requirement, kind, (allowed,))
        for requirement in source.children(node.element, "knowledgeRequirement"):
            if isinstance(node, InputData):
                text = "Input data require no knowledge."
                source.fault(requirement, "requirement-kind", text)
            self._follow(node, requirement, "requiredKnowledge", (KnowledgeModel, ServiceNode))
        self._check_names(node)

    def _follow(
        self, node: Node, holder: Element, kind: str, allowed: tuple[type[Node], ...]
    ) -> None:
        for reference in node.source.children(holder, kind):
            found = self._target(node.source, reference, allowed)
            if found is None:
                continue
            target, imported = found
            if target is node and isinstance(node, KnowledgeModel):
                continue  # it may call itself in any case
            path = (imported, target.variable) if imported else (target.variable,)
            node.requires[target] = path

    def _target(
        self, source: Source, reference: Element, allowed: tuple[type[Node], ...]
    ) -> tuple[Node, str] | None:
        href = reference.get("href") or ""
        found = self.linked.find(source, href)
        if found is None:
            place = href.rpartition("#")[0]
            if not place or place not in (each.namespace for each in self.linked.absent(source)):
                source.fault(reference, "unknown-reference", f"There is no element {href}.")
            return None
        _, element, imported = found
        node = self._of[element]
        if not isinstance(node, allowed):
            wanted = " or ".join(_KIND_OF[each] for each in allowed)
            text = f"{href} is a {local(element)}, where a {wanted} belongs."
            source.fault(reference, "wrong-reference", text)
            return None
        return node, imported

    def _require_of_service(self, node: ServiceNode) -> None:
        node.outputs = self._listed(node, "outputDecision", DecisionNode)
        inner = self._listed(node, "encapsulatedDecision", DecisionNode)
        decisions = self._listed(node, "inputDecision", DecisionNode)
        node.inputs = [*self._listed(node, "inputData", InputData), *decisions]
        if not node.outputs:
            text = "A decision service needs an output decision."
            node.source.fault(node.element, "service-output", text)
        if both := {*node.outputs, *inner} & set(decisions):
            names = ", ".join(sorted(each.name for each in both))
            text = f"What a service decides is no input of it: {names}."
            node.source.fault(node.element, "service-input", text)
        node.requires = {each: (each.variable,) for each in (*node.outputs, *inner)}

    def _listed(self, node: ServiceNode, kind: str, allowed: type[N]) -> list[N]:
        found = (
            self._target(node.source, reference, (allowed,))
            for reference in node.source.children(node.element, kind)
        )
        return [each[0] for each in found if each is not None and isinstance(each[0], allowed)]

    def _check_names(self, node: Node) -> None:
        """Two things that a decision requires may not have the same name."""
        seen: dict[tuple[str, ...], Node] = {}
        for target, path in node.requires.items():
            if seen.setdefault(path, target) is not target:
                text = f"{' and '.join({seen[path].id, target.id})} are both named {path[-1]}."
                node.source.fault(node.element, "ambiguous-name", text)

    def _refuse_cycles(self) -> None:
        """Report each loop once; the requirement that closes it is dropped."""
        done: set[Node] = set()
        for start in self._all():
            path: dict[Node, Iterator[Node]] = {}
            if start not in done:
                path[start] = iter(list(start.requires))
            while path:
                node = next(reversed(path))
                target = next(path[node], None)
                if target is None:
                    done.add(node)
                    del path[node]
                elif target in path:
                    names = " → ".join([*_loop(path, target), target.name])
                    text = f"The requirements lead back: {names}."
                    node.source.fault(node.element, "cyclic-requirement", text)
                    del node.requires[target]
                elif target not in done:
                    path[target] = iter(list(target.requires))

    # --- logic ---

    def _compile(self, source: Source) -> None:
        types = self.types[source]
        boxed = Boxed(source, types, Expressions(source, types.all(), self._fields))
        for node in self.nodes[source].values():
            if isinstance(node, DecisionNode):
                self._compile_decision(boxed, node)
            elif isinstance(node, KnowledgeModel):
                node.definition = self._knowledge(boxed, node)

    def _compile_decision(self, boxed: Boxed, node: DecisionNode) -> None:
        held = self._logic(boxed, node, "A decision")
        if held is None:
            node.logic = None
            text = "The decision has no logic: it gives null."
            node.source.warn(node.element, "no-logic", text)
            return
        names = {path[0] for path in node.requires.values()}
        names |= self._unbidden(node)
        typed = any(
            each.type is not ANY
            for each in node.requires
            if isinstance(each, InputData | DecisionNode)
        )
        node.logic = boxed.code(held, frozenset(names), lenient=not typed)

    def _logic(self, boxed: Boxed, node: Node, what: str) -> Element | None:
        """The one boxed expression among an element's children; all others must be known."""
        held = list(boxed.held(node.element))
        for child in node.element.iterchildren(f"{{{node.source.schema}}}*"):
            if local(child) not in EXPRESSIONS | _AROUND_LOGIC:
                text = f"{local(child)} is no decision logic that is known."
                node.source.fault(child, "not-executed", text)
        if len(held) > 1:
            text = f"{what} has one expression; here are {len(held)}."
            node.source.fault(node.element, "boxed-structure", text)
        return held[0] if held else None

    def _unbidden(self, node: DecisionNode) -> set[str]:
        """Names that Camunda lets a decision call without a requirement of its own: the outputs of
        required tables, and all input data and decisions of a file that draws no requirements."""
        found = {
            plain_name(output.get("name") or "")
            for each in node.requires
            for table in each.source.children(each.element, "decisionTable")
            for output in each.source.children(table, "output")
        }
        if not node.requires:
            found |= {
                each.variable
                for each in self.nodes[node.source].values()
                if isinstance(each, InputData)
            }
        return found - {""}

    def _knowledge(self, boxed: Boxed, node: KnowledgeModel) -> Definition | None:
        source = node.source
        element = source.child(node.element, "encapsulatedLogic")
        if element is None:
            text = "The knowledge model has no logic: calling it gives null."
            source.warn(node.element, "no-logic", text)
            return None
        names = {path[0] for path in node.requires.values()} | {node.variable}
        return boxed.definition(element, frozenset(names), result_of(node.type))


def _loop(path: dict[Node, Iterator[Node]], first: Node) -> list[str]:
    nodes = list(path)
    return [node.name for node in nodes[nodes.index(first) :]]


def _fields(sources: list[Source]) -> frozenset[str]:
    """All names that entries of contexts may have, of more than one word."""
    found: set[str] = set()
    for source in sources:
        for kind in _NAMING:
            tag = f"{{{source.schema}}}{kind}"
            found |= {plain_name(each.get("name") or "") for each in source.root.iter(tag)}
    return spaced(frozenset(found))


_NAMING = ("itemComponent", "variable", "output", "column", *sorted(_CLASSES))
_AROUND_LOGIC = frozenset(
    {"description", "extensionElements", "question", "allowedAnswers", "variable"}
    | {"informationRequirement", "knowledgeRequirement", "authorityRequirement"}
    | {"supportedObjective", "impactedPerformanceIndicator", "decisionMaker", "decisionOwner"}
    | {"usingProcess", "usingTask", "encapsulatedLogic"}
)
