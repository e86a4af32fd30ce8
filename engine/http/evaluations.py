"""`/history/decision-instance`: evaluated decisions, and what explains them.

One item stands for one evaluation, with all decisions of its graph that took part in `decisions`;
Camunda 7 has an item for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import queries
from engine.http import people
from engine.http.call import Answer, Call, Filters
from engine.http.dialect import JsonObject, format_date, to_plain, write_variable
from engine.machine.facts import Decided
from engine.views import EvaluationView
from storage.database import Transaction

_INCLUDED = ("includeInputs", "includeOutputs")
_FILTERS = (
    "decisionInstanceId",
    "decisionInstanceIdIn",
    "decisionDefinitionId",
    "decisionDefinitionIdIn",
    "decisionDefinitionKey",
    "decisionDefinitionKeyIn",
    "processInstanceId",
    "processDefinitionId",
    "processDefinitionKey",
    "activityIdIn",
    "evaluatedBefore",
    "evaluatedAfter",
    "userId",
    "rootDecisionInstancesOnly",
    "disableBinaryFetching",
    "disableCustomObjectDeserialization",
    "withoutTenantId",
    *_INCLUDED,
)


def _query(call: Call, filters: Filters) -> queries.EvaluationQuery:
    by = filters.text("userId")
    orders = {("evaluationTime", "asc"): False, ("evaluationTime", "desc"): True}
    return queries.EvaluationQuery(
        ids=filters.texts("decisionInstanceId", "decisionInstanceIdIn"),
        definition_ids=filters.texts("decisionDefinitionId", "decisionDefinitionIdIn"),
        keys=filters.texts("decisionDefinitionKey", "decisionDefinitionKeyIn"),
        instance_id=filters.text("processInstanceId"),
        process_definition_id=filters.text("processDefinitionId"),
        process_id=filters.text("processDefinitionKey"),
        nodes=filters.texts("activityIdIn"),
        before=filters.instant("evaluatedBefore"),
        after=filters.instant("evaluatedAfter"),
        evaluated_by=None if by is None else people.person_id(call, by),
        newest_first=filters.order(orders, True),
        limit=filters.limit,
        offset=filters.offset,
    )


def listed(call: Call) -> Answer:
    filters = call.filters(*_FILTERS)
    query = _query(call, filters)
    with call.reading() as tx:
        found = queries.evaluation_list(tx, call.principal, query)
        return _shown(call, tx, filters, found)


def count(call: Call) -> Answer:
    query = _query(call, call.filters(*_FILTERS))
    with call.reading() as tx:
        return {"count": queries.evaluation_count(tx, call.principal, query)}


def one(call: Call) -> Answer:
    filters = call.filters(*_FILTERS)
    with call.reading() as tx:
        found = queries.evaluation(tx, call.principal, call.path["id"])
        return _shown(call, tx, filters, [found])[0]


def _shown(
    call: Call, tx: Transaction, filters: Filters, found: list[EvaluationView]
) -> list[JsonObject]:
    inputs, outputs = (filters.flag(name) or False for name in _INCLUDED)
    logins = people.logins(tx, {each.evaluated_by for each in found})
    items = []
    for each in found:
        item = _head(call, tx, each, logins)
        if inputs or outputs:
            told = queries.explanation(tx, call.principal, each)
            item |= _told(item, told, inputs=inputs, outputs=outputs)
        items.append(item)
    return items


def _head(
    call: Call, tx: Transaction, each: EvaluationView, logins: Mapping[str | None, str]
) -> JsonObject:
    name = None
    if each.definition_id is not None:
        name = call.engine.models.definition(tx, each.definition_id).name
    return {
        "id": each.id,
        "decisionDefinitionId": each.definition_id,
        "decisionDefinitionKey": each.key,
        "decisionDefinitionName": name,
        "evaluationTime": format_date(each.evaluated_at),
        "removalTime": None,
        "processDefinitionId": each.process_definition_id,
        "processDefinitionKey": each.process_id,
        "processInstanceId": each.instance_id,
        "rootProcessInstanceId": each.instance_id,
        "caseDefinitionId": None,
        "caseDefinitionKey": None,
        "caseInstanceId": None,
        "activityId": each.node,
        "activityInstanceId": None,
        "tenantId": None,
        "userId": logins.get(each.evaluated_by, each.evaluated_by),
        "inputs": [],
        "outputs": [],
        "collectResultValue": None,
        "rootDecisionInstanceId": None,
        "decisionRequirementsDefinitionId": None,
        "decisionRequirementsDefinitionKey": None,
    }


def _told(item: JsonObject, told: Decided, *, inputs: bool, outputs: bool) -> JsonObject:
    """Inputs and outputs as Camunda has them, and each decision that took part."""
    decisions = _decisions(told)
    own = next((each for each in decisions if each["id"] == item["decisionDefinitionKey"]), {})
    shown: JsonObject = {"decisions": to_plain(decisions)}  # type: ignore[arg-type]
    if inputs:
        shown["inputs"] = [
            {"decisionInstanceId": item["id"], "clauseName": text, **write_variable(value)}
            for text, value in (told.inputs or {}).items()
        ]
    if outputs:
        shown["outputs"] = list(_outputs(item, own))
    return shown


def _outputs(item: JsonObject, own: JsonObject) -> list[JsonObject]:
    """One item for each output of each row; a rule is named where there is one for each row."""
    table = own["tables"][-1] if own.get("tables") else {}
    rules = table.get("rules", [])
    rows = table.get("outputs") or []
    if not isinstance(rows, list):  # only their size and hash were kept
        rows = []
    if not table and own:
        rows = [{own["id"]: own["result"]}]
    paired = len(rows) == len(rules)
    return [
        {
            "decisionInstanceId": item["id"],
            "clauseName": name,
            "variableName": name,
            "ruleId": rules[at][1] if paired else None,
            "ruleOrder": rules[at][0] if paired else None,
            **write_variable(value),
        }
        for at, row in enumerate(rows)
        for name, value in row.items()
    ]


def _decisions(told: Decided) -> list[JsonObject]:
    """Every decision of the graph that was evaluated; values are null where they were erased."""
    values: Any = told.values or [{}] * len(told.evaluated or ())
    found = []
    for (identifier, tables), seen in zip(told.evaluated or (), values, strict=True):
        used = seen.get("tables") or [{}] * len(tables)
        found.append(
            {
                "id": identifier,
                "required": seen.get("required"),
                "result": seen.get("result"),
                "tables": [
                    {
                        "id": table,
                        "hitPolicy": policy,
                        "rules": [list(pair) for pair in zip(matched, rules, strict=True)],
                        "inputs": held.get("inputs"),
                        "outputs": held.get("outputs"),
                    }
                    for (table, policy, matched, rules), held in zip(tables, used, strict=True)
                ],
            }
        )
    return found
