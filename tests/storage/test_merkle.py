"""The tree of RFC 6962, against its own definition."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from storage.merkle import proofs, root, root_from


def _defined(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962, section 2.1, writes it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + _defined(leaves[:k]) + _defined(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_the_root_is_the_one_that_the_rfc_defines(leaves: list[bytes]) -> None:
    assert root(leaves) == _defined(leaves)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_proof_leads_to_the_root_and_another_leaf_does_not(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = proofs(leaves, [index])[index]

    assert root_from(leaves[index], index, len(leaves), path) == root(leaves)
    assert root_from(leaves[index] + b"x", index, len(leaves), path) != root(leaves)
    assert root_from(leaves[index], index, len(leaves), [*path, bytes(32)]) is None
    assert root_from(leaves[index], len(leaves), len(leaves), path) is None
