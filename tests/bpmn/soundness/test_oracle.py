"""Folding and the bounded walk agree with an oracle that looks at every marking of tokens."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.reader import read_document
from bpmn.report import Report
from bpmn.rules.drawing import Drawing
from bpmn.soundness import check_soundness
from tests.bpmn.drawing import file, flow

Edge = tuple[int, int]
_KINDS = ("exclusive", "parallel")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[Edge]]:
    """Gateways 1…n; 0 is the start, which leads to 1; n + 1 is the end."""
    kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=7))
    count = len(kinds)
    edges = {(0, 1)}
    for node in range(1, count + 1):
        forward = st.integers(node + 1, count + 1)
        edges |= {(node, target) for target in draw(st.sets(forward, min_size=1, max_size=2))}
    for node in range(2, count + 1):
        if not any(target == node for _, target in edges):
            edges.add((draw(st.integers(1, node - 1)), node))
    if draw(st.booleans()) and count > 2:
        back = draw(st.tuples(st.integers(2, count), st.integers(1, count - 1)))
        if back[0] > back[1]:
            edges.add(back)
    return kinds, sorted(edges)


def has_fault(kinds: list[str], edges: list[Edge], *, ends_once: bool) -> bool:
    """Whether a token can be stuck, or two come to one place: every marking is looked at.

    `ends_once`: a second token that comes to the end by the same way counts too.
    """
    end = len(kinds) + 1
    ways_in = {n: [e for e in edges if e[1] == n] for n in range(1, end + 1)}
    ways_out = {n: [e for e in edges if e[0] == n] for n in range(1, end + 1)}
    pending, seen = [frozenset({(0, 1)})], set()
    while pending:
        marking = pending.pop()
        if marking in seen:
            continue
        seen.add(marking)
        moves: list[tuple[list[Edge], list[Edge]]] = []
        for node, kind in enumerate(kinds, 1):
            held = [edge for edge in ways_in[node] if edge in marking]
            if kind == "exclusive":
                if len(held) > 1:
                    return True
                moves += [([edge], [out]) for edge, out in product(held, ways_out[node])]
            elif held and len(held) == len(ways_in[node]):
                moves.append((held, ways_out[node]))
        stands = [edge for edge in marking if edge[1] != end]
        if stands and not moves:
            return True
        for taken, given_out in moves:
            counted = Counter(marking)
            counted.subtract(taken)
            counted.update(edge for edge in given_out if edge[1] != end or ends_once)
            if max(counted.values()) > 1:
                return True
            pending.append(frozenset(+counted))
    return False


def reported(kinds: list[str], edges: list[Edge]) -> set[str]:
    end = len(kinds) + 1
    names = {0: "s", end: "e"}
    nodes = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + "".join(
        f'<bpmn:{kind}Gateway id="g{n}"/>' for n, kind in enumerate(kinds, 1)
    )
    ways = "".join(flow(names.get(a, f"g{a}"), names.get(b, f"g{b}")) for a, b in edges)
    document = read_document(file(nodes + ways), "x.bpmn")
    report = Report(document)
    check_soundness(Drawing(document.root), report, well_formed=True)
    return {finding.rule for finding in report.findings()}


@settings(deadline=None, max_examples=200)
@given(graphs())
def test_a_fault_is_reported_exactly_where_there_is_one(
    graph: tuple[list[str], list[Edge]],
) -> None:
    found = reported(*graph)

    assert "soundness-cut-off" not in found
    if found & {"deadlock", "lack-of-synchronisation"}:
        assert has_fault(*graph, ends_once=True)
    else:
        assert not has_fault(*graph, ends_once=False)
