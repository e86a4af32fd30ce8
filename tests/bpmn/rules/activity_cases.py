"""Cases of the rules on activities, loops, calls, resources, services and data."""

from __future__ import annotations

from tests.bpmn.drawing import line
from tests.bpmn.rules.case import (
    MESSAGE,
    Case,
    M,
    case,
    catch,
    inside,
    subprocess,
    task,
    throw,
    way,
)

_ITEMS = '<bpmn:itemDefinition id="i"/><bpmn:itemDefinition id="many" isCollection="true"/>'
_SERVICE = (
    '<bpmn:message id="n" name="n"/><bpmn:interface id="if" name="if">'
    '<bpmn:operation id="op" name="op"><bpmn:inMessageRef>m</bpmn:inMessageRef>'
    "</bpmn:operation></bpmn:interface>"
)
_INTO, _OUT = "dataInputAssociation", "dataOutputAssociation"


def _loop(content: str = "", attributes: str = "", before: str = "") -> str:
    loop = "multiInstanceLoopCharacteristics"
    return task("t", f"{before}<bpmn:{loop} {attributes}>{content}</bpmn:{loop}>")


_THREE = "<bpmn:loopCardinality>3</bpmn:loopCardinality>"


def _io(
    data: str = '<bpmn:dataInput id="in"/>',
    inputs: str = "<bpmn:dataInputRefs>in</bpmn:dataInputRefs>",
    outputs: str = "",
) -> str:
    return (
        f'<bpmn:ioSpecification id="io">{data}<bpmn:inputSet id="is">{inputs}</bpmn:inputSet>'
        f'<bpmn:outputSet id="os">{outputs}</bpmn:outputSet></bpmn:ioSpecification>'
    )


def _taken(element: str, *sides: str) -> str:
    """A specification with one input or output for each name."""
    data = "".join(f'<bpmn:data{side} id="{side}{n}"/>' for n, side in enumerate(sides))

    def refs(side: str) -> str:
        tag = f"bpmn:data{side}Refs"
        return "".join(f"<{tag}>{side}{n}</{tag}>" for n, each in enumerate(sides) if each == side)

    return element.format(_io(data, refs("Input"), refs("Output")))


def _flows(kind: str, source: str, target: str, more: str = "", io: str = "") -> str:
    sources = "".join(
        f"<bpmn:sourceRef>{name}</bpmn:sourceRef>" for name in source.split(",") if name
    )
    return (
        (io or _io())
        + f'<bpmn:{kind} id="da">{sources}<bpmn:targetRef>{target}</bpmn:targetRef>{more}'
        f"</bpmn:{kind}>"
    )


def _data(
    content: str, objects: str = '<bpmn:dataObject id="o"/><bpmn:dataObject id="o2"/>'
) -> str:
    return way(task("t", content)) + objects


_OUTPUT = _io('<bpmn:dataOutput id="out"/>', "", "<bpmn:dataOutputRefs>out</bpmn:dataOutputRefs>")
_AD_HOC = "adHocSubProcess"
_SEND = '<bpmn:sendTask id="t" messageRef="m" operationRef="op"/>'
_RESOURCE = (
    '<bpmn:resource id="r" name="r"><bpmn:resourceParameter id="rp" isRequired="true"/>'
    "</bpmn:resource>"
)


def _role(binding: str) -> str:
    return way(
        task("t", f'<bpmn:performer id="pf"><bpmn:resourceRef>r</bpmn:resourceRef>{binding}'
             "</bpmn:performer>")
    )  # fmt: skip


def _call(io: str) -> str:
    return way(f'<bpmn:callActivity id="t" calledElement="gt">{io}</bpmn:callActivity>')


_CALLED = (
    '<bpmn:globalTask id="gt">'
    + _io().replace('"in"', '"gin"').replace(">in<", ">gin<").replace('"io"', '"gio"')
    .replace('"is"', '"gis"').replace('"os"', '"gos"')
    + "</bpmn:globalTask>"
)  # fmt: skip


def _bound(supported: str) -> str:
    io = _CALLED.split(">", 1)[1].rsplit("<", 1)[0]
    return (
        f'<bpmn:globalTask id="gt">{supported}{io}<bpmn:ioBinding id="bd" operationRef="op" '
        'inputDataRef="gis" outputDataRef="gos"/></bpmn:globalTask>'
    )


_TASK = way(task("t"))


