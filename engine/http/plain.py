"""`/api/v1`: tasks and instances in plain JSON, for pages and systems of today.

Values are plain JSON: numbers keep their digits, dates and instants are ISO 8601 text, and a
task's form says what is expected. Invariant: errors are raised, and the root makes problem+json
of them; a page's cursor names the last task that was shown, so nothing is skipped or shown twice.
"""

# Annotations are evaluated here: FastAPI cannot look up the local `Who` and `Body` by name.
import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from bpmn.values import Value, Variables
from engine import queries
from engine.commands import (
    ClaimTask,
    CompleteTask,
    SelectActivity,
    StartInstance,
    UnclaimTask,
)
from engine.engine import Engine
from engine.http.dialect import from_plain, to_plain
from engine.views import Activity, InstanceView, Task, Token, Variable
from identity.http import PrincipalOf
from identity.persons import display_names
from identity.principal import Principal
from storage.database import Transaction

JsonObject = dict[str, Any]
Id = Annotated[str, Path(max_length=100)]
_encoder = msgspec.json.Encoder(decimal_format="number")


class Completion(msgspec.Struct, forbid_unknown_fields=True):
    """What a person filled in, by the keys of the form's fields."""

    variables: dict[str, Any] = {}


class Start(msgspec.Struct, forbid_unknown_fields=True):
    variables: dict[str, Any] = {}
    business_key: str | None = None


class Selection(msgspec.Struct, forbid_unknown_fields=True):
    """An activity of an ad-hoc subprocess; `token` says which, where several are open."""

    node: str
    token: int | None = None


_selection = msgspec.json.Decoder(Selection)
_completion = msgspec.json.Decoder(Completion, float_hook=Decimal)
_start = msgspec.json.Decoder(Start, float_hook=Decimal)


async def _body(request: Request) -> bytes:
    """The bytes themselves, for numbers to be read with all their digits."""
    return await request.body()


def routes(engine: Engine, principal_of: PrincipalOf) -> APIRouter:
    """The router under `/api/v1`."""
    router = APIRouter(prefix="/api/v1", tags=["Aufgaben und Vorgänge"])
    _task_routes(router, engine, principal_of)
    _instance_routes(router, engine, principal_of)
    return router


