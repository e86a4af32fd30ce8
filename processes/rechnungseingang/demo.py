"""The demo: fictional people, their Befugnisse, the routing table, and the samples.

Invariant: what is set up once stays; a second call changes nothing. Passwords are the logins, so
this is for loopback only, and the roots say so.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from sqlalchemy import select

from eakte.aktenplan import seed_demo
from engine.tables import user_task
from identity.befugnisse import Kind, befugnisse, confirm_befugnis, propose_befugnis
from identity.persons import add_machine, add_person, find_by_login, person_by_id, principal_of
from identity.principal import Principal, system_principal
from processes.package import DemoUser
from processes.rechnungseingang import receipts
from processes.rechnungseingang.kreditoren.accounts import PROPOSED, accounts, confirm
from processes.rechnungseingang.kreditoren.master import find
from processes.rechnungseingang.kreditoren.table import import_table
from processes.rechnungseingang.receipts import Push, Receipt
from processes.rechnungseingang.routing import read_routes, replace_routes, routes
from storage.database import Transaction

if TYPE_CHECKING:
    from processes.house import House

_HERE = Path(__file__).parent
_FROM = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Clerk(DemoUser):
    """A fictional person with what they may do."""

    groups: tuple[str, ...]
    roles: tuple[str, ...]
    units: tuple[str, ...]
    befugnisse: tuple[tuple[Kind, int | None], ...] = ()
    stufe: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A file to push, and the end (`invoice_receipt.state`) that it should reach."""

    file: str
    about: str
    pushes: int
    end: str
    rueckfrage: bool = False
    gekuerzt: str | None = None
    abgewiesen: int = 0

    @property
    def data(self) -> bytes:
        return (_HERE / "samples" / self.file).read_bytes()


@dataclass(frozen=True, slots=True)
class Pushed:
    sample: Sample
    receipt: Receipt


USERS = (
    Clerk(
        "rita.rehbein", "Rita Rehbein", "Rechnungsstelle: klärt, ordnet zu, lehnt ab",
        ("rechnungsstelle",), ("clerk",), ("rechnungsstelle",), (("sachlich", 5_000),),
    ),
    Clerk(
        "tim.tannhaus", "Tim Tannhaus", "Tiefbauamt: prüft sachlich und kontiert",
        ("fachamt_tiefbau",), ("clerk",), ("tiefbau",), (("sachlich", 100_000),),
    ),
    Clerk(
        "jule.jansen", "Jule Jansen", "Jugendamt: prüft sachlich und kontiert",
        ("fachamt_jugend",), ("clerk", "lead"), ("jugendamt",), (("sachlich", 100_000),),
    ),
    Clerk(
        "ralf.rieger", "Ralf Rieger", "Kämmerei: stellt rechnerisch fest",
        ("rechnerisch",), ("clerk",), ("kaemmerei",),
        (("sachlich", 10_000), ("rechnerisch", 250_000)),
    ),
    Clerk(
        "rosa.rosenau", "Rosa Rosenau", "Kämmerei: stellt rechnerisch fest",
        ("rechnerisch",), ("clerk",), ("kaemmerei",),
        (("sachlich", 10_000), ("rechnerisch", 250_000)),
    ),
    Clerk(
        "karla.kranz", "Karla Kranz", "Kämmerei: ordnet bis 250.000 Euro an",
        ("anordnung",), ("clerk", "lead"), ("kaemmerei",), (("anordnung", 250_000),), "Kämmerei",
    ),
    Clerk(
        "anton.ahlers", "Anton Ahlers", "ordnet nur bis 1.000 Euro an",
        ("anordnung",), ("clerk",), ("kaemmerei",), (("anordnung", 1_000),),
    ),
    Clerk(
        "berta.brandt", "Berta Brandt", "Buchhaltung: meldet „gebucht“ oder „abgewiesen“",
        ("buchhaltung",), ("buchhaltung",), ("kaemmerei",),
    ),
    Clerk(
        "regine.roth", "Regine Roth", "Registratur: Aktenplan, Aufbewahrung",
        (), ("registratur",), ("rechnungsstelle",),
    ),
    Clerk("paul.petersen", "Paul Petersen", "Rechnungsprüfung", (), ("auditor",), ()),
    Clerk("dora.dietrich", "Dora Dietrich", "Zugriffsprotokoll", (), ("datenschutz",), ()),
    Clerk("gero.gestalt", "Gero Gestalt", "gestaltet Prozesse", (), ("designer",), ()),
    Clerk("olga.ostmann", "Olga Ostmann", "betreibt das System", (), ("operator",), ()),
)  # fmt: skip
MACHINES = (
    ("rechnungsportal", "Rechnungsportal", "submitter"),
    ("kassenverfahren", "Kassenverfahren", "booking"),
)
INTAKE, BOOKKEEPER = "rita.rehbein", "berta.brandt"


