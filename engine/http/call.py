"""One REST call: who asks, what they send, and how an answer or an error looks on the wire.

Invariant: the route's function runs in a worker thread with a principal, never without; the
content type is exactly `application/json`, because Camunda's JavaScript client compares it so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bpmn.errors import Finding, FormInvalid, ModelError, ModelRefused
from engine import errors
from engine.engine import Engine
from engine.http.dialect import BadRequest, JsonObject, decode_object, encode
from engine.machine.errors import MachineError
from identity.errors import IdentityError, NotAuthenticated, NotPermitted
from identity.http import PrincipalOf
from identity.principal import Principal
from storage.database import Transaction
from storage.errors import StorageError


@dataclass(slots=True)
class Call:
    """What a route's function is given. `query` holds the first value of each parameter."""

    engine: Engine
    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""
    parts: list[tuple[str, str | None, bytes]] = field(default_factory=list)

    def json(self) -> JsonObject:
        return decode_object(self.body)

    def number(self, name: str, default: int | None = None) -> int | None:
        text = self.query.get(name)
        if text is None or text == "":
            return default
        try:
            return int(text)
        except ValueError as error:
            raise BadRequest(f"Query parameter {name!r} is no number: {text!r}") from error

    def page_size(self) -> int:
        """Camunda lists all when nobody says how many; we stop at a thousand."""
        return min(self.number("maxResults") or 1000, 1000)

    def reading(self) -> AbstractContextManager[Transaction]:
        return self.engine.database.reading(self.principal.tenant)

    def flag(self, name: str) -> bool | None:
        text = self.query.get(name)
        return None if text is None else text.lower() == "true"


Answer = Any
Function = Callable[[Call], Answer]
NO_CONTENT = object()


def answer(value: Answer, status: int = 200) -> Response:
    if value is NO_CONTENT:
        return Response(status_code=204)
    if isinstance(value, Response):
        return value
    response = Response(encode(value), status)
    response.headers["content-type"] = "application/json"
    return response


def route(
    method: str, path: str, function: Function, engine: Engine, principal_of: PrincipalOf
) -> Route:
    """A Starlette route that reads the body and runs `function` in a worker thread."""

    async def endpoint(request: Request) -> Response:
        body, parts = b"", []
        if method in ("POST", "PUT", "DELETE"):
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                parts = await _parts(request)
            else:
                body = await request.body()
        return await run_in_threadpool(_run, request, body, parts)

    def _run(request: Request, body: bytes, parts: list[tuple[str, str | None, bytes]]) -> Response:
        try:
            call = Call(
                engine,
                principal_of(request),
                request.path_params,
                request.query_params,
                body,
                parts,
            )
            return answer(function(call))
        except FORESEEN as error:
            return error_response(error)

    return Route(path, endpoint, methods=[method])


async def _parts(request: Request) -> list[tuple[str, str | None, bytes]]:
    """The parts of a multipart form: name, file name, content."""
    async with request.form(max_files=1000, max_fields=1000) as form:
        parts: list[tuple[str, str | None, bytes]] = []
        for name, value in form.multi_items():
            if isinstance(value, str):
                parts.append((name, None, value.encode()))
            else:
                parts.append((name, value.filename, await value.read()))
        return parts


# --- errors ---


FORESEEN = (
    BadRequest,
    ModelError,
    errors.EngineError,
    MachineError,
    IdentityError,
    StorageError,
    FormInvalid,
)
"""What a call may raise; all else is a fault of ours and becomes a bare 500."""


def error_response(error: Exception) -> Response:
    """The answer Camunda 7 gives to an error of `FORESEEN`."""
    if isinstance(error, ModelRefused):
        return answer(_refused(error), 400)
    status, kind = _classify(error)
    body = {"type": kind, "message": str(error), "code": 0}
    response = answer(body, status)
    if status == 401:
        response.headers["www-authenticate"] = 'Basic realm="amtsgang", charset="UTF-8"'
    return response


def _classify(error: Exception) -> tuple[int, str]:
    match error:
        case BadRequest():
            return error.status, error.kind
        case NotAuthenticated():
            return 401, "AuthenticationException"
        case NotPermitted() | errors.NotAllowed() | errors.OtherPersonNeeded():
            return 403, "AuthorizationException"
        case IdentityError():
            return 400, "InvalidRequestException"
        case errors.NotFound():
            return 404, "InvalidRequestException"
        case errors.JobNotYours() | errors.CorrelationMismatch() | errors.Misused():
            return 400, "InvalidRequestException"
        case errors.TooLarge():
            return 400, "InvalidRequestException"
        case FormInvalid():
            return 400, "InvalidRequestException"
    return 500, "ProcessEngineException"


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
    return {
        "message": f"{finding.message} [{finding.rule}]",
        "line": finding.line,
        "column": 0,
        "mainElementId": finding.element,
        "elementIds": [finding.element] if finding.element else [],
    }
