"""The supplier master (Kreditorenstamm): who is owed, on which accounts, and whose an invoice is.

Invariant: an account is known only after two persons have said so.
"""
