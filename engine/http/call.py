"""One REST call: who asks, what they send, and which filters they may state.

Invariant: a route's function gets a call with a principal, never without. A filter that a list
does not know is refused by name, for to ignore it would show more than was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from starlette.responses import Response

from engine.engine import Engine
from engine.http.dialect import BadRequest, JsonObject, decode_object, encode, parse_date
from identity.http import PrincipalOf
from identity.principal import Principal
from storage.database import Transaction

T = TypeVar("T")
LARGEST_PAGE = 1000
Part: TypeAlias = tuple[str, str | None, bytes]
"""Name, file name and content of a part of a multipart form."""


@dataclass(slots=True)
class Call:
    """What a route's function is given. `query` holds one value of each parameter."""

    engine: Engine
    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    parts: list[Part] = field(default_factory=list)
    principal_of: PrincipalOf | None = None

    def json(self) -> JsonObject:
        return decode_object(self.body)

    def reading(self) -> AbstractContextManager[Transaction]:
        return self.engine.database.reading(self.principal.tenant)

    def filters(self, *known: str) -> Filters:
        """The filters of the query string and, of a POST, the body."""
        return narrowed({**self.query, **(self.json() if self.body else {})}, known)


Answer: TypeAlias = Any
Function: TypeAlias = Callable[[Call], Answer]
NO_CONTENT = object()

_PAGING = frozenset({"firstResult", "maxResults", "sortBy", "sortOrder", "sorting"})
ORDERED = frozenset({None, "asc", "desc"})


@dataclass(frozen=True, slots=True)
class Poll:
    """An answer that may come later: `look` again until it gives one, at most for `seconds`."""

    look: Callable[[], Answer | None]
    seconds: float
    otherwise: Answer


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. GET's parameters are text, POST's body has JSON types."""

    given: Mapping[str, Any]

    def text(self, *names: str) -> str | None:
        """The first of these names that is stated."""
        found = next((self.given[name] for name in names if name in self.given), None)
        return None if found is None else str(found)

    def texts(self, *names: str) -> tuple[str, ...]:
        """All that is stated under these names, whether as a list or separated by commas."""
        found: list[str] = []
        for name in names:
            value = self.given.get(name, "")
            each: Iterable[Any] = value if isinstance(value, list) else str(value).split(",")
            found += [text for item in each if (text := str(item).strip())]
        return tuple(found)

    def flag(self, name: str) -> bool | None:
        value = self.given.get(name)
        return None if value is None else str(value).lower() == "true"

    def instant(self, name: str) -> datetime | None:
        value = self.given.get(name)
        return None if value is None else parse_date(str(value))

    def number(self, name: str, default: int = 0) -> int:
        value = self.given.get(name, default)
        try:
            return int(value)
        except ValueError as error:
            raise BadRequest(f"Query parameter {name!r} is no number: {value!r}") from error

    @property
    def offset(self) -> int:
        return max(self.number("firstResult"), 0)

    @property
    def limit(self) -> int:
        """Camunda lists all when nobody says how many; we stop at a thousand."""
        return max(min(self.number("maxResults", LARGEST_PAGE), LARGEST_PAGE), 0)

    def order(self, known: Mapping[tuple[str, str], T], default: T) -> T:
        """What `sortBy` and `sortOrder`, or the first of a body's `sorting`, mean."""
        sorting = self.given.get("sorting") or [self.given]
        by, way = sorting[0].get("sortBy"), sorting[0].get("sortOrder", "asc")
        if by is None:
            return default
        if (by, way) not in known:
            raise BadRequest(f"This list cannot be sorted by {by} {way}")
        return known[by, way]

    def page(self, items: list[JsonObject], orders: Mapping[str, str]) -> list[JsonObject]:
        """A page of a short list that is here in full. `orders`: sortBy → the field it means."""
        known = {(by, way): (name, way) for by, name in orders.items() for way in ("asc", "desc")}
        chosen = self.order(known, None)
        if chosen is not None:
            name, way = chosen
            items = sorted(items, key=lambda item: _rank(item[name]), reverse=way == "desc")
        return items[self.offset : self.offset + self.limit]


def narrowed(stated: Mapping[str, Any], known: Iterable[str]) -> Filters:
    """Raises BadRequest for a filter that the list does not know."""
    given = {name: value for name, value in stated.items() if value not in (None, "", [])}
    if unknown := sorted(given.keys() - _PAGING - set(known)):
        raise BadRequest(f"Filters that are not supported here: {', '.join(unknown)}")
    return Filters(given)


def _rank(value: object) -> tuple[bool, Any]:
    """Nothing stands before everything else, as in Camunda's own lists."""
    return (value is not None, value)


def answer(value: Answer, status: int = 200) -> Response:
    """The content type is exactly this: Camunda's JavaScript client compares it so."""
    if value is NO_CONTENT:
        return Response(status_code=204)
    if isinstance(value, Response):
        return value
    return Response(encode(value), status, media_type="application/json")
