"""The supplier master for machines, to read: an HKR system compares it with its own.

Invariant: who may not read Kreditoren gets none, and what is read is recorded before it leaves.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from eakte.readlog import record_access
from identity.access import require
from identity.principal import Principal
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.master import Kreditor
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House


def kreditor_routes(house: House, who: Principal) -> APIRouter:
    """The router under `/api/v1/kreditoren`; `who` is the dependency that says who asks."""
    router = APIRouter(prefix="/api/v1/kreditoren", tags=["Kreditoren"])

    @router.get("", summary="Kreditoren nach Namen, mit ihren Konten")
    def index(
        principal: Principal = who,
        search: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> Response:
        """`search` looks for every word in number, name, identifiers, place and IBAN."""
        require(principal, "kreditor.read")
        with house.database.begin(principal.tenant) as tx:
            found = kreditoren.find(tx, search, limit, offset)
            record_access(tx, principal, "list", "kreditor", count=len(found))
            return JSONResponse({"items": _told(tx, found)})

    @router.get("/{kreditor}", summary="Ein Kreditor, nach Kennung oder Nummer")
    def show(kreditor: str, principal: Principal = who) -> Response:
        require(principal, "kreditor.read")
        with house.database.begin(principal.tenant) as tx:
            found = kreditoren.kreditor_called(tx, kreditor)
            record_access(tx, principal, "read", "kreditor", found.id)
            (told,) = _told(tx, [found])
        return JSONResponse(told, headers={"etag": f'"{found.stand}"'})

    return router


def _told(tx: Transaction, some: list[Kreditor]) -> list[dict[str, object]]:
    held = accounts.accounts(tx, [each.id for each in some], accounts.CONFIRMED, accounts.PROPOSED)
    return [
        {
            **asdict(each),
            "valid_from": each.valid_from.isoformat(),
            "accounts": [_account(row) for row in held if row.kreditor == each.id],
        }
        for each in some
    ]


def _account(row: Row) -> dict[str, object]:
    return {
        "iban": row.iban,
        "bic": row.bic,
        "state": row.state,
        "reason": row.reason,
        "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at.isoformat(),
        "confirmed_by": row.confirmed_by,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
    }
