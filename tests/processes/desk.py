"""One invoice on a real house, and the people who work on it by their logins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from bpmn.values import Variables
from eakte.beteiligung import Schritt
from engine.commands import CompleteTask
from engine.tables import user_task
from identity.principal import system_principal
from processes.house import House
from processes.rechnungseingang import demo, receipts, records
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.hkr.booking import Acknowledgement
from processes.rechnungseingang.receipts import Push
from storage.database import Row

Run = Callable[[], None]
SYSTEM = system_principal("default")
SAMPLES = {sample.file: sample.data for sample in demo.samples()}
UBL = SAMPLES["01_tiefbau_ubl.xml"]
AMOUNT = "18828.18"


class Desk:
    """One invoice, and the people who work on it by their logins."""

    def __init__(self, house: House, run_jobs: Run, data: bytes = UBL, **more: object) -> None:
        self.house, self.run_jobs = house, run_jobs
        who = demo.principal(house, demo.INTAKE)
        self.id = receipts.receive(house, who, Push(data, **more)).id  # type: ignore[arg-type]
        run_jobs()

    @property
    def row(self) -> Row:
        with self.house.database.reading() as tx:
            return receipts.receipt(tx, self.id)

    @property
    def open_tasks(self) -> list[str]:
        where = (user_task.c.instance_id == self.id, user_task.c.closed_at.is_(None))
        with self.house.database.reading() as tx:
            return [row.node for row in tx.all(select(user_task).where(*where))]

    @property
    def steps(self) -> list[Schritt]:
        with self.house.database.reading() as tx:
            return records.steps_of(tx, self.row.vorgang)

    def complete(self, node: str, login: str, **form: object) -> None:
        where = (user_task.c.instance_id == self.id, user_task.c.closed_at.is_(None))
        with self.house.database.reading() as tx:
            task = tx.first(select(user_task).where(*where, user_task.c.node == node))
        assert task is not None, f"{node} is open"
        who = demo.principal(self.house, login)
        self.house.engine.execute(CompleteTask(task.id, form), who)  # type: ignore[arg-type]
        self.run_jobs()

    def check(self, login: str = "tim.tannhaus", **changes: object) -> None:
        self.complete("sachlich_pruefen", login, **{**kontierung(), **changes})

    def certify(self) -> None:
        self.check()
        self.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")

    def order(self, login: str = "karla.kranz", **more: object) -> None:
        self.complete(
            "anordnen",
            login,
            ergebnis="angeordnet",
            begruendung="Leistung erbracht",
            bankverbindung_geprueft=True,
            **more,
        )

    def report(self, said: Acknowledgement) -> bool:
        who = demo.principal(self.house, demo.BOOKKEEPER)
        applied = acknowledgements.report(self.house, who, self.id, said)
        self.run_jobs()
        return applied


def kontierung(amount: str = AMOUNT) -> Variables:
    line: Variables = {
        "haushaltsjahr": 2026,
        "produkt": "54.10.01",
        "sachkonto": "523110",
        "kostenstelle": "6610",
        "steuerkennzeichen": "hoheitlich",
        "betrag": amount,
    }
    return {
        "ergebnis": "richtig",
        "anordnungsart": "auszahlung",
        "festgestellter_betrag": amount,
        "buchungszeilen": [line],
        "mittel_verfuegbar": True,
    }


BOOKED = Acknowledgement("gebucht", voucher="2026-0042", booked_on=date(2026, 11, 30))
