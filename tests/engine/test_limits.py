"""Variables hold what gateways decide on, not the file's content (decisions.md, no. 18)."""

from __future__ import annotations

import pytest

from engine import commands
from engine.errors import Misused, TooLarge
from engine.limits import LARGEST_INSTANCE, LARGEST_VALUE
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, Bureau

WAITS = models.chain("waits", models.user_task("t"))
FITS = "x" * (LARGEST_VALUE - 2)


def _deep(levels: int) -> object:
    value: object = "end"
    for _ in range(levels):
        value = [value]
    return value


def test_a_value_of_a_megabyte_is_kept(bureau: Bureau) -> None:
    bureau.deploy(WAITS)

    case = bureau.start("waits", text=FITS).id

    assert bureau.values(case) == {"text": FITS}


@pytest.mark.parametrize(
    "value", [FITS + "xyz", "ä" * (LARGEST_VALUE // 2 + 1), [FITS, "more"], {"a": FITS + "xyz"}]
)
def test_a_larger_value_is_refused_and_named(bureau: Bureau, value: object) -> None:
    bureau.deploy(WAITS)
    bureau.start("waits")

    with pytest.raises(TooLarge) as caught:
        bureau.run(commands.CompleteTask(bureau.task("t").id, {"text": value}), ANNA)  # type: ignore[dict-item]

    assert "'text'" in str(caught.value)
    assert caught.value.limit == LARGEST_VALUE
    assert bureau.task("t").node == "t"


def test_all_variables_together_have_a_limit(bureau: Bureau) -> None:
    bureau.deploy(WAITS)
    case = bureau.start("waits", **{f"v{n}": FITS[:-100] for n in range(4)}).id

    with pytest.raises(TooLarge) as caught:
        bureau.run(commands.SetVariables(case, {"more": "x" * 1000}))

    assert caught.value.limit == LARGEST_INSTANCE


def test_a_value_nested_too_deeply_is_refused(bureau: Bureau) -> None:
    bureau.deploy(WAITS)

    bureau.start("waits", deep=_deep(90))
    with pytest.raises(Misused):
        bureau.start("waits", deep=_deep(101))
    with pytest.raises(Misused):
        bureau.start("waits", deep=_deep(100_000))


def test_a_message_that_no_receiver_could_keep_is_refused(bureau: Bureau) -> None:
    with pytest.raises(TooLarge):
        bureau.run(commands.PublishMessage("paid", variables={"text": FITS + "xyz"}))


def test_a_loop_cannot_fill_the_ledger_with_one_command(bureau: Bureau) -> None:
    bureau.deploy(
        models.process(
            "loop",
            '<startEvent id="s"/><exclusiveGateway id="g"/>'
            '<scriptTask id="x" scriptFormat="feel"><script>text = text + "!"</script></scriptTask>'
            '<exclusiveGateway id="h"/><endEvent id="e"/>'
            + models.flow("s", "g")
            + models.flow("g", "x")
            + models.flow("x", "h")
            + models.flow("h", "g")
            + models.flow("h", "e", "${stop}"),
        ).replace(b'<exclusiveGateway id="h"/>', b'<exclusiveGateway id="h" default="f_h_g"/>')
    )

    with pytest.raises(TooLarge):
        bureau.start("loop", text="x" * 500_000, stop=False)
