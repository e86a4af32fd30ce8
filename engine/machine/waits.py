"""What a token waits for: opened with a fact, closed with a fact, and in the state between."""

from __future__ import annotations

from collections.abc import Callable

from bpmn.graph import Node
from engine.machine.errors import (
    CallNotOpen,
    IncidentNotOpen,
    JobNotOpen,
    Stopped,
    SubscriptionNotOpen,
    TaskNotOpen,
    TimerNotOpen,
    WaitNotOpen,
)
from engine.machine.facts import (
    AnyFact,
    CallClosed,
    IncidentClosed,
    IncidentOpened,
    JobClosed,
    JobRequested,
    TaskClosed,
    TimerClosed,
    Unsubscribed,
)
from engine.machine.run import ENTRIES_WITHOUT_A_WAIT, Run
from engine.machine.state import Stage, State, Token, Wait

CANCELLED: dict[str, Callable[[int], AnyFact]] = {  # other kinds end without a fact
    "task": lambda local: TaskClosed(local, "cancelled"),
    "job": lambda local: JobClosed(local, "cancelled"),
    "continuation": lambda local: JobClosed(local, "cancelled"),
    "timer": lambda local: TimerClosed(local, "cancelled"),
    "subscription": lambda local: Unsubscribed(local, "cancelled"),
    "incident": IncidentClosed,
    "call": lambda local: CallClosed(local, "cancelled"),
}
"""What closes a wait that is withdrawn; the other kinds are the machine's own and leave no fact."""

NOT_OPEN: dict[str, type[WaitNotOpen]] = {
    "task": TaskNotOpen,
    "job": JobNotOpen,
    "continuation": JobNotOpen,
    "timer": TimerNotOpen,
    "subscription": SubscriptionNotOpen,
    "incident": IncidentNotOpen,
    "call": CallNotOpen,
}


def open_wait(run: Run, token_id: int, wait: Wait) -> int:
    """Let the token wait; the caller adds the fact. Token 0 is the process itself."""
    state = run.state
    local = state.next_id()
    state.waits[local] = wait
    (state.tokens[token_id].waits if token_id else state.waits_of_process).append(local)
    return local


def find_wait(state: State, kind: str, local: int) -> Wait:
    """The open wait of this kind, or the error that says it is not open."""
    wait = state.waits.get(local)
    if wait is None or wait.kind != kind:
        raise NOT_OPEN[kind](local)
    return wait


def close_wait(run: Run, local: int, fact: AnyFact | None) -> Wait:
    """The token no longer waits for this."""
    state = run.state
    wait = state.waits.pop(local)
    (state.tokens[wait.token].waits if wait.token else state.waits_of_process).remove(local)
    if fact is not None:
        run.facts.append(fact)
    return wait


def cancel_waits(run: Run, token: Token) -> None:
    """Withdraw all that the token waits for, boundary events included."""
    for local in token.waits:
        _withdraw(run, local)
    token.waits.clear()


def cancel_some(run: Run, token_id: int, which: Callable[[Wait], bool]) -> None:
    """Withdraw some of what the token, or with 0 the process, waits for."""
    state = run.state
    own = state.waits_of(token_id)
    for local in [each for each in own if which(state.waits[each])]:
        own.remove(local)
        _withdraw(run, local)


def _withdraw(run: Run, local: int) -> None:
    closed = CANCELLED.get(run.state.waits.pop(local).kind)
    if closed is not None:
        run.facts.append(closed(local))


def put_off(run: Run, token_id: int, node: Node, stage: Stage) -> None:
    """Leave `stage` to a continuation, in a transaction of its own."""
    job = open_wait(run, token_id, Wait("continuation", node.id, token_id, stage))
    run.facts.append(
        JobRequested(
            job,
            node.id,
            token_id,
            "continuation",
            "",
            attempts=node.retry.attempts if node.retry else None,
            waits=retry_waits(node),
            exclusive=node.exclusive,
        )
    )


def run_out(run: Run, token_id: int, node: Node, stage: Stage) -> None:
    """This call has entered enough nodes: the rest waits, unless it seems to go on for ever."""
    entries = run.state.entries + run.entries_allowed
    if entries >= ENTRIES_WITHOUT_A_WAIT:
        raise Stopped("endless_loop", f"{entries} nodes were entered without a wait")
    put_off(run, token_id, node, stage)


def open_incident(
    run: Run, token_id: int, node: str, stage: Stage, *, kind: str, message: str
) -> int:
    """Stop the token here until somebody repeats `stage`, or withdraws it."""
    local = open_wait(run, token_id, Wait("incident", node, token_id, stage))
    run.facts.append(IncidentOpened(local, node, token_id, kind, message))
    return local


def retry_waits(node: Node) -> tuple[float, ...]:
    """The waits between attempts, in seconds."""
    return tuple(wait.total_seconds() for wait in node.retry.waits) if node.retry else ()
