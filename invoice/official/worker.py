"""The processes that evaluate official rules: one a configuration, kept warm, one document a time.

Invariant: whatever happens to such a process (a crash, its limits, no answer in time) is
`NoVerdict` for the document that it had, and the next document gets a new one.
"""

from __future__ import annotations

import atexit
import json
import os
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from invoice.child import Child
from invoice.errors import ChildEnded, NoVerdict, OfficialMissing, OutOfTime
from invoice.official.configuration import Configuration

PROGRAM = Path(__file__).with_name("evaluation.py")
START_SECONDS = 30
COMPILE_SECONDS = 120
MOST_DOCUMENTS = 1_000
"""After so many a process is replaced: what little it keeps of each goes with it."""
LARGE = 5_000_000
"""After a document of more bytes it is replaced at once: it would keep the memory."""
MOST_WORKERS = 2
"""Two releases are in use at once where one has just followed the other."""


class Worker:
    """Evaluates documents with one configuration. For any number of threads, one after another."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._child: Child | None = None
        self._asked = 0
        self._lock = Lock()

    def evaluate(self, document: bytes, seconds: float) -> dict[str, Any]:
        """What the program answered. Raises NoVerdict."""
        with self._lock:
            try:
                answer = self._asked_once(document, seconds)
            except OutOfTime:
                raise NoVerdict("die erlaubte Zeit ist abgelaufen") from None
            except ChildEnded:
                raise NoVerdict("die Auswertung ist abgebrochen") from None
            if len(document) > LARGE:
                self._end()
            return answer

    def compile(self) -> None:
        """Raises NoVerdict where a part of the configuration cannot be compiled."""
        self.evaluate(b"", COMPILE_SECONDS)

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        return None if self._child is None else self._child.pid

    def end(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None

    def _asked_once(self, document: bytes, seconds: float) -> dict[str, Any]:
        child = self._ready()
        try:
            return self._answer(child, document, seconds)
        except ChildEnded:
            if not child.left:
                raise
        # It was idle for too long, and left in the moment in which it was asked.
        return self._answer(self._ready(), document, seconds)

    def _ready(self) -> Child:
        """The process, started anew where it is gone, idle too long or has done its share."""
        if self._child is not None and (self._child.ended or self._asked >= MOST_DOCUMENTS):
            self._end()
        if self._child is None:
            self._child, self._asked = Child(PROGRAM), 0
            try:
                self._answer(self._child, _stated(self._configuration), START_SECONDS)
            except NoVerdict:
                self._end()  # without rules it can judge nothing
                raise
        self._asked += 1
        return self._child

    def _answer(self, child: Child, question: bytes, seconds: float) -> dict[str, Any]:
        try:
            answer = json.loads(child.ask(question, seconds))
        except ValueError:
            child.end()
            raise NoVerdict("die Auswertung gab keine lesbare Antwort") from None
        if "failed" in answer:
            raise NoVerdict("die Auswertung ist gescheitert", str(answer["failed"]))
        found: dict[str, Any] = answer
        return found


def _stated(configuration: Configuration) -> bytes:
    keys = ("match", "namespaces", "schema", "sheets", "report", "accept", "text")
    scenarios = [{key: getattr(each, key) for key in keys} for each in configuration.scenarios]
    return json.dumps({"scenarios": scenarios, "files": configuration.files}).encode()


_workers: dict[tuple[int, str], Worker] = {}
_lock = Lock()


def worker_for(configuration: Configuration) -> Worker:
    """The worker of this process for these rules. Raises OfficialMissing."""
    if find_spec("saxonche") is None:
        raise OfficialMissing(
            "für amtliche Regeln fehlt ein Zusatz: pip install amtsgang[official]"
        )
    key = (os.getpid(), configuration.sha256)  # a fork has its own
    with _lock:
        worker = _workers.pop(key, None) or Worker(configuration)
        _workers[key] = worker  # the one used last stands last
        if len(_workers) > MOST_WORKERS:
            _workers.pop(next(iter(_workers))).end()
    return worker


@atexit.register
def end_workers() -> None:
    """None outlives the process that asked it."""
    with _lock:
        while _workers:
            (pid, _), worker = _workers.popitem()
            if pid == os.getpid():
                worker.end()
