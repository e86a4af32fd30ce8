"""Decision models for tests, drawn with few words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from bpmn.dmn import Outcome, compile_decisions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EDITION = "https://www.omg.org/spec/DMN/20230324/MODEL/"
OWN = "https://example.org/own"


def text(name: str, content: str, attributes: str = "") -> str:
    return f"<{name} {attributes}><text>{escape(content)}</text></{name}>"


def literal(content: str, attributes: str = "") -> str:
    return text("literalExpression", content, attributes)


def variable(name: str, type_: str = "") -> str:
    stated = f" typeRef={quoteattr(type_)}" if type_ else ""
    return f"<variable name={quoteattr(name)}{stated}/>"


def requires(*references: str) -> str:
    """`d:x` a decision, `i:x` input data, `k:x` knowledge; `ns#x` of another file."""
    kinds = {
        "d": ("informationRequirement", "requiredDecision"),
        "i": ("informationRequirement", "requiredInput"),
        "k": ("knowledgeRequirement", "requiredKnowledge"),
    }
    made = []
    for reference in references:
        kind, _, target = reference.partition(":")
        outer, inner = kinds[kind]
        href = target if "#" in target else f"#{target}"
        made.append(f"<{outer}><{inner} href={quoteattr(href)}/></{outer}>")
    return "".join(made)


def decision(
    identifier: str, logic: str, *needs: str, name: str = "", type_: str = "", more: str = ""
) -> str:
    called = name or identifier
    return (
        f"<decision id={quoteattr(identifier)} name={quoteattr(called)} {more}>"
        f"{variable(called, type_)}{requires(*needs)}{logic}</decision>"
    )


def input_data(identifier: str, type_: str = "", name: str = "") -> str:
    called = name or identifier
    return (
        f"<inputData id={quoteattr(identifier)} name={quoteattr(called)}>"
        f"{variable(called, type_)}</inputData>"
    )


def function(parameters: dict[str, str], body: str, tag: str = "functionDefinition") -> str:
    made = "".join(
        f"<formalParameter name={quoteattr(name)}"
        + (f" typeRef={quoteattr(type_)}" if type_ else "")
        + "/>"
        for name, type_ in parameters.items()
    )
    return f"<{tag}>{made}{body}</{tag}>"


def knowledge(
    identifier: str,
    parameters: dict[str, str],
    body: str,
    *needs: str,
    name: str = "",
    type_: str = "",
) -> str:
    called = name or identifier
    return (
        f"<businessKnowledgeModel id={quoteattr(identifier)} name={quoteattr(called)}>"
        f"{variable(called, type_)}{function(parameters, body, 'encapsulatedLogic')}"
        f"{requires(*needs)}</businessKnowledgeModel>"
    )


def service(
    identifier: str,
    *,
    outputs: tuple[str, ...],
    encapsulated: tuple[str, ...] = (),
    decisions: tuple[str, ...] = (),
    data: tuple[str, ...] = (),
    type_: str = "",
) -> str:
    kinds = {
        "outputDecision": outputs,
        "encapsulatedDecision": encapsulated,
        "inputDecision": decisions,
        "inputData": data,
    }
    made = "".join(
        f"<{kind} href={quoteattr('#' + target)}/>"
        for kind, targets in kinds.items()
        for target in targets
    )
    return (
        f"<decisionService id={quoteattr(identifier)} name={quoteattr(identifier)}>"
        f"{variable(identifier, type_)}{made}</decisionService>"
    )


def context(*entries: tuple[str, str], types: dict[str, str] | None = None) -> str:
    """Entries with names; the name "" is the result."""
    made = "".join(
        f"<contextEntry>{variable(name, (types or {}).get(name, '')) if name else ''}"
        f"{logic}</contextEntry>"
        for name, logic in entries
    )
    return f"<context>{made}</context>"


def invocation(callee: str, **bindings: str) -> str:
    made = "".join(
        f"<binding><parameter name={quoteattr(name.replace('_', ' '))}/>{literal(value)}</binding>"
        for name, value in bindings.items()
    )
    return f"<invocation>{literal(callee)}{made}</invocation>"


def item(name: str, type_: str = "", content: str = "", *, collection: bool = False) -> str:
    many = ' isCollection="true"' if collection else ""
    referred = f"<typeRef>{type_}</typeRef>" if type_ else ""
    return f"<itemDefinition name={quoteattr(name)}{many}>{referred}{content}</itemDefinition>"


def component(name: str, type_: str = "", content: str = "", *, collection: bool = False) -> str:
    made = item(name, type_, content, collection=collection)
    return made.replace("itemDefinition", "itemComponent")


def allowed(content: str, tag: str = "allowedValues") -> str:
    return text(tag, content)


def imports(name: str, namespace: str, kind: str = EDITION) -> str:
    return (
        f"<import name={quoteattr(name)} namespace={quoteattr(namespace)} "
        f"importType={quoteattr(kind)}/>"
    )


def model(*content: str, namespace: str = OWN, edition: str = EDITION, more: str = "") -> bytes:
    made = "\n".join(content)
    return (
        f'<definitions xmlns="{edition}" id="m" name="M" namespace="{namespace}" {more}>'
        f"\n{made}\n</definitions>"
    ).encode()


def considered(source: bytes, called: str = "d", /, **variables: Any) -> Outcome:
    return considered_with(source, called, variables)


def considered_with(source: bytes, called: str, variables: dict[str, Any]) -> Outcome:
    found = compile_decisions(source).called(called)
    assert found is not None
    return found.consider(variables, NOW, explains=True)


def value(source: bytes, called: str = "d", /, **variables: Any) -> Any:
    """The result, which no fault of the model or the data has touched."""
    outcome = considered(source, called, **variables)
    assert [flaw for flaw in outcome.warnings if flaw.fault] == []
    return outcome.value
