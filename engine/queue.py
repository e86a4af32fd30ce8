"""The queue: celery workers on RabbitMQ, and the relay that tells them where to look.

A message only names a job; the job's row is the truth. The relay publishes with confirms, then
stamps the row, and publishes again what nobody took; a worker that finds nothing to claim
acknowledges and forgets. Invariant: losing every message loses no job, doubling it doubles none.
Nothing of celery's own retries, countdowns, beats or results is used: those are rows.
"""

# mypy: allow-untyped-calls
from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import timedelta
from threading import Event

from celery import Celery, Task
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError, OperationalError
from kombu.messaging import Producer
from sqlalchemy import and_, bindparam, or_, select, update

from engine import clock, work
from engine.engine import Engine
from engine.tables import job
from storage.database import Row
from storage.errors import StorageError

log = logging.getLogger(__name__)

RUN_JOB = "amtsgang.run_job"
REPUBLISH_AFTER = timedelta(seconds=30)
"""A published job that nobody took in this time is published again."""
AT_ONCE = 100
CONNECTION = {"confirm_publish": True}

_UNSENT = (
    select(job.c.id, job.c.published_at)
    .where(
        job.c.tenant == bindparam("tenant"),
        job.c.kind == "handler",
        job.c.state != "failed",
        job.c.suspended.is_(False),
        job.c.free_at <= bindparam("now"),
        or_(
            job.c.published_at.is_(None),
            job.c.published_at <= bindparam("before"),
            # Its worker was lost: nothing but the lease's end had to be waited for.
            and_(job.c.state == "leased", job.c.published_at < job.c.free_at),
        ),
    )
    # One order for all relays, so that none waits for another crosswise while it stamps.
    .order_by(job.c.priority.desc(), job.c.free_at, job.c.id)
    .limit(AT_ONCE)
)
_SENT = (
    update(job)
    .where(
        job.c.tenant == bindparam("of_tenant"),
        job.c.id == bindparam("of_id"),
        job.c.free_at <= bindparam("of_now"),
    )
    .values(published_at=bindparam("at"))
)


JOBS = "amtsgang.jobs"
"""The queue's name, unless several houses share a broker."""


def job_queue(name: str = JOBS) -> Queue:
    """A quorum queue: survives the loss of a broker; what cannot be delivered is kept aside."""
    return Queue(
        name,
        Exchange(name, "direct", durable=True),
        name,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": 20,
            "x-dead-letter-exchange": f"{name}.dead",
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def dead_letters(name: str = JOBS) -> Queue:
    """Deliveries that broke their workers; their jobs come again through the relay."""
    exchange = Exchange(f"{name}.dead", "fanout", durable=True)
    arguments = {"x-queue-type": "quorum", "x-max-length": 10_000}
    return Queue(f"{name}.dead", exchange, "", durable=True, queue_arguments=arguments)


def celery_app(engine: Engine, broker_url: str, queue: Queue | None = None) -> Celery:
    """The application whose workers run jobs. Its one task gets a tenant and a job's id."""
    queue = queue or job_queue()
    app = Celery("amtsgang", broker=broker_url)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        task_ignore_result=True,
        task_publish_retry=False,
        task_default_queue=queue.name,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,
        broker_transport_options=CONNECTION,
        task_queues=[queue],
    )
    worker_id = f"celery-{os.getpid()}"

    @app.task(name=RUN_JOB, bind=True, max_retries=0, shared=False)  # type: ignore[untyped-decorator]
    def run_job(_: Task, tenant: str, job_id: str) -> None:
        run_delivery(engine, tenant, job_id, worker_id)

    return app


def run_delivery(engine: Engine, tenant: str, job_id: str, worker_id: str) -> bool:
    """Claim and run the job a delivery names. False: there was nothing to do."""
    row = work.claim_one(engine, tenant, worker_id, job_id)
    return row is not None and work.run(engine, tenant, row)


class Relay:
    """Publishes the ids of ready jobs. Several may run; a job published twice runs once."""

    def __init__(self, engine: Engine, broker_url: str, queue: Queue | None = None) -> None:
        self._engine = engine
        self._url = broker_url
        self._queue = queue or job_queue()
        self._connection: Connection | None = None
        self._woken = Event()
        self._stopping = Event()

    def run(self, longest_wait: float = 1.0) -> None:
        """Relay until stopped. A broker that is away is tried again."""
        self._engine.on_wake(self._woken.set)
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                if not self._relay_safely():
                    self._woken.wait(longest_wait)
        finally:
            self._engine.off_wake(self._woken.set)
            self._disconnect()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()

    def _relay_safely(self) -> int:
        try:
            return self.relay()
        except (KombuError, OperationalError, OSError, StorageError) as error:
            log.warning("relay: %s", error)
            self._disconnect()
            return 0

    def relay(self) -> int:
        """Publish what is unsent, for every tenant; how much it was."""
        return sum(self._relay_tenant(tenant) for tenant in clock.tenants(self._engine))

    def _relay_tenant(self, tenant: str) -> int:
        now = self._engine.clock()
        self._beat()
        with self._engine.database.reading(tenant) as tx:
            keys = {"tenant": tenant, "now": now, "before": now - REPUBLISH_AFTER}
            rows = tx.all(_UNSENT, keys)
        if not rows:
            return 0
        producer = self._producer()
        for row in rows:
            self._publish(producer, tenant, row)
        with self._engine.database.begin(tenant, now) as tx:
            for row in rows:
                keys = {"of_tenant": tenant, "of_id": row.id, "of_now": now}
                tx.run(_SENT, {**keys, "at": now})
        return len(rows)

    def _publish(self, producer: Producer, tenant: str, row: Row) -> None:
        """Celery's message protocol 2; returns when the broker has it."""
        headers = {"lang": "py", "task": RUN_JOB, "id": row.id, "root_id": row.id, "retries": 0}
        headers |= {"parent_id": None, "group": None, "eta": None, "expires": None}
        producer.publish(
            [[tenant, row.id], {}, {"callbacks": None, "errbacks": None, "chain": None}],
            headers=headers,
            serializer="json",
            exchange=self._queue.exchange,
            routing_key=self._queue.routing_key,
            delivery_mode=2,
            mandatory=True,
            correlation_id=row.id,
        )

    def _producer(self) -> Producer:
        """One plain connection, made anew after a fault: a pool would keep a closed one."""
        if self._connection is None:
            self._connection = Connection(self._url, transport_options=CONNECTION, heartbeat=10)
            self._connection.connect()
            channel = self._connection.default_channel
            dead_letters(self._queue.name)(channel).declare()
            self._queue(channel).declare()
        return Producer(self._connection.default_channel)

    def _beat(self) -> None:
        """Hear the broker and let it hear us: who is silent for long is cut off."""
        if self._connection is not None:
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0.001)
            self._connection.heartbeat_check()

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.release()
            except (KombuError, OSError) as error:
                log.debug("relay: %s", error)
