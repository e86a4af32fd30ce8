"""Rechnungseingang: an invoice's way from its receipt to z.d.A. See README.md (German).

Reading order: models/rechnungseingang.bpmn, handlers.py (the work between the people), steps.py
(what a completed task means), records.py and signatures.py (how it is kept and proven).
"""

from __future__ import annotations

from pathlib import Path

from processes.package import Package
from processes.rechnungseingang.handlers import handlers
from processes.rechnungseingang.http import routes
from processes.rechnungseingang.panel import task_panel
from processes.rechnungseingang.steps import participants

_HERE = Path(__file__).parent

PACKAGE = Package(
    name="rechnungseingang",
    title="Rechnungseingang",
    models=(
        _HERE / "models" / "rechnungseingang.bpmn",
        _HERE / "models" / "anordnungsart.dmn",
        _HERE / "models" / "befugnis.dmn",
        *sorted((_HERE / "forms").glob("*.form")),
    ),
    handlers=handlers,
    participants=participants,
    searchable=frozenset({"leitweg_id", "unit", "due_on", "anordnungsart"}),
    routes=routes,
    task_panel=task_panel,
)
