"""`amtsgang demo`: a city to try, on this machine only.

It migrates, deploys the shipped processes, makes invented people, serves the pages, pushes the
sample invoices over HTTP as an accounting system would, and says where to look. With `--auto` it
plays the people and the booking system too, verifies every chain, and answers 0 only if every
invoice reached the end that it should.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from cli_output import FINDINGS, NOT_READY, err, out, say, table
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo, play
from processes.upkeep import Running, anchor, holding
from storage.migrate import migrate
from storage.verify import verify_all

if TYPE_CHECKING:
    import uvicorn

MARK = ".amtsgang-demo"
"""Stands in a folder that a demo made, so that a demo never empties another."""


def run_demo(data: Path, port: int, *, auto: bool) -> int:
    """The exit code. Serves until it is interrupted, unless `auto`."""
    if not _emptied(data):
        say(
            f"{data} ist nicht leer und kein Demo-Ordner: --data ANDERER_ORDNER",
            f"{data} is not empty and no demo's folder: --data ANOTHER",
        )
        return NOT_READY
    settings = Settings(data=data, demo=True, loopback=True)
    with holding(settings, f"http://127.0.0.1:{port}") as holder:
        if holder is not None:
            say(f"Hier läuft schon: {holder}", f"Already running: {holder}")
            return NOT_READY
        with err().status("Datenbank anlegen"):
            migrate(settings.database)
        house = open_house(settings)
        try:
            with err().status("Prozesse bereitstellen, Personen anlegen"):
                house.deploy_packages()
                demo.set_up(house)
                demo.know_suppliers(house)
            with Running(house):
                return _played(house) if auto else _served(house, port)
        finally:
            house.close()


def _emptied(data: Path) -> bool:
    if data.exists() and any(data.iterdir()):
        if not (data / MARK).exists():
            return False
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / MARK).touch()
    return True


# --- auto ---


def _played(house: House) -> int:
    pushed = demo.push(house)
    with err().status("Rechnungen laufen") as status:
        outcomes = play.play(house, pushed, progress=status.update)
    with err().status("Historie prüfen"):
        anchor(house)
        report = verify_all(
            house.database,
            house.store,
            house.blobs,
            house.settings.tenant,
            trusted=house.keyring.fingerprints(),
        )
    table(
        "Rechnungen",
        ["Datei", "Was", "Ende", "Erwartet"],
        (
            (o.sample.file, o.sample.about, o.reached, "✓" if o.as_expected else o.sample.end)
            for o in outcomes
        ),
    )
    for fault in report.faults:
        out().print(str(fault), markup=False)
    whole = report.whole and not report.unanchored
    proof = (
        f"{report.streams} Ketten, {report.entries} Einträge, {report.checkpoints} Prüfpunkte, "
        f"{report.blobs} Inhalte: {'alles unverändert' if whole else 'FEHLER'}"
    )
    say(proof, proof)
    return 0 if whole and all(o.as_expected for o in outcomes) else FINDINGS


# --- serving ---


def _served(house: House, port: int) -> int:
    with _listening(house, port) as server:
        if server is None:
            say(f"Port {port} ist belegt: --port", f"Port {port} is taken: --port")
            return NOT_READY
        with err().status("Beispielrechnungen einreichen und prüfen"):
            pushed = demo.push_over_http(house, f"http://127.0.0.1:{port}")
            waiting = demo.wait_for_people(house, pushed)
        _welcome(house, port, waiting)
        try:
            while not server.should_exit:
                time.sleep(0.3)
        except KeyboardInterrupt:
            say("Beendet.", "Stopped.")
    return 0


@contextmanager
def _listening(house: House, port: int) -> Iterator[uvicorn.Server | None]:
    import uvicorn  # noqa: PLC0415 `--auto` needs no server

    from api import create  # noqa: PLC0415

    config = uvicorn.Config(
        create(house),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = Thread(target=_run_quietly, args=(server,), daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:
        time.sleep(0.02)
    try:
        yield server if server.started else None
    finally:
        server.should_exit = True
        thread.join(10)


def _run_quietly(server: uvicorn.Server) -> None:
    try:
        server.run()
    except SystemExit:  # uvicorn's answer to a port in use
        server.should_exit = True


def _welcome(house: House, port: int, waiting: list[tuple[str, str, str]]) -> None:
    url = f"http://127.0.0.1:{port}"
    table("Eingereichte Rechnungen", ["Datei", "Was", "Wartet auf"], waiting)
    table(
        "Erfundene Personen (das Passwort ist der Benutzername; nur auf diesem Rechner erreichbar)",
        ["Benutzer", "Name", "Aufgabe"],
        ((u.login, u.name, u.duty) for p in house.packages for u in p.demo_users),
    )
    first = house.packages[0].demo_users[1].login
    say(
        f"\nSeiten:        {url}   (zum Beispiel als {first})\n"
        f"Modeler:       {url}/engine-rest   (Basic, gero.gestalt / gero.gestalt)\n"
        f"Noch eine:     curl -u rita.rehbein:rita.rehbein --data-binary @RECHNUNG.xml "
        f"-H 'Content-Type: application/xml' {url}/api/v1/invoices\n"
        f"Prüfen:        curl -u paul.petersen:paul.petersen -X POST {url}/api/v1/verification\n"
        f"Alles spielen: make demo AUTO=1\n"
        f"Beenden:       Strg+C",
        f"\nPages:         {url}   (for example as {first})\n"
        f"Modeler:       {url}/engine-rest   (Basic, gero.gestalt / gero.gestalt)\n"
        f"One more:      curl -u rita.rehbein:rita.rehbein --data-binary @INVOICE.xml "
        f"-H 'Content-Type: application/xml' {url}/api/v1/invoices\n"
        f"Verify:        curl -u paul.petersen:paul.petersen -X POST {url}/api/v1/verification\n"
        f"Play it all:   make demo AUTO=1\n"
        f"Stop:          Ctrl+C",
    )
