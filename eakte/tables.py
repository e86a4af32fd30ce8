"""Tables of the E-Akte, named as in xdomea. An Akte's row is the head of its ledger stream.

Invariant: what access depends on (Akte, Vorgang, unit, Vertraulichkeit) stands in the rows that
lists return, so that one criterion filters them all; nothing here is deleted but by disposal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.database import Instant, metadata, tenant_column
from storage.ledger import register_stream, stream_columns

_ID = String(40)

organisationseinheit = Table(
    "organisationseinheit",
    metadata,
    tenant_column(),
    Column("id", String(100), nullable=False),
    Column("bezeichnung", Text, nullable=False),
    Column("kuerzel", String(20), nullable=False),
    Column("vertraulichkeit", Integer, nullable=False),  # what its files are at least
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "kuerzel"),
)

aktenplaneinheit = Table(
    "aktenplaneinheit",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("kennzeichen", String(40), nullable=False),
    Column("bezeichnung", Text, nullable=False),
    Column("aufbewahrung_jahre", Integer),  # null: unbefristet
    Column("ausloeser", String(20), nullable=False),  # what starts the period: see aktenplan.py
    Column("rundung", String(10), nullable=False),  # jahresende | tag
    Column("rechtsgrundlage", Text, nullable=False),
    Column("aussonderungsart", String(1), nullable=False),  # A | B | V
    Column("gueltig_von", Date, nullable=False),
    Column("gueltig_bis", Date),
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "kennzeichen", "gueltig_von"),
)
register_stream(aktenplaneinheit)

geschaeftszeichen_counter = Table(
    "geschaeftszeichen_counter",
    metadata,
    tenant_column(),
    Column("aktenplan", String(40), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "aktenplan", "unit", "year"),
)

akte = Table(
    "akte",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("geschaeftszeichen", String(120), nullable=False),
    Column("aktenplan", String(40), nullable=False),
    Column("aktenplaneinheit", _ID, nullable=False),
    Column("unit", String(100), nullable=False),
    Column("year", Integer, nullable=False),
    Column("betreff", Text, nullable=False),
    Column("suchtext", Text, nullable=False),  # casefolded head data
    Column("vertraulichkeit", Integer, nullable=False),
    Column("state", String(20), nullable=False),  # in_bearbeitung | aufbewahrung
    Column("created_at", Instant, nullable=False),
    Column("vorgaenge", Integer, nullable=False),  # the last Vorgang's number
    Column("retention_trigger", String(20), nullable=False),
    Column("retention_from", Date),
    Column("retention_until", Date),  # null while it runs not, or unbefristet
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "geschaeftszeichen"),
    Index("ix_akte_created", "tenant", "created_at", "id"),
    Index("ix_akte_plan", "tenant", "aktenplan", "unit", "year"),
)
register_stream(akte)

vorgang = Table(
    "vorgang",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("geschaeftszeichen", String(130), nullable=False),
    Column("betreff", Text, nullable=False),
    Column("suchtext", Text, nullable=False),
    Column("unit", String(100), nullable=False),
    Column("vertraulichkeit", Integer, nullable=False),
    Column("state", String(20), nullable=False),  # offen | zda
    Column("instance_id", String(40)),
    Column("created_at", Instant, nullable=False),
    Column("zda_on", Date),
    Column("zda_reason", Text),
    Column("dokumente", Integer, nullable=False),  # the last Dokument's number
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "geschaeftszeichen"),
    UniqueConstraint("tenant", "akte", "number"),
    Index("ix_vorgang_created", "tenant", "created_at", "id"),
    Index("ix_vorgang_instance", "tenant", "instance_id"),
)

dokument = Table(
    "dokument",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("vorgang", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("titel", Text, nullable=False),
    Column("suchtext", Text, nullable=False),
    Column("dokumenttyp", Text, nullable=False),
    Column("richtung", String(10), nullable=False),  # eingang | ausgang | intern
    Column("eingang_am", Date),
    Column("fremdes_geschaeftszeichen", Text),
    Column("unit", String(100), nullable=False),
    Column("vertraulichkeit", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("versionen", Integer, nullable=False),  # the last version's number
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "vorgang", "number"),
    Index("ix_dokument_created", "tenant", "created_at", "id"),
)

dokument_version = Table(
    "dokument_version",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("dokument", _ID, nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("created_by", _ID, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "dokument", "number"),
)

primaerdokument = Table(
    "primaerdokument",
    metadata,
    tenant_column(),
    Column("blob_id", String(64), nullable=False),
    Column("version", _ID, nullable=False),
    Column("dokument", _ID, nullable=False),
    Column("format", String(20), nullable=False),  # original, later also pdfa
    Column("dateiname", Text),
    Column("media_type", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "blob_id"),
    UniqueConstraint("tenant", "version", "format"),
)

beteiligungsschritt = Table(
    "beteiligungsschritt",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("vorgang", _ID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", String(20), nullable=False),  # offen | erledigt | uebergangen
    Column("task_id", String(80)),
    Column("addressee_kind", String(10)),  # person | group | unit
    Column("addressee", String(200)),
    Column("due", Date),
    Column("opened_at", Instant, nullable=False),
    Column("performer", _ID),
    Column("on_behalf_of", _ID),
    Column("befugnis", _ID),
    Column("outcome", Text),
    Column("wording", Text),
    Column("remark", Text),
    Column("amount_cents", BigInteger),
    Column("content_hash", String(64)),  # over what else is certified: see beteiligung.py
    Column("done_at", Instant),
    Column("done_seq", BigInteger),  # the ledger entry: the order of signatures
    Column("voided_at", Instant),
    Column("voided_reason", Text),
    Column("voided_by", _ID),  # the version or step that voided it
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_beteiligungsschritt_vorgang", "tenant", "vorgang", "opened_at"),
    Index("ix_beteiligungsschritt_task", "tenant", "task_id"),
)

schritt_bindung = Table(
    "schritt_bindung",
    metadata,
    tenant_column(),
    Column("schritt", _ID, nullable=False),
    Column("version", _ID, nullable=False),
    Column("dokument", _ID, nullable=False),
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("tenant", "schritt", "version"),
    Index("ix_schritt_bindung_dokument", "tenant", "dokument"),
)

wiedervorlage = Table(
    "wiedervorlage",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("vorgang", _ID, nullable=False),
    Column("due", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("addressee", String(200), nullable=False),
    Column("state", String(20), nullable=False),  # offen | erledigt
    Column("set_by", _ID, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_wiedervorlage_due", "tenant", "state", "due"),
    Index("ix_wiedervorlage_vorgang", "tenant", "vorgang"),
)

akte_grant = Table(
    "akte_grant",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("akte", _ID, nullable=False),
    Column("vorgang", _ID),  # null: the whole Akte
    Column("schritt", _ID),  # the Beteiligungsschritt that it serves
    Column("grantee_kind", String(10), nullable=False),  # person | group | unit
    Column("grantee", String(100), nullable=False),
    Column("level", String(10), nullable=False),  # head | content | write
    Column("ceiling", Integer, nullable=False),  # up to this Vertraulichkeit
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("granted_by", _ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("break_glass", Boolean, nullable=False),
    Column("revoked_at", Instant),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_akte_grant_akte", "tenant", "akte", "grantee_kind", "grantee"),
)

zugriffsprotokoll = Table(
    "zugriffsprotokoll",
    metadata,
    tenant_column(),
    Column("id", _ID, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", _ID, nullable=False),
    Column("on_behalf_of", _ID),
    Column("action", String(20), nullable=False),  # read list search export denied break_glass
    Column("object_kind", String(30), nullable=False),
    Column("object_id", String(64)),  # null for lists
    Column("akte", _ID),
    Column("purpose", Text),
    Column("results", Integer),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_zugriffsprotokoll_at", "tenant", "at", "id"),
    Index("ix_zugriffsprotokoll_akte", "tenant", "akte", "at"),
)
