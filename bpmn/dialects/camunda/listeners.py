"""Execution and task listeners: an expression, or a handler of this server by its name.

Invariant: a listener that names Java, a timer or a script of several lines is refused.
"""

from __future__ import annotations

from typing import Any

from bpmn.context import Context, Reported
from bpmn.dialects.camunda.words import extensions
from bpmn.dialects.camunda.work import handler, setting
from bpmn.dialects.dialect import Element
from bpmn.expressions import says_feel
from bpmn.graph import Listener
from bpmn.model import local, text_of
from bpmn.scripts import refuse_language

_EVENTS = {
    "executionListener": ("start", "end", "take"),
    "taskListener": ("create", "complete"),
}
_UNHEARD = ("assignment", "update", "delete", "timeout")
"""Events of a task that come from outside of the token's way; nobody is told of them."""
_ADVICE = 'A listener is camunda:delegateExpression="${handler}" or camunda:expression.'


def listeners(context: Context, element: Element) -> tuple[Listener, ...]:
    found = []
    for kind, events in _EVENTS.items():
        for part in extensions(element, kind):
            try:
                found.append(_listener(context, element, part, events))
            except Reported:
                continue
    return tuple(found)


def _listener(
    context: Context, element: Element, part: Element, events: tuple[str, ...]
) -> Listener:
    holder = local(element)
    event: Any = (part.get("event") or "").strip()
    if holder == "sequenceFlow" and not event:
        event = "take"
    if event in _UNHEARD and local(part) == "taskListener":
        context.refuse(
            "unsupported", part, f'The event "{event}" of a task is not told to listeners.'
        )
    if event == "end" and holder == "process":
        context.refuse(
            "unsupported", part, "The end of a process is not told; put it at its end events."
        )
    fits = (event == "take") == (holder == "sequenceFlow")
    if event not in events or not fits or (events[0] == "create" and holder != "userTask"):
        context.refuse(
            "listener", part, f'A {holder} has no event "{event}" that {local(part)} hears.'
        )
    ways = [name for name in ("class", "expression", "delegateExpression") if part.get(name)]
    script = next((each for each in part if local(each) == "script"), None)
    if any(local(each) == "field" for each in part):
        context.refuse("unsupported", part, f"Field injection is Java's. {_ADVICE}")
    if len(ways) + (script is not None) != 1:
        context.refuse("listener", part, f"Say once what the listener does. {_ADVICE}")
    if script is not None:
        return _script(context, event, script)
    said = (part.get(ways[0]) or "").strip()
    if ways == ["class"]:
        context.refuse(
            "unsupported", part, f'class="{said}" names Java code, which cannot run here. {_ADVICE}'
        )
    if ways == ["delegateExpression"]:
        return Listener(event, topic=handler(context, part, said, _ADVICE))
    variable, compiled = setting(context, said, part)
    return Listener(event, expression=compiled, variable=variable)


def _script(context: Context, event: Any, script: Element) -> Listener:
    language = (script.get("scriptFormat") or "").strip()
    if script.get("resource") is not None:
        context.refuse("unsupported", script, "Script resources are not followed.")
    if not says_feel(language):
        refuse_language(context, script, language, script)
    return Listener(event, expression=context.expression(text_of(script), script, "feel"))
