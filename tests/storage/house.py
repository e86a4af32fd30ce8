"""A small house of streams, contents and checkpoints that the tests then damage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert

from storage.blobs import Blobs
from storage.checkpoints import checkpoint
from storage.database import Database
from storage.keys import Keyring
from storage.ledger import append
from storage.objects import ObjectStore
from storage.verify import Report, verify_all
from tests.storage.cases import case_table

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@dataclass
class House:
    database: Database
    store: ObjectStore
    keyring: Keyring
    blobs: Blobs

    def open_case(self, case: str) -> None:
        with self.database.begin() as tx:
            tx.run(insert(case_table), {"tenant": tx.tenant, "id": case})

    def step(self, case: str, count: int = 1) -> None:
        for _ in range(count):
            with self.database.begin(now=AT) as tx:
                append(
                    tx,
                    case_table,
                    case,
                    actor="u_1",
                    kind="step",
                    facts=b'{"node":"pruefen"}',
                    values=b'{"name":"Meier"}',
                )

    def file(self, case: str, data: bytes) -> str:
        """Store a document as the E-Akte does: its hash stands in the stream's facts."""
        blob = self.blobs.put("default", data, "text/xml")
        facts = msgspec.json.encode({"sha256": blob.sha256})
        with self.database.begin(now=AT) as tx:
            self.blobs.commit(tx, blob.id, case)
            append(tx, case_table, case, actor="u_1", kind="akte.dokument_filed", facts=facts)
        return blob.id

    def checkpoint(self) -> int:
        return len(checkpoint(self.database, self.store, self.keyring, "default", AT))

    def verify(self) -> Report:
        return verify_all(
            self.database,
            self.store,
            self.blobs,
            "default",
            trusted=self.keyring.fingerprints(),
        )

    def faults(self) -> list[str]:
        return [fault.what for fault in self.verify().faults]
