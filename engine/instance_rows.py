"""The statements on an instance's row, compiled once: insert, lock, note, move, end.

Invariant: whoever locks a row that lives in an instance locks the instance first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from engine.tables import definition as definitions
from engine.tables import instance as instances
from storage.database import for_update

LOCKED = tuple(
    instances.c[name].label(f"i_{name}")
    for name in (
        "id",
        "definition_id",
        "business_key",
        "started_at",
        "state",
        "variables",
        "seq",
        "head",
    )
)
"""What every statement that locks an instance selects of it; `Unit.adopt` reads it."""


def lock_statement(table: Table) -> Any:
    """Lock a row of `table` and its instance; `Unit.lock_row` runs it.

    Both are found by their keys, not one through the other: no statistics can mislead the planner.
    The instance comes first: PostgreSQL locks in this order, and who holds an instance closes the
    rows in it, so the other order ends in deadlocks.
    """
    return for_update(
        select(table, *LOCKED)
        .join_from(instances, table, table.c.tenant == instances.c.tenant)
        .where(
            table.c.tenant == bindparam("tenant"),
            table.c.id == bindparam("id"),
            instances.c.tenant == bindparam("tenant"),
            instances.c.id == bindparam("instance_id"),
        )
    )


LOCK = for_update(
    select(*LOCKED).where(
        instances.c.tenant == bindparam("tenant"), instances.c.id == bindparam("id")
    )
)
INSERT = insert(instances).values({c.name: bindparam(c.name) for c in instances.c})
INSERT_OF_NEWEST = insert(instances).values(
    {
        **{c.name: bindparam(c.name) for c in instances.c if c.name != "definition_id"},
        "definition_id": select(definitions.c.id)
        .where(
            definitions.c.tenant == bindparam("of_tenant"),
            definitions.c.id == bindparam("of_definition"),
            definitions.c.newest.is_(True),
        )
        .scalar_subquery(),
    }
)
"""As `INSERT`, but no row, hence no commit, if the definition is not the newest (NOT NULL)."""
_MINE = (instances.c.tenant == bindparam("of_tenant"), instances.c.id == bindparam("of_id"))


def _update(*columns: str) -> Any:
    return update(instances).where(*_MINE).values({name: bindparam(name) for name in columns})


NOTE = _update("seq", "head")
MOVE = _update("seq", "head", "state")
MOVE_AND_SET = _update("seq", "head", "state", "variables")
END = _update("seq", "head", "state", "variables", "ended_at", "how", "end_node")
