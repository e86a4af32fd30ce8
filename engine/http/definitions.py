"""`/process-definition` and `/decision-definition`: list, read, start, evaluate."""

from __future__ import annotations

from engine import queries
from engine.commands import StartInstance
from engine.http.call import Answer, Call
from engine.http.deployments import definition as shown
from engine.http.dialect import BadRequest, JsonObject, read_variables, write_variables
from engine.results import Definition
from storage.database import Transaction


def _query(call: Call) -> queries.DefinitionQuery:
    return queries.DefinitionQuery(
        kind="process",
        key=call.query.get("key"),
        version=call.number("version"),
        newest=call.flag("latestVersion") or False,
        deployment_id=call.query.get("deploymentId"),
        name=call.query.get("name"),
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
    )


def listed(call: Call) -> Answer:
    with call.reading() as tx:
        return [shown(each) for each in queries.definitions(tx, call.principal, _query(call))]


def count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": queries.definition_count(tx, call.principal, _query(call))}


def _found(call: Call, tx: Transaction, kind: str = "process") -> Definition:
    if "key" in call.path:
        return queries.newest_definition(tx, call.principal, call.path["key"], kind)
    return queries.definition(tx, call.principal, call.path["id"])


def one(call: Call) -> Answer:
    with call.reading() as tx:
        return shown(_found(call, tx))


def xml(call: Call) -> Answer:
    with call.reading() as tx:
        found = _found(call, tx)
        source = queries.source(tx, call.principal, found.id)
    return {"id": found.id, "bpmn20Xml": source.decode("utf-8", "replace")}


_START_ONLY_PLAIN = ("startInstructions", "skipCustomListeners", "skipIoMappings")


def start(call: Call) -> Answer:
    body = call.json()
    for name in _START_ONLY_PLAIN:
        if body.get(name):
            raise BadRequest(f"{name} is not supported")
    variables, wires = read_variables(body.get("variables"))
    started = call.engine.execute(
        StartInstance(
            process_id=call.path.get("key"),
            definition_id=call.path.get("id"),
            variables=variables,
            wires=wires,
            business_key=body.get("businessKey"),
        ),
        call.principal,
    )
    answer: JsonObject = {
        "links": [],
        "id": started.id,
        "definitionId": started.definition_id,
        "definitionKey": started.process_id,
        "businessKey": started.business_key,
        "caseInstanceId": None,
        "ended": started.ended,
        "suspended": False,
        "tenantId": None,
    }
    if body.get("withVariablesInReturn"):
        with call.reading() as tx:
            found = queries.variables(tx, call.principal, started.id)
        answer["variables"] = write_variables(
            {name: each.value for name, each in found.items()},
            {name: each.wire for name, each in found.items() if each.wire},
        )
    return answer
