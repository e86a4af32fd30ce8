"""`/migration`: plans are generated, validated and carried out, as in Camunda 7.

Invariant: whoever sends a plan that was validated without a failure changes either every instance
that it names, or none.
"""

from __future__ import annotations

from engine import migrations
from engine.commands import MigrateInstance
from engine.http.call import Answer, Call
from engine.http.dialect import BadRequest, JsonObject, read_variables, write_variable
from engine.http.migration_reports import plan_report, written_move
from engine.http.operations import at_once, later, reason_of, stated, subjects
from engine.machine.triggers import Move
from identity.access import require


def generate(call: Call) -> Answer:
    """A plan that maps what is the same in both definitions."""
    body = call.json()
    source, target = _definitions(body)
    require(call.principal, "model.read")
    with call.reading() as tx:
        anew = bool(body.get("updateEventTriggers"))
        moves = migrations.generated(call.engine.models, tx, source, target, update_triggers=anew)
    variables, wires = read_variables(body.get("variables"))
    return {
        "sourceProcessDefinitionId": source,
        "targetProcessDefinitionId": target,
        "instructions": [written_move(each) for each in moves],
        "variables": {
            name: write_variable(each, wires.get(name)) for name, each in variables.items()
        }
        or None,
    }


def validate(call: Call) -> Answer:
    """The report of every instruction; nobody's instance is looked at."""
    body = call.json()
    source, target = _definitions(body)
    require(call.principal, "model.read")
    moves = _moves(body)
    with call.reading() as tx:
        report = migrations.validated(call.engine.models, tx, source, target, moves)
    return plan_report(report)


def execute(call: Call) -> Answer:
    """`POST /migration/execute`: before the answer, all instances or none."""
    body = stated(call)
    order = _order(body)
    moves = [Move(source=a, target=b, update=anew) for a, b, anew in order.pop("moves")]
    ids = subjects(call, body)
    return at_once(call, [MigrateInstance(each, moves=moves, **order) for each in ids])


def execute_async(call: Call) -> Answer:
    body = stated(call)
    return later(call, "migrate", subjects(call, body), _order(body))


def _order(body: JsonObject) -> JsonObject:
    plan = body.get("migrationPlan")
    if not isinstance(plan, dict):
        raise BadRequest("migrationPlan is required")
    source, target = _definitions(plan)
    variables, wires = read_variables(plan.get("variables"))
    return {
        "source_id": source,
        "target_id": target,
        "moves": [[each.source, each.target, each.update] for each in _moves(plan)],
        "variables": variables,
        "wires": dict(wires),
        "reason": reason_of(body),
    }


def _definitions(body: JsonObject) -> tuple[str, str]:
    found = body.get("sourceProcessDefinitionId"), body.get("targetProcessDefinitionId")
    if not isinstance(found[0], str) or not isinstance(found[1], str):
        raise BadRequest("sourceProcessDefinitionId and targetProcessDefinitionId are required")
    return found[0], found[1]


def _moves(plan: JsonObject) -> list[Move]:
    given = plan.get("instructions") or []
    if not isinstance(given, list):
        raise BadRequest("instructions is a list")
    return [_move(each) for each in given]


def _move(given: object) -> Move:
    if isinstance(given, dict):
        sources, targets = given.get("sourceActivityIds"), given.get("targetActivityIds")
        if _is_one(sources) and _is_one(targets):
            return Move(
                source=sources[0],  # type: ignore[index]
                target=targets[0],  # type: ignore[index]
                update=bool(given.get("updateEventTrigger")),
            )
    raise BadRequest("an instruction names one sourceActivityId and one targetActivityId")


def _is_one(ids: object) -> bool:
    return isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], str)
