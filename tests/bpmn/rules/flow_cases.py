"""Cases of the rules on references, sequence flows, starts, ends and gateways."""

from __future__ import annotations

from tests.bpmn.drawing import file, flow, line
from tests.bpmn.rules.case import (
    END,
    HOUR,
    MESSAGE,
    START,
    Case,
    M,
    between,
    boundary,
    case,
    catch,
    choice,
    event,
    gateway,
    inside,
    on_event,
    subprocess,
    task,
    throw,
    way,
)

_RECEIVE = '<bpmn:receiveTask id="{}" messageRef="m" {}/>'


def _awaited(*nodes: str, attributes: str = "", extra: str = "", root: str = M) -> bytes:
    """An event-based gateway `g` that is followed by the nodes, each with its way to the end."""
    names = [xml.split('id="', 1)[1].split('"', 1)[0] for xml in nodes]
    return file(
        START + gateway("eventBased", "g", attributes) + "".join(nodes) + END + line("s", "g")
        + "".join(line("g", name, "e") for name in names) + extra, root,
    )  # fmt: skip


def _listed(incoming: str) -> str:
    return between(task("t", f"<bpmn:incoming>{incoming}</bpmn:incoming>"))


_TWO_AWAITED = (catch("a"), catch("b"))

CASES: dict[str, Case] = {
    "dangling-reference": case(
        between('<bpmn:receiveTask id="t" messageRef="m"/>'), "t",
        between('<bpmn:receiveTask id="t" messageRef="m"/>'), "", M,
    ),
    "wrong-reference": case(
        between('<bpmn:receiveTask id="t" messageRef="m"/>'), "t",
        between('<bpmn:receiveTask id="t" messageRef="m"/>'), '<bpmn:error id="m"/>', M,
    ),
    "must-understand": Case(
        file(way(task("t"))).replace(
            b"<bpmn:process",
            b'<bpmn:extension mustUnderstand="true" definition="camunda:x"/><bpmn:process',
        ), "d",
        file(way(task("t"))).replace(
            b"<bpmn:process", b'<bpmn:extension definition="camunda:x"/><bpmn:process'
        ),
    ),
    "dangling-flow": case(way(task("t")) + flow("t", "d"), "t_d", way(task("t"))),
    "flow-crosses-scope": case(
        way(subprocess("t", inside())) + flow("s", "it"), "s_it", way(subprocess("t", inside())),
    ),
    "flow-into-start": case(way(task("t")) + flow("t", "s"), "t_s", way(task("t"))),
    "flow-into-boundary": case(
        between(task("t"), task("u"), extra=boundary("b", "t") + line("b", "e") + flow("u", "b")),
        "u_b",
        between(task("t"), task("u"), extra=boundary("b", "t") + line("b", "e")),
    ),
    "flow-out-of-end": case(way(task("t")) + flow("e", "t"), "e_t", way(task("t"))),
    "flow-mismatch": case(_listed("t_e"), "t", _listed("s_t")),
    "flow-unlisted": case(_listed("s_t") + flow("t", "t"), "t", _listed("s_t")),
    "default-misplaced": Case(
        file(choice("parallel")), "g", file(choice()),
        passes_schema=False,
    ),
    "default-not-outgoing": case(choice("exclusive", 'default="s_g"'), "g", choice()),
    "default-with-condition": case(choice("exclusive", 'default="g_a"'), "g_a", choice()),
    "condition-misplaced": case(choice("parallel", ""), "g_a", choice("inclusive")),
    "condition-empty": case(
        choice().replace("${x}", " "), "g_a", choice(),
    ),
    "single-conditional-flow": case(
        START + task("t") + END + line("s", "t") + flow("t", "e", "${x}"), "t_e",
        START + task("t") + END + line("s", "t") + flow("t", "e", "${x}") + task("u")
        + line("t", "u", "e"),
    ),
    "flow-without-condition": case(choice(attributes=""), "g_b", choice()),
    "unconditional-inclusive-flow": case(choice("inclusive", ""), "g_b", choice("inclusive")),
    "immediate-false": case(
        START + END + line("s", "e").replace("sourceRef", 'isImmediate="false" sourceRef'), "s_e",
        START + END + line("s", "e").replace("sourceRef", 'isImmediate="true" sourceRef'),
    ),
    "flow-to-event-subprocess": case(
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)) + flow("t", "u"), "t_u",
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)), M,
    ),
    "start-without-outgoing": case(START + task("t"), "s", START + task("t") + line("s", "t")),
    "no-start": case(task("t") + END + line("t", "e"), "p", way(task("t"))),
    "no-end": case(START + task("t") + line("s", "t"), "p", way(task("t"))),
    "implicit-start": case(
        way(task("t")) + task("u") + line("u", "e"), "u",
        way(task("t")) + task("u") + line("s", "u", "e"),
    ),
    "event-without-outgoing": case(
        way(task("t")) + throw("u") + line("t", "u"), "u",
        way(task("t")) + throw("u") + line("t", "u", "e"),
    ),
    "implicit-end": case(
        way(task("t")) + task("u") + line("t", "u"), "u",
        way(task("t")) + task("u") + line("t", "u", "e"),
    ),
    "several-starts": case(
        way(subprocess("t", inside() + event("startEvent", "is2") + line("is2", "it"))), "is2",
        way(subprocess("t", inside())),
    ),
    "several-beginnings": case(
        way(task("t")) + event("startEvent", "s2") + line("s2", "t"), "s2",
        way(task("t")) + event("startEvent", "s2", HOUR) + line("s2", "t"),
    ),
    "subprocess-start": case(
        way(subprocess("t", inside().replace('id="is"/>', f'id="is">{HOUR}</bpmn:startEvent>'))),
        "is", way(subprocess("t", inside())),
    ),
    "receive-instantiate": case(
        way(task("t"), _RECEIVE.format("r", 'instantiate="true"')), "r",
        way(_RECEIVE.format("r", 'instantiate="true"'), task("t")), M,
    ),
    "scope-empty": case("", "p", way(task("t"))),
    "no-beginning": case(
        task("a") + task("b") + line("a", "b", "a"), "p", task("a") + task("b") + line("a", "b"),
    ),
    "gateway-direction": case(
        choice(attributes='default="g_b" gatewayDirection="Converging"'), "g",
        choice(attributes='default="g_b" gatewayDirection="Diverging"'),
    ),
    "gateway-idle": case(way(gateway("parallel", "g")), "g", choice()),
    "gateway-without-outgoing": case(
        START + gateway("parallel", "g") + line("s", "g"), "g", choice(),
    ),
    "complex-without-activation": case(
        START + task("a") + gateway("complex", "g") + END + line("s", "a", "g", "e")
        + line("s", "g"), "g",
        START + task("a") + '<bpmn:complexGateway id="g"><bpmn:activationCondition>=true'
        "</bpmn:activationCondition></bpmn:complexGateway>" + END + line("s", "a", "g", "e")
        + line("s", "g"),
    ),
    "event-gateway-single": Case(_awaited(catch("a")), "g", _awaited(*_TWO_AWAITED)),
    "event-gateway-successor": Case(
        _awaited(catch("a"), task("b")), "b", _awaited(catch("a"), _RECEIVE.format("b", "")),
    ),
    "event-gateway-mixed": Case(
        _awaited(catch("a", MESSAGE), _RECEIVE.format("b", "")), "g",
        _awaited(catch("a"), _RECEIVE.format("b", "")),
    ),
    "event-gateway-boundary": Case(
        _awaited(catch("a"), _RECEIVE.format("b", ""),
                 extra=boundary("x", "b") + line("x", "e")), "x",
        _awaited(catch("a"), _RECEIVE.format("b", "")),
    ),
    "event-gateway-shared": Case(
        _awaited(*_TWO_AWAITED, extra=flow("a", "b")), "b", _awaited(*_TWO_AWAITED),
    ),
    "event-gateway-parallel": Case(
        _awaited(*_TWO_AWAITED, attributes='eventGatewayType="Parallel"'), "g",
        _awaited(*_TWO_AWAITED, attributes='eventGatewayType="Parallel" instantiate="true"'),
    ),
    "event-gateway-instantiate": Case(
        _awaited(*_TWO_AWAITED, attributes='instantiate="true"').replace(
            START.encode(), event("startEvent", "s", HOUR).encode()
        ), "g",
        _awaited(*_TWO_AWAITED, attributes='instantiate="true"'),
    ),
}  # fmt: skip
