"""What goes between the cases of a Bench: messages, signals, calls and what they come to.

As in the engine, what follows from a step is done after it and before what follows from the step
before goes on; never nested, so that a chain of calls or messages is a list, not a stack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bpmn.graph import Graph
from bpmn.values import Value, Variables
from engine.calls import DEEPEST_CALL
from engine.machine import facts, triggers
from engine.starts import message_starts, signal_starts

if TYPE_CHECKING:
    from engine.testing import Bench
    from engine.testing_case import Case

TIME_TO_LIVE = timedelta(hours=1)
"""How long a message that nobody waits for is kept."""


@dataclass(slots=True)
class Message:
    """A message on its way, or kept until somebody waits for it."""

    name: str
    key: Value
    variables: Variables
    until: datetime


class Traffic:
    """Carries what one case sets off to the others. One per Bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.kept: list[Message] = []
        self._fresh: list[Callable[[], object]] = []
        self._following: deque[Callable[[], object]] = deque()
        self._busy = False

    def follow(self, case: Case, happened: Sequence[facts.AnyFact]) -> None:
        """Do what a step has set off, or leave it to who is just doing what one before set off."""
        for fact in happened:
            match fact:
                case facts.MessageThrown():
                    until = self.bench.now + TIME_TO_LIVE
                    message = Message(fact.message, fact.key, fact.variables, until)
                    self._fresh.append(lambda message=message: self.deliver(message))  # type: ignore[misc]
                case facts.SignalThrown():
                    self._fresh.append(
                        lambda of=fact: self.broadcast(of.signal, of.variables, but=case)  # type: ignore[misc]
                    )
                case facts.Called():
                    self._fresh.append(lambda of=fact: self._call(case, of))  # type: ignore[misc]
                case facts.CallClosed(how="cancelled"):
                    self._fresh.append(lambda of=fact: self._give_up(case, of.call))  # type: ignore[misc]
                case facts.EscalationThrown(caught_by=None):
                    self._fresh.append(lambda of=fact: self._escalate(case, of.code))  # type: ignore[misc]
                case facts.Ended():
                    self._fresh.append(lambda of=fact: self._ended(case, of.how))  # type: ignore[misc]
                case _:
                    pass
        if any(isinstance(fact, facts.Subscribed) and not fact.signal for fact in happened):
            self._fresh.append(self._offer_kept)
        self.run()

    def run(self) -> None:
        """Do all that is left to do, unless somebody does already."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._fresh or self._following:
                self._following.extendleft(reversed(self._fresh))
                self._fresh.clear()
                self._following.popleft()()
        finally:
            self._busy = False

    # --- messages and signals ---

    def receivers(self, name: str, key: Value) -> list[tuple[Case, int]]:
        """The cases and subscriptions that wait for the message."""
        return [
            (case, local)
            for case in self.bench.cases
            if not case.suspended
            for local, message, wanted in case.subscriptions
            if message == name
            and (wanted == key if wanted is not None else key in (None, case.business_key))
        ]

    def deliver(self, message: Message) -> Case | None:
        """To who waits for it, else to a message start event, else it is kept."""
        for case, local in self.receivers(message.name, message.key):
            case.trigger(triggers.MessageArrived(subscription=local, variables=message.variables))
            return case
        for graph, node in self._starts_on_message(message.name):
            return self.bench.begin(graph, message.variables, at=node)
        self.kept.append(message)
        return None

    def _starts_on_message(self, name: str) -> list[tuple[Graph, str]]:
        return [
            (graph, node)
            for graph in self.bench.graphs
            for node, event in message_starts(graph)
            if event.name.evaluate({}, self.bench.now) == name
        ]

    def _offer_kept(self) -> None:
        kept, self.kept = self.kept, []
        for message in kept:
            if message.until > self.bench.now:
                self.deliver(message)

    def broadcast(self, name: str, variables: Variables, but: Case | None = None) -> None:
        """A signal reaches all who listen now; `but` has given it to its own already."""
        listening = [
            (case, local)
            for case in self.bench.cases
            if case is not but
            for local, signal in case.signals
            if signal == name
        ]
        for case, local in listening:
            arrived = triggers.MessageArrived(subscription=local, variables=variables)
            case.receive(local, arrived)
        for graph in self.bench.graphs:
            for node, event in signal_starts(graph):
                if event.name.evaluate({}, self.bench.now) == name:
                    self.bench.begin(graph, variables, at=node)

    # --- calls ---

    def _call(self, parent: Case, called: facts.Called) -> None:
        if not parent.waits_for(called.call):
            return  # Given up in the same step.
        graph = self.bench.bound(called, parent.graph)
        why = None
        if graph is None:
            why = "call_impossible", f"process {called.process!r} is not deployed"
        elif not graph.scopes[graph.process_id].starts:
            text = f"process {called.process!r} has no start event without a trigger"
            why = "call_impossible", text
        elif parent.depth >= DEEPEST_CALL:
            why = "call_too_deep", f"{called.process!r} is called {DEEPEST_CALL} calls deep"
        if graph is None or why is not None:
            kind, text = why or ("", "")
            parent.trigger(triggers.CallFailed(call=called.call, kind=kind, message=text))
            return
        self.bench.begin(
            graph, called.variables, business_key=called.business_key, caller=(parent, called.call)
        )

    def _give_up(self, parent: Case, call: int) -> None:
        for child in parent.children:
            if child.caller == (parent, call) and not child.ended:
                child.cancel(f"called by {parent.id}, which does not wait for it any more")

    def _escalate(self, child: Case, code: str) -> None:
        if child.caller is not None:
            parent, call = child.caller
            variables = child.variables
            trigger = triggers.CallEscalated(call=call, code=code, variables=variables)
            parent.receive(call, trigger)

    def _ended(self, child: Case, how: str) -> None:
        if child.caller is None:
            return
        parent, call = child.caller
        trigger: triggers.AnyTrigger = triggers.CallEnded(call=call, variables=child.variables)
        if how == "error":
            thrown = child.uncaught
            trigger = triggers.CallThrew(
                call=call,
                code=thrown.code if thrown else "",
                message=thrown.message if thrown else None,
                variables=child.variables,
            )
        elif how == "cancelled":
            text = "the called instance was cancelled"
            trigger = triggers.CallFailed(call=call, kind="called_instance_cancelled", message=text)
        parent.receive(call, trigger)
