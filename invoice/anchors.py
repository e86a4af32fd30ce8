"""Which field of the page a finding is about, and the id under which that field stands there.

Ids are made of terms: `bt-84`, the second of them on the page `bt-84-2`, in the third line
`position-3-bt-131`. Invariant: an id stands once, and every finding has a target on the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lxml import etree

from invoice.places import Paths
from invoice.terms import GROUP_OF, whole
from invoice.view import Row, Section

if TYPE_CHECKING:
    from invoice.checking import Finding
    from invoice.model import Invoice

TOP = "rechnung"
_WITHOUT_HEADING = {"BG-26": "BT-134", "BG-29": "BT-146", "BG-30": "BT-151", "BG-31": "BT-153"}
"""Groups of a line whose rows are columns; what is said of the group stands at the first."""

About = dict[str, tuple[int, ...]]
"""Terms, and the numbers of the findings about them."""


class Subjects:
    """What the findings are about, as elements of the source."""

    def __init__(self, invoice: Invoice, findings: Sequence[Finding]) -> None:
        self._root = invoice.source
        self._paths = Paths(invoice.source)
        self.chains = [self._chain(finding.path) for finding in findings]
        """For each finding its element, or the nearest that is there, and all above it."""
        self._about: dict[etree._Element | None, About] = {}
        for number, (finding, chain) in enumerate(zip(findings, self.chains, strict=True), start=1):
            term = _row_of(finding.place)
            for element in chain:
                about = self._about.setdefault(element, {})
                about[term] = (*about.get(term, ()), number)

    def of(self, element: etree._Element | None) -> About:
        """What is found inside of this element; of None: inside of the invoice."""
        return self._about.get(self._root if element is None else element, {})

    def lie_in(self, element: etree._Element | None) -> bool:
        return element is not None and element in self._about

    def _chain(self, path: str) -> list[etree._Element | None]:
        return [*reversed(self._paths.along(path))] or [self._root]


class Anchors:
    """Gives ids to sections and rows, and knows where each element of the source is shown."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._used: Counter[str] = Counter()
        self._spots: dict[etree._Element | None, tuple[str, dict[str, str]]] = {}
        self._root: dict[str, str] = {}

    def give(
        self, section: Section, scope: str = "", id_: str = "", about: About | None = None
    ) -> dict[str, str]:
        """Ids for a section and all in it, by term; nothing where it has nothing to say.

        Rows that neither say anything nor are asked for are dropped, and so are empty parts.
        `about` is what is found inside of the element that it belongs to.
        """
        if section.source is not None or about is None:
            about = self._subjects.of(section.source)
        section.findings = about.get(section.term, ()) if section.term else ()
        section.rows = [row for row in section.rows if _stays(row, about)]
        known: dict[str, str] = {}
        if id_ or section.term:
            section.id = id_ or self._fresh(scope + section.term.lower())
            known[section.term] = section.id
        for row in section.rows:
            if row.term:
                row.id = self._fresh(scope + row.term.lower())
                known.setdefault(row.term, row.id)
        parts = [(part, self.give(part, scope, about=about)) for part in section.parts]
        section.parts = [part for part, inside in parts if inside]
        for _, inside in parts:
            known = inside | known
        if not (section.rows or section.parts or section.findings or id_):
            return {}
        if section.source is not None:
            self._spots[section.source] = (section.id, known)
        for term, found in known.items():
            self._root.setdefault(term, found)
        return known

    def table(self, group: str, id_: str) -> None:
        """A table of groups, whether it has a row or not."""
        self._root[group] = id_

    def target(self, number: int, place: str) -> str:
        """The id that the finding of this number points at: its field, its group, or the top."""
        term = _row_of(place)
        nearest = ""
        for element in self._subjects.chains[number]:
            spot = self._spots.get(element)
            if spot is not None:
                if term in spot[1]:
                    return spot[1][term]
                nearest = nearest or spot[0]
        return self._root.get(term) or nearest or self._root.get(GROUP_OF.get(term, "")) or TOP

    def _fresh(self, wanted: str) -> str:
        self._used[wanted] += 1
        count = self._used[wanted]
        return wanted if count == 1 else f"{wanted}-{count}"


def _row_of(place: str) -> str:
    """The term whose row shows what stands at this place."""
    term = whole(place)
    return _WITHOUT_HEADING.get(term, term)


def _stays(row: Row, about: About) -> bool:
    if row.term:
        row.findings = about.get(row.term, ())
    return bool(row.value or row.note or row.findings)
