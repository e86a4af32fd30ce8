"""The queue's root: consumers, relay, clock and upkeep of the production topology.

One process runs all four; any number of processes may run, and each may be killed at any time:
jobs, timers and unsent messages are rows. Threads, not forks, work on the jobs, because a handler
waits for databases and stores far more than it computes.
"""

# mypy: allow-untyped-calls
from __future__ import annotations

from threading import Thread

from engine.embedded import Embedded
from engine.queue import JOBS, Relay, celery_app, job_queue
from processes.house import House
from processes.upkeep import Upkeep


def run(house: House, concurrency: int = 2) -> None:
    """Work until SIGTERM or SIGINT; the jobs in hand are finished first."""
    broker_url = house.settings.broker_url
    assert broker_url is not None, "the command line demands it"
    queue = job_queue(house.settings.queue or JOBS)
    relay = Relay(house.engine, broker_url, queue)
    relaying = Thread(target=relay.run, name="relay", daemon=True)
    app = celery_app(house.engine, broker_url, queue)
    consumers = app.Worker(
        pool="threads",
        concurrency=concurrency,
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    with Upkeep(house), Embedded(house.engine, workers=0, with_clock=True):
        relaying.start()
        consumers.start()
        relay.stop()
        relaying.join()
