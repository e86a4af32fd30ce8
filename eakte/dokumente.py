"""Dokumente: Dokument, Version, Primaerdokument (the bytes, by blob and SHA-256).

Invariant: a version is never changed, only followed by another; the hash of its bytes stands in
the ledger; what signatures certified of an earlier version is voided in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import insert, select, update

from eakte.access import Vertraulichkeit, demand, may
from eakte.akten import suchtext
from eakte.errors import BlobInUse, HeadDataInvalid
from eakte.file_names import file_name
from eakte.ids import new_id
from eakte.journal import record
from eakte.readlog import record_access
from eakte.signatures import void_signatures
from eakte.tables import dokument, dokument_version, primaerdokument, vorgang
from eakte.vorgaenge import writable_vorgang
from identity.principal import Principal
from storage.blobs import Blobs
from storage.database import Row, Transaction

Richtung: TypeAlias = Literal["eingang", "ausgang", "intern"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version with its Primaerdokument. `sha256` is in hex."""

    id: str
    dokument: str
    number: int
    reason: str | None
    created_at: datetime
    created_by: str
    blob_id: str
    dateiname: str | None
    media_type: str
    sha256: str
    size: int

    def head_only(self) -> Version:
        """Without what tells of the content: the file's name, why there is a new version, and the
        marks by which one who holds the same bytes would recognise them."""
        return replace(self, dateiname=None, reason=None, blob_id="", sha256="")


@dataclass(frozen=True, slots=True)
class Dokument:
    """Head data of a Dokument, with its versions, oldest first."""

    id: str
    akte: str
    vorgang: str
    number: int
    titel: str
    dokumenttyp: str
    richtung: Richtung
    eingang_am: date | None
    fremdes_geschaeftszeichen: str | None
    vertraulichkeit: Vertraulichkeit
    created_at: datetime
    versions: tuple[Version, ...]

    @property
    def current(self) -> Version:
        return self.versions[-1]

    def head_only(self) -> Dokument:
        """What outside of the unit may be seen of a closed Dokument."""
        return replace(self, versions=tuple(each.head_only() for each in self.versions))


def file_dokument(
    tx: Transaction,
    principal: Principal,
    vorgang_id: str,
    *,
    titel: str,
    dokumenttyp: str,
    richtung: Richtung,
    eingang_am: date | None,
    blob_id: str,
    blobs: Blobs,
    media_type: str | None = None,
    dateiname: str | None = None,
    fremdes_geschaeftszeichen: str | None = None,
    vertraulichkeit: Vertraulichkeit | None = None,
) -> Dokument:
    """File bytes that were put before (PENDING) as a new Dokument of the Vorgang."""
    parent = writable_vorgang(tx, principal, vorgang_id)
    _check_head(titel, richtung, eingang_am)
    number = parent.dokumente + 1
    where = (vorgang.c.tenant == tx.tenant, vorgang.c.id == vorgang_id)
    tx.run(update(vorgang).where(*where).values(dokumente=number))
    grade = max(parent.vertraulichkeit, vertraulichkeit or Vertraulichkeit.OFFEN)
    dokument_id = new_id(tx.now)
    row: dict[str, Any] = {
        "tenant": tx.tenant,
        "id": dokument_id,
        "akte": parent.akte,
        "vorgang": vorgang_id,
        "number": number,
        "titel": titel.strip(),
        "suchtext": suchtext(titel, fremdes_geschaeftszeichen),
        "dokumenttyp": dokumenttyp,
        "richtung": richtung,
        "eingang_am": eingang_am,
        "fremdes_geschaeftszeichen": fremdes_geschaeftszeichen,
        "unit": parent.unit,
        "vertraulichkeit": int(grade),
        "created_at": tx.now,
        "versionen": 1,
    }
    tx.run(insert(dokument), row)
    version = _add(
        tx, principal, row, blob_id, blobs, media_type=media_type, dateiname=dateiname, reason=None
    )
    _record_filed(tx, principal, row, version)
    return _load(tx, dokument_id)


