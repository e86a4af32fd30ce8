"""Activities (BPMN 2.0.2, 10.3): tokens, loops, ad-hoc subprocesses, and who does the work."""

from __future__ import annotations

from bpmn.elements import ACTIVITIES
from bpmn.model import reference, text_of
from bpmn.rules.drawing import Drawing, Element, holder_of, kind_of, named_parts, part, parts, says
from bpmn.rules.rule import Breaches, both, rule


@rule("quantity", "10.3", "An activity needs and gives at least one token.")
def quantities_are_positive(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES):
        for name in ("startQuantity", "completionQuantity"):
            text = (node.element.get(name) or "1").strip()
            if _number(text) is not None and (_number(text) or 0) < 1:
                yield node.element, f'{name} is at least 1, not "{text}".'


def _number(text: str | None) -> int | None:
    """A whole number; what is none breaks the schema and is reported there."""
    try:
        return int(text or "")
    except ValueError:
        return None


# --- loops (10.3.8) ---


@rule("loop-maximum", "10.3.8", "A loop that is limited may run at least once.")
def loops_may_run(drawing: Drawing) -> Breaches:
    for loop in drawing.all("standardLoopCharacteristics"):
        maximum = _number(loop.get("loopMaximum"))
        if maximum is not None and maximum < 1:
            yield loop, f'loopMaximum is at least 1, not "{maximum}".'


@rule("loop-endless", "10.3.8", "An executed loop has a condition or a maximum.")
def loops_end(drawing: Drawing) -> Breaches:
    for loop in drawing.all("standardLoopCharacteristics"):
        node = drawing.node_of.get(holder_of(loop))
        if node is None or not node.scope.executable:
            continue
        if loop.get("loopMaximum") is None and not text_of(part(loop, "loopCondition")):
            yield loop, f'Nothing ends the loop of "{node.label}".'


@rule(
    "instances-twice",
    "10.3.8",
    "How many instances there are comes from a number or from a collection, not from both.",
)
def instances_are_counted_once(drawing: Drawing) -> Breaches:
    for loop in drawing.all("multiInstanceLoopCharacteristics"):
        if part(loop, "loopCardinality") is not None and part(loop, "loopDataInputRef") is not None:
            yield loop, "Give loopCardinality or loopDataInputRef, not both."


@rule(
    "instances-missing",
    "10.3.8",
    "An executed multi-instance activity says how many instances there are.",
)
def instances_are_counted(drawing: Drawing) -> Breaches:
    for node in drawing.each(*ACTIVITIES):
        loop = part(node.element, "multiInstanceLoopCharacteristics")
        if loop is None or not node.scope.executable or _counts(loop):
            continue
        yield node.element, f'"{node.label}" does not say how many instances it has.'


def _counts(loop: Element) -> bool:
    """By the standard's own parts, or by a dialect's extension."""
    if text_of(part(loop, "loopCardinality")) or part(loop, "loopDataInputRef") is not None:
        return True
    extended = part(loop, "extensionElements")
    dialect = any(str(name).startswith("{") for name in loop.attrib)
    return dialect or (extended is not None and len(extended) > 0)


@rule(
    "item-without-collection",
    "10.3.8",
    "An item of input belongs to a collection of input, one of output to one of output.",
    warns=True,
)
def items_belong_to_collections(drawing: Drawing) -> Breaches:
    for loop in drawing.all("multiInstanceLoopCharacteristics"):
        for item, collection in (
            ("inputDataItem", "loopDataInputRef"),
            ("outputDataItem", "loopDataOutputRef"),
        ):
            if part(loop, item) is not None and part(loop, collection) is None:
                yield loop, f"{item} has no effect without {collection}."


@rule(
    "loop-data",
    "10.3.8",
    "The collections of a multi-instance activity are its own inputs and outputs or data around "
    "it, and collections.",
)
def loop_data_fits(drawing: Drawing) -> Breaches:
    for loop in drawing.all("multiInstanceLoopCharacteristics"):
        activity = holder_of(loop)
        for ref in named_parts(loop, "loopDataInputRef", "loopDataOutputRef"):
            data = drawing.find(ref.text)
            if data is None:
                continue
            owner = holder_of(data)
            if kind_of(owner) == "ioSpecification":
                owner = holder_of(owner)
            if owner is not activity and owner not in activity.iterancestors():
                text = f'"{reference(ref.text)}" belongs neither to this activity nor around it.'
                yield ref, text
            wrong = "dataOutput" if kind_of(ref) == "loopDataInputRef" else "dataInput"
            if kind_of(data) == wrong and owner is activity:
                yield ref, f'"{reference(ref.text)}" is a {wrong}.'


@rule(
    "loop-data-single",
    "10.3.8",
    "What a multi-instance activity runs over is a collection.",
    warns=True,
)
def loop_data_are_collections(drawing: Drawing) -> Breaches:
    for ref in drawing.all("loopDataInputRef", "loopDataOutputRef"):
        data = drawing.find(ref.text)
        if data is not None and kind_of(data) == "dataObjectReference":
            data = drawing.referred(data, "dataObjectRef")
        if data is None or kind_of(data) not in ("dataInput", "dataOutput", "dataObject"):
            continue
        item = drawing.referred(data, "itemSubjectRef")
        if not says(data, "isCollection") and (item is None or not says(item, "isCollection")):
            yield ref, f'"{reference(ref.text)}" is not said to be a collection.'


