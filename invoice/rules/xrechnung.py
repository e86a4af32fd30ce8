"""BR-DE: what XRechnung 3.0 demands beyond EN 16931. Binds only where BT-24 names XRechnung."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from invoice.model import Contact, Invoice, PaymentMeans
from invoice.profiles import XRECHNUNG_CIUS, XRECHNUNG_CVD, XRECHNUNG_EXTENSION
from invoice.rules.rule import Klass, RuleBook, document, filled, present
from invoice.skonto import skonto_is_well_formed

book = RuleBook()
rule, needs, fills = book.rule, book.needs, book.fills

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."
_TAXED = frozenset({"S", "Z", "E", "AE", "K", "G", "L", "M"})
_TYPES = frozenset({"326", "380", "384", "389", "381", "875", "876", "877"})


# Head


@rule("BR-DE-1", document, "payment_means", "Die Angaben zur Zahlung fehlen.",
      "Ohne Zahlungsart und Konto (BG-16) kann nicht gezahlt werden. " + _FIX,
      terms="BG-16")  # fmt: skip
def has_payment(invoice: Invoice, _: Invoice) -> bool:
    return bool(invoice.payment_means)


fills("BR-DE-15", document, "buyer_reference", "Die Leitweg-ID fehlt.",
      "BT-10 muss die Leitweg-ID der empfangenden Stelle nennen. " + _FIX,
      terms="BT-10")  # fmt: skip


@rule("BR-DE-16", document, "seller.vat_id",
      "Die Steuernummer oder USt-IdNr. des Verkäufers fehlt.",
      "Eine von beiden ist nach § 14 Abs. 4 UStG Pflicht (BT-31, BT-32). " + _FIX,
      terms="BT-31 BT-32 BG-11", klass=Klass.CONTENT)  # fmt: skip
def seller_has_tax_number(invoice: Invoice, _: Invoice) -> bool:
    if not _is_taxed(invoice) or invoice.tax_representative is not None:
        return True
    in_cii = invoice.syntax == "cii"
    numbers = invoice.seller.registrations
    return any(filled(r, "value") and (not in_cii or _counts(r.scheme)) for r in numbers)


def _counts(scheme: str | None) -> bool:
    return (scheme or "").strip() in ("VA", "FC")


def _is_taxed(invoice: Invoice) -> bool:
    """Whether a category is used that a tax number goes with."""
    taxes = [tax for line in invoice.lines for tax in line.taxes]
    if invoice.syntax == "cii":  # the official rule finds no category of allowances here
        return any(t.scheme == "VAT" for t in taxes) and any(t.category in _TAXED for t in taxes)
    others = [t for a in invoice.allowances if a.charge is not None for t in a.taxes]
    return any(t.category in _TAXED for t in (*taxes, *others))


@rule("BR-DE-17", document, "type_code", "Die Art des Belegs ist in Deutschland unüblich.",
      "Vorgesehen sind 326, 380, 381, 384, 389, 875, 876 und 877. Bitte prüfen, was gemeint ist.",
      terms="BT-3", severity="warning")  # fmt: skip
def usual_type(invoice: Invoice, _: Invoice) -> bool:
    return invoice.type_code in _TYPES


@rule("BR-DE-18", document, "payment_terms", "Die Angabe zum Skonto ist nicht lesbar.",
      "Jede Zeile muss lauten: #SKONTO#TAGE=14#PROZENT=2.00# und mit einem Zeilenumbruch enden."
      " Das Skonto bitte von Hand prüfen.", terms="BT-20")  # fmt: skip
def skonto_readable(invoice: Invoice, _: Invoice) -> bool:
    return invoice.payment_terms is None or skonto_is_well_formed(invoice.payment_terms)


@rule("BR-DE-21", document, "specification",
      "Die Kennung der Spezifikation ist nicht die der gültigen XRechnung.",
      "BT-24 soll XRechnung 3.0 nennen. Die Rechnung wird trotzdem geprüft.",
      terms="BT-24", severity="warning")  # fmt: skip
def names_current_version(invoice: Invoice, _: Invoice) -> bool:
    return invoice.specification in (XRECHNUNG_CIUS, XRECHNUNG_EXTENSION, XRECHNUNG_CVD)


@rule("BR-DE-22", document, "documents", "Zwei Anhänge haben denselben Dateinamen.",
      "Jeder Anhang braucht einen eigenen Namen. " + _FIX, terms="BT-125")  # fmt: skip
def attachment_names_differ(invoice: Invoice, _: Invoice) -> bool:
    names = [d.attachment.filename for d in invoice.references if d.attachment is not None]
    given = [name for name in names if name is not None]
    return len(given) == len(set(given))


@rule("BR-DE-26", document, "preceding",
      "Die korrigierte Rechnung sagt nicht, welche sie ersetzt.",
      "Bei Art 384 soll die frühere Rechnung genannt sein (BG-3). Bitte nachfragen.",
      terms="BG-3 BT-3", severity="warning")  # fmt: skip
def correction_names_original(invoice: Invoice, _: Invoice) -> bool:
    return invoice.type_code != "384" or any(p.has("number") for p in invoice.preceding)


@rule("BR-DE-TMP-32", document, "delivery.on", "Das Datum der Lieferung oder Leistung fehlt.",
      "Angegeben sein soll BT-72, ein Zeitraum (BG-14) oder einer in jeder Position (BG-26).",
      terms="BT-72 BG-14 BG-26", severity="information", klass=Klass.CONTENT)  # fmt: skip
def has_delivery_date(invoice: Invoice, _: Invoice) -> bool:
    delivery = invoice.delivery
    if invoice.period is not None or (delivery is not None and delivery.has("on")):
        return True
    return all(line.period is not None for line in invoice.lines)


# Parties


def _seller(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.seller)


def _seller_address(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.seller.address)


def _seller_contact(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.seller.contact)


def _buyer_address(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.buyer.address)


def _delivery_address(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.delivery.address if invoice.delivery is not None else None)


needs("BR-DE-2", _seller, "contact", "Der Ansprechpartner des Verkäufers fehlt.", _FIX,
      terms="BG-6")  # fmt: skip
_PLACES = (
    ("BR-DE-3", _seller_address, "city", "BT-37", "der Ort des Verkäufers"),
    ("BR-DE-4", _seller_address, "post_code", "BT-38", "die Postleitzahl des Verkäufers"),
    ("BR-DE-8", _buyer_address, "city", "BT-52", "der Ort des Käufers"),
    ("BR-DE-9", _buyer_address, "post_code", "BT-53", "die Postleitzahl des Käufers"),
    ("BR-DE-10", _delivery_address, "city", "BT-77", "der Ort der Lieferanschrift"),
    ("BR-DE-11", _delivery_address, "post_code", "BT-78", "die Postleitzahl der Lieferanschrift"),
)
for _id, _where, _field, _bt, _what in _PLACES:
    fills(_id, _where, _field, f"In der Anschrift fehlt {_what}.", _FIX, terms=_bt)
fills("BR-DE-6", _seller_contact, "phone", "Die Telefonnummer des Ansprechpartners fehlt.", _FIX,
      terms="BT-42")  # fmt: skip
fills("BR-DE-7", _seller_contact, "email", "Die E-Mail-Adresse des Ansprechpartners fehlt.", _FIX,
      terms="BT-43")  # fmt: skip


@rule("BR-DE-5", _seller_contact, "name", "Der Name des Ansprechpartners fehlt.", _FIX,
      terms="BT-41")  # fmt: skip
def contact_has_name(contact: Contact, _: Invoice) -> bool:
    return filled(contact, "name") or filled(contact, "department")


@rule("BR-DE-27", _seller_contact, "phone", "Die Telefonnummer des Ansprechpartners ist keine.",
      "Sie soll mindestens drei Ziffern haben.", terms="BT-42", severity="warning")  # fmt: skip
def phone_has_digits(contact: Contact, _: Invoice) -> bool:
    return sum(c in "0123456789" for c in contact.phone or "") >= 3


_EMAIL = re.compile(r"[^@\s]+@(?:[^@.\s]+\.)+[^@.\s]+\Z")


@rule("BR-DE-28", _seller_contact, "email",
      "Die E-Mail-Adresse des Ansprechpartners ist keine.",
      "Sie soll genau ein @ haben und danach einen Namen mit Punkt.", terms="BT-43",
      severity="warning")  # fmt: skip
def email_is_one(contact: Contact, _: Invoice) -> bool:
    return _EMAIL.match(" ".join((contact.email or "").split())) is not None


# Payment


def _paid_by(*codes: str) -> Any:
    def select(invoice: Invoice) -> Sequence[Any]:
        return [m for m in invoice.payment_means if " ".join((m.code or "").split()) in codes]

    return select


_transfer, _card, _debit = _paid_by("30", "58"), _paid_by("48", "54", "55"), _paid_by("59")
_sepa = _paid_by("58")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{0,30}\Z")


def is_iban(text: str | None) -> bool:
    """Shape and check digits (ISO 13616), as the official rule counts letters."""
    plain = re.sub(r"\s", "", text or "")
    if not _IBAN.match(plain):
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(ord(c) - 55) if ord(c) > 64 else c for c in moved)) % 97 == 1


def _has_debit(found: PaymentMeans, invoice: Invoice) -> bool:
    """Whether there is anything of BG-19, in CII also outside this means of payment."""
    if invoice.syntax != "cii":
        return found.mandate is not None
    debit = invoice.direct_debit
    by_head = debit is not None and (debit.mandate is not None or debit.creditor is not None)
    return by_head or found.debited_account is not None


_BANK = "Bitte die Bankverbindung nicht ungeprüft übernehmen."


@rule("BR-DE-19", _sepa, "account.iban", "Die IBAN des Kontos ist falsch.",
      "Die Prüfziffern stimmen nicht. " + _BANK, terms="BT-84", severity="warning")  # fmt: skip
def payee_iban(found: PaymentMeans, _: Invoice) -> bool:
    return is_iban(found.account.iban if found.account is not None else None)


@rule("BR-DE-20", _debit, "mandate.account", "Die IBAN des belasteten Kontos ist falsch.",
      "Die Prüfziffern stimmen nicht. Bitte prüfen, ob das Konto der Stadt gemeint ist.",
      terms="BT-91", severity="warning")  # fmt: skip
def debited_iban(found: PaymentMeans, invoice: Invoice) -> bool:
    if invoice.syntax == "cii":
        return is_iban(found.debited_account)
    return is_iban(found.mandate.account if found.mandate is not None else None)


@rule("BR-DE-23-a", _transfer, "account", "Zur Überweisung fehlt die Bankverbindung.",
      "Bei Zahlungsart 30 oder 58 muss BG-17 angegeben sein. " + _FIX,
      terms="BG-17 BT-81")  # fmt: skip
def transfer_has_account(found: PaymentMeans, _: Invoice) -> bool:
    return found.account is not None


@rule("BR-DE-23-b", _transfer, "card", "Zur Überweisung stehen Angaben zu Karte oder Lastschrift.",
      "Bei Zahlungsart 30 oder 58 dürfen BG-18 und BG-19 nicht stehen. " + _FIX,
      terms="BG-18 BG-19 BT-81")  # fmt: skip
def transfer_has_nothing_else(found: PaymentMeans, invoice: Invoice) -> bool:
    return found.card is None and not _has_debit(found, invoice)


@rule("BR-DE-24-a", _card, "card", "Zur Kartenzahlung fehlen die Angaben zur Karte.",
      "Bei Zahlungsart 48, 54 oder 55 muss BG-18 angegeben sein. " + _FIX,
      terms="BG-18 BT-81")  # fmt: skip
def card_is_there(found: PaymentMeans, _: Invoice) -> bool:
    return found.card is not None


@rule("BR-DE-24-b", _card, "account",
      "Zur Kartenzahlung stehen Angaben zu Überweisung oder Lastschrift.",
      "Bei Zahlungsart 48, 54 oder 55 dürfen BG-17 und BG-19 nicht stehen. " + _FIX,
      terms="BG-17 BG-19 BT-81")  # fmt: skip
def card_has_nothing_else(found: PaymentMeans, invoice: Invoice) -> bool:
    return found.account is None and not _has_debit(found, invoice)


@rule("BR-DE-25-a", _debit, "mandate", "Zur Lastschrift fehlen die Angaben.",
      "Bei Zahlungsart 59 muss BG-19 angegeben sein. " + _FIX, terms="BG-19 BT-81")  # fmt: skip
def debit_is_there(found: PaymentMeans, invoice: Invoice) -> bool:
    return _has_debit(found, invoice)


@rule("BR-DE-25-b", _debit, "account",
      "Zur Lastschrift stehen Angaben zu Überweisung oder Karte.",
      "Bei Zahlungsart 59 dürfen BG-17 und BG-18 nicht stehen. " + _FIX,
      terms="BG-17 BG-18 BT-81")  # fmt: skip
def debit_has_nothing_else(found: PaymentMeans, _: Invoice) -> bool:
    return found.account is None and found.card is None and not found.institutions


@rule("BR-DE-30", document, "direct_debit", "Zur Lastschrift fehlt die Gläubiger-ID.",
      "BT-90 muss angegeben sein. " + _FIX, terms="BT-90 BG-19")  # fmt: skip
def debit_has_creditor(_: Invoice, invoice: Invoice) -> bool:
    debit = invoice.direct_debit
    if debit is None:
        return True
    if invoice.syntax == "cii":
        return debit.creditor is not None and (debit.mandate, debit.account) != (None, None)
    return debit.creditor is not None


@rule("BR-DE-31", document, "direct_debit", "Zur Lastschrift fehlt das belastete Konto.",
      "BT-91 muss angegeben sein. " + _FIX, terms="BT-91 BG-19")  # fmt: skip
def debit_has_account(_: Invoice, invoice: Invoice) -> bool:
    debit = invoice.direct_debit
    if debit is None:
        return True
    if invoice.syntax == "cii":
        return debit.account is not None and (debit.mandate, debit.creditor) != (None, None)
    mandates = [m.mandate for m in invoice.payment_means if m.mandate is not None]
    return any(m.has_account for m in mandates)


# VAT, documents, prices


def _breakdown(invoice: Invoice) -> Sequence[Any]:
    return invoice.breakdown


fills("BR-DE-14", _breakdown, "rate", "In der Steueraufschlüsselung fehlt ein Steuersatz.",
      "BT-119 muss immer angegeben sein, auch wenn er 0 ist. " + _FIX,
      terms="BT-119", klass=Klass.CONTENT)  # fmt: skip
