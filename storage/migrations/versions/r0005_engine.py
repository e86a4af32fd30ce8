"""The engine: what is deployed, what runs, and what waits to be done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _channel()
    _definition()
    _deployment()
    _inbox()
    _incident()
    _instance()
    _job()
    _message()
    _resource()
    _subscription()
    _task_candidate()
    _timer()
    _user_task()


def _channel() -> None:
    op.create_table(
        "channel",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "key", name="pk_channel"),
    )


def _definition() -> None:
    op.create_table(
        "definition",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("newest", sa.Boolean, nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("deployment_id", sa.String(48), nullable=False),
        sa.Column("resource", sa.String(255), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("version_tag", sa.String(255)),
        sa.Column("history_ttl", sa.String(64)),
        sa.Column("deployed_at", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_definition"),
        sa.UniqueConstraint(
            "tenant", "kind", "key", "version", name="uq_definition_tenant_kind_key_version"
        ),
    )
    op.create_index("ix_definition_deployment", "definition", ["tenant", "deployment_id"])
    op.create_index(
        "ix_definition_newest",
        "definition",
        ["tenant", "kind", "key"],
        postgresql_where=sa.text("newest IS true"),
        sqlite_where=sa.text("newest IS 1"),
    )


def _deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("source", sa.String(255)),
        sa.Column("deployed_at", sa.BigInteger, nullable=False),
        sa.Column("deployed_by", sa.String(48), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_deployment"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48), nullable=False),
        sa.Column("subscription", sa.Integer, nullable=False),
        sa.Column("message", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_instance", "inbox", ["tenant", "instance_id"])


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48), nullable=False),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("job_id", sa.String(48)),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_incident"),
    )
    op.create_index("ix_incident_instance", "incident", ["tenant", "instance_id"])


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("business_key", sa.String(255)),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("started_by", sa.String(48), nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("how", sa.String(16)),
        sa.Column("end_node", sa.String(255)),
        sa.Column("state", sa.LargeBinary),
        sa.Column("variables", sa.LargeBinary, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_instance"),
    )
    op.create_index(
        "ix_instance_business_key",
        "instance",
        ["tenant", "business_key"],
        postgresql_where=sa.text("business_key IS NOT NULL"),
        sqlite_where=sa.text("business_key IS NOT NULL"),
    )
    op.create_index(
        "ix_instance_definition",
        "instance",
        ["tenant", "definition_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_instance_process",
        "instance",
        ["tenant", "process_id", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48), nullable=False),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("business_key", sa.String(255)),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("topic", sa.String(255), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer),
        sa.Column("waits", sa.Text),
        sa.Column("retries", sa.Integer),
        sa.Column("worker_id", sa.String(255)),
        sa.Column("free_at", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("details", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_job"),
    )
    op.create_index(
        "ix_job_claimable",
        "job",
        ["tenant", "kind", "topic", "free_at"],
        postgresql_where=sa.text("state != 'failed'"),
        sqlite_where=sa.text("state != 'failed'"),
    )
    op.create_index("ix_job_instance", "job", ["tenant", "instance_id"])


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("message_id", sa.String(255)),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_message"),
        sa.UniqueConstraint(
            "tenant", "name", "message_id", name="uq_message_tenant_name_message_id"
        ),
    )
    op.create_index("ix_message_expires", "message", ["tenant", "expires_at"])
    op.create_index(
        "ix_message_waiting",
        "message",
        ["tenant", "name", "key", "id"],
        postgresql_where=sa.text("payload IS NOT NULL"),
        sqlite_where=sa.text("payload IS NOT NULL"),
    )


def _resource() -> None:
    op.create_table(
        "resource",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("deployment_id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "deployment_id", "name", name="pk_resource"),
    )


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48)),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("business_key", sa.String(255)),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("message", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_subscription"),
    )
    op.create_index("ix_subscription_definition", "subscription", ["tenant", "definition_id"])
    op.create_index("ix_subscription_instance", "subscription", ["tenant", "instance_id"])
    op.create_index("ix_subscription_message", "subscription", ["tenant", "message", "key"])


def _task_candidate() -> None:
    op.create_table(
        "task_candidate",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("task_id", sa.String(48), nullable=False),
        sa.Column("candidate", sa.String(255), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("free", sa.Boolean, nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "task_id", "candidate", name="pk_task_candidate"),
    )
    op.create_index(
        "ix_task_candidate_inbox",
        "task_candidate",
        [
            "tenant",
            "candidate",
            sa.literal_column("opened_at DESC"),
            sa.literal_column("task_id DESC"),
            "alone",
        ],
        postgresql_where=sa.text("free IS true"),
        sqlite_where=sa.text("free IS 1"),
    )


def _timer() -> None:
    op.create_table(
        "timer",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48)),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("cycle", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_timer"),
    )
    op.create_index("ix_timer_definition", "timer", ["tenant", "definition_id"])
    op.create_index("ix_timer_due", "timer", ["tenant", "due"])
    op.create_index("ix_timer_instance", "timer", ["tenant", "instance_id"])


def _user_task() -> None:
    op.create_table(
        "user_task",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("instance_id", sa.String(48), nullable=False),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("process_id", sa.String(255), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("assignee", sa.String(255)),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("follow_up", sa.BigInteger),
        sa.Column("form", sa.String(255)),
        sa.Column("form_id", sa.String(48)),
        sa.Column("people", sa.Text),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.String(48)),
        sa.Column("how", sa.String(16)),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_user_task"),
    )
    op.create_index(
        "ix_user_task_assignee",
        "user_task",
        ["tenant", "assignee", sa.literal_column("opened_at DESC")],
        postgresql_where=sa.text("closed_at IS NULL AND assignee IS NOT NULL"),
        sqlite_where=sa.text("closed_at IS NULL AND assignee IS NOT NULL"),
    )
    op.create_index(
        "ix_user_task_done_by",
        "user_task",
        ["tenant", "closed_by", "closed_at"],
        postgresql_where=sa.text("how = 'completed'"),
        sqlite_where=sa.text("how = 'completed'"),
    )
    op.create_index(
        "ix_user_task_due",
        "user_task",
        ["tenant", "due"],
        postgresql_where=sa.text("closed_at IS NULL AND due IS NOT NULL"),
        sqlite_where=sa.text("closed_at IS NULL AND due IS NOT NULL"),
    )
    op.create_index(
        "ix_user_task_instance",
        "user_task",
        ["tenant", "instance_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_user_task_node",
        "user_task",
        ["tenant", "process_id", "node"],
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_user_task_open",
        "user_task",
        ["tenant", sa.literal_column("opened_at DESC"), "id"],
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
