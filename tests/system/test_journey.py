"""The whole journey on the production topology: from POST to z.d.A., proven without us."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.tables import user_task
from identity.principal import system_principal
from processes.export import export_case
from processes.rechnungseingang import demo, play
from processes.rechnungseingang.demo import Pushed
from storage import verify_bundle
from tests.system import proof
from tests.system.people import Callers, Calling
from tests.system.topology import Topology

pytestmark = pytest.mark.services


@pytest.fixture
def callers(production: Topology, calling: Calling) -> Callers:
    production.start(2, 2, "--without-clock")
    return calling(production)


def test_every_sample_travels_from_post_to_zda(
    production: Topology, callers: Callers, tmp_path: Path
) -> None:
    house = production.house
    pushed = [
        Pushed(sample, callers.push(sample.data, f"{sample.file}"))
        for sample in demo.samples()
        for _ in range(sample.pushes)
    ]

    outcomes = play.play(house, pushed, hands=callers, timeout=timedelta(seconds=60))

    assert [o for o in outcomes if not o.as_expected] == [], production.logs()
    known = {each.receipt.id: (each.sample, each.sample.data) for each in pushed}
    proof.assert_nothing_lost(house, known)
    proof.assert_nothing_twice(house, known)
    proof.assert_nothing_stuck(house)
    proof.assert_whole(house)
    for invoice, (_, data) in known.items():
        assert callers.original(invoice) == data
    _assert_akten_prove_themselves(production, tmp_path)


def _assert_akten_prove_themselves(production: Topology, folder: Path) -> None:
    """Each Akte's bundle, by an interpreter that has only the standard library and cryptography,
    with the verifier's one file, against the fingerprint."""
    house = production.house
    system = system_principal(house.settings.tenant)
    with house.database.reading(house.settings.tenant) as tx:
        akten = sorted({row.akte for row in tx.all(select(proof.vorgang.c.akte))})
    program = folder / "elsewhere" / "verify_bundle.py"
    program.parent.mkdir()
    program.write_bytes(Path(verify_bundle.__file__).read_bytes())
    assert len(akten) >= 2
    command = [sys.executable, "-I", program.name]
    for akte in akten:
        bundle = program.with_name(f"{akte}.zip")
        export_case(house, system, akte, target=bundle, purpose="Prüfung")
        ended = subprocess.run(
            [*command, bundle.name, "--trust", house.keyring.fingerprint, "--json"],
            cwd=program.parent,
            env={},
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()
        said = json.loads(ended.stdout)
        assert (said["verdict"], said["faults"]) == ("verified", [])
        assert said["documents"] >= 1


@pytest.mark.corpus
@pytest.mark.timeout(180)
def test_official_invoices_come_before_a_person_with_their_bytes(
    production: Topology, callers: Callers, corpus: Path
) -> None:
    files = sorted((corpus / "xrechnung").rglob("*.xml"))
    assert files

    pushed = {callers.push(f.read_bytes(), f.name).id: f for f in files}

    waiting = demo.wait_for_people(
        production.house,
        [
            Pushed(demo.Sample(f.name, "", 1, ""), demo.Receipt(i, "", first=True))
            for i, f in pushed.items()
        ],
    )
    assert [each for each in waiting if each[2] == "noch in Arbeit"] == [], production.logs()
    with production.house.database.reading() as tx:
        nodes = {row.node for row in tx.all(select(user_task.c.node))}
    assert nodes <= {"zuordnen", "dublette_pruefen", "rechnung_klaeren"}
    for invoice, file in pushed.items():
        state = callers.state(invoice)
        assert callers.original(invoice) == file.read_bytes()
        assert state["amount_due"] is not None
        assert state["due_source"] in {"BT-9", "errechnet"}
