"""The two engines behind one face: begin, see the open user tasks, complete one, see the trace."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any, Protocol

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.defaults import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    UserTask,
)
from SpiffWorkflow.util.task import TaskState

from engine.testing import Bench


class Contestant(Protocol):
    trace: list[str]
    """Activities and events in order of completion."""

    @property
    def tasks(self) -> list[str]: ...
    @property
    def ended(self) -> bool: ...
    def complete(self, node: str, variables: dict[str, Any]) -> None: ...


class Ours:
    def __init__(self, source: bytes, variables: dict[str, Any]) -> None:
        self._bench = Bench()
        self._bench.deploy(source)
        self._case = self._bench.start_with("p", variables)
        self._bench.advance(timedelta())

    @property
    def trace(self) -> list[str]:
        """Of the process, then of those that it has called."""
        return [node for case in self._bench.cases for node in case.trace]

    @property
    def tasks(self) -> list[str]:
        return sorted(
            node
            for case in self._bench.cases
            for node in case.waits_at
            if case.graph.nodes[node].kind == "userTask"
        )

    @property
    def ended(self) -> bool:
        return self._case.ended

    def complete(self, node: str, variables: dict[str, Any]) -> None:
        case = next(each for each in self._bench.cases if node in each.waits_at)
        case.complete(node, **variables)
        self._bench.advance(timedelta())


LOOPS = ParallelMultiInstanceTask | SequentialMultiInstanceTask


class Theirs:
    """SpiffWorkflow; it names nodes of its own too, which have no id in the drawing, and completes
    a loop's activity once more when all of its instances are through."""

    def __init__(self, source: bytes, variables: dict[str, Any]) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(BytesIO(source)))
        specification = parser.get_spec("p")
        inner = parser.get_subprocess_specs("p")
        self.trace: list[str] = []
        for each in (specification, *inner.values()):
            for task in each.task_specs.values():
                shown = task.bpmn_id is not None and "Gateway" not in type(task).__name__
                if shown and not isinstance(task, LOOPS):
                    task.completed_event.connect(self._completed)
        self._workflow = BpmnWorkflow(specification, inner)
        self._workflow.task_tree.data.update(variables)
        self._run()

    def _completed(self, _: Any, task: Any) -> None:
        self.trace.append(task.task_spec.bpmn_id)

    def _run(self) -> None:
        """On until nothing is ready but user tasks, timers that are due included."""
        before = -1
        while before != len(self.trace):
            before = len(self.trace)
            self._workflow.do_engine_steps()
            self._workflow.refresh_timers()
            self._workflow.do_engine_steps()

    def _ready(self) -> list[Any]:
        return [
            task
            for task in self._workflow.get_tasks(state=TaskState.READY)
            if isinstance(task.task_spec, UserTask)
        ]

    @property
    def tasks(self) -> list[str]:
        return sorted(task.task_spec.bpmn_id for task in self._ready())

    @property
    def ended(self) -> bool:
        return bool(self._workflow.is_completed())

    def complete(self, node: str, variables: dict[str, Any]) -> None:
        task = next(each for each in self._ready() if each.task_spec.bpmn_id == node)
        task.data.update(variables)
        task.run()
        self._run()
