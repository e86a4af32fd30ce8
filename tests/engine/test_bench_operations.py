"""Operations on a Bench: suspend, migrate, escalate, and calls bound to a version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import InstanceSuspended, PlanRefused
from engine.machine.errors import MigrationRefused
from engine.testing import Bench, Escalation
from tests.engine import engine_models as models
from tests.engine.test_calls import ALL, ERRORS, boundary, call, parent
from tests.engine.test_migrations import version
from tests.engine.test_signals import LISTENS


def test_a_suspended_case_takes_what_came_when_it_is_resumed() -> None:
    bench = Bench()
    timer = models.chain("t", models.timer("pause", "PT1H"))
    bench.deploy(LISTENS, timer, models.WAITS_FOR_MESSAGE)
    listens, timed, waits = bench.start("listens"), bench.start("t"), bench.start("waits")
    for case in bench.cases:
        case.suspend()

    bench.signal("alarm", loud=True)
    bench.message("paid")
    bench.advance(timedelta(hours=2))
    assert (listens.waits_at, timed.ended, waits.waits_at) == (["catch"], False, ["catch"])
    for case in bench.cases:
        case.resume()
    bench.advance(timedelta(0))

    assert (listens.waits_at, listens.variables) == (["after"], {"loud": True})
    assert timed.ended


def test_tasks_of_a_suspended_case_are_refused() -> None:
    bench = Bench()
    bench.deploy(version("a"))
    case = bench.start("p")
    case.suspend()

    with pytest.raises(InstanceSuspended):
        case.complete("a")
    case.set(n=1)
    case.resume()
    case.complete("a")

    assert (case.ended, case.variables) == (True, {"n": 1})


def test_a_case_migrates_to_the_newest_version() -> None:
    bench = Bench()
    bench.deploy(version("a", "b", hours=1))
    case = bench.start("p")
    due = case.timers["late"]
    bench.deploy(version("a", "c", hours=9))

    case.migrate()
    assert case.timers == {"late": due}
    case.migrate(update=True)
    assert case.timers == {"late": bench.now + timedelta(hours=9)}
    case.complete("a")

    assert case.waits_at == ["c"]


def test_a_migration_that_does_not_fit_changes_nothing() -> None:
    bench = Bench()
    bench.deploy(version("a", "b"))
    case = bench.start("p")
    bench.deploy(version("b", "c"))

    with pytest.raises(MigrationRefused):
        case.migrate()
    with pytest.raises(PlanRefused):
        case.migrate(("a", "start"))
    assert case.waits_at == ["a"]
    case.migrate(("a", "c"))

    assert case.waits_at == ["c"]


def test_a_task_escalates_and_goes_on() -> None:
    event = '<escalationEventDefinition escalationRef="esc"/>'
    extra = boundary("after", event, "up", 'cancelActivity="false"')
    extra += '<userTask id="told"/>' + models.flow("up", "told")
    bench = Bench()
    bench.deploy(parent("outer", call("call", "inner")[1], extra=extra, before=ERRORS))
    bench.deploy(models.chain("inner", models.user_task("work")))
    case = bench.start("outer")
    case.children[0].complete("work")

    case.throw(Escalation("up", {"why": "late"}), at="after")
    case.throw(Escalation("nobody's"), at="after")

    assert case.waits_at == ["after", "told"]
    assert case.variables["why"] == "late"


def test_a_call_escalates_where_the_test_says_so() -> None:
    event = '<escalationEventDefinition escalationRef="esc"/>'
    extra = boundary("call", event, "up") + '<userTask id="told"/>' + models.flow("up", "told")
    bench = Bench()
    bench.deploy(parent("outer", call("call", "inner")[1], extra=extra, before=ERRORS))
    bench.deploy(models.chain("inner", models.user_task("work")))
    case = bench.start("outer")

    case.throw(Escalation("up"), at="call")

    assert case.waits_at == ["told"]
    assert case.children[0].outcome == "cancelled"


@pytest.mark.parametrize(
    ("binding", "task"),
    [
        ('camunda:calledElementBinding="latest"', "third"),
        ('camunda:calledElementBinding="deployment"', "second"),
        ('camunda:calledElementBinding="version" camunda:calledElementVersion="1"', "first"),
        ('camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="o"', "first"),
    ],
)
def test_a_call_is_bound_as_in_the_engine(binding: str, task: str) -> None:
    bench = Bench()
    first = models.chain("inner", models.user_task("first"))
    tag = b'isExecutable="true" camunda:versionTag="o"'
    bench.deploy(first.replace(b'isExecutable="true"', tag))
    outer = parent("outer", call("call", "inner", binding, ALL)[1])
    bench.deploy(outer, models.chain("inner", models.user_task("second")))
    bench.deploy(models.chain("inner", models.user_task("third")))

    case = bench.start("outer")

    assert [child.waits_at for child in case.children] == [[task]]
    assert case.waits_at == ["call"]
