"""A program of ours in a process of its own: what reads strangers' files does not read them here.

The child sets its own limits before it touches anything (see the programs). Invariant: it shares no
environment and no standard error with us, and it is dead, with all that it may have started, when
`run_child` returns.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from invoice.errors import OutOfTime


def run_child(program: Path, given: bytes, seconds: float) -> bytes:
    """What the program wrote to its output, of what it was given on its input. Raises OutOfTime.

    A child that its limits ended wrote less than it would, or nothing.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
        stdin.write(given)
        stdin.seek(0)
        child = subprocess.Popen(  # noqa: S603 our own program, no shell, no argument from outside
            [sys.executable, "-I", str(program)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise OutOfTime(f"{program.name} had not ended after {seconds} s") from None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        stdout.seek(0)
        return stdout.read()
