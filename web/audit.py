"""Prüfung: is everything still what was written, and how to find out without us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from time import perf_counter

from fastapi import APIRouter
from starlette.responses import Response

from storage.verify import Report, verify_all
from web.visit import PageVisit, Visit

router = APIRouter()

_REASONS = (
    (r"missing: (.*)", "Einträge fehlen ({})."),
    (r"missing, but anchored by checkpoint (\d+)", "fehlt, ist aber im Prüfpunkt {} verankert."),
    (r"missing from the object store", "fehlt im Objektspeicher."),
    (
        r"its bytes do not give the hash that the chain carries",
        "Der Inhalt wurde verändert: er passt nicht zum Hashwert der Kette.",
    ),
    (
        r"is not the entry that checkpoint (\d+) anchored",
        "ist nicht der Eintrag, den Prüfpunkt {} verankert hat.",
    ),
    (r"the head is not the last entry's hash", "Das Ende der Kette passt nicht zum Eintrag."),
    (r"values erased without a record of it", "Werte wurden ohne Löschvermerk entfernt."),
    (
        r"unknown to the stream's row, which says (\d+)",
        "gehört nicht dazu: verzeichnet sind nur {} Einträge.",
    ),
    (r"holds values and says that they are erased", "gilt als gelöscht, enthält aber Werte."),
    (r"cannot be read.*", "ist nicht lesbar."),
    (
        r"its row is missing, but (\d+) entries are there",
        "Der Kopf fehlt, {} Einträge sind noch da.",
    ),
    (r"its row is missing", "fehlt in der Datenbank."),
    (r"its row is not what the object holds", "Datenbank und Objektspeicher widersprechen sich."),
    (r"does not continue the checkpoint before it", "setzt den vorigen Prüfpunkt nicht fort."),
    (r"is another checkpoint", "ist ein anderer Prüfpunkt."),
    (r"has no row", "ist der Datenbank unbekannt."),
    (
        r"signed by a key that is not trusted: (\w+)",
        "ist mit einem fremden Schlüssel unterschrieben ({}).",
    ),
    (r"its signature does not fit", "Die Unterschrift passt nicht."),
    (r"no key for (.*)", "Der Schlüssel fehlt ({})."),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """One fault in German; `what` is the name that `amtsgang verify` gives it too."""

    place: str
    what: str
    reason: str


@router.get("/pruefung")
def show(visit: PageVisit) -> Response:
    visit.require("ledger.verify")
    return _page(visit)


@router.post("/pruefung")
def verify(visit: PageVisit) -> Response:
    """Check every stream, every checkpoint and every content now."""
    visit.require("ledger.verify")
    house = visit.house
    begun = perf_counter()
    report = verify_all(
        house.database,
        house.store,
        house.blobs,
        visit.principal.tenant,
        trusted=house.keyring.fingerprints(),
    )
    return _page(visit, report, perf_counter() - begun)


@router.get("/pruefung/verify_bundle.py")
def verifier(visit: PageVisit) -> Response:
    """The program that checks a bundle offline: one file, to be read before it is run."""
    visit.require("ledger.verify")
    data = (files("storage") / "verify_bundle.py").read_bytes()
    headers = {"content-disposition": 'attachment; filename="verify_bundle.py"'}
    return Response(data, media_type="text/plain", headers=headers)


def _page(visit: Visit, report: Report | None = None, seconds: float = 0) -> Response:
    keyring = visit.house.keyring
    return visit.page(
        "pruefung.html",
        report=report,
        broken=[broken(each.what, each.reason) for each in report.faults] if report else [],
        seconds=f"{seconds:.1f}".replace(".", ","),
        may_export=visit.may("akte.export"),
        fingerprint=keyring.fingerprint,
        earlier=keyring.fingerprints()[:-1],
    )


def broken(what: str, reason: str) -> Broken:
    """What `storage.verify` found, for a person."""
    for pattern, sentence in _REASONS:
        if match := re.fullmatch(pattern, reason):
            return Broken(_place(what), what, sentence.format(*match.groups()))
    return Broken(_place(what), what, reason)


def _place(what: str) -> str:
    stream, _, number = what.partition("#")
    if number:
        return f"Eintrag {number} der Historie von {stream}"
    if what.startswith("checkpoint"):
        return f"Prüfpunkt {what.removeprefix('checkpoint').strip('s/ ')}"
    if what.startswith(("blob", "objects", "content")):
        return f"Dokumentinhalt {what.removeprefix('blob ')}"
    return f"Historie von {what}"
