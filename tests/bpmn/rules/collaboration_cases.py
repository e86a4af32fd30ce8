"""Cases of the rules on lanes, pools, message flows, conversations, choreographies, the diagram."""

from __future__ import annotations

from tests.bpmn.drawing import file, line
from tests.bpmn.rules.case import HOUR, MESSAGE, Case, M, case, catch, event, subprocess, task, way

_TASK = way(task("t"))
_DRAWN = 'xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"'
_OTHER = (
    '<bpmn:process id="q">' + event("startEvent", "qs", MESSAGE) + task("qt")
    + event("endEvent", "qe") + line("qs", "qt", "qe") + "</bpmn:process>"
)  # fmt: skip
_POOLS = (
    '<bpmn:participant id="one" processRef="p"/><bpmn:participant id="two" processRef="q"/>'
    '<bpmn:participant id="box"/>'
)


def _pools(content: str, pools: str = _POOLS) -> str:
    return f'<bpmn:collaboration id="c">{pools}{content}</bpmn:collaboration>{_OTHER}{M}'


def _message(source: str, target: str, attributes: str = "") -> str:
    return f'<bpmn:messageFlow id="mf" sourceRef="{source}" targetRef="{target}" {attributes}/>'


def _lane(*nodes: str) -> str:
    refs = "".join(f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in nodes)
    return f'<bpmn:laneSet id="ls"><bpmn:lane id="l">{refs}</bpmn:lane></bpmn:laneSet>'


def _two_lanes(first: str, second: str) -> str:
    return _lane(first).replace(
        "</bpmn:laneSet>",
        f'<bpmn:lane id="l2"><bpmn:flowNodeRef>{second}</bpmn:flowNodeRef></bpmn:lane>'
        "</bpmn:laneSet>",
    )


def _multiplicity(least: int, most: int) -> str:
    return _pools("", _POOLS.replace(
        '"box"/>', f'"box"><bpmn:participantMultiplicity id="pm" minimum="{least}" '
        f'maximum="{most}"/></bpmn:participant>'))  # fmt: skip


def _tied(inner: str, outer: str) -> str:
    return _pools(
        f'<bpmn:participantAssociation id="pa"><bpmn:innerParticipantRef>{inner}'
        f"</bpmn:innerParticipantRef><bpmn:outerParticipantRef>{outer}</bpmn:outerParticipantRef>"
        "</bpmn:participantAssociation>"
    )


_CALLED = (
    '<bpmn:choreography id="ch"><bpmn:participant id="A"/><bpmn:participant id="B"/>'
    '<bpmn:messageFlow id="mg" sourceRef="A" targetRef="B"/></bpmn:choreography>'
)
"""What a collaboration can refer to, with a participant and a message flow of its own."""


def _talk(*participants: str, links: str = "") -> str:
    refs = "".join(f"<bpmn:participantRef>{name}</bpmn:participantRef>" for name in participants)
    return _pools(f'<bpmn:conversation id="cv">{refs}</bpmn:conversation>{links}')


def _link(source: str, target: str) -> str:
    return f'<bpmn:conversationLink id="cl" sourceRef="{source}" targetRef="{target}"/>'


_PROPERTIES = (
    M + "".join(
        f'<bpmn:correlationProperty id="{name}">{{}}<bpmn:correlationPropertyRetrievalExpression '
        f'id="re{name}" messageRef="m"><bpmn:messagePath>=x</bpmn:messagePath>'
        "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"
        for name in ("k1", "k2")
    )
)  # fmt: skip
_RETRIEVAL = (
    '<bpmn:correlationPropertyRetrievalExpression id="more" messageRef="m"><bpmn:messagePath>=y'
    "</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
)


def _correlated(*bound: str, key: tuple[str, ...] = ("k1",)) -> bytes:
    bindings = "".join(
        f'<bpmn:correlationPropertyBinding id="b{n}{name}" correlationPropertyRef="{name}">'
        "<bpmn:dataPath>=x</bpmn:dataPath></bpmn:correlationPropertyBinding>"
        for n, name in enumerate(bound)
    )
    refs = "".join(
        f"<bpmn:correlationPropertyRef>{name}</bpmn:correlationPropertyRef>" for name in key
    )
    return file(
        _TASK + f'<bpmn:correlationSubscription id="cs" correlationKeyRef="ck">{bindings}'
        "</bpmn:correlationSubscription>",
        f'<bpmn:collaboration id="c"><bpmn:correlationKey id="ck">{refs}</bpmn:correlationKey>'
        "</bpmn:collaboration>" + _PROPERTIES.format("", ""),
    )


