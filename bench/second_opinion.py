"""Three models that SpiffWorkflow and our machine answer differently (ADR 0001).

A loop that should end at 10,000; two parallel branches that each add 1; n parallel blocks in a row.
"""

from __future__ import annotations

import time
from io import BytesIO

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser

from bench.models import Dialect, chain, flow, process, script
from bench.options import Options
from bench.report import Table
from engine.testing import Bench


def loop(dialect: Dialect) -> bytes:
    condition = "x &lt; 10000" if dialect == "python" else "= x &lt; 10000"
    inner = f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
    body = '<startEvent id="s"/><endEvent id="e"/><exclusiveGateway id="m"/>'
    body += script("t", dialect) + '<exclusiveGateway id="g" default="out"/>'
    body += chain("s", "m", "t", "g") + flow("g", "m", inner, "back") + flow("g", "e", "", "out")
    return process("model", body)


def blocks(count: int, dialect: Dialect) -> bytes:
    body, before = '<startEvent id="s"/><endEvent id="e"/>', "s"
    for i in range(count):
        body += f'<parallelGateway id="f{i}"/><parallelGateway id="j{i}"/>'
        body += script(f"a{i}", dialect) + script(f"b{i}", dialect)
        body += flow(before, f"f{i}") + chain(f"f{i}", f"a{i}", f"j{i}")
        body += chain(f"f{i}", f"b{i}", f"j{i}")
        before = f"j{i}"
    return process("model", body + flow(before, "e"))


def theirs(source: bytes) -> tuple[object, int, float]:
    """The final x, the tasks in the tree, and seconds of CPU."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(BytesIO(source)))
    specification = parser.get_spec("model")
    started = time.process_time()
    workflow = BpmnWorkflow(specification)
    workflow.task_tree.data["x"] = 0
    workflow.do_engine_steps()
    assert workflow.is_completed()
    tasks = len(list(workflow.get_tasks()))
    return workflow.last_task.data["x"], tasks, time.process_time() - started


def ours(source: bytes) -> tuple[object, float]:
    bench = Bench()
    bench.deploy(source)
    started = time.process_time()
    case = bench.start("model", x=0)
    assert case.ended
    return case.variables["x"], time.process_time() - started


def run(options: Options) -> list[Table]:
    """`right`: the x that the model means."""
    cases = [("loop of three nodes to 10,000", 10_000, loop("feel"), loop("python"))]
    for count in (1, 4) if options.quick else (1, 4, 8, 12):
        name = f"{count} parallel blocks, x + 1 in each branch"
        cases.append((name, 2 * count, blocks(count, "feel"), blocks(count, "python")))
    table = Table("The same models, two answers")
    for name, right, mine, their in cases:
        x, cpu = ours(mine)
        their_x, tasks, their_cpu = theirs(their)
        table.rows.append(
            {
                "model": name,
                "right: x": right,
                "ours: x": str(x),
                "ours, ms": cpu * 1e3,
                "SpiffWorkflow: x": str(their_x),
                "its tasks": tasks,
                "its ms": their_cpu * 1e3,
            }
        )
    return [table]
