"""Eingreifen: what an operator does to running instances, one or many, from the pages.

Each of it is a command of the engine, with its reason in the ledger; what is done to many becomes a
batch that the clock works off. Invariant: these pages decide nothing; whoever may not operate does
not find them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bpmn.graph import Graph
from bpmn.values import Value
from engine.commands import (
    CancelInstance,
    Command,
    DeleteBatch,
    ModifyInstance,
    RestartInstance,
    RetryBatch,
    SetVariables,
    StartBatch,
    SuspendBatch,
    SuspendDefinition,
    SuspendInstance,
)
from engine.errors import EngineError
from engine.machine.errors import MachineError
from engine.machine.triggers import CancelActivity, Instruction, Move, StartAfter, StartBefore
from engine.migrations import generated, validated
from engine.queries import (
    DefinitionQuery,
    IncidentQuery,
    InstanceQuery,
    batch,
    batch_list,
    definitions,
    incidents,
    instance,
    instance_count,
    instance_list,
)
from engine.results import Definition
from identity.persons import display_names
from web.visit import PageNotFound, PageVisit, Visit

router = APIRouter()
MOST = 100_000
"""Instances that one batch takes."""
KINDS = {
    "delete": "Abbrechen",
    "suspend": "Aussetzen oder fortsetzen",
    "variables": "Werte setzen",
    "retry": "Störungen wiederholen",
    "retries": "Versuche setzen",
    "modify": "Schritte ändern",
    "migrate": "Auf eine andere Version umstellen",
    "restart": "Neu beginnen",
}
_STEPS: Mapping[str, Callable[[str], Instruction]] = {
    "davor": lambda node: StartBefore(node=node),
    "danach": lambda node: StartAfter(node=node),
    "abbrechen": lambda node: CancelActivity(node=node),
}


# --- one instance ---


def _suspend(visit: Visit, instance_id: str, reason: str) -> Command[Any]:
    return SuspendInstance(instance_id, visit.field("aussetzen") == "ja", reason)


def _cancel(_visit: Visit, instance_id: str, reason: str) -> Command[Any]:
    return CancelInstance(instance_id, reason)


def _change(visit: Visit, instance_id: str, reason: str) -> Command[Any]:
    step = _STEPS.get(visit.field("was"))
    if step is None:
        raise PageNotFound
    return ModifyInstance(instance_id, [step(visit.field("schritt"))], reason)


def _set_value(visit: Visit, instance_id: str, _reason: str) -> Command[Any]:
    return SetVariables(instance_id, {visit.field("name"): _value(visit.field("wert"))})


def _begin_anew(visit: Visit, instance_id: str, reason: str) -> Command[Any]:
    with visit.reading() as tx:
        ended = instance(tx, visit.principal, instance_id)
    first = StartBefore(node=visit.field("schritt"))
    return RestartInstance(instance_id, ended.definition_id, [first], reason=reason)


INTERVENTIONS: Mapping[str, Callable[[Visit, str, str], Command[Any]]] = {
    "aussetzen": _suspend,
    "abbrechen": _cancel,
    "aendern": _change,
    "wert": _set_value,
    "neustart": _begin_anew,
}
"""The last part of the address, and the command it stands for."""
_NEED_A_REASON = frozenset({"abbrechen", "aendern", "neustart"})


@router.post("/instanzen/{instance_id}/eingriffe/{name}")
def intervene(visit: PageVisit, instance_id: str, name: str) -> Response:
    """Do one thing to one instance; what the engine refuses is said on a page of its own."""
    visit.require("instance.operate")
    make, reason = INTERVENTIONS.get(name), visit.field("grund")
    if make is None:
        raise PageNotFound
    back = f"/instanzen/{instance_id}"
    if name in _NEED_A_REASON and not reason:
        return _refused(visit, back, "Bitte einen Grund angeben: er steht in der Historie.")
    done, fault = _done(visit, make(visit, instance_id, reason))
    if fault is not None:
        return _refused(visit, back, fault)
    return visit.go(f"/instanzen/{done.id}" if name == "neustart" else back, "eingegriffen")


def _value(text: str) -> Value:
    """JSON where it is some, with exact numbers; else the text itself."""
    try:
        found: Value = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except ValueError:
        return text
    return found


def _no_number(name: str) -> Value:
    raise ValueError(f"{name} is no number")


def _done(visit: Visit, command: Command[Any]) -> tuple[Any, str | None]:
    """What the engine answered, or why it did not do it."""
    try:
        return visit.house.engine.execute(command, visit.principal), None
    except (EngineError, MachineError) as error:
        return None, str(error)


def _refused(visit: Visit, back: str, fault: str) -> Response:
    return visit.page("eingriff.html", 422, back=back, fault=fault)


# --- one version of a process ---


@router.post("/prozesse/{key}/aussetzen")
def suspend_version(visit: PageVisit, key: str) -> Response:
    """Let nothing start from a version, or let it again; its instances with it where asked for."""
    visit.require("instance.operate")
    version = _version(visit, key, visit.field("version"))
    suspended, with_instances = visit.field("aussetzen") == "ja", bool(visit.field("mit"))
    command = SuspendDefinition(version.id, suspended, with_instances, visit.field("grund"))
    back = f"/prozesse/{key}?version={version.version}"
    ordered, fault = _done(visit, command)
    if fault is not None:
        return _refused(visit, back, fault)
    if ordered is not None:
        return visit.go("/stapel", "beauftragt")
    return visit.go(f"/prozesse/{key}", "eingegriffen")


@router.post("/prozesse/{key}/stoerungen")
def retry_all(visit: PageVisit, key: str) -> Response:
    """Try everything again that stopped in this process."""
    visit.require("instance.operate")
    with visit.reading() as tx:
        open_ones = incidents(tx, visit.principal, IncidentQuery(process_id=key, limit=MOST))
    if not open_ones:
        return visit.go(f"/prozesse/{key}")
    return _order(visit, "retry", [each.id for each in open_ones], {}, f"/prozesse/{key}")


def _version(visit: Visit, key: str, number: str) -> Definition:
    with visit.reading() as tx:
        found = definitions(tx, visit.principal, DefinitionQuery(key=key, limit=200))
    version = next((each for each in found if str(each.version) == number), None)
    if version is None:
        raise PageNotFound
    return version


def _order(
    visit: Visit, kind: str, subjects: list[str], order: dict[str, Any], back: str
) -> Response:
    _, fault = _done(visit, StartBatch(kind, subjects, order))
    return _refused(visit, back, fault) if fault else visit.go("/stapel", "beauftragt")


# --- moving instances to another version ---


@dataclass(frozen=True, slots=True)
class Row:
    """One activity of a plan: where it stands now, where it shall stand, and what is against it."""

    source: str
    name: str
    target: str
    faults: tuple[str, ...] = ()


@router.get("/prozesse/{key}/umstellen")
def plan(visit: PageVisit, key: str, von: str = "", nach: str = "") -> Response:
    """A plan between two versions, generated and validated."""
    visit.require("instance.operate")
    source, target = _version(visit, key, von), _version(visit, key, nach)
    if source.id == target.id:
        back = f"/prozesse/{key}?version={source.version}"
        return _refused(visit, back, "Bitte zwei verschiedene Versionen wählen.")
    with visit.reading() as tx:
        models = visit.house.engine.models
        moves = generated(models, tx, source.id, target.id, update_triggers=False)
    return _plan_page(visit, source, target, {move.source: move.target for move in moves})


@router.post("/prozesse/{key}/umstellen")
def move_all(visit: PageVisit, key: str) -> Response:
    """Validate the plan as it was changed, or order the move of all that runs in the version."""
    visit.require("instance.operate")
    source = _version(visit, key, visit.field("von"))
    target = _version(visit, key, visit.field("nach"))
    engine = visit.house.engine
    with visit.reading() as tx:
        graph = engine.graph(tx, source.id)
    wanted = {node: visit.field(f"ziel-{node}") for node in graph.nodes}
    chosen = {node: to for node, to in wanted.items() if to}
    moves = [Move(source=a, target=b) for a, b in chosen.items()]
    with visit.reading() as tx:
        report = validated(engine.models, tx, source.id, target.id, moves)
        query = InstanceQuery(definition_id=source.id, state="running", limit=MOST)
        running = [each.id for each in instance_list(tx, visit.principal, query)]
    refused = not moves or any(faults for _, faults in report)
    reason = visit.field("grund")
    if refused or not reason or visit.field("pruefen") or not running:
        fault = "Bitte einen Grund angeben: er steht in der Historie." if not reason else None
        faults = {move.source: tuple(each) for move, each in report}
        fault = None if refused else fault
        return _plan_page(visit, source, target, chosen, faults=faults, fault=fault)
    order = {
        "source_id": source.id,
        "target_id": target.id,
        "moves": [[move.source, move.target, move.update] for move in moves],
        "reason": reason,
    }
    return _order(visit, "migrate", running, order, f"/prozesse/{key}")


def _plan_page(
    visit: Visit,
    source: Definition,
    target: Definition,
    chosen: Mapping[str, str],
    *,
    faults: Mapping[str, tuple[str, ...]] | None = None,
    fault: str | None = None,
) -> Response:
    """The plan with what is against it; `faults` is None before it was validated."""
    engine = visit.house.engine
    with visit.reading() as tx:
        old, new = engine.graph(tx, source.id), engine.graph(tx, target.id)
        query = InstanceQuery(definition_id=source.id, state="running")
        running = instance_count(tx, visit.principal, query)
    places = sorted(set(chosen) | set(faults or {}), key=list(old.nodes).index)
    rows = [
        Row(node, _named(old, node), chosen.get(node, ""), (faults or {}).get(node, ()))
        for node in places
    ]
    status = 422 if fault or any(row.faults for row in rows) else 200
    return visit.page(
        "umstellen.html",
        status,
        source=source,
        target=target,
        rows=rows,
        targets={node: _named(new, node) for node in new.nodes},
        running=running,
        checked=faults is not None,
        fault=fault,
        reason=visit.field("grund"),
    )


def _named(graph: Graph, node: str) -> str:
    """The node's name; with its id where another has the same."""
    name = graph.nodes[node].name or node
    alike = sum(each.name == name for each in graph.nodes.values()) > 1
    return f"{name} ({node})" if alike else name


# --- batches ---


@router.get("/stapel")
def batches(visit: PageVisit) -> Response:
    """What was ordered for many, the newest first, with what failed."""
    visit.require("instance.operate")
    who = visit.principal
    with visit.reading() as tx:
        found = batch_list(tx, who, ended=None, limit=100)
        shown = [batch(tx, who, each.id) if each.failed else each for each in found]
        names = {"system": "System"} | display_names(tx, {each.started_by for each in shown})
    return visit.page("stapel.html", batches=shown, kinds=KINDS, names=names)


_ON_BATCHES: Mapping[str, Callable[[str], Command[Any]]] = {
    "aussetzen": lambda each: SuspendBatch(each, suspended=True),
    "fortsetzen": lambda each: SuspendBatch(each, suspended=False),
    "wiederholen": RetryBatch,
    "loeschen": DeleteBatch,
}


@router.post("/stapel/{batch_id}/{name}")
def on_batch(visit: PageVisit, batch_id: str, name: str) -> Response:
    visit.require("instance.operate")
    make = _ON_BATCHES.get(name)
    if make is None:
        raise PageNotFound
    _, fault = _done(visit, make(batch_id))
    return _refused(visit, "/stapel", fault) if fault else visit.go("/stapel", "eingegriffen")
