"""The statements on an instance's row, compiled once: insert, lock, note, move, end.

Invariant: whoever locks a row that lives in an instance locks the instance first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update

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
        "parent_id",
        "parent_call",
        "root_id",
        "suspended",
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
_ACTIVE = (
    definitions.c.tenant == bindparam("of_tenant"),
    definitions.c.id == bindparam("of_definition"),
    definitions.c.suspended.is_(False),
)


def _insert(*which: ColumnElement[bool]) -> Any:
    """No row, hence no commit, if there is no such definition (NOT NULL)."""
    columns: dict[str, Any] = {
        c.name: bindparam(c.name) for c in instances.c if c.name != "definition_id"
    }
    found = select(definitions.c.id).where(*which).scalar_subquery()
    return insert(instances).values({**columns, "definition_id": found})


INSERT = _insert(*_ACTIVE)
"""An instance of a definition that is not suspended by then."""
INSERT_OF_NEWEST = _insert(*_ACTIVE, definitions.c.newest.is_(True))
"""And which is the newest."""
ACTIVE = select(definitions.c.suspended.is_(False)).where(
    definitions.c.tenant == bindparam("tenant"), definitions.c.id == bindparam("id")
)
_MINE = (instances.c.tenant == bindparam("of_tenant"), instances.c.id == bindparam("of_id"))


def _update(*columns: str) -> Any:
    return update(instances).where(*_MINE).values({name: bindparam(name) for name in columns})


NOTE = _update("seq", "head")
MOVE = _update("seq", "head", "state")
MOVE_AND_SET = _update("seq", "head", "state", "variables")
END = _update("seq", "head", "state", "variables", "ended_at", "how", "end_node")
