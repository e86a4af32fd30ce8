"""What every business group of the model is made of: fields with terms, and their source.

Groups are frozen. Readers build them without `__init__`: a field that a document lacks stays the
default of its class, so a group costs what it holds and not what the standard could put there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from lxml import etree


def term(number: str, default: Any = None) -> Any:
    """A field that holds the business term `number`."""
    return field(default=default, metadata={"term": number})


def residue(default: Any = None) -> Any:
    """A field that only one syntax knows: rules need it, equality does not see it."""
    return field(default=default, compare=False, repr=False)


_OF_THE_SOURCE = frozenset(
    {
        "source",
        "unreadable",
        "indented",
        "elements",
        "line_taxes",
        "tax_categories",
        "institutions",
        "links",
        "worked_out",
    }
)
"""What a group knows of the XML that it came from, or has worked out; it does not travel."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A business group and the element that it was read from."""

    terms: ClassVar[Mapping[str, str]] = {}

    source: etree._Element | None = residue()  # noqa: RUF009
    unreadable: Mapping[str, str | None] | None = residue()
    """The text of a field that is there and not of its type; None where its form is another."""

    indented: Mapping[str, str] | None = residue()
    """The text of a field that begins with white space, which some official rules see."""

    def has(self, name: str) -> bool:
        """Whether the element of this field is there, readable or not."""
        return getattr(self, name) is not None or name in (self.unreadable or ())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the content without the XML that it came from."""
        content = {k: v for k, v in self.__dict__.items() if k not in _OF_THE_SOURCE}
        return _restored, (type(self), content, self.unreadable)


@dataclass(frozen=True, kw_only=True)
class Element(Group):
    """What a rule of a syntax asks about: an element, or an attribute of it."""

    attribute: str = ""


_terms: dict[tuple[type[Group], str], str] = {}


def term_of(cls: type[Group], name: str) -> str:
    """The business term of a field, or nothing where the standard gives it none."""
    found = _terms.get((cls, name))
    if found is None:
        stated = (str(f.metadata.get("term", "")) for f in fields(cls) if f.name == name)
        found = _terms[cls, name] = cls.terms.get(name) or next(stated, "")
    return found


def _restored(cls: type[Group], content: dict[str, Any], unreadable: Any) -> Group:
    group = cls.__new__(cls)
    group.__dict__.update(content, unreadable=unreadable)
    return group
