"""What an error looks like in Camunda 7's dialect: its status and `{type, message, code}`.

Invariant: a refused deployment begins with `ENGINE-09005` and names line and element of every
fault in `details`, which is how Modeler recognises and shows it.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from bpmn.errors import ExpressionFailed, Finding, FormInvalid, ModelError, ModelRefused
from engine import errors
from engine.http.call import answer
from engine.http.dialect import BadRequest, JsonObject
from engine.http.migration_reports import report_of
from engine.machine.errors import MachineError, MigrationRefused, ModificationRefused
from identity.errors import IdentityError, NotAuthenticated, NotPermitted, TooManyAttempts
from storage.errors import StorageError, Unavailable

FORESEEN = (BadRequest, ModelError, errors.EngineError, MachineError, IdentityError, StorageError)
"""What a call may raise from this room and those below; all else is somebody else's fault."""

Statuses = Mapping[type[Exception], int]
"""Errors of rooms beside this one, which a process's participants raise, and their statuses."""

_INVALID = "InvalidRequestException"
_KINDS: tuple[tuple[type[Exception], int, str], ...] = (
    (TooManyAttempts, 429, "AuthenticationException"),
    (NotAuthenticated, 401, "AuthenticationException"),
    (NotPermitted, 403, "AuthorizationException"),
    (errors.NotAllowed, 403, "AuthorizationException"),
    (errors.OtherPersonNeeded, 403, "AuthorizationException"),
    (IdentityError, 400, _INVALID),
    (errors.NotFound, 404, _INVALID),
    (errors.JobNotYours, 400, _INVALID),
    (errors.CorrelationMismatch, 400, "RestException"),
    (errors.Misused, 400, _INVALID),
    (errors.TooLarge, 400, _INVALID),
    (FormInvalid, 400, _INVALID),
    (ModificationRefused, 400, _INVALID),
    (errors.PlanRefused, 400, "MigrationPlanValidationException"),
    (MigrationRefused, 400, "MigratingProcessInstanceValidationException"),
    (ExpressionFailed, 500, "ProcessEngineException"),
    (ModelError, 400, _INVALID),
    (errors.SignalNotAwaited, 500, "RestException"),
    (errors.InstanceSuspended, 500, "SuspendedEntityInteractionException"),
    (errors.DefinitionSuspended, 500, "SuspendedEntityInteractionException"),
    (errors.TaskTaken, 500, "TaskAlreadyClaimedException"),
    (errors.Overtaken, 500, "OptimisticLockingException"),
    (Unavailable, 503, "ProcessEngineException"),
)
"""Camunda answers 500 to what cannot be done now, such as completing a task that is done."""

_OPTIMISTIC_LOCKING = 1
"""The one error code of Camunda's that we cause: try again."""


def status_in(statuses: Statuses, error: Exception) -> int | None:
    """The status of the error's nearest base in a table."""
    return next((statuses[base] for base in type(error).__mro__ if base in statuses), None)


def error_response(error: Exception, status: int | None = None) -> Response:
    """The answer Camunda 7 gives to an error of `FORESEEN`, or to another with its status."""
    if isinstance(error, ModelRefused):
        return answer(_refused(error), 400)
    kind = type(error).__name__
    if status is None:
        status, kind = _classify(error)
    code = _OPTIMISTIC_LOCKING if isinstance(error, errors.Overtaken) else 0
    body: JsonObject = {"type": kind, "message": str(error), "code": code}
    body |= report_of(error)
    if status == 403:
        body |= _missing(error)
    response = answer(body, status)
    if status == 401:
        response.headers["www-authenticate"] = 'Basic realm="amtsgang", charset="UTF-8"'
    if isinstance(error, TooManyAttempts):
        response.headers["retry-after"] = f"{error.retry_after:.0f}"
    return response


def _classify(error: Exception) -> tuple[int, str]:
    if isinstance(error, BadRequest):
        return error.status, error.kind
    for base, status, kind in _KINDS:
        if isinstance(error, base):
            return status, kind
    return 500, "ProcessEngineException"


def _missing(error: Exception) -> JsonObject:
    """What a Camunda client shows of a refusal: what was asked for, and on what."""
    permission, subject = "ALL", None
    if isinstance(error, NotPermitted):
        permission = error.permission
    elif isinstance(error, errors.NotAllowed):
        permission, subject = error.action, error.subject
    elif isinstance(error, errors.OtherPersonNeeded):
        permission, subject = "TASK_WORK", error.task_id
    names: JsonObject = {
        "permissionName": permission.upper().replace(".", "_"),
        "resourceName": permission.partition(".")[0].capitalize(),
        "resourceId": subject,
    }
    return {**names, "missingAuthorizations": [names]}


def _refused(error: ModelRefused) -> JsonObject:
    details: JsonObject = {}
    for finding in error.findings:
        report = details.setdefault(finding.file, {"errors": [], "warnings": []})
        report["errors" if finding.severity == "error" else "warnings"].append(_problem(finding))
    return {
        "type": "ParseException",
        "message": f"ENGINE-09005 Could not parse BPMN process. Errors: {error}",
        "code": 0,
        "details": details,
    }


def _problem(finding: Finding) -> JsonObject:
    others = [place.element for place in finding.related]
    return {
        "message": f"{finding.message} [{finding.rule}]",
        "line": finding.line,
        "column": 0,
        "mainElementId": finding.element,
        "elementIds": [*([finding.element] if finding.element else []), *others],
    }
