"""The E-Akte: Aktenplan, Akten, Vorgaenge, Dokumente, rights, Zugriffsprotokoll."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _organisationseinheit()
    _aktenplaneinheit()
    _geschaeftszeichen_counter()
    _akte()
    _vorgang()
    _dokument()
    _dokument_version()
    _primaerdokument()
    _beteiligungsschritt()
    _schritt_bindung()
    _wiedervorlage()
    _akte_grant()
    _zugriffsprotokoll()


def _organisationseinheit() -> None:
    op.create_table(
        "organisationseinheit",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("bezeichnung", sa.Text, nullable=False),
        sa.Column("kuerzel", sa.String(20), nullable=False),
        sa.Column("vertraulichkeit", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_organisationseinheit"),
        sa.UniqueConstraint("tenant", "kuerzel", name="uq_organisationseinheit_tenant_kuerzel"),
    )


def _aktenplaneinheit() -> None:
    op.create_table(
        "aktenplaneinheit",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kennzeichen", sa.String(40), nullable=False),
        sa.Column("bezeichnung", sa.Text, nullable=False),
        sa.Column("aufbewahrung_jahre", sa.Integer),
        sa.Column("ausloeser", sa.String(20), nullable=False),
        sa.Column("rundung", sa.String(10), nullable=False),
        sa.Column("rechtsgrundlage", sa.Text, nullable=False),
        sa.Column("aussonderungsart", sa.String(1), nullable=False),
        sa.Column("gueltig_von", sa.Date, nullable=False),
        sa.Column("gueltig_bis", sa.Date),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_aktenplaneinheit"),
        sa.UniqueConstraint(
            "tenant",
            "kennzeichen",
            "gueltig_von",
            name="uq_aktenplaneinheit_tenant_kennzeichen_gueltig_von",
        ),
    )


def _geschaeftszeichen_counter() -> None:
    op.create_table(
        "geschaeftszeichen_counter",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("aktenplan", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "aktenplan", "unit", "year", name="pk_geschaeftszeichen_counter"
        ),
    )


def _akte() -> None:
    op.create_table(
        "akte",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("geschaeftszeichen", sa.String(120), nullable=False),
        sa.Column("aktenplan", sa.String(40), nullable=False),
        sa.Column("aktenplaneinheit", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("betreff", sa.Text, nullable=False),
        sa.Column("suchtext", sa.Text, nullable=False),
        sa.Column("vertraulichkeit", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("vorgaenge", sa.Integer, nullable=False),
        sa.Column("retention_trigger", sa.String(20), nullable=False),
        sa.Column("retention_from", sa.Date),
        sa.Column("retention_until", sa.Date),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_akte"),
        sa.UniqueConstraint("tenant", "geschaeftszeichen", name="uq_akte_tenant_geschaeftszeichen"),
    )
    op.create_index("ix_akte_created", "akte", ["tenant", "created_at", "id"])
    op.create_index("ix_akte_plan", "akte", ["tenant", "aktenplan", "unit", "year"])


def _vorgang() -> None:
    op.create_table(
        "vorgang",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("geschaeftszeichen", sa.String(130), nullable=False),
        sa.Column("betreff", sa.Text, nullable=False),
        sa.Column("suchtext", sa.Text, nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("vertraulichkeit", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("instance_id", sa.String(40)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("zda_on", sa.Date),
        sa.Column("zda_reason", sa.Text),
        sa.Column("dokumente", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_vorgang"),
        sa.UniqueConstraint(
            "tenant", "geschaeftszeichen", name="uq_vorgang_tenant_geschaeftszeichen"
        ),
        sa.UniqueConstraint("tenant", "akte", "number", name="uq_vorgang_tenant_akte_number"),
    )
    op.create_index("ix_vorgang_created", "vorgang", ["tenant", "created_at", "id"])
    op.create_index("ix_vorgang_instance", "vorgang", ["tenant", "instance_id"])


def _dokument() -> None:
    op.create_table(
        "dokument",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("vorgang", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("titel", sa.Text, nullable=False),
        sa.Column("suchtext", sa.Text, nullable=False),
        sa.Column("dokumenttyp", sa.Text, nullable=False),
        sa.Column("richtung", sa.String(10), nullable=False),
        sa.Column("eingang_am", sa.Date),
        sa.Column("fremdes_geschaeftszeichen", sa.Text),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("vertraulichkeit", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("versionen", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_dokument"),
        sa.UniqueConstraint(
            "tenant", "vorgang", "number", name="uq_dokument_tenant_vorgang_number"
        ),
    )
    op.create_index("ix_dokument_created", "dokument", ["tenant", "created_at", "id"])


def _dokument_version() -> None:
    op.create_table(
        "dokument_version",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("dokument", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_dokument_version"),
        sa.UniqueConstraint(
            "tenant", "dokument", "number", name="uq_dokument_version_tenant_dokument_number"
        ),
    )


def _primaerdokument() -> None:
    op.create_table(
        "primaerdokument",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("blob_id", sa.String(64), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("dokument", sa.String(40), nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("dateiname", sa.Text),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "blob_id", name="pk_primaerdokument"),
        sa.UniqueConstraint(
            "tenant", "version", "format", name="uq_primaerdokument_tenant_version_format"
        ),
    )


def _beteiligungsschritt() -> None:
    op.create_table(
        "beteiligungsschritt",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("vorgang", sa.String(40), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("task_id", sa.String(80)),
        sa.Column("addressee_kind", sa.String(10)),
        sa.Column("addressee", sa.String(200)),
        sa.Column("due", sa.Date),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("performer", sa.String(40)),
        sa.Column("on_behalf_of", sa.String(40)),
        sa.Column("befugnis", sa.String(40)),
        sa.Column("outcome", sa.Text),
        sa.Column("wording", sa.Text),
        sa.Column("remark", sa.Text),
        sa.Column("amount_cents", sa.BigInteger),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("done_seq", sa.BigInteger),
        sa.Column("voided_at", sa.BigInteger),
        sa.Column("voided_reason", sa.Text),
        sa.Column("voided_by", sa.String(40)),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_beteiligungsschritt"),
    )
    op.create_index("ix_beteiligungsschritt_task", "beteiligungsschritt", ["tenant", "task_id"])
    op.create_index(
        "ix_beteiligungsschritt_vorgang", "beteiligungsschritt", ["tenant", "vorgang", "opened_at"]
    )


def _schritt_bindung() -> None:
    op.create_table(
        "schritt_bindung",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("schritt", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("dokument", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "schritt", "version", name="pk_schritt_bindung"),
    )
    op.create_index("ix_schritt_bindung_dokument", "schritt_bindung", ["tenant", "dokument"])


def _wiedervorlage() -> None:
    op.create_table(
        "wiedervorlage",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("vorgang", sa.String(40), nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("addressee", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("set_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_wiedervorlage"),
    )
    op.create_index("ix_wiedervorlage_due", "wiedervorlage", ["tenant", "state", "due"])
    op.create_index("ix_wiedervorlage_vorgang", "wiedervorlage", ["tenant", "vorgang"])


def _akte_grant() -> None:
    op.create_table(
        "akte_grant",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("akte", sa.String(40), nullable=False),
        sa.Column("vorgang", sa.String(40)),
        sa.Column("schritt", sa.String(40)),
        sa.Column("grantee_kind", sa.String(10), nullable=False),
        sa.Column("grantee", sa.String(100), nullable=False),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("ceiling", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("valid_until", sa.BigInteger, nullable=False),
        sa.Column("granted_by", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("break_glass", sa.Boolean, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_akte_grant"),
    )
    op.create_index(
        "ix_akte_grant_akte", "akte_grant", ["tenant", "akte", "grantee_kind", "grantee"]
    )


def _zugriffsprotokoll() -> None:
    op.create_table(
        "zugriffsprotokoll",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("on_behalf_of", sa.String(40)),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("object_kind", sa.String(30), nullable=False),
        sa.Column("object_id", sa.String(64)),
        sa.Column("akte", sa.String(40)),
        sa.Column("purpose", sa.Text),
        sa.Column("results", sa.Integer),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_zugriffsprotokoll"),
    )
    op.create_index("ix_zugriffsprotokoll_akte", "zugriffsprotokoll", ["tenant", "akte", "at"])
    op.create_index("ix_zugriffsprotokoll_at", "zugriffsprotokoll", ["tenant", "at", "id"])


def downgrade() -> None:
    raise NotImplementedError("go back by restoring the backup taken before migrating")
