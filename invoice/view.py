"""What of an invoice a person is shown, in which order and under which words.

The HTML and the plain text are made of the same sections, so they never say different things.
"""

from __future__ import annotations

from dataclasses import dataclass

from invoice import formats
from invoice.leitweg import leitweg_fault
from invoice.model import Address, Identifier, Invoice, Party, Period
from invoice.skonto import prose, skonti

TYPES = {
    "326": "Teilrechnung",
    "380": "Rechnung",
    "381": "Gutschrift",
    "384": "Korrigierte Rechnung",
    "389": "Gutschrift im Gutschriftverfahren",
    "875": "Abschlagsrechnung (Bau)",
    "876": "Teilschlussrechnung (Bau)",
    "877": "Schlussrechnung (Bau)",
}
MEANS = {
    "10": "Barzahlung",
    "30": "Überweisung",
    "48": "Kartenzahlung",
    "49": "Lastschrift",
    "54": "Kreditkarte",
    "55": "Debitkarte",
    "57": "Dauerauftrag",
    "58": "SEPA-Überweisung",
    "59": "SEPA-Lastschrift",
    "97": "Verrechnung",
}
CATEGORIES = {
    "S": "Normalsatz",
    "Z": "Nullsatz",
    "E": "steuerbefreit",
    "AE": "Umkehrung der Steuerschuld",
    "K": "innergemeinschaftliche Lieferung",
    "G": "Ausfuhr",
    "O": "nicht steuerbar",
    "L": "Kanarische Inseln",
    "M": "Ceuta und Melilla",
}
UNITS = {
    "C62": "Stück", "H87": "Stück", "XPP": "Stück", "EA": "Stück", "HUR": "Std.", "DAY": "Tage",
    "MON": "Monate", "ANN": "Jahre", "MTR": "m", "MTK": "m²", "MTQ": "m³", "KGM": "kg", "GRM": "g",
    "TNE": "t", "LTR": "l", "KWH": "kWh", "KMT": "km", "LS": "pauschal", "P1": "%", "SET": "Satz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One field: business term, label, value. `note` is a word of caution."""

    term: str
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together. `term` is the group's."""

    term: str
    title: str
    rows: tuple[Row, ...]


def title(invoice: Invoice) -> str:
    kind = TYPES.get(invoice.type_code or "", "Rechnung")
    return f"{kind} {invoice.number}" if invoice.number else kind


def sections(invoice: Invoice) -> tuple[Section, ...]:
    """Everything but lines, VAT, totals and attachments, which are tables."""
    found = [_head(invoice), _seller(invoice), _buyer(invoice), _payment(invoice)]
    found += [_delivery(invoice), _references(invoice), _others(invoice), _notes(invoice)]
    return tuple(found)


def _head(invoice: Invoice) -> Section:
    kind = TYPES.get(invoice.type_code or "", "")
    return Section(
        "",
        "Rechnung",
        (
            Row("BT-1", "Rechnungsnummer", invoice.number or ""),
            Row("BT-2", "Rechnungsdatum", formats.day(invoice.issue_date)),
            Row("BT-3", "Art", f"{kind} ({invoice.type_code})" if invoice.type_code else ""),
            Row("BT-9", "Fällig am", formats.day(invoice.due_date)),
            Row("BT-115", "Fälliger Betrag", formats.amount(invoice.amount_due, invoice.currency)),
            Row("BT-10", "Leitweg-ID", invoice.buyer_reference or "",
                leitweg_fault(invoice.buyer_reference) or ""),
            Row("BT-5", "Währung", invoice.currency or ""),
            Row("BT-6", "Buchungswährung der Steuer", invoice.tax_currency or ""),
            Row("BT-7", "Steuerzeitpunkt", formats.day(invoice.tax_point_date)),
            Row("BT-8", "Code des Steuerzeitpunkts", invoice.tax_point_code or ""),
            Row("BT-24", "Spezifikation", invoice.specification or ""),
        ),
    )  # fmt: skip


def _seller(invoice: Invoice) -> Section:
    seller = invoice.seller
    ids = ", ".join(_identifier(i) for i in seller.identifiers)
    return Section(
        "BG-4",
        "Verkäufer",
        (
            Row("BT-27", "Name", seller.name or ""),
            Row("BT-28", "Handelsname", seller.trading_name or ""),
            Row("BG-5", "Anschrift", address(seller.address)),
            Row("BT-31", "USt-IdNr.", seller.vat_id or ""),
            Row("BT-32", "Steuernummer", seller.tax_number or ""),
            Row("BT-30", "Registernummer", _identifier(seller.legal_id)),
            Row("BT-29", "Lieferantennummer", ids),
            Row("BT-33", "Rechtliche Angaben", seller.legal_form or ""),
            *_contact(seller, ("BT-41", "BT-42", "BT-43")),
            Row("BT-34", "Elektronische Adresse", _identifier(seller.endpoint)),
        ),
    )


def _buyer(invoice: Invoice) -> Section:
    buyer = invoice.buyer
    return Section(
        "BG-7",
        "Käufer",
        (
            Row("BT-44", "Name", buyer.name or ""),
            Row("BT-45", "Handelsname", buyer.trading_name or ""),
            Row("BG-8", "Anschrift", address(buyer.address)),
            Row("BT-46", "Kundennummer", ", ".join(_identifier(i) for i in buyer.identifiers)),
            Row("BT-48", "USt-IdNr.", buyer.vat_id or ""),
            Row("BT-47", "Registernummer", _identifier(buyer.legal_id)),
            *_contact(buyer, ("BT-56", "BT-57", "BT-58")),
            Row("BT-49", "Elektronische Adresse", _identifier(buyer.endpoint)),
        ),
    )


def _contact(party: Party, terms: tuple[str, str, str]) -> tuple[Row, ...]:
    contact = party.contact
    if contact is None:
        return ()
    return (
        Row(terms[0], "Ansprechpartner", contact.name or ""),
        Row(terms[1], "Telefon", contact.phone or ""),
        Row(terms[2], "E-Mail", contact.email or ""),
    )


def _payment(invoice: Invoice) -> Section:
    rows: list[Row] = []
    for means in invoice.payment_means:
        named = MEANS.get(means.code or "", means.text or "")
        rows.append(Row("BT-81", "Zahlungsart", f"{named} ({means.code})" if means.code else ""))
        if means.account is not None:
            rows.append(Row("BT-84", "IBAN", formats.iban(means.account.iban)))
            rows.append(Row("BT-85", "Kontoinhaber", means.account.name or ""))
            rows.append(Row("BT-86", "BIC", means.account.bic or ""))
        if means.card is not None:
            rows.append(Row("BT-87", "Karte", means.card.number or ""))
            rows.append(Row("BT-88", "Karteninhaber", means.card.holder or ""))
    for third in invoice.third_party_payments:
        said = f"{formats.amount(third.amount, third.currency)} {third.description or ''}".strip()
        rows.append(Row("BT-DEX-002", "Zahlung für Dritte", said))
    rows.append(Row("BT-83", "Verwendungszweck", invoice.remittance or ""))
    if invoice.direct_debit is not None:
        debit = invoice.direct_debit
        rows.append(Row("BT-89", "Mandatsreferenz", debit.mandate or ""))
        rows.append(Row("BT-90", "Gläubiger-ID", debit.creditor or ""))
        rows.append(Row("BT-91", "Belastetes Konto", formats.iban(debit.account)))
    for skonto in skonti(invoice.payment_terms):
        of = f" von {formats.amount(skonto.base, invoice.currency)}" if skonto.base else ""
        rows.append(
            Row(
                "BT-20",
                "Skonto",
                f"{formats.percent(skonto.percent)}{of} binnen {skonto.days} Tagen",
            )
        )
    rows.append(Row("BT-20", "Zahlungsbedingungen", prose(invoice.payment_terms)))
    return Section("BG-16", "Zahlung", tuple(rows))


def _delivery(invoice: Invoice) -> Section:
    rows = [Row("BG-14", "Abrechnungszeitraum", period(invoice.period))]
    if invoice.delivery is not None:
        found = invoice.delivery
        rows.insert(0, Row("BT-72", "Geliefert oder geleistet am", formats.day(found.on)))
        rows.append(Row("BT-70", "Empfänger der Lieferung", found.name or ""))
        rows.append(Row("BT-71", "Ort der Lieferung", _identifier(found.location)))
        rows.append(Row("BG-15", "Lieferanschrift", address(found.address)))
    return Section("BG-13", "Lieferung und Leistung", tuple(rows))


def _references(invoice: Invoice) -> Section:
    earlier = ", ".join(
        f"{p.number or ''} {formats.day(p.issue_date)}".strip() for p in invoice.preceding
    )
    return Section(
        "",
        "Bezüge",
        (
            Row("BT-13", "Bestellnummer", invoice.order or ""),
            Row("BT-14", "Auftragsnummer", invoice.sales_order or ""),
            Row("BT-12", "Vertrag", invoice.contract or ""),
            Row("BT-11", "Projekt", invoice.project or ""),
            Row("BT-17", "Vergabe oder Los", invoice.tender or ""),
            Row("BT-18", "Objekt", _identifier(invoice.object_id)),
            Row("BT-19", "Buchungsreferenz des Käufers", invoice.accounting_reference or ""),
            Row("BT-15", "Wareneingang", invoice.receiving_advice or ""),
            Row("BT-16", "Lieferavis", invoice.despatch_advice or ""),
            Row("BG-3", "Frühere Rechnungen", earlier),
        ),
    )


def _others(invoice: Invoice) -> Section:
    rows: list[Row] = []
    if invoice.payee is not None:
        payee = invoice.payee
        ids = ", ".join(_identifier(each) for each in payee.identifiers)
        rows.append(Row("BT-59", "Abweichender Zahlungsempfänger", payee.name or ""))
        rows.append(Row("BT-60", "Kennung des Zahlungsempfängers", ids))
        rows.append(Row("BT-61", "Registernummer des Empfängers", _identifier(payee.legal_id)))
    if invoice.tax_representative is not None:
        found = invoice.tax_representative
        rows.append(Row("BT-62", "Steuervertreter", found.name or ""))
        rows.append(Row("BG-12", "Anschrift des Steuervertreters", address(found.address)))
        rows.append(Row("BT-63", "USt-IdNr. des Steuervertreters", found.vat_id or ""))
    return Section("BG-10", "Weitere Beteiligte", tuple(rows))


def _notes(invoice: Invoice) -> Section:
    return Section(
        "BG-1",
        "Bemerkungen",
        tuple(Row("BT-22", "Bemerkung", n.text or "", n.subject or "") for n in invoice.notes),
    )


def _identifier(found: Identifier | None) -> str:
    if found is None or not found.value:
        return ""
    return f"{found.value} ({found.scheme})" if found.scheme else found.value


def address(found: Address | None) -> str:
    """On one line."""
    if found is None:
        return ""
    city = " ".join(part for part in (found.post_code, found.city) if part)
    parts = (found.line1, found.line2, found.line3, city, found.subdivision, found.country)
    return ", ".join(part for part in parts if part)


def period(found: Period | None) -> str:
    if found is None:
        return ""
    return " bis ".join(d for d in (formats.day(found.start), formats.day(found.end)) if d)


def category(code: str | None) -> str:
    named = CATEGORIES.get(code or "")
    return f"{code} ({named})" if named else code or ""


def unit(code: str | None) -> str:
    return UNITS.get(code or "", code or "")


def totals(invoice: Invoice) -> tuple[Row, ...]:
    """The sums, from the lines down to what is due."""
    found, currency = invoice.totals, invoice.currency
    return (
        Row("BT-106", "Summe der Positionen", formats.amount(found.lines, currency)),
        Row("BT-107", "Nachlässe", formats.amount(found.allowances, currency)),
        Row("BT-108", "Zuschläge", formats.amount(found.charges, currency)),
        Row("BT-109", "Summe ohne Umsatzsteuer", formats.amount(found.net, currency)),
        Row("BT-110", "Umsatzsteuer", formats.amount(found.tax, currency)),
        Row("BT-111", "Umsatzsteuer in Buchungswährung",
            formats.amount(found.tax_accounting, invoice.tax_currency)),
        Row("BT-112", "Summe mit Umsatzsteuer", formats.amount(found.gross, currency)),
        Row("BT-113", "Bereits gezahlt", formats.amount(found.prepaid, currency)),
        Row("BT-114", "Rundung", formats.amount(found.rounding, currency)),
        Row("BT-115", "Fälliger Betrag", formats.amount(found.due, currency)),
    )  # fmt: skip
