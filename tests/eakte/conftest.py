"""An E-Akte with units, Aktenplan and people of every role, on each database there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from eakte.akten import Akte, create_akte
from eakte.aktenplan import seed_demo
from eakte.dokumente import Dokument, file_dokument
from eakte.vorgaenge import Vorgang, open_vorgang
from identity.persons import add_person, principal_of
from identity.principal import Principal, system_principal
from storage.blobs import Blobs
from storage.database import Database, Transaction
from storage.keys import Keyring
from storage.objects import open_store

SYSTEM = system_principal("default")
PEOPLE = {
    # name: (units, roles, groups)
    "tief": (["tiefbau"], ["clerk"], ["fachamt_tiefbau"]),
    "tief_lead": (["tiefbau"], ["clerk", "lead"], ["fachamt_tiefbau"]),
    "jugend": (["jugendamt"], ["clerk"], ["fachamt_jugend"]),
    "jugend_lead": (["jugendamt"], ["clerk", "lead"], ["fachamt_jugend"]),
    "kasse": (["kaemmerei"], ["buchhaltung"], ["buchhaltung"]),
    "rechner": (["kaemmerei"], ["clerk"], ["rechnerisch"]),
    "registratur": (["rechnungsstelle"], ["registratur"], []),
    "auditor": ([], ["auditor"], []),
    "datenschutz": ([], ["datenschutz"], []),
    "designer": ([], ["designer"], []),
    "operator": ([], ["operator"], []),
    "nobody": ([], [], []),
}


@dataclass
class House:
    """The rooms below the E-Akte, and who lives there."""

    database: Database
    blobs: Blobs
    people: dict[str, Principal]
    keyring: Keyring

    def __getattr__(self, name: str) -> Principal:
        if name in PEOPLE:
            return self.people[name]
        raise AttributeError(name)

    def begin(self, now: datetime | None = None):
        return self.database.begin("default", now)

    def put(self, data: bytes = b"<Invoice/>", media_type: str = "application/xml") -> str:
        return self.blobs.put("default", data, media_type).id

    def akte(self, tx: Transaction, unit: str = "tiefbau", **more) -> Akte:
        betreff = more.pop("betreff", "Rechnungen 2026")
        return create_akte(tx, SYSTEM, aktenplan="R.10", unit=unit, betreff=betreff, **more)

    def vorgang(self, tx: Transaction, akte: Akte | None = None, **more) -> Vorgang:
        betreff = more.pop("betreff", "Rechnung 4711")
        return open_vorgang(tx, SYSTEM, (akte or self.akte(tx)).id, betreff=betreff, **more)

    def dokument(
        self, tx: Transaction, vorgang_id: str, blob: str, titel: str = "Rechnung", **more
    ) -> Dokument:
        return file_dokument(
            tx,
            SYSTEM,
            vorgang_id,
            titel=titel,
            dokumenttyp="rechnung",
            richtung="eingang",
            eingang_am=date(2026, 3, 2),
            blob_id=blob,
            blobs=self.blobs,
            **more,
        )


def _postgres_url(url: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


DATABASES = ["sqlite"]
if os.environ.get("AMTSGANG_TEST_POSTGRES") or os.environ.get("AMTSGANG_DEMAND_SERVICES") == "1":
    DATABASES.append("postgresql")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'amtsgang.db'}"
    else:
        yield from _postgres_url(os.environ["AMTSGANG_TEST_POSTGRES"])


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url, connections=4)
    database.create_all()
    yield database
    database.close()


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    keyring = Keyring(tmp_path / "keys")
    blobs = Blobs(database, open_store(str(tmp_path / "objects")), keyring)
    people = {}
    with database.begin(now=datetime(2026, 3, 1, 8, tzinfo=UTC)) as tx:
        seed_demo(tx, SYSTEM)
        for name, (units, roles, groups) in PEOPLE.items():
            person = add_person(
                tx,
                login=name,
                display_name=f"{name.title()} Muster",
                password=None,
                units=units,
                roles=roles,
                groups=groups,
            )
            people[name] = principal_of(tx, person)
    return House(database, blobs, people, keyring)
