"""What a signature binds, and whether those before it still stand.

A signature certifies: wording, person, Befugnis, amount, and a hash over document version, kind of
order, posting lines, payee, Kreditor, IBAN and due date. Invariant: a signature whose hash is not
that of what is to be paid now counts for nothing; the first that differs voids all later ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Literal

from bpmn.values import Value
from eakte.beteiligung import Schritt, void_step
from identity.befugnisse import Befugnis, befugnis_for
from identity.principal import Principal, system_principal
from processes.rechnungseingang.amounts import german
from processes.rechnungseingang.errors import BefugnisMissing, SignatureVoid
from processes.rechnungseingang.hkr.booking import REFUNDS, canonical
from processes.rechnungseingang.posting import moved
from storage.database import Row, Transaction

Kind = Literal["sachlich", "rechnerisch", "anordnung"]
NODES: Mapping[str, Kind] = {
    "sachlich_pruefen": "sachlich",
    "rechnerisch_feststellen": "rechnerisch",
    "anordnen": "anordnung",
}
GIVEN = {"richtig", "gekuerzt", "angeordnet"}
_WORDING: Mapping[Kind, str] = {
    "sachlich": "Ich stelle die sachliche Richtigkeit über {amount} fest. Mittel sind verfügbar.",
    "rechnerisch": "Ich stelle die rechnerische Richtigkeit über {amount} fest.",
    "anordnung": "Ich ordne an: {order} über {amount}.",
}
ORDERS = {
    "auszahlung": "Auszahlung",
    "buchung_ohne_zahlung": "Buchung ohne Zahlung",
    "absetzung": "Absetzung",
    "annahme": "Annahme",
}
STUFEN = ("Sachgebietsleitung", "Amtsleitung", "Kämmerei")
"""The offices that models/befugnis.dmn names, ascending: who stands higher may what those below
may. An office that only a changed table knows is served by itself alone."""
_NAMES: Mapping[Kind, str] = {
    "sachlich": "die sachliche Feststellung",
    "rechnerisch": "die rechnerische Feststellung",
    "anordnung": "eine Anordnung",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is certified. `lines` are the posting lines as plain texts and numbers."""

    version: str
    sha256: str
    order: str
    amount: Decimal
    lines: tuple[Mapping[str, object], ...]
    payee: str | None
    iban: str | None
    due_on: date | None
    kreditor: str | None = None

    @property
    def budget(self) -> str | None:
        """The Produkt of all posting lines; None where they lie in several."""
        produkte = {str(line.get("produkt")) for line in self.lines}
        return produkte.pop() if len(produkte) == 1 else None

    @property
    def moved(self) -> Decimal:
        """What limits are compared with: see `posting.moved`."""
        return max(abs(self.amount), moved(self.lines))

    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of all that a change of must void signatures."""
        content = {name: getattr(self, name) for name in Subject.__dataclass_fields__}
        if self.kreditor is None:
            del content["kreditor"]
        return sha256(canonical(content)).hexdigest()


def subject_of(receipt: Row, order: str, amount: Decimal, lines: list[dict[str, Value]]) -> Subject:
    return Subject(
        version=receipt.version,
        sha256=receipt.sha256,
        order=order,
        amount=amount,
        lines=tuple(dict(line) for line in lines),
        payee=receipt.payee,
        iban=receipt.iban,
        due_on=receipt.due_on,
        kreditor=receipt.kreditor,
    )


def wording(kind: Kind, order: str, amount: Decimal, currency: str) -> str:
    """The sentence that is signed. A refund is ordered in its own direction: `Absetzung über 100`,
    also where the invoice states -100."""
    shown = abs(amount) if kind == "anordnung" and order in REFUNDS else amount
    return _WORDING[kind].format(amount=german(shown, currency), order=ORDERS.get(order, order))


def sufficing(stufe: str) -> tuple[str | None, ...]:
    """The offices whose Befugnis suffices where the table asks for this one. A Befugnis without
    an office is of the lowest."""
    if stufe not in STUFEN:
        return (stufe,)
    rank = STUFEN.index(stufe)
    return (*STUFEN[rank:], None) if rank == 0 else STUFEN[rank:]


def require_befugnis(
    tx: Transaction,
    performer: Principal,
    kind: Kind,
    *,
    unit: str,
    subject: Subject,
    on: date,
    stufe: str | None = None,
) -> Befugnis:
    """The Befugnis that the signature cites; raises `BefugnisMissing`.

    One for a budget counts where all posting lines lie in that Produkt. The limit is compared with
    what is posted in one direction, so that no line against the others makes the whole look small.
    An Anordnung needs both:
    the office that the table names (`stufe`) and a personal limit; the stricter binds.

    Who acts for another signs by their Befugnis. Buchhaltung and Kasse do not certify
    (KomHVO NRW § 31 (3)).
    """
    if "buchhaltung" in performer.roles:
        raise BefugnisMissing(
            "Wer in der Buchhaltung arbeitet, stellt nicht fest und ordnet nicht an."
        )
    person, amount = performer.on_behalf_of or performer.id, subject.moved
    stufen = sufficing(stufe or "") if kind == "anordnung" else None
    found = befugnis_for(tx, person, kind, unit, amount, on, subject.budget, stufen)
    if found is None:
        asked = f" Nötig ist die Stufe {stufe}." if stufe and kind == "anordnung" else ""
        raise BefugnisMissing(
            f"Ihre Befugnis reicht für {_NAMES[kind]} über {german(amount)} in der Stelle "
            f"„{unit}“ nicht aus.{asked}"
        )
    return found


def standing(steps: list[Schritt], kind: Kind) -> Schritt | None:
    """The last signature of that kind that has not been voided."""
    found = [
        each
        for each in steps
        if NODES.get(each.kind) == kind and each.outcome in GIVEN and each.voided_at is None
    ]
    return found[-1] if found else None


def require_standing(
    steps: list[Schritt], kinds: tuple[Kind, ...], subject: Subject
) -> list[Schritt]:
    """The signatures of these kinds, if all certify this very subject."""
    wanted = subject.content_hash()
    found = []
    for kind in kinds:
        signed = standing(steps, kind)
        if signed is None or signed.content_hash != wanted:
            raise SignatureVoid(
                f"Es fehlt {_NAMES[kind]} über das, was jetzt angeordnet werden soll: seitdem hat "
                "sich etwas geändert. Bitte an die sachliche Prüfung zurückgeben."
            )
        found.append(signed)
    return found


def void_changed(tx: Transaction, steps: list[Schritt], subject: Subject) -> None:
    """Void the first standing signature over something else, and with it all later steps."""
    wanted = subject.content_hash()
    for each in steps:
        signed = each.kind in NODES and each.outcome in GIVEN and each.voided_at is None
        if signed and each.content_hash != wanted:
            void_step(tx, system_principal(tx.tenant), each.id, "kontierung_changed")
            return
