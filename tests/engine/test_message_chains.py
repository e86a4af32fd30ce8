"""Messages that set off messages within one command."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import clock, commands
from engine.errors import Misused
from engine.tables import instance, message
from tests.engine import engine_models as models
from tests.engine.bureau import Bureau

LOOP = models.process(
    "loop",
    '<startEvent id="s"/><exclusiveGateway id="g"/><intermediateCatchEvent id="c">'
    '<messageEventDefinition messageRef="m"/></intermediateCatchEvent><endEvent id="e"/>'
    '<exclusiveGateway id="h" default="f_h_g"/>'
    + models.flow("s", "g")
    + models.flow("g", "c")
    + models.flow("c", "h")
    + models.flow("h", "g")
    + models.flow("h", "e", "${stop}"),
    models.MESSAGE,
)
ENDLESS = models.process(
    "endless",
    '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>'
    '<endEvent id="e"><messageEventDefinition messageRef="m"/></endEvent>' + models.flow("s", "e"),
    models.MESSAGE,
)
CATCH = (
    "catch",
    '<intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/>'
    "</intermediateCatchEvent>",
)
THROW = (
    "throw",
    '<intermediateThrowEvent id="throw"><messageEventDefinition messageRef="m"/>'
    "</intermediateThrowEvent>",
)


def test_a_loop_takes_as_many_messages_as_were_kept(bureau: Bureau) -> None:
    bureau.deploy(LOOP)
    for number in range(620):
        bureau.run(commands.PublishMessage("paid", variables={"stop": number == 619}))

    case = bureau.start("loop", stop=False).id
    clock.sweep(bureau.engine)

    assert bureau.ended(case) == "completed"


def test_processes_that_start_each_other_without_end_are_stopped(bureau: Bureau) -> None:
    bureau.deploy(ENDLESS)

    with pytest.raises(Misused):
        bureau.run(commands.PublishMessage("paid"))

    with bureau.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(instance)) == 0


def test_who_begins_to_listen_in_the_sweep_that_throws_hears_it(bureau: Bureau) -> None:
    bureau.deploy(
        models.chain("hears", models.timer("t", "PT1H"), CATCH, before=models.MESSAGE),
        models.chain("says", models.timer("t", "PT1H"), THROW, before=models.MESSAGE),
    )
    hears = bureau.start("hears").id
    bureau.start("says")

    bureau.pass_time(timedelta(hours=1))

    assert bureau.ended(hears) == "completed"


def test_a_message_behind_the_last_that_was_wanted_is_kept(bureau: Bureau) -> None:
    bureau.deploy(
        models.process(
            "once",
            '<startEvent id="s"/><userTask id="u" name="u"/>'
            '<boundaryEvent id="b" attachedToRef="u" cancelActivity="false">'
            '<messageEventDefinition messageRef="m"/></boundaryEvent>'
            '<endEvent id="stop"><terminateEventDefinition/></endEvent><endEvent id="e"/>'
            + models.flow("s", "u")
            + models.flow("u", "e")
            + models.flow("b", "stop"),
            models.MESSAGE,
        )
    )
    for _ in range(3):
        bureau.run(commands.PublishMessage("paid"))

    case = bureau.start("once").id

    assert bureau.ended(case) == "terminated"
    with bureau.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(message)) == 2
