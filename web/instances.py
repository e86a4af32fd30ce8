"""Ablauf: where one instance stands, in words and in its diagram, and what it has behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from bpmn.diagram import diagram_svg
from bpmn.graph import Graph
from bpmn.values import Value
from eakte.errors import EakteError
from eakte.vorgaenge import Vorgang, vorgang_of_instance
from engine.commands import RetryIncident
from engine.errors import NotAllowed
from engine.queries import (
    IncidentQuery,
    TaskQuery,
    TimerQuery,
    activities,
    definition,
    incident_of,
    incidents,
    instance,
    source,
    tasks,
    timers,
    tokens,
    variables,
)
from engine.views import Activity, IncidentView, Task, TimerView, Token, Variable
from identity.persons import display_names
from storage.database import Transaction
from web.rendering import datum, zeitpunkt
from web.visit import PageNotFound, PageVisit, Visit

router = APIRouter()
T = TypeVar("T")

ENDS = {
    "completed": "beendet",
    "terminated": "abgebrochen durch ein Ende-Ereignis",
    "cancelled": "von Hand abgebrochen",
    "error": "mit einem Fehler beendet",
}
_WAITS = {
    "job": "die Anwendung arbeitet daran",
    "subscription": "wartet auf eine Nachricht",
    "incident": "angehalten wegen einer Störung",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One place where the instance is: the node's name, and what it waits for, in words."""

    node: str
    text: str
    task: str | None = None


@router.get("/instanzen/{instance_id}")
def show(visit: PageVisit, instance_id: str) -> Response:
    who = visit.principal
    with visit.writing() as tx:
        head = instance(tx, who, instance_id)
        at = tokens(tx, who, instance_id)
        stopped = incidents(tx, who, IncidentQuery(instance_id=instance_id))
        open_tasks = tasks(tx, who, TaskQuery(instance_id=instance_id, limit=200))
        clocks = timers(tx, who, TimerQuery(instance_id=instance_id, limit=200))
        visits = _allowed(lambda: activities(tx, who, instance_id))
        values = _allowed(lambda: variables(tx, who, instance_id))
        deployed = definition(tx, who, head.definition_id)
        graph = visit.house.engine.graph(tx, head.definition_id)
        older = {v.definition_id for v in visits or ()} - {head.definition_id}
        graphs = [*(visit.house.engine.graph(tx, each) for each in sorted(older)), graph]
        text = source(tx, who, head.definition_id)
        vorgang = _vorgang(visit, tx, instance_id)
        people = {t.assignee for t in open_tasks} | {v.performer for v in visits or ()}
        people |= {v.on_behalf_of for v in visits or ()} | {head.started_by}
        names = {"system": "System"} | display_names(tx, {each for each in people if each})
    marks = _marks(visits or (), at, stopped)
    return visit.page(
        "instanz.html",
        instance=head,
        definition=deployed,
        how=ENDS.get(head.how or "", "beendet") if head.ended_at else None,
        standing=_standing(graph, at, open_tasks, clocks, names),
        incidents=stopped,
        may_operate=visit.may("instance.operate"),
        steps={n.id: n.name or n.id for n in graph.nodes.values()},
        activities=visits,
        node_names={n.id: n.name or n.id for each in graphs for n in each.nodes.values()},
        names=names,
        variables=None if values is None else [(k, _shown(values[k])) for k in sorted(values)],
        vorgang=vorgang,
        diagram=Markup(diagram_svg(text, marks, deployed.key)),  # noqa: S704 made by our own writer, which escapes
    )


@router.post("/instanzen/{instance_id}/stoerungen/{incident_id}")
def retry(visit: PageVisit, instance_id: str, incident_id: str) -> Response:
    """Try again what stopped."""
    with visit.reading() as tx:
        found = incident_of(tx, visit.principal, incident_id)
    if found.instance_id != instance_id:
        raise PageNotFound
    visit.house.engine.execute(RetryIncident(incident_id), visit.principal)
    return visit.go(f"/instanzen/{instance_id}", "wiederholt")


def _allowed(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except NotAllowed:
        return None


def _vorgang(visit: Visit, tx: Transaction, instance_id: str) -> Vorgang | None:
    if not visit.may("akte.read"):
        return None
    try:
        return vorgang_of_instance(tx, visit.principal, instance_id)
    except EakteError:
        return None


def _marks(
    visits: Iterable[Activity], at: Iterable[Token], stopped: Iterable[IncidentView]
) -> dict[str, str]:
    """By node: what is now hides what was."""
    marks = {each.node: "done" for each in visits if each.ended_at and not each.cancelled}
    marks |= {each.node: "active" for each in at}
    return marks | {each.node: "incident" for each in stopped}


def _standing(
    graph: Graph,
    at: Iterable[Token],
    open_tasks: Iterable[Task],
    clocks: Iterable[TimerView],
    names: dict[str, str],
) -> list[Standing]:
    by_id = {each.id: each for each in open_tasks}
    due = {each.id: each.due for each in clocks}
    found = []
    for token in at:
        node = graph.nodes.get(token.node)
        if node is None or not token.waits_for:
            continue
        found += [
            _waiting(node.name or node.id, kind, wait, by_id.get(wait), due, names)
            for kind, wait in token.waits_for
            if kind != "timer" or len(token.waits_for) == 1
        ]
    return found


def _waiting(  # noqa: PLR0917 one sentence's parts
    node: str,
    kind: str,
    wait: str,
    task: Task | None,
    due: dict[str, datetime],
    names: dict[str, str],
) -> Standing:
    if kind == "task":
        if task is None:
            return Standing(node, "liegt bei einer anderen Stelle")
        since = f"seit {zeitpunkt(task.opened_at)}"
        if task.assignee is None:
            groups = ", ".join(task.candidate_groups) or "niemandem"
            return Standing(node, f"{since} frei bei: {groups}", task.id)
        return Standing(node, f"{since} bei {names.get(task.assignee, 'jemandem')}", task.id)
    if kind == "timer":
        return Standing(node, f"wartet bis {zeitpunkt(due.get(wait))}")
    return Standing(node, _WAITS.get(kind, "wartet"))


def _shown(variable: Variable) -> str:
    """A value as text, cut where it is long."""
    text = _text(variable.value)
    return text if len(text) <= 400 else f"{text[:400]} …"


def _text(value: Value) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "ja" if value else "nein"
        case datetime():
            return zeitpunkt(value)
        case list():
            return "; ".join(_text(each) for each in value) or "(leer)"
        case dict():
            return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    return datum(value) if isinstance(value, date) else str(value)
