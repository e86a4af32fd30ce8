"""BPMN texts of the constructs, to be put together into models, and what is done to a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bpmn.values import Value
from engine.testing import Bench, Case
from tests.bpmn.drawing import line

Act = Callable[[Bench, Case], object]
MESSAGE = '<bpmn:message id="M" name="m"/>'
SIGNAL = '<bpmn:signal id="S" name="sig"/>'
ERROR = '<bpmn:error id="E" errorCode="e1"/>'
ESCALATION = '<bpmn:escalation id="X" escalationCode="x1"/>'
DEFINITIONS = {
    "message": '<bpmn:messageEventDefinition messageRef="M"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="S"/>',
    "error": '<bpmn:errorEventDefinition errorRef="E"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="X"/>',
    "timer": "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>",
    "condition": "<bpmn:conditionalEventDefinition>"
    '<bpmn:condition xsi:type="bpmn:tFormalExpression">=x = 1</bpmn:condition>'
    "</bpmn:conditionalEventDefinition>",
    "compensate": "<bpmn:compensateEventDefinition/>",
    "cancel": "<bpmn:cancelEventDefinition/>",
    "terminate": "<bpmn:terminateEventDefinition/>",
}


def element(kind: str, id_: str, content: str = "", **attributes: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{id_}"{said}>{content}</bpmn:{kind}>'


def many(kind: str, *ids: str) -> str:
    return "".join(element(kind, each) for each in ids)


def start(id_: str = "s", on: str = "", **attributes: str) -> str:
    return element("startEvent", id_, DEFINITIONS.get(on, ""), **attributes)


def end(id_: str = "e", on: str = "") -> str:
    return element("endEvent", id_, DEFINITIONS.get(on, ""))


def throw(id_: str, on: str = "") -> str:
    return element("intermediateThrowEvent", id_, DEFINITIONS.get(on, ""))


def catch(id_: str, on: str) -> str:
    return element("intermediateCatchEvent", id_, DEFINITIONS[on])


def boundary(id_: str, at: str, on: str, cancel: str = "true") -> str:
    content = DEFINITIONS[on]
    return element("boundaryEvent", id_, content, attachedToRef=at, cancelActivity=cancel)


def script(id_: str, text: str, more: str = "") -> str:
    return element(
        "scriptTask", id_, f"{more}<bpmn:script>{text}</bpmn:script>", scriptFormat="feel"
    )


def handler(activity: str, undo: str) -> tuple[str, str]:
    """An activity with its compensation handler, and the association between them."""
    drawn = element("task", activity) + boundary(f"b_{activity}", activity, "compensate")
    drawn += element("task", undo, isForCompensation="true")
    association = (
        f'<bpmn:association id="as_{activity}" sourceRef="b_{activity}" targetRef="{undo}" '
        'associationDirection="One"/>'
    )
    return drawn, association


def inside(id_: str, content: str, kind: str = "subProcess", **attributes: str) -> str:
    return element(kind, id_, content, **attributes)


def on_event(trigger: str, interrupting: str = "true") -> str:
    """An event subprocess `es` with one task in it."""
    begun = start("es_s", trigger, isInterrupting=interrupting)
    content = f"{begun}{many('task', 'es_t')}{end('es_e')}{line('es_s', 'es_t', 'es_e')}"
    return inside("es", content, triggeredByEvent="true")


WAITING = f"{start()}{many('userTask', 'u')}{end()}{line('s', 'u', 'e')}"
"""start → user task → end."""
LOOP = "<bpmn:multiInstanceLoopCharacteristics{}>{}</bpmn:multiInstanceLoopCharacteristics>"
THREE = "<bpmn:loopCardinality>3</bpmn:loopCardinality>"
A, UNDO_A = handler("a", "undo_a")
B, UNDO_B = handler("b", "undo_b")


def u(bench: Bench, case: Case) -> None:
    case.complete("u")


def hour(bench: Bench, case: Case) -> None:
    bench.advance(timedelta(hours=2))


def message(bench: Bench, case: Case) -> None:
    bench.message("m")


def signal(bench: Bench, case: Case) -> None:
    bench.signal("sig")


def true(bench: Bench, case: Case) -> None:
    case.set(x=1)


TRIGGERS = {"message": message, "signal": signal, "timer": hour, "condition": true}


# --- plain BPMN 2.0, as any tool writes it ---

FORMAL = 'xsi:type="bpmn:tFormalExpression"'
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="file" targetNamespace="urn:test"{}>"""
OTHER = '</bpmn:process><bpmn:process id="q" isExecutable="true">'
"""Between the content of one process and that of another, `q`."""


def plain(body: str, roots: str = "", language: str = "") -> bytes:
    """A file without anybody's extensions, with one executable process `p`."""
    said = f' expressionLanguage="{language}"' if language else ""
    return (
        f'{_HEAD.format(said)}{roots}<bpmn:process id="p" isExecutable="true">{body}'
        "</bpmn:process></bpmn:definitions>"
    ).encode()


def formal(name: str, text: str) -> str:
    """An element whose content is a formal expression."""
    return f"<bpmn:{name} {FORMAL}>{text}</bpmn:{name}>"


def time(kind: str, text: str) -> str:
    """A timer definition: `Date`, `Duration` or `Cycle`."""
    return f"<bpmn:timerEventDefinition>{formal(f'time{kind}', text)}</bpmn:timerEventDefinition>"


def standard(condition: str, *, before: bool = False, most: int | None = None) -> str:
    """A standard loop."""
    said = "" if most is None else f' loopMaximum="{most}"'
    asked = formal("loopCondition", condition) if condition else ""
    return (
        f'<bpmn:standardLoopCharacteristics testBefore="{str(before).lower()}"{said}>{asked}'
        "</bpmn:standardLoopCharacteristics>"
    )


def several(content: str, *, sequential: bool = False, more: str = "") -> str:
    """A multi-instance activity's characteristics."""
    return LOOP.format(f' isSequential="{str(sequential).lower()}"{more}', content)


def completes(node: str, **variables: Value) -> Act:
    return lambda bench, case: case.complete(node, **variables)


def sends(name: str = "m", **variables: Value) -> Act:
    return lambda bench, case: bench.message(name, **variables)


def sets(**variables: Value) -> Act:
    return lambda bench, case: case.set(**variables)


def passes(**time: float) -> Act:
    return lambda bench, case: bench.advance(timedelta(**time))


def played(
    body: str, roots: str, acts: list[Act], variables: dict[str, Value] | None = None
) -> Case:
    """Run the process `p` of a plain file, and do these acts to it one after the other."""
    bench = Bench()
    bench.deploy(plain(body, roots))
    case = bench.start_with("p", variables or {})
    for act in acts:
        act(bench, case)
    assert case.incidents == []
    return case
