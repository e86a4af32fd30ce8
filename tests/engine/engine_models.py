"""Small BPMN models for the engine's tests, as a designer's Modeler would save them."""

from __future__ import annotations

from itertools import pairwise

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="defs" targetNamespace="test">\n'
)


def process(key: str, body: str, before: str = "") -> bytes:
    """A file with one executable process."""
    text = f'{_HEAD}{before}<process id="{key}" isExecutable="true">{body}</process></definitions>'
    return text.encode()


def flow(source: str, target: str, condition: str = "") -> str:
    inner = (
        f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
        if condition
        else ""
    )
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<sequenceFlow id="f_{source}_{target}" {ends}>{inner}</sequenceFlow>'


def chain(key: str, *elements: tuple[str, str], before: str = "") -> bytes:
    """start → each (id, element) in a row → end."""
    ids = ["start", *(name for name, _ in elements), "end"]
    body = '<startEvent id="start"/>' + "".join(element for _, element in elements)
    body += '<endEvent id="end"/>'
    body += "".join(flow(a, b) for a, b in pairwise(ids))
    return process(key, body, before)


def user_task(name: str, attributes: str = 'camunda:candidateGroups="clerks"') -> tuple[str, str]:
    return name, f'<userTask id="{name}" name="{name}" {attributes}/>'


def service(name: str, attributes: str) -> tuple[str, str]:
    return name, f'<serviceTask id="{name}" {attributes}/>'


def external(name: str, topic: str) -> tuple[str, str]:
    return service(name, f'camunda:type="external" camunda:topic="{topic}"')


def timer(name: str, duration: str) -> tuple[str, str]:
    return name, (
        f'<intermediateCatchEvent id="{name}"><timerEventDefinition>'
        f'<timeDuration xsi:type="tFormalExpression">{duration}</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )


EMPTY = process("a", '<startEvent id="s"/><endEvent id="e"/>' + flow("s", "e"))

WORKLOAD_C = process(
    "c",
    '<startEvent id="s"/><userTask id="u1" name="First" camunda:candidateGroups="clerks"/>'
    '<exclusiveGateway id="g" default="f_g_rejected"/>'
    '<serviceTask id="ext" name="External" camunda:type="external" camunda:topic="topic"/>'
    '<endEvent id="rejected"/>'
    '<intermediateCatchEvent id="tm"><timerEventDefinition>'
    '<timeDuration xsi:type="tFormalExpression">PT0S</timeDuration>'
    "</timerEventDefinition></intermediateCatchEvent>"
    '<userTask id="u2" name="Second" camunda:candidateGroups="clerks"/><endEvent id="end"/>'
    + flow("s", "u1")
    + flow("u1", "g")
    + flow("g", "ext", "${approved}")
    + flow("g", "rejected")
    + flow("ext", "tm")
    + flow("tm", "u2")
    + flow("u2", "end"),
)

HANDLED = chain("handled", service("work", 'camunda:delegateExpression="${work}"'))


def asynchronous(key: str, count: int) -> bytes:
    """A chain of expression tasks, each with a transaction of its own."""
    return chain(
        key,
        *(
            service(f"t{n}", 'camunda:asyncBefore="true" camunda:expression="${true}"')
            for n in range(1, count + 1)
        ),
    )


FOUR_EYES = chain(
    "four_eyes",
    user_task("first"),
    (
        "second",
        '<userTask id="second" name="second" camunda:candidateGroups="clerks"><extensionElements>'
        '<camunda:properties><camunda:property name="andere_person_als" value="first"/>'
        "</camunda:properties></extensionElements></userTask>",
    ),
)

MESSAGE = '<message id="m" name="paid"/>'

WAITS_FOR_MESSAGE = chain(
    "waits",
    (
        "catch",
        '<intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/>'
        "</intermediateCatchEvent>",
    ),
    user_task("after"),
    before=MESSAGE,
)

STARTED_BY_MESSAGE = process(
    "by_message",
    '<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent>'
    '<userTask id="work" name="work" camunda:candidateGroups="clerks"/><endEvent id="end"/>'
    + flow("start", "work")
    + flow("work", "end"),
    MESSAGE,
)

STARTED_BY_TIMER = process(
    "by_timer",
    '<startEvent id="start"><timerEventDefinition>'
    '<timeCycle xsi:type="tFormalExpression">R2/PT1H</timeCycle>'
    '</timerEventDefinition></startEvent><endEvent id="end"/>' + flow("start", "end"),
)

FAILS = chain("fails", ("compute", '<serviceTask id="compute" camunda:expression="${missing}"/>'))
