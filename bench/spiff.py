"""SpiffWorkflow on the machine's three models, for the comparison in ADR 0001."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.util.task import TaskState


def runner(source: bytes, process_id: str) -> Callable[[], None]:
    """A function that runs one instance to its end, completing user tasks as they open."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(BytesIO(source)))
    specification = parser.get_spec(process_id)

    def run() -> None:
        workflow = BpmnWorkflow(specification)
        workflow.task_tree.data["x"] = 1
        workflow.do_engine_steps()
        while not workflow.is_completed():
            for task in workflow.get_tasks(state=TaskState.READY):
                task.run()
            workflow.do_engine_steps()
        assert workflow.last_task.data["x"] >= 2

    return run
