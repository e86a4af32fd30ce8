"""Small BPMN texts for tests: a process body wrapped into a file, flows by their ends."""

from __future__ import annotations

from itertools import pairwise

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="urn:test">"""


def file(body: str, root: str = "", attributes: str = "") -> bytes:
    """A file with one executable process `p`; `root` stands beside it."""
    return (
        f'{_HEAD}<bpmn:process id="p" isExecutable="true" {attributes}>\n{body}\n'
        f"</bpmn:process>{root}</bpmn:definitions>"
    ).encode()


def flow(source: str, target: str, condition: str | None = None, language: str = "") -> str:
    """A sequence flow named `source_target`."""
    asked = ""
    if condition is not None:
        said = f' language="{language}"' if language else ""
        asked = (
            f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression"{said}>{condition}'
            "</bpmn:conditionExpression>"
        )
    return (
        f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
        f"{asked}</bpmn:sequenceFlow>\n"
    )


def line(*nodes: str) -> str:
    """Flows that lead from each node to the next."""
    return "".join(flow(a, b) for a, b in pairwise(nodes))


def between(activity: str, name: str = "t", root: str = "") -> bytes:
    """start → the given activity named `name` → end."""
    return file(
        f'<bpmn:startEvent id="s"/>\n{activity}\n<bpmn:endEvent id="e"/>\n{line("s", name, "e")}',
        root,
    )
