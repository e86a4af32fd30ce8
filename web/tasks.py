"""Aufgaben: the inbox, and a task with its form beside what it is about.

Invariant: whatever the server refuses, nothing that was typed is lost: the page comes back with
every value and a sentence that says why.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from bpmn.errors import FieldError, FormInvalid
from bpmn.values import Variables
from engine.commands import AssignTask, ClaimTask, CompleteTask, UnclaimTask
from engine.errors import EngineError
from engine.machine.errors import MachineError
from engine.queries import DefinitionQuery, TaskQuery, definitions, task_count, tasks
from engine.views import Task
from identity.errors import IdentityError
from identity.persons import display_names
from processes.package import TaskSummary
from storage.database import Transaction
from web.deadlines import deadline
from web.desk import Desk, desk_of, package_of
from web.downloads import download
from web.explanations import Said, explain
from web.forms import Filled, change_rows, conditional, form_html, read_posted, row_action
from web.visit import PageNotFound, PageVisit, UploadVisit, Visit

router = APIRouter()

PAGE = 30
VIEWS = {"meine": "Meine und meiner Gruppen", "alle": "Alle sichtbaren", "erledigt": "Erledigt"}
_REFUSALS = (EngineError, MachineError, IdentityError)


# --- the inbox ---


@router.get("/aufgaben")
def inbox(visit: PageVisit, ansicht: str = "meine", sort: str = "", seite: int = 1) -> Response:
    view = ansicht if ansicht in VIEWS else "meine"
    order: Literal["due", "newest"] = "newest" if sort == "neu" else "due"
    number = max(1, min(seite, 1000))
    with visit.reading() as tx:
        query = _query(visit, view, order, PAGE + 1, (number - 1) * PAGE)
        found = tasks(tx, visit.principal, query)
        shown = found[:PAGE]
        counts = {
            each: task_count(tx, visit.principal, _query(visit, each, "newest", 1, 0))
            for each in ("meine", "alle")
        }
        summaries = _summaries(visit, tx, shown)
        names = display_names(tx, {each.assignee for each in shown if each.assignee})
        titles = _process_titles(visit, tx)
        now = tx.now
    return visit.page(
        "aufgaben.html",
        views=VIEWS,
        view=view,
        sort="neu" if order == "newest" else "faellig",
        counts=counts,
        number=number,
        more=len(found) > PAGE,
        rows=[(each, summaries.get(each.id), deadline(each.due, now)) for each in shown],
        names=names,
        titles=titles,
    )


def _query(
    visit: Visit, view: str, order: Literal["due", "newest"], limit: int, offset: int
) -> TaskQuery:
    if view == "erledigt":
        done_by = visit.principal.id
        return TaskQuery(
            done_by=done_by, state="closed", order="newest", limit=limit, offset=offset
        )
    return TaskQuery(inbox=view == "meine", order=order, limit=limit, offset=offset)


def _summaries(visit: Visit, tx: Transaction, shown: list[Task]) -> dict[str, TaskSummary]:
    found: dict[str, TaskSummary] = {}
    for package in visit.house.packages:
        own = [each for each in shown if package_of(visit.house, each.process_id) is package]
        if own and package.task_summaries is not None:
            found |= package.task_summaries(visit.house, tx, visit.principal, own)
    return found


def _process_titles(visit: Visit, tx: Transaction) -> dict[str, str]:
    if not visit.may("model.read"):
        return {}
    newest = definitions(tx, visit.principal, DefinitionQuery(newest=True, limit=500))
    return {each.key: each.name or each.key for each in newest}


# --- one task ---


@router.get("/aufgaben/{task_id}")
def show(visit: PageVisit, task_id: str) -> Response:
    with visit.writing() as tx:
        desk = desk_of(visit, tx, task_id)
    return _page(visit, desk, desk.initial())


@router.post("/aufgaben/{task_id}")
def work(visit: PageVisit, task_id: str) -> Response:
    """Every button of the form: finish, add or remove a row, show what belongs to a choice."""
    with visit.writing() as tx:
        desk = desk_of(visit, tx, task_id)
    data = read_posted(desk.form, visit.posted) if desk.form is not None else {}
    values: Variables = {**desk.initial(), **data}
    if (change := row_action(visit.posted)) is not None:
        change_rows(values, change)
        return _page(visit, desk, values, typed=True)
    if visit.field("aktion") != "erledigen":
        return _page(visit, desk, values, typed=True)
    try:
        visit.house.engine.execute(CompleteTask(task_id, data), visit.principal)
    except FormInvalid as error:
        return _faulty(visit, desk, values, error.errors)
    except _REFUSALS as error:
        said = explain(error)
        return _page(visit, desk, values, typed=True, refusal=said)
    return _next(visit)


@router.post("/aufgaben/{task_id}/uebernehmen")
def claim(visit: PageVisit, task_id: str) -> Response:
    return _hand(visit, task_id, ClaimTask(task_id), "uebernommen")


@router.post("/aufgaben/{task_id}/zurueckgeben")
def unclaim(visit: PageVisit, task_id: str) -> Response:
    return _hand(visit, task_id, UnclaimTask(task_id), "zurueckgegeben")


@router.post("/aufgaben/{task_id}/zuweisen")
def assign(visit: PageVisit, task_id: str) -> Response:
    """A lead gives the task of an absent colleague, or a free one, to somebody of the group."""
    person = visit.field("person")
    with visit.writing() as tx:
        desk = desk_of(visit, tx, task_id, panel=False)
    if person not in desk.colleagues:
        raise PageNotFound
    return _hand(visit, task_id, AssignTask(task_id, person), "zugewiesen")


@router.post("/aufgaben/{task_id}/unterlagen")
def add_paper(visit: UploadVisit, task_id: str) -> Response:
    """Lieferschein, Mahnung … as a file, or a Vermerk that is written here."""
    with visit.writing() as tx:
        desk = desk_of(visit, tx, task_id)
    kind, text = visit.field("art"), visit.field("text")
    if desk.package is None or desk.package.papers is None or kind not in desk.papers:
        raise PageNotFound
    name, data = visit.files[0] if visit.files else ("vermerk.txt", text.encode())
    if not data:
        said = Said(422, "Nichts hinzugefügt", "Bitte eine Datei wählen oder etwas schreiben.")
        return _page(visit, desk, desk.initial(), refusal=said)
    desk.package.papers.add(visit.house, visit.principal, desk.task, kind, data, name)
    return visit.go(f"/aufgaben/{task_id}", "hinzugefuegt")


@router.get("/aufgaben/{task_id}/dateien/{name}")
def panel_file(visit: PageVisit, task_id: str, name: str) -> Response:
    """What the panel links to: the invoice as it came, and what is attached to it."""
    with visit.writing() as tx:
        desk = desk_of(visit, tx, task_id, panel=False)
        read = desk.package.panel_file if desk.package is not None else None
        found = read(visit.house, tx, visit.principal, desk.task, name) if read else None
    if found is None:
        raise PageNotFound
    return download(found.content, found.media_type, found.name)


def _hand(
    visit: Visit, task_id: str, command: AssignTask | ClaimTask | UnclaimTask, notice: str
) -> Response:
    try:
        visit.house.engine.execute(command, visit.principal)
    except _REFUSALS as error:
        with visit.writing() as tx:
            desk = desk_of(visit, tx, task_id)
        return _page(visit, desk, desk.initial(), refusal=explain(error))
    return visit.go(f"/aufgaben/{task_id}", notice)


def _next(visit: Visit) -> Response:
    """The next task of the inbox, the most urgent first; the inbox when nothing is left."""
    with visit.reading() as tx:
        found = tasks(tx, visit.principal, _query(visit, "meine", "due", 20, 0))
    mine = visit.principal.identities()
    free = [each for each in found if not mine & set(each.excluded)]
    if not free:
        return visit.go("/aufgaben", "erledigt")
    return visit.go(f"/aufgaben/{free[0].id}", "naechste")


def _faulty(visit: Visit, desk: Desk, values: Variables, errors: list[FieldError]) -> Response:
    """Faults of fields that the person has not seen yet are no faults: they are shown first."""
    labels = desk.labels()
    seen = [each for each in errors if each.key not in labels or _was_shown(visit, each.key)]
    return _page(visit, desk, values, typed=True, errors=seen, more=not seen, status=422)


def _was_shown(visit: Visit, key: str) -> bool:
    return any(name in visit.posted for name in (key, f"{key}.da", f"{key}.anzahl"))


def _page(
    visit: Visit,
    desk: Desk,
    values: Variables,
    *,
    typed: bool = False,
    errors: list[FieldError] | None = None,
    more: bool = False,
    refusal: Said | None = None,
    status: int = 200,
) -> Response:
    errors = errors or []
    fields = None
    if desk.form is not None:
        locked = desk.locked is not None and not typed
        filled = Filled(desk.form, values, desk.variables, desk.now, errors, locked)
        fields = form_html(filled)
    return visit.page(
        "aufgabe.html",
        refusal.status if refusal else status,
        desk=desk,
        task=desk.task,
        deadline=deadline(desk.task.due, desk.now) if desk.task.closed_at is None else None,
        fields=fields,
        editable=desk.locked is None or typed,
        conditional=desk.form is not None and conditional(desk.form),
        errors=errors,
        more=more,
        refusal=refusal,
        # What is shown here is what it was before; a notice of the address says otherwise.
        **({"notice": None} if refusal or errors or more else {}),
    )
