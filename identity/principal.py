"""Who asks. A principal is made once per request and passed down; nothing below looks it up again.

Invariant: `id` is random and never a name, so it may stand in the ledger's header for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, a machine or the system itself, with what it may be matched against.

    `name` is the login, for logs; what people read is resolved by `identity.persons`.
    `scopes` narrows what a token may do; a principal without a token has `{"*"}`.
    """

    id: str
    tenant: str
    name: str
    kind: Literal["person", "machine", "system"]
    groups: frozenset[str] = NOBODY
    roles: frozenset[str] = NOBODY
    units: frozenset[str] = NOBODY
    scopes: frozenset[str] = field(default=frozenset({"*"}))
    on_behalf_of: str | None = None
    led: frozenset[str] | None = None
    """Where the role `lead` opens what is vertraulich; None: in all of `units`."""

    def acting_for(self, absent: str) -> Principal:
        """The same principal, acting for another person; both ids stand in the ledger."""
        return replace(self, on_behalf_of=absent)

    def identities(self) -> frozenset[str]:
        """The acting and the represented person: what four-eyes rules compare."""
        return frozenset({self.id} if self.on_behalf_of is None else {self.id, self.on_behalf_of})


def system_principal(tenant: str) -> Principal:
    """The application itself: timers, relays, migrations."""
    return Principal(id="system", tenant=tenant, name="system", kind="system")


SYSTEM = system_principal("default")
