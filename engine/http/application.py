"""`/engine-rest` as an ASGI application: find the route, run it in a worker thread, answer.

Every request is on the way of somebody's work, so nothing general stands before it: one look in
a table, one hop into a thread. Invariant: no function runs without a principal, and none in the
event loop; what waits for work to come (`Poll`) holds no thread (decisions.md, no. 20).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.engine import Engine
from engine.http.call import NO_CONTENT, Answer, Call, Function, Part, Poll, answer
from engine.http.dialect import BadRequest
from engine.http.problems import FORESEEN, Statuses, error_response, status_in
from engine.http.routes import PATHS, Table
from identity.http import PrincipalOf

LOOK_AGAIN = 0.5
"""Seconds after which a waiting poll looks again: another process may have made the job ready."""
_WITH_BODY = frozenset({"POST", "PUT", "DELETE"})


class EngineRest:
    """Camunda 7's REST interface. A root mounts it under `/engine-rest`.

    `statuses` are those of errors that a process's participants raise from rooms beside this one.
    """

    def __init__(
        self, engine: Engine, principal_of: PrincipalOf, statuses: Statuses | None = None
    ) -> None:
        self._engine = engine
        self._principal_of = principal_of
        self._statuses = statuses or {}
        self._table = Table(PATHS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
        function, names, allowed = self._table.find(method, path)
        request = Request(scope, receive)
        if function is None:
            response = _no_route(method, path, allowed)
        else:
            try:
                response = await self._respond(request, method, function, names)
            except ClientDisconnect:
                return
            except HTTPException as error:
                response = error_response(BadRequest(str(error.detail), error.status_code))
        await response(scope, receive, send)

    async def _respond(
        self, request: Request, method: str, function: Function, names: Mapping[str, str]
    ) -> Response:
        body, parts = b"", []
        if method in _WITH_BODY:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                parts = await _parts(request)
            else:
                body = await request.body()
        result = await run_in_threadpool(self._run, request, function, names, body, parts)
        if isinstance(result, Poll):
            return await self._poll(request, result)
        return result

    def _run(
        self,
        request: Request,
        function: Function,
        names: Mapping[str, str],
        body: bytes,
        parts: list[Part],
    ) -> Response | Poll:
        """In a worker thread: credentials, the function, and its answer as bytes."""
        try:
            principal = self._principal_of(request)
            text: bytes = request.scope["query_string"]
            query = dict(parse_qsl(text.decode("latin-1"), True)) if text else {}
            call = Call(self._engine, principal, names, query, body, parts, self._principal_of)
            result = function(call)
            return result if isinstance(result, Poll) else answer(result)
        except FORESEEN as error:
            return error_response(error)
        except tuple(self._statuses) as error:
            return error_response(error, status_in(self._statuses, error))

    async def _poll(self, request: Request, poll: Poll) -> Response:
        """Look again whenever a commit here leaves work, until the client's patience ends."""
        loop = asyncio.get_running_loop()
        until = loop.time() + poll.seconds
        woken = asyncio.Event()
        woken.set()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        self._engine.on_wake(wake)
        try:
            while (left := until - loop.time()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), min(left, LOOK_AGAIN))
                woken.clear()
                if await request.is_disconnected():
                    return answer(NO_CONTENT)
                found = await run_in_threadpool(self._look, poll)
                if found is not None:
                    return found
        finally:
            self._engine.off_wake(wake)
        return answer(poll.otherwise)

    def _look(self, poll: Poll) -> Response | None:
        try:
            found: Answer | None = poll.look()
        except FORESEEN as error:
            return error_response(error)
        return None if found is None else answer(found)


def _no_route(method: str, path: str, allowed: list[str]) -> Response:
    if not allowed:
        body = {"type": "NotFoundException", "message": f"HTTP 404 Not Found: {path}", "code": 0}
        return answer(body, 404)
    text = f"HTTP 405 Method Not Allowed: {method}"
    response = answer({"type": "NotAllowedException", "message": text, "code": 0}, 405)
    response.headers["allow"] = ", ".join(allowed)
    return response


async def _parts(request: Request) -> list[Part]:
    """The parts of a multipart form: name, file name, content."""
    async with request.form(max_files=1000, max_fields=1000) as form:
        parts: list[Part] = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                parts.append((name, value.filename, await value.read()))
            else:
                parts.append((name, None, value.encode()))
        return parts
