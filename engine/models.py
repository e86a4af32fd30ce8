"""Deployed definitions, and their compiled forms in a bounded cache keyed by source hash.

Invariant: a compiled form is never stored and never changes; a definition's row changes only in
`newest`, which the database decides: asked before, or in the statement that starts an instance.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import bindparam, select

from bpmn.compiler import compile_model
from bpmn.graph import Graph
from engine.errors import NotFound
from engine.results import Definition
from engine.tables import definition, resource
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from bpmn.dmn import Decisions

K = TypeVar("K")
V = TypeVar("V")

_OF_TENANT = definition.c.tenant == bindparam("tenant")
_BY_ID = select(definition).where(_OF_TENANT, definition.c.id == bindparam("id"))
_KEYED = (
    _OF_TENANT,
    definition.c.kind == bindparam("kind"),
    definition.c.key == bindparam("key"),
)
_NEWEST = select(definition).where(*_KEYED, definition.c.newest.is_(True))
_VERSION = select(definition).where(*_KEYED, definition.c.version == bindparam("version"))
_TAGGED = (
    select(definition)
    .where(*_KEYED, definition.c.version_tag == bindparam("version_tag"))
    .order_by(definition.c.version.desc())
    .limit(1)
)
_DEPLOYED_WITH = select(definition).where(
    *_KEYED, definition.c.deployment_id == bindparam("deployment_id")
)
_CONTENT = select(resource.c.content, resource.c.hash).where(
    resource.c.tenant == bindparam("tenant"),
    resource.c.deployment_id == bindparam("deployment_id"),
    resource.c.name == bindparam("name"),
)
_CONTENTS = (
    select(resource.c.name, resource.c.content)
    .where(
        resource.c.tenant == bindparam("tenant"),
        resource.c.deployment_id == bindparam("deployment_id"),
    )
    .order_by(resource.c.name)
)


def may_import(content: bytes) -> bool:
    """Whether a decision model may import others; where it does not, none need be read."""
    return b"import" in content


class Kept(Generic[K, V]):
    """A bounded cache: what was used longest ago goes first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            value = self._items.get(key)
            if value is not None:
                self._items.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> V:
        with self._lock:
            self._items[key] = value
            self._items.move_to_end(key)
            while len(self._items) > self._capacity:
                self._items.popitem(last=False)
        return value


