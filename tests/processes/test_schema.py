"""The migration against the declared tables."""

from __future__ import annotations

from pathlib import Path

from processes.rechnungseingang import tables
from storage.database import metadata
from storage.migrate import differences, migrate

OURS = {
    table.name
    for table in (
        tables.invoice_receipt,
        tables.invoice_key,
        tables.invoice_route,
        tables.invoice_routing,
        tables.invoice_official,
        tables.invoice_kreditor,
        tables.invoice_kreditor_account,
        tables.invoice_upload,
        tables.invoice_upload_file,
    )
}


def test_the_migrated_tables_are_the_declared_ones(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'amtsgang.sqlite'}"
    migrate(url)

    assert differences(url, metadata, OURS) == []
