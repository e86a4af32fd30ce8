"""The hand-over to the system that books and pays, and what it answers.

Invariant: an order goes out once under its own id, and is answered once.
"""
