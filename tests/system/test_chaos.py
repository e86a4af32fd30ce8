"""Killed with -9 at random: nothing is lost, nothing happens twice, nothing stays stuck.

The seed says whom the killer takes and when; `AMTSGANG_CHAOS_SEED` sets another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from processes.rechnungseingang import demo, play
from processes.rechnungseingang.demo import Pushed, Sample
from tests.system import proof
from tests.system.killer import Killer
from tests.system.people import Callers, Calling
from tests.system.topology import Furnished, Topology, own_services, running
from tests.system.wire import Wire

SEED = int(os.environ.get("AMTSGANG_CHAOS_SEED", "20261123"))


def in_round(sample: Sample, number: int) -> bytes:
    """The sample as another invoice: its number, and the number that it repeats, end in a round."""
    data = sample.data
    for start, tag in ((b"<ubl:", b"cbc:ID"), (b"ExchangedDocument>", b"ram:ID")):
        opening, closing = b"<" + tag + b">", b"</" + tag + b">"
        place = data.find(opening, data.find(start))
        if start in data and place >= 0:
            end = data.index(closing, place)
            return data[:end] + b"-R%d" % number + data[end:]
    return data + b"<!-- %d -->\n" % number


def push_rounds(callers: Callers, rounds: range) -> tuple[list[Pushed], proof.Acknowledged]:
    """All samples of all rounds, several at once; each until it is acknowledged."""
    batch = [
        (sample, in_round(sample, number), f"{sample.file}-{number}")
        for number in rounds
        for sample in demo.samples()
        for _ in range(sample.pushes)
    ]
    # A duplicate comes after what it repeats.
    first = [each for each in batch if each[0].end != "dublette"]
    later = [each for each in batch if each[0].end == "dublette"]
    pushed, known = list[Pushed](), proof.Acknowledged()
    with ThreadPoolExecutor(4) as pool:
        for part in (first, later):
            receipts = pool.map(lambda each: callers.push(each[1], each[2]), part)
            for (sample, data, _), receipt in zip(part, receipts, strict=True):
                pushed.append(Pushed(sample, receipt))
                known[receipt.id] = (sample, data)
    return pushed, known


def check(topology: Topology, callers: Callers, known: proof.Acknowledged) -> None:
    house = topology.house
    proof.assert_nothing_lost(house, known)
    proof.assert_nothing_twice(house, known)
    proof.assert_nothing_stuck(house)
    proof.assert_whole(house)
    for invoice, (_, data) in known.items():
        assert callers.original(invoice) == data


# --- on the three services ---


@pytest.fixture
def wire(rabbitmq_url: str) -> Iterator[Wire]:
    wire = Wire(rabbitmq_url)
    yield wire
    wire.close()


@pytest.fixture
def attacked(
    wire: Wire, furnished_services: Furnished, rabbitmq_url: str, s3_url: str, tmp_path: Path
) -> Iterator[Topology]:
    """Two APIs and two workers whose line to the broker can be cut."""
    with (
        own_services(furnished_services, rabbitmq_url, s3_url, tmp_path) as settings,
        running(replace(settings, broker_url=wire.url)) as topology,
    ):
        topology.start(2, 2, "--without-clock")
        yield topology


@pytest.mark.services
@pytest.mark.timeout(240)
def test_killed_apis_workers_and_lines_lose_and_double_nothing(
    attacked: Topology, calling: Calling, wire: Wire
) -> None:
    house = attacked.house
    callers = calling(attacked)
    rounds = range(3)

    with Killer(attacked, SEED, between=(0.8, 2.5), besides=(wire.cut,)) as killer:
        pushed, known = push_rounds(callers, rounds)
        play.play(house, pushed, hands=callers, timeout=timedelta(seconds=25))
        killer.stop()
    play.play(house, pushed, hands=callers, timeout=timedelta(seconds=90))

    assert killer.kills >= 5
    assert len(known) == len(demo.samples()) * len(rounds)
    check(attacked, callers, known)


# --- embedded ---


def test_an_embedded_house_killed_and_started_again_goes_on(
    embedded: Topology, calling: Calling
) -> None:
    embedded.start(1)
    callers = calling(embedded)

    with Killer(embedded, SEED, between=(0.3, 1.2), down=(0.1, 0.2)) as killer:
        pushed, known = push_rounds(callers, range(2))
        play.play(embedded.house, pushed, hands=callers, timeout=timedelta(seconds=12))
        killer.stop()
    play.play(embedded.house, pushed, hands=callers, timeout=timedelta(seconds=40))

    assert killer.kills >= 2
    check(embedded, callers, known)
