"""The Bench: models, decisions and handlers on the real machine, in memory, for tests.

Its clock stands until `advance` moves it, its ids count from 1, and after every step each case's
state is written, read back and compared. Jobs run when `run_jobs` is called, continuations of
asyncBefore and asyncAfter with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bpmn.compiler import compile_model
from bpmn.dmn import Invocable, compile_files
from bpmn.errors import ExpressionFailed
from bpmn.forms import FormSpec, parse_form
from bpmn.graph import Call, Decision, Graph
from bpmn.values import Value, Variables
from engine.decisions import decided
from engine.errors import CorrelationMismatch, NotFound
from engine.handlers import BpmnError, Done, Escalation, Handlers, JobContext, Registration, Retry
from engine.machine import facts, triggers
from engine.machine.run import Decided
from engine.machine.time import Due, first_due, next_due
from engine.starts import condition_starts, timer_starts
from engine.testing_case import Case
from engine.testing_traffic import TIME_TO_LIVE, Message, Traffic
from storage.database import Database

BEGINNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""Where a Bench's clock stands at first: a Monday, 9 o'clock in Berlin."""


_DECISIONS = re.compile(rb"""xmlns(:\w+)?\s*=\s*["'][^"']*/DMN/\d+/(MODEL|dmn\.xsd)""")
"""A decision model by its content: DMN's own namespace, not a mention of DMN in a BPMN file."""


class _Topics(Protocol):
    """A process package's handlers."""

    def topics(self) -> frozenset[str]: ...
    def get(self, topic: str) -> Registration | None: ...


