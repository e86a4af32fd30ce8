"""Soundness: runs that would stop for ever, run double, or never come to an end.

Invariant: only warnings, each with an example; a model is never refused for them. The work is
bounded, so a graph made to be hard ends with a notice instead of an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.report import Report
from bpmn.rules.drawing import Drawing, Node, Scope
from bpmn.soundness import ways
from bpmn.soundness.exploration import Exploration
from bpmn.soundness.fault import Fault
from bpmn.soundness.net import Net
from bpmn.soundness.reduction import Effort, Reduction

RULES: dict[str, tuple[str, str]] = {
    # id → section of the standard, sentence
    "unreachable": ("13.3", "A token can come to each node."),
    "no-way-to-end": ("13.3", "From each node some way leads to an end."),
    "endless-loop": ("13.3", "A loop waits somewhere, or changes what its conditions ask."),
    "deadlock": ("13.4.1", "What a join waits for comes, whatever is chosen before."),
    "lack-of-synchronisation": (
        "13.4.2",
        "Ways that run in parallel are joined before they share a way.",
    ),
    "missing-default": ("13.4.2", "A gateway that chooses has a default, or opposite conditions."),
    "condition-constant": ("13.4.2", "A condition depends on something."),
    "never-happens": ("13.5.3", "A boundary event sits on an activity that takes time."),
    "soundness-cut-off": ("—", "How tokens run can be found out with little effort."),
}
STATES = 3_000
"""How many markings of tokens are looked at in one file."""
FOLDS = 20_000


def check_soundness(drawing: Drawing, report: Report, *, well_formed: bool) -> None:
    """Warn of what can go wrong in executable processes.

    Where rules of the standard are broken (`well_formed` False) tokens are not followed: what
    they would do in such a model means nothing.
    """
    effort = Effort(FOLDS + 20 * len(drawing.node_of)), Effort(STATES)
    reached: set[Node] = set()
    for scope in drawing.scopes:
        if not scope.executable:
            continue
        if scope.parent is None:
            reached = ways.reached_in(drawing, scope)
            _say(ways.unreachable(drawing, scope, reached), report)
        if well_formed:
            _say(ways.faults_of(drawing, scope, reached), report)
            if scope.kind != "adHocSubProcess":
                _say(_tokens(scope, *effort, report), report)


def _tokens(scope: Scope, folds: Effort, states: Effort, report: Report) -> Iterator[Fault]:
    net = Net(scope)
    for node, flow in net.never_come:
        begin = flow.source.label if flow.source is not None else ""
        text = f'"{node.label}" waits for ever for "{flow.id}": no token comes to "{begin}".'
        yield Fault("deadlock", node, text)
    reduction = Reduction(net, folds)
    folded = reduction.fold()
    yield from reduction.faults
    if folded:
        return
    exploration = Exploration(net, states)
    yield from exploration.walk()
    if not exploration.is_complete:
        text = f'The ways through "{scope.id}" are too many to look at all of them.'
        report.notice("soundness-cut-off", scope.element, text)


def _say(faults: Iterator[Fault], report: Report) -> None:
    seen = set()
    for fault in faults:
        if (fault.rule, fault.at) not in seen:
            seen.add((fault.rule, fault.at))
            report.warning(fault.rule, fault.at.element, fault.message)
