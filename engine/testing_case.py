"""One process instance on a `Bench`: what can be seen of it, and what can be done to it.

Invariant: what goes on has been written, read back and compared (`testing_state`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from bpmn.graph import Graph
from bpmn.values import Value, Variables
from engine.errors import Misused, NotFound
from engine.handlers import BpmnError, Done, Effect, Escalation, JobContext, Registration, Retry
from engine.machine import facts, triggers
from engine.machine.machine import advance
from engine.machine.state import State, new_state
from engine.testing_operations import Operated
from engine.testing_state import Kept
from storage.database import Database

if TYPE_CHECKING:
    from engine.testing import Bench


_SHOWN = frozenset(
    {"task", "job", "continuation", "timer", "subscription", "condition", "call", "selection"}
)


class Case(Operated):
    """One process instance on a Bench."""

    def __init__(
        self,
        bench: Bench,
        graph: Graph,
        identifier: str,
        caller: tuple[Case, int] | None = None,
    ) -> None:
        super().__init__()
        self.id = identifier
        self.graph = graph
        self.facts: list[facts.AnyFact] = []
        self.effects: list[Effect] = []
        """Effects that handlers returned; they run at once if the bench has a database."""
        self.failures: list[Exception] = []
        """What handlers raised that is neither a BpmnError nor a Retry."""
        self.children: list[Case] = []
        """Cases that this one called, in order."""
        self.caller = caller
        """The case that called this one, and the number of its call."""
        self.depth: int = caller[0].depth + 1 if caller else 0
        self.armed: dict[int, facts.TimerArmed] = {}
        self._bench = bench
        self._kept = Kept(new_state(graph))
        self._jobs: dict[int, facts.JobRequested] = {}
        self._subscribed: dict[int, facts.Subscribed] = {}
        self._incidents: dict[int, facts.IncidentOpened] = {}
        self._attempts: dict[int, int] = {}
        self._look_again: dict[int, datetime] = {}
        self._trace: list[str] = []
        self._entered: dict[int, facts.Entered] = {}

    # --- looking ---

    @property
    def state(self) -> State:
        """A copy: what is done to it is done to nobody."""
        return self._kept.copy()

    def waits_for(self, local: int) -> bool:
        """Whether this is still waited for."""
        return local in self._kept.state.waits

    @property
    def variables(self) -> Variables:
        """The process's own variables."""
        return dict(self._kept.state.visible(0))

    @property
    def business_key(self) -> str | None:
        return self._kept.state.business_key

    @property
    def waits_at(self) -> list[str]:
        """Ids of open tasks, jobs, calls, and of events that are waited for, in order of arrival.

        Behind an event-based gateway these are its events. Boundary events and the start events of
        event subprocesses are not among them: the case waits at what they stand around.
        """
        found = dict.fromkeys(
            (wait.token, wait.node)
            for wait in self._kept.state.waits.values()
            if wait.kind in _SHOWN and not self._stands_around(wait.node)
        )
        return [node for _, node in found]

    def _stands_around(self, node: str) -> bool:
        at = self.graph.nodes[node]
        return at.attached_to is not None or at.kind == "startEvent"

    @property
    def trace(self) -> list[str]:
        """Ids of activities and events in order of completion.

        Of a loop or multi-instance activity each instance is here, and not the whole besides.
        """
        return list(self._trace)

    def _completed(self, left: facts.Left) -> None:
        node = self.graph.nodes[left.node]
        entered = self._entered.pop(left.token, None)
        if node.loop is not None and entered is not None:
            around = self._entered.get(entered.parent)
            if around is None or around.node != node.id:
                return  # The host: its instances stand in the trace.
        if not node.kind.endswith("Gateway"):
            self._trace.append(node.id)

    @property
    def incidents(self) -> list[facts.IncidentOpened]:
        """What is stuck: expressions that failed, errors nobody caught, jobs out of attempts."""
        return list(self._incidents.values())

    @property
    def ended(self) -> bool:
        return self._kept.state.ended is not None

    @property
    def outcome(self) -> str | None:
        """How it ended: completed, terminated, cancelled or error."""
        return self._kept.state.ended

    @property
    def timers(self) -> dict[str, datetime]:
        """When each armed timer is due, boundary events included."""
        return {armed.node: armed.due for armed in self.armed.values()}

    @property
    def subscriptions(self) -> list[tuple[int, str, Value]]:
        """Local id, message name and key of what is waited for."""
        return [
            (local, each.message, each.key)
            for local, each in self._subscribed.items()
            if not each.signal
        ]

    @property
    def signals(self) -> list[tuple[int, str]]:
        """Local id and name of the signals that are listened to."""
        return [(local, each.message) for local, each in self._subscribed.items() if each.signal]

    @property
    def uncaught(self) -> facts.ErrorThrown | None:
        """The last error that nobody caught: the one that ended the case, if one did."""
        thrown = (fact for fact in reversed(self.facts) if isinstance(fact, facts.ErrorThrown))
        return next((fact for fact in thrown if fact.caught_by is None), None)

    def task(self, node: str) -> facts.TaskOpened:
        """The open user task at a node, as it was put before people."""
        local = self._open(node, "task")
        return next(
            fact for fact in self.facts if isinstance(fact, facts.TaskOpened) and fact.task == local
        )

    # --- acting ---

    def complete(
        self,
        node: str,
        /,
        *,
        performer: str | None = None,
        on_behalf_of: str | None = None,
        **variables: Value,
    ) -> None:
        """Complete the user task or job at a node; without `performer` a new person does it."""
        self._complete(self._open(node, "task", "job"), variables, performer, on_behalf_of)

    def _complete(
        self, local: int, variables: Variables, performer: str | None, on_behalf_of: str | None
    ) -> None:
        if local in self._jobs:
            self.trigger(triggers.JobDone(job=local, variables=variables))
            return
        self.trigger(
            triggers.TaskCompleted(
                task=local,
                variables=variables,
                performer=performer or f"person-{len(self.facts)}",
                on_behalf_of=on_behalf_of,
            )
        )

    def submit(self, node: str, /, *, performer: str | None = None, **data: object) -> None:
        """Complete a user task through its deployed form, which may refuse (`FormInvalid`)."""
        task = self.task(node)
        form = self._bench.forms.get(task.form or "")
        if form is None:
            raise NotFound("form", f"{task.form} of {node}")
        seen = self._kept.state.visible(self._kept.state.scope_of(task.token))
        values = form.validate(data, seen, self._bench.now)
        self._complete(task.task, values, performer, None)

    def throw(self, error: BpmnError | Escalation, at: str) -> None:
        """Let the job or user task at a node end with a BPMN error, or escalate and go on."""
        if isinstance(error, Escalation):
            self._escalate(error, self._open(at, "task", "call"))
            return
        local = self._open(at, "job", "task")
        code, message, variables = error.code, error.message, error.variables
        if local in self._jobs:
            self.trigger(
                triggers.JobThrew(job=local, code=code, message=message, variables=variables)
            )
        else:
            self.trigger(
                triggers.TaskThrew(task=local, code=code, message=message, variables=variables)
            )

    def _escalate(self, thrown: Escalation, local: int) -> None:
        code, variables = thrown.code, thrown.variables
        if self._kept.state.waits[local].kind == "call":
            self.trigger(triggers.CallEscalated(call=local, code=code, variables=variables))
        else:
            self.trigger(triggers.TaskEscalated(task=local, code=code, variables=variables))

    def set(self, **variables: Value) -> None:
        """Change the process's variables from outside."""
        self.trigger(triggers.VariablesSet(variables=variables))

    def retry(self, node: str) -> None:
        """Try again what an incident at a node stopped."""
        for local, incident in list(self._incidents.items()):
            if incident.node == node:
                if local in self._jobs:
                    del self._incidents[local], self._attempts[local]
                else:
                    self.trigger(triggers.Retried(incident=local))
                return
        raise NotFound("incident", node)

    def cancel(self, reason: str = "cancelled by the test") -> None:
        self.trigger(triggers.Cancel(reason=reason))

    def run_jobs(self) -> bool:
        """Run the jobs that are due, and those that follow, until none is left that can run.

        Jobs for workers elsewhere wait unless their topic has a handler. True if any ran.
        """
        ran = False
        while (job := self._next_job()) is not None:
            ran = True
            if job.kind == "continuation":
                self.trigger(triggers.Continue(job=job.job))
            else:
                self._work(job)
        return ran

    def run_continuations(self) -> bool:
        """Run what was put off by asyncBefore or asyncAfter, and only that. True if any ran."""
        ran = False
        while not self.suspended:
            due = [local for local, job in self._jobs.items() if job.kind == "continuation"]
            if not due:
                break
            ran = True
            self.trigger(triggers.Continue(job=due[0]))
        return ran

    # --- inside ---

    def trigger(self, trigger: triggers.AnyTrigger) -> None:
        """One step of the machine, then at once what it put off, and what it has set off."""
        self.refuse_suspended(trigger)
        happened = self._step(trigger)
        following = self._kept.put_off(happened)
        while following:
            further = self._step(triggers.Continue(job=following.pop(0)))
            following = [*self._kept.put_off(further), *following]
            happened += further
        self._bench.traffic.follow(self, happened)

    def _step(self, trigger: triggers.AnyTrigger) -> list[facts.AnyFact]:
        bench = self._bench
        definition = bench.definition_id(self.graph)
        about: Variables = {"processInstanceId": self.id, "processDefinitionId": definition}
        state, happened = advance(
            self.graph, self._kept.state, trigger, bench.now, bench.decide, about=about
        )
        self._kept.keep(state)
        self.facts += happened
        for fact in happened:
            self._note(fact)
        return happened

    def _note(self, fact: facts.AnyFact) -> None:
        """Keep the rows that the engine would keep."""
        match fact:
            case facts.Entered():
                self._entered[fact.token] = fact
            case facts.Left():
                self._completed(fact)
            case facts.JobRequested():
                self._jobs[fact.job] = fact
            case facts.JobClosed():
                del self._jobs[fact.job]
                self._incidents.pop(fact.job, None)
            case facts.TimerArmed():
                self.armed[fact.timer] = fact
            case facts.TimerClosed():
                del self.armed[fact.timer]
            case facts.Subscribed():
                self._subscribed[fact.subscription] = fact
            case facts.Unsubscribed():
                del self._subscribed[fact.subscription]
            case facts.WaitMoved():
                self._moved(fact)
            case facts.IncidentOpened():
                self._incidents[fact.incident] = fact
            case facts.IncidentClosed():
                del self._incidents[fact.incident]
            case _:
                pass

    def _moved(self, fact: facts.WaitMoved) -> None:
        rows: tuple[dict[int, Any], ...] = (self._jobs, self.armed)
        for kept in (*rows, self._subscribed, self._incidents):
            if fact.wait in kept:
                kept[fact.wait] = msgspec.structs.replace(kept[fact.wait], node=fact.node)

    def fire(self, timer: int) -> None:
        self.trigger(triggers.TimerDue(timer=timer))

    def _open(self, node: str, *kinds: str) -> int:
        for local, wait in self._kept.state.waits.items():
            if wait.node == node and wait.kind in kinds:
                return local
        raise NotFound(" or ".join(kinds), f"{node} (open: {', '.join(self.waits_at) or 'none'})")

    def _next_job(self) -> facts.JobRequested | None:
        for local, job in () if self.suspended else self._jobs.items():
            if local in self._incidents or self._look_again.get(local, self._bench.now) > (
                self._bench.now
            ):
                continue
            if job.kind == "continuation" or self._bench.handlers.get(job.topic):
                return job
            if job.kind == "handler":
                raise Misused(f"topic {job.topic!r} of {job.node!r} has no handler")
        return None

    def _work(self, job: facts.JobRequested) -> None:
        handler = self._bench.handlers.get(job.topic)
        assert handler is not None
        self._attempts[job.job] = attempt = self._attempts.get(job.job, 0) + 1
        try:
            result = handler.run(self._context(job, attempt))
        except BpmnError as error:
            self.trigger(
                triggers.JobThrew(
                    job=job.job,
                    code=error.code,
                    message=error.message,
                    variables=error.variables,
                )
            )
        except Retry as retry:
            self._attempts[job.job] -= 1
            self._look_again[job.job] = self._bench.now + retry.after
        except Exception as error:  # noqa: BLE001  jobs are run here
            self._failed(job, handler, attempt, error)
        else:
            done = result if isinstance(result, Done) else Done(result or {})
            self._apply(done.effects)
            self.trigger(triggers.JobDone(job=job.job, variables=dict(done.variables)))

    def _apply(self, effects: Any) -> None:
        self.effects += effects
        if effects and self._bench.database is not None:
            with self._bench.database.begin(now=self._bench.now) as tx:
                for effect in effects:
                    effect(tx)

    def _failed(
        self, job: facts.JobRequested, handler: Registration, attempt: int, error: Exception
    ) -> None:
        """Wait and try again; without attempts left it is an incident."""
        self.failures.append(error)
        if attempt >= (job.attempts or handler.retry.attempts):
            self._incidents[job.job] = facts.IncidentOpened(
                job.job, job.node, job.token, "failed_job", f"{type(error).__name__}: {error}"
            )
            return
        wait = handler.retry.wait_after(attempt)
        if job.waits:
            wait = timedelta(seconds=job.waits[min(attempt, len(job.waits)) - 1])
        self._look_again[job.job] = self._bench.now + wait

    def _context(self, job: facts.JobRequested, attempt: int) -> JobContext:
        state = self._kept.state
        return JobContext(
            id=f"{self.id}-{job.job}",
            instance_id=self.id,
            process_id=self.graph.process_id,
            business_key=state.business_key,
            node=job.node,
            topic=job.topic,
            variables=dict(state.visible(state.scope_of(job.token))),
            properties=self.graph.nodes[job.node].properties,
            attempt=attempt,
            tenant="default",
            now=self._bench.now,
            database=cast("Database", self._bench.database),
            objects=self._bench.objects,
        )
