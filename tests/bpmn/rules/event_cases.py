"""Cases of the rules on events, boundary events, event subprocesses, links and compensation."""

from __future__ import annotations

from tests.bpmn.drawing import flow, line
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
    defined,
    event,
    inside,
    on_event,
    subprocess,
    task,
    throw,
    way,
)

_COMPENSATE = defined("compensate")
_ERROR = '<bpmn:error id="er" errorCode="er"/>'
_HANDLER = 'isForCompensation="true"'


def _link(name: str = "l", content: str = "") -> str:
    return defined("link", f'id="d" name="{name}"', content).replace('id="d"', "")


def _jump(thrown: str = "l", caught: str = "l", extra: str = "") -> str:
    """start → thrown link; caught link → end."""
    return (
        START + throw("a", _link(thrown)) + catch("b", _link(caught)) + END + extra
        + line("s", "a") + line("b", "e")
    )  # fmt: skip


def _named_link(source: str) -> str:
    thrown = '<bpmn:linkEventDefinition id="la" name="l"/>'
    caught = (
        f'<bpmn:linkEventDefinition id="lb" name="l"><bpmn:source>{source}</bpmn:source>'
        "</bpmn:linkEventDefinition>"
    )
    return START + throw("a", thrown) + catch("b", caught) + END + line("s", "a") + line("b", "e")


def _guarded(
    handlers: str = task("h", attributes=_HANDLER), ties: str = "h", extra: str = "",
    then: str = task("u"),
) -> str:  # fmt: skip
    """A task `t` with a compensation boundary event `b` tied to what is named."""
    tied = "".join(
        f'<bpmn:association id="b-{name}" sourceRef="b" targetRef="{name}"/>' for name in ties
    )
    host = task("t")
    return between(
        host,
        then,
        extra=boundary("b", "t", _COMPENSATE) + handlers + extra,
        artifacts=tied,
    )


def _throws(activity: str) -> str:
    return throw("u", defined("compensate", f'activityRef="{activity}"'))


def _transaction(inner_end: str, boundary_at: str = "t") -> str:
    content = inside("i").replace(
        '<bpmn:endEvent id="ie"/>', f'<bpmn:endEvent id="ie">{inner_end}</bpmn:endEvent>'
    )
    return between(
        subprocess("t", content, "transaction"), task("u"),
        extra=boundary("b", boundary_at, defined("cancel")) + flow("b", "e"),
    )  # fmt: skip


def _undone(name: str, trigger: str, attributes: str = "") -> str:
    """A subprocess `t` with an event subprocess of that name."""
    begun = on_event(name, event("startEvent", "x", trigger), attributes)
    return way(subprocess("t", inside() + begun))


