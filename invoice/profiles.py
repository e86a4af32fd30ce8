"""Which specification an invoice names in BT-24, and so which rules bind it."""

from __future__ import annotations

from enum import Enum

_EN = "urn:cen.eu:en16931:2017"
XRECHNUNG_CIUS = f"{_EN}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
XRECHNUNG_EXTENSION = f"{XRECHNUNG_CIUS}#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"
XRECHNUNG_CVD = f"{XRECHNUNG_CIUS}#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9"


class Profile(Enum):
    """A specification for invoices, by the name that people know it under."""

    XRECHNUNG = "XRechnung"
    XRECHNUNG_EXTENSION = "XRechnung Extension"
    XRECHNUNG_CVD = "XRechnung CVD"
    PEPPOL = "Peppol BIS Billing"
    EN16931 = "EN 16931"
    ZUGFERD_EXTENDED = "ZUGFeRD EXTENDED"
    ZUGFERD_BASIC = "ZUGFeRD BASIC"
    ZUGFERD_BASIC_WL = "ZUGFeRD BASIC WL"
    ZUGFERD_MINIMUM = "ZUGFeRD MINIMUM"
    UNKNOWN = "unbekannt"

    @property
    def is_xrechnung(self) -> bool:
        """BR-DE binds only here."""
        return self in _XRECHNUNG

    @property
    def is_an_invoice(self) -> bool:
        """Whether German law takes it for an e-invoice: MINIMUM and BASIC WL lack the lines.
        BASIC has them, and is one, though it is below EN 16931: in a PDF a person compares it with
        the image (`invoice.documents`), without one the rules of EN 16931 alone decide."""
        return self not in (Profile.ZUGFERD_MINIMUM, Profile.ZUGFERD_BASIC_WL)


_XRECHNUNG = (Profile.XRECHNUNG, Profile.XRECHNUNG_EXTENSION, Profile.XRECHNUNG_CVD)
_MARKS = (
    (":kosit:xrechnung:cvd", Profile.XRECHNUNG_CVD),
    (":kosit:extension:xrechnung", Profile.XRECHNUNG_EXTENSION),
    ("xrechnung", Profile.XRECHNUNG),
    ("#compliant#urn:fdc:peppol.eu:", Profile.PEPPOL),
    ("factur-x.eu:1p0:minimum", Profile.ZUGFERD_MINIMUM),
    ("factur-x.eu:1p0:basicwl", Profile.ZUGFERD_BASIC_WL),
    ("factur-x.eu:1p0:basic", Profile.ZUGFERD_BASIC),
    ("factur-x.eu:1p0:extended", Profile.ZUGFERD_EXTENDED),
    ("zugferd.de:2p0:minimum", Profile.ZUGFERD_MINIMUM),
    ("zugferd.de:2p0:basicwl", Profile.ZUGFERD_BASIC_WL),
    ("zugferd.de:2p0:basic", Profile.ZUGFERD_BASIC),
    ("zugferd.de:2p0:extended", Profile.ZUGFERD_EXTENDED),
    (_EN, Profile.EN16931),
)


_EXACT = {
    Profile.XRECHNUNG_EXTENSION: XRECHNUNG_EXTENSION,
    Profile.XRECHNUNG_CVD: XRECHNUNG_CVD,
}


def binding_profile(profile: Profile, specification: str | None) -> Profile:
    """The profile whose rules are asked. BR-DEX and BR-DE-CVD bind only where BT-24 is, to the
    character, the identifier of their edition; what is written otherwise has BR-DE-21 instead."""
    exact = _EXACT.get(profile)
    return profile if exact in (None, specification) else Profile.XRECHNUNG


def profile_of(specification: str | None) -> Profile:
    """The profile that this BT-24 names, in whatever version of it."""
    named = (specification or "").strip().lower()
    return next((profile for mark, profile in _MARKS if mark in named), Profile.UNKNOWN)
