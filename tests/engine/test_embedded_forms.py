"""Forms that a model brings along are deployed with it, and checked when its tasks complete."""

from __future__ import annotations

import pytest

from bpmn.errors import FormInvalid
from engine import commands
from engine.testing import Bench
from tests.bpmn.drawing import between
from tests.engine.bureau import ANNA, Bureau

MODEL = between(
    '<bpmn:userTask id="t" camunda:candidateGroups="clerks"><bpmn:extensionElements>'
    '<camunda:formData><camunda:formField id="name" type="string"><camunda:validation>'
    '<camunda:constraint name="required"/></camunda:validation></camunda:formField>'
    "</camunda:formData></bpmn:extensionElements></bpmn:userTask>"
)


def test_a_generated_form_checks_what_its_task_is_completed_with(bureau: Bureau) -> None:
    bureau.deploy(MODEL)
    bureau.start("p")
    task = bureau.task("t")

    with pytest.raises(FormInvalid):
        bureau.run(commands.CompleteTask(task.id, {"name": ""}), ANNA)
    bureau.run(commands.CompleteTask(task.id, {"name": "Anna"}), ANNA)

    assert bureau.values(task.instance_id)["name"] == "Anna"


def test_the_same_model_again_brings_the_next_version_of_its_form(bureau: Bureau) -> None:
    bureau.deploy(MODEL)
    again = bureau.run(commands.Deploy("test", [("test0.bpmn", MODEL)], filter_duplicates=True))
    bureau.deploy(MODEL, name="other")

    definitions = bureau.run(commands.Deploy("third", [("x.bpmn", MODEL)])).definitions

    assert again.unchanged
    assert {(each.kind, each.key, each.version) for each in definitions} == {
        ("process", "p", 3),
        ("form", "p.t", 3),
    }


def test_the_bench_knows_the_forms_of_a_model() -> None:
    bench = Bench()
    bench.deploy(MODEL)
    case = bench.start("p")

    with pytest.raises(FormInvalid):
        case.submit("t")
    case.submit("t", name="Otto")

    assert case.variables == {"name": "Otto"}
