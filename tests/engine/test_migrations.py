"""Instances go on in another version, and what has ended begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import commands, migrations, queries
from engine.access import guard_variables
from engine.acts import Begun, Migrated
from engine.errors import Misused, NotAllowed, PlanRefused
from engine.handlers import Backoff
from engine.machine.errors import MigrationRefused
from engine.machine.triggers import Move, StartBefore
from engine.results import Definition
from identity.errors import NotPermitted
from storage import ledger
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, OPERATOR, SYSTEM, Bureau
from tests.engine.test_calls import acts, call, children, incidents, nodes
from tests.engine.test_ledger_tells import of_ledger, of_row

LATE = (
    '<boundaryEvent id="late" attachedToRef="a" cancelActivity="false"><timerEventDefinition>'
    '<timeDuration xsi:type="tFormalExpression">PT{}H</timeDuration></timerEventDefinition>'
    '</boundaryEvent><endEvent id="told"/>' + models.flow("late", "told")
)


def version(*tasks: str, hours: int | None = None) -> bytes:
    elements = [models.user_task(task) for task in tasks]
    found = models.chain("p", *elements)
    if hours is not None:
        found = found.replace(b"</process>", f"{LATE.format(hours)}</process>".encode())
    return found


def newest(bureau: Bureau, key: str = "p") -> Definition:
    with bureau.database.reading() as tx:
        return queries.newest_definition(tx, SYSTEM, key)


def plan(bureau: Bureau, source: str, target: str, *, update: bool = False) -> list[Move]:
    models_ = bureau.engine.models
    with bureau.database.reading() as tx:
        return migrations.generated(models_, tx, source, target, update_triggers=update)


def both(bureau: Bureau, first: bytes, second: bytes) -> tuple[str, str]:
    bureau.deploy(first, name="one")
    before = newest(bureau).id
    bureau.deploy(second, name="two")
    return before, newest(bureau).id


def test_an_open_task_and_its_timer_go_on_in_the_new_version(bureau: Bureau) -> None:
    bureau.deploy(version("a", "b", hours=1), name="one")
    old = newest(bureau).id
    case = bureau.start("p", n=1).id
    task = bureau.task("a")
    bureau.deploy(version("a", "c", hours=5), name="two")
    new = newest(bureau).id

    bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)), OPERATOR)

    assert bureau.task("a").id == task.id
    assert bureau.task("a").definition_id == new
    with bureau.database.reading() as tx:
        (timer,) = queries.timers(tx, SYSTEM, queries.TimerQuery())
        assert queries.instance(tx, SYSTEM, case).definition_id == new
        kinds = [entry.kind for entry in ledger.entries(tx, case)]
    assert timer.definition_id == new
    assert timer.due == bureau.now + timedelta(hours=1)
    assert kinds == ["instance.started", "instance.migrated"]
    assert of_ledger(bureau.database, case) == of_row(bureau.database, case)
    bureau.run(commands.CompleteTask(task.id))
    assert nodes(bureau) == ["c"]


def test_versions_live_side_by_side(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("a", "b"))
    first = bureau.run(commands.StartInstance(definition_id=old)).id
    second = bureau.run(commands.StartInstance("p")).id

    for task in bureau.tasks(node="a"):
        bureau.run(commands.CompleteTask(task.id))

    assert bureau.ended(first) == "completed"
    assert [task.instance_id for task in bureau.tasks(node="b")] == [second]
    assert new != old


def test_tasks_take_the_names_of_the_plan(bureau: Bureau) -> None:
    old, new = both(bureau, version("a", "b"), version("x", "y"))
    case = bureau.run(commands.StartInstance(definition_id=old)).id

    moves = [Move(source="a", target="x")]
    command = commands.MigrateInstance(case, old, new, moves, {"why": "law"}, reason="new law")
    bureau.run(command, OPERATOR)

    assert nodes(bureau) == ["x"]
    assert bureau.values(case) == {"why": "law"}
    (told,) = acts(bureau, case, Migrated)
    assert isinstance(told, Migrated)
    assert (told.source_id, told.target_id, told.reason) == (old, new, "new law")


def test_an_instance_that_does_not_fit_stays_as_it_is(bureau: Bureau) -> None:
    old, new = both(bureau, version("a", "b"), version("b"))
    case = bureau.run(commands.StartInstance(definition_id=old)).id

    with pytest.raises(MigrationRefused) as refused:
        bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)))

    assert "a" in {node for node, _ in refused.value.failures}
    with bureau.database.reading() as tx:
        assert queries.instance(tx, SYSTEM, case).definition_id == old
        assert len(queries.history(tx, SYSTEM, case)) == 1


def test_a_plan_with_a_failure_is_refused_with_every_one(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("b"))
    case = bureau.run(commands.StartInstance(definition_id=old)).id
    moves = [Move(source="a", target="end"), Move(source="x", target="y")]

    with pytest.raises(PlanRefused) as refused:
        bureau.run(commands.MigrateInstance(case, old, new, moves))
    with pytest.raises(PlanRefused):
        bureau.run(commands.MigrateInstance(case, old, new, []))

    assert [len(failures) for _, failures in refused.value.report] == [1, 2]


def test_only_instances_of_the_plans_source_are_migrated(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("a", "b"))
    case = bureau.run(commands.StartInstance("p")).id

    with pytest.raises(MigrationRefused):
        bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)))


def test_a_suspended_instance_is_migrated_and_stays_suspended(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("a", hours=1))
    case = bureau.run(commands.StartInstance(definition_id=old)).id
    bureau.run(commands.SuspendInstance(case))

    bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)))
    bureau.pass_time(timedelta(hours=2))

    with bureau.database.reading() as tx:
        (timer,) = queries.timers(tx, SYSTEM, queries.TimerQuery())
    assert timer.due < bureau.now
    bureau.run(commands.SuspendInstance(case, suspended=False))
    bureau.pass_time(timedelta(0))
    with bureau.database.reading() as tx:
        assert queries.timers(tx, SYSTEM, queries.TimerQuery()) == []


def test_a_failed_job_takes_its_incident_along(bureau: Bureau) -> None:
    def fail(_: object) -> None:
        raise ValueError("no")

    bureau.handlers.add("work", fail, Backoff(attempts=1))  # type: ignore[arg-type]
    old, new = both(
        bureau,
        models.chain("p", models.service("x", 'camunda:delegateExpression="${work}"')),
        models.chain("p", models.service("y", 'camunda:delegateExpression="${work}"')),
    )
    case = bureau.run(commands.StartInstance(definition_id=old)).id
    bureau.run_jobs()

    bureau.run(commands.MigrateInstance(case, old, new, [Move(source="x", target="y")]))

    with bureau.database.reading() as tx:
        (incident,) = queries.incidents(tx, SYSTEM, queries.IncidentQuery())
        (job,) = queries.jobs(tx, SYSTEM, queries.JobQuery())
    assert (incident.node, job.node, job.definition_id) == ("y", "y", new)
    bureau.run(commands.RetryIncident(incident.id))
    assert incidents(bureau) == []


def test_a_call_goes_on_while_its_child_stays_in_its_version(bureau: Bureau) -> None:
    bureau.deploy(models.chain("inner", models.user_task("work")), name="inner")
    caller = models.chain("p", call("call", "inner"), models.user_task("after"))
    old, new = both(bureau, caller, caller.replace(b'"after"', b'"later"'))
    case = bureau.run(commands.StartInstance(definition_id=old)).id

    bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)))
    bureau.run(commands.CompleteTask(bureau.task("work").id))

    assert nodes(bureau) == ["later"]
    assert len(children(bureau)) == 1


def test_a_clerk_migrates_and_restarts_nothing(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("a", "b"))
    case = bureau.run(commands.StartInstance(definition_id=old), ANNA).id

    with pytest.raises(NotPermitted):
        bureau.run(commands.MigrateInstance(case, old, new, plan(bureau, old, new)), ANNA)
    with pytest.raises(NotPermitted):
        bureau.run(commands.RestartInstance(case, old, [StartBefore(node="a")]), ANNA)


# --- restart ---


def ended(bureau: Bureau) -> tuple[str, str]:
    """An instance that was cancelled at its second task, and its definition."""
    bureau.deploy(version("a", "b"))
    case = bureau.run(commands.StartInstance("p", variables={"n": 1}, business_key="K")).id
    bureau.run(commands.CompleteTask(bureau.task("a").id, {"n": 2, "m": 3}))
    bureau.run(commands.CancelInstance(case, "by mistake"))
    return case, newest(bureau).id


def test_what_has_ended_begins_anew_where_it_is_told_to(bureau: Bureau) -> None:
    case, definition = ended(bureau)

    again = bureau.run(
        commands.RestartInstance(case, definition, [StartBefore(node="b")], reason="mend")
    )

    assert nodes(bureau) == ["b"]
    assert bureau.values(again.id) == {"n": 2, "m": 3}
    assert again.business_key == "K"
    (begun,) = acts(bureau, again.id, Begun)
    assert isinstance(begun, Begun)
    assert (begun.restarted, begun.reason) == (case, "mend")


def test_a_restart_may_take_the_first_variables_and_no_key(bureau: Bureau) -> None:
    case, definition = ended(bureau)

    again = bureau.run(
        commands.RestartInstance(
            case,
            definition,
            [StartBefore(node="a")],
            initial_variables=True,
            with_business_key=False,
        )
    )

    assert bureau.values(again.id) == {"n": 1}
    assert again.business_key is None


def test_only_what_has_ended_and_of_this_version_is_restarted(bureau: Bureau) -> None:
    case, definition = ended(bureau)
    bureau.deploy(version("a", "c"), name="two")
    running = bureau.run(commands.StartInstance("p")).id
    new = newest(bureau).id

    for command in (
        commands.RestartInstance(running, new, [StartBefore(node="a")]),
        commands.RestartInstance(case, new, [StartBefore(node="a")]),
        commands.RestartInstance(case, definition, []),
    ):
        with pytest.raises(Misused):
            bureau.run(command)


def test_who_may_not_read_the_values_does_not_restart_with_them(bureau: Bureau) -> None:
    case, definition = ended(bureau)
    guard_variables(bureau.database, lambda tx, principal, instance: instance != case)

    with pytest.raises(NotAllowed):
        bureau.run(commands.RestartInstance(case, definition, [StartBefore(node="a")]), OPERATOR)
