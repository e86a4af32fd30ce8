"""What an operator does to a running instance: suspend and resume it, and move its tokens.

Invariant: each leaves one ledger entry with who did it and why. A suspended instance moves no
token: its jobs and timers are skipped by their rows, what comes into its inbox stays there, and
tasks refuse. It can be ended, and modified once it is resumed.
"""

from __future__ import annotations

from sqlalchemy import bindparam, exists, update

from engine import queries
from engine.acts import JobResumed, JobSuspended, Modified, Resumed, Suspended
from engine.commands import ModifyInstance, SelectActivity, SuspendInstance, SuspendJob
from engine.errors import InstanceSuspended, NotFound
from engine.ids import split_id
from engine.instance import Instance
from engine.instance_rows import lock_statement
from engine.limits import check_values
from engine.machine import adhoc
from engine.machine.errors import InstanceEnded
from engine.machine.triggers import Modify, Selected, StartAfter, StartBefore, StartTransition
from engine.tables import held_node, job, timer
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import permits, require

_SUSPEND = (
    update(instances)
    .where(instances.c.tenant == bindparam("of_tenant"), instances.c.id == bindparam("of_id"))
    .values(suspended=bindparam("suspended"))
)
_HOLD = {
    table: update(table)
    .where(
        table.c.tenant == bindparam("of_tenant"), table.c.instance_id == bindparam("of_instance")
    )
    .values(suspended=True)
    for table in (job, timer)
}
_RELEASE = {
    table: update(table)
    .where(
        table.c.tenant == bindparam("of_tenant"),
        table.c.instance_id == bindparam("of_instance"),
        ~exists().where(
            held_node.c.tenant == table.c.tenant,
            held_node.c.definition_id == table.c.definition_id,
            held_node.c.node == table.c.node,
        ),
    )
    .values(suspended=False)
    for table in (job, timer)
}


def suspend(unit: Unit, command: SuspendInstance) -> None:
    """Suspend the instance or resume it. What is so already changes nothing."""
    require(unit.principal, "instance.operate")
    instance = running(unit, command.instance_id)
    if instance.suspended == command.suspended:
        return
    instance.suspended = command.suspended
    if command.suspended:
        hold(unit, instance.id)
    else:
        for statement in _RELEASE.values():
            unit.add(statement, {"of_tenant": unit.tx.tenant, "of_instance": instance.id})
    row = {"of_tenant": unit.tx.tenant, "of_id": instance.id, "suspended": command.suspended}
    unit.add(_SUSPEND, row)
    if command.suspended:
        unit.note(instance, "instance.suspended", Suspended(command.reason))
        return
    unit.note(instance, "instance.resumed", Resumed(command.reason))
    unit.deliver(instance.id)
    unit.projection.wakes = True


def modify(unit: Unit, command: ModifyInstance) -> None:
    """Put and withdraw tokens; raises ModificationRefused before anything has changed."""
    require(unit.principal, "instance.operate")
    instance = running(unit, command.instance_id)
    for instruction in command.instructions:
        if isinstance(instruction, StartBefore | StartAfter | StartTransition):
            check_values(instruction.variables)
    unit.note(instance, "instance.modified", Modified(command.reason))
    unit.advance(instance, Modify(instructions=tuple(command.instructions)), "instance.modified")


def select(unit: Unit, command: SelectActivity) -> None:
    """Whoever works on the instance may say what is done next in it."""
    if not permits(unit.principal, "instance.operate"):
        require(unit.principal, "task.work")
        queries.instance(unit.tx, unit.principal, command.instance_id)
    instance = running(unit, command.instance_id)
    token = command.token
    if token is None:
        token = adhoc.host_of(instance.graph, instance.state, command.node)
    unit.advance(instance, Selected(token=token, node=command.node), "activity.selected")


def running(unit: Unit, instance_id: str) -> Instance:
    instance = unit.lock(instance_id)
    if instance.state.ended is not None:
        raise InstanceEnded(f"instance {instance_id} has ended")
    return instance


def hold(unit: Unit, instance_id: str) -> None:
    """Let the instance's jobs and timers wait."""
    for statement in _HOLD.values():
        unit.add(statement, {"of_tenant": unit.tx.tenant, "of_instance": instance_id})


_ONE = {
    table: (
        lock_statement(table),
        update(table)
        .where(table.c.tenant == bindparam("of_tenant"), table.c.id == bindparam("of_id"))
        .values(suspended=bindparam("suspended")),
    )
    for table in (job, timer)
}


def suspend_job(unit: Unit, command: SuspendJob) -> None:
    """One job or timer waits, or goes on; of a suspended instance it goes on with that."""
    require(unit.principal, "job.operate")
    for lock, turn in _ONE.values():
        row = unit.lock_row(lock, command.job_id)
        if row is None:
            continue
        instance, parts = unit.adopt(row), split_id(row.id)
        if row.suspended == command.suspended or parts is None:
            return
        if instance.suspended:
            raise InstanceSuspended(instance.id)
        key = {"of_tenant": unit.tx.tenant, "of_id": row.id, "suspended": command.suspended}
        unit.add(turn, key)
        act = JobSuspended if command.suspended else JobResumed
        word = "job.suspended" if command.suspended else "job.resumed"
        unit.note(instance, word, act(parts[1]))
        unit.projection.wakes = True
        return
    raise NotFound("job", command.job_id)
