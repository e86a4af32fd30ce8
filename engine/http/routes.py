"""Every path of `/engine-rest`, as a table of contents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.http import (
    activity_tree,
    batches,
    decisions,
    definitions,
    deployments,
    evaluations,
    external_tasks,
    history,
    instances,
    job_definitions,
    jobs,
    messages,
    migration,
    operations,
    people,
    signals,
    tasks,
)
from engine.http.call import Answer, Call, Function

VERSION = "7.24.0"
"""What clients compare: the release whose REST interface this is."""


def version(call: Call) -> Answer:  # noqa: ARG001 every route's function takes the call
    return {"version": VERSION}


def engines(call: Call) -> Answer:  # noqa: ARG001
    return [{"name": "default"}]


PATHS: tuple[tuple[str, str, Function], ...] = (
    # people's tasks
    ("POST", "/task/{id}/complete", tasks.complete),
    ("GET", "/task", tasks.listed),
    ("POST", "/task", tasks.listed),
    ("POST", "/process-definition/key/{key}/start", definitions.start),
    ("POST", "/external-task/{id}/complete", external_tasks.complete),
    ("POST", "/job/{id}/execute", jobs.execute),
    ("GET", "/job", jobs.listed),
    ("POST", "/job", jobs.listed),
    ("GET", "/task/count", tasks.count),
    ("POST", "/task/count", tasks.count),
    ("GET", "/task/{id}", tasks.one),
    ("POST", "/task/{id}/claim", tasks.claim),
    ("POST", "/task/{id}/unclaim", tasks.unclaim),
    ("POST", "/task/{id}/assignee", tasks.assign),
    ("PUT", "/task/{id}", tasks.update),
    ("POST", "/task/{id}/submit-form", tasks.complete),
    ("POST", "/task/{id}/bpmnError", tasks.bpmn_error),
    ("POST", "/task/{id}/bpmnEscalation", tasks.bpmn_escalation),
    ("GET", "/task/{id}/variables", tasks.variables),
    ("GET", "/task/{id}/variables/{name}", tasks.variable),
    ("GET", "/task/{id}/localVariables", tasks.local_variables),
    ("GET", "/task/{id}/localVariables/{name}", tasks.local_variable),
    ("GET", "/task/{id}/form-variables", tasks.form_variables),
    ("GET", "/task/{id}/identity-links", tasks.identity_links),
    ("GET", "/task/{id}/form", tasks.form),
    ("GET", "/task/{id}/deployed-form", tasks.deployed_form),
    ("POST", "/external-task/{id}/failure", external_tasks.failure),
    ("POST", "/external-task/{id}/bpmnError", external_tasks.bpmn_error),
    ("POST", "/external-task/{id}/extendLock", external_tasks.extend_lock),
    ("POST", "/external-task/{id}/lock", external_tasks.lock),
    ("POST", "/external-task/{id}/unlock", external_tasks.unlock),
    ("PUT", "/external-task/{id}/retries", external_tasks.set_retries),
    ("POST", "/external-task/fetchAndLock", external_tasks.fetch_and_lock),
    ("GET", "/external-task", jobs.external_listed),
    ("POST", "/external-task", jobs.external_listed),
    ("GET", "/external-task/count", jobs.external_count),
    ("POST", "/external-task/count", jobs.external_count),
    ("GET", "/external-task/topic-names", jobs.topic_names),
    ("GET", "/external-task/{id}", jobs.external_one),
    ("GET", "/external-task/{id}/errorDetails", jobs.external_error_details),
    ("GET", "/job/count", jobs.count),
    ("POST", "/job/count", jobs.count),
    ("GET", "/job/{id}/stacktrace", jobs.stacktrace),
    ("GET", "/job/{id}", jobs.one),
    ("PUT", "/job/{id}/retries", external_tasks.set_retries),
    ("POST", "/message", messages.correlate),
    ("POST", "/signal", signals.throw),
    ("POST", "/condition", signals.evaluate),
    ("GET", "/event-subscription/count", messages.subscription_count),
    ("GET", "/incident", jobs.incidents),
    ("GET", "/incident/count", jobs.incident_count),
    ("GET", "/incident/{id}", jobs.incident_one),
    ("DELETE", "/incident/{id}", jobs.resolve_incident),
    ("POST", "/deployment/create", deployments.create),
    ("GET", "/deployment", deployments.listed),
    ("GET", "/deployment/count", deployments.count),
    ("GET", "/deployment/{id}", deployments.one),
    ("DELETE", "/deployment/{id}", deployments.delete),
    ("GET", "/deployment/{id}/resources", deployments.resources),
    ("GET", "/deployment/{id}/resources/{resource}", deployments.resource),
    ("GET", "/deployment/{id}/resources/{resource}/data", deployments.resource_data),
    ("GET", "/process-definition", definitions.listed),
    ("GET", "/process-definition/count", definitions.count),
    ("GET", "/process-definition/statistics", definitions.statistics),
    ("GET", "/process-definition/key/{key}", definitions.one),
    ("GET", "/process-definition/key/{key}/xml", definitions.xml),
    ("GET", "/process-definition/{id}", definitions.one),
    ("GET", "/process-definition/{id}/xml", definitions.xml),
    ("POST", "/process-definition/{id}/start", definitions.start),
    ("POST", "/process-definition/{id}/submit-form", definitions.start),
    ("POST", "/process-definition/key/{key}/submit-form", definitions.start),
    ("POST", "/process-definition/key/{key}/tenant-id/{tenant}/start", definitions.start),
    ("GET", "/process-definition/key/{key}/startForm", definitions.start_form),
    ("GET", "/process-definition/{id}/startForm", definitions.start_form),
    ("GET", "/decision-definition", decisions.listed),
    ("GET", "/decision-definition/count", decisions.count),
    ("GET", "/decision-definition/key/{key}", decisions.one),
    ("GET", "/decision-definition/key/{key}/xml", decisions.xml),
    ("POST", "/decision-definition/key/{key}/evaluate", decisions.evaluate),
    ("GET", "/decision-definition/key/{key}/tenant-id/{tenant}", decisions.one),
    ("POST", "/decision-definition/key/{key}/tenant-id/{tenant}/evaluate", decisions.evaluate),
    ("GET", "/decision-definition/{id}", decisions.one),
    ("GET", "/decision-definition/{id}/xml", decisions.xml),
    ("POST", "/decision-definition/{id}/evaluate", decisions.evaluate),
    ("GET", "/process-instance", instances.listed),
    ("POST", "/process-instance", instances.listed),
    ("GET", "/process-instance/count", instances.count),
    ("POST", "/process-instance/count", instances.count),
    ("GET", "/process-instance/{id}", instances.one),
    ("DELETE", "/process-instance/{id}", instances.delete),
    ("PUT", "/process-instance/suspended", operations.suspend_some),
    ("POST", "/process-instance/suspended-async", operations.suspend_async),
    ("POST", "/process-instance/delete", operations.delete_some),
    ("POST", "/process-instance/variables-async", operations.set_variables),
    ("POST", "/process-instance/job-retries", operations.retries_of_instances),
    ("PUT", "/process-instance/{id}/suspended", operations.suspend),
    ("POST", "/process-instance/{id}/modification-async", operations.modify_async),
    ("POST", "/modification/execute", operations.modify_some),
    ("POST", "/modification/executeAsync", operations.modify_some_async),
    ("PUT", "/process-definition/suspended", operations.suspend_definition),
    ("PUT", "/process-definition/{id}/suspended", operations.suspend_definition),
    ("PUT", "/process-definition/key/{key}/suspended", operations.suspend_definition),
    ("POST", "/process-definition/{id}/restart", operations.restart),
    ("POST", "/process-definition/{id}/restart-async", operations.restart_async),
    ("PUT", "/job/suspended", operations.suspend_jobs),
    ("PUT", "/job/{id}/suspended", operations.suspend_job),
    ("POST", "/job/retries", operations.retries_of_jobs),
    ("GET", "/job-definition", job_definitions.listed),
    ("POST", "/job-definition", job_definitions.listed),
    ("GET", "/job-definition/count", job_definitions.count),
    ("GET", "/job-definition/{id}", job_definitions.one),
    ("PUT", "/job-definition/{id}/suspended", operations.hold),
    ("POST", "/migration/generate", migration.generate),
    ("POST", "/migration/validate", migration.validate),
    ("POST", "/migration/execute", migration.execute),
    ("POST", "/migration/executeAsync", migration.execute_async),
    ("GET", "/batch", batches.listed),
    ("GET", "/batch/count", batches.count),
    ("GET", "/batch/statistics", batches.statistics),
    ("GET", "/batch/statistics/count", batches.count),
    ("GET", "/batch/{id}", batches.one),
    ("DELETE", "/batch/{id}", batches.delete),
    ("PUT", "/batch/{id}/suspended", batches.suspend),
    ("GET", "/history/batch", batches.history),
    ("GET", "/history/batch/count", batches.history_count),
    ("GET", "/history/batch/{id}", batches.history_one),
    ("POST", "/process-instance/{id}/modification", operations.modify),
    ("GET", "/process-instance/{id}/activity-instances", activity_tree.show),
    ("GET", "/process-instance/{id}/variables", instances.variables),
    ("POST", "/process-instance/{id}/variables", instances.change_variables),
    ("GET", "/process-instance/{id}/variables/{name}", instances.variable),
    ("PUT", "/process-instance/{id}/variables/{name}", instances.put_variable),
    ("DELETE", "/process-instance/{id}/variables/{name}", instances.delete_variable),
    ("GET", "/process-instance/{id}/variables/{name}/data", instances.variable_data),
    ("GET", "/execution", instances.executions),
    ("GET", "/execution/{id}", instances.execution),
    ("GET", "/execution/{id}/localVariables", instances.variables),
    ("POST", "/execution/{id}/localVariables", instances.change_variables),
    ("GET", "/execution/{id}/localVariables/{name}", instances.variable),
    ("PUT", "/execution/{id}/localVariables/{name}", instances.put_variable),
    ("GET", "/execution/{id}/localVariables/{name}/data", instances.variable_data),
    ("GET", "/variable-instance", instances.variable_instances),
    ("POST", "/variable-instance", instances.variable_instances),
    ("GET", "/event-subscription", messages.subscriptions),
    ("GET", "/history/process-instance", history.instances),
    ("POST", "/history/process-instance", history.instances),
    ("GET", "/history/process-instance/count", history.instance_count),
    ("GET", "/history/process-instance/{id}", history.instance_one),
    ("GET", "/history/activity-instance", history.activities),
    ("GET", "/history/activity-instance/count", history.activity_count),
    ("GET", "/history/task", history.tasks),
    ("POST", "/history/task", history.tasks),
    ("GET", "/history/task/count", history.task_count),
    ("GET", "/history/variable-instance", history.variables),
    ("GET", "/history/decision-instance", evaluations.listed),
    ("GET", "/history/decision-instance/count", evaluations.count),
    ("GET", "/history/decision-instance/{id}", evaluations.one),
    # who works here, and what this is
    ("POST", "/identity/verify", people.verify),
    ("GET", "/identity/groups", people.groups_of),
    ("GET", "/identity/password-policy", people.password_policy),
    ("GET", "/user", people.users),
    ("GET", "/user/count", people.user_count),
    ("GET", "/user/{id}/profile", people.profile),
    ("GET", "/group", people.groups),
    ("GET", "/group/count", people.group_count),
    ("GET", "/group/{id}", people.group),
    ("GET", "/version", version),
    ("GET", "/engine", engines),
)


class Table:
    """Finds a route in as many look-ups as its path has segments; a stated word goes before a name.

    A leaf holds, by method, the function and the names of the path's variable segments.
    """

    def __init__(self, paths: Sequence[tuple[str, str, Function]]) -> None:
        self._root: dict[str, Any] = {}
        for method, path, function in paths:
            step, names = self._root, []
            for segment in path.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment[1:-1])
                    step = step.setdefault(_ANY, {})
                else:
                    step = step.setdefault(segment, {})
            step.setdefault(_LEAF, {})[method] = (function, tuple(names))

    def find(self, method: str, path: str) -> tuple[Function | None, dict[str, str], list[str]]:
        """The function, the path's variables, and the methods that the path knows."""
        found = _walk(self._root, path.strip("/").split("/"), 0, [])
        if found is None:
            return None, {}, []
        leaf, values = found
        function, names = leaf.get(method, (None, ()))
        return function, dict(zip(names, values, strict=False)), sorted(leaf)


_ANY, _LEAF = "{}", ""


def _walk(
    step: dict[str, Any], segments: list[str], at: int, values: list[str]
) -> tuple[dict[str, Any], list[str]] | None:
    if at == len(segments):
        return (step[_LEAF], values) if _LEAF in step else None
    segment = segments[at]
    if segment in step and segment not in (_ANY, _LEAF):
        found = _walk(step[segment], segments, at + 1, values)
        if found is not None:
            return found
    if _ANY in step and segment:
        return _walk(step[_ANY], segments, at + 1, [*values, segment])
    return None
