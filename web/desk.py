"""What lies on the desk for one task: its form, the values it sees, what stands beside it.

Invariant: the form is the version that the task was opened with; values and panel are only what
the E-Akte lets this person see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bpmn.errors import FieldError
from bpmn.form_spec import Rows, empty_row, owners
from bpmn.forms import FormSpec
from bpmn.values import Variables
from eakte.errors import EakteError
from eakte.vorgaenge import vorgang_of_instance
from engine.access import names as own_names
from engine.errors import NotAllowed, NotFound
from engine.queries import task, variables
from engine.views import Task
from identity.persons import display_names, members
from processes.house import House
from processes.package import Package, TaskPanel
from storage.database import Transaction
from web.visit import Visit

Locked = Literal["closed", "other_person", "taken", "free", "reader"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One task as a page needs it. `locked` says why nothing may be typed; None: it may."""

    task: Task
    package: Package | None
    form: FormSpec | None
    variables: Variables
    readable: bool
    panel: TaskPanel | None
    vorgang: str | None
    holder: str
    closer: str
    locked: Locked | None
    mine: bool
    may_release: bool
    colleagues: dict[str, str]
    """To whom this person may give the task: ids and names, nobody unless it is a lead's."""
    papers: Mapping[str, str]
    """What this person may add to the file: kinds and labels."""
    now: datetime
    suggested: Variables
    """What the fields hold at first where no variable says it."""

    def initial(self) -> Variables:
        """What the fields hold when the page opens; a list without rows gets its first ones."""
        if self.form is None:
            return {}
        known = {name: value for name, value in self.variables.items() if value is not None}
        values = self.form.initial({**self.suggested, **known})
        for each in owners(self.form.components):
            if isinstance(each, Rows) and values[each.path] == []:
                values[each.path] = [empty_row(each) for _ in range(each.first_count)]
        return values

    def labels(self) -> dict[str, str]:
        """The label of each field; of one in a row: what the row is called and its number."""
        if self.form is None:
            return {}
        found = {each.key: each.label for each in self.form.fields()}
        return found | {
            each.path: each.label for each in owners(self.form.components) if isinstance(each, Rows)
        }

    def label(self, error: FieldError) -> str:
        """What a fault's field is called on the page."""
        labels = self.labels()
        match = re.fullmatch(r"([\w-]+)\.(\d+)\.([\w-]+)", error.key)
        if match is None:
            return labels.get(error.key, "Angabe")
        row = int(match[2]) + 1
        return f"{labels.get(match[1], 'Liste')}, Zeile {row}, {labels.get(match[3], 'Angabe')}"


def package_of(house: House, process_id: str) -> Package | None:
    return next((each for each in house.packages if each.name == process_id), None)


def desk_of(visit: Visit, tx: Transaction, task_id: str, *, panel: bool = True) -> Desk:
    """Raises `engine.errors.NotFound` for what the person may not see."""
    found = task(tx, visit.principal, task_id)
    package = package_of(visit.house, found.process_id)
    values, readable = _values(visit, tx, found)
    form = visit.house.engine.form(tx, found.form_id) if found.form_id else None
    names = display_names(tx, {p for p in (found.assignee, found.closed_by) if p})
    mine = found.assignee is not None and found.assignee in own_names(visit.principal)
    beside, suggested = None, Variables()
    if panel and package is not None and package.task_values is not None:
        suggested = package.task_values(visit.house, tx, visit.principal, found)
    if panel and package is not None and package.task_panel is not None:
        beside = package.task_panel(visit.house, tx, visit.principal, found)
    return Desk(
        task=found,
        package=package,
        form=form,
        variables=values,
        readable=readable,
        panel=beside,
        vorgang=_vorgang(visit, tx, found.instance_id),
        holder=names.get(found.assignee or "", "einer anderen Person"),
        closer=names.get(found.closed_by or "", "dem System"),
        locked=_locked(visit, found, mine=mine),
        mine=mine,
        may_release=found.closed_at is None
        and found.assignee is not None
        and (mine or visit.may("task.assign")),
        colleagues=_colleagues(visit, tx, found),
        papers=_papers(visit, tx, package, found),
        now=tx.now,
        suggested=suggested,
    )


def _values(visit: Visit, tx: Transaction, found: Task) -> tuple[Variables, bool]:
    """What the form's texts and conditions see, and whether the person may read it."""
    token = found.token if found.closed_at is None else None
    try:
        seen = variables(tx, visit.principal, found.instance_id, token)
    except NotAllowed:
        return {}, False
    except NotFound:
        return {}, True
    return {name: each.value for name, each in seen.items()}, True


def _colleagues(visit: Visit, tx: Transaction, found: Task) -> dict[str, str]:
    """Those of the task's groups who may do it, by name."""
    groups = set(found.candidate_groups)
    if found.closed_at is not None or not visit.may("task.assign"):
        return {}
    if not groups & visit.principal.groups:
        return {}
    able = {each for group in groups for each in members(tx, "group", group)}
    able -= {*found.excluded, found.assignee}
    names = display_names(tx, able)
    return dict(sorted(names.items(), key=lambda each: each[1]))


def _papers(
    visit: Visit, tx: Transaction, package: Package | None, found: Task
) -> Mapping[str, str]:
    papers = None if package is None else package.papers
    if papers is None or found.closed_at is not None or not visit.may("akte.write"):
        return {}
    return papers.kinds if papers.may(tx, visit.principal, found) else {}


def _locked(visit: Visit, found: Task, *, mine: bool) -> Locked | None:
    if found.closed_at is not None:
        return "closed"
    principal = visit.principal
    named = set(found.candidate_users) & set(own_names(principal))
    candidate = named or set(found.candidate_groups) & principal.groups
    if not visit.may("task.work") or not (mine or candidate):
        return "reader"
    if principal.identities() & set(found.excluded):
        return "other_person"
    if found.assignee is None:
        return "free"
    return None if mine else "taken"


def _vorgang(visit: Visit, tx: Transaction, instance_id: str) -> str | None:
    """The Vorgang that the instance is, if the person may know of it."""
    if not visit.may("akte.read"):
        return None
    try:
        found = vorgang_of_instance(tx, visit.principal, instance_id)
    except EakteError:
        return None
    return None if found is None else found.id
