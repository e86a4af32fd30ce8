"""The demo plays people and booking system: every sample is led to the end that it should reach.

Invariant: it goes the way that people go: it claims and completes as a person with the rights and
the Befugnis of that person, through the same commands as pages and API. It knows no short cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Literal, Protocol

from sqlalchemy import select

from bpmn.values import Value, Variables
from engine import queries
from engine.access import people_of
from engine.commands import ClaimTask, CompleteTask
from engine.tables import user_task
from identity.principal import Principal, system_principal
from processes.rechnungseingang import receipts
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.demo import BOOKKEEPER, Pushed, Sample, principal
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.hkr.booking import Acknowledgement, booking_id
from storage.database import Row

if TYPE_CHECKING:
    from processes.house import House

_PEOPLE: Mapping[str, tuple[str, ...]] = {
    "rechnungsstelle": ("rita.rehbein",),
    "fachamt_tiefbau": ("tim.tannhaus",),
    "fachamt_jugend": ("jule.jansen",),
    "rechnerisch": ("ralf.rieger", "rosa.rosenau"),
    "anordnung": ("karla.kranz",),
}

_ACCOUNTS = {
    "tiefbau": ("54.10.01", "523110", "6610"),
    "jugendamt": ("36.30.02", "533110", "5110"),
    "kaemmerei": ("11.10.05", "543110", "2010"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sample ended."""

    sample: Sample
    invoice: str
    reached: str

    @property
    def as_expected(self) -> bool:
        return self.reached == self.sample.end


def play(
    house: House,
    pushed: list[Pushed],
    *,
    work: Callable[[], object] | None = None,
    hands: Hands | None = None,
    progress: Callable[[str], object] = lambda _: None,
    timeout: timedelta = timedelta(minutes=3),
) -> list[Outcome]:
    """Lead all to their ends. `work` runs what is due where no worker threads do; `hands` do
    what is decided, by default in this process."""
    samples = {each.receipt.id: each.sample for each in pushed}
    stage = Stage(house, progress, hands or OwnHands(house))
    end = monotonic() + timeout.total_seconds()
    while monotonic() < end:
        if work is not None:
            work()
        moved = [stage.move(invoice, sample) for invoice, sample in samples.items()]
        if all(step == "ended" for step in moved):
            break
        if work is None and "moved" not in moved:
            sleep(0.05)
    return [Outcome(sample, invoice, _state(house, invoice)) for invoice, sample in samples.items()]


class Hands(Protocol):
    """How a decision reaches the house: in this process, or over HTTP as in the system tests."""

    def complete(self, who: Principal, task_id: str, form: Variables) -> None:
        """Claim the task and complete it."""

    def report(self, who: Principal, invoice: str, said: Acknowledgement) -> None:
        """Send the booking system's report."""


class OwnHands:
    """The commands that API and pages would give, given here."""

    def __init__(self, house: House) -> None:
        self._house = house

    def complete(self, who: Principal, task_id: str, form: Variables) -> None:
        self._house.engine.execute(ClaimTask(task_id), who)
        self._house.engine.execute(CompleteTask(task_id, form), who)

    def report(self, who: Principal, invoice: str, said: Acknowledgement) -> None:
        acknowledgements.report(self._house, who, invoice, said)


class Stage:
    """Who plays: what was asked already stays remembered."""

    def __init__(self, house: House, progress: Callable[[str], object], hands: Hands) -> None:
        self._house, self._progress, self._hands = house, progress, hands
        self._asked: set[str] = set()

    def move(self, invoice: str, sample: Sample) -> Literal["moved", "waits", "ended"]:
        """One step of one invoice."""
        house = self._house
        with house.database.reading(house.settings.tenant) as tx:
            row = receipts.receipt(tx, invoice)
            tasks = tx.all(
                select(user_task)
                .where(user_task.c.tenant == tx.tenant, user_task.c.instance_id == invoice)
                .where(user_task.c.closed_at.is_(None))
                .order_by(user_task.c.id)
            )
        if row.state != "offen":
            return "ended"
        if tasks:
            self._progress(f"{sample.file}: {tasks[0].name}")
            form = _answer(house, row, sample, tasks[0].node, self._asked)
            self._hands.complete(_person(house, tasks[0]), tasks[0].id, form)
            return "moved"
        if row.booking_file is not None and row.booking_result is None:
            self._progress(f"{sample.file}: Rückmeldung der Buchhaltung")
            self._book(row, sample)
            return "moved"
        return "waits"

    def _book(self, row: Row, sample: Sample) -> None:
        """The booking system: rejects as often as the sample says, then books.

        A report names its round, so that one sent twice is recognised.
        """
        house, this_round = self._house, booking_id(row.id, row.booking_round)
        if row.booking_round <= sample.abgewiesen:
            reason = "Sachkonto ist gesperrt."
            said = Acknowledgement("abgewiesen", reason=reason, booking_id=this_round)
        else:
            day = _today(house)
            voucher = f"{day.year}-{row.id[-6:]}"
            said = Acknowledgement("gebucht", voucher=voucher, booked_on=day, booking_id=this_round)
        self._hands.report(principal(house, BOOKKEEPER), row.id, said)


