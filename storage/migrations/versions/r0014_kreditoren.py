"""The supplier master: Kreditoren with their accounts, and which of them an invoice is from. The
accounts that people confirmed become accounts of Kreditoren that are made for them."""

from __future__ import annotations

import secrets
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_GENESIS = bytes(32)
_SINCE = date(2000, 1, 1)


def upgrade() -> None:
    _kreditoren()
    _accounts()
    for name in ("seller_vat_id", "seller_tax_number", "seller_registration", "seller_city"):
        op.add_column("invoice_receipt", sa.Column(name, sa.Text))
    op.add_column("invoice_receipt", sa.Column("kreditor", sa.String(40)))
    op.add_column("invoice_receipt", sa.Column("kreditor_by", sa.String(40)))
    op.create_index(
        "ix_invoice_receipt_kreditor", "invoice_receipt", ["tenant", "kreditor", "state"]
    )
    _take_over()
    op.drop_table("invoice_supplier_account")


def _kreditoren() -> None:
    op.create_table(
        "invoice_kreditor",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.Column("number", sa.String(40)),
        sa.Column("name", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Text)
            for name in ("vat_id", "tax_number", "registration_id", "electronic_address")
        ),
        *(sa.Column(name, sa.Text) for name in ("street", "post_code", "city")),
        sa.Column("country", sa.String(2)),
        sa.Column("blocked", sa.Text),
        sa.Column("sachkonto", sa.String(20)),
        sa.Column("kostenstelle", sa.String(20)),
        sa.Column("payment_terms", sa.Text),
        sa.Column("valid_from", sa.Date, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("vat_key", "tax_key", "registration_key")),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("city_key", sa.Text),
        sa.Column("words", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_kreditor"),
        sa.UniqueConstraint("tenant", "number", name="uq_invoice_kreditor_tenant_number"),
    )
    for name, column in (
        ("vat", "vat_key"),
        ("tax", "tax_key"),
        ("registration", "registration_key"),
    ):
        op.create_index(f"ix_invoice_kreditor_{name}", "invoice_kreditor", ["tenant", column])
    op.create_index(
        "ix_invoice_kreditor_name", "invoice_kreditor", ["tenant", "name_key", "city_key"]
    )


def _accounts() -> None:
    op.create_table(
        "invoice_kreditor_account",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kreditor", sa.String(40), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("bic", sa.String(11)),
        sa.Column("state", sa.String(14), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("batch", sa.String(40)),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("proposed_for", sa.String(40)),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_by", sa.String(40)),
        sa.Column("on_behalf_of", sa.String(40)),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_kreditor_account"),
        sa.UniqueConstraint(
            "tenant", "kreditor", "iban", name="uq_invoice_kreditor_account_tenant_kreditor_iban"
        ),
    )
    for column in ("iban", "state"):
        op.create_index(
            f"ix_invoice_kreditor_account_{column}", "invoice_kreditor_account", ["tenant", column]
        )


def _take_over() -> None:
    """One Kreditor for each supplier that an account was confirmed of."""
    link, tables = op.get_bind(), sa.MetaData()
    old, receipt, kreditor, account = (
        sa.Table(name, tables, autoload_with=link)
        for name in (
            "invoice_supplier_account",
            "invoice_receipt",
            "invoice_kreditor",
            "invoice_kreditor_account",
        )
    )
    made: dict[tuple[str, str], str] = {}
    for row in link.execute(sa.select(old)).mappings().all():
        tenant, key = row["tenant"], row["seller_key"]
        if (tenant, key) not in made:
            of_supplier = (receipt.c.tenant == tenant, receipt.c.seller_key == key)
            name = link.scalar(sa.select(sa.func.max(receipt.c.seller)).where(*of_supplier))
            values = _made_of(key, name or key.partition(":")[2])
            made[tenant, key] = str(values["id"])
            link.execute(sa.insert(kreditor).values(tenant=tenant, **values))
        confirmed = {n: row[n] for n in ("confirmed_by", "on_behalf_of", "confirmed_at")}
        link.execute(
            sa.insert(account).values(
                tenant=tenant,
                id=f"kk_{secrets.token_hex(12)}",
                kreditor=made[tenant, key],
                iban=row["iban"],
                state="bestaetigt",
                reason=row["reason"],
                proposed_by=row["confirmed_by"],
                proposed_for=row["on_behalf_of"],
                proposed_at=row["confirmed_at"],
                **confirmed,
            )
        )


def _made_of(seller_key: str, name: str) -> dict[str, object]:
    kind, _, key = seller_key.partition(":")
    column = {"ust": "vat", "steuer": "tax"}.get(kind)
    plain = "".join(c for c in name.casefold() if c.isalnum())
    stated = {"ust": "vat_id", "steuer": "tax_number"}.get(kind)
    return {
        "id": f"k_{secrets.token_hex(12)}",
        "seq": 0,
        "head": _GENESIS,
        "name": name,
        "valid_from": _SINCE,
        "name_key": plain,
        "words": f"{plain} {key}",
        **({f"{column}_key": key} if column else {}),
        **({stated: key.upper()} if stated else {}),
    }
