"""From the command to the first answer out of an existing schema, and memory before and after."""

from __future__ import annotations

import statistics

from bench.http import load
from bench.options import Options
from bench.places import found
from bench.processor import memory_of
from bench.report import Cell, Table
from bench.served import prepared, serving


def _of(kind: str, options: Options) -> dict[str, Cell]:
    with prepared(kind) as on:
        with serving(on):
            pass  # the first start deploys what the packages ship
        starts, idle = [], []
        for _ in range(1 if options.quick else 5):
            with serving(on) as server:
                starts.append(server.seconds)
                idle.append(memory_of(server.pid))
        with serving(on) as server:
            load(server, on.authorization, 4, options.seconds)
            loaded = memory_of(server.pid)
    return {
        "database": kind,
        "start-up s": statistics.median(starts),
        "goal s": 1.5,
        "MB at rest": statistics.median(idle),
        "MB after load": loaded,
        "goal MB": 150,
    }


def run(options: Options) -> list[Table]:
    return [Table("Start-up and memory", [_of(kind, options) for kind in found(options.databases)])]
