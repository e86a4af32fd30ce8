"""Called processes in the engine: begun with their caller, heard of by it, ended with it."""

from __future__ import annotations

import pytest

from engine import calls, clock, commands, queries
from engine.acts import Begun, CallBegun, CancelRequested
from engine.errors import NotFound
from engine.views import InstanceView
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, CARL, SYSTEM, Bureau

ALL = '<camunda:in variables="all"/><camunda:out variables="all"/>'


def call(name: str, element: str, more: str = "", passed: str = ALL) -> tuple[str, str]:
    inner = f"<extensionElements>{passed}</extensionElements>" if passed else ""
    return (
        name,
        f'<callActivity id="{name}" calledElement="{element}" {more}>{inner}</callActivity>',
    )


def boundary(host: str, event: str, name: str, more: str = "") -> str:
    return f'<boundaryEvent id="{name}" attachedToRef="{host}" {more}>{event}</boundaryEvent>'


def parent(key: str, calls_: str, *, extra: str = "", before: str = "") -> bytes:
    """start → call → after → end, and what stands around the call."""
    body = f'<startEvent id="s"/>{calls_}<userTask id="after"/><endEvent id="e"/>{extra}'
    return models.process(
        key,
        body + models.flow("s", "call") + models.flow("call", "after") + models.flow("after", "e"),
        before,
    )


CALLS = parent("outer", call("call", "inner")[1])
WAITS = models.chain("inner", models.user_task("work"))
AT_ONCE = models.chain(
    "inner", models.service("sum", 'camunda:expression="${2 * n}" camunda:resultVariable="m"')
)
ERRORS = '<error id="err" errorCode="bad"/><escalation id="esc" escalationCode="up"/>'
FAILS = models.process(
    "inner",
    '<startEvent id="s"/><userTask id="work"/><endEvent id="x">'
    '<errorEventDefinition errorRef="err"/></endEvent>'
    + models.flow("s", "work")
    + models.flow("work", "x"),
    ERRORS,
)
ESCALATES = models.process(
    "inner",
    '<startEvent id="s"/><userTask id="work"/><intermediateThrowEvent id="up">'
    '<escalationEventDefinition escalationRef="esc"/></intermediateThrowEvent>'
    '<userTask id="more"/><endEvent id="x"/>'
    + models.flow("s", "work")
    + models.flow("work", "up")
    + models.flow("up", "more")
    + models.flow("more", "x"),
    ERRORS,
)


def children(bureau: Bureau, of: str | None = None) -> list[InstanceView]:
    with bureau.database.reading() as tx:
        found = queries.instance_list(
            tx, SYSTEM, queries.InstanceQuery(parent_id=of, order="oldest")
        )
    return [each for each in found if each.parent_id is not None]


def nodes(bureau: Bureau) -> list[str]:
    return sorted(task.node for task in bureau.tasks())


def incidents(bureau: Bureau) -> list[str]:
    with bureau.database.reading() as tx:
        return [each.kind for each in queries.incidents(tx, SYSTEM, queries.IncidentQuery())]


def acts(bureau: Bureau, instance_id: str, kind: type) -> list[object]:
    with bureau.database.reading() as tx:
        entries = queries.history(tx, SYSTEM, instance_id)
    return [fact for entry in entries for fact in entry.facts if isinstance(fact, kind)]


def test_a_called_process_gives_its_variables_back(bureau: Bureau) -> None:
    bureau.deploy(CALLS, WAITS)
    outer = bureau.start("outer", n=4)
    (child,) = children(bureau, outer.id)
    assert (child.parent_id, child.root_id) == (outer.id, outer.id)

    bureau.run(commands.CompleteTask(bureau.task("work").id, {"m": 5}))

    assert bureau.ended(child.id) == "completed"
    assert nodes(bureau) == ["after"]
    assert bureau.values(outer.id) == {"n": 4, "m": 5}


def test_who_waits_for_nothing_ends_in_the_callers_transaction(bureau: Bureau) -> None:
    bureau.deploy(CALLS, AT_ONCE)

    outer = bureau.start("outer", n=4)

    assert nodes(bureau) == ["after"]
    assert bureau.values(outer.id)["m"] == 8
    with bureau.database.reading() as tx:
        assert len(queries.history(tx, SYSTEM, outer.id)) == 1


