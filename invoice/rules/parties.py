"""BR-17 to BR-20, BR-56, BR-62, BR-63, BR-CO-09, BR-CO-26: who trades with whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from invoice.model import Identifier, Invoice, Party, Payee, TaxRegistration, TaxRepresentative
from invoice.rules.codes import CodeLists
from invoice.rules.rule import BySyntax, Klass, RuleBook, filled, present

book = RuleBook()
rule, needs, fills = book.rule, book.needs, book.fills

_FIX = "Bitte den Rechnungssteller um eine berichtigte Rechnung."


def _payee(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.payee)


def _representative(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.tax_representative)


def _representative_address(invoice: Invoice) -> Sequence[Any]:
    found = invoice.tax_representative
    return (found,) if found is not None and found.address is not None else ()


@rule(
    "BR-17", _payee, "name",
    "Der abweichende Zahlungsempfänger ist nicht richtig angegeben.",
    "BT-59 muss einen Namen nennen, und es muss ein anderer als der Verkäufer sein. " + _FIX,
    terms="BT-59 BG-10",
)  # fmt: skip
def payee_is_another(payee: Payee, invoice: Invoice) -> bool:
    seller = invoice.seller
    if payee.name is None:
        return False
    if invoice.syntax == "cii":
        same_legal = _values([payee.legal_id]) & _values([seller.legal_id])
        own, others = _plain(payee.identifiers), _plain(seller.identifiers)
        return not (payee.name == seller.name or same_legal or own & others)
    own = _values([*payee.identifiers, *payee.creditors])
    return payee.name != seller.trading_name and not own & _values(
        [*seller.identifiers, *seller.creditors]
    )


def _values(found: Iterable[Identifier | None]) -> set[str | None]:
    return {i.value for i in found if i is not None}


def _plain(found: Iterable[Identifier]) -> set[str | None]:
    """CII compares the identifiers without a scheme only."""
    return {i.value for i in found if i.source is None or str(i.source.tag).endswith("}ID")}


fills("BR-18", _representative, "name", "Der Name des Steuervertreters fehlt.", _FIX,
      terms="BT-62 BG-11", klass=Klass.CONTENT)  # fmt: skip
needs("BR-19", _representative, "address", "Die Anschrift des Steuervertreters fehlt.", _FIX,
      terms="BG-12 BG-11", klass=Klass.CONTENT)  # fmt: skip


@rule(
    "BR-20", BySyntax(_representative, _representative_address), "address.country",
    "In der Anschrift des Steuervertreters fehlt das Land.",
    "BT-69 muss einen zweistelligen Ländercode nennen. " + _FIX, terms="BT-69 BG-12",
)  # fmt: skip
def representative_country(found: TaxRepresentative, _: Invoice) -> bool:
    return found.address is not None and filled(found.address, "country")


@rule(
    "BR-56", _representative, "vat_id", "Die USt-IdNr. des Steuervertreters fehlt.", _FIX,
    terms="BT-63 BG-11", klass=Klass.CONTENT,
)  # fmt: skip
def representative_vat_id(found: TaxRepresentative, invoice: Invoice) -> bool:
    numbers = [r for r in found.registrations if r.kind == "VA" and r.value is not None]
    return any(n.value or invoice.syntax != "cii" for n in numbers)


def _seller_endpoint(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.seller.endpoint)


def _buyer_endpoint(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.buyer.endpoint)


def _scheme_given(endpoint: Identifier, invoice: Invoice) -> bool:
    return bool(endpoint.scheme) if invoice.syntax == "cii" else endpoint.scheme is not None


_SCHEME = "Die Kennung braucht das Attribut schemeID, etwa EM für eine E-Mail-Adresse. " + _FIX
rule("BR-62", _seller_endpoint, "scheme",
     "Zur elektronischen Adresse des Verkäufers fehlt die Art der Adresse.", _SCHEME,
     terms="BT-34")(_scheme_given)  # fmt: skip
rule("BR-63", _buyer_endpoint, "scheme",
     "Zur elektronischen Adresse des Käufers fehlt die Art der Adresse.", _SCHEME,
     terms="BT-49")(_scheme_given)  # fmt: skip


def _vat_identifiers(invoice: Invoice) -> Sequence[Any]:
    parties: tuple[Party | None, ...] = (
        invoice.seller, invoice.buyer, invoice.payee, invoice.tax_representative,
    )  # fmt: skip
    return [r for p in parties if p is not None for r in p.registrations if r.kind == "VA"]


@rule(
    "BR-CO-09", _vat_identifiers, "value",
    "Eine USt-IdNr. beginnt nicht mit einem gültigen Länderkürzel.",
    "Die USt-IdNr. muss mit dem Kürzel des Landes beginnen, etwa DE. " + _FIX,
    terms="BT-31 BT-48 BT-63", klass=Klass.CONTENT, asks="test",
)  # fmt: skip
def vat_identifier_prefix(found: TaxRegistration, invoice: Invoice, *, codes: CodeLists) -> bool:
    prefix = ((found.indented or {}).get("value") or found.value or "")[:2]
    wanted = f" {prefix} " if invoice.syntax == "cii" else prefix
    return wanted in codes.spaced("vat_prefixes")


def _seller(invoice: Invoice) -> Sequence[Any]:
    return present(invoice.seller)


@rule(
    "BR-CO-26", _seller, "identifiers",
    "Der Verkäufer ist nicht eindeutig bezeichnet.",
    "Mindestens eine Kennung muss da sein: Verkäufernummer (BT-29), Registernummer (BT-30) oder"
    " USt-IdNr. (BT-31). " + _FIX, terms="BT-29 BT-30 BT-31",
)  # fmt: skip
def seller_is_identified(seller: Party, _: Invoice) -> bool:
    by_vat = any(r.kind == "VA" and r.value is not None for r in seller.registrations)
    return bool(seller.identifiers) or seller.legal_id is not None or by_vat
