"""How one command runs.

    lock the instance's row → load its state → advance the machine → turn facts into rows
    → append one ledger entry → commit

A handler of the table below does the first three through its `Unit`; the unit does the rest in
one batch. Invariant: a command happens entirely or not at all, and a conflict with another one
is retried here, from the beginning, before anybody sees it.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import uniform
from threading import local
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

from bpmn.errors import ModelError
from bpmn.graph import Graph
from engine import (
    batches,
    commands,
    consequences,
    decisions,
    deployments,
    external,
    inbound,
    incidents,
    jobs,
    messages,
    migrations,
    operations,
    runs,
    signals,
    starts,
    suspension,
    tasks,
    timers,
    withdrawal,
)
from engine.access import VariableAccess, guard_variables
from engine.commands import Command
from engine.deployments import parse_form
from engine.errors import EngineError, Misused, Overtaken
from engine.handlers import Backoff, Handlers, Participants
from engine.instance import Instance
from engine.machine.errors import MachineError
from engine.machine.facts import Fact
from engine.machine.run import Decide
from engine.models import Models
from engine.unit import Unit
from identity.principal import Principal, system_principal
from storage.database import Database, Row, Transaction
from storage.errors import Conflict, ConstraintViolated, StorageError

if TYPE_CHECKING:
    from bpmn.forms import FormSpec

R = TypeVar("R")
log = logging.getLogger(__name__)


def _together(unit: Unit, command: commands.Together) -> list[Any]:
    return [HANDLED[type(each)](unit, each) for each in command.commands]


HANDLED: Mapping[type[Command[Any]], Callable[[Unit, Any], Any]] = {
    commands.Deploy: deployments.deploy,
    commands.DeleteDeployment: withdrawal.withdraw,
    commands.EvaluateDecision: decisions.evaluate,
    commands.StartInstance: runs.start,
    commands.SetVariables: runs.set_variables,
    commands.CancelInstance: runs.cancel,
    commands.SuspendInstance: operations.suspend,
    commands.ModifyInstance: operations.modify,
    commands.SelectActivity: operations.select,
    commands.MigrateInstance: migrations.migrate,
    commands.RestartInstance: migrations.restart,
    commands.SuspendDefinition: suspension.suspend_definition,
    commands.HoldNode: suspension.hold_node,
    commands.SuspendJob: operations.suspend_job,
    commands.StartBatch: batches.start,
    commands.SuspendBatch: batches.suspend,
    commands.RetryBatch: batches.retry,
    commands.DeleteBatch: batches.remove,
    commands.RetryIncident: incidents.retry,
    commands.ClaimTask: tasks.claim,
    commands.UnclaimTask: tasks.unclaim,
    commands.AssignTask: tasks.assign,
    commands.CompleteTask: tasks.complete,
    commands.ThrowTaskError: tasks.throw,
    commands.EscalateTask: tasks.escalate,
    commands.UpdateTask: tasks.update_task,
    commands.LockExternalTasks: external.lock_external,
    commands.CompleteJob: external.complete,
    commands.FailJob: external.fail,
    commands.ThrowJobError: external.throw,
    commands.LockJob: external.lock,
    commands.ExtendLock: external.extend_lock,
    commands.UnlockJob: external.unlock,
    commands.SetJobRetries: incidents.set_retries,
    commands.RunJob: jobs.run_continuation,
    commands.FireTimer: timers.fire,
    commands.CorrelateMessage: messages.correlate,
    commands.PublishMessage: messages.publish,
    commands.BroadcastSignal: signals.broadcast,
    commands.StartOnConditions: starts.on_conditions,
    commands.Together: _together,
    jobs.SettleJob: jobs.settle,
    jobs.StallContinuation: jobs.stall,
    timers.PostponeTimer: timers.postpone,
    inbound.ReceiveInbox: inbound.receive,
}
"""Every command, and the function that runs it."""

ATTEMPTS = 12
"""Tries of a command that keeps meeting others; the waits between them add up to a second."""

MOST_DELIVERED = 100
"""Inboxes that who has filled one empties himself after his commit."""


class Engine:
    """Runs commands. One per process and database; threads share it."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers | None = None,
        participants: Participants | None = None,
        *,
        objects: Any = None,
        clock: Callable[[], datetime] | None = None,
        variable_access: VariableAccess | None = None,
    ) -> None:
        self.database = database
        self.handlers = handlers or Handlers()
        self.participants = participants or Participants()
        self.objects = objects
        self.models = Models()
        self.clock = clock or _utc_now
        if variable_access is not None:
            guard_variables(database, variable_access)
        self._delivering = local()
        self._listeners: list[Callable[[], None]] = []

    def execute(self, command: Command[R], principal: Principal) -> R:
        """Run a command in a transaction of its own. Raises what its handler raises."""
        unit: Unit | None = None
        supposing = True
        for attempt in range(ATTEMPTS):
            try:
                with self.database.begin(principal.tenant, self.clock()) as tx:
                    unit = Unit(self, tx, principal, supposing=supposing)
                    return _run(unit, command)
            except ConstraintViolated:
                if not supposing or unit is None or not unit.unchecked:
                    raise
                supposing = False  # it was not as supposed: ask before
            except Conflict:
                sleep(uniform(0, 0.005 * 2 ** min(attempt, 5)))  # noqa: S311 spreads retries
        raise Overtaken(f"{type(command).__name__} met other changes {ATTEMPTS} times")

    def execute_in(self, tx: Transaction, command: Command[R], principal: Principal) -> R:
        """Run a command inside the caller's transaction; the caller answers for conflicts.

        Several in one transaction see each other's changes; one within another may not touch the
        other's instances. One that fails leaves nothing to commit, even if its error is
        swallowed: a savepoint around it undoes it alone.
        """
        if tx.tenant != principal.tenant:
            raise Misused("the transaction belongs to another tenant than the principal")
        tx.flush()
        result = _run(Unit(self, tx, principal), command)
        if tx.inside:  # A command within a command: the outer one sees what it did.
            tx.flush()
        return result

    def deliver(self, tenant: str, instance_ids: Iterable[str]) -> None:
        """Let instances take what lies in their inboxes. What fails here the clock repeats.

        Called after the sender's commit, so nothing may be raised: the sender has succeeded. What
        that sets off is delivered after it, not within it; after many the clock does the rest.
        """
        addressed = [(tenant, each) for each in instance_ids]
        if (pending := getattr(self._delivering, "pending", None)) is not None:
            pending.extend(each for each in addressed if each not in pending)
            return
        pending = self._delivering.pending = deque(addressed)
        try:
            for _ in range(MOST_DELIVERED):
                if not pending:
                    return
                self._deliver(*pending.popleft())
        finally:
            self._delivering.pending = None
        self.wake()

    def _deliver(self, tenant: str, instance_id: str) -> None:
        try:
            self.execute(inbound.ReceiveInbox(instance_id), system_principal(tenant))
        except (StorageError, EngineError, MachineError, ModelError) as error:
            log.warning("instance %s takes its inbox later: %s", instance_id, error)

    def wake(self) -> None:
        """Called after a commit that left something due: let this process's loops look."""
        for listener in self._listeners:
            listener()

    def on_wake(self, listener: Callable[[], None]) -> None:
        self._listeners = [*self._listeners, listener]

    def off_wake(self, listener: Callable[[], None]) -> None:
        self._listeners = [each for each in self._listeners if each != listener]

    def retry_of(self, row: Row, failures: int) -> tuple[int, timedelta]:
        """How many attempts a handler's job has, and the wait after so many failures.

        The model's numbers go before the handler's.
        """
        registered = self.handlers.get(row.topic)
        backoff = registered.retry if registered else Backoff()
        limit = backoff.attempts if row.attempts is None else int(row.attempts)
        waits = json.loads(row.waits) if row.waits else None
        if waits:
            return limit, timedelta(seconds=waits[min(failures, len(waits)) - 1])
        return limit, backoff.wait_after(failures)

    def follow(self, unit: Unit, instance: Instance, happened: Sequence[Fact]) -> None:
        """Do what a step of an instance sets off elsewhere."""
        consequences.follow(unit, instance, happened)

    def decider(self, unit: Unit, instance: Instance) -> Decide:
        """Evaluates the decision that a business rule task names, in the version it is bound to."""
        return decisions.decider(unit, instance)

    def form(self, tx: Transaction, form_id: str) -> FormSpec:
        """The form a task was opened with (`Task.form_id`)."""
        return self.models.parsed(tx, self.models.definition(tx, form_id), parse_form)

    def graph(self, tx: Transaction, definition_id: str) -> Graph:
        """The compiled process of a definition."""
        return self.models.graph(tx, self.models.definition(tx, definition_id))


def _run(unit: Unit, command: Command[R]) -> R:
    handler = HANDLED.get(type(command))
    if handler is None:
        raise Misused(f"{type(command).__name__} is no command")
    tx = unit.tx
    tx.inside.append(unit)
    try:
        result: R = handler(unit, command)
        unit.finish()
    except BaseException:
        tx.spoil()
        raise
    finally:
        tx.inside.pop()
    return result


def _utc_now() -> datetime:
    return datetime.now(UTC)
