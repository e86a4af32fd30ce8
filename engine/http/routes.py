"""Every path of `/engine-rest`, as a table of contents."""

from __future__ import annotations

from starlette.routing import Route

from engine.engine import Engine
from engine.http import (
    definitions,
    deployments,
    external_tasks,
    history,
    instances,
    jobs,
    messages,
    tasks,
)
from engine.http.call import Answer, Call, Function, route
from identity.http import PrincipalOf

VERSION = "7.24.0"
"""What clients compare: the release whose REST interface this is."""


def version(call: Call) -> Answer:  # noqa: ARG001 every route's function takes the call
    return {"version": VERSION}


def engines(call: Call) -> Answer:  # noqa: ARG001
    return [{"name": "default"}]


PATHS: tuple[tuple[str, str, Function], ...] = (
    ("GET", "/version", version),
    ("GET", "/engine", engines),
    # the busiest first: routes are tried in order
    ("POST", "/task/{id}/complete", tasks.complete),
    ("GET", "/task", tasks.listed),
    ("POST", "/task", tasks.listed),
    ("POST", "/process-definition/key/{key}/start", definitions.start),
    ("POST", "/external-task/{id}/complete", external_tasks.complete),
    ("POST", "/job/{id}/execute", jobs.execute),
    ("GET", "/job", jobs.listed),
    ("GET", "/task/count", tasks.count),
    ("POST", "/task/count", tasks.count),
    ("GET", "/task/{id}", tasks.one),
    ("POST", "/task/{id}/claim", tasks.claim),
    ("POST", "/task/{id}/unclaim", tasks.unclaim),
    ("POST", "/task/{id}/assignee", tasks.assign),
    ("POST", "/task/{id}/submit-form", tasks.complete),
    ("POST", "/task/{id}/bpmnError", tasks.bpmn_error),
    ("GET", "/task/{id}/variables", tasks.variables),
    ("GET", "/task/{id}/form-variables", tasks.variables),
    ("GET", "/task/{id}/identity-links", tasks.identity_links),
    ("GET", "/task/{id}/form", tasks.form),
    ("GET", "/task/{id}/deployed-form", tasks.deployed_form),
    ("POST", "/external-task/{id}/failure", external_tasks.failure),
    ("POST", "/external-task/{id}/bpmnError", external_tasks.bpmn_error),
    ("POST", "/external-task/{id}/extendLock", external_tasks.extend_lock),
    ("POST", "/external-task/{id}/lock", external_tasks.lock),
    ("POST", "/external-task/{id}/unlock", external_tasks.unlock),
    ("PUT", "/external-task/{id}/retries", external_tasks.set_retries),
    ("GET", "/external-task", jobs.external_listed),
    ("GET", "/external-task/count", jobs.external_count),
    ("GET", "/external-task/{id}", jobs.external_one),
    ("GET", "/external-task/{id}/errorDetails", jobs.external_error_details),
    ("GET", "/job/count", jobs.count),
    ("GET", "/job/{id}", jobs.one),
    ("PUT", "/job/{id}/retries", external_tasks.set_retries),
    ("POST", "/message", messages.correlate),
    ("GET", "/incident", jobs.incidents),
    ("GET", "/incident/count", jobs.incident_count),
    ("GET", "/incident/{id}", jobs.incident_one),
    ("DELETE", "/incident/{id}", jobs.resolve_incident),
    ("POST", "/deployment/create", deployments.create),
    ("GET", "/deployment", deployments.listed),
    ("GET", "/deployment/count", deployments.count),
    ("GET", "/deployment/{id}", deployments.one),
    ("DELETE", "/deployment/{id}", deployments.delete),
    ("GET", "/process-definition", definitions.listed),
    ("GET", "/process-definition/count", definitions.count),
    ("GET", "/process-definition/key/{key}", definitions.one),
    ("GET", "/process-definition/key/{key}/xml", definitions.xml),
    ("GET", "/process-definition/{id}", definitions.one),
    ("GET", "/process-definition/{id}/xml", definitions.xml),
    ("POST", "/process-definition/{id}/start", definitions.start),
    ("POST", "/process-definition/{id}/submit-form", definitions.start),
    ("POST", "/process-definition/key/{key}/submit-form", definitions.start),
    ("GET", "/process-instance", instances.listed),
    ("POST", "/process-instance", instances.listed),
    ("GET", "/process-instance/count", instances.count),
    ("POST", "/process-instance/count", instances.count),
    ("GET", "/process-instance/{id}", instances.one),
    ("DELETE", "/process-instance/{id}", instances.delete),
    ("GET", "/process-instance/{id}/activity-instances", instances.activity_tree),
    ("GET", "/process-instance/{id}/variables", instances.variables),
    ("POST", "/process-instance/{id}/variables", instances.change_variables),
    ("GET", "/process-instance/{id}/variables/{name}", instances.variable),
    ("PUT", "/process-instance/{id}/variables/{name}", instances.put_variable),
    ("DELETE", "/process-instance/{id}/variables/{name}", instances.delete_variable),
    ("GET", "/process-instance/{id}/variables/{name}/data", instances.variable_data),
    ("GET", "/execution/{id}/localVariables", instances.variables),
    ("POST", "/execution/{id}/localVariables", instances.change_variables),
    ("GET", "/execution/{id}/localVariables/{name}", instances.variable),
    ("PUT", "/execution/{id}/localVariables/{name}", instances.put_variable),
    ("GET", "/execution/{id}/localVariables/{name}/data", instances.variable_data),
    ("GET", "/history/process-instance", history.instances),
    ("GET", "/history/process-instance/count", history.instance_count),
    ("GET", "/history/process-instance/{id}", history.instance_one),
    ("GET", "/history/activity-instance", history.activities),
)


def routes(engine: Engine, principal_of: PrincipalOf) -> list[Route]:
    """All routes, without their prefix; roots mount them under `/engine-rest`."""
    made = [route(method, path, does, engine, principal_of) for method, path, does in PATHS]
    fetch = external_tasks.fetch_and_lock("/external-task/fetchAndLock", engine, principal_of)
    return [fetch, *made]
