"""The Merkle tree of RFC 6962, section 2.1: root and inclusion proofs over leaves."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Bottom up. A last node without a partner moves up unchanged, which is RFC 6962's split."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(below := levels[-1]) > 1:
        above = [_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            above.append(below[-1])
        levels.append(above)
    return levels


def root(leaves: Sequence[bytes]) -> bytes:
    return _levels(leaves)[-1][0] if leaves else sha256(b"").digest()


def proofs(leaves: Sequence[bytes], wanted: Sequence[int]) -> dict[int, list[bytes]]:
    """The audit paths of the wanted leaves, from the bottom up."""
    levels = _levels(leaves)
    return {index: _path(levels, index) for index in wanted}


def _path(levels: list[list[bytes]], index: int) -> list[bytes]:
    path = []
    for level in levels[:-1]:
        if (index ^ 1) < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return path


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to (RFC 9162, 2.1.3.2); None if it cannot be one."""
    if not 0 <= index < size:
        return None
    current, last = leaf_hash(leaf), size - 1
    rest = list(path)
    while last:
        if index % 2 or index < last:
            if not rest:
                return None
            other = rest.pop(0)
            current = _node(other, current) if index % 2 else _node(current, other)
        index //= 2
        last //= 2
    return current if not rest else None
