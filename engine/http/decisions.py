"""`/decision-definition`: list, read, evaluate."""

from __future__ import annotations

from engine import queries
from engine.commands import EvaluateDecision
from engine.http.call import Answer, Call
from engine.http.definitions import filtered, found_definition
from engine.http.deployments import definition as shown
from engine.http.dialect import JsonObject, read_variables, write_variable
from engine.results import Definition

_ORDERS = {name: name for name in ("id", "key", "name", "version", "category", "deploymentId")}


def _shown(each: Definition) -> JsonObject:
    return _as_decision(shown(each))


def _as_decision(item: JsonObject) -> JsonObject:
    of_processes = {"suspended", "startableInTasklist", "description", "diagram"}
    drawn = {"decisionRequirementsDefinitionId": None, "decisionRequirementsDefinitionKey": None}
    return {k: v for k, v in item.items() if k not in of_processes} | drawn


def listed(call: Call) -> Answer:
    filters, found = filtered(call, "decision")
    return filters.page([_as_decision(item) for item in found], _ORDERS)


def count(call: Call) -> Answer:
    return {"count": len(filtered(call, "decision")[1])}


def one(call: Call) -> Answer:
    with call.reading() as tx:
        return _shown(found_definition(call, tx, "decision"))


def xml(call: Call) -> Answer:
    with call.reading() as tx:
        found = found_definition(call, tx, "decision")
        source = queries.source(tx, call.principal, found.id)
    return {"id": found.id, "dmnXml": source.decode("utf-8", "replace")}


def evaluate(call: Call) -> Answer:
    """One object of typed values for each result of the decision."""
    values, _ = read_variables(call.json().get("variables"))
    with call.reading() as tx:
        found = found_definition(call, tx, "decision")
    outcome = call.engine.execute(
        EvaluateDecision(variables=values, definition_id=found.id), call.principal
    )
    return [{name: write_variable(v) for name, v in row.items()} for row in outcome.outputs]
