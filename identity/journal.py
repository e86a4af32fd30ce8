"""How changes to persons reach the ledger: one entry in the person's own stream.

Invariant: `facts` hold ids, kinds and dates, never names; what names a person stands in `values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from bpmn.values import Value, encode
from identity.errors import PersonUnknown
from identity.principal import Principal
from identity.tables import person
from storage.database import Transaction
from storage.ledger import append


def record(  # noqa: PLR0917 the order of an entry
    tx: Transaction,
    principal: Principal,
    person_id: str,
    kind: str,
    facts: Mapping[str, object],
    values: Mapping[str, object] | None = None,
) -> int:
    """Append to the stream of the person whom the change concerns; returns the entry's number."""
    if principal.tenant != tx.tenant:
        raise PersonUnknown(f"Diese Person gibt es nicht: {person_id}")
    return append(
        tx,
        person,
        person_id,
        actor=principal.id,
        on_behalf_of=principal.on_behalf_of,
        kind=kind,
        facts=encode(cast("Value", dict(facts))),
        values=encode(cast("Value", dict(values))) if values is not None else None,
    )
