"""Where invoices come from: batches, pages, folders and mailboxes, all ending in one command.

Invariant: what is taken in is taken in once, and no bad file stops another.
"""
