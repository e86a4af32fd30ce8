"""What an adapter for an HKR system (the system that books and pays) does.

An adapter delivers orders and says what was answered; it knows no database. Invariant: whatever it
is told may be told twice, and by several processes at once; `booking_id` is the key by which the
receiver knows an order that comes again, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from processes.rechnungseingang.hkr.booking import Acknowledgement


@dataclass(frozen=True, slots=True)
class Order:
    """One booking as the HKR system takes it. `content` is canonical JSON, `table` the same as CSV.

    `booking_id` is the key by which the receiver knows an order that comes twice.
    """

    booking_id: str
    content: bytes
    table: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the HKR system says of one order. `reference` is the adapter's own, to settle it by."""

    reference: str
    said: Acknowledgement

    @property
    def invoice(self) -> str:
        return (self.said.booking_id or "").rpartition("-")[0]


class Hkr(Protocol):
    """What an adapter does. Any of it may be done twice, and by several processes at once."""

    def deliver(self, order: Order) -> None:
        """Hand an order over, durably. The same order again leaves one order."""

    def answers(self) -> Iterator[Answer]:
        """What was answered and is not settled yet. What is no answer, it puts aside itself."""

    def settle(self, answer: Answer, refused: str | None) -> None:
        """Forget an answer that was applied; keep one that was refused, with the reason."""