CASES: dict[str, Case] = {
    "event-place": case(
        way(throw("t", HOUR)), "t", way(catch("t", HOUR)),
    ),
    "event-definition-missing": case(way(catch("t", "")), "t", way(catch("t"))),
    "multiple-with-link": case(
        _jump().replace(_link(), _link() + MESSAGE, 1), "a", _jump(), M,
    ),
    "parallel-multiple-single": case(
        way(catch("t", HOUR, 'parallelMultiple="true"')), "t",
        way(catch("t", MESSAGE + HOUR, 'parallelMultiple="true"')), M,
    ),
    "condition-missing": case(
        way(catch("t", defined("conditional", content="<bpmn:condition/>"))), "t",
        way(catch("t", defined("conditional", content="<bpmn:condition>=x</bpmn:condition>"))),
    ),
    "signal-missing": case(
        way(catch("t", defined("signal"))), "t",
        way(catch("t", defined("signal", 'signalRef="g"'))),
        '<bpmn:signal id="g" name="g"/>',
    ),
    "escalation-code": case(
        way(throw("t", defined("escalation", 'escalationRef="x"'))), "t",
        way(throw("t", defined("escalation", 'escalationRef="x"'))),
        '<bpmn:escalation id="x"/>', '<bpmn:escalation id="x" escalationCode="x"/>',
    ),
    "duplicate-catch": case(
        way(task("t")) + "".join(boundary(b, "t", defined("error", 'errorRef="er"')) + line(b, "e")
                                 for b in "bc"), "c",
        way(task("t")) + boundary("b", "t", defined("error", 'errorRef="er"')) + line("b", "e")
        + boundary("c", "t", defined("error")) + line("c", "e"),
        '<bpmn:error id="er" errorCode="er"/>',
    ),
    "shared-definition-place": case(
        way(catch("t", HOUR.replace("Definition>", 'Definition id="d1">', 1)),
            catch("u", "<bpmn:eventDefinitionRef>d1</bpmn:eventDefinitionRef>")), "u",
        way(catch("u", "<bpmn:eventDefinitionRef>d1</bpmn:eventDefinitionRef>")), "",
        HOUR.replace("Definition>", 'Definition id="d1">', 1),
    ),
    "attached-missing": case(
        way(throw("t")) + boundary("b", "t") + line("b", "e"), "b",
        way(task("t")) + boundary("b", "t") + line("b", "e"),
    ),
    "boundary-on-event-subprocess": case(
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)) + boundary("b", "u")
        + line("b", "e"), "b",
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)) + boundary("b", "t")
        + line("b", "e"), M,
    ),
    "error-interrupts": case(
        way(task("t")) + boundary("b", "t", defined("error"), 'cancelActivity="false"')
        + line("b", "e"), "b",
        way(task("t")) + boundary("b", "t", defined("error")) + line("b", "e"),
    ),
    "cancel-interrupts": case(
        _transaction(defined("cancel")).replace('attachedToRef="t"',
                                                'cancelActivity="false" attachedToRef="t"'), "b",
        _transaction(defined("cancel")),
    ),
    "boundary-without-outgoing": case(
        way(task("t")) + boundary("b", "t"), "b", way(task("t")) + boundary("b", "t")
        + line("b", "e"),
    ),
    "event-subprocess-start": case(
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)
                                  + event("startEvent", "y", HOUR)), "y",
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)), M,
    ),
    "event-subprocess-trigger": case(
        way(task("t")) + on_event("u", event("startEvent", "x")), "x",
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)), M,
    ),
    "event-subprocess-interrupts": case(
        way(task("t"))
        + on_event("u", event("startEvent", "x", defined("error"), 'isInterrupting="false"')), "x",
        way(task("t"))
        + on_event("u", event("startEvent", "x", MESSAGE, 'isInterrupting="false"')), M,
    ),
    "event-subprocess-place": case(
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)).replace(
            "bpmn:subProcess", "bpmn:transaction"), "u",
        way(task("t")) + on_event("u", event("startEvent", "x", MESSAGE)), M,
    ),
    "link-without-catch": case(_jump("k"), "a", _jump()),
    "link-without-throw": case(_jump("k"), "b", _jump()),
    "link-caught-twice": case(
        _jump(extra=catch("c", _link()) + line("c", "e")), "c",
        _jump(extra=throw("c", _link()) + line("s", "c")),
    ),
    "link-unnamed": case(_jump(" ", " "), "a", _jump()),
    "link-flow": case(_jump(extra=line("a", "e")), "a_e", _jump()),
    "link-leads-nowhere": case(_jump().replace(line("s", "a"), line("s", "e")), "a", _jump()),
    "link-partner": case(_named_link("lb"), "b", _named_link("la")),
    "compensation-handler": case(_guarded(ties=""), "b", _guarded()),
    "compensation-twice": case(
        _guarded(extra=boundary("c", "t", _COMPENSATE) + task("k", attributes=_HANDLER)), "c",
        _guarded(),
    ),
    "compensation-marker": case(_guarded(task("h") + line("t", "h", "e")), "h", _guarded()),
    "compensation-flow": case(_guarded(extra=flow("t", "h")), "t_h", _guarded()),
    "handler-unused": case(
        way(task("t")) + task("h", attributes=_HANDLER), "h", _guarded(),
    ),
    "handler-event-subprocess": case(
        _undone("u", MESSAGE, _HANDLER), "u", _undone("u", _COMPENSATE, _HANDLER), M,
    ),
    "compensation-of-process": case(
        way(task("t")) + on_event("u", event("startEvent", "x", _COMPENSATE)), "u",
        _undone("u", _COMPENSATE),
    ),
    "compensate-reach": case(
        way(subprocess("t", inside().replace(task("it"), subprocess("it", inside("j")))),
            _throws("it")), "u",
        way(subprocess("t", inside()), _throws("t")),
    ),
    "compensate-without-handler": case(
        way(task("t"), _throws("t")), "u", _guarded(then=_throws("t")),
    ),
    "cancel-end-place": case(
        START + event("endEvent", "e", defined("cancel")) + line("s", "e"), "e",
        _transaction(defined("cancel")),
    ),
    "cancel-boundary-place": case(
        _transaction(defined("cancel"), "u"), "b", _transaction(defined("cancel")),
    ),
    "cancel-never-thrown": case(_transaction(""), "b", _transaction(defined("cancel"))),
}  # fmt: skip
