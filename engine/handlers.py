"""What process packages register: handlers that do a service task's work, and participants.

A handler runs outside any transaction and gets the job's id as idempotency key; what must happen
together with the job's completion it returns as effects. Invariant: an effect runs in the
transaction that completes the job, after the attempt has been found to be still the job's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar, overload

from bpmn.values import Value, Variables
from engine.errors import Misused
from identity.principal import Principal
from storage.database import Database, Transaction

Effect: TypeAlias = Callable[[Transaction], None]
Result: TypeAlias = "Variables | Done | None"
Handler: TypeAlias = Callable[["JobContext"], Result]


class BpmnError(Exception):
    """Raised by a handler: goes to the boundary event (or scope above) that catches the code."""

    def __init__(
        self, code: str, message: str | None = None, variables: Variables | None = None
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables: Variables = variables or {}


class Escalation(Exception):
    """On the Bench: what a task or a called process escalates while it goes on."""

    def __init__(self, code: str, variables: Variables | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.variables: Variables = variables or {}


class Retry(Exception):
    """Raised by a handler: look again after a while; uses up no attempt."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"again after {after}")
        self.after = after


@dataclass(frozen=True, slots=True)
class Done:
    """A result with effects that happen together with the job's completion, or not at all."""

    variables: Variables = field(default_factory=dict)
    effects: Sequence[Effect] = ()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Attempts in all, and the waits between them: first_wait, doubled up to longest_wait."""

    attempts: int = 3
    first_wait: timedelta = timedelta(seconds=10)
    longest_wait: timedelta = timedelta(hours=6)

    def wait_after(self, attempt: int) -> timedelta:
        """The wait after the failed attempt number `attempt` (1 is the first)."""
        return min(self.first_wait * (1 << min(attempt - 1, 30)), self.longest_wait)


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a handler is given. `id` is the same at every attempt: the idempotency key.

    `objects` is the house's `storage.blobs.Blobs`, or what the opener of the engine gave instead.
    """

    id: str
    instance_id: str
    process_id: str
    business_key: str | None
    node: str
    topic: str
    variables: Mapping[str, Value]
    properties: Mapping[str, str]
    attempt: int
    tenant: str
    now: datetime
    database: Database
    objects: Any = None


@dataclass(frozen=True, slots=True)
class Registration:
    topic: str
    run: Handler
    retry: Backoff
    lease: timedelta


class Handlers:
    """The topics that are worked on inside this application."""

    def __init__(self, longest: timedelta | None = None) -> None:
        """`longest` caps every lease, where an operator would rather repeat work than wait."""
        self._by_topic: dict[str, Registration] = {}
        self._longest = longest

    @overload
    def service_task(self, topic: Handler, /) -> Handler: ...
    @overload
    def service_task(
        self,
        topic: str | None = None,
        /,
        *,
        retry: Backoff = ...,
        lease: timedelta = ...,
    ) -> Callable[[Handler], Handler]: ...
    def service_task(
        self,
        topic: str | Handler | None = None,
        /,
        *,
        retry: Backoff = Backoff(),
        lease: timedelta = timedelta(minutes=5),
    ) -> Handler | Callable[[Handler], Handler]:
        """Register the decorated function for a topic, by default its own name.

        After `lease` without a result another worker may take the job.
        """
        if callable(topic):
            return self.add(topic.__name__, topic, retry, lease)

        def decorate(function: Handler) -> Handler:
            return self.add(topic or function.__name__, function, retry, lease)

        return decorate

    def add(
        self,
        topic: str,
        function: Handler,
        retry: Backoff = Backoff(),
        lease: timedelta = timedelta(minutes=5),
    ) -> Handler:
        if topic in self._by_topic:
            raise Misused(f"topic {topic!r} has a handler already")
        self._by_topic[topic] = Registration(topic, function, retry, lease)
        return function

    def get(self, topic: str) -> Registration | None:
        return self._by_topic.get(topic)

    def topics(self) -> frozenset[str]:
        return frozenset(self._by_topic)

    def longest_lease(self) -> timedelta:
        """A claim takes jobs of several topics, so it holds them as long as any may need."""
        leases = (each.lease for each in self._by_topic.values())
        longest = max(leases, default=timedelta(minutes=5))
        return longest if self._longest is None else min(longest, self._longest)

    def include(self, other: Handlers) -> None:
        """Add all of another registry, e.g. a process package's."""
        for each in other._by_topic.values():
            self.add(each.topic, each.run, each.retry, each.lease)


@dataclass(frozen=True, slots=True)
class TaskCompletion:
    """What a participant is told of a task that is being completed. `form` is the form's id."""

    task_id: str
    node: str
    name: str
    instance_id: str
    process_id: str
    definition_id: str
    business_key: str | None
    variables: Variables
    form: str | None
    performer: Principal
    at: datetime
    case: Mapping[str, Value] = field(default_factory=dict)
    """The process's variables before this completion."""


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """What a participant is told when an instance starts or ends. `how` as in `facts.Ended`."""

    instance_id: str
    process_id: str
    definition_id: str
    business_key: str | None
    how: str | None
    by: Principal
    at: datetime


OnTask: TypeAlias = Callable[[Transaction, TaskCompletion], None]
OnInstance: TypeAlias = Callable[[Transaction, InstanceChange], None]
F = TypeVar("F")


class Participants:
    """Who else takes part in the engine's transaction. What a participant raises refuses it all."""

    def __init__(self) -> None:
        self._tasks: dict[str, list[OnTask]] = {}
        self._starts: dict[str, list[OnInstance]] = {}
        self._ends: dict[str, list[OnInstance]] = {}

    def on_task_completed(self, process_id: str) -> Callable[[OnTask], OnTask]:
        return _register(self._tasks, process_id)

    def on_instance_started(self, process_id: str) -> Callable[[OnInstance], OnInstance]:
        return _register(self._starts, process_id)

    def on_instance_ended(self, process_id: str) -> Callable[[OnInstance], OnInstance]:
        return _register(self._ends, process_id)

    def include(self, other: Participants) -> None:
        """Add all of another registry, e.g. a process package's."""
        _merge(self._tasks, other._tasks)
        _merge(self._starts, other._starts)
        _merge(self._ends, other._ends)

    def task_completed(self, tx: Transaction, completion: TaskCompletion) -> None:
        for take_part in self._tasks.get(completion.process_id, ()):
            take_part(tx, completion)

    def instance_started(self, tx: Transaction, change: InstanceChange) -> None:
        for take_part in self._starts.get(change.process_id, ()):
            take_part(tx, change)

    def instance_ended(self, tx: Transaction, change: InstanceChange) -> None:
        for take_part in self._ends.get(change.process_id, ()):
            take_part(tx, change)


def _merge(mine: dict[str, list[F]], others: dict[str, list[F]]) -> None:
    for process_id, functions in others.items():
        mine.setdefault(process_id, []).extend(functions)


def _register(registry: dict[str, list[Any]], process_id: str) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        registry.setdefault(process_id, []).append(function)
        return function

    return decorate
