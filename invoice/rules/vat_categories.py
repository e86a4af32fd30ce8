"""The VAT categories of EN 16931-1 (UNTDID 5305), and how the rules of each family answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Category:
    """One VAT category and what its rules ask for."""

    family: str
    code: str
    name: str
    rate: Literal["above zero", "zero or more", "zero", "none"]
    seller: Literal["any number", "VAT identifier"] = "any number"
    buyer: Literal["", "VAT or legal identifier", "VAT identifier"] = ""
    reason: bool = True  # an exemption reason is demanded; else it is forbidden
    rated: bool = False  # each rate has a breakdown of its own
    loose_in_cii: bool = True  # CII's sums may differ by less than one


CATEGORIES = (
    Category("S", "S", "Normalsatz", "above zero", reason=False, rated=True),
    Category("Z", "Z", "Nullsatz", "zero", reason=False),
    Category("E", "E", "steuerbefreit", "zero"),
    Category("AE", "AE", "Umkehrung der Steuerschuld", "zero", buyer="VAT or legal identifier"),
    Category("IC", "K", "innergemeinschaftliche Lieferung", "zero", "VAT identifier",
             "VAT identifier"),
    Category("G", "G", "Ausfuhr", "zero", "VAT identifier"),
    Category("O", "O", "nicht steuerbar", "none", loose_in_cii=False),
    Category("AF", "L", "Steuer der Kanarischen Inseln", "zero or more", reason=False, rated=True),
    Category("AG", "M", "Steuer in Ceuta und Melilla", "zero or more", reason=False, rated=True),
)  # fmt: skip
