"""What a refusal means, in a sentence for the person at the page.

Invariant: what somebody may not know of reads like what does not exist; no internal text, id or
trace reaches the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bpmn.errors import ModelError, ModelRefused
from eakte import errors as eakte
from engine import errors as engine
from engine.machine.errors import MachineError
from identity import errors as identity
from storage import errors as storage
from web.visit import FormExpired, FormUnreadable, PageNotFound


@dataclass(frozen=True, slots=True)
class Said:
    """An error as a page shows it."""

    status: int
    title: str
    text: str


_UNKNOWN = Said(
    404,
    "Nicht gefunden",
    "Das gibt es nicht (mehr), oder Sie dürfen es nicht sehen.",
)
_OTHER_PERSON = Said(
    403,
    "Das muss eine andere Person tun",
    "Es gilt das Vier-Augen-Prinzip: Sie oder die Person, die Sie vertreten, haben an diesem "
    "Vorgang schon mitgewirkt.",
)
_AGAIN = Said(
    503, "Gerade nicht möglich", "Bitte versuchen Sie es in einem Augenblick noch einmal."
)

_TABLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Said], ...] = (
    (
        FormExpired,
        Said(
            403,
            "Diese Seite ist nicht mehr gültig",
            "Es wurde nichts geändert. Bitte gehen Sie zurück, laden die Seite neu und senden "
            "Sie noch einmal.",
        ),
    ),
    (
        FormUnreadable,
        Said(
            413,
            "Zu viele Dateien auf einmal",
            "Es wurde nichts angenommen. Bitte in mehreren Teilen senden.",
        ),
    ),
    ((PageNotFound, engine.NotFound, eakte.NotFound, storage.NotStored), _UNKNOWN),
    (
        eakte.AccessDenied,
        Said(
            403,
            "Kein Zugriff auf den Inhalt",
            "Sie dürfen die Kopfdaten sehen, aber nicht den Inhalt, oder Sie dürfen ihn nicht "
            "ändern. Zuständig ist die federführende Stelle.",
        ),
    ),
    (
        engine.TaskTaken,
        Said(409, "Schon vergeben", "Eine andere Person hat diese Aufgabe gerade übernommen."),
    ),
    (engine.OtherPersonNeeded, _OTHER_PERSON),
    (identity.FourEyesRequired, _OTHER_PERSON),
    (
        engine.NotAllowed,
        Said(
            403,
            "Das dürfen Sie hier nicht",
            "Die Aufgabe gehört nicht zu Ihnen oder Ihren Gruppen, oder Ihre Rollen erlauben "
            "diesen Schritt nicht.",
        ),
    ),
    (
        identity.NotPermitted,
        Said(403, "Das dürfen Sie nicht", "Ihre Rollen erlauben diese Seite oder Handlung nicht."),
    ),
    (
        identity.NotADeputy,
        Said(403, "Keine Vertretung", "Für diese Person besteht heute keine Vertretung."),
    ),
    (
        MachineError,
        Said(
            409,
            "Der Vorgang ist schon weiter",
            "Diese Aufgabe ist nicht mehr offen. Jemand war schneller, oder eine Frist hat sie "
            "beendet.",
        ),
    ),
    (
        ModelRefused,
        Said(422, "Das Modell ist nicht in Ordnung", "Es wurde nicht eingespielt."),
    ),
    (engine.Overtaken, _AGAIN),
    ((storage.Conflict, storage.Unavailable), _AGAIN),
    (
        (storage.Tampered, storage.KeyMissing),
        Said(
            500,
            "Der Inhalt ist nicht lesbar",
            "Was gespeichert ist, ist nicht, was abgelegt wurde, oder sein Schlüssel fehlt. "
            "Bitte verständigen Sie den Betrieb.",
        ),
    ),
)


def explain(error: Exception) -> Said | None:
    """The sentence for an error; None for one that is a fault of ours."""
    for kinds, said in _TABLE:
        if isinstance(error, kinds):
            return said
    if isinstance(error, eakte.EakteError | identity.IdentityError):
        return Said(422, "So geht es nicht", str(error))  # German, made for people
    if isinstance(error, engine.EngineError | ModelError | storage.StorageError):
        return Said(422, "So geht es nicht", "Die Angaben passen nicht zum Vorgang.")
    if isinstance(error, RequestValidationError):
        return Said(422, "So geht es nicht", "Die Adresse ist nicht vollständig oder nicht lesbar.")
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return _UNKNOWN
        return Said(error.status_code, "So geht es nicht", "Die Anfrage ist nicht verständlich.")
    return None
