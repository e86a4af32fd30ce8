"""How facts become rows: what is open, for people and clocks to ask. A table of facts.

Invariant: rows say nothing that the ledger does not; they could be made again from it. Within a
command inserts go first, so that what opens and closes in one step ends as closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Table, bindparam, delete, exists, insert, select, update

from bpmn.values import Value, encode
from engine.decisions import RECORD_EVALUATION, evaluation_row
from engine.ids import local_id
from engine.machine import facts
from engine.machine.facts import Fact
from engine.tables import held_node, incident, job, subscription, task_candidate, timer, user_task
from storage.database import Batch

if TYPE_CHECKING:
    from engine.instance import Instance
    from engine.unit import Unit


def _insert(table: Table, *without: str, **computed: Any) -> Any:
    stated: dict[str, Any] = {c.name: bindparam(c.name) for c in table.c if c.name not in without}
    return insert(table).values({**stated, **computed})


def _delete(table: Table, key: str = "id") -> Any:
    return delete(table).where(
        table.c.tenant == bindparam("of_tenant"), table.c[key] == bindparam("of_id")
    )


OPEN_TASK = _insert(user_task, "claimed_at", "closed_at", "closed_by", "how")
OPEN_CANDIDATE = _insert(task_candidate)
CLOSE_TASK = (
    update(user_task)
    .where(user_task.c.tenant == bindparam("of_tenant"), user_task.c.id == bindparam("of_id"))
    .values(
        closed_at=bindparam("closed_at"), closed_by=bindparam("closed_by"), how=bindparam("how")
    )
)
CLOSE_CANDIDATES = _delete(task_candidate, "task_id")
_HELD = exists().where(
    held_node.c.tenant == bindparam("tenant"),
    held_node.c.definition_id == bindparam("definition_id"),
    held_node.c.node == bindparam("node"),
)
"""Whether jobs and timers of this element are held back: asked by what inserts them."""
REQUEST_JOB = _insert(
    job,
    *("attempt", "failures", "retries", "worker_id", "published_at", "error", "details"),
    suspended=select(_HELD).scalar_subquery(),
)
CLOSE_JOB = _delete(job)
ARM_TIMER = _insert(timer, "cycle", suspended=select(_HELD).scalar_subquery())
CLOSE_TIMER = _delete(timer)
SUBSCRIBE = _insert(subscription)
UNSUBSCRIBE = _delete(subscription)
OPEN_INCIDENT = _insert(incident)
CLOSE_INCIDENT = _delete(incident)

ORDER = (
    OPEN_TASK,
    OPEN_CANDIDATE,
    REQUEST_JOB,
    ARM_TIMER,
    SUBSCRIBE,
    OPEN_INCIDENT,
    CLOSE_TASK,
    CLOSE_CANDIDATES,
    CLOSE_JOB,
    CLOSE_TIMER,
    UNSUBSCRIBE,
    CLOSE_INCIDENT,
)
"""The order in which a command's changes are sent: first what opens."""
_ORDERED = frozenset(ORDER)

FAILED_JOB = "failed_job"
"""Kind of the incident of a job without attempts; it bears the job's number."""

Rows = dict[Any, list[dict[str, Any]]]


class Projection:
    """Collects the row changes of one command."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.tenant = unit.tx.tenant
        self.now = unit.tx.now
        self.rows: Rows = {}
        self.wakes = False
        """Whether something became due now: a job, a continuation, a timer."""

    def add(self, statement: Any, row: dict[str, Any]) -> None:
        self.rows.setdefault(statement, []).append(row)

    def apply(self, instance: Instance, happened: list[Fact]) -> None:
        for fact in happened:
            project = PROJECTED.get(type(fact))
            if project is not None:
                project(self, instance, fact)

    def of(self, instance: Instance, number: int) -> dict[str, Any]:
        """The columns that all of an instance's open things have."""
        return {
            "tenant": self.tenant,
            "id": local_id(instance.id, number),
            "instance_id": instance.id,
            "definition_id": instance.definition.id,
            "process_id": instance.definition.key,
        }

    def close(self, statement: Any, instance: Instance, number: int) -> None:
        self.add(statement, {"of_tenant": self.tenant, "of_id": local_id(instance.id, number)})

    def send(self, batch: Batch) -> None:
        """First what opens, then what closes, then what handlers added, in their order."""
        for statement in (*ORDER, *(each for each in self.rows if each not in _ORDERED)):
            rows = self.rows.get(statement)
            if rows:
                batch.add(statement, rows[0] if len(rows) == 1 else rows)
        self.rows.clear()


