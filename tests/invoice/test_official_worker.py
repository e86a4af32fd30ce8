"""The process that evaluates official rules: what it cannot do, and what follows its end."""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invoice.child import Child
from invoice.errors import NoVerdict
from invoice.official import worker
from invoice.official.verdict import (
    official_result,
)
from invoice.official.worker import worker_for
from tests.invoice.miniature import SHEET, UBL, configuration, failed, found


@pytest.mark.parametrize(
    "reading",
    [
        "unparsed-text('file:///etc/hostname')",
        "doc('file:///etc/hostname')",
        "doc('http://[::1]/')",
    ],
)
def test_a_stylesheet_reads_neither_files_nor_the_network(reading: str) -> None:
    body = failed("T-1", f'<xsl:value-of select="{reading}"/>')

    with pytest.raises(NoVerdict):
        official_result(UBL, configuration(body))


def test_a_stylesheet_that_finds_no_end_gives_no_verdict() -> None:
    body = (
        '<xsl:call-template name="again"><xsl:with-param name="n" select="0"/></xsl:call-template>'
    )

    with pytest.raises(NoVerdict):
        official_result(UBL, configuration(body), seconds=3)


@pytest.mark.parametrize("proof", ["fired-rule", "active-pattern"])
def test_an_empty_report_is_no_verdict(proof: str) -> None:
    """A sheet that tells what it asked, and told nothing, has not judged."""
    mark = '<svrl:fired-rule context="/"/>'
    asked = f'<xsl:if test="/none"><svrl:{proof}/></xsl:if>'

    with pytest.raises(NoVerdict, match="leer"):
        official_result(UBL, configuration(sheet=SHEET.format(body="").replace(mark, asked)))


def test_a_sheet_that_never_tells_what_it_asked_is_believed() -> None:
    terse = SHEET.format(body=failed("T-1")).replace('<svrl:fired-rule context="/"/>', "")

    assert found(UBL, configuration(sheet=terse)) == [("T-1", "fatal")]


def test_what_is_no_report_at_all_is_no_verdict() -> None:
    other = SHEET.format(body="").replace("svrl:schematron-output", "svrl:other")

    with pytest.raises(NoVerdict, match="leer"):
        official_result(UBL, configuration(sheet=other))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b"<a/>",
        b"no xml",
    ],
)
def test_what_no_scenario_can_judge_has_no_verdict(data: bytes) -> None:
    with pytest.raises(NoVerdict):
        official_result(data, configuration())


MEMORY = """<xsl:variable name="a" select="1 to 40000000"/><svrl:text>
<xsl:value-of select="for $x in reverse($a) return ($x, string($x), current-dateTime())"/>
</svrl:text>"""


def test_a_stylesheet_that_takes_all_memory_gives_no_verdict_and_the_next_document_one() -> None:
    greedy = configuration(f'<svrl:failed-assert id="T-1">{MEMORY}</svrl:failed-assert>')

    with pytest.raises(NoVerdict):
        official_result(UBL, greedy, seconds=30)
    assert found(UBL, configuration(failed("T-1"))) == [("T-1", "fatal")]


def test_after_a_crash_the_next_document_has_a_new_process() -> None:
    official = configuration(failed("T-1"))
    assert found(UBL, official) == [("T-1", "fatal")]
    child = worker_for(official)._child
    assert child is not None

    os.killpg(child.pid, signal.SIGKILL)
    child._process.wait()

    assert found(UBL, official) == [("T-1", "fatal")]
    assert worker_for(official)._child is not child


def test_a_process_that_left_in_the_moment_in_which_it_was_asked_is_no_missing_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    official = configuration(failed("T-1"))
    assert found(UBL, official) == [("T-1", "fatal")]
    child = worker_for(official)._child
    assert child is not None
    assert child._process.stdin is not None
    with Path(os.devnull).open("wb") as nowhere:  # it sees the end of its questions
        os.dup2(nowhere.fileno(), child._process.stdin.fileno())
    assert child._process.wait() == 0
    seen = iter([False])
    monkeypatch.setattr(Child, "ended", property(lambda _: next(seen, True)))

    assert found(UBL, official) == [("T-1", "fatal")]


def test_a_process_is_replaced_when_it_has_done_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_DOCUMENTS", 2)
    official = configuration(failed("T-9"))

    children = []
    for _ in range(3):
        assert found(UBL, official) == [("T-9", "fatal")]
        children.append(worker_for(official)._child)

    assert children[0] is children[1]
    assert children[1] is not children[2]
    assert children[0] is not None
    assert children[0].ended


def test_a_process_gives_back_the_memory_of_a_large_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    official = configuration(failed("T-8"))
    assert found(UBL, official) == [("T-8", "fatal")]
    assert worker_for(official).pid is not None

    monkeypatch.setattr(worker, "LARGE", 10)

    assert found(UBL, official) == [("T-8", "fatal")]
    assert worker_for(official).pid is None


def test_many_threads_share_a_process_and_none_gets_the_answer_of_another() -> None:
    said = '<xsl:value-of select="/*/*[local-name() = &apos;ID&apos;]"/>'
    official = configuration(failed("T-1", said))
    documents = [re.sub(rb"<cbc:ID>[^<]*", b"<cbc:ID>N-%d" % n, UBL, count=1) for n in range(12)]
    assert len(set(documents)) == 12

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda data: official_result(data, official), documents))

    assert [each.findings[0].text for each in answers] == [f"N-{n}" for n in range(12)]


def test_only_a_few_configurations_are_kept_warm() -> None:
    made = [configuration(failed(f"T-{n}")) for n in range(worker.MOST_WORKERS + 1)]

    for each in made:
        official_result(UBL, each)

    assert len(worker._workers) == worker.MOST_WORKERS
