"""Who does a user task, until when, and with which form."""

from __future__ import annotations

from bpmn.context import Context
from bpmn.dialects.camunda.form_data import generated_form
from bpmn.dialects.camunda.words import attribute, fixed
from bpmn.dialects.camunda.work import binding_of
from bpmn.dialects.dialect import Element
from bpmn.graph import Expression, UserTask


def user_task(context: Context, element: Element) -> UserTask:
    def given(name: str) -> Expression | None:
        return context.expression(attribute(element, name), element)

    by_reference = attribute(element, "formRef") is not None
    if by_reference and attribute(element, "formKey") is not None:
        context.report.error("form", element, "Give formKey or formRef, not both.")
    form = fixed(context, element, "formRef" if by_reference else "formKey")
    generated = generated_form(context, element)
    if form is not None and generated is not None:
        context.report.error("form", element, "Give formData or the name of a form, not both.")
    binding, version = binding_of(context, element, "formRef", "deployment")
    return UserTask(
        assignee=given("assignee"),
        candidate_users=given("candidateUsers"),
        candidate_groups=given("candidateGroups"),
        due=given("dueDate"),
        follow_up=given("followUpDate"),
        priority=given("priority"),
        form=form or generated,
        form_binding=binding,
        form_version=version,
    )
