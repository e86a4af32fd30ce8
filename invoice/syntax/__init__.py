"""What the bindings of EN 16931 to UBL and CII allow of a syntax (CEN/TS 16931-3-2 and -3-3).

The schemas of UBL and CII know far more elements than the standard has terms. The rules UBL-CR,
UBL-SR, UBL-DT, CII-SR and CII-DT say which of them an invoice does not use, and what stands only
once. They are about elements, not about the model, so they are asked of the tree, in one walk:

    ubl.csv, cii.csv    the rules that are a row: a path that is not used, or used once
    ubl.py, cii.py      the few that need a function
    table, walk         rows and functions become steps; the walk takes each element along them

Invariant: each element is visited once, however many rules there are.
"""

from invoice.syntax.walk import SyntaxFault, syntax_faults

__all__ = ["SyntaxFault", "syntax_faults"]
