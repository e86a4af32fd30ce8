"""Ways: what no token reaches, what leads to no end, loops that never wait, choices that fail.

Invariant: each question is answered by walking the flows once; nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpmn.dialects.camunda.words import attribute, extensions
from bpmn.elements import SUBPROCESSES
from bpmn.model import reference, text_of
from bpmn.rules.drawing import Drawing, Flow, Node, Scope
from bpmn.soundness.fault import Fault
from bpmn.soundness.loops import After, loops_of

_PASSED = frozenset(
    {
        "task", "manualTask", "scriptTask", "exclusiveGateway", "inclusiveGateway",
        "parallelGateway", "complexGateway", "intermediateThrowEvent", "startEvent",
    }
)  # fmt: skip


def faults_of(drawing: Drawing, scope: Scope, reached: set[Node]) -> Iterator[Fault]:
    """All that can be said of one scope by looking at its ways."""
    after = {node: list(_after(node)) for node in scope.nodes if node in reached}
    for loop in loops_of(after):
        way = " → ".join(_round(loop, after))
        if _is_endless(drawing, loop, after):
            text = f"Nothing in this loop waits or changes what its conditions ask: {way}."
            yield Fault("endless-loop", loop[0], text)
        elif not _leaves(loop, after):
            text = f'From "{loop[0].label}" no way leads to an end of "{scope.id}": {way}.'
            yield Fault("no-way-to-end", loop[0], text)
    yield from _constant_conditions(scope)
    yield from _choices_without_default(scope)
    yield from _events_that_never_happen(scope)


def reached_in(drawing: Drawing, process: Scope) -> set[Node]:
    """Nodes of a process and its subprocesses that a token can come to, as it is drawn."""
    frontier = process.of_kind("startEvent")
    # What has no flow into it, or a broken one, is reported by rules of their own.
    frontier += [node for node in _within(drawing, process) if _begins_unexplained(node)]
    reached: set[Node] = set()
    while frontier:
        node = frontier.pop()
        if node in reached:
            continue
        reached.add(node)
        frontier += _after(node)
        content = drawing.content.get(node.element)
        if content is not None:
            frontier += content.of_kind("startEvent")
    return reached


def unreachable(drawing: Drawing, process: Scope, reached: set[Node]) -> Iterator[Fault]:
    for node in _within(drawing, process):
        if node not in reached and (node.kind != "boundaryEvent" or node.incoming):
            yield Fault("unreachable", node, f'No token can ever come to "{node.label}".')


def _within(drawing: Drawing, process: Scope) -> list[Node]:
    scopes = (scope for scope in drawing.scopes if scope.process is process.element)
    return [node for scope in scopes for node in scope.nodes]


def _begins_unexplained(node: Node) -> bool:
    if not node.incoming:
        if node.kind == "intermediateCatchEvent":
            return "link" not in node.triggers
        return node.kind not in ("startEvent", "boundaryEvent")
    return any(flow.source is None for flow in node.incoming)


def _after(node: Node) -> Iterator[Node]:
    for flow in node.outgoing:
        if flow.target is not None:
            yield flow.target
    yield from node.boundary
    if node.kind == "intermediateThrowEvent":
        for name in node.linked:
            yield from node.scope.links.get(name, ())[:1]


def _is_endless(drawing: Drawing, loop: list[Node], after: After) -> bool:
    """A token in the loop runs round and round in one step, whatever its conditions say."""
    if any(_waits(drawing, node) for node in loop):
        return False
    if not _leaves(loop, after):
        return True
    # conditions that nothing changes let a token out at once or never
    changes = any(_computes(node) for node in loop)
    return not changes and all(_is_steady(flow) for node in loop for flow in node.outgoing)


def _is_steady(flow: Flow) -> bool:
    """Whether a condition says the same each time while no variable changes."""
    return not re.search(r"\b(now|today|random)\b", text_of(flow.condition))


def _waits(drawing: Drawing, node: Node) -> bool:
    """Whether a token rests here until something comes from outside."""
    content = drawing.content.get(node.element)
    if content is not None:
        return any(_waits(drawing, inner) for inner in content.nodes)
    if node.kind == "serviceTask":
        return attribute(node.element, "expression") is None
    if node.kind == "intermediateThrowEvent":
        return "compensate" in node.triggers
    return node.kind not in _PASSED


def _computes(node: Node) -> bool:
    """Whether variables can change here."""
    if node.kind in ("scriptTask", "serviceTask", "businessRuleTask") or node.kind in SUBPROCESSES:
        return True
    extended = any(True for _ in extensions(node.element, "inputOutput"))
    return extended or any(p.tag.endswith("DataOutputAssociation") for p in node.element)


def _round(loop: list[Node], after: After) -> list[str]:
    """One way round the loop, as names."""
    members, way, seen = set(loop), [loop[0]], {loop[0]}
    while len(way) < 12:
        following = next((n for n in after[way[-1]] if n in members and n not in seen), None)
        if following is None:
            break
        way.append(following)
        seen.add(following)
    return [node.id for node in way] + [loop[0].id]


def _leaves(loop: list[Node], after: After) -> bool:
    members = set(loop)
    return any(node not in members for one in loop for node in after[one])


def _constant_conditions(scope: Scope) -> Iterator[Fault]:
    for node in scope.nodes:
        said = [None if f.condition is None else _bare(text_of(f.condition)) for f in node.outgoing]
        for flow, text in zip(node.outgoing, said, strict=True):
            if text == "false":
                yield Fault("condition-constant", flow, f'"{flow.id}" is never taken.')
        if node.kind == "exclusiveGateway" and "true" in said[:-1]:
            first = said.index("true")
            others = ", ".join(other.id for other in node.outgoing[first + 1 :][:6])
            flow = node.outgoing[first]
            yield Fault("condition-constant", flow, f"Always taken, so never: {others}.")


def _bare(text: str) -> str:
    """A condition without the marks of its language, in one spelling."""
    text = text.strip()
    if match := re.fullmatch(r"[$#]\{(.*)\}", text, re.DOTALL):
        text = match[1]
    return re.sub(r"\s+", " ", text.removeprefix("=")).strip()


def _choices_without_default(scope: Scope) -> Iterator[Fault]:
    for node in scope.nodes:
        if node.kind not in ("exclusiveGateway", "inclusiveGateway") or len(node.outgoing) < 2:
            continue
        if reference(node.element.get("default")):
            continue
        asked = [_bare(text_of(f.condition)) for f in node.outgoing if f.condition is not None]
        if len(asked) == len(node.outgoing) and not _one_holds(asked):
            text = f'If no condition holds, "{node.label}" cannot go on: it has no default flow.'
            yield Fault("missing-default", node, text)


_OPPOSITE = {"==": "!=", "=": "!=", "!=": "=", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}
_COMPARED = re.compile(r"([^<>=!]+?)\s*(==|!=|>=|<=|=|<|>)\s*([^<>=!]+)")


def _one_holds(conditions: list[str]) -> bool:
    """Whether two of the conditions are each other's opposite."""
    seen = {_normal(text) for text in conditions}
    return "true" in seen or any(_negated(text) in seen for text in seen)


