"""Rechnungseingang: an invoice's way from its receipt to z.d.A. See README.md (German).

Reading order: models/rechnungseingang.bpmn, handlers/ (the work between the people), steps/
(what a completed task means), cancellation.py (what a cancelled instance leaves), records.py and
signatures.py (how it is kept and proven).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.handlers import Participants
from processes.package import Package, PrincipalOf, Router
from processes.rechnungseingang import cancellation, steps
from processes.rechnungseingang.demo import USERS
from processes.rechnungseingang.errors import STATUSES
from processes.rechnungseingang.handlers import handlers as _handlers
from processes.rechnungseingang.hkr.handover import DUTY as HAND_OVER
from processes.rechnungseingang.intake.channels import DUTY as FETCH
from processes.rechnungseingang.intake.uploads import SEND_IN
from processes.rechnungseingang.kreditoren.registers import ACCOUNTS, KREDITOREN
from processes.rechnungseingang.pages import LOSSES
from processes.rechnungseingang.panel import WORDS, panel_file, task_panel
from processes.rechnungseingang.papers import PAPERS
from processes.rechnungseingang.prefill import task_values
from processes.rechnungseingang.records import furnish
from processes.rechnungseingang.routing import REGISTER as ROUTES
from processes.rechnungseingang.signatures import STUFEN
from processes.rechnungseingang.summaries import task_summaries

if TYPE_CHECKING:
    from processes.house import House

_participants = Participants()
for _part in (steps, cancellation):
    _participants.include(_part.participants)

_HERE = Path(__file__).parent


def _routes(house: House, principal_of: PrincipalOf) -> Router:
    from processes.rechnungseingang.http import routes  # noqa: PLC0415 workers need no HTTP

    router: Router = routes(house, principal_of)
    return router


PACKAGE = Package(
    name="rechnungseingang",
    title="Rechnungseingang",
    models=(
        _HERE / "models" / "rechnungseingang.bpmn",
        _HERE / "models" / "anordnungsart.dmn",
        _HERE / "models" / "befugnis.dmn",
        _HERE / "models" / "fristen.dmn",
        *sorted((_HERE / "forms").glob("*.form")),
    ),
    handlers=_handlers,
    participants=_participants,
    searchable=frozenset({"leitweg_id", "unit", "due_on", "anordnungsart"}),
    routes=_routes,
    statuses=STATUSES,
    task_panel=task_panel,
    task_values=task_values,
    task_summaries=task_summaries,
    panel_file=panel_file,
    pages=(SEND_IN, LOSSES),
    registers=(KREDITOREN, ROUTES, ACCOUNTS),
    furnish=furnish,
    stufen=STUFEN,
    papers=PAPERS,
    duties=(FETCH, HAND_OVER),
    words=WORDS,
    demo_users=USERS,
)
