"""What the codes of an invoice are called in German. A code without a word is shown as it is."""

from __future__ import annotations

from invoice import formats
from invoice.model import Identifier, Invoice, Period

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
    "20": "Scheck",
    "30": "Überweisung",
    "31": "Überweisung",
    "42": "Zahlung auf ein Bankkonto",
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
    "B": "Split Payment (Italien)",
}
UNITS = {
    "C62": "Stück", "H87": "Stück", "XPP": "Stück", "EA": "Stück", "HUR": "Std.", "DAY": "Tage",
    "MON": "Monate", "ANN": "Jahre", "MTR": "m", "MTK": "m²", "MTQ": "m³", "KGM": "kg", "GRM": "g",
    "TNE": "t", "LTR": "l", "KWH": "kWh", "KMT": "km", "LS": "pauschal", "P1": "%", "SET": "Satz",
}  # fmt: skip
TAX_POINTS = {"3": "Rechnungsdatum", "35": "Lieferdatum", "432": "Zahlungsdatum"}


def title(invoice: Invoice) -> str:
    kind = TYPES.get(invoice.type_code or "", "Rechnung")
    return f"{kind} {invoice.number}" if invoice.number else kind


def named(code: str | None, words: dict[str, str]) -> str:
    """`Rechnung (380)`; the code alone where it has no word."""
    word = words.get(code or "")
    return f"{word} ({code})" if word else code or ""


def category(code: str | None) -> str:
    word = CATEGORIES.get(code or "")
    return f"{code} ({word})" if word else code or ""


def unit(code: str | None) -> str:
    return UNITS.get(code or "", code or "")


def identifier(found: Identifier | None) -> str:
    """With its scheme in brackets."""
    if found is None or not found.value:
        return ""
    return f"{found.value} ({found.scheme})" if found.scheme else found.value


def identifiers(found: tuple[Identifier, ...]) -> str:
    return ", ".join(each for each in map(identifier, found) if each)


def period(found: Period | None) -> str:
    if found is None:
        return ""
    return " bis ".join(d for d in (formats.day(found.start), formats.day(found.end)) if d)
