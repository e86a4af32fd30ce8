"""The migration against the declared tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from processes.rechnungseingang import tables
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from storage.database import Database, metadata
from storage.migrate import differences, migrate
from storage.verify import verify_one

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


def test_accounts_that_were_confirmed_before_become_a_kreditors(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'amtsgang.sqlite'}"
    migrate(url, "0013")
    engine = create_engine(url)
    with engine.begin() as connection:
        for iban, key in (("DE1", "ust:de1"), ("DE2", "ust:de1"), ("DE3", "name:müller")):
            connection.execute(
                text(
                    "INSERT INTO invoice_supplier_account (tenant, iban, seller_key, reason, "
                    "confirmed_by, confirmed_at) VALUES ('default', :iban, :key, 'Rückruf', 'u_1', "
                    "1700000000000000)"
                ),
                {"iban": iban, "key": key},
            )
    engine.dispose()

    migrate(url)

    database = Database.open(url)
    with database.reading() as tx:
        (vat,), (named,) = kreditoren.find(tx, "de1"), kreditoren.find(tx, "müller")
        held = accounts.accounts(tx, [vat.id], accounts.CONFIRMED)
    assert verify_one(database, "default", vat.id).whole
    database.close()
    assert {row.iban for row in held} == {"DE1", "DE2"}
    assert {row.confirmed_by for row in held} == {"u_1"}
    assert (vat.vat_id, named.name) == ("DE1", "müller")
