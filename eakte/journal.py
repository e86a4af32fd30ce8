"""How changes reach the Aktenhistorie: one ledger entry per change, in the Akte's stream.

Invariant: `facts` hold ids, kinds, numbers, hashes and dates, never what names a person; Betreff,
titles, reasons and remarks stand in `values`, which a lawful erasure removes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from bpmn.values import Value, encode
from eakte.errors import NotFound
from eakte.tables import akte
from identity.principal import Principal
from storage.database import Transaction
from storage.ledger import append


def record(  # noqa: PLR0917 the order of an entry
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    kind: str,
    facts: Mapping[str, object],
    values: Mapping[str, object] | None = None,
) -> int:
    """Append an entry to the Akte's stream; returns its number. What is None is left out."""
    if principal.tenant != tx.tenant:
        raise NotFound("Akte", akte_id)
    given = {name: value for name, value in (values or {}).items() if value is not None}
    kept = {name: value for name, value in facts.items() if value is not None}
    return append(
        tx,
        akte,
        akte_id,
        actor=principal.id,
        on_behalf_of=principal.on_behalf_of,
        kind=kind,
        facts=encode(cast("Value", kept)),
        values=encode(cast("Value", given)) if given else None,
    )
