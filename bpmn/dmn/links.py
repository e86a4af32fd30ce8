"""Several files that import each other, and what a reference in one of them means.

Invariant: an import that is followed leads to exactly one file; a missing one, one that could be
several, and imports that lead back are faults of the file that imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpmn.dmn.source import Element, Import, Source


@dataclass(slots=True)
class Linked:
    """The files of one compilation. `by_source` holds each file's imports with their files."""

    sources: list[Source]
    by_source: dict[Source, list[tuple[Import, Source]]] = field(default_factory=dict)

    def imports(self, source: Source) -> list[tuple[Import, Source]]:
        return self.by_source.get(source, [])

    def find(self, source: Source, href: str) -> tuple[Source, Element, str] | None:
        """The file and element that a reference means, and the name of the import."""
        place, _, identifier = href.strip().rpartition("#")
        if not place or place.rstrip("/") == source.namespace.rstrip("/"):
            element = source.nodes.get(identifier)
            return None if element is None else (source, element, "")
        for each, other in self.imports(source):
            if place.rstrip("/") in (each.namespace.rstrip("/"), each.element.get("locationURI")):
                element = other.nodes.get(identifier)
                return None if element is None else (other, element, each.name)
        return None

    def absent(self, source: Source) -> list[Import]:
        """The imports that lead nowhere, which has been reported."""
        followed = [each for each, _ in self.imports(source)]
        return [each for each in source.imports if each not in followed]

    def in_order(self) -> list[Source]:
        """The files, those that are imported before those that import them."""
        ordered: list[Source] = []
        pending = [(source, False) for source in reversed(self.sources)]
        entered: set[int] = set()
        while pending:
            source, ready = pending.pop()
            if ready:
                ordered.append(source)
            elif id(source) not in entered:
                entered.add(id(source))
                pending.append((source, True))
                pending += [(other, False) for _, other in self.imports(source)]
        return ordered


def link(sources: list[Source]) -> Linked:
    """Resolve all imports."""
    linked = Linked(sources)
    for source in sources:
        linked.by_source[source] = []
        for each in source.imports:
            if each.of_decisions and each.namespace:
                _follow(linked, source, each)
    for source in sources:
        _check_loop(linked, source)
    return linked


def _follow(linked: Linked, source: Source, each: Import) -> None:
    found = [
        other
        for other in linked.sources
        if other.namespace.rstrip("/") == each.namespace.rstrip("/") and other is not source
    ]
    known = [other for _, other in linked.by_source[source]]
    if len(found) == 1:
        if found[0] in known:
            text = f"The namespace {each.namespace} is imported twice."
            source.warn(each.element, "import-twice", text)
        linked.by_source[source].append((each, found[0]))
    elif not found:
        name = f" ({each.name})" if each.name else ""
        location = each.element.get("locationURI")
        text = f"The imported model {each.namespace}{name} is not among the files that came along"
        text += f"; it is expected as {location}." if location else "."
        source.fault(each.element, "import-missing", text)
    else:
        files = ", ".join(other.file for other in found)
        text = f"The namespace {each.namespace} is that of several files: {files}."
        source.fault(each.element, "import-ambiguous", text)


def _check_loop(linked: Linked, start: Source) -> None:
    """An import that leads back to its own file is a fault, and is not followed."""
    for each, first in list(linked.imports(start)):
        seen: set[int] = set()
        pending = [first]
        while pending:
            source = pending.pop()
            if source is start:
                text = f"The import {each.namespace} leads back to this model."
                start.fault(each.element, "import-cycle", text)
                linked.by_source[start].remove((each, first))
                break
            if id(source) not in seen:
                seen.add(id(source))
                pending += [other for _, other in linked.imports(source)]


def reached(linked: Linked, start: Source) -> list[Source]:
    """A file and all that it imports, directly or not."""
    found: list[Source] = []
    pending: list[Source] = [start]
    while pending:
        source = pending.pop()
        if not _among(source, found):
            found.append(source)
            pending += [other for _, other in linked.imports(source)]
    return found


def _among(source: Source, others: Iterable[Source]) -> bool:
    return any(source is other for other in others)