def text_of_key(key: Value) -> str:
    """A correlation key as stored and compared: 5, 5.0 and 5.00 are one key, in a list too."""
    if isinstance(key, list):
        return f"[{','.join(map(text_of_key, key))}]"
    if isinstance(key, Decimal):
        digits = format(key, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return encode(key).decode()


def shown(text: str, limit: int = 4000) -> str:
    """A text that quotes what anybody may have written, as every database takes it."""
    return text[:limit].replace("\0", "\ufffd").encode(errors="replace").decode()


def people_text(
    users: tuple[str, ...], groups: tuple[str, ...], excluded: tuple[str, ...]
) -> str | None:
    if not (users or groups or excluded):
        return None
    return msgspec.json.encode([users, groups, excluded]).decode()


def _task_opened(to: Projection, instance: Instance, fact: facts.TaskOpened) -> None:
    row = to.of(instance, fact.task)
    form_id = to.unit.form_of(instance, fact) if fact.form else None
    to.add(
        OPEN_TASK,
        {
            **row,
            "node": fact.node,
            "token": fact.token,
            "name": fact.name,
            "assignee": fact.assignee,
            "priority": fact.priority,
            "due": fact.due,
            "follow_up": fact.follow_up,
            "form": fact.form,
            "form_id": form_id,
            "people": people_text(fact.candidate_users, fact.candidate_groups, fact.excluded),
            "opened_at": to.now,
        },
    )
    candidates = {f"u:{user}" for user in fact.candidate_users}
    candidates |= {f"g:{group}" for group in fact.candidate_groups}
    for candidate in sorted(candidates):
        to.add(
            OPEN_CANDIDATE,
            {
                "tenant": to.tenant,
                "task_id": row["id"],
                "candidate": candidate,
                "opened_at": to.now,
                "free": fact.assignee is None,
                "alone": len(candidates) == 1,
            },
        )


def _task_closed(to: Projection, instance: Instance, fact: facts.TaskClosed) -> None:
    to.add(
        CLOSE_TASK,
        {
            "of_tenant": to.tenant,
            "of_id": local_id(instance.id, fact.task),
            "closed_at": to.now,
            "closed_by": to.unit.principal.id if fact.how != "cancelled" else None,
            "how": fact.how,
        },
    )
    to.close(CLOSE_CANDIDATES, instance, fact.task)


def _job_requested(to: Projection, instance: Instance, fact: facts.JobRequested) -> None:
    to.add(
        REQUEST_JOB,
        {
            **to.of(instance, fact.job),
            "business_key": instance.business_key,
            "node": fact.node,
            "token": fact.token,
            "kind": fact.kind,
            "topic": fact.topic,
            "priority": fact.priority,
            "state": "ready",
            "attempts": fact.attempts,
            "waits": msgspec.json.encode(fact.waits).decode() if fact.waits else None,
            "free_at": to.now,
            "created_at": to.now,
        },
    )
    to.wakes = True


def _timer_armed(to: Projection, instance: Instance, fact: facts.TimerArmed) -> None:
    row = to.of(instance, fact.timer)
    to.add(ARM_TIMER, {**row, "node": fact.node, "token": fact.token, "due": fact.due})
    to.wakes = to.wakes or fact.due <= to.now + timedelta(seconds=1)


def _subscribed(to: Projection, instance: Instance, fact: facts.Subscribed) -> None:
    to.add(
        SUBSCRIBE,
        {
            **to.of(instance, fact.subscription),
            "business_key": instance.business_key,
            "node": fact.node,
            "token": fact.token,
            "event": "signal" if fact.signal else "message",
            "message": fact.message,
            "key": text_of_key(fact.key),
            "created_at": to.now,
        },
    )


def _incident_opened(to: Projection, instance: Instance, fact: facts.IncidentOpened) -> None:
    if fact.kind != FAILED_JOB:  # written beside its job, see engine.jobs
        to.add(OPEN_INCIDENT, incident_row(to, instance, fact, None))


def incident_row(
    to: Projection, instance: Instance, fact: facts.IncidentOpened, job_id: str | None
) -> dict[str, Any]:
    return {
        **to.of(instance, fact.incident),
        "node": fact.node,
        "token": fact.token,
        "kind": fact.kind,
        "message": shown(fact.message),
        "job_id": job_id,
        "opened_at": to.now,
    }


def _job_closed(to: Projection, instance: Instance, fact: facts.JobClosed) -> None:
    to.close(CLOSE_JOB, instance, fact.job)
    if fact.how == "cancelled":
        to.close(CLOSE_INCIDENT, instance, fact.job)  # a failed job's incident bears its number


def _decided(to: Projection, instance: Instance, fact: facts.Decided) -> None:
    """The evaluation's id says where it stands: in which entry of the instance, and as which."""
    rows = to.rows.get(RECORD_EVALUATION, ())
    number = 1 + sum(row["instance_id"] == instance.id for row in rows)
    identity = f"{instance.id}-{instance.seq + 1}-{number}"
    to.add(RECORD_EVALUATION, evaluation_row(to.unit, fact, identity, instance))


def _move(table: Table) -> Any:
    return (
        update(table)
        .where(table.c.tenant == bindparam("of_tenant"), table.c.id == bindparam("of_id"))
        .values(node=bindparam("node"))
    )


MOVE_WAIT: Mapping[str, tuple[Any, ...]] = {
    "task": (_move(user_task),),
    "job": (_move(job), move_incident := _move(incident)),
    "continuation": (_move(job), move_incident),
    "timer": (_move(timer),),
    "subscription": (_move(subscription),),
    "incident": (move_incident,),
}
"""The rows of what is waited for; a failed job's incident bears its number."""


def _wait_moved(to: Projection, instance: Instance, fact: facts.WaitMoved) -> None:
    for statement in MOVE_WAIT.get(fact.kind, ()):
        key = {"of_tenant": to.tenant, "of_id": local_id(instance.id, fact.wait)}
        to.add(statement, {**key, "node": fact.node})


PROJECTED: Mapping[type[Fact], Callable[[Projection, Instance, Any], None]] = {
    facts.TaskOpened: _task_opened,
    facts.TaskClosed: _task_closed,
    facts.JobRequested: _job_requested,
    facts.JobClosed: _job_closed,
    facts.TimerArmed: _timer_armed,
    facts.TimerClosed: lambda to, instance, fact: to.close(CLOSE_TIMER, instance, fact.timer),
    facts.Subscribed: _subscribed,
    facts.Unsubscribed: lambda to, instance, fact: to.close(
        UNSUBSCRIBE, instance, fact.subscription
    ),
    facts.Decided: _decided,
    facts.IncidentOpened: _incident_opened,
    facts.WaitMoved: _wait_moved,
    facts.IncidentClosed: lambda to, instance, fact: to.close(
        CLOSE_INCIDENT, instance, fact.incident
    ),
}
