"""The engine's tables. The ledger tells what happened; these rows are what people and clocks ask.

Invariant: what an index serves is open. Jobs, timers, subscriptions, candidates and incidents are
deleted when they close; instances and tasks stay, but leave every partial index.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.database import Instant, metadata, tenant_column
from storage.ledger import register_stream, stream_columns

ID = String(48)
NAME = String(255)


def _index(name: str, *columns: ColumnElement[object], where: ColumnElement[bool] | None) -> Index:
    """A (partial) index on both databases."""
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)


# --- what is deployed ---

deployment = Table(
    "deployment",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("name", NAME, nullable=False),
    Column("source", NAME),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", ID, nullable=False),
    Column("withdrawn_at", Instant),
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
)
register_stream(deployment)

resource = Table(
    "resource",
    metadata,
    tenant_column(),
    Column("deployment_id", ID, nullable=False),
    Column("name", NAME, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("tenant", "deployment_id", "name"),
)

definition = Table(
    "definition",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("kind", String(8), nullable=False),  # process | decision | form
    Column("key", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("newest", Boolean, nullable=False),
    Column("name", NAME),
    Column("deployment_id", ID, nullable=False),
    Column("resource", NAME, nullable=False),
    Column("hash", String(64), nullable=False),  # of the whole resource
    Column("version_tag", NAME),
    Column("history_ttl", String(64)),
    Column("deployed_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("suspended", Boolean, nullable=False),  # starts nothing
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "kind", "key", "version"),
)
_index(
    "ix_definition_newest",
    definition.c.tenant,
    definition.c.kind,
    definition.c.key,
    where=definition.c.newest.is_(True),
)
Index("ix_definition_deployment", definition.c.tenant, definition.c.deployment_id)

held_node = Table(
    "held_node",  # jobs and timers of this element wait: Camunda's suspended job definition
    metadata,
    tenant_column(),
    Column("definition_id", ID, nullable=False),
    Column("node", NAME, nullable=False),
    PrimaryKeyConstraint("tenant", "definition_id", "node"),
)

# --- instances ---

instance = Table(
    "instance",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("business_key", NAME),
    Column("started_at", Instant, nullable=False),
    Column("started_by", ID, nullable=False),
    Column("ended_at", Instant),
    Column("how", String(16)),  # NULL while it runs, else as in facts.Ended
    Column("end_node", NAME),
    Column("state", LargeBinary),  # NULL once it has ended
    Column("variables", LargeBinary, nullable=False),
    Column("parent_id", ID),  # of a called instance: who called it, with which call, and
    Column("parent_call", Integer),
    Column("root_id", ID),  # the outermost caller
    Column("suspended", Boolean, nullable=False),  # no token moves
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
)
register_stream(instance)
_RUNS = instance.c.ended_at.is_(None)
_index(
    "ix_instance_process",
    instance.c.tenant,
    instance.c.process_id,
    instance.c.id,
    where=_RUNS,
)
_index(
    "ix_instance_definition",
    instance.c.tenant,
    instance.c.definition_id,
    where=_RUNS,
)
_index(
    "ix_instance_business_key",
    instance.c.tenant,
    instance.c.business_key,
    where=instance.c.business_key.is_not(None),
)

_index(
    "ix_instance_parent",
    instance.c.tenant,
    instance.c.parent_id,
    instance.c.parent_call,
    where=instance.c.parent_id.is_not(None),
)

ancestor = Table(
    "ancestor",  # all callers of a called instance: who may see them may see it
    metadata,
    tenant_column(),
    Column("instance_id", ID, nullable=False),
    Column("ancestor_id", ID, nullable=False),
    Column("distance", Integer, nullable=False),  # 1: its parent
    PrimaryKeyConstraint("tenant", "instance_id", "ancestor_id"),
)

# --- people's tasks ---

user_task = Table(
    "user_task",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID, nullable=False),
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("node", NAME, nullable=False),
    Column("token", Integer, nullable=False),
    Column("name", NAME, nullable=False),
    Column("assignee", NAME),
    Column("priority", Integer, nullable=False),
    Column("due", Instant),
    Column("follow_up", Instant),
    Column("form", NAME),
    Column("form_id", ID),  # the exact definition, resolved when the task opened
    Column("people", Text),  # JSON [users, groups, excluded], NULL when all are empty
    Column("opened_at", Instant, nullable=False),
    Column("claimed_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", ID),
    Column("how", String(16)),
    PrimaryKeyConstraint("tenant", "id"),
)
_OPEN = user_task.c.closed_at.is_(None)
_index(
    "ix_user_task_open",
    user_task.c.tenant,
    user_task.c.opened_at.desc(),
    user_task.c.id,
    where=_OPEN,
)
_index(
    "ix_user_task_assignee",
    user_task.c.tenant,
    user_task.c.assignee,
    user_task.c.opened_at.desc(),
    where=_OPEN & user_task.c.assignee.is_not(None),
)
_index("ix_user_task_instance", user_task.c.tenant, user_task.c.instance_id, where=_OPEN)
_index(
    "ix_user_task_node", user_task.c.tenant, user_task.c.process_id, user_task.c.node, where=_OPEN
)
_index(
    "ix_user_task_due",
    user_task.c.tenant,
    user_task.c.due,
    where=_OPEN & user_task.c.due.is_not(None),
)
_index(
    "ix_user_task_done_by",
    user_task.c.tenant,
    user_task.c.closed_by,
    user_task.c.closed_at,
    where=user_task.c.how == "completed",
)

task_candidate = Table(
    "task_candidate",
    metadata,
    tenant_column(),
    Column("task_id", ID, nullable=False),
    Column("candidate", NAME, nullable=False),  # "g:<group>" or "u:<user>"
    Column("opened_at", Instant, nullable=False),
    Column("free", Boolean, nullable=False),  # nobody has claimed the task
    Column("alone", Boolean, nullable=False),  # the task has no other candidate: counts are sums
    PrimaryKeyConstraint("tenant", "task_id", "candidate"),
)
_index(
    "ix_task_candidate_inbox",
    task_candidate.c.tenant,
    task_candidate.c.candidate,
    task_candidate.c.opened_at.desc(),
    task_candidate.c.task_id.desc(),
    task_candidate.c.alone,
    where=task_candidate.c.free.is_(True),
)

# --- jobs and timers ---

job = Table(
    "job",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID, nullable=False),
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("business_key", NAME),
    Column("node", NAME, nullable=False),
    Column("token", Integer, nullable=False),
    Column("kind", String(12), nullable=False),  # handler | external | continuation
    Column("topic", NAME, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(8), nullable=False),  # ready | leased | failed (waits for a person)
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # attempts that ended in an error
    Column("attempts", Integer),  # the model's limit and waits (JSON), else the handler's
    Column("waits", Text),
    Column("retries", Integer),  # an external worker's number, apart from attempts
    Column("worker_id", NAME),
    Column("free_at", Instant, nullable=False),  # ready: not before; leased: the lease's end
    Column("published_at", Instant),
    Column("error", Text),
    Column("details", Text),
    Column("created_at", Instant, nullable=False),
    Column("suspended", Boolean, nullable=False),  # nobody may take it
    PrimaryKeyConstraint("tenant", "id"),
)
_index(
    "ix_job_claimable",
    job.c.tenant,
    job.c.kind,
    job.c.topic,
    job.c.free_at,
    where=(job.c.state != "failed") & job.c.suspended.is_(False),
)
Index("ix_job_instance", job.c.tenant, job.c.instance_id)

timer = Table(
    "timer",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID),  # NULL: a start event's
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("node", NAME, nullable=False),
    Column("token", Integer, nullable=False, default=0),
    Column("due", Instant, nullable=False),
    Column("cycle", Text),  # a start event's recurrence, a JSON machine.time.Cycle
    Column("suspended", Boolean, nullable=False),  # does not fire
    PrimaryKeyConstraint("tenant", "id"),
)
_index("ix_timer_due", timer.c.tenant, timer.c.due, where=timer.c.suspended.is_(False))
Index("ix_timer_instance", timer.c.tenant, timer.c.instance_id)
Index("ix_timer_definition", timer.c.tenant, timer.c.definition_id)

# --- messages ---

channel = Table(
    "channel",
    metadata,
    tenant_column(),
    Column("name", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "key"),
)

subscription = Table(
    "subscription",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID),  # NULL: a start event's
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("business_key", NAME),
    Column("node", NAME, nullable=False),
    Column("token", Integer, nullable=False, default=0),
    Column("event", String(9), nullable=False),  # message | signal | condition (starts only)
    Column("message", NAME, nullable=False),  # or the signal's name
    Column("key", NAME, nullable=False),  # JSON of the value, "null" for none
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_subscription_message", subscription.c.tenant, subscription.c.message, subscription.c.key)
Index("ix_subscription_instance", subscription.c.tenant, subscription.c.instance_id)
Index("ix_subscription_definition", subscription.c.tenant, subscription.c.definition_id)

message = Table(
    "message",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("name", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("message_id", NAME),
    Column("payload", LargeBinary),  # variables; NULL once delivered (kept for its message_id)
    Column("expires_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name", "message_id"),
)
_index(
    "ix_message_waiting",
    message.c.tenant,
    message.c.name,
    message.c.key,
    message.c.id,
    where=message.c.payload.is_not(None),
)
Index("ix_message_expires", message.c.tenant, message.c.expires_at)

inbox = Table(
    "inbox",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID, nullable=False),
    Column("kind", String(12), nullable=False),  # see engine.inbound.RECEIVED
    Column("number", Integer, nullable=False),  # of the subscription or call it is for
    Column("name", NAME, nullable=False),  # of the message or signal; an error's code
    Column("key", NAME, nullable=False),  # a message's
    Column("payload", LargeBinary, nullable=False),
    Column("sent_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_inbox_instance", inbox.c.tenant, inbox.c.instance_id)

# --- what needs an operator ---

incident = Table(
    "incident",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("instance_id", ID, nullable=False),
    Column("definition_id", ID, nullable=False),
    Column("process_id", NAME, nullable=False),
    Column("node", NAME, nullable=False),
    Column("token", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("job_id", ID),
    Column("opened_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_incident_instance", incident.c.tenant, incident.c.instance_id)

# --- decisions ---

evaluation = Table(
    "evaluation",  # a process's stands in the instance's stream, others in one of their own
    metadata,
    tenant_column(),
    Column("id", String(80), nullable=False),
    Column("definition_id", ID),
    Column("key", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("instance_id", ID),
    Column("process_definition_id", ID),
    Column("process_id", NAME),
    Column("node", NAME),
    Column("evaluated_at", Instant, nullable=False),
    Column("evaluated_by", ID, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_evaluation_at", evaluation.c.tenant, evaluation.c.evaluated_at)
Index("ix_evaluation_key", evaluation.c.tenant, evaluation.c.key, evaluation.c.evaluated_at)
_index(
    "ix_evaluation_instance",
    evaluation.c.tenant,
    evaluation.c.instance_id,
    where=evaluation.c.instance_id.is_not(None),
)

evaluation_stream = Table(
    "evaluation_stream",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
)
register_stream(evaluation_stream)

# --- what is done to many instances ---

batch = Table(
    "batch",
    metadata,
    tenant_column(),
    Column("id", ID, nullable=False),
    Column("kind", String(16), nullable=False),  # see engine.batches.KINDS
    Column("order", LargeBinary, nullable=False),  # what is done to each, as JSON
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", ID, nullable=False),
    Column("on_behalf_of", ID),
    Column("ended_at", Instant),
    PrimaryKeyConstraint("tenant", "id"),
)
_index("ix_batch_open", batch.c.tenant, batch.c.id, where=batch.c.ended_at.is_(None))

batch_item = Table(
    "batch_item",  # deleted in the transaction that does it
    metadata,
    tenant_column(),
    Column("batch_id", ID, nullable=False),
    Column("subject", ID, nullable=False),  # an instance, or an incident or job
    Column("state", String(8), nullable=False),  # ready | failed (waits for a person)
    Column("error", Text),
    PrimaryKeyConstraint("tenant", "batch_id", "subject"),
)
_index(
    "ix_batch_item_ready",
    batch_item.c.tenant,
    batch_item.c.batch_id,
    batch_item.c.subject,
    where=batch_item.c.state == "ready",
)