def _record_filed(
    tx: Transaction, principal: Principal, row: dict[str, Any], version: Version
) -> None:
    kept = ("vorgang", "number", "dokumenttyp", "richtung", "eingang_am", "vertraulichkeit")
    facts = {**{name: row[name] for name in kept}, "dokument": row["id"], **_facts(version)}
    values = {
        "titel": row["titel"],
        "fremdes_geschaeftszeichen": row["fremdes_geschaeftszeichen"],
        "dateiname": version.dateiname,
    }
    record(tx, principal, row["akte"], "dokument.filed", facts, values)


def add_version(
    tx: Transaction,
    principal: Principal,
    dokument_id: str,
    *,
    blob_id: str,
    blobs: Blobs,
    reason: str,
    media_type: str | None = None,
    dateiname: str | None = None,
) -> Dokument:
    """A new version; signatures that certify an earlier one are voided and say so."""
    row = demand(tx, principal, dokument, dokument_id, "write")
    writable_vorgang(tx, principal, row.vorgang)
    where = (dokument.c.tenant == tx.tenant, dokument.c.id == dokument_id)
    row = tx.all(select(dokument).where(*where))[0]
    number = row.versionen + 1
    tx.run(update(dokument).where(*where).values(versionen=number))
    head = {**row._asdict(), "versionen": number}
    version = _add(
        tx,
        principal,
        head,
        blob_id,
        blobs,
        media_type=media_type,
        dateiname=dateiname,
        reason=reason,
    )
    facts = {
        "vorgang": row.vorgang,
        "dokument": dokument_id,
        "version_number": number,
        **_facts(version),
    }
    record(
        tx,
        principal,
        row.akte,
        "dokument.version_added",
        facts,
        {"reason": reason, "titel": row.titel},
    )
    void_signatures(tx, principal, row.akte, row.vorgang, dokument_id, version.id)
    return _load(tx, dokument_id)


def dokument_head(tx: Transaction, principal: Principal, dokument_id: str) -> Dokument:
    """A Dokument's head data; raises `NotFound` where the principal may not know of it."""
    demand(tx, principal, dokument, dokument_id)
    found = _load(tx, dokument_id)
    return found if may(tx, principal, dokument, dokument_id) else found.head_only()


def read_dokument(
    tx: Transaction, principal: Principal, version_id: str, blobs: Blobs, purpose: str
) -> bytes:
    """The bytes of a version, checked against their hash. The access is recorded before."""
    row = demand(tx, principal, dokument_version, version_id, "content")
    version = _version(tx, version_id)
    record_access(tx, principal, "read", "version", version_id, akte=row.akte, purpose=purpose)
    return blobs.read(tx, version.blob_id)


def version_head(tx: Transaction, principal: Principal, version_id: str) -> Version:
    """What a version is (name, type, size, hash), without its bytes."""
    demand(tx, principal, dokument_version, version_id)
    found = _version(tx, version_id)
    return found if may(tx, principal, dokument_version, version_id) else found.head_only()


def _add(
    tx: Transaction,
    principal: Principal,
    head: dict[str, object],
    blob_id: str,
    blobs: Blobs,
    *,
    media_type: str | None,
    dateiname: str | None,
    reason: str | None,
) -> Version:
    """Write version and Primaerdokument, and take the blob over for good."""
    p = primaerdokument.c
    if tx.first(select(p.version).where(p.tenant == tx.tenant, p.blob_id == blob_id)) is not None:
        raise BlobInUse("Diese Bytes gehören schon zu einem Dokument.")
    blob = blobs.describe(tx, blob_id)
    blobs.commit(tx, blob_id, key_holder=str(head["akte"]))
    version_id = new_id(tx.now)
    row = {
        "tenant": tx.tenant,
        "id": version_id,
        "akte": head["akte"],
        "dokument": head["id"],
        "number": head["versionen"],
        "reason": reason,
        "created_at": tx.now,
        "created_by": principal.id,
    }
    tx.run(insert(dokument_version), row)
    content = {
        "tenant": tx.tenant,
        "blob_id": blob_id,
        "version": version_id,
        "dokument": head["id"],
        "format": "original",
        "dateiname": file_name(dateiname),
        "media_type": media_type or blob.media_type,
        "sha256": blob.sha256,
        "size": blob.size,
    }
    tx.run(insert(primaerdokument), content)
    return _version(tx, version_id)