class Objects:
    """Documents in memory, read by handlers as `job.objects.read(id)`."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        name = f"object-{len(self._contents) + 1}"
        self._contents[name] = data
        return name

    def read(self, *place: object) -> bytes:
        """The bytes of an id; a transaction before it is accepted, as `storage.blobs` wants."""
        name = str(place[-1])
        if name not in self._contents:
            raise NotFound("object", name)
        return self._contents[name]


@dataclass(slots=True)
class _TimerStart:
    graph: Graph
    node: str
    due: Due


class Bench:
    """A whole engine for one test. `database` is only needed by handlers that read or file."""

    def __init__(self, *, now: datetime = BEGINNING, database: Database | None = None) -> None:
        self.now = now
        self.database = database
        self.cases: list[Case] = []
        self.objects = Objects()
        self.handlers = Handlers()
        self.forms: dict[str, FormSpec] = {}
        self._graphs: dict[str, Graph] = {}
        self._versions: dict[str, list[tuple[int, Graph]]] = {}
        """Every version of each process, with the number of its deployment."""
        self._deployments = 0
        self._decisions: dict[str, Invocable] = {}
        self._timer_starts: list[_TimerStart] = []
        self.traffic = Traffic(self)

    # --- before a test ---

    @property
    def processes(self) -> tuple[str, ...]:
        """The ids of the processes that are deployed."""
        return tuple(sorted(self._graphs))

    @property
    def beginnings(self) -> tuple[str, ...]:
        """The processes that begin without a trigger and that no other one calls by its id."""
        called = {
            node.action.reference.text
            for graph in self.graphs
            for node in graph.nodes.values()
            if isinstance(node.action, Call)
        }
        return tuple(
            each
            for each in self.processes
            if each not in called and self._graphs[each].scopes[each].starts
        )

    @property
    def graphs(self) -> list[Graph]:
        """The newest graph of each process that is deployed."""
        return list(self._graphs.values())

    def deploy(self, *sources: str | Path | bytes | Graph) -> None:
        """Deploy models, decisions and forms, by path or content; decision models may import
        others that are deployed in the same call. Raises `ModelRefused`."""
        decisions: list[tuple[str, bytes]] = []
        self._deployments += 1
        for source in sources:
            if isinstance(source, Graph):
                self._add(source)
                continue
            name = "model" if isinstance(source, bytes) else str(source)
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
            if name.endswith(".form") or data.lstrip()[:1] in (b"{", b"["):
                form = parse_form(data, name)
                self.forms[form.id] = form
                continue
            if name.endswith(".dmn") or _DECISIONS.search(data, 0, 4000):
                decisions.append((name, data))
                continue
            compiled = compile_model(data, name)
            for graph in compiled.graphs:
                self._add(graph)
            self.forms |= {form.key: parse_form(form.content) for form in compiled.forms}
        for made in compile_files(decisions):
            self._decisions.update(made)

    def _add(self, graph: Graph) -> None:
        self._graphs[graph.process_id] = graph
        self._versions.setdefault(graph.process_id, []).append((self._deployments, graph))
        others = [each for each in self._timer_starts if each.graph.process_id != graph.process_id]
        self._timer_starts = others
        for node, event in timer_starts(graph):
            due = first_due(event.kind, event.expression.evaluate({}, self.now), self.now)
            self._timer_starts.append(_TimerStart(graph, node, due))

    def handle(self, topic: str, function: Callable[[JobContext], Any]) -> None:
        """Let a function do the work of a topic, instead of any that did it before."""
        others, self.handlers = self.handlers, Handlers()
        for each in sorted(others.topics() - {topic}):
            found = others.get(each)
            assert found is not None
            self.handlers.add(each, found.run, found.retry, found.lease)
        self.handlers.add(topic, function)

    def use(self, handlers: _Topics | Mapping[str, Callable[[JobContext], Any]]) -> None:
        """Take a process package's handlers, or a mapping from topic to function."""
        if isinstance(handlers, Mapping):
            for topic, function in handlers.items():
                self.handle(topic, function)
            return
        for topic in sorted(handlers.topics()):
            found = handlers.get(topic)
            assert found is not None
            self.handlers.add(topic, found.run, found.retry, found.lease)

    def store(self, data: bytes) -> str:
        """Keep bytes in memory; handlers read them as `job.objects.read(id)`."""
        return self.objects.add(data)

    # --- what happens outside ---

    def start(
        self,
        process: str,
        /,
        *,
        at: str | None = None,
        business_key: str | None = None,
        initiator: str | None = None,
        **variables: Value,
    ) -> Case:
        """Start a process at its none start event, or `at` another."""
        return self._start(process, variables, at, business_key, initiator)

    def start_with(self, process: str, variables: Variables) -> Case:
        """`start` with variables of any name."""
        return self._start(process, variables)

    def _start(
        self,
        process: str,
        variables: Variables,
        at: str | None = None,
        business_key: str | None = None,
        initiator: str | None = None,
    ) -> Case:
        """A process that begins on a condition only is begun there, if that is true."""
        graph = self.find(process)
        if graph is None:
            raise NotFound("process", process)
        if at is None and not graph.scopes[graph.process_id].starts:
            for node, event in condition_starts(graph):
                if event.condition.evaluate(variables, self.now) is True:
                    at = node
        return self.begin(graph, variables, at=at, business_key=business_key, initiator=initiator)

    def find(self, process: str) -> Graph | None:
        """The newest deployed process of this id."""
        return self._graphs.get(process)

    def definition_id(self, graph: Graph) -> str:
        """As in Camunda 7: the process, its version, and a number that is unique."""
        versions = self._versions[graph.process_id]
        version, deployment = next(
            (version, number) for version, (number, each) in enumerate(versions, 1) if each is graph
        )
        return f"{graph.process_id}:{version}:{deployment}"

    def bound(self, called: facts.Called, by: Graph) -> Graph | None:
        """The version that a call is bound to, as in the engine."""
        versions = self._versions.get(called.process, [])
        if called.binding == "version":
            number = int(called.version) if str(called.version).isdecimal() else 0  # type: ignore[arg-type]
            return versions[number - 1][1] if 0 < number <= len(versions) else None
        if called.binding == "versionTag":
            tagged = [each for _, each in versions if each.version_tag == called.version]
            return tagged[-1] if tagged else None
        if called.binding == "deployment":
            of = self._versions.get(by.process_id, [])
            deployment = next((number for number, each in of if each is by), 0)
            return next((each for number, each in versions if number == deployment), None)
        return self.find(called.process)

    def begin(
        self,
        graph: Graph,
        variables: Variables,
        *,
        at: str | None = None,
        business_key: str | None = None,
        initiator: str | None = None,
        caller: tuple[Case, int] | None = None,
    ) -> Case:
        """Begin a case of the graph, by itself or for a call of another case."""
        case = Case(self, graph, f"{len(self.cases) + 1:032x}", caller)
        self.cases.append(case)
        if caller is not None:
            caller[0].children.append(case)
        case.trigger(
            triggers.Start(
                variables=variables,
                node=at,
                business_key=business_key,
                initiator=initiator,
                called=caller is not None,
            )
        )
        return case

    def message(self, name: str, /, *, key: Value = None, **variables: Value) -> Case | None:
        """Send a message: to the one case that waits for it, there to who has waited longest, else
        to a message start event.

        Kept for an hour if nobody takes it (then None); several cases are a mismatch.
        """
        found = {case.id for case, _ in self.traffic.receivers(name, key)}
        if len(found) > 1:
            raise CorrelationMismatch(name, len(found))
        message = Message(name, key, variables, self.now + TIME_TO_LIVE)
        return self.traffic.deliver(message)

    def signal(self, name: str, /, **variables: Value) -> None:
        """Send a signal: to all who listen now, and to signal start events."""
        self.traffic.broadcast(name, variables)

    def conditions(self, **variables: Value) -> list[Case]:
        """Ask all conditional start events, as when this has become true in the world."""
        return [
            self.begin(graph, variables, at=node)
            for graph in self.graphs
            for node, event in condition_starts(graph)
            if event.condition.evaluate(variables, self.now) is True
        ]

    def advance(self, by: timedelta | datetime) -> None:
        """Move the clock by a while or to an instant; each timer fires at its own time."""
        target = by if isinstance(by, datetime) else self.now + by
        while (following := self._next_timer()) is not None and following[0] <= target:
            due, fire = following
            self.now = max(self.now, due)
            fire()
        self.now = max(self.now, target)

    def run_jobs(self) -> None:
        """Run the jobs of all cases, and those that follow, until none is due."""
        ran = True
        while ran:
            ran = False
            for case in list(self.cases):
                ran = case.run_jobs() or ran

    def run_continuations(self) -> None:
        """Go on behind asyncBefore and asyncAfter; jobs of handlers and workers stay."""
        while any([case.run_continuations() for case in list(self.cases)]):  # noqa: C419 all of them
            pass

    # --- inside ---

    def decide(self, decision: Decision, variables: Mapping[str, Value], now: datetime) -> Decided:
        """Evaluate a deployed decision for the machine."""
        found = self._decisions.get(decision.reference)
        if found is None:
            raise ExpressionFailed(f"decision {decision.reference!r} is not deployed")
        return decided(found.evaluate(variables, now), 1)

    def _next_timer(self) -> tuple[datetime, Callable[[], None]] | None:
        """The earliest timer: by due time, then case, then order of arming."""
        found: list[tuple[datetime, int, int, Callable[[], None]]] = []
        for i, start in enumerate(self._timer_starts):
            found.append((start.due.at, -1, i, lambda start=start: self._fire(start)))  # type: ignore[misc]
        for i, case in enumerate(self.cases):
            for local, armed in () if case.suspended else case.armed.items():
                found.append((armed.due, i, local, lambda c=case, t=local: c.fire(t)))  # type: ignore[misc]
        if not found:
            return None
        due, _, _, fire = min(found, key=lambda each: each[:3])
        return due, fire

    def _fire(self, start: _TimerStart) -> None:
        following = next_due(start.due.cycle) if start.due.cycle else None
        if following is None:
            self._timer_starts.remove(start)
        else:
            start.due = following
        self.begin(start.graph, {}, at=start.node)


__all__ = ["Bench", "BpmnError", "Case", "Done", "Escalation", "Objects", "Retry"]
