"""SpiffWorkflow and our machine run the same drawings: activities come in the same order.

Left out, because SpiffWorkflow 3.2 runs it wrongly: joins in the second round of a loop; inclusive
joins behind loops and multi-instance activities; event subprocesses of the process that interrupt
(what they replace stays open), or start on errors and escalations (they complete before they are
reached); escalation end events that interrupt (their subprocess counts as completed).
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bpmn.drawing import file, line
from tests.second_opinion.contestants import Contestant, Ours, Theirs
from tests.second_opinion.twin_models import Block, Twins, blocks, duration, twins

VARIABLES = {"yes": True, "no": False}


def agree(one: Contestant, other: Contestant, model: Twins) -> None:
    """The same tasks are open, the same nodes are through, and those in order that have one."""
    assert one.tasks == other.tasks
    assert one.ended == other.ended
    mine, their = (
        [node for node in side.trace if node not in model.interrupted] for side in (one, other)
    )
    assert Counter(mine) == Counter(their)
    for pair in combinations(sorted(set(mine)), 2):
        if not model.side_by_side(*pair):
            ours, theirs = ([node for node in side if node in pair] for side in (mine, their))
            assert ours == theirs


def compare(model: Twins, choices: list[int]) -> tuple[Contestant, Contestant]:
    """Complete open user tasks, chosen by number, in both until neither goes on."""
    ours, theirs = Ours(model.ours, VARIABLES), Theirs(model.theirs, VARIABLES)
    rounds: Counter[str] = Counter()
    for step in range(100):
        agree(ours, theirs, model)
        if ours.ended or not ours.tasks:
            break
        node = ours.tasks[choices[step % len(choices)] % len(ours.tasks)]
        rounds[node] += 1
        again = {f"again_{node}": rounds[node] == 1} if node in model.loops else {}
        ours.complete(node, again)
        theirs.complete(node, again)
    return ours, theirs


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blocks, st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_both_complete_the_activities_of_a_random_drawing_in_the_same_order(
    block: Block, choices: list[int]
) -> None:
    ours, theirs = compare(twins(block), choices)

    assert ours.ended
    assert theirs.ended


TERMINATE = "<bpmn:terminateEventDefinition/>"
ERROR = '<bpmn:errorEventDefinition errorRef="x"/>'
SIGNAL = '<bpmn:signalEventDefinition signalRef="g"/>'
MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="c"/>'
ROOT = (
    '<bpmn:error id="x" name="x" errorCode="X"/>'
    '<bpmn:escalation id="c" name="c" escalationCode="C"/>'
    '<bpmn:signal id="g" name="g"/><bpmn:message id="m" name="m"/>'
)


def nodes(**kinds: str) -> str:
    """Nodes by id: the kind, and after a blank attributes, and after a bar the content."""
    drawn = ""
    for name, text in kinds.items():
        head, _, content = text.partition("|")
        kind = head.split()[0]
        drawn += f'<bpmn:{head} id="{name}" name="{name}">{content}</bpmn:{kind}>'
    return drawn


FORKED = nodes(s="startEvent", f="parallelGateway", a="userTask", b="userTask", e="endEvent")
INNER = nodes(s1="startEvent", a="userTask")
THROWN = nodes(
    s="startEvent",
    f="parallelGateway",
    a="userTask",
    b="userTask",
    t="intermediateThrowEvent|{}",
    z="userTask",
    e="endEvent",
    e2="endEvent",
)
"""A user task before a throwing event, beside another one."""
BESIDE = line("s", "f", "a", "t", "e2") + line("f", "b", "e")
CALLING = "</bpmn:process>" + '<bpmn:process id="q" isExecutable="true">'


def caught_at_b(event: str, cancels: str) -> tuple[str, str]:
    at = nodes(r=f'boundaryEvent attachedToRef="b" cancelActivity="{cancels}"|{event}')
    return THROWN.format(event) + at + nodes(e3="endEvent"), BESIDE + line("r", "z", "e3")


ESCALATING = nodes(
    s="startEvent",
    u="subProcess|"
    + INNER
    + nodes(t=f"intermediateThrowEvent|{ESCALATION}", b="userTask", e1="endEvent")
    + line("s1", "a", "t", "b", "e1"),
    r=f'boundaryEvent attachedToRef="u"|{ESCALATION}',
    z="userTask",
    e="endEvent",
    e2="endEvent",
)
HAND_DRAWN = {
    "a signal interrupts the task beside": caught_at_b(SIGNAL, "true"),
    "a signal is caught beside the task": caught_at_b(SIGNAL, "false"),
    "a message interrupts the task beside": caught_at_b(MESSAGE, "true"),
    "a message is caught beside the task": caught_at_b(MESSAGE, "false"),
    "an escalation interrupts its subprocess": (
        ESCALATING,
        line("s", "u", "e") + line("r", "z", "e2"),
    ),
    "a signal begins an event subprocess beside": (
        THROWN.format(SIGNAL).replace(nodes(z="userTask"), "")
        + nodes(
            v='subProcess triggeredByEvent="true"|'
            + nodes(s2=f'startEvent isInterrupting="false"|{SIGNAL}', z="userTask", e4="endEvent")
            + line("s2", "z", "e4")
        ),
        BESIDE,
    ),
    "a called process ends with an error": (
        nodes(
            s="startEvent",
            u='callActivity calledElement="q"',
            r=f'boundaryEvent attachedToRef="u"|{ERROR}',
            z="userTask",
            e="endEvent",
            e2="endEvent",
        ),
        line("s", "u", "e")
        + line("r", "z", "e2")
        + CALLING
        + nodes(s1="startEvent", a="userTask", x1=f"endEvent|{ERROR}")
        + line("s1", "a", "x1"),
    ),
    "a terminate end event ends the other branch": (
        FORKED + nodes(t=f"endEvent|{TERMINATE}"),
        line("s", "f", "a", "t") + line("f", "b", "e"),
    ),
    "a terminate end event ends its subprocess only": (
        nodes(
            s="startEvent",
            u="subProcess|"
            + nodes(s1="startEvent", f="parallelGateway", a="userTask", b="userTask")
            + nodes(t=f"endEvent|{TERMINATE}", e1="endEvent")
            + line("s1", "f", "a", "t")
            + line("f", "b", "e1"),
            z="userTask",
            e="endEvent",
        ),
        line("s", "u", "z", "e"),
    ),
    "an error ends the subprocess and goes on at its boundary": (
        nodes(
            s="startEvent",
            u="subProcess|" + INNER + nodes(x1=f"endEvent|{ERROR}") + line("s1", "a", "x1"),
            r=f'boundaryEvent attachedToRef="u"|{ERROR}',
            y="userTask",
            z="intermediateThrowEvent",
            e="endEvent",
            e2="endEvent",
        ),
        line("s", "u", "z", "e") + line("r", "y", "e2"),
    ),
    "two ways into one task run it twice": (
        FORKED,
        line("s", "f", "a", "e") + line("f", "b", "a"),
    ),
    "an implicit end consumes its token": (
        FORKED,
        line("s", "f", "a", "e") + line("f", "b"),
    ),
}


@pytest.mark.parametrize("name", HAND_DRAWN)
@pytest.mark.parametrize("choices", [[0], [1]], ids=["first", "second"])
def test_both_agree_on_a_drawing_by_hand(name: str, choices: list[int]) -> None:
    source = file("".join(HAND_DRAWN[name]), ROOT)
    interrupted = frozenset({"u"} if "error" in name else ())
    side = {"a": ((1, 0),), "b": ((1, 1),), "e2": ((2, 0),), "s2": ((2, 1),)}
    apart = dict.fromkeys(("s1", "a", "x1"), "q") if "called" in name else {}
    model = Twins(source, source, frozenset(), side, interrupted, apart)

    ours, theirs = compare(model, choices)

    assert ours.ended
    assert theirs.ended


def test_both_go_on_at_a_boundary_timer_that_is_due() -> None:
    def drawn(engine: str) -> bytes:
        event = duration("PT0S", engine)  # type: ignore[arg-type]
        body = nodes(
            s="startEvent", a="userTask", z="intermediateThrowEvent", y="userTask", e="endEvent"
        )
        body += nodes(t=f'boundaryEvent attachedToRef="a"|{event}', e2="endEvent")
        return file(body + line("s", "a", "z", "e") + line("t", "y", "e2"))

    model = Twins(drawn("ours"), drawn("theirs"), frozenset(), {})

    ours, _ = compare(model, [0])

    assert ours.trace == ["s", "t", "y", "e2"]
