"""An Akte with everything that belongs to it: also the process instances of its Vorgänge.

`eakte` and `engine` never meet; a bundle that holds both streams is made here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eakte.export import Exported, export_akte
from eakte.search import vorgaenge_in
from engine.tables import instance
from identity.principal import Principal

if TYPE_CHECKING:
    from processes.house import House


def export_case(
    house: House, principal: Principal, akte: str, *, target: Path, purpose: str
) -> Exported:
    """Write the bundle to `target`. Raises `EakteError` for what the principal may not have."""
    with house.database.begin(principal.tenant) as tx:
        vorgaenge = vorgaenge_in(tx, principal, akte)
    return export_akte(
        house.database,
        principal,
        akte,
        blobs=house.blobs,
        store=house.store,
        keyring=house.keyring,
        target=target,
        purpose=purpose,
        more_streams=[(instance, each.instance_id) for each in vorgaenge if each.instance_id],
    )