def _facts(version: Version) -> dict[str, str | int]:
    return {
        "version": version.id,
        "sha256": version.sha256,
        "size": version.size,
        "media_type": version.media_type,
    }


def _check_head(titel: str, richtung: str, eingang_am: date | None) -> None:
    if not titel.strip() or len(titel) > 1000:
        raise HeadDataInvalid("Ein Titel hat 1 bis 1000 Zeichen.")
    if richtung not in ("eingang", "ausgang", "intern"):
        raise HeadDataInvalid(f"Diese Richtung gibt es nicht: {richtung}")
    if richtung == "eingang" and eingang_am is None:
        raise HeadDataInvalid("Ein Eingang hat ein Eingangsdatum.")


def load_dokumente(tx: Transaction, dokument_ids: list[str]) -> dict[str, Dokument]:
    """Dokumente by id, without asking for rights: callers have filtered the ids."""
    if not dokument_ids:
        return {}
    c, v, p = dokument.c, dokument_version.c, primaerdokument.c
    heads = tx.all(select(dokument).where(c.tenant == tx.tenant, c.id.in_(dokument_ids)))
    query = (
        select(dokument_version, p.blob_id, p.dateiname, p.media_type, p.sha256, p.size)
        .join(primaerdokument, (p.tenant == v.tenant) & (p.version == v.id))
        .where(v.tenant == tx.tenant, v.dokument.in_(dokument_ids), p.format == "original")
        .order_by(v.number)
    )
    versions: dict[str, list[Version]] = {}
    for row in tx.all(query):
        versions.setdefault(row.dokument, []).append(_version_of(row))
    return {row.id: _dokument(row, tuple(versions[row.id])) for row in heads}


def _load(tx: Transaction, dokument_id: str) -> Dokument:
    return load_dokumente(tx, [dokument_id])[dokument_id]


def _version(tx: Transaction, version_id: str) -> Version:
    v, p = dokument_version.c, primaerdokument.c
    query = (
        select(dokument_version, p.blob_id, p.dateiname, p.media_type, p.sha256, p.size)
        .join(primaerdokument, (p.tenant == v.tenant) & (p.version == v.id))
        .where(v.tenant == tx.tenant, v.id == version_id, p.format == "original")
    )
    return _version_of(tx.all(query)[0])


def _version_of(row: Row) -> Version:
    return Version(
        id=row.id,
        dokument=row.dokument,
        number=row.number,
        reason=row.reason,
        created_at=row.created_at,
        created_by=row.created_by,
        blob_id=row.blob_id,
        dateiname=row.dateiname,
        media_type=row.media_type,
        sha256=row.sha256,
        size=row.size,
    )


def _dokument(row: Row, versions: tuple[Version, ...]) -> Dokument:
    return Dokument(
        id=row.id,
        akte=row.akte,
        vorgang=row.vorgang,
        number=row.number,
        titel=row.titel,
        dokumenttyp=row.dokumenttyp,
        richtung=row.richtung,
        eingang_am=row.eingang_am,
        fremdes_geschaeftszeichen=row.fremdes_geschaeftszeichen,
        vertraulichkeit=Vertraulichkeit(row.vertraulichkeit),
        created_at=row.created_at,
        versions=versions,
    )
