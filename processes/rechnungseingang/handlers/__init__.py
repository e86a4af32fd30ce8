"""The work between the people: read, file, compare, assign, draft, hand over, close.

Reading order: reading.py (what the invoice says), filing.py (Akte, Vorgang, competent unit),
outcomes.py (letter, booking file, z.d.A.); work.py is what they share.
Each handler computes outside any transaction and returns what must happen with the job's
completion as effects. Invariant: a handler that runs twice leaves the same records as one that
ran once; variables hold references and what gateways decide on, never content.
"""

from __future__ import annotations

from engine.handlers import Handlers
from processes.rechnungseingang.handlers import filing, outcomes, reading

handlers = Handlers()
for _part in (reading, filing, outcomes):
    handlers.include(_part.handlers)
