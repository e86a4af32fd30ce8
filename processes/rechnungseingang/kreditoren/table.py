"""The supplier master as a CSV file (RFC 4180, UTF-8, semicolons): in and out.

A line is a Kreditor with one account at most; further accounts repeat the line. It is found by
`kennung` (the id here) or `nummer` (the HKR system's). A column that is missing changes nothing, an
empty cell empties the field, who is not in the file stays. Invariant: a file is taken whole or not
at all, each fault is told with its line, and the same file again changes nothing. Accounts come in
as proposals, which somebody else confirms.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from sqlalchemy import select

from bpmn.values import Value, decode
from eakte.readlog import record_access
from identity.access import require
from identity.persons import display_names
from identity.principal import Principal
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.errors import (
    AccountInvalid,
    KreditorInvalid,
    KreditorTableInvalid,
)
from processes.rechnungseingang.hkr.booking import cell
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.master import IDENTIFYING, Kreditor, kreditor_in
from processes.rechnungseingang.routing import STREAM, record_change
from processes.rechnungseingang.tables import invoice_kreditor, invoice_kreditor_account
from storage.database import Row, Transaction
from storage.ledger import entries

COLUMNS = {
    "nummer": "number",
    "name": "name",
    "ust_id": "vat_id",
    "steuernummer": "tax_number",
    "registernummer": "registration_id",
    "elektronische_adresse": "electronic_address",
    "strasse": "street",
    "plz": "post_code",
    "ort": "city",
    "land": "country",
    "gesperrt": "blocked",
    "sachkonto": "sachkonto",
    "kostenstelle": "kostenstelle",
    "zahlungsbedingungen": "payment_terms",
    "gueltig_ab": "valid_from",
}
"""By what they are called in the file."""
_ACCOUNT = ("iban", "bic")
_TOLD = ("konto_stand", "bestaetigt_von", "bestaetigt_am")
"""Written for people to read, and passed over when it is read."""
ALL = ("kennung", *COLUMNS, *_ACCOUNT, *_TOLD)
LARGEST = 10 * 1024 * 1024
MOST_LINES = 20_000
MOST_FAULTS = 20
IMPORTED = "kreditor.imported"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file."""

    created: int = 0
    changed: int = 0
    same: int = 0
    proposed: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.cells.get("kennung") or self.cells.get("nummer") or ""

    def of_kreditor(self) -> dict[str, str]:
        return {COLUMNS[name]: text for name, text in self.cells.items() if name in COLUMNS}


def import_table(tx: Transaction, principal: Principal, data: bytes) -> Imported:
    """Take a file in. Raises `KreditorTableInvalid` with a line for each fault; the caller then
    commits nothing."""
    require(principal, "kreditor.change")
    lines = list(_read(data))
    if not lines:
        raise KreditorTableInvalid("Die Datei enthält keine Zeile mit einem Kreditor.")
    known, held = _known(tx), _held(tx)
    batch, counted, faults = f"ki_{secrets.token_hex(12)}", [0, 0, 0, 0], list[str]()
    for group in _grouped(lines, faults):
        try:
            for place, count in enumerate(_take(tx, principal, group, known, held, batch)):
                counted[place] += count
        except (KreditorInvalid, AccountInvalid) as error:
            faults.append(f"Zeile {group[0].number}: {error}")
        if len(faults) >= MOST_FAULTS:
            faults.append("Weitere Fehler sind nicht aufgeführt.")
            break
    if faults:
        raise KreditorTableInvalid("\n".join(faults))
    found = Imported(*counted)
    if found != Imported(same=found.same):
        told: dict[str, Value] = {"created": found.created, "changed": found.changed}
        told |= {"same": found.same, "proposed": found.proposed, "batch": batch}
        record_change(tx, principal, IMPORTED, told)
    return found


def export_table(tx: Transaction, principal: Principal) -> bytes:
    """All Kreditoren with their accounts, as `import_table` reads them."""
    require(principal, "kreditor.change")
    c = invoice_kreditor.c
    rows = tx.all(select(invoice_kreditor).where(c.tenant == tx.tenant).order_by(c.name_key, c.id))
    record_access(tx, principal, "export", "kreditor", count=len(rows))
    out = StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(ALL)
    for start in range(0, len(rows), 500):
        table.writerows(_written(tx, [kreditor_in(row) for row in rows[start : start + 500]]))
    return out.getvalue().encode("utf-8-sig")


def last_import(tx: Transaction) -> str:
    """For people: what the last file brought, and when."""
    told = [each for each in entries(tx, STREAM) if each.kind == IMPORTED]
    if not told:
        return "Noch nichts importiert."
    facts = decode(told[-1].facts)
    assert isinstance(facts, dict), "as import_table wrote it"
    name = display_names(tx, [told[-1].actor]).get(told[-1].actor, "unbekannt")
    return (
        f"Zuletzt geändert durch einen Import am {local_day(told[-1].at):%d.%m.%Y} von {name}: "
        f"{facts['created']} neu, {facts['changed']} geändert, {facts['same']} gleich; "
        f"{facts['proposed']} Konten vorgeschlagen."
    )


def _written(tx: Transaction, some: Sequence[Kreditor]) -> Iterator[list[str]]:
    states = (accounts.CONFIRMED, accounts.PROPOSED)
    held = accounts.accounts(tx, [each.id for each in some], *states)
    names = display_names(tx, {row.confirmed_by for row in held if row.confirmed_by})
    for each in some:
        head = [each.id, *(getattr(each, column) for column in COLUMNS.values())]
        mine: list[Row | None] = [row for row in held if row.kreditor == each.id]
        for row in mine or [None]:
            told: list[object] = [None] * 5
            if row is not None:
                on = local_day(row.confirmed_at).isoformat() if row.confirmed_at else None
                told = [row.iban, row.bic, row.state, names.get(row.confirmed_by or ""), on]
            yield [cell(value) for value in (*head, *told)]