def _choreography(content: str, kind: str = "choreography") -> str:
    pools = "".join(f'<bpmn:participant id="{name}"/>' for name in ("A", "B", "C"))
    flows = "".join(
        f'<bpmn:messageFlow id="{a}{b}" sourceRef="{a}" targetRef="{b}"/>'
        for a, b in ("AB", "BA", "BC", "AC")
    )
    return f'<bpmn:{kind} id="ch">{pools}{flows}{content}</bpmn:{kind}>'


def _step(name: str, initiator: str, participants: str, message: str) -> str:
    refs = "".join(f"<bpmn:participantRef>{one}</bpmn:participantRef>" for one in participants)
    return (
        f'<bpmn:choreographyTask id="{name}" initiatingParticipantRef="{initiator}">{refs}'
        f"<bpmn:messageFlowRef>{message}</bpmn:messageFlowRef></bpmn:choreographyTask>"
    )


def _play(*steps: str) -> str:
    names = [step.split('id="', 1)[1].split('"', 1)[0] for step in steps]
    return _choreography(
        event("startEvent", "cs") + "".join(steps) + event("endEvent", "ce")
        + line("cs", *names, "ce")
    )  # fmt: skip


def _diagram(shapes: str, plane: str = "p") -> str:
    return (
        f'<di:BPMNDiagram {_DRAWN} id="dia"><di:BPMNPlane id="pl" bpmnElement="{plane}">{shapes}'
        "</di:BPMNPlane></di:BPMNDiagram>"
    )


def _shape(name: str, element: str) -> str:
    return (
        f'<di:BPMNShape id="{name}" bpmnElement="{element}">'
        '<dc:Bounds xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" x="0" y="0" width="9" '
        'height="9"/></di:BPMNShape>'
    )


_FIRST = _step("c1", "A", "AB", "AB")


def _parted(first: str, second: str) -> str:
    """Two lanes that stand for these elements."""
    return (
        f'<bpmn:laneSet id="ls"><bpmn:lane id="l" partitionElementRef="{first}"/>'
        f'<bpmn:lane id="l2" partitionElementRef="{second}"/></bpmn:laneSet>'
    )


