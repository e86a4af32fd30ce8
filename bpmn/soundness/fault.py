"""What soundness finds: one place at which a run can go wrong."""

from __future__ import annotations

from typing import NamedTuple

from bpmn.rules.drawing import Flow, Node


class Fault(NamedTuple):
    """`rule` is one of the table in `bpmn.soundness`."""

    rule: str
    at: Node | Flow
    message: str
