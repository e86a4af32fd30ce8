"""A program of ours in a process of its own: what reads strangers' files does not read them here.

The child sets its own limits before it touches anything (see the programs). Invariant: it shares no
environment and no standard error with us, and it is dead, with all that it may have started, when
`run_child` returns, when a `Child` is ended, and whenever one has not answered in time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO

from invoice.errors import ChildEnded, OutOfTime

HEADER = 8
"""Bytes before each question and answer of a `Child`: how long it is, the greatest first."""


def run_child(program: Path, given: bytes, seconds: float) -> bytes:
    """What the program wrote to its output, of what it was given on its input. Raises OutOfTime.

    A child that its limits ended wrote less than it would, or nothing.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
        stdin.write(given)
        stdin.seek(0)
        child = _start(program, stdin, stdout)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise OutOfTime(f"{program.name} had not ended after {seconds} s") from None
        finally:
            _kill(child)
        stdout.seek(0)
        return stdout.read()


class Child:
    """A program that answers one question after the other. Not for several threads at once."""

    def __init__(self, program: Path) -> None:
        self._name = program.name
        self._process = _start(program, subprocess.PIPE, subprocess.PIPE)
        self._late = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it is gone, by itself or by us."""
        return self._process.poll() is not None

    @property
    def left(self) -> bool:
        """Whether it ended by itself, with nothing amiss."""
        return self._process.poll() == 0

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Its answer. Raises OutOfTime or ChildEnded; either way it is dead then."""
        late = Timer(seconds, self._too_late)
        late.daemon = True
        late.start()
        try:
            return self._exchange(question)
        except (OSError, EOFError) as error:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # so that it is seen how it ended
            self.end()
            if self._late:
                raise OutOfTime(f"{self._name} gave no answer within {seconds} s") from None
            raise ChildEnded(f"{self._name} ended without an answer") from error
        finally:
            late.cancel()

    def end(self) -> None:
        _kill(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was still to be written goes nowhere
                    pipe.close()

    def _too_late(self) -> None:
        self._late = True
        _kill(self._process)

    def _exchange(self, question: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(len(question).to_bytes(HEADER) + question)
        stdin.flush()
        length = int.from_bytes(_whole(stdout, HEADER))
        return _whole(stdout, length)


def _whole(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return data


def _start(
    program: Path, stdin: IO[bytes] | int, stdout: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 our own program, no shell, no argument from outside
        [sys.executable, "-I", str(program)],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