@rule(
    "behavior-complex",
    "10.3.8",
    "A multi-instance activity with behavior Complex says when which event is thrown.",
    warns=True,
)
def complex_behavior_is_defined(drawing: Drawing) -> Breaches:
    for loop in drawing.all("multiInstanceLoopCharacteristics"):
        complex_ones = named_parts(loop, "complexBehaviorDefinition")
        is_complex = loop.get("behavior") == "Complex"
        if is_complex and not complex_ones:
            yield loop, "behavior Complex has no effect without a complexBehaviorDefinition."
        elif complex_ones and not is_complex:
            yield loop, "A complexBehaviorDefinition has no effect without behavior Complex."


@rule(
    "behavior-event-unused",
    "10.3.8",
    "The event of behavior One or None is given with that behavior.",
    warns=True,
)
def behavior_events_are_used(drawing: Drawing) -> Breaches:
    for loop in drawing.all("multiInstanceLoopCharacteristics"):
        for behavior, name in (("One", "oneBehaviorEventRef"), ("None", "noneBehaviorEventRef")):
            if loop.get(name) and loop.get("behavior", "All") != behavior:
                yield loop, f"{name} has no effect without behavior {behavior}."


@rule("loop-item", "10.3.8", "The item of a collection is one of its items, no collection.")
def items_are_single(drawing: Drawing) -> Breaches:
    for item in drawing.all("inputDataItem", "outputDataItem"):
        if says(item, "isCollection"):
            text = "isCollection may not be true of what each instance has one of."
            yield item, text, holder_of(holder_of(item))


# --- ad-hoc subprocesses (10.3.5) ---


@rule("adhoc-start-end", "10.3.5", "An ad-hoc subprocess has neither start nor end events.")
def adhoc_has_no_start_or_end(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.kind == "adHocSubProcess":
            for node in (*scope.of_kind("startEvent"), *scope.of_kind("endEvent")):
                text = f'"{node.label}" stands in an ad-hoc subprocess.'
                yield from both(node.element, scope.element, text)


@rule("adhoc-activity", "10.3.5", "An ad-hoc subprocess has at least one activity.")
def adhoc_has_an_activity(drawing: Drawing) -> Breaches:
    for scope in drawing.scopes:
        if scope.kind != "adHocSubProcess" or any(n.kind in ACTIVITIES for n in scope.nodes):
            continue
        if scope.nodes or scope.executable:
            yield scope.element, f'"{scope.id}" has no activity that could be chosen.'


@rule(
    "adhoc-cancel",
    "10.3.5",
    "cancelRemainingInstances is for ad-hoc subprocesses whose activities run in parallel.",
    warns=True,
)
def adhoc_cancels_parallel_ones(drawing: Drawing) -> Breaches:
    for element in drawing.all("adHocSubProcess"):
        given = element.get("cancelRemainingInstances") is not None
        if given and element.get("ordering") == "Sequential":
            yield element, "One after another leaves nothing to cancel."


# --- calls (10.3.6) and resources (10.3.1) ---


@rule("called-missing", "10.3.6", "An executed call activity names what it calls.")
def calls_name_what_they_call(drawing: Drawing) -> Breaches:
    for node in drawing.each("callActivity"):
        extended = part(node.element, "extensionElements")
        dialect = any(str(name).startswith("{") for name in node.element.attrib)
        silent = not dialect and (extended is None or len(extended) == 0)
        if node.scope.executable and silent and not node.element.get("calledElement", "").strip():
            yield node.element, f'"{node.label}" does not say what it calls.'


@rule(
    "called-start",
    "10.5.2",
    "What an executed call activity calls begins without trigger: the call is no message.",
)
def called_processes_begin_plainly(drawing: Drawing) -> Breaches:
    for node in drawing.each("callActivity"):
        called = drawing.referred(node.element, "calledElement")
        scope = None if called is None else drawing.content.get(called)
        if scope is None or not node.scope.executable:
            continue
        starts = scope.of_kind("startEvent")
        if starts and all(start.definitions for start in starts):
            text = f'"{scope.id}" has only start events with a trigger, so a call cannot begin it.'
            yield node.element, text, *(start.element for start in starts)


@rule(
    "call-of-itself", "10.3.6", "A process that calls itself on every way never ends.", warns=True
)
def calls_are_not_circular(drawing: Drawing) -> Breaches:
    for node in drawing.each("callActivity"):
        if drawing.referred(node.element, "calledElement") is node.scope.process:
            yield node.element, f'"{node.label}" calls the process that it stands in.'


@rule(
    "resource-parameter",
    "10.3.1",
    "A resource role binds parameters of its own resource, and each that is required.",
)
def resource_parameters_fit(drawing: Drawing) -> Breaches:
    for role in drawing.all("resourceRole", "performer", "humanPerformer", "potentialOwner"):
        ref = part(role, "resourceRef")
        resource = None if ref is None else drawing.find(ref.text)
        if resource is None or kind_of(resource) != "resource":
            continue
        bound = set()
        for binding in named_parts(role, "resourceParameterBinding"):
            parameter = drawing.referred(binding, "parameterRef")
            if parameter is not None and holder_of(parameter) is not resource:
                text = f'"{parameter.get("id")}" is no parameter of "{resource.get("id")}".'
                yield binding, text
            bound.add(reference(binding.get("parameterRef")))
        for parameter in parts(resource):
            required = says(parameter, "isRequired") and parameter.get("id")
            if required and required not in bound:
                yield role, f'The parameter "{required}" of "{resource.get("id")}" is not given.'
