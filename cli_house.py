"""The house as the command line opens it: on a migrated database, or with a word on what to do."""

# ruff: noqa: PLC0415  `--help` starts without the house

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli_output import NOT_READY, refuse

if TYPE_CHECKING:
    from processes.house import House, Settings


@contextmanager
def house(settings: Settings | None = None) -> Iterator[House]:
    """The house on a migrated database; says what to do where it is not."""
    from processes.house import open_house
    from storage.errors import NotMigrated, StorageError
    from storage.migrate import require_current

    opened = open_house(settings)
    try:
        require_current(opened.database)
        yield opened
    except NotMigrated as error:
        refuse(f"{error} (amtsgang migrate)", f"{error} (amtsgang migrate)", NOT_READY)
    except StorageError as error:
        refuse(f"Speicher: {error}", f"storage: {error}", NOT_READY)
    finally:
        opened.close()
