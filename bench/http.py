"""Workload c over HTTP: connections that stay open, each a thread with its own process and topic.

The load speaks the paths of Camunda 7, so the same program drives other engines' servers.
"""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any

from bench import models
from bench.options import Options
from bench.places import found
from bench.processor import cpu_of, cpu_of_family, memory_of
from bench.report import Cell, Table, percentile
from bench.served import Prepared, Server, prepared, serving
from bench.workloads import BATCH

CONNECTIONS = (1, 8)
_TYPES = {bool: "Boolean", int: "Integer", float: "Double", str: "String"}
_START = {
    name: {"value": value, "type": "Long" if name == "amount" else _TYPES[type(value)]}
    for name, value in models.VARIABLES_C.items()
}
_APPROVED = {"approved": {"value": True, "type": "Boolean"}}


class Connection:
    """One client. `latencies`: seconds of completing the first user task."""

    def __init__(self, server: Server, authorization: str, number: int) -> None:
        self.number = number
        self.instances = self.requests = 0
        self.latencies: list[float] = []
        self._http = http.client.HTTPConnection("127.0.0.1", server.port)
        self._headers = {"Content-Type": "application/json", "Authorization": authorization}

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body)
        self._http.request(method, f"/engine-rest{path}", data, self._headers)
        response = self._http.getresponse()
        text = response.read()
        self.requests += 1
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        return json.loads(text) if text else None

    def batch(self) -> None:
        """Ten instances from start to end."""
        key = f"c{self.number}"
        start = f"/process-definition/key/{key}/start"
        ids = [self.call("POST", start, {"variables": _START})["id"] for _ in range(BATCH)]
        self._complete(ids, {"variables": _APPROVED}, self.latencies)
        self._work()
        self._fire(key)
        self._complete(ids, {}, [])
        self.instances += BATCH

    def _complete(self, ids: Sequence[str], body: object, latencies: list[float]) -> None:
        for instance in ids:
            (task,) = self.call("GET", f"/task?processInstanceId={instance}")
            began = time.perf_counter()
            self.call("POST", f"/task/{task['id']}/complete", body)
            latencies.append(time.perf_counter() - began)

    def _work(self) -> None:
        worker = f"w{self.number}"
        topic = {"topicName": f"topic{self.number}", "lockDuration": 60_000}
        wanted = {"workerId": worker, "maxTasks": BATCH, "topics": [topic]}
        done = 0
        while done < BATCH:
            for job in self.call("POST", "/external-task/fetchAndLock", wanted):
                path = f"/external-task/{job['id']}/complete"
                self.call("POST", path, {"workerId": worker})
                done += 1

    def _fire(self, key: str) -> None:
        which = f"processDefinitionKey={key}&timers=true&executable=true&maxResults={BATCH}"
        done = 0
        while done < BATCH:
            for job in self.call("GET", f"/job?{which}"):
                self.call("POST", f"/job/{job['id']}/execute", {})
                done += 1

    def close(self) -> None:
        self._http.close()


def load(server: Server, authorization: str, count: int, seconds: float) -> list[Connection]:
    """Repeat batches on `count` connections; each ends with the batch it is in."""
    clients = [Connection(server, authorization, number) for number in range(count)]
    end = time.perf_counter() + seconds
    failed: list[Exception] = []

    def run(client: Connection) -> None:
        try:
            while time.perf_counter() < end and not failed:
                client.batch()
        except Exception as error:  # raised again below, where it is seen
            failed.append(error)
        finally:
            client.close()

    threads = [Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return clients


def _measured(
    kind: str, on: Prepared, server: Server, count: int, options: Options
) -> dict[str, Cell]:
    rates, requests, latencies = [], [], []
    instances, server_cpu, postgres_cpu = 0, 0.0, 0.0
    postmaster = on.place.postmaster
    for _ in range(options.rounds):
        own, postgres, began = cpu_of(server.pid), cpu_of_family(postmaster), time.perf_counter()
        clients = load(server, on.authorization, count, options.seconds)
        seconds = time.perf_counter() - began
        server_cpu += cpu_of(server.pid) - own
        postgres_cpu += cpu_of_family(postmaster) - postgres
        done = sum(client.instances for client in clients)
        instances += done
        rates.append(done / seconds)
        requests.append(sum(client.requests for client in clients) / seconds)
        latencies += [each for client in clients for each in client.latencies]
    return {
        "database": kind,
        "connections": count,
        "instances/s": statistics.median(rates),
        "requests/s": statistics.median(requests),
        "server CPU ms": server_cpu * 1e3 / instances,
        "PostgreSQL CPU ms": postgres_cpu * 1e3 / instances if postmaster else None,
        "u1 p50 ms": percentile(latencies, 0.5),
        "u1 p95 ms": percentile(latencies, 0.95),
        "server MB": memory_of(server.pid),
    }


def run(options: Options) -> list[Table]:
    note = "CPU time is an instance's, of about 7 requests; the client's own comes on top."
    table = Table("Workload c over HTTP", notes=[note])
    for kind in found(options.databases):
        with prepared(kind) as on, serving(on) as server:
            load(server, on.authorization, 2, options.warm)
            on.place.analyze()
            for count in CONNECTIONS:
                table.rows.append(_measured(kind, on, server, count, options))
    return [table]
