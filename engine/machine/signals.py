"""Signals inside an instance: a throw reaches all that listen at that moment, at once."""

from __future__ import annotations

from collections.abc import Mapping

from bpmn.values import Value
from engine.machine.catching import happened
from engine.machine.run import Run


def deliver(run: Run, name: str, values: Mapping[str, Value]) -> None:
    """Let every listener of this instance catch the signal, in order of subscription.

    A listener that an earlier one interrupts does not catch it.
    """
    waits = run.state.waits
    before = len(run.ready)
    for local in [key for key, wait in waits.items() if wait.signal == name]:
        if local in waits:
            happened(run, local, values)
    run.ready[before:] = reversed(run.ready[before:])
