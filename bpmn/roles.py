"""BPMN's own words for who does a user task: `humanPerformer` and `potentialOwner` (§10.3.4).

A role names people by an expression, as Camunda 7 reads it (`user(a), group(b), c`: a name alone
is a group), or by a resource, whose name is then a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from bpmn.context import Context, constant
from bpmn.graph import Expression, UserTask
from bpmn.model import child, children, reference, text_of

_MEMBER = re.compile(r"\s*(?:(user|group)\(\s*([^()]*?)\s*\)|([^(),]+?))\s*(?:,|$)")


def with_roles(context: Context, element: etree._Element, task: UserTask) -> UserTask:
    """The task with what BPMN's resource roles add to it."""
    owners, performers = children(element, "potentialOwner"), children(element, "humanPerformer")
    if not owners and not performers:
        return task
    named = _Named()
    for owner in owners:
        text = _assignment(owner)
        if text is None:
            named.groups += _resources(context, owner)
        elif text.startswith("=") or "${" in text or "#{" in text:
            named.computed = context.expression(text, owner)
        else:
            named.sort(context, owner, text)
    assignee = None
    for performer in performers:
        text = _assignment(performer)
        if text is None:
            named.groups += _resources(context, performer)
        else:
            assignee = context.expression(text, performer)
    return _added(context, element, task, assignee, named)


@dataclass(slots=True)
class _Named:
    """Whom the roles of one task name."""

    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    computed: Expression | None = None

    def sort(self, context: Context, role: etree._Element, text: str) -> None:
        position = 0
        while position < len(text):
            match = _MEMBER.match(text, position)
            if match is None:
                context.report.error("role", role, f'"{text}" is no list of user(…) and group(…).')
                return
            (self.users if match[1] == "user" else self.groups).append(match[2] or match[3])
            position = match.end()


def _added(
    context: Context,
    element: etree._Element,
    task: UserTask,
    assignee: Expression | None,
    named: _Named,
) -> UserTask:
    line = context.line(element)
    users, groups = (
        constant(",".join(names), ",".join(names), line) if names else None
        for names in (named.users, named.groups)
    )
    if named.computed is not None and groups is not None:
        context.report.error("role", element, "Name the groups in one potentialOwner.")
    groups = groups or named.computed
    for mine, said in (
        (assignee, task.assignee), (users, task.candidate_users), (groups, task.candidate_groups),
    ):  # fmt: skip
        if mine is not None and said is not None:
            context.report.error("role", element, "Who does this task is said twice.")
    return replace(
        task,
        assignee=assignee or task.assignee,
        candidate_users=users or task.candidate_users,
        candidate_groups=groups or task.candidate_groups,
    )


def _assignment(role: etree._Element) -> str | None:
    holder = child(role, "resourceAssignmentExpression")
    return None if holder is None else text_of(holder)


def _resources(context: Context, role: etree._Element) -> Iterator[str]:
    """The name of the resource that a role refers to."""
    holder = child(role, "resourceRef")
    resource = None if holder is None else context.model.find("resource", reference(holder.text))
    if resource is not None:
        if children(role, "resourceParameterBinding"):
            context.report.error(
                "unsupported", role, "A resource's parameters are not looked up; name a group."
            )
        yield (resource.get("name") or resource.get("id") or "").strip()
    elif holder is None:
        name = (role.get("name") or "").strip()
        if name:
            yield name
