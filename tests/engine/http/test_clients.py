"""Clients that others wrote for Camunda 7 run unchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import generic_camunda_client
import pytest

from engine import clock
from tests.engine import engine_models as models
from tests.engine.http.conftest import Office
from tests.engine.test_signals import LISTENS

with warnings.catch_warnings():
    # The client is written for an older pydantic.
    warnings.simplefilter("ignore", DeprecationWarning)
    from camunda.client.engine_client import EngineClient
    from camunda.external_task.external_task import ExternalTask, TaskResult
    from camunda.external_task.external_task_worker import ExternalTaskWorker

PASSWORD = "ein-langes-passwort-1"
WORK = models.chain("work", models.external("x", "topic"), models.user_task("after"))
JS = "camunda-external-task-client-js@3"


@pytest.fixture
def hired(office: Office) -> Office:
    office.hire("wanda", PASSWORD)
    return office


@pytest.fixture
def generic(hired: Office) -> Iterator[generic_camunda_client.ApiClient]:
    configuration = generic_camunda_client.Configuration(
        host=f"{hired.url}/engine-rest", username="wanda", password=PASSWORD
    )
    with generic_camunda_client.ApiClient(configuration) as client:
        client.default_headers["Authorization"] = configuration.get_basic_auth_token()
        yield client


def _config() -> dict[str, object]:
    return {
        "auth_basic": {"username": "wanda", "password": PASSWORD},
        "asyncResponseTimeout": 1000,
        "lockDuration": 10_000,
        "retries": 2,
        "retryTimeout": 0,
    }


def test_the_python_worker_starts_works_fails_and_completes(hired: Office) -> None:
    hired.deploy(WORK)
    base = f"{hired.url}/engine-rest"
    client = EngineClient(base, config=_config())
    worker = ExternalTaskWorker("python", base, config=_config())
    seen: list[ExternalTask] = []

    def fails(task: ExternalTask) -> TaskResult:
        return task.failure("not yet", "details", max_retries=2, retry_timeout=0)

    def works(task: ExternalTask) -> TaskResult:
        seen.append(task)
        return task.complete({"done": True, "rows": [{"n": 1}], "total": 1.25}, {})

    started = client.start_process("work", {"n": 7, "name": "ä"}, business_key="k")
    worker.fetch_and_execute("topic", fails)
    worker.fetch_and_execute(["topic"], works)

    (task,) = seen
    assert task.get_variables() == {"n": 7, "name": "ä"}
    assert (task.get_business_key(), task.get_process_instance_id()) == ("k", started["id"])
    found = hired.desk("olga").get(f"/process-instance/{started['id']}/variables")
    assert (found["done"]["value"], found["total"]["value"]) == (True, 1.25)
    assert (found["rows"]["type"], found["rows"]["value"]) == ("Json", '[{"n":1}]')
    assert hired.desk("anna").get("/task")[0]["taskDefinitionKey"] == "after"


def test_the_python_client_correlates_and_reads(hired: Office) -> None:
    listening = models.process(
        "listening",
        '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>'
        '<intermediateCatchEvent id="tm"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        '</timerEventDefinition></intermediateCatchEvent><endEvent id="e"/>'
        + models.flow("s", "tm")
        + models.flow("tm", "e"),
        before='<message id="m" name="begin"/>',
    )
    hired.deploy(listening)
    client = EngineClient(f"{hired.url}/engine-rest", config=_config())

    client.correlate_message("begin", process_variables={"a": "b"})
    (instance,) = client.get_process_instance("listening")
    (job,) = client.get_jobs(0, 10, process_instance_id=instance["id"])

    assert client.get_process_instance_variable(instance["id"], "a") == "Yg==\n"
    assert job["dueDate"] == "2026-03-02T10:00:00.000+0000"


def test_the_generated_client_reads_deploys_and_works_with_its_strict_types(
    hired: Office, generic: generic_camunda_client.ApiClient, tmp_path: Path
) -> None:
    model = tmp_path / "work.bpmn"
    model.write_bytes(WORK)
    deployments = generic_camunda_client.DeploymentApi(generic)
    definitions = generic_camunda_client.ProcessDefinitionApi(generic)
    external = generic_camunda_client.ExternalTaskApi(generic)
    tasks = generic_camunda_client.TaskApi(generic)
    topic = generic_camunda_client.FetchExternalTaskTopicDto(
        topic_name="topic", lock_duration=10_000
    )

    deployed = deployments.create_deployment(deployment_name="work", data=str(model))
    start = generic_camunda_client.StartProcessInstanceDto(
        variables={"n": generic_camunda_client.VariableValueDto(value=7, type="Long")},
        with_variables_in_return=True,
    )
    started = definitions.start_process_instance_by_key("work", start_process_instance_dto=start)
    (locked,) = external.fetch_and_lock(
        fetch_external_tasks_dto=generic_camunda_client.FetchExternalTasksDto(
            worker_id="w", max_tasks=1, topics=[topic]
        )
    )
    external.complete_external_task_resource(
        locked.id,
        complete_external_task_dto=generic_camunda_client.CompleteExternalTaskDto(worker_id="w"),
    )
    (task,) = tasks.get_tasks(process_instance_id=started.id)
    tasks.claim(task.id, user_id_dto=generic_camunda_client.UserIdDto(user_id="wanda"))
    claimed = tasks.get_task(task.id)
    everything = generic_camunda_client.CompleteTaskDto(with_variables_in_return=True)
    left = tasks.complete(task.id, complete_task_dto=everything)

    history = generic_camunda_client.HistoricProcessInstanceApi(generic)
    (definition,) = deployed.deployed_process_definitions.values()
    assert (definition.key, definition.version) == ("work", 1)
    assert started.variables["n"].value == 7
    assert locked.variables["n"].type == "Long"
    assert (claimed.assignee, left["n"].value) == ("wanda", 7)
    assert history.get_historic_process_instance(started.id).state == "COMPLETED"


def test_the_generated_client_reads_every_list(
    hired: Office, generic: generic_camunda_client.ApiClient
) -> None:
    hired.deploy(WORK)
    instance = hired.start("work")
    api = generic_camunda_client

    lists = [
        api.VersionApi(generic).get_rest_api_version(),
        api.DeploymentApi(generic).get_deployments(),
        api.ProcessDefinitionApi(generic).get_process_definitions(latest_version=True),
        api.ProcessDefinitionApi(generic).get_process_definition_statistics(),
        api.ProcessInstanceApi(generic).get_process_instances(),
        api.ProcessInstanceApi(generic).get_activity_instance_tree(instance),
        api.ExternalTaskApi(generic).get_external_tasks(),
        api.HistoricActivityInstanceApi(generic).get_historic_activity_instances(
            process_instance_id=instance
        ),
        api.GroupApi(generic).get_query_groups(),
        api.UserApi(generic).get_users(),
        api.IdentityApi(generic).get_group_info(user_id="wanda"),
    ]

    assert all(lists)
    assert api.JobApi(generic).get_jobs() == []
    assert api.IncidentApi(generic).get_incidents() == []
    assert api.EventSubscriptionApi(generic).get_event_subscriptions() == []


def test_the_generated_client_operates_instances_with_its_strict_types(
    hired: Office, generic: generic_camunda_client.ApiClient
) -> None:
    api = generic_camunda_client
    hired.deploy(models.chain("p", models.user_task("a"), models.user_task("b")), name="one")
    hired.deploy(models.chain("p", models.user_task("a"), models.user_task("c")), name="two")
    hired.deploy(LISTENS, name="listens")
    processes = api.ProcessDefinitionApi(generic)
    found = processes.get_process_definitions(key="p", sort_by="version", sort_order="asc")
    old, new = (each.id for each in found)
    case = str(processes.start_process_instance(old).id)
    instances, migration = api.ProcessInstanceApi(generic), api.MigrationApi(generic)
    suspended = api.SuspensionStateDto(suspended=True)

    instances.update_suspension_state_by_id(case, suspension_state_dto=suspended)
    assert instances.get_process_instance(case).suspended is True
    suspended.suspended = False
    instances.update_suspension_state_by_id(case, suspension_state_dto=suspended)
    plan = migration.generate_migration_plan(
        migration_plan_generation_dto=api.MigrationPlanGenerationDto(
            source_process_definition_id=old, target_process_definition_id=new
        )
    )
    report = migration.validate_migration_plan(migration_plan_dto=plan)
    execution = api.MigrationExecutionDto(migration_plan=plan, process_instance_ids=[case])
    batch = migration.execute_migration_plan_async(migration_execution_dto=execution)
    seen = api.BatchApi(generic).get_batch(batch.id)
    statistics = api.BatchApi(generic).get_batch_statistics()
    clock.sweep(hired.engine)
    jump = api.ProcessInstanceModificationDto(
        instructions=[
            api.ProcessInstanceModificationInstructionDto(type="cancel", activity_id="a"),
            api.ProcessInstanceModificationInstructionDto(
                type="startBeforeActivity", activity_id="c"
            ),
        ]
    )
    instances.modify_process_instance(case, process_instance_modification_dto=jump)
    listens = hired.start("listens")
    awaited = api.EventSubscriptionApi(generic).get_event_subscriptions(event_type="signal")
    api.SignalApi(generic).throw_signal(signal_dto=api.SignalDto(name="alarm"))

    assert [each.instruction for each in report.instruction_reports or ()] == []
    assert (seen.type, seen.total_jobs) == ("instance-migration", 1)
    assert [each.remaining_jobs for each in statistics] == [1]
    assert instances.get_process_instance(case).definition_id == new
    assert [each.event_name for each in awaited] == ["alarm"]
    trees = [instances.get_activity_instance_tree(each) for each in (case, listens)]
    standing = [[one.activity_id for one in tree.child_activity_instances] for tree in trees]
    assert standing == [["c"], ["after"]]


SCRIPT = """
const { Client, BasicAuthInterceptor, Variables } = require("camunda-external-task-client-js");
const [baseUrl, password] = process.argv.slice(2);
const interceptors = new BasicAuthInterceptor({ username: "wanda", password });
const client = new Client({ baseUrl, interceptors, workerId: "js", asyncResponseTimeout: 2000 });
client.on("poll:error", (error) => { console.error(error); process.exit(1); });
client.subscribe("topic", async ({ task, taskService }) => {
  const result = new Variables();
  result.set("n", task.variables.get("n") + 1);
  result.set("seen", task.variables.get("json").a);
  if (task.retries === null) {
    await taskService.handleFailure(task, { errorMessage: "again", retries: 1, retryTimeout: 0 });
    return;
  }
  await taskService.extendLock(task, 60000);
  await taskService.complete(task, result);
  client.stop();
  process.exit(0);
});
"""


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm")
def test_the_javascript_worker_fetches_fails_extends_and_completes(
    hired: Office, tmp_path: Path
) -> None:
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", JS]
    environment = {**os.environ, "NODE_NO_WARNINGS": "1"}
    subprocess.run(install, cwd=tmp_path, check=True, timeout=90, env=environment)
    (tmp_path / "work.js").write_text(SCRIPT)
    hired.deploy(WORK)
    data = {"type": "Json", "value": '{"a": ["x"]}'}
    instance = hired.start("work", n={"value": 7, "type": "Integer"}, json=data)

    command = ["node", "work.js", f"{hired.url}/engine-rest", PASSWORD]
    ran = subprocess.run(
        command,
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        env=environment,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = hired.desk("olga").get(f"/process-instance/{instance}/variables")
    assert found["n"]["value"] == 8
    assert found["seen"]["value"] == '["x"]'
