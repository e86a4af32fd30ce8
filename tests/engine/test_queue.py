"""The relay and celery's worker on a real broker: rows lead, messages only point."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from kombu import Queue
from sqlalchemy import update

from bpmn.values import Variables
from engine import work
from engine.handlers import JobContext
from engine.queue import REPUBLISH_AFTER, Relay, celery_app, job_queue, run_delivery
from engine.tables import job
from tests.engine import engine_models as models
from tests.engine.bureau import Bureau

pytestmark = pytest.mark.services


@pytest.fixture
def queue() -> Queue:
    return job_queue(f"test.{uuid4().hex}")


@pytest.fixture
def working(bureau: Bureau) -> Bureau:
    @bureau.handlers.service_task
    def work(job: JobContext) -> Variables:
        return {"attempt": job.attempt}

    bureau.deploy(models.HANDLED)
    return bureau


def test_celery_runs_what_the_relay_publishes(
    working: Bureau, rabbitmq_url: str, queue: Queue
) -> None:
    started = [working.start("handled").id for _ in range(3)]
    relay = Relay(working.engine, rabbitmq_url, queue)
    app = celery_app(working.engine, rabbitmq_url, queue)

    assert relay.relay() == 3
    assert relay.relay() == 0

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        until = monotonic() + 30
        while monotonic() < until and not all(working.ended(each) for each in started):
            sleep(0.05)
    assert {working.ended(each) for each in started} == {"completed"}
    relay.stop()
    relay.run()


def test_a_doubled_delivery_runs_the_job_once(working: Bureau) -> None:
    started = working.start("handled")
    job_id = f"{started.id}-2"

    first = run_delivery(working.engine, "default", job_id, "w1")
    second = run_delivery(working.engine, "default", job_id, "w2")

    assert (first, second) == (True, False)
    assert working.values(started.id) == {"attempt": 1}


def test_a_delivery_waits_for_the_relay_that_stamps_its_job(working: Bureau) -> None:
    """To pass over the row would lose the delivery: it is acknowledged."""
    started = working.start("handled")
    job_id = f"{started.id}-2"

    with ThreadPoolExecutor(1) as elsewhere:
        with working.database.begin() as tx:
            tx.run(update(job).where(job.c.id == job_id).values(published_at=working.now))
            delivery = elsewhere.submit(run_delivery, working.engine, "default", job_id, "w1")
            sleep(0.2)
            waited = not delivery.done()
        ran = delivery.result(10)

    assert (waited, ran) == (True, True)


def test_the_job_of_a_lost_worker_is_published_when_its_lease_ends(
    bureau: Bureau, rabbitmq_url: str, queue: Queue
) -> None:
    lease = timedelta(seconds=5)
    bureau.handlers.add("work", lambda _: {}, lease=lease)
    bureau.deploy(models.HANDLED)
    started = bureau.start("handled")
    relay = Relay(bureau.engine, rabbitmq_url, queue)
    relay.relay()
    work.claim_one(bureau.engine, "default", "lost", f"{started.id}-2")

    before = relay.relay()
    bureau.now += lease

    assert (before, relay.relay(), relay.relay()) == (0, 1, 0)
    relay.stop()
    relay.run()


def test_what_nobody_took_is_published_again(
    working: Bureau, rabbitmq_url: str, queue: Queue
) -> None:
    working.start("handled")
    relay = Relay(working.engine, rabbitmq_url, queue)
    assert relay.relay() == 1

    working.now += REPUBLISH_AFTER

    assert relay.relay() == 1
    relay.stop()
    relay.run()
