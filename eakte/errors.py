"""Errors of the E-Akte. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations

from datetime import date


class EakteError(Exception):
    """Base of all that the E-Akte refuses."""

    code = "eakte"


class NotFound(EakteError):
    """There is no such thing, or the principal may not know of it: the answer is the same."""

    code = "eakte_not_found"

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(f"{kind} nicht gefunden: {object_id}")
        self.kind = kind
        self.object_id = object_id


class AccessDenied(EakteError):
    """The principal may see the head data, not the content, or may read but not write."""

    code = "eakte_access_denied"

    def __init__(self, kind: str, object_id: str, level: str) -> None:
        right = "den Inhalt sehen" if level == "content" else "das ändern"
        super().__init__(f"Sie dürfen {right} nicht: {kind} {object_id}")
        self.kind = kind
        self.object_id = object_id
        self.level = level


class ReasonRequired(EakteError):
    """A step that must be justified came without a reason that says anything."""

    code = "eakte_reason_required"


class HeadDataInvalid(EakteError):
    """Head data that are missing or contradict each other."""

    code = "eakte_head_data_invalid"


class AktenplanUnknown(EakteError):
    """No Aktenplaneinheit with that Kennzeichen is valid on that day."""

    code = "eakte_aktenplan_unknown"

    def __init__(self, kennzeichen: str, on: date) -> None:
        super().__init__(f"Keine gültige Aktenplaneinheit {kennzeichen} am {on:%d.%m.%Y}")
        self.kennzeichen = kennzeichen


class UnitUnknown(EakteError):
    """No Organisationseinheit with that id."""

    code = "eakte_unit_unknown"


class AkteClosed(EakteError):
    """The Akte's retention runs: nothing is filed into it any more."""

    code = "eakte_akte_closed"


class VorgangClosed(EakteError):
    """The Vorgang is z.d.A.; only the Registratur can reopen it."""

    code = "eakte_vorgang_closed"


class StepsOpen(EakteError):
    """A Vorgang (or Akte) cannot be closed while these are open."""

    code = "eakte_steps_open"

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(f"Es sind noch {len(ids)} Schritte oder Vorgänge offen.")
        self.ids = ids


class StepNotOpen(EakteError):
    """The Beteiligungsschritt is done or skipped: finished steps do not change."""

    code = "eakte_step_not_open"


class WiedervorlageNotOpen(EakteError):
    """The Wiedervorlage was already dealt with."""

    code = "eakte_wiedervorlage_not_open"


class BlobInUse(EakteError):
    """The bytes already belong to a Dokument; file them anew for another one."""

    code = "eakte_blob_in_use"


class ExportIncomplete(EakteError):
    """The Akte holds parts that the principal may not read, and is not exported in part."""

    code = "eakte_export_incomplete"

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Die Akte enthält {count} Teile, die Sie nicht lesen dürfen; "
            "die Ausgabe braucht eine Person, die alles lesen darf."
        )
        self.count = count


class CursorInvalid(EakteError):
    """A page cursor that was not made by this search."""

    code = "eakte_cursor_invalid"
