"""A case of a rule: a model that breaks it at one element, and one that is next to it and fine."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bpmn.drawing import file, flow, line

START, END = '<bpmn:startEvent id="s"/>', '<bpmn:endEvent id="e"/>'
HOUR = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)
MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
M = '<bpmn:message id="m" name="m"/>'


@dataclass(frozen=True, slots=True)
class Case:
    """`element` is what the report names for the broken model."""

    broken: bytes
    element: str
    fine: bytes
    passes_schema: bool = True


def case(
    broken: str, element: str, fine: str, root: str = "", fine_root: str | None = None
) -> Case:
    """Two bodies of a process `p`, with what stands beside it."""
    return Case(file(broken, root), element, file(fine, root if fine_root is None else fine_root))


def way(*nodes: str) -> str:
    """Nodes, given as their XML, in a row between a start and an end."""
    names = [xml.split('id="', 1)[1].split('"', 1)[0] for xml in nodes]
    return START + "".join(nodes) + END + line("s", *names, "e")


def between(*nodes: str, extra: str = "", artifacts: str = "") -> str:
    """As `way`, with more flow elements and artifacts beside it."""
    return START + "".join(nodes) + END + extra + line("s", *_names(nodes), "e") + artifacts


def _names(nodes: tuple[str, ...]) -> list[str]:
    return [xml.split('id="', 1)[1].split('"', 1)[0] for xml in nodes]


def task(name: str, content: str = "", attributes: str = "") -> str:
    return f'<bpmn:task id="{name}" {attributes}>{content}</bpmn:task>'


def gateway(kind: str, name: str, attributes: str = "") -> str:
    return f'<bpmn:{kind}Gateway id="{name}" {attributes}/>'


def event(kind: str, name: str, content: str = "", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{name}" {attributes}>{content}</bpmn:{kind}>'


def catch(name: str, content: str = HOUR, attributes: str = "") -> str:
    return event("intermediateCatchEvent", name, content, attributes)


def throw(name: str, content: str = "", attributes: str = "") -> str:
    return event("intermediateThrowEvent", name, content, attributes)


def boundary(name: str, host: str, content: str = HOUR, attributes: str = "") -> str:
    return event("boundaryEvent", name, content, f'attachedToRef="{host}" {attributes}')


def defined(trigger: str, attributes: str = "", content: str = "") -> str:
    return f"<bpmn:{trigger}EventDefinition {attributes}>{content}</bpmn:{trigger}EventDefinition>"


def subprocess(name: str, content: str, kind: str = "subProcess", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{name}" {attributes}>{content}</bpmn:{kind}>'


def inside(prefix: str = "i") -> str:
    """A small content for a subprocess: start, task, end."""
    names = f"{prefix}s", f"{prefix}t", f"{prefix}e"
    return (
        f'<bpmn:startEvent id="{names[0]}"/>{task(names[1])}<bpmn:endEvent id="{names[2]}"/>'
        + line(*names)
    )


def on_event(name: str, start: str, attributes: str = "") -> str:
    """An event subprocess with the given start event `x`, and what follows it."""
    content = start + task(f"{name}t") + event("endEvent", f"{name}e") + line("x", f"{name}t")
    content += flow(f"{name}t", f"{name}e")
    return subprocess(name, content, attributes=f'triggeredByEvent="true" {attributes}')


def choice(kind: str = "exclusive", attributes: str = 'default="g_b"') -> str:
    """A gateway `g` with ways over `a` (asked) and `b` to the end."""
    return (
        START + gateway(kind, "g", attributes) + task("a") + task("b") + END
        + line("s", "g") + flow("g", "a", "${x}") + line("g", "b", "e") + line("a", "e")
    )  # fmt: skip
