"""Scopes and gateways in plain BPMN: compensation, transactions, ad-hoc subprocesses, quantities,
joins (BPMN 2.0 §10.2.5, §10.6, §10.7, §13.3, §13.4)."""

from __future__ import annotations

import pytest

from tests.bpmn.drawing import flow, line
from tests.engine.constructs import (
    ERROR,
    MESSAGE,
    THREE,
    UNDO_A,
    UNDO_B,
    A,
    Act,
    B,
    boundary,
    completes,
    element,
    end,
    formal,
    hour,
    inside,
    many,
    played,
    script,
    several,
    start,
    throw,
)

TWICE = "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
HANDLED = many("task", "h") + line("b", "h")
UNDO_SP = (
    '<bpmn:association id="as_sp" sourceRef="bc" targetRef="undo_sp" associationDirection="One"/>'
)
CANCELLED = (
    boundary("cb", "tx", "cancel")
    + many("task", "h")
    + end()
    + line("s", "tx", "e")
    + line("cb", "h")
)


def undoing(content: str) -> str:
    """A compensation event subprocess."""
    return inside("es", element("startEvent", "es_s", "<bpmn:compensateEventDefinition/>")
                  + content + line("es_s", "es_t"), triggeredByEvent="true")  # fmt: skip


def then_undone(*activities: str, more: str = "", target: str = "") -> str:
    """start → the activities → a throw event for compensation `t` → end."""
    said = f'<bpmn:compensateEventDefinition activityRef="{target}"/>'
    thrown = element("intermediateThrowEvent", "t", said) if target else throw("t", "compensate")
    return start() + thrown + end() + line("s", *activities, "t", "e") + more


