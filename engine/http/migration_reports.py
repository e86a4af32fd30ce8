"""What a migration failed at, in the shapes of Camunda 7's validation reports."""

from __future__ import annotations

from engine.errors import PlanRefused
from engine.http.dialect import JsonObject
from engine.machine.errors import MigrationRefused
from engine.machine.migration_plans import Failures
from engine.machine.triggers import Move


def written_move(move: Move) -> JsonObject:
    return {
        "sourceActivityIds": [move.source],
        "targetActivityIds": [move.target],
        "updateEventTrigger": move.update,
    }


def plan_report(failures: Failures) -> JsonObject:
    return {
        "instructionReports": [
            {"instruction": written_move(move), "failures": texts}
            for move, texts in failures
            if texts
        ],
        "variableReports": {},
    }


def instance_report(error: MigrationRefused) -> JsonObject:
    """What an instance cannot go on with: every element, with every reason."""
    reasons: dict[str, list[str]] = {}
    for node, text in error.failures:
        told = reasons.setdefault(node, [])
        if text not in told:
            told.append(text)
    return {
        "activityInstanceValidationReports": [
            {"sourceScopeId": node, "failures": texts} for node, texts in reasons.items()
        ],
        "transitionInstanceValidationReports": [],
        "failures": [],
    }


def report_of(error: Exception) -> JsonObject:
    """What an error's answer says beside its message."""
    if isinstance(error, PlanRefused):
        return {"validationReport": plan_report(error.report)}
    if isinstance(error, MigrationRefused):
        return {"validationReport": instance_report(error)}
    return {}