CASES: dict[str, Case] = {
    "lane-of-others": case(_lane("qt") + _TASK, "l", _lane("t") + _TASK, _OTHER + M),
    "lane-twice": case(_two_lanes("t", "t") + _TASK, "l2", _two_lanes("t", "s") + _TASK),
    "lane-partition": case(
        _parted("one", "er") + _TASK, "l2", _parted("one", "two") + _TASK,
        '<bpmn:resource id="one" name="one"/><bpmn:resource id="two" name="two"/>'
        '<bpmn:error id="er"/>',
    ),
    "lane-data": case(
        _lane("o") + _TASK + '<bpmn:dataObject id="o"/>', "l",
        _lane("t") + _TASK + '<bpmn:dataObject id="o"/>',
    ),
    "message-flow-end": case(
        way('<bpmn:parallelGateway id="t"/>'), "mf", _TASK, _pools(_message("t", "box")),
    ),
    "message-flow-event": case(
        way(catch("t", HOUR)), "mf", way(catch("t", MESSAGE)), _pools(_message("box", "t")),
    ),
    "message-flow-plain-event": case(
        _TASK, "mf", _TASK, _pools(_message("e", "box")), _pools(_message("t", "box")),
    ),
    "message-flow-within-pool": case(
        way(task("t"), task("u")), "mf", way(task("t"), task("u")), _pools(_message("t", "u")),
        _pools(_message("t", "qt")),
    ),
    "message-flow-event-subprocess": case(
        _TASK + subprocess("x", event("startEvent", "xs", MESSAGE) + task("xt")
                           + line("xs", "xt"), attributes='triggeredByEvent="true"'), "mf",
        _TASK + subprocess("x", event("startEvent", "xs", MESSAGE) + task("xt")
                           + line("xs", "xt"), attributes='triggeredByEvent="true"'),
        _pools(_message("box", "x")), _pools(_message("box", "xs")),
    ),
    "message-flow-message": case(
        _TASK, "mf", _TASK,
        _pools(_message("box", "qs", 'messageRef="n"')) + '<bpmn:message id="n" name="n"/>',
        _pools(_message("box", "qs", 'messageRef="m"')),
    ),
    "participant-multiplicity": case(_TASK, "pm", _TASK, _multiplicity(3, 2), _multiplicity(2, 3)),
    "participant-shared-process": case(
        _TASK, "two", _TASK, _pools("", _POOLS.replace('"q"', '"p"')), _pools(""),
    ),
    "participant-association": case(
        _TASK, "pa", _TASK, _tied("one", "two"), _tied("A", "two") + _CALLED
    ),
    "process-public-executable": Case(
        file(_TASK, "", 'processType="Public"'), "p", file(_TASK, "", 'processType="Private"'),
    ),
    "conversation-participants": case(_TASK, "cv", _TASK, _talk("one"), _talk("one", "two")),
    "conversation-link": case(
        _TASK, "cl", _TASK, _talk("one", "two", links=_link("one", "two")),
        _talk("one", "two", links=_link("one", "cv")),
    ),
    "global-conversation": case(
        _TASK, "cv", _TASK,
        '<bpmn:globalConversation id="gc"><bpmn:participant id="A"/><bpmn:participant id="B"/>'
        '<bpmn:conversation id="cv"><bpmn:participantRef>A</bpmn:participantRef>'
        "<bpmn:participantRef>B</bpmn:participantRef></bpmn:conversation>"
        "</bpmn:globalConversation>",
        '<bpmn:globalConversation id="gc"><bpmn:participant id="A"/></bpmn:globalConversation>',
    ),
    "message-flow-association": case(
        _TASK, "ma", _TASK,
        _pools(_message("t", "box") + '<bpmn:messageFlowAssociation id="ma" '
               'innerMessageFlowRef="mf" outerMessageFlowRef="mf"/>'),
        _pools(_message("t", "box") + '<bpmn:messageFlowAssociation id="ma" '
               'innerMessageFlowRef="mg" outerMessageFlowRef="mf"/>') + _CALLED,
    ),
    "correlation-key-empty": Case(_correlated(key=()), "ck", _correlated("k1")),
    "correlation-incomplete": Case(
        _correlated("k1", key=("k1", "k2")), "cs", _correlated("k1", "k2", key=("k1", "k2")),
    ),
    "correlation-binding-foreign": Case(_correlated("k1", "k2"), "b1k2", _correlated("k1")),
    "correlation-retrieval-twice": case(
        _TASK, "rek1", _TASK, _PROPERTIES.format(_RETRIEVAL, ""), _PROPERTIES.format("", ""),
    ),
    "choreography-participants": case(
        _TASK, "c1", _TASK, _play(_step("c1", "A", "AA", "AB")), _play(_FIRST),
    ),
    "choreography-initiator": case(
        _TASK, "c1", _TASK, _play(_step("c1", "C", "AB", "AB")), _play(_FIRST),
    ),
    "choreography-messages": case(
        _TASK, "c1", _TASK, _play(_step("c1", "A", "AB", "BC")), _play(_FIRST),
    ),
    "choreography-sequence": case(
        _TASK, "c2", _TASK, _play(_FIRST, _step("c2", "C", "BC", "BC")),
        _play(_FIRST, _step("c2", "B", "BC", "BC")),
    ),
    "choreography-content": case(_TASK, "ct", _TASK, _play(task("ct")), _play(_FIRST)),
    "global-choreography-task": case(
        _TASK, "c1", _TASK, _choreography(_FIRST, "globalChoreographyTask"),
        _choreography("", "globalChoreographyTask"),
    ),
    "choreography-data": case(
        _TASK, "o", _TASK, _choreography('<bpmn:dataObject id="o"/>'), _play(_FIRST),
    ),
    "diagram-dangling": case(
        _TASK, "d1", _TASK, _diagram(_shape("d1", "nothing")), _diagram(_shape("d1", "t")),
    ),
    "diagram-id": case(
        _TASK, "e", _TASK, _diagram(_shape("e", "t")), _diagram(_shape("d1", "t")),
    ),
    "diagram-twice": case(
        _TASK, "d2", _TASK, _diagram(_shape("d1", "t") + _shape("d2", "t")),
        _diagram(_shape("d1", "t") + _shape("d2", "e")),
    ),
    "diagram-kind": case(
        _TASK, "d1", _TASK, _diagram(_shape("d1", "s_t")), _diagram(_shape("d1", "t")),
    ),
    "diagram-plane": case(_TASK, "pl", _TASK, _diagram("", "t"), _diagram("", "p")),
}  # fmt: skip