def _normal(text: str) -> str:
    if match := _COMPARED.fullmatch(text):
        return f"{match[1].strip()} {match[2].replace('==', '=')} {match[3].strip()}"
    for mark in (r"!\s*(.+)", r"not\s*\((.+)\)", r"not\s+(.+)", r"(.+?) = false"):
        if match := re.fullmatch(mark, text):
            return f"not {_normal(match[1].strip('() '))}"
    return text.strip("() ")


def _negated(text: str) -> str:
    if text.startswith("not "):
        return text.removeprefix("not ")
    if (match := _COMPARED.fullmatch(text)) and match[3] in ("true", "false"):
        other = "false" if match[3] == "true" else "true"
        return f"{match[1].strip()} {match[2]} {other}"
    if match := _COMPARED.fullmatch(text):
        return f"{match[1].strip()} {_OPPOSITE[match[2]]} {match[3].strip()}"
    return f"not {text}"


def _events_that_never_happen(scope: Scope) -> Iterator[Fault]:
    for event in scope.of_kind("boundaryEvent"):
        host = event.host
        if host is None or not event.triggers or not _passes_at_once(host):
            continue
        if set(event.triggers) <= {"message", "timer", "signal"} or (
            host.kind in ("task", "manualTask") and set(event.triggers) <= {"error", "escalation"}
        ):
            text = f'"{host.label}" is passed at once, so "{event.label}" never happens on it.'
            yield Fault("never-happens", event, text)


def _passes_at_once(node: Node) -> bool:
    if node.kind == "serviceTask":
        return attribute(node.element, "expression") is not None
    return node.kind in ("task", "manualTask", "scriptTask")
