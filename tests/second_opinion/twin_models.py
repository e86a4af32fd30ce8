"""One drawing, written for both engines: only the text of its expressions differs.

Every block has one way in and one way out. Which activities may run side by side is known from
the drawing: they lie in different branches of one parallel block.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from hypothesis import strategies as st

from tests.bpmn.drawing import file, flow, line

TWICE = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:loopCardinality '
    'xsi:type="bpmn:tFormalExpression">2</bpmn:loopCardinality>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)
Engine = Literal["ours", "theirs"]
Block = str | tuple[str, list["Block"]]

LEAVES = (
    "script", "userTask", "throw", "timer", "guarded", "at_once", "one_by_one", "call",
)  # fmt: skip
JOINED = ("parallel", "inclusive", "signal", "message")
"""Blocks with a join: in a loop SpiffWorkflow's does not wait in the second round."""
PLAIN = ("script", "userTask", "throw")
BLOCKS = (
    "sequence", "yes", "no", "parallel", "loop", "subprocess", "event", "inclusive", "signal",
    "message", "escalated",
)  # fmt: skip

SCRIPT = "<bpmn:script>x = 1</bpmn:script>"
LANGUAGE = {"ours": 'scriptFormat="feel"', "theirs": 'scriptFormat="python"'}

blocks: st.SearchStrategy[Block] = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.tuples(st.sampled_from(BLOCKS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)


def duration(text: str, engine: Engine) -> str:
    """A timer definition; SpiffWorkflow evaluates its text as Python."""
    said = text if engine == "ours" else f'"{text}"'
    kind = 'xsi:type="bpmn:tFormalExpression"'
    return (
        f"<bpmn:timerEventDefinition><bpmn:timeDuration {kind}>{said}</bpmn:timeDuration>"
        "</bpmn:timerEventDefinition>"
    )


def asked(name: str, engine: Engine) -> str:
    """The condition that a variable is true."""
    return f"${{{name}}}" if engine == "ours" else name


Place = tuple[tuple[int, int], ...]
"""The parallel blocks that a node lies in, outermost first, and the branch of each."""


@dataclass(slots=True)
class Pen:
    """Writes nodes and flows; each block gives its first and its last node."""

    engine: Engine
    nodes: list[str] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    """What stands beside the process: signals, messages, escalations, called processes."""
    apart: dict[str, str] = field(default_factory=dict)
    """Nodes of called processes, and which."""
    place: Place = ()
    looping: bool = False
    count: int = 0

    def name(self) -> str:
        self.count += 1
        name = f"n{self.count}"
        self.places[name] = self.place
        return name

    def node(self, kind: str, content: str = "", attributes: str = "") -> str:
        name = self.name()
        self.nodes.append(
            f'<bpmn:{kind} id="{name}" name="{name}" {attributes}>{content}</bpmn:{kind}>'
        )
        return name

    def draw(self, block: Block) -> tuple[str, str]:
        if isinstance(block, str):
            return self.leaf(block)
        kind, inner = block
        if self.looping and kind in JOINED:
            kind = "sequence"
        return getattr(self, kind)(inner)  # type: ignore[no-any-return]

    def leaf(self, kind: str) -> tuple[str, str]:
        if kind == "throw":
            name = self.node("intermediateThrowEvent")
        elif kind == "script":
            name = self.node("scriptTask", SCRIPT, LANGUAGE[self.engine])
        elif kind == "timer":
            name = self.node("intermediateCatchEvent", duration("PT0S", self.engine))
        elif kind in ("at_once", "one_by_one"):
            sequential = str(kind == "one_by_one").lower()
            name = self.node("userTask", TWICE.format(sequential))
        elif kind == "call":
            name = self._call()
        elif kind == "guarded":
            name = self.node("userTask")
            late = duration("PT1H", self.engine)
            event = self.node("boundaryEvent", late, f'attachedToRef="{name}"')
            other, join = (
                self.node("scriptTask", SCRIPT, LANGUAGE[self.engine]),
                self.node("exclusiveGateway"),
            )
            self.nodes.append(line(name, join) + line(event, other, join))
            return name, join
        else:
            name = self.node(kind)
        return name, name

    def sequence(self, inner: list[Block]) -> tuple[str, str]:
        drawn = [self.draw(block) for block in inner]
        for (_, last), (first, _) in pairwise(drawn):
            self.nodes.append(line(last, first))
        return drawn[0][0], drawn[-1][1]

    def _choice(self, inner: list[Block], variable: str) -> tuple[str, str]:
        split, join = self.name(), self.node("exclusiveGateway")
        chosen, (otherwise, last) = self.sequence(inner), self.draw("script")
        self.nodes.append(f'<bpmn:exclusiveGateway id="{split}" default="{split}_{otherwise}"/>')
        self.nodes += [flow(split, chosen[0], asked(variable, self.engine))]
        self.nodes += [flow(split, otherwise), line(chosen[1], join), line(last, join)]
        return split, join

    def yes(self, inner: list[Block]) -> tuple[str, str]:
        return self._choice(inner, "yes")

    def no(self, inner: list[Block]) -> tuple[str, str]:
        return self._choice(inner, "no")

    def parallel(self, inner: list[Block]) -> tuple[str, str]:
        fork, join, around = self.node("parallelGateway"), self.node("parallelGateway"), self.place
        for branch, block in enumerate([*inner, "script"]):
            self.place = (*around, (int(fork[1:]), branch))
            first, last = self.draw(block)
            self.nodes.append(line(fork, first) + line(last, join))
        self.place = around
        return fork, join

    def _call(self) -> str:
        """A process of its own for each call."""
        name = self.name()
        around, self.nodes = self.nodes, []
        start, task, end = self.node("startEvent"), self.node("userTask"), self.node("endEvent")
        self.apart |= dict.fromkeys((start, task, end), name)
        content = "".join(self.nodes) + line(start, task, end)
        self.roots.append(
            f'<bpmn:process id="called_{name}" isExecutable="true">{content}</bpmn:process>'
        )
        self.nodes = around
        self.nodes.append(
            f'<bpmn:callActivity id="{name}" name="{name}" calledElement="called_{name}"/>'
        )
        return name

    def inclusive(self, inner: list[Block]) -> tuple[str, str]:
        """All ways but the last are taken, and the last is not.

        Only with plain activities on its ways: else SpiffWorkflow's join does not wait for what
        still comes.
        """
        fork, join, around = self.name(), self.node("inclusiveGateway"), self.place
        self.nodes.append(f'<bpmn:inclusiveGateway id="{fork}" name="{fork}"/>')
        for branch, block in enumerate([*inner, "script", "userTask"]):
            self.place = (*around, (int(fork[1:]), branch))
            first, last = self.draw(block if block in PLAIN else "userTask")
            taken = "yes" if branch <= len(inner) else "no"
            self.nodes.append(flow(fork, first, asked(taken, self.engine)) + line(last, join))
        self.place = around
        return fork, join

    def _reached(self, kind: str, inner: list[Block]) -> tuple[str, str]:
        """What a branch throws behind a user task is caught in the branch beside it."""
        fork, join, around = self.node("parallelGateway"), self.node("parallelGateway"), self.place
        named = self.name()
        self.roots.append(f'<bpmn:{kind} id="{named}" name="{named}"/>')
        event = f'<bpmn:{kind}EventDefinition {kind}Ref="{named}"/>'
        self.place = (*around, (int(fork[1:]), 0))
        caught, (first, last) = self.node("intermediateCatchEvent", event), self.sequence(inner)
        self.nodes.append(line(fork, caught, first) + line(last, join))
        self.place = (*around, (int(fork[1:]), 1))
        task, thrown = self.node("userTask"), self.node("intermediateThrowEvent", event)
        self.nodes.append(line(fork, task, thrown, join))
        self.place = around
        return fork, join

    def signal(self, inner: list[Block]) -> tuple[str, str]:
        return self._reached("signal", inner)

    def message(self, inner: list[Block]) -> tuple[str, str]:
        return self._reached("message", inner)

    def escalated(self, inner: list[Block]) -> tuple[str, str]:
        """A subprocess that escalates and goes on, with a script at its boundary."""
        around, self.nodes = self.nodes, []
        named = self.name()
        self.roots.append(
            f'<bpmn:escalation id="{named}" name="{named}" escalationCode="{named}"/>'
        )
        event = f'<bpmn:escalationEventDefinition escalationRef="{named}"/>'
        start, end = self.node("startEvent"), self.node("endEvent")
        first, last = self.sequence(["userTask", *inner])
        thrown, task = self.node("intermediateThrowEvent", event), self.node("userTask")
        self.nodes.append(line(start, first) + line(last, thrown, task, end))
        content, self.nodes = "".join(self.nodes), around
        name = self.node("subProcess", content)
        on = self.node("boundaryEvent", event, f'attachedToRef="{name}" cancelActivity="false"')
        script = self.node("scriptTask", SCRIPT, LANGUAGE[self.engine])
        self.nodes.append(line(on, script, self.node("endEvent")))
        return name, name

    def loop(self, inner: list[Block]) -> tuple[str, str]:
        """Goes round once more if the user task at its end says so."""
        join, last = (
            self.node("exclusiveGateway"),
            self.node("scriptTask", SCRIPT, LANGUAGE[self.engine]),
        )
        looping, self.looping = self.looping, True
        first, end = self.sequence([*inner, "userTask"])
        self.looping = looping
        split = self.name()
        self.loops.append(end)
        self.nodes.append(f'<bpmn:exclusiveGateway id="{split}" default="{split}_{last}"/>')
        self.nodes += [line(join, first), line(end, split, last)]
        self.nodes.append(flow(split, join, asked(f"again_{end}", self.engine)))
        return join, last

    def subprocess(self, inner: list[Block]) -> tuple[str, str]:
        around, self.nodes = self.nodes, []
        start, end = self.node("startEvent"), self.node("endEvent")
        first, last = self.sequence(inner)
        self.nodes += [line(start, first), line(last, end)]
        content, self.nodes = "".join(self.nodes), around
        name = self.node("subProcess", content)
        return name, name

    def event(self, inner: list[Block]) -> tuple[str, str]:
        """The event that is due at once comes before that of an hour.

        Two events only: of three SpiffWorkflow lets another one happen too.
        """
        gateway, join = self.node("eventBasedGateway"), self.node("exclusiveGateway")
        for number, block in enumerate([("sequence", inner), "script"]):
            due = duration("PT1H" if number else "PT0S", self.engine)
            event, (first, last) = self.node("intermediateCatchEvent", due), self.draw(block)
            self.nodes.append(line(gateway, event, first) + line(last, join))
        return gateway, join


@dataclass(frozen=True, slots=True)
class Twins:
    """One model in two texts. `loops` are the user tasks that decide on another round."""

    ours: bytes
    theirs: bytes
    loops: frozenset[str]
    places: dict[str, Place]
    interrupted: frozenset[str] = frozenset()
    """Activities that an error ends: SpiffWorkflow counts them as completed, BPMN does not."""
    apart: dict[str, str] = field(default_factory=dict)
    """Nodes of called processes, whose traces are their own."""

    def side_by_side(self, one: str, other: str) -> bool:
        """Whether BPMN leaves open which of the two comes first."""
        if self.apart.get(one) != self.apart.get(other):
            return True
        branches = dict(self.places.get(one, ()))
        return any(
            branches.get(block, branch) != branch for block, branch in self.places.get(other, ())
        )


def twins(block: Block) -> Twins:
    pens = {}
    texts = {}
    for engine in ("ours", "theirs"):
        pen = pens[engine] = Pen(engine)  # type: ignore[arg-type]
        first, last = pen.draw(block)
        nodes = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + line("s", first)
        body = nodes + line(last, "e") + "".join(pen.nodes)
        texts[engine] = file(body, "".join(pen.roots))
    drawn = pens["ours"]
    loops = frozenset(drawn.loops)
    return Twins(texts["ours"], texts["theirs"], loops, drawn.places, apart=drawn.apart)
