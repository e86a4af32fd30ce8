"""Questions about what is deployed: deployments, definitions, their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select

from engine.errors import NotFound
from engine.models import as_definition
from engine.results import Definition
from engine.tables import definition as definitions_table
from engine.tables import deployment as deployments_table
from engine.tables import resource
from engine.views import DeploymentView
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

_DEPLOYMENT = (
    deployments_table.c.id,
    deployments_table.c.name,
    deployments_table.c.source,
    deployments_table.c.deployed_at,
    deployments_table.c.deployed_by,
)


@dataclass(frozen=True, slots=True)
class DefinitionQuery:
    """Filters that are None do not narrow. Withdrawn ones are left out of lists."""

    kind: Literal["process", "decision", "form"] | None = "process"
    key: str | None = None
    version: int | None = None
    newest: bool = False
    deployment_id: str | None = None
    name: str | None = None
    limit: int = 50
    offset: int = 0


def definitions(tx: Transaction, principal: Principal, query: DefinitionQuery) -> list[Definition]:
    require(principal, "model.read")
    table = definitions_table.c
    statement = (
        select(definitions_table)
        .where(*_filters(tx, query))
        .order_by(table.key, table.version.desc())
        .limit(query.limit)
        .offset(query.offset)
    )
    return [as_definition(row) for row in tx.all(statement)]


def definition_count(tx: Transaction, principal: Principal, query: DefinitionQuery) -> int:
    require(principal, "model.read")
    statement = select(func.count()).select_from(definitions_table).where(*_filters(tx, query))
    return int(tx.scalar(statement))


def definition(tx: Transaction, principal: Principal, definition_id: str) -> Definition:
    """Raises NotFound."""
    require(principal, "model.read")
    return as_definition(_row(tx, definitions_table, "definition", definition_id))


def newest_definition(
    tx: Transaction, principal: Principal, key: str, kind: str = "process"
) -> Definition:
    """Raises NotFound."""
    require(principal, "model.read")
    table = definitions_table.c
    row = tx.first(
        select(definitions_table).where(
            table.tenant == tx.tenant,
            table.kind == kind,
            table.key == key,
            table.newest.is_(True),
        )
    )
    if row is None:
        raise NotFound(kind, key)
    return as_definition(row)


def source(tx: Transaction, principal: Principal, definition_id: str) -> bytes:
    """The deployed file that holds the definition, as it was sent."""
    found = definition(tx, principal, definition_id)
    return resource_content(tx, principal, found.deployment_id, found.resource)


def deployments(
    tx: Transaction,
    principal: Principal,
    *,
    name: str | None = None,
    id: str | None = None,  # noqa: A002 the column's name
    limit: int | None = None,
    offset: int = 0,
) -> list[DeploymentView]:
    require(principal, "model.read")
    statement = (
        select(*_DEPLOYMENT)
        .where(*_deployed(tx, name, id))
        .order_by(deployments_table.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [DeploymentView(*row) for row in tx.all(statement)]


def deployment_count(tx: Transaction, principal: Principal, *, name: str | None = None) -> int:
    require(principal, "model.read")
    statement = select(func.count()).select_from(deployments_table)
    return int(tx.scalar(statement.where(*_deployed(tx, name, None))))


def deployment(tx: Transaction, principal: Principal, deployment_id: str) -> DeploymentView:
    """Raises NotFound."""
    found = deployments(tx, principal, id=deployment_id, limit=1)
    if not found:
        raise NotFound("deployment", deployment_id)
    return found[0]


def resources(tx: Transaction, principal: Principal, deployment_id: str) -> list[str]:
    """The names of a deployment's files."""
    deployment(tx, principal, deployment_id)
    statement = (
        select(resource.c.name)
        .where(resource.c.tenant == tx.tenant, resource.c.deployment_id == deployment_id)
        .order_by(resource.c.name)
    )
    return [row.name for row in tx.all(statement)]


def resource_content(tx: Transaction, principal: Principal, deployment_id: str, name: str) -> bytes:
    """Raises NotFound."""
    require(principal, "model.read")
    content = tx.scalar(
        select(resource.c.content).where(
            resource.c.tenant == tx.tenant,
            resource.c.deployment_id == deployment_id,
            resource.c.name == name,
        )
    )
    if content is None:
        raise NotFound("resource", name)
    return bytes(content)


def _row(tx: Transaction, table: Any, kind: str, id_: str) -> Row:
    row = tx.first(select(table).where(table.c.tenant == tx.tenant, table.c.id == id_))
    if row is None:
        raise NotFound(kind, id_)
    return row


def _filters(tx: Transaction, query: DefinitionQuery) -> list[ColumnElement[bool]]:
    table = definitions_table.c
    found: list[ColumnElement[bool]] = [table.tenant == tx.tenant, table.withdrawn_at.is_(None)]
    equal = (
        (table.kind, query.kind),
        (table.key, query.key),
        (table.version, query.version),
        (table.deployment_id, query.deployment_id),
        (table.name, query.name),
    )
    found += [column == value for column, value in equal if value is not None]
    if query.newest:
        found.append(table.newest.is_(True))
    return found


def _deployed(tx: Transaction, name: str | None, id_: str | None) -> list[ColumnElement[bool]]:
    table = deployments_table.c
    found: list[ColumnElement[bool]] = [table.tenant == tx.tenant, table.withdrawn_at.is_(None)]
    if name is not None:
        found.append(table.name == name)
    if id_ is not None:
        found.append(table.id == id_)
    return found