def _task_routes(router: APIRouter, engine: Engine, principal_of: PrincipalOf) -> None:
    Who = Annotated[Principal, Depends(principal_of)]  # noqa: N806 a type
    Body = Annotated[bytes, Depends(_body)]  # noqa: N806

    @router.get("/tasks", summary="Mein Eingang: eigene und freie Aufgaben, neueste zuerst")
    def inbox(
        principal: Who,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        process: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        before = None if cursor is None else _read_cursor(cursor)
        query = queries.TaskQuery(inbox=True, process_id=process, before=before, limit=limit + 1)
        with engine.database.reading(principal.tenant) as tx:
            found = queries.tasks(tx, principal, query)
            page = found[:limit]
            names = display_names(tx, [each.assignee for each in page if each.assignee])
        end = _cursor(page[-1]) if len(found) > limit else None
        return _answer({"items": [_task(t, names) for t in page], "page": {"endCursor": end}})

    @router.get("/tasks/{task_id}", summary="Eine Aufgabe mit ihrem Formular und dessen Werten")
    def show(task_id: Id, principal: Who) -> Response:
        with engine.database.reading(principal.tenant) as tx:
            task = queries.task(tx, principal, task_id)
            names = display_names(tx, [task.assignee] if task.assignee else [])
            shown = _task(task, names) | {"form": _form(engine, tx, principal, task)}
        return _answer(shown)

    @router.post("/tasks/{task_id}/claim", status_code=204, summary="Aufgabe übernehmen")
    def claim(task_id: Id, principal: Who) -> None:
        engine.execute(ClaimTask(task_id), principal)

    @router.post("/tasks/{task_id}/unclaim", status_code=204, summary="Aufgabe zurückgeben")
    def unclaim(task_id: Id, principal: Who) -> None:
        engine.execute(UnclaimTask(task_id), principal)

    @router.post(
        "/tasks/{task_id}/complete",
        status_code=204,
        summary="Aufgabe abschließen; das Formular prüft die Werte",
        openapi_extra=_described(Completion),
    )
    def complete(task_id: Id, principal: Who, body: Body) -> None:
        given = _decoded(_completion, body)
        engine.execute(CompleteTask(task_id, _values(given.variables)), principal)


def _instance_routes(router: APIRouter, engine: Engine, principal_of: PrincipalOf) -> None:
    Who = Annotated[Principal, Depends(principal_of)]  # noqa: N806 a type
    Body = Annotated[bytes, Depends(_body)]  # noqa: N806

    @router.post(
        "/processes/{key}/start",
        status_code=201,
        summary="Die neueste Version eines Prozesses starten",
        openapi_extra=_described(Start),
    )
    def start(key: Id, principal: Who, body: Body) -> Response:
        given = _decoded(_start, body)
        started = engine.execute(
            StartInstance(key, variables=_values(given.variables), business_key=given.business_key),
            principal,
        )
        shown = {
            "id": started.id,
            "process": started.process_id,
            "definition_id": started.definition_id,
            "business_key": started.business_key,
            "ended": started.ended,
        }
        response = _answer(shown, 201)
        response.headers["location"] = f"/api/v1/instances/{started.id}"
        return response

    @router.post(
        "/instances/{instance_id}/select",
        status_code=204,
        summary="Eine Aktivität eines Ad-hoc-Teilprozesses ausführen lassen",
        openapi_extra=_described(Selection),
    )
    def select(instance_id: Id, principal: Who, body: Body) -> None:
        given = _decoded(_selection, body)
        engine.execute(SelectActivity(instance_id, given.node, given.token), principal)

    @router.get("/instances/{instance_id}", summary="Wo ein Vorgang steht und was geschehen ist")
    def instance(instance_id: Id, principal: Who) -> Response:
        with engine.database.reading(principal.tenant) as tx:
            view = queries.instance(tx, principal, instance_id)
            values = queries.variables(tx, principal, instance_id)
            done = queries.activities(tx, principal, instance_id)
            at = queries.tokens(tx, principal, instance_id)
            of_instance = queries.IncidentQuery(instance_id=instance_id, limit=1000)
            faults = queries.incidents(tx, principal, of_instance)
            persons = {view.started_by, *(each.performer for each in done if each.performer)}
            names = display_names(tx, persons)
            versions = {each.definition_id for each in done} | {view.definition_id}
            titles = {
                node.id: node.name or node.id
                for version in sorted(versions)
                for node in engine.graph(tx, version).nodes.values()
            }
        shown = _instance(view, names) | {
            "waits_at": [_token(token, titles) for token in at],
            "incidents": [
                {"id": i.id, "node": i.node, "message": i.message, "opened_at": i.opened_at}
                for i in faults
            ],
            "variables": _shown(values),
            "activities": [_activity(each, titles, names) for each in done],
        }
        response = _answer(shown)
        response.headers["etag"] = f'"{view.entries}"'
        return response


# --- what is read ---


def _decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """Raises what FastAPI raises for a body that does not fit its description."""
    try:
        return decoder.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        found = {"type": "body", "loc": ("body",), "msg": str(error), "input": None}
        raise RequestValidationError([found]) from error


def _described(body: type[msgspec.Struct]) -> JsonObject:
    """The request body for the OpenAPI document."""
    schema = msgspec.json.schema_components([body], ref_template="#/$defs/{name}")[1]
    content = {"application/json": {"schema": schema[body.__name__]}}
    return {"requestBody": {"required": False, "content": content}}


def _values(given: Mapping[str, Any]) -> Variables:
    return {name: from_plain(value) for name, value in given.items()}


def _cursor(task: Task) -> str:
    text = f"{task.opened_at.isoformat()} {task.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, task_id = text.partition(" ")
        return datetime.fromisoformat(at).astimezone(UTC), task_id
    except (ValueError, OverflowError) as error:
        said = "Das ist kein Cursor dieser Liste"
        found = {"type": "cursor", "loc": ("query", "cursor"), "msg": said, "input": cursor}
        raise RequestValidationError([found]) from error


# --- what is shown ---


def _answer(value: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(_encoder.encode(value), status, headers, media_type="application/json")


def _person(person: str | None, names: Mapping[str, str]) -> JsonObject | None:
    return None if person is None else {"id": person, "name": names.get(person, person)}


def _task(task: Task, names: Mapping[str, str]) -> JsonObject:
    return {
        "id": task.id,
        "name": task.name,
        "node": task.node,
        "process": task.process_id,
        "instance_id": task.instance_id,
        "business_key": task.business_key,
        "assignee": _person(task.assignee, names),
        "candidate_groups": task.candidate_groups,
        "priority": task.priority,
        "due": task.due,
        "follow_up": task.follow_up,
        "opened_at": task.opened_at,
        "closed_at": task.closed_at,
    }


def _form(engine: Engine, tx: Transaction, principal: Principal, task: Task) -> JsonObject | None:
    """The form the task was opened with: what it accepts, and what its fields hold at first."""
    if task.form_id is None:
        return None
    form = engine.form(tx, task.form_id)
    token = task.token if task.closed_at is None else None
    found = queries.variables(tx, principal, task.instance_id, token)
    values: dict[str, Value] = form.initial({name: each.value for name, each in found.items()})
    return {
        "key": task.form,
        "id": task.form_id,
        "schema": form.json_schema(),
        "values": {name: to_plain(value) for name, value in values.items()},
    }


def _shown(found: Mapping[str, Variable]) -> JsonObject:
    return {name: to_plain(each.value) for name, each in found.items()}


def _instance(view: InstanceView, names: Mapping[str, str]) -> JsonObject:
    return {
        "id": view.id,
        "process": view.process_id,
        "definition_id": view.definition_id,
        "business_key": view.business_key,
        "started_at": view.started_at,
        "started_by": _person(view.started_by, names),
        "ended_at": view.ended_at,
        "how": view.how,
        "end_node": view.end_node,
        "suspended": view.suspended,
        "called_by": view.parent_id,
    }


def _token(token: Token, titles: Mapping[str, str]) -> JsonObject:
    waits = [{"kind": kind, "id": identity} for kind, identity in token.waits_for]
    return {"node": token.node, "name": titles[token.node], "waits_for": waits}


def _activity(each: Activity, titles: Mapping[str, str], names: Mapping[str, str]) -> JsonObject:
    return {
        "node": each.node,
        "name": titles[each.node],
        "started_at": each.started_at,
        "ended_at": each.ended_at,
        "cancelled": each.cancelled,
        "task_id": each.task_id,
        "performer": _person(each.performer, names),
        "on_behalf_of": _person(each.on_behalf_of, names),
    }
