"""What is missing or wrong with an installation, each with what to do.

Invariant: whoever looks makes nothing. What is not there yet is told and not created.
"""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from processes.house import Settings
from processes.rechnungseingang.errors import RechnungseingangError
from processes.rechnungseingang.hkr.handover import open_hkr
from processes.rechnungseingang.intake.channels import open_channel
from processes.rechnungseingang.official import Release, releases
from processes.rechnungseingang.working_days import LAENDER
from storage.database import Database
from storage.errors import StorageError
from storage.keys import Keyring
from storage.migrate import require_current
from storage.objects import open_store

_FIRST_START = "der erste Start legt ihn an"
CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`ok`: as it should be; `notice`: know this; `error`: it will not work."""

    subject: str
    state: Literal["ok", "notice", "error"]
    text: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def examine(settings: Settings) -> list[Diagnosis]:
    """Look at each part by itself, so that one that is broken hides no other."""
    return [each for look in _LOOKS for each in look(settings)]


def _python(_settings: Settings) -> Iterator[Diagnosis]:
    yield Diagnosis("Python", "ok", sys.version.split()[0])


def _missing(subject: str, place: Path | None, maker: str) -> Iterator[Diagnosis]:
    """That a part on this machine is not there yet."""
    if place is not None and not place.exists():
        yield Diagnosis(subject, "error", f"{place} gibt es noch nicht ({maker})")


def _local(url: str) -> Path | None:
    """The file or folder that this URL names, if it is one of this machine."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Path(unquote(parts.path[1:]))
    return Path(unquote(parts.path)) if parts.scheme in {"", "file"} else None


def _database(settings: Settings) -> Iterator[Diagnosis]:
    if absent := list(_missing("Datenbank", _local(settings.database), "amtsgang migrate")):
        yield from absent
        return
    try:
        database = Database.open(settings.database)
        try:
            require_current(database)
            clock = list(clocks(datetime.now(UTC), database.server_time()))
            with database.reading(settings.tenant) as tx:
                rules = list(official_rules(releases(tx)))
        finally:
            database.close()
    except StorageError as error:
        yield Diagnosis("Datenbank", "error", f"{error} (amtsgang migrate)")
        return
    yield Diagnosis("Datenbank", "ok", _without_password(settings.database))
    yield from clock
    yield from rules


def official_rules(imported: Sequence[Release]) -> Iterator[Diagnosis]:
    """Whether what was imported can be evaluated here."""
    names = "; ".join(f"{each.name} ab {each.valid_from or 'jeher'}" for each in imported)
    if imported and find_spec("saxonche") is None:
        text = f"{names}. Es fehlt der Zusatz amtsgang[official]: jede Rechnung geht an Menschen."
        yield Diagnosis("Amtliche Regeln", "error", text)
        return
    yield Diagnosis("Amtliche Regeln", "ok", names or "keine übernommen (amtsgang rules import)")


def clocks(ours: datetime, theirs: datetime | None) -> Iterator[Diagnosis]:
    """Leases and timers go by the application's clock (docs/adr/0002): hosts must agree."""
    if theirs is None:
        return
    apart = abs(ours - theirs)
    if apart > CLOCKS_APART:
        yield Diagnosis(
            "Uhr",
            "notice",
            f"Diese Uhr und die der Datenbank gehen {apart.total_seconds():.0f} s auseinander: "
            "auf beiden Rechnern NTP einrichten. Fristen und Zuteilungen richten sich nach der "
            "Uhr jedes Prozesses.",
        )
        return
    yield Diagnosis("Uhr", "ok", "geht wie die der Datenbank")


def _land(settings: Settings) -> Iterator[Diagnosis]:
    if settings.land in LAENDER:
        yield Diagnosis("Feiertage", "ok", f"von {settings.land} (AMTSGANG_LAND)")
        return
    known = ", ".join(sorted(LAENDER))
    text = f"AMTSGANG_LAND={settings.land} ist kein Bundesland: {known}"
    yield Diagnosis("Feiertage", "error", text)


def _objects(settings: Settings) -> Iterator[Diagnosis]:
    if absent := list(_missing("Objektspeicher", _local(settings.objects), _FIRST_START)):
        yield from absent
        return
    try:
        store = open_store(settings.objects)
        store.exists("doctor")
    except StorageError as error:
        yield Diagnosis("Objektspeicher", "error", str(error))
        return
    yield Diagnosis("Objektspeicher", "ok", _without_password(settings.objects))
    if not store.enforces_locks:
        yield Diagnosis(
            "Prüfpunkte",
            "notice",
            "Der Objektspeicher kann Prüfpunkte nicht gegen Löschen sperren: wer diesen Rechner "
            "verwaltet, ist nicht ausgeschlossen. Fingerabdruck und Bündel getrennt aufbewahren.",
        )


def _keys(settings: Settings) -> Iterator[Diagnosis]:
    if absent := list(_missing("Schlüssel", settings.key_directory, _FIRST_START)):
        yield from absent
        return
    try:
        keyring = Keyring(settings.key_directory)
    except StorageError as error:
        yield Diagnosis("Schlüssel", "error", str(error))
        return
    yield Diagnosis("Schlüssel", "ok", f"Fingerabdruck {keyring.fingerprint}")


def _queue(settings: Settings) -> Iterator[Diagnosis]:
    if settings.broker_url is None:
        yield Diagnosis("Warteschlange", "ok", "keine: Aufträge laufen in diesem Prozess")
        return
    parts = urlsplit(settings.broker_url)
    try:
        socket.create_connection((parts.hostname or "localhost", parts.port or 5672), 3).close()
    except OSError as error:
        yield Diagnosis(
            "Warteschlange", "error", f"{_without_password(settings.broker_url)}: {error}"
        )
        return
    yield Diagnosis("Warteschlange", "ok", _without_password(settings.broker_url))


def _hkr(settings: Settings) -> Iterator[Diagnosis]:
    if not settings.hkr:
        text = "kein Anschluss (AMTSGANG_HKR): die Buchhaltung nutzt die Schnittstelle"
        yield Diagnosis("HKR", "ok", text)
        return
    try:
        open_hkr(settings.hkr)
    except (RechnungseingangError, OSError) as error:
        yield Diagnosis("HKR", "error", str(error))
        return
    yield Diagnosis("HKR", "ok", _without_password(settings.hkr))


def _intake(settings: Settings) -> Iterator[Diagnosis]:
    if not settings.intake:
        yield Diagnosis("Eingang", "ok", "nur die Schnittstelle (AMTSGANG_EINGANG nennt nichts)")
    for url in settings.intake:
        try:
            open_channel(url)
        except (RechnungseingangError, OSError) as error:
            yield Diagnosis("Eingang", "error", str(error))
        else:
            yield Diagnosis("Eingang", "ok", _without_password(url))


def _space(settings: Settings) -> Iterator[Diagnosis]:
    data = settings.data.resolve()
    there = next(place for place in (data, *data.parents) if place.exists())
    free = shutil.disk_usage(there).free / 2**30
    state: Literal["ok", "error"] = "ok" if free > 1 else "error"
    yield Diagnosis("Platz", state, f"{free:.0f} GiB frei in {settings.data}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":…@")


_LOOKS: tuple[Callable[[Settings], Iterator[Diagnosis]], ...] = (
    _python,
    _database,
    _objects,
    _keys,
    _queue,
    _land,
    _hkr,
    _intake,
    _space,
)
