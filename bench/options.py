"""What the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`quick`: everything once and small, to see that it works; its figures mean nothing."""

    quick: bool = False
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    workloads: tuple[str, ...] = ("r", "a", "b", "c", "d")
    seconds: float = 5.0
    rounds: int = 3
    warm: float = 2.0
