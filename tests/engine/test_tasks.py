"""Who may claim, give back, assign and complete a task; and what the inbox shows."""

from __future__ import annotations

import pytest

from bpmn.forms import FormInvalid
from engine import commands, queries
from engine.errors import NotFound, OtherPersonNeeded, TaskTaken
from engine.handlers import TaskCompletion
from storage.database import Transaction
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, BEN, CARL, LEA, SYSTEM, Bureau, person

ONE = models.chain("one", models.user_task("check"))
FORM = b"""{"type":"default","id":"approval","schemaVersion":16,"components":[
 {"type":"checkbox","key":"approved","label":"Richtig","validate":{"required":true}},
 {"type":"textfield","key":"reason","label":"Grund"}]}"""


def test_only_candidates_see_and_claim(bureau: Bureau) -> None:
    bureau.deploy(ONE)
    bureau.start("one")
    task = bureau.task("check")

    bureau.run(commands.ClaimTask(task.id), ANNA)

    with pytest.raises(NotFound):
        bureau.run(commands.ClaimTask(task.id), CARL)
    with pytest.raises(TaskTaken):
        bureau.run(commands.ClaimTask(task.id), BEN)
    with pytest.raises(TaskTaken):
        bureau.run(commands.CompleteTask(task.id), BEN)


def test_a_claimed_task_leaves_the_inboxes_of_the_others(bureau: Bureau) -> None:
    bureau.deploy(ONE)
    bureau.start("one")
    task = bureau.task("check")
    assert [each.id for each in bureau.tasks(BEN, inbox=True)] == [task.id]

    bureau.run(commands.ClaimTask(task.id), ANNA)

    assert bureau.tasks(BEN, inbox=True) == []
    assert [each.id for each in bureau.tasks(ANNA, inbox=True)] == [task.id]
    bureau.run(commands.UnclaimTask(task.id), ANNA)
    assert [each.id for each in bureau.tasks(BEN, inbox=True)] == [task.id]


def test_the_inbox_is_newest_first_and_counts_each_task_once(bureau: Bureau) -> None:
    both = models.chain("both", models.user_task("t", 'camunda:candidateGroups="clerks,leads"'))
    bureau.deploy(ONE, both)
    ids = [bureau.start(key).id for key in ("one", "both", "one", "both")]
    reader = person("rita", "clerks", "leads")

    page = bureau.tasks(reader, inbox=True, limit=3)
    rest = bureau.tasks(reader, inbox=True, limit=3, offset=3)

    shown = [task.instance_id for task in (*page, *rest)]
    assert sorted(shown) == sorted(ids)
    with bureau.database.reading() as tx:
        assert queries.task_count(tx, reader, queries.TaskQuery(inbox=True)) == 4
        assert queries.task_count(tx, reader, queries.TaskQuery(candidate_groups=("leads",))) == 2
        assert queries.task_count(tx, CARL, queries.TaskQuery(candidate_groups=("leads",))) == 0


def test_a_lead_gives_an_absent_colleagues_task_to_another(bureau: Bureau) -> None:
    bureau.deploy(ONE)
    bureau.start("one")
    task = bureau.task("check")
    bureau.run(commands.ClaimTask(task.id), ANNA)

    bureau.run(commands.AssignTask(task.id, BEN.id), LEA)

    bureau.run(commands.CompleteTask(task.id), BEN)
    assert bureau.ended(task.instance_id) == "completed"


@pytest.mark.parametrize("way", ["claim", "complete", "assign", "representing"])
def test_four_eyes_hold_on_every_way(bureau: Bureau, way: str) -> None:
    bureau.deploy(models.FOUR_EYES)
    bureau.start("four_eyes")
    bureau.run(commands.CompleteTask(bureau.task("first").id), ANNA)
    second = bureau.task("second")

    forbidden = {
        "claim": (commands.ClaimTask(second.id), ANNA),
        "complete": (commands.CompleteTask(second.id), ANNA),
        "assign": (commands.AssignTask(second.id, ANNA.id), LEA),
        "representing": (commands.CompleteTask(second.id), BEN.acting_for(ANNA.id)),
    }
    with pytest.raises(OtherPersonNeeded):
        bureau.run(*forbidden[way])

    bureau.run(commands.CompleteTask(second.id), BEN)
    assert bureau.ended(second.instance_id) == "completed"


def test_a_form_is_validated_against_the_version_the_task_opened_with(bureau: Bureau) -> None:
    attributes = 'camunda:candidateGroups="clerks" camunda:formRef="approval"'
    model = models.chain("formed", models.user_task("t", attributes))
    bureau.run(commands.Deploy("f", [("p.bpmn", model), ("approval.form", FORM)]))
    bureau.start("formed")
    task = bureau.task("t")

    with pytest.raises(FormInvalid):
        bureau.run(commands.CompleteTask(task.id, {"approved": "vielleicht"}), ANNA)

    bureau.run(commands.CompleteTask(task.id, {"approved": True}), ANNA)
    assert bureau.values(task.instance_id)["approved"] is True


def test_participants_take_part_in_the_completing_transaction(bureau: Bureau) -> None:
    told: list[TaskCompletion] = []

    @bureau.participants.on_task_completed("one")
    def take_part(tx: Transaction, completion: TaskCompletion) -> None:
        told.append(completion)
        if completion.variables.get("refuse"):
            raise ValueError("the participant refuses")

    bureau.deploy(ONE)
    bureau.start("one")
    task = bureau.task("check")

    with pytest.raises(ValueError, match="refuses"):
        bureau.run(commands.CompleteTask(task.id, {"refuse": True}), ANNA)

    assert bureau.task("check").closed_at is None
    bureau.run(commands.CompleteTask(task.id, {"ok": True}), ANNA)
    assert told[-1].performer == ANNA
    assert told[-1].variables == {"ok": True}


def test_the_system_sees_every_task(bureau: Bureau) -> None:
    bureau.deploy(ONE)
    bureau.start("one")

    assert len(bureau.tasks(SYSTEM)) == 1
    assert bureau.tasks(CARL) == []