def test_both_histories_name_each_other(bureau: Bureau) -> None:
    bureau.deploy(CALLS, WAITS)
    outer = bureau.start("outer")
    (child,) = children(bureau)

    (told,) = acts(bureau, outer.id, CallBegun)
    (begun,) = acts(bureau, child.id, Begun)

    assert isinstance(told, CallBegun)
    assert isinstance(begun, Begun)
    assert (told.instance_id, told.node) == (child.id, "call")
    assert (begun.parent, begun.call) == (outer.id, told.call)


def test_an_error_of_the_called_is_caught_by_the_caller(bureau: Bureau) -> None:
    catch = boundary("call", '<errorEventDefinition errorRef="err"/>', "caught")
    rescue = '<userTask id="rescue"/>' + models.flow("caught", "rescue")
    bureau.deploy(parent("outer", call("call", "inner")[1], extra=catch + rescue, before=ERRORS))
    bureau.deploy(FAILS, name="inner")
    outer = bureau.start("outer")
    (child,) = children(bureau)

    bureau.run(commands.CompleteTask(bureau.task("work").id))

    assert bureau.ended(child.id) == "error"
    assert bureau.ended(outer.id) is None
    assert nodes(bureau) == ["rescue"]


def test_an_error_that_nobody_catches_ends_the_whole_family(bureau: Bureau) -> None:
    bureau.deploy(CALLS)
    bureau.deploy(FAILS, name="inner")
    outer = bureau.start("outer")

    bureau.run(commands.CompleteTask(bureau.task("work").id))

    assert bureau.ended(outer.id) == "error"


def test_an_escalation_reaches_the_caller_while_the_called_goes_on(bureau: Bureau) -> None:
    event = '<escalationEventDefinition escalationRef="esc"/>'
    catch = boundary("call", event, "caught", 'cancelActivity="false"')
    told = '<userTask id="told"/>' + models.flow("caught", "told")
    bureau.deploy(parent("outer", call("call", "inner")[1], extra=catch + told, before=ERRORS))
    bureau.deploy(ESCALATES, name="inner")
    bureau.start("outer")

    bureau.run(commands.CompleteTask(bureau.task("work").id))

    assert nodes(bureau) == ["more", "told"]


def test_an_interrupting_escalation_ends_the_called(bureau: Bureau) -> None:
    event = '<escalationEventDefinition escalationRef="esc"/>'
    told = '<userTask id="told"/>' + models.flow("caught", "told")
    extra = boundary("call", event, "caught") + told
    bureau.deploy(parent("outer", call("call", "inner")[1], extra=extra, before=ERRORS))
    bureau.deploy(ESCALATES, name="inner")
    bureau.start("outer")
    (child,) = children(bureau)

    bureau.run(commands.CompleteTask(bureau.task("work").id))

    assert nodes(bureau) == ["told"]
    assert bureau.ended(child.id) == "cancelled"


def test_who_is_cancelled_takes_along_all_it_called(bureau: Bureau) -> None:
    bureau.deploy(
        CALLS,
        parent("inner", call("call", "deep")[1]),
        models.chain("deep", models.user_task("work")),
    )
    outer = bureau.start("outer")
    assert len(children(bureau)) == 2

    bureau.run(commands.CancelInstance(outer.id, "no longer needed"))

    assert [bureau.ended(each.id) for each in children(bureau)] == ["cancelled", "cancelled"]
    assert bureau.tasks(state="open") == []
    (reason,) = acts(bureau, children(bureau)[0].id, CancelRequested)
    assert outer.id in str(reason)


def test_a_called_that_is_cancelled_leaves_an_incident_whose_retry_calls_again(
    bureau: Bureau,
) -> None:
    bureau.deploy(CALLS, WAITS)
    outer = bureau.start("outer")
    (first,) = children(bureau)

    bureau.run(commands.CancelInstance(first.id, "by mistake"))
    assert incidents(bureau) == ["called_instance_cancelled"]
    _retry_all(bureau)

    assert [each.ended_at is None for each in children(bureau)] == [False, True]
    assert nodes(bureau) == ["work"]
    assert bureau.ended(outer.id) is None


def _retry_all(bureau: Bureau) -> None:
    with bureau.database.reading() as tx:
        found = queries.incidents(tx, SYSTEM, queries.IncidentQuery())
    for each in found:
        bureau.run(commands.RetryIncident(each.id))


