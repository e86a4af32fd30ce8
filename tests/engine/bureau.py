"""An engine with a clock that stands until it is moved, and short ways to drive it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from engine import clock, commands, queries, work
from engine.commands import Command
from engine.engine import Engine
from engine.handlers import Handlers, Participants
from engine.results import Started
from engine.views import Task
from identity.principal import Principal, system_principal
from storage.database import Database

R = TypeVar("R")
SYSTEM = system_principal("default")


def person(name: str, *groups: str, roles: tuple[str, ...] = ("clerk",)) -> Principal:
    return Principal(
        id=f"u_{name}",
        tenant="default",
        name=name,
        kind="person",
        groups=frozenset(groups),
        roles=frozenset(roles),
    )


ANNA = person("anna", "clerks")
BEN = person("ben", "clerks")
CARL = person("carl", "others")
LEA = person("lea", "clerks", roles=("lead",))
OPERATOR = person("olga", roles=("operator",))


@dataclass
class Bureau:
    """An engine with a clock that stands until it is moved, and short ways to drive it."""

    database: Database
    handlers: Handlers = field(default_factory=Handlers)
    participants: Participants = field(default_factory=Participants)
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.engine = Engine(
            self.database, self.handlers, self.participants, clock=lambda: self.now
        )

    def run(self, command: Command[R], principal: Principal = SYSTEM) -> R:
        return self.engine.execute(command, principal)

    def deploy(self, *sources: bytes, name: str = "test") -> None:
        files = [(f"{name}{n}.bpmn", source) for n, source in enumerate(sources)]
        self.run(commands.Deploy(name, files))

    def start(self, key: str, principal: Principal = SYSTEM, **variables: object) -> Started:
        return self.run(commands.StartInstance(key, variables=variables), principal)  # type: ignore[arg-type]

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        clock.sweep(self.engine)

    def run_jobs(self) -> int:
        count = 0
        while rows := work.claim(self.engine, "default", "test", 10):
            for row in rows:
                work.run(self.engine, "default", row)
                count += 1
        return count

    def tasks(self, principal: Principal = SYSTEM, **query: object) -> list[Task]:
        with self.database.reading() as tx:
            return queries.tasks(tx, principal, queries.TaskQuery(**query))  # type: ignore[arg-type]

    def task(self, node: str) -> Task:
        (found,) = self.tasks(node=node)
        return found

    def ended(self, instance_id: str) -> str | None:
        with self.database.reading() as tx:
            return queries.instance(tx, SYSTEM, instance_id).how

    def values(self, instance_id: str) -> dict[str, object]:
        with self.database.reading() as tx:
            found = queries.variables(tx, SYSTEM, instance_id)
        return {name: each.value for name, each in found.items()}

    def again(self) -> Bureau:
        """The same database after a restart: nothing is remembered in the process."""
        return Bureau(self.database, self.handlers, self.participants, self.now)