def _over(single: str) -> str:
    """A task that runs over its input, item by item."""
    return way(
        task(
            "t",
            _io('<bpmn:dataInput id="in" isCollection="true"/>')
            + "<bpmn:multiInstanceLoopCharacteristics>"
            "<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>"
            f'<bpmn:inputDataItem id="item"{single}/></bpmn:multiInstanceLoopCharacteristics>',
        )
    )


def _begun_by(trigger: str) -> str:
    """A process `q` whose start event has this definition."""
    return (
        f'<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="qs">{trigger}'
        '</bpmn:startEvent><bpmn:endEvent id="qe"/>' + line("qs", "qe") + "</bpmn:process>"
    )


CASES: dict[str, Case] = {
    "quantity": case(
        way(task("t", attributes='startQuantity="0"')), "t",
        way(task("t", attributes='startQuantity="2"')),
    ),
    "loop-maximum": case(
        way(task("t", '<bpmn:standardLoopCharacteristics loopMaximum="0"/>')), "t",
        way(task("t", '<bpmn:standardLoopCharacteristics loopMaximum="1"/>')),
    ),
    "loop-endless": case(
        way(task("t", "<bpmn:standardLoopCharacteristics/>")), "t",
        way(task("t", "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>=x"
                 "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>")),
    ),
    "instances-twice": case(
        way(_loop(_THREE + "<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>", "", _io())), "t",
        way(_loop(_THREE, "", _io())),
    ),
    "instances-missing": case(way(_loop()), "t", way(_loop(_THREE))),
    "item-without-collection": case(
        way(_loop(_THREE + '<bpmn:inputDataItem id="it"/>')), "t",
        way(_loop('<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef><bpmn:inputDataItem id="it"/>',
                  "", _io())),
    ),
    "loop-data": case(
        way(_loop("<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>"),
            '<bpmn:task id="u">' + _io() + "</bpmn:task>"), "t",
        way(_loop("<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>", "", _io())),
    ),
    "loop-data-single": case(
        way(_loop("<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>", "", _io())), "t",
        way(_loop("<bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>", "",
                  _io('<bpmn:dataInput id="in" isCollection="true"/>'))),
    ),
    "behavior-complex": case(
        way(_loop(_THREE, 'behavior="Complex"')), "t",
        way(_loop(_THREE + '<bpmn:complexBehaviorDefinition id="cb"><bpmn:condition>=x'
                  "</bpmn:condition></bpmn:complexBehaviorDefinition>", 'behavior="Complex"')),
    ),
    "behavior-event-unused": case(
        way(_loop(_THREE, 'oneBehaviorEventRef="sd"')), "t",
        way(_loop(_THREE, 'oneBehaviorEventRef="sd" behavior="One"')),
        '<bpmn:signalEventDefinition id="sd"/>',
    ),
    "adhoc-start-end": case(
        way(subprocess("t", inside(), _AD_HOC)), "is",
        way(subprocess("t", task("it"), _AD_HOC)),
    ),
    "adhoc-activity": case(
        way(subprocess("t", catch("it"), _AD_HOC)), "t",
        way(subprocess("t", task("it"), _AD_HOC)),
    ),
    "adhoc-cancel": case(
        way(subprocess("t", task("it"), _AD_HOC,
                       'ordering="Sequential" cancelRemainingInstances="true"')), "t",
        way(subprocess("t", task("it"), _AD_HOC, 'cancelRemainingInstances="true"')),
    ),
    "called-missing": case(
        way('<bpmn:callActivity id="t"/>'), "t",
        way('<bpmn:callActivity id="t" calledElement="q"/>'),
    ),
    "call-of-itself": case(
        way('<bpmn:callActivity id="t" calledElement="p"/>'), "t",
        way('<bpmn:callActivity id="t" calledElement="q"/>'),
    ),
    "resource-parameter": case(
        _role(""), "pf",
        _role('<bpmn:resourceParameterBinding parameterRef="rp"><bpmn:expression>x'
              "</bpmn:expression></bpmn:resourceParameterBinding>"), _RESOURCE,
    ),
    "operation-message": case(
        way(_SEND.replace('messageRef="m"', 'messageRef="n"')), "t", way(_SEND), M + _SERVICE,
    ),
    "service-data": case(
        _taken(way('<bpmn:serviceTask id="t" operationRef="op">{}</bpmn:serviceTask>'),
               "Input", "Output"), "t",
        _taken(way('<bpmn:serviceTask id="t" operationRef="op">{}</bpmn:serviceTask>'), "Input"),
        M + _SERVICE,
    ),
    "send-data": case(
        _taken(way('<bpmn:sendTask id="t">{}</bpmn:sendTask>'), "Input", "Input"), "t",
        _taken(way('<bpmn:sendTask id="t">{}</bpmn:sendTask>'), "Input"),
    ),
    "receive-data": case(
        _taken(way('<bpmn:receiveTask id="t">{}</bpmn:receiveTask>'), "Output", "Output"), "t",
        _taken(way('<bpmn:receiveTask id="t">{}</bpmn:receiveTask>'), "Output"),
    ),
    "message-item": case(
        way('<bpmn:sendTask id="t" messageRef="m">'
            + _io('<bpmn:dataInput id="in" itemSubjectRef="i2"/>') + "</bpmn:sendTask>"), "in",
        way('<bpmn:sendTask id="t" messageRef="m">'
            + _io('<bpmn:dataInput id="in" itemSubjectRef="i"/>') + "</bpmn:sendTask>"),
        '<bpmn:message id="m" name="m" itemRef="i"/>' + _ITEMS
        + '<bpmn:itemDefinition id="i2"/>',
    ),
    "io-binding": case(
        _TASK, "bd", _TASK, M + _SERVICE + _bound(""),
        M + _SERVICE + _bound("<bpmn:supportedInterfaceRef>if</bpmn:supportedInterfaceRef>"),
    ),
    "data-in-no-set": case(way(task("t", _io(inputs=""))), "in", way(task("t", _io()))),
    "set-of-others": case(
        way(task("t", _io()), task("u", _io('<bpmn:dataInput id="in2"/>',
            "<bpmn:dataInputRefs>in2</bpmn:dataInputRefs><bpmn:dataInputRefs>in"
            "</bpmn:dataInputRefs>").replace('"is"', '"is2"').replace('"os"', '"os2"')
            .replace('"io"', '"io2"'))), "is2",
        way(task("t", _io())),
    ),
    "set-optional": case(
        way(task("t", _io(
            '<bpmn:dataInput id="in"/><bpmn:dataInput id="in2"/>',
            "<bpmn:dataInputRefs>in</bpmn:dataInputRefs><bpmn:optionalInputRefs>in2"
            "</bpmn:optionalInputRefs>"))), "is",
        way(task("t", _io(inputs="<bpmn:dataInputRefs>in</bpmn:dataInputRefs>"
                          "<bpmn:optionalInputRefs>in</bpmn:optionalInputRefs>"))),
    ),
    "set-pairing": case(
        way(task("t", _io(inputs="<bpmn:dataInputRefs>in</bpmn:dataInputRefs>"
                          "<bpmn:outputSetRefs>os</bpmn:outputSetRefs>"))), "is",
        way(task("t", _io(inputs="<bpmn:dataInputRefs>in</bpmn:dataInputRefs>"
                          "<bpmn:outputSetRefs>os</bpmn:outputSetRefs>",
                          outputs="<bpmn:inputSetRefs>is</bpmn:inputSetRefs>"))),
    ),
    "subprocess-data": case(
        way(subprocess("t", _io() + inside())), "t", way(subprocess("t", inside())),
    ),
    "collection-mismatch": case(
        _TASK + '<bpmn:dataObject id="o" itemSubjectRef="many" isCollection="false"/>', "o",
        _TASK + '<bpmn:dataObject id="o" itemSubjectRef="many"/>', _ITEMS,
    ),
    "collection-unsaid": case(
        _TASK + '<bpmn:dataObject id="o" itemSubjectRef="many"/>', "o",
        _TASK + '<bpmn:dataObject id="o" itemSubjectRef="many" isCollection="true"/>', _ITEMS,
    ),
    "data-object-missing": case(
        _TASK + '<bpmn:dataObjectReference id="x"/>', "x",
        _TASK + '<bpmn:dataObjectReference id="x" dataObjectRef="o"/><bpmn:dataObject id="o"/>',
    ),
    "data-object-hidden": case(
        way(subprocess("t", inside() + '<bpmn:dataObject id="o"/>'))
        + '<bpmn:dataObjectReference id="x" dataObjectRef="o"/>', "x",
        way(subprocess("t", inside() + '<bpmn:dataObjectReference id="x" dataObjectRef="o"/>'))
        + '<bpmn:dataObject id="o"/>',
    ),
    "data-object-state": case(
        _TASK + '<bpmn:dataObject id="o"><bpmn:dataState name="new"/></bpmn:dataObject>', "o",
        _TASK + '<bpmn:dataObject id="o"/><bpmn:dataObjectReference id="x" dataObjectRef="o">'
        '<bpmn:dataState name="new"/></bpmn:dataObjectReference>',
    ),
    "data-store-capacity": case(
        _TASK, "ds", _TASK, '<bpmn:dataStore id="ds" capacity="3"/>',
        '<bpmn:dataStore id="ds" capacity="3" isUnlimited="false"/>',
    ),
    "event-data": case(
        way(throw("t", '<bpmn:dataInput id="in" itemSubjectRef="many"/>'
                  '<bpmn:messageEventDefinition messageRef="m"/>')), "in",
        way(throw("t", '<bpmn:dataInput id="in" itemSubjectRef="i"/>'
                  '<bpmn:messageEventDefinition messageRef="m"/>')),
        '<bpmn:message id="m" name="m" itemRef="i"/>' + _ITEMS,
    ),
    "loop-item": case(
        _over(' isCollection="true"'), "item", _over(""),
    ),
    "called-start": case(
        way('<bpmn:callActivity id="t" calledElement="q"/>'), "t",
        way('<bpmn:callActivity id="t" calledElement="q"/>'),
        M + _begun_by(MESSAGE), _begun_by(""),
    ),
    "call-data": case(
        _call(_io('<bpmn:dataInput id="in"/><bpmn:dataInput id="in2"/>',
                  "<bpmn:dataInputRefs>in</bpmn:dataInputRefs><bpmn:dataInputRefs>in2"
                  "</bpmn:dataInputRefs>")), "t", _call(_io()), _CALLED,
    ),
    "association-own-end": case(
        _data(_flows(_INTO, "o", "o2")), "da", _data(_flows(_INTO, "o", "in")),
    ),
    "association-other-end": case(
        way(task("t", _flows(_INTO, "o", "in")), subprocess("u", inside()
            + '<bpmn:dataObject id="o"/>')), "da",
        _data(_flows(_INTO, "o", "in")),
    ),
    "association-direction": case(
        _io('<bpmn:dataInput id="pin"/>', "<bpmn:dataInputRefs>pin</bpmn:dataInputRefs>")
        .replace('"io"', '"pio"').replace('"is"', '"pis"').replace('"os"', '"pos"')
        + way(task("t", _flows(_OUT, "out", "pin", io=_OUTPUT))), "da",
        _io('<bpmn:dataInput id="pin"/>', "<bpmn:dataInputRefs>pin</bpmn:dataInputRefs>")
        .replace('"io"', '"pio"').replace('"is"', '"pis"').replace('"os"', '"pos"')
        + way(task("t", _flows(_INTO, "pin", "in"))),
    ),
    "association-several-sources": case(
        _data(_flows(_INTO, "o,o2", "in")), "da",
        _data(_flows(_INTO, "o,o2", "in", "<bpmn:transformation>=o</bpmn:transformation>")),
    ),
    "association-without-source": case(
        _data(_flows(_INTO, "", "in")), "da",
        _data(_flows(_INTO, "", "in", "<bpmn:assignment><bpmn:from>=1</bpmn:from><bpmn:to>in"
                     "</bpmn:to></bpmn:assignment>")),
    ),
    "association-item": case(
        _data(_flows(_INTO, "o", "in", io=_io('<bpmn:dataInput id="in" itemSubjectRef="i2"/>')),
              '<bpmn:dataObject id="o" itemSubjectRef="i"/>'), "da",
        _data(_flows(_INTO, "o", "in", io=_io('<bpmn:dataInput id="in" itemSubjectRef="i"/>')),
              '<bpmn:dataObject id="o" itemSubjectRef="i"/>'),
        _ITEMS + '<bpmn:itemDefinition id="i2"/>',
    ),
    "association-ends": case(
        _TASK + '<bpmn:association id="as" sourceRef="s" targetRef="t"/>', "as",
        _TASK + '<bpmn:textAnnotation id="ta"/><bpmn:association id="as" sourceRef="ta" '
        'targetRef="t"/>',
    ),
}  # fmt: skip
