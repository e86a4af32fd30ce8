"""How a token moves: `advance` answers one trigger with a new state and the facts.

Read the tables first: what a trigger does, the stages of a token at a node, and what each kind
of node does. Invariant: pure; the order of everything follows from graph, state and trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bpmn.errors import ModelError
from bpmn.graph import (
    Action,
    AdHoc,
    Call,
    Computation,
    Decision,
    Graph,
    Node,
    Receive,
    Subprocess,
    UserTask,
    Work,
)
from bpmn.juel.execution import forget, tell
from bpmn.values import Value
from engine.machine import (
    activities,
    adhoc,
    answers,
    calls,
    complexgates,
    eventgates,
    events,
    gateways,
    inclusive,
    listeners,
    loops,
    migration,
    modification,
    starting,
    steps,
    subprocesses,
    triggers,
    variables,
)
from engine.machine.compensation import remembering
from engine.machine.conditions import ask
from engine.machine.errors import AlreadyStarted, InstanceEnded, NotStarted, Stopped
from engine.machine.facts import AnyFact
from engine.machine.run import Decide, Run, Step
from engine.machine.state import Stage, State, Token
from engine.machine.triggers import AnyTrigger
from engine.machine.waits import open_incident

_NOTHING: Mapping[str, Value] = {}

ANSWERS: dict[type[AnyTrigger], Callable[[Run, Any], None]] = {
    triggers.Start: answers.start,
    triggers.TaskCompleted: answers.task_completed,
    triggers.TaskThrew: answers.task_threw,
    triggers.TaskEscalated: answers.task_escalated,
    triggers.JobDone: answers.job_done,
    triggers.JobThrew: answers.job_threw,
    triggers.TimerDue: answers.timer_due,
    triggers.MessageArrived: answers.message_arrived,
    triggers.CallEnded: calls.call_ended,
    triggers.CallThrew: calls.call_threw,
    triggers.CallEscalated: calls.call_escalated,
    triggers.CallFailed: calls.call_failed,
    triggers.Selected: adhoc.selected,
    triggers.Continue: answers.resume,
    triggers.Retried: answers.retried,
    triggers.VariablesSet: answers.variables_set,
    triggers.Modify: modification.modify,
    triggers.Migrate: migration.migrate,
    triggers.Cancel: answers.cancel,
}

EVENTS_AND_GATEWAYS: dict[str, Step] = {
    "startEvent": subprocesses.event_started,
    "boundaryEvent": events.boundary_reached,
    "intermediateCatchEvent": events.catch,
    "intermediateThrowEvent": events.throw,
    "endEvent": events.throw,
    "exclusiveGateway": events.pass_through,
    "parallelGateway": gateways.join,
    "inclusiveGateway": inclusive.join_inclusive,
    "complexGateway": complexgates.join_complex,
    "eventBasedGateway": eventgates.wait_for_events,
    "task": events.pass_through,
    "manualTask": events.pass_through,
    "sendTask": events.throw,
}

ACTIONS: dict[type[Action], Step] = {
    UserTask: activities.open_task,
    Work: activities.request_work,
    Computation: activities.compute,
    Decision: activities.decide,
    Receive: activities.receive,
    Subprocess: subprocesses.enter_subprocess,
    AdHoc: adhoc.enter,
    Call: calls.call,
}


def act(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """What the node is there for: its action if it has one, else what its kind does."""
    if node.action is not None:
        return ACTIONS[type(node.action)](run, token_id, token, node)
    return EVENTS_AND_GATEWAYS[node.kind](run, token_id, token, node)


STAGES: dict[Stage, Step] = {
    # A token at a node.
    "arrive": steps.arrive,
    "start": variables.map_inputs,
    "arm": steps.arm,
    "hear": listeners.before,
    "act": act,
    "complete": steps.complete,
    "take": gateways.take,
    "pass": listeners.along,
    # The first token of a process that has to evaluate something; that of a call that is back.
    "open": starting.open_process,
    "return": calls.take_back,
    # A loop's host, then its instances.
    "loop": loops.begin,
    "round": loops.next_round,
    "count": loops.count,
    "settle": loops.settle,
    # An ad-hoc subprocess's host, and the tokens inside.
    "idle": adhoc.idle,
    "ask": adhoc.ask,
}


def asking(step: Step) -> Step:
    """A step of a graph with conditions: what it changed may make them true.

    An activity's own result completes it first, be it a person's, a worker's or computed here.
    """

    def step_and_ask(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
        following = step(run, token_id, token, node)
        if (run.changes or run.risen) and following != "complete":
            ask(run)
            if token_id not in run.state.tokens:
                return None
        return following

    return step_and_ask


REMEMBERING = {stage: remembering(step) for stage, step in STAGES.items()}
STAGES_OF: dict[tuple[bool, bool], dict[Stage, Step]] = {
    (False, False): STAGES,
    (False, True): REMEMBERING,
    (True, False): {stage: asking(step) for stage, step in STAGES.items()},
    (True, True): {stage: asking(step) for stage, step in REMEMBERING.items()},
}
"""The stages of a graph that (has conditions, compensates): no other pays for it."""


def advance(
    graph: Graph,
    state: State,
    trigger: AnyTrigger,
    now: datetime,
    decisions: Decide,
    *,
    about: Mapping[str, Value] = _NOTHING,
) -> tuple[State, list[AnyFact]]:
    """Answer the trigger and move every token to its next wait.

    Takes ownership of `state`. `about` is what expressions may ask of the instance beside its
    business key (`bpmn.juel.execution`). A trigger that does not fit raises a `MachineError` and
    changes nothing. An expression that fails leaves its token where it stands, with an incident;
    what went before stays.
    """
    if isinstance(trigger, triggers.Start):
        if state.counter:
            raise AlreadyStarted("the instance has begun")
    elif not state.counter:
        raise NotStarted("the instance has not begun")
    if state.ended is not None:
        raise InstanceEnded(f"the instance is over: {state.ended}")
    key = trigger.business_key if isinstance(trigger, triggers.Start) else state.business_key
    told = tell((about, key))
    try:
        run = Run(graph, state, now, decisions)
        ANSWERS[type(trigger)](run, trigger)
        run.count_from(state.entries if isinstance(trigger, triggers.Continue) else 0)
        if run.shape.plain:
            drain(run, STAGES)
        else:
            move(run)
        run.close_count()
    finally:
        forget(told)
    return state, run.facts


def move(run: Run) -> None:
    """Move all tokens to their waits; then ask what can only be known when nothing is ready."""
    shape = run.shape
    stages = STAGES_OF[shape.has_conditions, bool(shape.compensable)]
    if shape.has_conditions and (run.risen or not run.ready):
        ask(run)
    while True:
        drain(run, stages)
        if shape.has_conditions:
            ask(run)  # An incident may have stopped the step after a change.
        if run.ready:
            continue
        if not shape.joins_late or run.state.ended is not None or not gateways.settle(run):
            return


def drain(run: Run, stages: dict[Stage, Step]) -> None:
    """Take each ready token from stage to stage until it waits or is gone."""
    tokens, nodes, ready = run.state.tokens, run.graph.nodes, run.ready
    while ready:
        token_id, stage = ready.pop()
        token = tokens.get(token_id)
        if token is None:
            continue
        following: Stage | None = stage
        try:
            while following is not None:
                stage = following
                following = stages[stage](run, token_id, token, nodes[token.node])
        except Stopped as error:
            open_incident(run, token_id, token.node, stage, kind=error.kind, message=str(error))
        except ModelError as error:
            open_incident(run, token_id, token.node, stage, kind=error.code, message=str(error))
