"""The ledger: entries sealed a second, and whole databases verified, entry by entry."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from bench.options import Options
from bench.places import found, place
from bench.report import Cell, Table
from bench.workloads import Tally, deploy, run_c
from engine.engine import Engine
from storage.blobs import Blobs
from storage.chain import GENESIS
from storage.database import Database
from storage.keys import Keyring
from storage.ledger import seal
from storage.objects import open_store
from storage.verify import verify_all


def _sealed(options: Options) -> dict[str, Cell]:
    """In memory: header, salt, both commitments and the chain, for 300 + 400 bytes."""
    at, facts, values = datetime.now(UTC), token_bytes(300), token_bytes(400)
    head, count = GENESIS, 2_000 if options.quick else 50_000
    began = time.process_time()
    for seq in range(1, count + 1):
        head = seal(
            "0" * 32, seq, head, at, "u", None, "task.completed", facts, values, tenant="default"
        ).head
    return {
        "database": None,
        "what": "entries sealed",
        "entries": count,
        "a CPU second": count / (time.process_time() - began),
    }


def _verified(kind: str, options: Options) -> dict[str, Cell]:
    """`verify` over instances of c: read, hashed, compared. PostgreSQL's CPU is not counted."""
    with place(kind) as where, tempfile.TemporaryDirectory(prefix="amtsgang-bench-") as folder:
        database = Database.open(where.url)
        try:
            engine, tally = Engine(database), Tally()
            deploy(engine)
            for _ in range(2 if options.quick else 100):
                run_c(engine, 0, tally)
            where.analyze()
            store = open_store((Path(folder) / "objects").as_uri())
            keyring = Keyring(Path(folder) / "keys")
            blobs = Blobs(database, store, keyring)
            began, cpu = time.perf_counter(), time.process_time()
            trusted = keyring.fingerprints()
            report = verify_all(database, store, blobs, "default", trusted=trusted)
            cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
        finally:
            database.close()
    assert report.whole, report.faults
    return {
        "database": kind,
        "what": "entries verified",
        "entries": report.entries,
        "a CPU second": report.entries / cpu,
        "a second": report.entries / seconds,
    }


def run(options: Options) -> list[Table]:
    sealed = _sealed(options) | {"a second": None}
    return [
        Table("Ledger", [sealed, *(_verified(kind, options) for kind in found(options.databases))])
    ]
