"""`/batch` and `/history/batch`: what is being done to many, and what was."""

from __future__ import annotations

from engine import queries
from engine.commands import DeleteBatch, SuspendBatch
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call, Filters
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.views import BatchView

TYPES = {
    "delete": "instance-deletion",
    "suspend": "instance-update-suspension-state",
    "variables": "set-variables",
    "retry": "set-job-retries",
    "retries": "set-job-retries",
    "modify": "instance-modification",
    "migrate": "instance-migration",
    "restart": "instance-restart",
}
"""Our kinds, and Camunda's."""
_ORDERS = {"batchId": "id", "totalJobs": "totalJobs", "startTime": "startTime"}


def batch_dto(view: BatchView) -> JsonObject:
    return {
        "id": view.id,
        "type": TYPES[view.kind],
        "totalJobs": view.total,
        "jobsCreated": view.total,
        "batchJobsPerSeed": view.total,
        "invocationsPerBatchJob": 1,
        "seedJobDefinitionId": None,
        "monitorJobDefinitionId": None,
        "batchJobDefinitionId": None,
        "suspended": view.suspended,
        "tenantId": None,
        "createUserId": view.started_by,
        "startTime": format_date(view.started_at),
        "executionStartTime": format_date(view.started_at),
    }


def _statistics(view: BatchView) -> JsonObject:
    counts = {"remainingJobs": view.remaining, "completedJobs": view.done}
    return {**batch_dto(view), **counts, "failedJobs": view.failed}


def _historic(view: BatchView) -> JsonObject:
    return {**batch_dto(view), "endTime": format_date(view.ended_at), "removalTime": None}


def _found(call: Call, *more: str) -> tuple[Filters, list[BatchView]]:
    """Batches that are open; of the history all. There are few, so they are sorted here."""
    filters = call.filters("batchId", "type", "suspended", "withoutTenantId", *more)
    kind = filters.text("type")
    if kind is not None and kind not in TYPES.values():
        raise BadRequest(f"There is no batch type {kind!r}")
    ended: bool | None = False
    if more:
        completed = filters.flag("completed")
        ended = None if completed is None else completed
    with call.reading() as tx:
        found = queries.batch_list(
            tx,
            call.principal,
            ids=filters.texts("batchId"),
            suspended=filters.flag("suspended"),
            ended=ended,
            limit=100_000,
        )
    return filters, [each for each in found if kind in (None, TYPES[each.kind])]


def listed(call: Call) -> Answer:
    filters, found = _found(call)
    return filters.page([batch_dto(each) for each in found], _ORDERS)


def count(call: Call) -> Answer:
    return {"count": len(_found(call)[1])}


def statistics(call: Call) -> Answer:
    filters, found = _found(call)
    return filters.page([_statistics(each) for each in found], _ORDERS)


def history(call: Call) -> Answer:
    filters, found = _found(call, "completed")
    orders = {**_ORDERS, "endTime": "endTime"}
    return filters.page([_historic(each) for each in found], orders)


def history_count(call: Call) -> Answer:
    return {"count": len(_found(call, "completed")[1])}


def one(call: Call) -> Answer:
    """An open batch; one that has ended is history."""
    with call.reading() as tx:
        view = queries.batch(tx, call.principal, call.path["id"])
    if view.ended_at is not None:
        raise NotFound("batch", view.id)
    return batch_dto(view)


def history_one(call: Call) -> Answer:
    with call.reading() as tx:
        return _historic(queries.batch(tx, call.principal, call.path["id"]))


def suspend(call: Call) -> Answer:
    suspended = call.json().get("suspended")
    if not isinstance(suspended, bool):
        raise BadRequest("suspended is true or false")
    call.engine.execute(SuspendBatch(call.path["id"], suspended), call.principal)
    return NO_CONTENT


def delete(call: Call) -> Answer:
    """The history of what was done is in the ledgers of those it was done to."""
    call.engine.execute(DeleteBatch(call.path["id"]), call.principal)
    return NO_CONTENT
