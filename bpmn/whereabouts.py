"""Where in a drawing an expression stands, and so what it may ask of `execution` and `task`.

As Camunda 7 evaluates it there; what is another execution's business there is not among it.
"""

from __future__ import annotations

from lxml import etree

from bpmn.elements import FLOW_NODES
from bpmn.juel.closures import constant
from bpmn.juel.execution import OF_INSTANCE, About, told
from bpmn.model import local


def known_at(element: etree._Element) -> About:
    """What is known where the element stands: nothing outside of a process."""
    above = [element, *element.iterancestors(etree.Element)]
    names = [local(each) for each in above]
    if "process" not in names:
        return {}
    key = above[names.index("process")].get("id")
    about = {"execution.processDefinitionKey": constant(key)}
    place = next(i for i, name in enumerate(names) if name in _PLACES)
    at, kind = above[place], names[place]
    defines = any(name.endswith("EventDefinition") for name in names[:place])
    if kind == "startEvent" and defines and names[place + 1] == "process":
        return about  # Asked before there is an instance.
    about |= {f"execution.{name}": told(name) for name in OF_INSTANCE}
    elsewhere = defines and kind in ("startEvent", "boundaryEvent")
    loops = any(name.endswith("LoopCharacteristics") for name in names[:place])
    if kind != "process" and not elsewhere and not loops:
        activity = at.get("sourceRef" if kind == "sequenceFlow" else "id")
        about["execution.currentActivityId"] = constant(activity)
    if kind == "userTask" and (place == 0 or "taskListener" in names[:place]):
        about["task.taskDefinitionKey"] = constant(at.get("id"))
        for name in ("processInstanceId", "processDefinitionId"):
            about[f"task.{name}"] = told(name)
    return about


_PLACES = frozenset(FLOW_NODES) | {"process", "sequenceFlow"}
