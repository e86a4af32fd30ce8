"""Random drawings of all that BPMN has beyond `tests.bpmn.random_blocks`: activities that run more
than once, event subprocesses, compensation, transactions, signals, complex gateways, ad-hoc.

Every block still has one way in and one way out, so a drawing always comes to its end.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from tests.bpmn.drawing import file, flow, line
from tests.bpmn.random_blocks import BLOCKS, HOUR, LEAVES, Block, Pen, written

_LEAVES = (*LEAVES, "handled", "undo", "signal", "several", "ends", "escalates")
_BLOCKS = (
    *BLOCKS, "listening", "interrupted", "guarded_sub", "transaction", "cancelled", "complex",
    "many", "one_by_one", "adhoc", "looped", "caught",
)  # fmt: skip
MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
SIGNAL = '<bpmn:signalEventDefinition signalRef="sig"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="x"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="err"/>'
LISTENED = (MESSAGE, SIGNAL, ESCALATION, HOUR)
ROOTS = (
    '<bpmn:message id="m" name="m"/><bpmn:signal id="sig" name="go"/>'
    '<bpmn:escalation id="x" escalationCode="X"/><bpmn:error id="err" errorCode="E"/>'
)
MANY = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:loopCardinality>2'
    "</bpmn:loopCardinality>{}</bpmn:multiInstanceLoopCharacteristics>"
)
ENOUGH = (
    "<bpmn:completionCondition>= numberOfCompletedInstances = 1 and x</bpmn:completionCondition>"
)

constructs: st.SearchStrategy[Block] = st.recursive(
    st.sampled_from(_LEAVES),
    lambda inner: st.tuples(st.sampled_from(_BLOCKS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=10,
)


class Constructs(Pen):
    """Writes the further blocks."""

    def leaf(self, kind: str) -> tuple[str, str]:
        if kind == "handled":
            return self._handled()
        if kind == "undo":
            name = self.node("intermediateThrowEvent", "<bpmn:compensateEventDefinition/>")
        elif kind == "signal":
            name = self.node("intermediateThrowEvent", SIGNAL)
        elif kind == "escalates":
            name = self.node("intermediateThrowEvent", ESCALATION)
        elif kind == "several":
            name = self.node("userTask", MANY.format("false", ENOUGH))
        elif kind == "ends":
            return self._ends("")
        else:
            return super().leaf(kind)
        return name, name

    def _handled(self) -> tuple[str, str]:
        """A task with its compensation handler."""
        task, undo = self.node("userTask"), self.node("task", "", 'isForCompensation="true"')
        on = self.node(
            "boundaryEvent", "<bpmn:compensateEventDefinition/>", f'attachedToRef="{task}"'
        )
        self.nodes.append(
            f'<bpmn:association id="{self.name()}" sourceRef="{on}" targetRef="{undo}" '
            'associationDirection="One"/>'
        )
        return task, task

    def _ends(self, definition: str) -> tuple[str, str]:
        """A branch that ends with an event, beside a task that goes on."""
        fork, stop, task = (
            self.node("parallelGateway"),
            self.node("endEvent", definition),
            self.node("userTask"),
        )
        self.nodes.append(line(fork, task) + line(fork, stop))
        return fork, task

    def _around(
        self, kind: str, inner: list[Block], more: str = "", event: str = "", *, stops: bool = True
    ) -> str:
        """A scope with the blocks in it, and an event subprocess with a task if `event`."""
        around, self.nodes = self.nodes, []
        start, end = self.node("startEvent"), self.node("endEvent")
        first, last = self.sequence(inner)
        self.nodes += [line(start, first), line(last, end)]
        if event:
            self.event_subprocess(event, stops=stops)
        content, self.nodes = written(self.nodes), around
        return self.node(kind, more + content)

    def event_subprocess(self, event: str, *, stops: bool) -> None:
        around, self.nodes = self.nodes, []
        start = self.node("startEvent", event, f'isInterrupting="{str(stops).lower()}"')
        self.nodes.append(line(start, self.node("userTask")))
        content, self.nodes = written(self.nodes), around
        self.node("subProcess", content, 'triggeredByEvent="true"')

    def listening(self, inner: list[Block]) -> tuple[str, str]:
        event = LISTENED[self.count % len(LISTENED)]
        return (name := self._around("subProcess", inner, event=event, stops=False)), name

    def interrupted(self, inner: list[Block]) -> tuple[str, str]:
        event = LISTENED[self.count % len(LISTENED)]
        return (name := self._around("subProcess", inner, event=event)), name

    def _left(self, name: str, event: str, *, stops: bool = True) -> tuple[str, str]:
        """Out of the activity by its flow, or by a boundary event and a task."""
        said = f'attachedToRef="{name}" cancelActivity="{str(stops).lower()}"'
        on, task = self.node("boundaryEvent", event, said), self.node("task")
        self.nodes.append(line(on, task))
        if not stops:
            return name, name
        join = self.node("exclusiveGateway")
        self.nodes.append(line(name, join) + line(task, join))
        return name, join

    def guarded_sub(self, inner: list[Block]) -> tuple[str, str]:
        event, stops = LISTENED[self.count % len(LISTENED)], self.count % 3 != 0
        return self._left(self._around("subProcess", inner), event, stops=stops)

    def caught(self, inner: list[Block]) -> tuple[str, str]:
        return self._left(self._stopped("subProcess", inner, ERROR), ERROR)

    def transaction(self, inner: list[Block]) -> tuple[str, str]:
        return self._left(self._around("transaction", inner), "<bpmn:cancelEventDefinition/>")

    def cancelled(self, inner: list[Block]) -> tuple[str, str]:
        cancel = "<bpmn:cancelEventDefinition/>"
        return self._left(self._stopped("transaction", inner, cancel), cancel)

    def _stopped(self, kind: str, inner: list[Block], definition: str) -> str:
        """A scope in which a person may end all with an event that its boundary catches."""
        around, self.nodes = self.nodes, []
        start, end, fork = self.node("startEvent"), self.node("endEvent"), self.name()
        stop, (first, last) = self.node("endEvent", definition), self.sequence(inner)
        ask, split = self.node("userTask"), self.name()
        self.nodes.append(f'<bpmn:parallelGateway id="{fork}"/>')
        self.nodes.append(f'<bpmn:exclusiveGateway id="{split}" default="{split}_{end}"/>')
        self.nodes += [line(start, fork, first), line(last, end), line(fork, ask, split, end)]
        self.nodes.append(flow(split, stop, "${again}"))
        content, self.nodes = written(self.nodes), around
        return self.node(kind, content)

    def complex(self, inner: list[Block]) -> tuple[str, str]:
        """Two tokens are enough for the join; the late ones are swallowed."""
        fork = self.node("parallelGateway")
        asked = "<bpmn:activationCondition>= activationCount >= 2</bpmn:activationCondition>"
        join = self.node("complexGateway", asked)
        for block in [*inner, "userTask", "task"]:
            first, last = self.draw(block)
            self.nodes.append(line(fork, first) + line(last, join))
        return fork, join

    def many(self, inner: list[Block]) -> tuple[str, str]:
        return (name := self._around("subProcess", inner, MANY.format("false", ""))), name

    def one_by_one(self, inner: list[Block]) -> tuple[str, str]:
        return (name := self._around("subProcess", inner, MANY.format("true", ENOUGH))), name

    def looped(self, inner: list[Block]) -> tuple[str, str]:
        loop = (
            '<bpmn:standardLoopCharacteristics loopMaximum="2"><bpmn:loopCondition>= again'
            "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
        )
        return (name := self._around("subProcess", inner, loop)), name

    def adhoc(self, inner: list[Block]) -> tuple[str, str]:
        """Two activities to begin with, one of them with another behind it."""
        around, self.nodes = self.nodes, []
        ordering = "Sequential" if self.count % 2 else "Parallel"
        tasks = [self.node("userTask"), self.node("userTask"), self.node("task")]
        if inner[0] != "ends":
            tasks.append(self._around("subProcess", inner))
        for one, other in pairwise(tasks[1:]):
            self.nodes.append(line(one, other))
        content, self.nodes = written(self.nodes), around
        name = self.node("adHocSubProcess", content, f'ordering="{ordering}"')
        return name, name


def model_of(block: Block, event: int) -> bytes:
    """A process with the block between start and end, and an event subprocess beside it."""
    pen = Constructs()
    first, last = pen.draw(block)
    pen.event_subprocess(LISTENED[event // 2 % len(LISTENED)], stops=event % 2 == 0)
    ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + line("s", first) + line(last, "e")
    return file(ends + written(pen.nodes), ROOTS)