def test_what_is_not_deployed_can_be_called_once_it_is(bureau: Bureau) -> None:
    bureau.deploy(CALLS)
    outer = bureau.start("outer")
    assert incidents(bureau) == ["call_impossible"]

    bureau.deploy(WAITS, name="later")
    _retry_all(bureau)

    assert incidents(bureau) == []
    assert [each.parent_id for each in children(bureau)] == [outer.id]


@pytest.mark.parametrize(
    ("binding", "task"),
    [
        ('camunda:calledElementBinding="latest"', "third"),
        ('camunda:calledElementBinding="deployment"', "second"),
        ('camunda:calledElementBinding="version" camunda:calledElementVersion="1"', "first"),
        (
            'camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="old"',
            "first",
        ),
    ],
)
def test_the_version_called_is_the_one_that_is_bound(
    bureau: Bureau, binding: str, task: str
) -> None:
    tagged = models.chain("inner", models.user_task("first")).replace(
        b'isExecutable="true"', b'isExecutable="true" camunda:versionTag="old"'
    )
    bureau.deploy(tagged, name="one")
    outer = parent("outer", call("call", "inner", binding)[1])
    bureau.deploy(outer, models.chain("inner", models.user_task("second")), name="two")
    bureau.deploy(models.chain("inner", models.user_task("third")), name="three")

    bureau.start("outer")

    assert nodes(bureau) == [task]


def test_a_process_that_calls_itself_for_ever_is_stopped_where_it_is_deepest(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEEPEST_CALL", 7)
    bureau.deploy(models.chain("outer", call("call", "outer")))

    outer = bureau.start("outer")

    assert incidents(bureau) == ["call_too_deep"]
    assert len(children(bureau)) == 7
    bureau.run(commands.CancelInstance(outer.id, "endless"))
    clock.sweep(bureau.engine)
    assert {bureau.ended(each.id) for each in children(bureau)} == {"cancelled"}


def test_more_calls_than_a_command_may_begin_are_made_after_it(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MOST_BEGUN", 3)
    each = (
        '<callActivity id="call" calledElement="inner"><multiInstanceLoopCharacteristics>'
        "<loopCardinality>8</loopCardinality></multiInstanceLoopCharacteristics></callActivity>"
    )
    bureau.deploy(parent("outer", each), WAITS)

    bureau.start("outer")
    clock.sweep(bureau.engine)

    assert len(children(bureau)) == 8
    assert len({each.parent_call for each in children(bureau)}) == 8
    for task in bureau.tasks(node="work"):
        bureau.run(commands.CompleteTask(task.id))
    assert nodes(bureau) == ["after"]


def test_who_sees_a_caller_sees_what_it_called_and_nobody_else(bureau: Bureau) -> None:
    inner = parent("inner", call("call", "deep")[1])
    deep = models.chain("deep", models.service("x", 'camunda:type="external" camunda:topic="t"'))
    task = '<userTask id="desk" camunda:candidateGroups="clerks"/>'
    fork = '<parallelGateway id="fork"/>' + models.flow("s", "fork") + models.flow("fork", "desk")
    body = f'<startEvent id="s"/>{task}{call("call", "inner")[1]}{fork}' + models.flow(
        "fork", "call"
    )
    bureau.deploy(models.process("outer", body), inner, deep)
    outer = bureau.start("outer")
    family = {outer.id, *(each.id for each in children(bureau))}
    assert len(family) == 3

    with bureau.database.reading() as tx:
        seen = queries.instance_list(tx, ANNA, queries.InstanceQuery())
        assert {each.id for each in seen} == family
        assert queries.instance_list(tx, CARL, queries.InstanceQuery()) == []
        for each in family - {outer.id}:
            with pytest.raises(NotFound):
                queries.instance(tx, CARL, each)


def test_a_suspended_caller_hears_of_its_call_when_it_is_resumed(bureau: Bureau) -> None:
    bureau.deploy(CALLS, WAITS)
    outer = bureau.start("outer")
    bureau.run(commands.SuspendInstance(outer.id))

    bureau.run(commands.CompleteTask(bureau.task("work").id))
    clock.sweep(bureau.engine)
    assert nodes(bureau) == []
    bureau.run(commands.SuspendInstance(outer.id, suspended=False))

    assert nodes(bureau) == ["after"]