def set_up(house: House) -> tuple[Clerk, ...]:
    """Units, Aktenplan, people, Befugnisse and routes; what is there already stays."""
    tenant = house.settings.tenant
    with house.database.begin(tenant) as tx:
        seed_demo(tx, system_principal(tenant))
        for user in USERS:
            if find_by_login(tx, user.login) is None:
                add_person(
                    tx,
                    login=user.login,
                    display_name=user.name,
                    password=user.login,
                    groups=user.groups,
                    roles=user.roles,
                    units=user.units,
                )
        for login, name, role in MACHINES:
            if find_by_login(tx, login) is None:
                add_machine(tx, login=login, display_name=name, roles=(role,))
        for user in USERS:
            _appoint(tx, user)
        if not routes(tx):
            table = (_HERE / "models" / "zuordnung.csv").read_text(encoding="utf-8")
            replace_routes(tx, read_routes(table))
    return USERS


def know_suppliers(house: House) -> None:
    """Most suppliers of the samples stand in the master (samples/kreditoren.csv), each account
    confirmed by a second person; one is left for a clerk to make from its invoice."""
    table = (_HERE / "samples" / "kreditoren.csv").read_bytes()
    with house.database.begin(house.settings.tenant) as tx:
        if find(tx):
            return
        import_table(tx, principal_by_login(tx, "olga.ostmann"), table)
        confirmer = principal_by_login(tx, BOOKKEEPER)
        for account in accounts(tx, [each.id for each in find(tx)], PROPOSED):
            confirm(tx, confirmer, account.id)


def principal(house: House, login: str) -> Principal:
    """A demo user, as if logged in."""
    with house.database.reading(house.settings.tenant) as tx:
        return principal_by_login(tx, login)


def principal_by_login(tx: Transaction, login: str) -> Principal:
    found = find_by_login(tx, login)
    assert found is not None, f"{login} is set up"
    return principal_of(tx, found.id)


def samples() -> tuple[Sample, ...]:
    """The shipped samples with their declared ends (samples/ends.json)."""
    declared = json.loads((_HERE / "samples" / "ends.json").read_text(encoding="utf-8"))
    return tuple(Sample(**each) for each in declared)


def push(house: House) -> list[Pushed]:
    """Push every sample as often as it says, in its order; a repeated push is the same invoice."""
    who = principal(house, INTAKE)
    pushed = []
    for sample in samples():
        for _ in range(sample.pushes):
            given = Push(sample.data, sample.file, "demo")
            pushed.append(Pushed(sample, receipts.receive(house, who, given)))
    return pushed


def push_over_http(house: House, base: str) -> list[Pushed]:
    """Push the samples as an accounting system does; `base` is where the house listens."""
    login = principal(house, INTAKE).name
    secret = b64encode(f"{login}:{login}".encode()).decode()
    headers = {"authorization": f"Basic {secret}", "content-type": "application/xml"}
    pushed = []
    for sample in samples():
        for _ in range(sample.pushes):
            url = f"{base}/api/v1/invoices?channel=demo"
            request = Request(url, sample.data, headers)  # noqa: S310 our own address
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                said = json.load(answer)
            pushed.append(Pushed(sample, Receipt(said["id"], said["sha256"], said["first"])))
    return pushed


def wait_for_people(
    house: House, pushed: list[Pushed], timeout: float = 60
) -> list[tuple[str, str, str]]:
    """Wait until every invoice needs a person; file, what it is, and the names of its tasks."""
    ids = {each.receipt.id: each.sample for each in pushed}
    found: dict[str, list[str]] = {}
    end = monotonic() + timeout
    while monotonic() < end and len(found) < len(ids):
        with house.database.reading(house.settings.tenant) as tx:
            for row in tx.all(
                select(user_task.c.instance_id, user_task.c.name)
                .where(user_task.c.tenant == tx.tenant, user_task.c.closed_at.is_(None))
                .where(user_task.c.instance_id.in_(list(ids)))
            ):
                names = found.setdefault(row.instance_id, [])
                if row.name not in names:
                    names.append(row.name)
        sleep(0.05)
    return [
        (sample.file, sample.about, ", ".join(found.get(invoice, ["noch in Arbeit"])))
        for invoice, sample in ids.items()
    ]


def _appoint(tx: Transaction, user: Clerk) -> None:
    """Four eyes also here: the operator proposes, a lead confirms (or the other way round)."""
    found = find_by_login(tx, user.login)
    assert found is not None
    person = person_by_id(tx, found.id)
    system = system_principal(tx.tenant)
    if befugnisse(tx, system, person=person.id):
        return
    proposer = principal_by_login(tx, "olga.ostmann")
    confirmer = "jule.jansen" if user.login == "karla.kranz" else "karla.kranz"
    for kind, limit in user.befugnisse:
        proposed = propose_befugnis(
            tx,
            proposer,
            person=person.id,
            kind=kind,
            valid_from=_FROM,
            stufe=user.stufe,
            limit=None if limit is None else Decimal(limit),
        )
        confirm_befugnis(tx, principal_by_login(tx, confirmer), proposed.id)
