"""Withdrawing a deployment: its definitions start nothing any more, the versions before them do.

Invariant: rows stay, since instances and ledger entries name them.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, update

from engine import starts
from engine.calls import cancel
from engine.commands import DeleteDeployment
from engine.deployments import DEFINED
from engine.errors import DefinitionInUse, NotFound
from engine.tables import definition, deployment
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import require
from storage.database import Row, for_update
from storage.ledger import append

_LOCK = for_update(
    select(deployment.c.id).where(
        deployment.c.tenant == bindparam("tenant"),
        deployment.c.id == bindparam("id"),
        deployment.c.withdrawn_at.is_(None),
    )
)
_RUNNING = select(instances.c.id).where(
    instances.c.tenant == bindparam("tenant"),
    instances.c.definition_id == bindparam("definition_id"),
    instances.c.ended_at.is_(None),
)
_WITHDRAW = (
    update(definition)
    .where(definition.c.tenant == bindparam("of_tenant"), definition.c.id == bindparam("of_id"))
    .values(newest=False, withdrawn_at=bindparam("at"))
)
_WITHDRAW_ALL = (
    update(deployment)
    .where(deployment.c.tenant == bindparam("of_tenant"), deployment.c.id == bindparam("of_id"))
    .values(withdrawn_at=bindparam("at"))
)
_BEFORE = select(func.max(definition.c.version)).where(
    definition.c.tenant == bindparam("tenant"),
    definition.c.kind == bindparam("kind"),
    definition.c.key == bindparam("key"),
    definition.c.withdrawn_at.is_(None),
)
_PROMOTE = (
    update(definition)
    .where(
        definition.c.tenant == bindparam("of_tenant"),
        definition.c.kind == bindparam("of_kind"),
        definition.c.key == bindparam("of_key"),
        definition.c.version == bindparam("of_version"),
    )
    .values(newest=True)
)


def withdraw(unit: Unit, command: DeleteDeployment) -> None:
    require(unit.principal, "model.deploy")
    tx = unit.tx
    key = {"tenant": tx.tenant, "id": command.deployment_id}
    if tx.first(_LOCK, key) is None:
        raise NotFound("deployment", command.deployment_id)
    defined = tx.all(DEFINED, key)
    running = [
        row.id
        for each in defined
        for row in tx.all(_RUNNING, {"tenant": tx.tenant, "definition_id": each.id})
    ]
    if running and not command.cascade:
        raise DefinitionInUse(command.deployment_id, len(running))
    for instance_id in sorted(running):
        instance = unit.lock(instance_id)
        if instance.state.ended is None:
            cancel(unit, instance, "deployment withdrawn")
    for each in defined:
        _withdraw(unit, each)
    tx.run(_WITHDRAW_ALL, {"of_tenant": tx.tenant, "of_id": command.deployment_id, "at": tx.now})
    by = unit.principal
    append(
        tx,
        deployment,
        command.deployment_id,
        actor=by.id,
        on_behalf_of=by.on_behalf_of,
        kind="deployment.withdrawn",
        facts=b"[]",
    )


def _withdraw(unit: Unit, row: Row) -> None:
    tx = unit.tx
    tx.run(_WITHDRAW, {"of_tenant": tx.tenant, "of_id": row.id, "at": tx.now})
    starts.deafen(unit, row.id)
    if not row.newest:
        return
    key = {"tenant": tx.tenant, "kind": row.kind, "key": row.key}
    version = tx.scalar(_BEFORE, key)
    if version is None:
        return
    tx.run(
        _PROMOTE,
        {
            "of_tenant": tx.tenant,
            "of_kind": row.kind,
            "of_key": row.key,
            "of_version": version,
        },
    )
    before = unit.engine.models.version(tx, row.kind, row.key, version)
    if before is not None and before.kind == "process":
        starts.listen(unit, before, unit.engine.models.graph(tx, before))
