"""One file's compilation: what is read, and the dialects that it is written in.

Invariant: the dialects read with the `Context` alone; only the compiler asks the dialects.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bpmn.context import Context
from bpmn.dialects.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation(Context):
    """What every part of the compiler needs."""

    dialect: Dialect
    messages: dict[str, Counter[str]] = field(default_factory=dict)
    """How often each process sends or waits for each message, where somebody has asked."""