UNDONE: dict[str, tuple[str, list[Act], str]] = {
    "one activity alone": (
        then_undone("a", "b", more=A + B + UNDO_A + UNDO_B, target="a"), [], "s a b undo_a t e",
    ),
    "each instance": (
        then_undone("a", more=A.replace(">", f">{several(THREE, sequential=True)}", 1) + UNDO_A),
        [],
        "s a a a undo_a undo_a undo_a t e",
    ),
    "each instance of a subprocess": (
        then_undone("sp", more=inside("sp", several(TWICE) + start("is") + A + line("is", "a")
                                      + UNDO_A)),
        [],
        "s is a sp is a sp undo_a undo_a t e",
    ),
    "a subprocess by its event subprocess": (
        then_undone("sp", more=inside("sp", start("is") + A + line("is", "a")
                                      + undoing(many("task", "es_t")) + UNDO_A)),
        [],
        "s is a sp es_s es_t es t e",
    ),
    "a subprocess by its event subprocess, which undoes what is inside": (
        then_undone("sp", more=inside("sp", start("is") + A + line("is", "a")
                                      + undoing(throw("es_t", "compensate")) + UNDO_A)),
        [],
        "s is a sp es_s undo_a es_t es t e",
    ),
    "a subprocess by the handler at its boundary": (
        then_undone("sp", more=inside("sp", start("is") + A + line("is", "a") + UNDO_A)
                    + boundary("bc", "sp", "compensate")
                    + element("task", "undo_sp", isForCompensation="true") + UNDO_SP),
        [],
        "s is a sp undo_sp t e",
    ),
    "by a handler that is a subprocess": (
        then_undone("sp", more=inside("sp", start("is") + many("task", "x") + line("is", "x"))
                    + boundary("bc", "sp", "compensate")
                    + inside("undo_sp", start("us") + many("userTask", "uu") + line("us", "uu"),
                             isForCompensation="true") + UNDO_SP),
        [completes("uu")],
        "s is x sp us uu undo_sp t e",
    ),
    "a transaction that has succeeded": (
        then_undone("tx", more=inside("tx", start("is") + A + line("is", "a") + UNDO_A,
                                      "transaction")),
        [],
        "s is a tx undo_a t e",
    ),
    "not what lies around the subprocess that throws": (
        start() + A + inside("sp", start("is") + throw("t", "compensate") + line("is", "t"))
        + end() + line("s", "a", "sp", "e") + UNDO_A,
        [],
        "s a is t sp e",
    ),
    "a cancelled transaction, in reverse order": (
        start() + inside("tx", start("is") + A + B + end("x", "cancel")
                         + line("is", "a", "b", "x") + UNDO_A + UNDO_B, "transaction")
        + CANCELLED,
        [],
        "s is a b undo_b undo_a x cb h",
    ),
    "a cancelled transaction, and what runs in it is withdrawn": (
        start() + inside("tx", start("is") + A + many("userTask", "w")
                         + many("parallelGateway", "g") + end("x", "cancel")
                         + line("is", "a", "g", "w") + line("g", "x") + UNDO_A, "transaction")
        + CANCELLED,
        [],
        "s is a undo_a x cb h",
    ),
    "not a transaction that an error leaves": (
        start() + inside("tx", start("is") + A + end("x", "error") + line("is", "a", "x")
                         + UNDO_A, "transaction")
        + boundary("b", "tx", "error") + HANDLED + end() + line("s", "tx", "e"),
        [],
        "s is a x b h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDONE)
def test_compensation_undoes(name: str) -> None:
    body, acts, trace = UNDONE[name]

    case = played(body, ERROR, acts)

    assert case.ended
    assert " ".join(case.trace) == trace


FORK = start() + many("parallelGateway", "f")


def adhoc(content: str, **attributes: str) -> str:
    """start → an ad-hoc subprocess → end."""
    drawn = inside("ah", content, "adHocSubProcess", **attributes)
    return start() + drawn + end() + line("s", "ah", "e")


ENOUGH = formal("completionCondition", "x = 1")
USERS = many("userTask", "u", "v")
JOINED: dict[str, tuple[str, list[Act], str]] = {
    "a complex gateway goes on with two of three and swallows the third": (
        FORK + many("userTask", "u", "v", "w")
        + element("complexGateway", "j", formal("activationCondition", "activationCount >= 2"))
        + many("task", "n") + line("s", "f", "u", "j", "n") + line("f", "v", "j")
        + line("f", "w", "j"),
        [completes("u"), completes("v"), completes("w")],
        "s u v n w",
    ),
    "a complex gateway chooses as an inclusive one does": (
        start() + element("complexGateway", "g", default="g_c") + many("task", "a", "b", "c")
        + line("s", "g") + flow("g", "a", "x = 0") + flow("g", "b", "x &lt; 3") + flow("g", "c"),
        [],
        "s a b",
    ),
    "an inclusive gateway in a loop": (
        start() + many("exclusiveGateway", "m") + many("inclusiveGateway", "g", "j")
        + script("a", "x = x + 1") + many("task", "b")
        + element("exclusiveGateway", "y", default="y_e") + end() + line("s", "m", "g")
        + flow("g", "a", "true") + flow("g", "b", "x = 0") + line("a", "j", "y") + line("b", "j")
        + flow("y", "m", "x &lt; 2") + flow("y", "e"),
        [],
        "s a b a e",
    ),
    "an inclusive gateway does not wait for what cannot come": (
        start() + element("exclusiveGateway", "g", default="g_b") + many("inclusiveGateway", "j")
        + many("task", "a", "b", "n") + line("s", "g") + flow("g", "a", "false") + flow("g", "b")
        + line("a", "j", "n") + line("b", "j"),
        [],
        "s b n",
    ),
    "a parallel gateway joins and forks": (
        FORK + many("parallelGateway", "j") + many("task", "a", "b", "c", "k")
        + line("s", "f", "a", "j", "c") + line("f", "b", "j", "k"),
        [],
        "s a b c k",
    ),
    "an exclusive gateway merges without a join": (
        FORK + many("exclusiveGateway", "j") + many("task", "a", "b", "n")
        + line("s", "f", "a", "j", "n") + line("f", "b", "j"),
        [],
        "s a n b n",
    ),
    "a task takes its conditional ways and those without a condition": (
        start() + element("userTask", "u", default="u_b") + many("task", "a", "b", "c")
        + line("s", "u") + flow("u", "a", "x = 1") + flow("u", "b") + flow("u", "c"),
        [completes("u", x=1)],
        "s u a c",
    ),
    "a task takes its default way if no condition is true": (
        start() + element("userTask", "u", default="u_b") + many("task", "a", "b", "c")
        + line("s", "u") + flow("u", "a", "x = 1") + flow("u", "b") + flow("u", "c", "x = 3"),
        [completes("u", x=2)],
        "s u b",
    ),
    "a task begins for each token": (
        FORK + many("task", "a", "b", "n") + line("s", "f", "a", "n") + line("f", "b", "n"),
        [],
        "s a n b n",
    ),
    "two tokens make one activity": (
        FORK + many("task", "a", "b") + element("task", "n", startQuantity="2") + end()
        + line("s", "f", "a", "n", "e") + line("f", "b", "n"),
        [],
        "s a b n e",
    ),
    "an ad-hoc subprocess withdraws the rest": (
        adhoc(USERS + ENOUGH), [completes("u", x=1)], "s u ah e",
    ),
    "an ad-hoc subprocess leaves the rest": (
        adhoc(USERS + ENOUGH, cancelRemainingInstances="false"),
        [completes("u", x=1), completes("v")],
        "s u v ah e",
    ),
    "an ad-hoc subprocess, one after the other": (
        adhoc(USERS + ENOUGH, ordering="Sequential"),
        [completes("u"), completes("v", x=1)],
        "s u v ah e",
    ),
    "an ad-hoc subprocess with flows and a gateway": (
        adhoc(USERS + many("userTask", "w") + many("parallelGateway", "g") + line("u", "g", "v")
              + line("g", "w")),
        [completes("u"), completes("v"), completes("w")],
        "s u v w ah e",
    ),
    "an ad-hoc subprocess that takes too long": (
        adhoc(USERS) + boundary("b", "ah", "timer") + HANDLED, [hour], "s b h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JOINED)
def test_tokens_split_and_join(name: str) -> None:
    body, acts, trace = JOINED[name]

    case = played(body, MESSAGE, acts, {"x": 0})

    assert case.ended
    assert " ".join(case.trace) == trace
