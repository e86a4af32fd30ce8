"""The models that are measured, written out once for every figure.

`a` to `e` and `q` are the workloads that other engines are measured with too (Camunda 7's
dialect); `script`, `ten_scripts` and `twenty_nodes` are steps of the machine alone.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="bench">\n'
)
Dialect = Literal["feel", "python"]


def process(key: str, body: str) -> bytes:
    attributes = f'id="{key}" name="{key}" isExecutable="true" camunda:historyTimeToLive="P180D"'
    return f"{HEAD}<process {attributes}>\n{body}\n</process></definitions>".encode()


def flow(source: str, target: str, inner: str = "", name: str = "") -> str:
    identity = name or f"f_{source}_{target}"
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<sequenceFlow id="{identity}" {ends}>{inner}</sequenceFlow>'


def chain(*nodes: str) -> str:
    return "".join(flow(*pair) for pair in pairwise(nodes))


def script(identity: str, dialect: Dialect) -> str:
    language = ' scriptFormat="feel"' if dialect == "feel" else ""
    return f'<scriptTask id="{identity}"{language}><script>x = x + 1</script></scriptTask>'


# --- machine steps, beside SpiffWorkflow ---


def one_script(dialect: Dialect) -> bytes:
    body = '<startEvent id="s"/><endEvent id="end"/>' + script("t1", dialect)
    return process("one_script", body + chain("s", "t1", "end"))


def ten_scripts(dialect: Dialect) -> bytes:
    names = [f"t{i}" for i in range(1, 11)]
    body = '<startEvent id="s"/><endEvent id="end"/>'
    body += "".join(script(name, dialect) for name in names)
    return process("ten_scripts", body + chain("s", *names, "end"))


def twenty_nodes(dialect: Dialect) -> bytes:
    """Start, user tasks, scripts, an exclusive pair, a parallel block, an end: 20 nodes."""
    body = '<startEvent id="s"/><endEvent id="end"/>'
    body += "".join(f'<userTask id="u{i}" name="u{i}"/>' for i in range(1, 5))
    body += "".join(script(f"t{i}", dialect) for i in range(1, 11))
    body += '<parallelGateway id="fork"/><parallelGateway id="join"/>'
    body += '<exclusiveGateway id="choose" default="no"/><exclusiveGateway id="merge"/>'
    body += chain("s", "t1", "u1", "t2", "fork", "t3", "u2", "join", "t5", "choose")
    body += chain("fork", "t4", "u3", "join")
    condition = "x &gt; 0" if dialect == "python" else "= x &gt; 0"
    inner = f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
    body += flow("choose", "t6", inner, "yes") + flow("choose", "t7", "", "no")
    body += chain("t6", "merge", "t8", "u4", "t9", "t10", "end") + chain("t7", "merge")
    return process("twenty_nodes", body)


def many(*, sequential: bool) -> bytes:
    """A script that runs once for each of `items`."""
    task = (
        '<scriptTask id="t" scriptFormat="feel"><multiInstanceLoopCharacteristics'
        f' isSequential="{str(sequential).lower()}" camunda:collection="${{items}}"'
        ' camunda:elementVariable="item"/><script>x = item + 1</script></scriptTask>'
    )
    body = '<startEvent id="s"/><endEvent id="end"/>' + task + chain("s", "t", "end")
    return process("many", body)


# --- workloads of the engine, as other engines run them ---


def workload_a() -> bytes:
    return process("a", '<startEvent id="s"/><endEvent id="end"/>' + chain("s", "end"))


def workload_b() -> bytes:
    names = [f"t{i}" for i in range(1, 11)]
    body = '<startEvent id="s"/><endEvent id="end"/>'
    body += "".join(
        f'<serviceTask id="{n}" name="{n}" camunda:expression="${{true}}"/>' for n in names
    )
    return process("b", body + chain("s", *names, "end"))


def workload_c(number: int) -> bytes:
    yes = "<conditionExpression xsi:type='tFormalExpression'>${approved}</conditionExpression>"
    body = (
        '<startEvent id="s"/><endEvent id="rejected"/><endEvent id="end"/>'
        '<userTask id="u1" name="First" camunda:candidateGroups="clerks"/>'
        '<exclusiveGateway id="g" default="f_no"/>'
        '<serviceTask id="ext" name="External" camunda:type="external"'
        f' camunda:topic="topic{number}"/>'
        '<intermediateCatchEvent id="tm"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">PT0S</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
        '<userTask id="u2" name="Second" camunda:candidateGroups="clerks"/>'
    )
    body += (
        chain("s", "u1", "g") + flow("g", "ext", yes, "f_yes") + flow("g", "rejected", "", "f_no")
    )
    return process(f"c{number}", body + chain("ext", "tm", "u2", "end"))


def workload_d() -> bytes:
    names = [f"t{i}" for i in range(1, 6)]
    body = '<startEvent id="s"/><endEvent id="end"/>' + "".join(
        f'<serviceTask id="{n}" camunda:asyncBefore="true" camunda:expression="${{true}}"/>'
        for n in names
    )
    return process("d", body + chain("s", *names, "end"))


def workload_e() -> bytes:
    """A parallel multi-instance activity: an expression for each of a hundred items."""
    task = (
        '<serviceTask id="t" camunda:expression="${item}"><multiInstanceLoopCharacteristics'
        ' camunda:collection="${items}" camunda:elementVariable="item"/></serviceTask>'
    )
    body = '<startEvent id="s"/><endEvent id="end"/>' + task
    return process("e", body + chain("s", "t", "end"))


ITEMS_E = 100


def workload_q() -> bytes:
    body = '<startEvent id="s"/><endEvent id="end"/>'
    body += '<userTask id="u" name="Open task" camunda:candidateGroups="${grp}"/>'
    return process("q", body + chain("s", "u", "end"))


_TEXT = (
    "Die Unterlagen sind vollstaendig, der Betrag ist belegt, die Leistung ist erbracht; "
    "Rueckfragen bitte an die Rechnungsstelle, die den Vorgang fuehrt und die Akte schliesst. "
)
VARIABLES_C: dict[str, str | int | float | bool] = {
    **{f"text{i}": (str(i) + _TEXT)[:160] for i in range(1, 7)},
    "amount": 123456,
    "count": 42,
    "ratio": 0.25,
    "flag": False,
}
"""Ten variables of about 1 KB, as workload c starts with (the ratio is a Double on the wire)."""
