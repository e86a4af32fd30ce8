"""What an operator does to a case on a `Bench`: suspend, modify, migrate; as in the engine.

Invariant: a suspended case moves no token; what others have sent it comes when it is resumed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from bpmn.graph import Graph
from engine.errors import InstanceSuspended, NotFound, PlanRefused
from engine.machine import adhoc, migration_plans, triggers
from engine.machine.state import State
from engine.machine.triggers import Move

if TYPE_CHECKING:
    from engine.testing import Bench


class Operated(ABC):
    """The operations of a case."""

    id: str
    graph: Graph
    _bench: Bench

    def __init__(self) -> None:
        self.suspended = False
        self._inbox: list[tuple[int, triggers.AnyTrigger]] = []

    @property
    @abstractmethod
    def state(self) -> State: ...

    @abstractmethod
    def waits_for(self, local: int) -> bool: ...

    @abstractmethod
    def trigger(self, trigger: triggers.AnyTrigger) -> None: ...

    def select(self, node: str) -> None:
        """Let an activity of an open ad-hoc subprocess be executed (once more)."""
        token = adhoc.host_of(self.graph, self.state, node)
        self.trigger(triggers.Selected(token=token, node=node))

    def modify(self, *instructions: triggers.Instruction) -> None:
        """Put and withdraw tokens from outside: StartBefore, StartAfter, StartTransition,
        CancelActivity of `engine.machine.triggers`."""
        self.trigger(triggers.Modify(instructions=instructions))

    def migrate(
        self, *moves: Move | tuple[str, str], to: Graph | None = None, update: bool = False
    ) -> None:
        """Go on in the newest version of the process, or in `to`.

        Without moves the plan is the generated one; `update` makes its events' triggers anew.
        Raises PlanRefused, MigrationRefused.
        """
        target = to or self._bench.find(self.graph.process_id)
        if target is None:
            raise NotFound("process", self.graph.process_id)
        plan = [
            each if isinstance(each, Move) else Move(source=each[0], target=each[1], update=update)
            for each in moves
        ] or migration_plans.generate(self.graph, target, update_triggers=update)
        report = migration_plans.validate(plan, self.graph, target)
        if any(failures for _, failures in report):
            raise PlanRefused(report)
        source, self.graph = self.graph, target
        try:
            self.trigger(triggers.Migrate(source=source, moves=tuple(plan)))
        except Exception:
            self.graph = source
            raise

    def suspend(self) -> None:
        """Let no token move until the case is resumed."""
        self.suspended = True

    def resume(self) -> None:
        self.suspended = False
        waiting, self._inbox = self._inbox, []
        for local, trigger in waiting:
            self.receive(local, trigger)

    def receive(self, local: int, trigger: triggers.AnyTrigger) -> None:
        """What another case has sent to a wait of this one; dropped if it waits no longer."""
        if self.suspended:
            self._inbox.append((local, trigger))
        elif self.waits_for(local):
            self.trigger(trigger)

    def refuse_suspended(self, trigger: triggers.AnyTrigger) -> None:
        """It may be corrected, migrated and ended."""
        allowed = triggers.Cancel | triggers.VariablesSet | triggers.Migrate
        if self.suspended and not isinstance(trigger, allowed):
            raise InstanceSuspended(self.id)
