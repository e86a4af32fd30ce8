"""The house: every room opened and introduced to the others, once per process.

Invariant: `open_house` is the only place where rooms meet; who has a `House` has all of it, and
nothing below reaches for a global. Opening it changes nothing: `deploy_packages` and migrations
are asked for by name.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from eakte.access import may
from eakte.tables import vorgang
from eakte.vorgaenge import vorgang_of_instance
from engine.commands import Deploy
from engine.engine import Engine
from engine.handlers import Handlers, InstanceChange, Participants
from engine.results import Deployed
from identity.authentication import Authenticator
from identity.principal import Principal, system_principal
from processes.package import Package
from storage.blobs import Blobs
from storage.checkpoints import checkpoint
from storage.database import DEFAULT_TENANT, Database, Transaction
from storage.errors import Conflict, StorageError
from storage.keys import Keyring
from storage.objects import ObjectStore, open_store

log = logging.getLogger(__name__)

SHIPPED = ("processes.rechnungseingang",)
"""Modules that export a `PACKAGE`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything lies. Keys lie outside database and object store (`keys`).

    `queue` names this house's queue where several share a broker; `lease` caps how long a job
    stays with a worker that may be dead; `land` (ISO 3166-2:DE) is the one whose holidays count;
    `hkr` is the URL of the system that books and pays (`processes.rechnungseingang.hkr.handover`);
    `intake` are those of the channels that invoices are fetched from (`….intake.channels`);
    `only_e_invoices` entitles to refuse an invoice that is no e-invoice in law;
    `scanner` is the address of a ClamAV daemon (`invoice.scanning`).
    """

    data: Path = Path("var")
    database_url: str = ""
    objects_url: str = ""
    broker_url: str | None = None
    queue: str | None = None
    lease: timedelta | None = None
    keys: Path | None = None
    tenant: str = DEFAULT_TENANT
    land: str = "NW"
    hkr: str = ""
    intake: tuple[str, ...] = ()
    only_e_invoices: bool = False
    scanner: str = ""
    demo: bool = False
    loopback: bool = True

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] = os.environ,
        *,
        demo: bool = False,
        loopback: bool = True,
    ) -> Settings:
        """AMTSGANG_DATA, _DATABASE, _OBJECTS, _BROKER, _KEYS, _QUEUE, _LEASE (seconds), _LAND,
        _HKR, _EINGANG (URLs, blanks between them); an empty one counts as absent."""
        keys = environment.get("AMTSGANG_KEYS")
        lease = environment.get("AMTSGANG_LEASE")
        return cls(
            data=Path(environment.get("AMTSGANG_DATA") or "var"),
            database_url=environment.get("AMTSGANG_DATABASE") or "",
            objects_url=environment.get("AMTSGANG_OBJECTS") or "",
            broker_url=environment.get("AMTSGANG_BROKER") or None,
            queue=environment.get("AMTSGANG_QUEUE") or None,
            lease=timedelta(seconds=float(lease)) if lease else None,
            keys=Path(keys) if keys else None,
            land=(environment.get("AMTSGANG_LAND") or "NW").upper(),
            hkr=environment.get("AMTSGANG_HKR") or "",
            intake=tuple((environment.get("AMTSGANG_EINGANG") or "").split()),
            scanner=environment.get("AMTSGANG_CLAMAV") or "",
            only_e_invoices=environment.get("AMTSGANG_NUR_E_RECHNUNG") == "1",
            demo=demo,
            loopback=loopback,
        )

    @property
    def database(self) -> str:
        """The database's URL; embedded: a file in the data directory."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'amtsgang.sqlite'}"

    @property
    def objects(self) -> str:
        """The object store's URL; embedded: a folder in the data directory."""
        return self.objects_url or (self.data.resolve() / "objects").as_uri()

    @property
    def key_directory(self) -> Path:
        return self.keys or self.data.resolve() / "keys"


@dataclass(frozen=True, slots=True)
class House:
    """All rooms. `engine` runs the handlers and participants of all packages."""

    settings: Settings
    database: Database
    store: ObjectStore
    keyring: Keyring
    blobs: Blobs
    authenticator: Authenticator
    engine: Engine
    packages: tuple[Package, ...] = field(default=())

    def package(self, name: str) -> Package:
        """The package of that name; raises KeyError."""
        return next(p for p in self.packages if p.name == name)

    def deploy_packages(self) -> list[Deployed]:
        """Deploy what the packages ship, and furnish what they need. What is unchanged makes no
        new version."""
        system = system_principal(self.settings.tenant)
        self._furnish()
        return [
            self.engine.execute(
                Deploy(name=package.title, files=package.files(), source=package.name), system
            )
            for package in self.packages
        ]

    def _furnish(self) -> None:
        for package in self.packages:
            if package.furnish is None:
                continue
            try:
                with self.database.begin(self.settings.tenant) as tx:
                    package.furnish(tx)
            except Conflict:
                # A process that starts at the same moment does it.
                log.info("%s is furnished elsewhere", package.name)

    def close(self) -> None:
        self.database.close()


CHECKPOINT_ATTEMPTS = 5


def _checkpoint(database: Database, store: ObjectStore, keyring: Keyring, tenant: str) -> None:
    """Anchor what has just been closed. Whoever makes one at the same moment may have looked
    before that, so it is tried again."""
    for attempt in range(1, CHECKPOINT_ATTEMPTS + 1):
        try:
            checkpoint(database, store, keyring, tenant)
        except Conflict:
            if attempt == CHECKPOINT_ATTEMPTS:
                log.warning("no checkpoint at z.d.A.: others were faster")
        except StorageError as error:
            # What is committed stays committed; the clock's next checkpoint takes it along.
            log.warning("no checkpoint at z.d.A.: %s", error)
            return
        else:
            return


def shipped_packages() -> tuple[Package, ...]:
    """The packages that come with the application, imported when they are first needed."""
    return tuple(import_module(name).PACKAGE for name in SHIPPED)


def may_read_case(tx: Transaction, principal: Principal, instance_id: str) -> bool:
    """An instance's values belong to its Vorgang: who may read that may read them."""
    filed = vorgang_of_instance(tx, system_principal(tx.tenant), instance_id)
    return filed is None or may(tx, principal, vorgang, filed.id, "content")


def open_house(settings: Settings | None = None) -> House:
    """Open every room. The database's tables must be there: see `storage.migrate`."""
    settings = settings or Settings.from_environment()
    settings.data.mkdir(parents=True, exist_ok=True)
    packages = shipped_packages()
    handlers, participants = Handlers(settings.lease), Participants()
    for package in packages:
        handlers.include(package.handlers)
        participants.include(package.participants)
    database = Database.open(settings.database)
    store = open_store(settings.objects)
    keyring = Keyring(settings.key_directory)
    blobs = Blobs(database, store, keyring)

    def anchor(tx: Transaction, _change: InstanceChange) -> None:
        """z.d.A. forces a checkpoint (decisions, no. 22). Another one at work loses nothing."""
        tenant = tx.tenant
        tx.after_commit(lambda: _checkpoint(database, store, keyring, tenant))

    for package in packages:
        participants.on_instance_ended(package.name)(anchor)
    return House(
        settings=settings,
        database=database,
        store=store,
        keyring=keyring,
        blobs=blobs,
        authenticator=Authenticator(database, settings.tenant),
        engine=Engine(
            database, handlers, participants, objects=blobs, variable_access=may_read_case
        ),
        packages=packages,
    )