def _answer(house: House, row: Row, sample: Sample, node: str, asked: set[str]) -> Variables:
    """What the person decides, as its form would send it."""
    if node == "sachlich_pruefen":
        return _check(house, row, sample, asked)
    if node == "anordnen":
        return _order(house, row)
    refuse: Variables = {"ergebnis": "ablehnen", "begruendung": "Das ist keine Rechnung."}
    same: Variables = {
        "ergebnis": "ablegen",
        "begruendung": "Gleiche Leistung, gleicher Auftrag: noch einmal gesendet.",
    }
    own: Variables = {"ergebnis": "keine_dublette", "begruendung": "Andere Leistung."}
    answers: dict[str, Variables] = {
        "rechnung_klaeren": refuse,
        "dublette_pruefen": same if sample.end == "dublette" else own,
        "zuordnen": {"ergebnis": "zuordnen", "stelle": "kaemmerei"},
        "rueckfrage_beantworten": {"antwort": "Die Fahrtkosten waren nicht vereinbart."},
        "rechnerisch_feststellen": {"ergebnis": "richtig"},
        "ablehnung_zeichnen": {"ergebnis": "ablehnen"},
        "ruege_pruefen": {
            "ergebnis": "entbehrlich",
            "begruendung": "Der Lieferant hat die Kürzung anerkannt.",
        },
        "frist_pruefen": {"vermerk": "Mit der Fachstelle gesprochen, wird heute erledigt."},
    }
    return answers[node]


def _check(house: House, row: Row, sample: Sample, asked: set[str]) -> Variables:
    if sample.rueckfrage and row.id not in asked:
        asked.add(row.id)
        return {
            "ergebnis": "rueckfrage",
            "rueckfrage_an": "Kinderhaus Regenbogen",
            "wiedervorlage_am": _today(house) + timedelta(days=7),
            "begruendung": "Sind die Fahrtkosten vereinbart?",
        }
    amount = sample.gekuerzt or str(row.amount_due)
    product, account, centre = _ACCOUNTS[row.unit]
    line: dict[str, Value] = {
        "haushaltsjahr": _today(house).year,
        "produkt": product,
        "sachkonto": account,
        "kostenstelle": centre,
        "steuerkennzeichen": "hoheitlich",
        "betrag": amount,
    }
    form: Variables = {
        "ergebnis": "gekuerzt" if sample.gekuerzt else "richtig",
        "anordnungsart": _variable(house, row.id, "anordnungsart"),
        "festgestellter_betrag": amount,
        "buchungszeilen": [line],
        "mittel_verfuegbar": True,
    }
    if sample.gekuerzt:
        form["begruendung"] = "Fahrtkosten nicht vereinbart, um diese gekürzt."
    return form


def _order(house: House, row: Row) -> Variables:
    form: Variables = {"ergebnis": "angeordnet", "begruendung": "Leistung erbracht und geprüft."}
    if _variable(house, row.id, "anordnungsart") == "auszahlung":
        form["bankverbindung_geprueft"] = True
    return form


def _person(house: House, task: Row) -> Principal:
    """The first of the group whom no four-eyes rule excludes."""
    _, groups, excluded = people_of(task)
    candidates = [principal(house, login) for group in groups for login in _PEOPLE[group]]
    return next(each for each in candidates if each.id not in excluded)


def _state(house: House, invoice: str) -> str:
    with house.database.reading(house.settings.tenant) as tx:
        return str(receipts.receipt(tx, invoice).state)


def _today(house: House) -> date:
    return local_day(house.engine.clock())


def _variable(house: House, invoice: str, name: str) -> Value:
    with house.database.reading(house.settings.tenant) as tx:
        found = queries.variables(tx, system_principal(tx.tenant), invoice)
    return found[name].value
