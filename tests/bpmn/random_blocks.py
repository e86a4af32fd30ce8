"""Random models that keep every rule: blocks in blocks, each with one way in and one way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from tests.bpmn.drawing import file, flow, line

LEAVES = ("task", "userTask", "scriptTask", "throw", "timer", "receive", "call", "guarded")
BLOCKS = ("sequence", "exclusive", "inclusive", "parallel", "loop", "subprocess", "event")
HOUR = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)

Block = str | tuple[str, list["Block"]]

blocks: st.SearchStrategy[Block] = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.tuples(st.sampled_from(BLOCKS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=10,
)


@dataclass(slots=True)
class Pen:
    """Writes nodes and flows; each block gives its first and its last node."""

    nodes: list[str] = field(default_factory=list)
    count: int = 0

    def name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def node(self, kind: str, content: str = "", attributes: str = "") -> str:
        name = self.name()
        self.nodes.append(f'<bpmn:{kind} id="{name}" {attributes}>{content}</bpmn:{kind}>')
        return name

    def draw(self, block: Block) -> tuple[str, str]:
        if isinstance(block, str):
            return self.leaf(block)
        kind, inner = block
        return getattr(self, kind)(inner)  # type: ignore[no-any-return]

    def leaf(self, kind: str) -> tuple[str, str]:
        if kind == "throw":
            name = self.node("intermediateThrowEvent")
        elif kind == "timer":
            name = self.node("intermediateCatchEvent", HOUR)
        elif kind == "receive":
            name = self.node("receiveTask", attributes='messageRef="m"')
        elif kind == "call":
            name = self.node("callActivity", attributes='calledElement="other"')
        elif kind == "scriptTask":
            name = self.node(kind, "<bpmn:script>y = 1</bpmn:script>", 'scriptFormat="feel"')
        elif kind == "guarded":
            name = self.node("userTask")
            event = self.node("boundaryEvent", HOUR, f'attachedToRef="{name}"')
            join = self.node("exclusiveGateway")
            self.nodes.append(line(name, join) + line(event, join))
            return name, join
        else:
            name = self.node(kind)
        return name, name

    def sequence(self, inner: list[Block]) -> tuple[str, str]:
        drawn = [self.draw(block) for block in inner]
        for (_, last), (first, _) in pairwise(drawn):
            self.nodes.append(line(last, first))
        return drawn[0][0], drawn[-1][1]

    def _split(self, kind: str, inner: list[Block], asks: bool) -> tuple[str, str]:
        split, join = self.name(), self.node(f"{kind}Gateway")
        drawn = [self.draw(block) for block in [*inner, "task"]]
        default = f'default="{split}_{drawn[-1][0]}"' if asks else ""
        self.nodes.append(f'<bpmn:{kind}Gateway id="{split}" {default}/>')
        for first, last in drawn:
            asked = "${x}" if asks and first != drawn[-1][0] else None
            self.nodes += [flow(split, first, asked), line(last, join)]
        return split, join

    def exclusive(self, inner: list[Block]) -> tuple[str, str]:
        return self._split("exclusive", inner, asks=True)

    def inclusive(self, inner: list[Block]) -> tuple[str, str]:
        return self._split("inclusive", inner, asks=True)

    def parallel(self, inner: list[Block]) -> tuple[str, str]:
        return self._split("parallel", inner, asks=False)

    def loop(self, inner: list[Block]) -> tuple[str, str]:
        join, last = self.node("exclusiveGateway"), self.node("task")
        first, end = self.sequence(["userTask", *inner])
        split = self.name()
        self.nodes.append(f'<bpmn:exclusiveGateway id="{split}" default="{split}_{last}"/>')
        self.nodes += [line(join, first), line(end, split, last), flow(split, join, "${again}")]
        return join, last

    def subprocess(self, inner: list[Block]) -> tuple[str, str]:
        around, self.nodes = self.nodes, []
        start, end = self.node("startEvent"), self.node("endEvent")
        first, last = self.sequence(inner)
        self.nodes += [line(start, first), line(last, end)]
        content, self.nodes = written(self.nodes), around
        name = self.node("subProcess", content)
        return name, name

    def event(self, inner: list[Block]) -> tuple[str, str]:
        gateway, join = self.node("eventBasedGateway"), self.node("exclusiveGateway")
        for block in [*inner, "task"]:
            event, (first, last) = self.node("intermediateCatchEvent", HOUR), self.draw(block)
            self.nodes.append(line(gateway, event, first) + line(last, join))
        return gateway, join


def written(nodes: list[str]) -> str:
    """The content of a scope: associations stand behind all else."""
    return "".join(sorted(nodes, key=lambda text: text.startswith("<bpmn:association")))


def valid_model(block: Block) -> bytes:
    """A process with the block between its start and its end."""
    pen = Pen()
    first, last = pen.draw(block)
    ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + line("s", first) + line(last, "e")
    return file(ends + "".join(pen.nodes), '<bpmn:message id="m" name="m"/>')