class Models:
    """What instances follow. One per engine; threads share it."""

    def __init__(self, capacity: int = 500) -> None:
        self._definitions: Kept[tuple[str, str], Definition] = Kept(capacity * 4)
        self._newest: Kept[tuple[str, str, str], Definition] = Kept(capacity)
        self._hashes: Kept[tuple[str, str], str] = Kept(capacity * 4)
        self._graphs: Kept[tuple[str, str], Graph] = Kept(capacity)
        self._parsed: Kept[tuple[str, str], object] = Kept(capacity)

    def definition(self, tx: Transaction, definition_id: str) -> Definition:
        """Raises NotFound."""
        known = self._definitions.get((tx.tenant, definition_id))
        if known is not None:
            return known
        row = tx.first(_BY_ID, {"tenant": tx.tenant, "id": definition_id})
        if row is None:
            raise NotFound("definition", definition_id)
        return self._keep(tx, row)

    def newest(self, tx: Transaction, kind: str, key: str) -> Definition | None:
        row = tx.first(_NEWEST, {"tenant": tx.tenant, "kind": kind, "key": key})
        found = self._found(tx, row)
        if found is not None:
            self._newest.put((tx.tenant, kind, key), found)
        return found

    def last_newest(self, tenant: str, kind: str, key: str) -> Definition | None:
        """What was the newest version when it was last asked for: to be checked before use."""
        return self._newest.get((tenant, kind, key))

    def version(self, tx: Transaction, kind: str, key: str, version: int) -> Definition | None:
        row = tx.first(
            _VERSION, {"tenant": tx.tenant, "kind": kind, "key": key, "version": version}
        )
        return self._found(tx, row)

    def bound(  # noqa: PLR0917 the parts of a reference
        self,
        tx: Transaction,
        kind: str,
        key: str,
        binding: str,
        version: int | str | None,
        deployment_id: str,
        *,
        strictly: bool = False,
    ) -> Definition | None:
        """The version that a model's reference means: the newest, this one, the newest with this
        tag, or the one deployed with it; the newest where none was, unless `strictly`."""
        if binding == "version":
            number = int(version) if str(version).isdecimal() else 0  # type: ignore[arg-type]
            return self.version(tx, kind, key, number)
        if binding == "versionTag":
            keys = {"tenant": tx.tenant, "kind": kind, "key": key, "version_tag": version}
            return self._found(tx, tx.first(_TAGGED, keys))
        if binding == "deployment":
            keys = {"tenant": tx.tenant, "kind": kind, "key": key, "deployment_id": deployment_id}
            found = self._found(tx, tx.first(_DEPLOYED_WITH, keys))
            if found is not None or strictly:
                return found
        return self.newest(tx, kind, key)

    def graph(self, tx: Transaction, of: Definition) -> Graph:
        """The compiled process; compiled again when the cache has lost it."""
        digest = self._hash(tx, of)
        graph = self._graphs.get((digest, of.key))
        if graph is not None:
            return graph
        compiled = compile_model(self.content(tx, of), of.resource, against_schema=False)
        for each in compiled.graphs:
            self._graphs.put((digest, each.process_id), each)
            if each.process_id == of.key:
                graph = each
        if graph is None:
            raise NotFound("process", of.key)
        return graph

    def parsed(self, tx: Transaction, of: Definition, parse: Callable[[bytes, str], V]) -> V:
        """A form as `parse(source, file)` reads it, from the same kind of cache."""
        key = (self._hash(tx, of), of.kind)
        found = self._parsed.get(key)
        if found is None:
            found = self._parsed.put(key, parse(self.content(tx, of), of.resource))
        return found  # type: ignore[return-value]

    def decisions(self, tx: Transaction, of: Definition) -> Decisions:
        """The decisions of a definition's file; what it imports was deployed with it."""
        from bpmn.dmn import compile_decisions, is_dmn  # noqa: PLC0415 loads when one is met

        key = (of.deployment_id, of.resource)
        found = self._parsed.get(key)
        if found is None:
            content, others = self.content(tx, of), []
            if may_import(content):
                keys = {"tenant": tx.tenant, "deployment_id": of.deployment_id}
                rows = tx.all(_CONTENTS, keys)
                others = [(row.name, bytes(row.content)) for row in rows if is_dmn(row.name)]
            beside = [each for each in others if each[0] != of.resource]
            found = self._parsed.put(key, compile_decisions(content, of.resource, beside))
        return found  # type: ignore[return-value]

    def content(self, tx: Transaction, of: Definition) -> bytes:
        """The deployed file as it was sent."""
        keys = {"tenant": tx.tenant, "deployment_id": of.deployment_id, "name": of.resource}
        row = tx.first(_CONTENT, keys)
        if row is None:
            raise NotFound("resource", of.resource)
        return bytes(row.content)

    def keep_graph(self, digest: str, graph: Graph) -> None:
        """What deployment has just compiled need not be compiled again."""
        self._graphs.put((digest, graph.process_id), graph)

    def _hash(self, tx: Transaction, of: Definition) -> str:
        known = self._hashes.get((tx.tenant, of.id))
        if known is None:
            row = tx.first(_BY_ID, {"tenant": tx.tenant, "id": of.id})
            if row is None:
                raise NotFound("definition", of.id)
            self._keep(tx, row)
            known = str(row.hash)
        return known

    def _found(self, tx: Transaction, row: Row | None) -> Definition | None:
        return None if row is None else self._keep(tx, row)

    def _keep(self, tx: Transaction, row: Row) -> Definition:
        self._hashes.put((tx.tenant, row.id), row.hash)
        return self._definitions.put((tx.tenant, row.id), as_definition(row))


def as_definition(row: Row) -> Definition:
    at: datetime = row.deployed_at
    return Definition(
        id=row.id,
        kind=row.kind,
        key=row.key,
        version=row.version,
        name=row.name,
        resource=row.resource,
        deployment_id=row.deployment_id,
        version_tag=row.version_tag,
        history_ttl=row.history_ttl,
        deployed_at=at,
        suspended=row.suspended,
    )
