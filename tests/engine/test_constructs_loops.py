"""Activities that run more than once, in plain BPMN (BPMN 2.0 §10.3.8, §13.3.6, §13.3.7)."""

from __future__ import annotations

import pytest

from engine.testing import Bench
from tests.bpmn.drawing import line
from tests.engine.constructs import (
    ERROR,
    MESSAGE,
    OTHER,
    SIGNAL,
    THREE,
    Act,
    boundary,
    completes,
    element,
    end,
    formal,
    inside,
    many,
    passes,
    plain,
    played,
    script,
    sends,
    several,
    signal,
    standard,
    start,
)

TWO = "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
HANDLED = many("task", "h") + line("b", "h")


def ordered(activity: str, more: str = "") -> str:
    """start → the activity `t` → end, and what is drawn beside."""
    return start() + activity + end() + line("s", "t", "e") + more


def counting(loop: str) -> str:
    return ordered(script("t", "x = x + 1", loop))


def called(loop: str, content: str) -> str:
    """A call in a loop, of a process with one script."""
    call = element("callActivity", "t", loop, calledElement="q")
    return ordered(call) + OTHER + start("qs") + script("qt", content) + line("qs", "qt")


LOOPS: dict[str, tuple[str, str]] = {
    "asked before": (counting(standard("x &lt; 2", before=True)), "s t t e"),
    "asked before, false at once": (counting(standard("x &lt; 0", before=True)), "s e"),
    "asked after": (counting(standard("x &lt; 2")), "s t t e"),
    "asked after, false at once": (counting(standard("x &lt; 0")), "s t e"),
    "asked before, at most": (counting(standard("true", before=True, most=3)), "s t t t e"),
    "asked after, at most": (counting(standard("true", most=3)), "s t t t e"),
    "at most, without a condition": (counting(standard("", most=2)), "s t t e"),
    "by its counter": (counting(standard("loopCounter &lt; 3")), "s t t t e"),
    "a subprocess": (
        ordered(inside("t", standard("x &lt; 2", before=True) + start("is")
                       + script("it", "x = x + 1") + line("is", "it"))),
        "s is it t is it t e",
    ),
    "a call": (called(standard("x &lt; 2"), "x = x + 1"), "s t t e"),
    "a number of instances": (counting(several(THREE)), "s t t t e"),
    "one after the other": (counting(several(THREE, sequential=True)), "s t t t e"),
    "a computed number": (counting(several(formal("loopCardinality", "x + 2"))), "s t t e"),
    "none": (counting(several("<bpmn:loopCardinality>0</bpmn:loopCardinality>")), "s e"),
    "until enough": (
        counting(several(THREE + formal("completionCondition", "numberOfCompletedInstances = 2"))),
        "s t t e",
    ),
    "a multi-instance call": (called(several(TWO, sequential=True), "y = loopCounter"), "s t t e"),
    "nested": (
        ordered(inside("t", several(TWO, sequential=True) + start("is")
                       + element("task", "it", several(TWO)) + line("is", "it"))),
        "s is it it t is it it t e",
    ),
    "terminate ends one instance": (
        ordered(inside("t", several(TWO) + start("is") + end("ie", "terminate")
                       + line("is", "ie"))),
        "s is ie t is ie t e",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_an_activity_runs_as_often_as_it_says(name: str) -> None:
    body, trace = LOOPS[name]

    case = played(body, "", [], {"x": 0})

    assert case.ended
    assert " ".join(case.trace) == trace


def test_a_call_gives_nothing_back_of_what_the_loop_counts() -> None:
    case = played(called(several(TWO, sequential=True), "y = 5"), "", [])

    assert case.variables == {"y": 5}


WAITING: dict[str, tuple[str, list[Act], str]] = {
    "a standard loop of a user task": (
        ordered(element("userTask", "t", standard("again"))),
        [completes("t", again=True), completes("t", again=False)],
        "s t t e",
    ),
    "an error of one ends all": (
        ordered(inside("t", several(THREE) + start("is") + many("userTask", "u")
                       + end("ie", "error") + line("is", "u", "ie")),
                boundary("b", "t", "error") + HANDLED),
        [completes("u")],
        "s is is is u ie b h",
    ),
    "a timer ends all": (
        ordered(element("userTask", "t", several(THREE)), boundary("b", "t", "timer") + HANDLED),
        [completes("t"), passes(hours=2)],
        "s t b h",
    ),
    "a boundary event that does not interrupt listens once for all": (
        ordered(element("userTask", "t", several(TWO)),
                boundary("b", "t", "signal", "false") + HANDLED),
        [signal, completes("t"), signal, completes("t")],
        "s b h t b h t e",
    ),
    "each instance receives a message": (
        ordered(element("receiveTask", "t", several(TWO), messageRef="M")),
        [sends(), sends()],
        "s t t e",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITING)
def test_instances_wait_and_are_ended_together(name: str) -> None:
    body, acts, trace = WAITING[name]

    case = played(body, ERROR + MESSAGE + SIGNAL, acts)

    assert case.ended
    assert " ".join(case.trace) == trace


SHARED = '<bpmn:signalEventDefinition id="sd" signalRef="S"/>'
ONCE_TWO_ARE_DONE = (
    "<bpmn:complexBehaviorDefinition>"
    + formal("condition", "numberOfCompletedInstances = 2")
    + '<bpmn:event id="thrown">{}</bpmn:event></bpmn:complexBehaviorDefinition>'
)
BEHAVIORS: dict[str, tuple[str, str, str, str]] = {
    # attributes, content, trace when the boundary event interrupts, and when it does not
    "None": (' behavior="None" noneBehaviorEventRef="sd"', "", "s t b h", "s t b h t b h t e b h"),
    "One": (' behavior="One" oneBehaviorEventRef="sd"', "", "s t b h", "s t b h t t e"),
    "All": (' behavior="All"', "", "s t t t e", "s t t t e"),
    "Complex": (
        ' behavior="Complex"',
        ONCE_TWO_ARE_DONE.format('<bpmn:signalEventDefinition signalRef="S"/>'),
        "s t t b h",
        "s t t b h t e",
    ),
    "Complex, with a shared definition": (
        ' behavior="Complex"',
        ONCE_TWO_ARE_DONE.format("<bpmn:eventDefinitionRef>sd</bpmn:eventDefinitionRef>"),
        "s t t b h",
        "s t t b h t e",
    ),
}


@pytest.mark.parametrize("cancel", ["true", "false"])
@pytest.mark.parametrize("name", BEHAVIORS)
def test_instances_throw_what_their_behavior_says(name: str, cancel: str) -> None:
    more, content, interrupted, beside = BEHAVIORS[name]
    looped = element("task", "t", several(THREE + content, more=more))

    case = played(
        ordered(looped, boundary("b", "t", "signal", cancel) + HANDLED), SIGNAL + SHARED, []
    )

    assert " ".join(case.trace) == (interrupted if cancel == "true" else beside)


ITEMS = (
    '<bpmn:dataObject id="o" name="items" isCollection="true"/>'
    '<bpmn:dataObjectReference id="r" name="items" dataObjectRef="o"/>'
    '<bpmn:dataObject id="o2" name="found" isCollection="true"/>'
    '<bpmn:dataObjectReference id="r2" name="found" dataObjectRef="o2"/>'
)
SPECIFIED = (
    '<bpmn:ioSpecification><bpmn:dataInput id="in" name="list" isCollection="true"/>'
    '<bpmn:dataOutput id="out" name="results" isCollection="true"/>'
    "<bpmn:inputSet><bpmn:dataInputRefs>in</bpmn:dataInputRefs></bpmn:inputSet>"
    "<bpmn:outputSet><bpmn:dataOutputRefs>out</bpmn:dataOutputRefs></bpmn:outputSet>"
    '</bpmn:ioSpecification><bpmn:dataInputAssociation id="a1"><bpmn:sourceRef>r</bpmn:sourceRef>'
    "<bpmn:targetRef>in</bpmn:targetRef></bpmn:dataInputAssociation>"
    '<bpmn:dataOutputAssociation id="a2">'
    "<bpmn:sourceRef>out</bpmn:sourceRef><bpmn:targetRef>r2</bpmn:targetRef>"
    "</bpmn:dataOutputAssociation>"
)
OVER = (
    "<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>"
    "<bpmn:loopDataOutputRef>out</bpmn:loopDataOutputRef>"
    '<bpmn:inputDataItem id="i" name="item"/><bpmn:outputDataItem id="j" name="twice"/>'
)


@pytest.mark.parametrize("sequential", [True, False])
def test_instances_run_over_a_data_input_and_collect_a_data_output(sequential: bool) -> None:
    loop = SPECIFIED + several(OVER, sequential=sequential)
    bench = Bench()
    bench.deploy(plain(ITEMS + ordered(script("t", "twice = item * 2", loop))))

    case = bench.start("p", items=[1, 2, 3])

    assert case.trace == ["s", "t", "t", "t", "e"]
    assert case.variables == {"items": [1, 2, 3], "found": [2, 4, 6]}
