"""Links: a token jumps from the throwing event to the catching one of the same name."""

from __future__ import annotations

from bpmn.graph import LinkEvent
from engine.machine.facts import Entered, Left
from engine.machine.triggers import Continue
from tests.engine.machine.graphs import AND, END, START, Play, catch, graph, throw

TARGET = catch(LinkEvent("on"))
SOURCE = throw(LinkEvent("on", "to"))


def test_a_token_jumps_from_the_throwing_to_the_catching_link() -> None:
    play = Play(graph({"s": START, "from": SOURCE, "to": TARGET, "e": END}, "s>from to>e"))

    play.start()

    assert [f.node for f in play.of(Left)] == ["s", "from", "to", "e"]
    assert len({f.token for f in play.of(Entered)}) == 1


def test_several_links_lead_to_one() -> None:
    nodes = {"s": START, "f": AND, "a": SOURCE, "b": SOURCE, "to": TARGET, "e": END}
    play = Play(graph(nodes, "s>f>a f>b to>e"))

    play.start()

    assert [f.node for f in play.of(Left)] == ["s", "f", "a", "to", "e", "b", "to", "e"]
    assert play.state.ended == "completed"


def test_a_link_waits_for_its_continuation_before_and_after() -> None:
    slow = {**SOURCE, "async_before": True, "async_after": True}
    play = Play(graph({"s": START, "from": slow, "to": TARGET, "e": END}, "s>from to>e")).start()

    play.do(Continue(job=play.local("from")))
    assert [f.node for f in play.of(Left)] == ["s", "from"]
    play.do(Continue(job=play.local("from")))

    assert play.state.ended == "completed"