def _read(data: bytes) -> Iterator[_Line]:
    if len(data) > LARGEST:
        raise KreditorTableInvalid(f"Die Datei ist größer als {LARGEST // 2**20} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        said = f"Zeile {line}: kein UTF-8. Bitte als „CSV UTF-8“ speichern."
        raise KreditorTableInvalid(said) from None
    reader = csv.reader(StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check(header)
        before = reader.line_num
        for cells in reader:
            number, before = before + 1, reader.line_num
            if any(each.strip() for each in cells):
                yield _line(number, header, cells)
            if number > MOST_LINES:
                raise KreditorTableInvalid(f"Mehr als {MOST_LINES} Zeilen: bitte teilen.")
    except csv.Error as error:
        said = f"Zeile {reader.line_num}: keine Tabelle ({error})."
        raise KreditorTableInvalid(said) from None


def _check(header: list[str]) -> None:
    unknown = [name for name in header if name not in ALL]
    if unknown or len(set(header)) != len(header) or not {"kennung", "nummer"} & set(header):
        named = f" Unbekannt: {', '.join(unknown)[:200]}." if unknown else ""
        raise KreditorTableInvalid(
            f"Zeile 1: nennt die Spalten, durch Semikolon getrennt, jede einmal: {', '.join(ALL)}."
            f"{named} Nötig ist „nummer“ oder „kennung“."
        )


def _line(number: int, header: list[str], cells: list[str]) -> _Line:
    if len(cells) != len(header):
        said = f"Zeile {number}: {len(cells)} Felder, die erste Zeile nennt {len(header)}."
        raise KreditorTableInvalid(said)
    found = _Line(number, dict(zip(header, (_plain(each) for each in cells), strict=True)))
    if not found.key:
        raise KreditorTableInvalid(f"Zeile {number}: bitte „nummer“ oder „kennung“ angeben.")
    return found


def _plain(text: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from calculating with it."""
    text = text.strip()
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


def _grouped(lines: list[_Line], faults: list[str]) -> list[list[_Line]]:
    """The lines of each Kreditor. Whoever is in several is the same in all."""
    groups: dict[str, list[_Line]] = {}
    for line in lines:
        first = groups.setdefault(line.key, [])
        if first and line.of_kreditor() != first[0].of_kreditor():
            said = f"andere Stammdaten für {line.key} als in Zeile {first[0].number}."
            faults.append(f"Zeile {line.number}: {said}")
        first.append(line)
    return list(groups.values())


def _known(tx: Transaction) -> dict[str, Kreditor]:
    """By id and by number."""
    rows = tx.all(select(invoice_kreditor).where(invoice_kreditor.c.tenant == tx.tenant))
    all_of_them = [kreditor_in(row) for row in rows]
    by_number = {each.number: each for each in all_of_them if each.number}
    return by_number | {each.id: each for each in all_of_them}


def _held(tx: Transaction) -> set[tuple[str, str]]:
    """Every account that is known, whatever its state: Kreditor and IBAN."""
    a = invoice_kreditor_account.c
    rows = tx.all(select(a.kreditor, a.iban).where(a.tenant == tx.tenant))
    return {(row.kreditor, row.iban) for row in rows}


def _take(  # noqa: PLR0917 what a file is compared with
    tx: Transaction,
    principal: Principal,
    group: list[_Line],
    known: Mapping[str, Kreditor],
    held: set[tuple[str, str]],
    batch: str,
) -> tuple[int, int, int, int]:
    """Created, changed, same, accounts proposed."""
    first = group[0]
    values, found = first.of_kreditor(), known.get(first.key)
    if found is None and first.cells.get("kennung"):
        raise KreditorInvalid(f"Die Kennung {first.cells['kennung']} gibt es hier nicht.")
    if found is None:
        given = {name: text for name, text in values.items() if text}
        kreditor_id, changed = kreditoren.create(tx, principal, given), frozenset[str]()
    else:
        kreditor_id = found.id
        stays = {name for name in ("number", "valid_from") if not values.get(name)}
        given = {name: text for name, text in values.items() if name not in stays}
        changed = _change(tx, principal, found, given)
    proposed = 0
    for line in group:
        iban = "".join(line.cells.get("iban", "").split()).upper()
        if iban and (kreditor_id, iban) not in held:
            proposed += _propose(tx, principal, kreditor_id, line, batch)
    return int(found is None), int(bool(changed)), int(found is not None and not changed), proposed


def _change(
    tx: Transaction, principal: Principal, found: Kreditor, given: Mapping[str, str]
) -> frozenset[str]:
    said = kreditoren.values_of(given)
    if all(getattr(found, name) == value for name, value in said.items()):
        return frozenset()
    changed = kreditoren.change(tx, principal, found.id, given)
    if changed & IDENTIFYING:
        accounts.doubt(tx, principal, found.id)
    return changed


def _propose(
    tx: Transaction, principal: Principal, kreditor_id: str, line: _Line, batch: str
) -> bool:
    try:
        return accounts.propose(
            tx,
            principal,
            kreditor_id,
            iban=line.cells["iban"],
            bic=line.cells.get("bic", ""),
            reason=f"Import vom {local_day(tx.now):%d.%m.%Y}",
            batch=batch,
        )
    except AccountInvalid as error:
        raise AccountInvalid(f"{error} (Zeile {line.number})") from None
