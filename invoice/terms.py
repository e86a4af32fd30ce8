"""The business terms and groups of EN 16931-1 by their German names, as pages and letters use them.

Invariant: every term that the model holds stands here once, under the group that it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "": ("Rechnung", {
        "BT-1": "Rechnungsnummer", "BT-2": "Rechnungsdatum", "BT-3": "Art des Belegs",
        "BT-5": "Währung", "BT-6": "Buchungswährung der Umsatzsteuer", "BT-7": "Steuerdatum",
        "BT-8": "Code des Steuerdatums", "BT-9": "Fällig am", "BT-10": "Leitweg-ID",
        "BT-11": "Projekt", "BT-12": "Vertrag", "BT-13": "Bestellnummer",
        "BT-14": "Auftragsnummer des Verkäufers", "BT-15": "Wareneingang", "BT-16": "Lieferavis",
        "BT-17": "Vergabenummer oder Los", "BT-18": "Abgerechnetes Objekt",
        "BT-19": "Buchungsreferenz des Käufers", "BT-20": "Zahlungsbedingungen",
    }),
    "BG-1": ("Bemerkung", {"BT-21": "Betreff", "BT-22": "Text"}),
    "BG-2": ("Verfahren", {"BT-23": "Geschäftsprozess", "BT-24": "Spezifikation"}),
    "BG-3": ("Frühere Rechnung", {"BT-25": "Nummer", "BT-26": "Datum"}),
    "BG-4": ("Verkäufer", {
        "BT-27": "Name", "BT-28": "Handelsname", "BT-29": "Kennung", "BT-30": "Registernummer",
        "BT-31": "USt-IdNr.", "BT-32": "Steuernummer", "BT-33": "Rechtliche Angaben",
        "BT-34": "Elektronische Adresse",
    }),
    "BG-5": ("Anschrift des Verkäufers", {
        "BT-35": "Straße", "BT-36": "Zusatz", "BT-162": "Weiterer Zusatz", "BT-38": "Postleitzahl",
        "BT-37": "Ort", "BT-39": "Region", "BT-40": "Land",
    }),
    "BG-6": ("Ansprechpartner des Verkäufers", {
        "BT-41": "Name", "BT-42": "Telefon", "BT-43": "E-Mail",
    }),
    "BG-7": ("Käufer", {
        "BT-44": "Name", "BT-45": "Handelsname", "BT-46": "Kennung", "BT-47": "Registernummer",
        "BT-48": "USt-IdNr.", "BT-49": "Elektronische Adresse",
    }),
    "BG-8": ("Anschrift des Käufers", {
        "BT-50": "Straße", "BT-51": "Zusatz", "BT-163": "Weiterer Zusatz", "BT-53": "Postleitzahl",
        "BT-52": "Ort", "BT-54": "Region", "BT-55": "Land",
    }),
    "BG-9": ("Ansprechpartner des Käufers", {
        "BT-56": "Name", "BT-57": "Telefon", "BT-58": "E-Mail",
    }),
    "BG-10": ("Abweichender Zahlungsempfänger", {
        "BT-59": "Name", "BT-60": "Kennung", "BT-61": "Registernummer",
    }),
    "BG-11": ("Steuervertreter des Verkäufers", {"BT-62": "Name", "BT-63": "USt-IdNr."}),
    "BG-12": ("Anschrift des Steuervertreters", {
        "BT-64": "Straße", "BT-65": "Zusatz", "BT-164": "Weiterer Zusatz", "BT-67": "Postleitzahl",
        "BT-66": "Ort", "BT-68": "Region", "BT-69": "Land",
    }),
    "BG-13": ("Lieferung und Leistung", {
        "BT-70": "Empfänger", "BT-71": "Kennung des Ortes", "BT-72": "Geliefert oder geleistet am",
    }),
    "BG-14": ("Abrechnungszeitraum", {"BT-73": "Beginn", "BT-74": "Ende"}),
    "BG-15": ("Lieferanschrift", {
        "BT-75": "Straße", "BT-76": "Zusatz", "BT-165": "Weiterer Zusatz", "BT-78": "Postleitzahl",
        "BT-77": "Ort", "BT-79": "Region", "BT-80": "Land",
    }),
    "BG-16": ("Zahlung", {
        "BT-81": "Zahlungsart", "BT-82": "Zahlungsart in Worten", "BT-83": "Verwendungszweck",
    }),
    "BG-17": ("Überweisung", {"BT-84": "IBAN oder Konto", "BT-85": "Kontoinhaber", "BT-86": "BIC"}),
    "BG-18": ("Karte", {"BT-87": "Kartennummer", "BT-88": "Karteninhaber"}),
    "BG-19": ("Lastschrift", {
        "BT-89": "Mandatsreferenz", "BT-90": "Gläubiger-ID", "BT-91": "Belastetes Konto",
    }),
    "BG-20": ("Nachlass", {
        "BT-92": "Betrag", "BT-93": "Grundbetrag", "BT-94": "Prozentsatz",
        "BT-95": "Steuerkategorie", "BT-96": "Steuersatz", "BT-97": "Grund",
        "BT-98": "Code des Grundes",
    }),
    "BG-21": ("Zuschlag", {
        "BT-99": "Betrag", "BT-100": "Grundbetrag", "BT-101": "Prozentsatz",
        "BT-102": "Steuerkategorie", "BT-103": "Steuersatz", "BT-104": "Grund",
        "BT-105": "Code des Grundes",
    }),
    "BG-22": ("Summen", {
        "BT-106": "Summe der Positionen", "BT-107": "Summe der Nachlässe",
        "BT-108": "Summe der Zuschläge", "BT-109": "Gesamtbetrag ohne Umsatzsteuer",
        "BT-110": "Umsatzsteuer", "BT-111": "Umsatzsteuer in Buchungswährung",
        "BT-112": "Gesamtbetrag mit Umsatzsteuer", "BT-113": "Vorauszahlung (bereits gezahlt)",
        "BT-114": "Rundungsbetrag", "BT-115": "Fälliger Betrag",
    }),
    "BG-23": ("Steueraufschlüsselung", {
        "BT-116": "Betrag ohne Steuer", "BT-117": "Steuerbetrag", "BT-118": "Kategorie",
        "BT-119": "Steuersatz", "BT-120": "Grund der Befreiung",
        "BT-121": "Code des Grundes der Befreiung",
    }),
    "BG-24": ("Rechnungsbegründende Unterlage", {
        "BT-122": "Kennung", "BT-123": "Beschreibung", "BT-124": "Verweis", "BT-125": "Datei",
    }),
    "BG-25": ("Position", {
        "BT-126": "Nr.", "BT-127": "Bemerkung", "BT-128": "Abgerechnetes Objekt",
        "BT-129": "Menge", "BT-130": "Einheit", "BT-131": "Nettobetrag",
        "BT-132": "Position der Bestellung", "BT-133": "Buchungsreferenz des Käufers",
    }),
    "BG-26": ("Zeitraum der Position", {"BT-134": "Zeitraum von", "BT-135": "Zeitraum bis"}),
    "BG-27": ("Nachlass zur Position", {
        "BT-136": "Betrag", "BT-137": "Grundbetrag", "BT-138": "Prozentsatz", "BT-139": "Grund",
        "BT-140": "Code des Grundes",
    }),
    "BG-28": ("Zuschlag zur Position", {
        "BT-141": "Betrag", "BT-142": "Grundbetrag", "BT-143": "Prozentsatz", "BT-144": "Grund",
        "BT-145": "Code des Grundes",
    }),
    "BG-29": ("Preis", {
        "BT-146": "Einzelpreis", "BT-147": "Nachlass auf den Preis", "BT-148": "Bruttopreis",
        "BT-149": "Preisbasis", "BT-150": "Einheit der Preisbasis",
    }),
    "BG-30": ("Umsatzsteuer der Position", {"BT-151": "Steuerkategorie", "BT-152": "Steuersatz"}),
    "BG-31": ("Artikel", {
        "BT-153": "Bezeichnung", "BT-154": "Beschreibung", "BT-155": "Artikelnummer des Verkäufers",
        "BT-156": "Artikelnummer des Käufers", "BT-157": "Artikelnummer nach Standard",
        "BT-158": "Einordnung", "BT-159": "Ursprungsland",
    }),
    "BG-32": ("Eigenschaft des Artikels", {"BT-160": "Name", "BT-161": "Wert"}),
    "BG-DEX-01": ("Unterposition", {}),
    "BG-DEX-09": ("Zahlung für Dritte", {
        "BT-DEX-001": "Art", "BT-DEX-002": "Betrag", "BT-DEX-003": "Beschreibung",
    }),
}  # fmt: skip
"""By group: its title and its terms, in the order of the pages. The empty group is the invoice."""

LABELS: Mapping[str, str] = {
    term: label for _, terms in GROUPS.values() for term, label in terms.items()
}
GROUP_OF: Mapping[str, str] = {
    term: group for group, (_, terms) in GROUPS.items() for term in terms
}
_WHOLE = re.compile(r"B[TG]-(?:DEX-)?\d+")


def title_of(group: str) -> str:
    return GROUPS[group][0]


def whole(term: str) -> str:
    """The term itself, of a part of it: `BT-158` of `BT-158-1`."""
    found = _WHOLE.match(term)
    return found[0] if found else ""


def name_of(term: str) -> str:
    """What a term or group is called where it stands alone: `Verkäufer: Name`; or nothing."""
    term = whole(term)
    if term in GROUPS and term:
        return title_of(term)
    group = GROUP_OF.get(term)
    if group is None:
        return ""
    return f"{title_of(group)}: {LABELS[term]}" if group else LABELS[term]
