"""Item definitions: the types that a model gives names to (DMN 1.5 §7.3.2 and §7.3.3).

Invariant: every name of a type that a file uses is a type of FEEL, one of the file's own or of an
import; another name, and a type that holds itself, is a fault of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bpmn.dmn.source import Element, Source, name_of, plain_name
from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import compile_unary_tests
from bpmn.feel.syntax import Type
from bpmn.feel.types import ANY

Allows = Callable[[Any], bool]
_NOW = datetime.min  # noqa: DTZ901  a constraint on a type has no clock


def _is_whole(value: Any) -> bool:
    return bool(value == int(value))


WHOLE = Type("number", allows=_is_whole)

BUILT_IN: Mapping[str, Type] = {
    "any": ANY,
    **{
        name.lower(): Type(name)
        for name in (
            "Null",
            "boolean",
            "context",
            "date",
            "date and time",
            "days and time duration",
            "function",
            "list",
            "number",
            "range",
            "string",
            "time",
            "years and months duration",
        )
    },
    # The spellings of DMN 1.1's schema and of Camunda's Modeler.
    "datetime": Type("date and time"),
    "dateandtime": Type("date and time"),
    "daytimeduration": Type("days and time duration"),
    "daysandtimeduration": Type("days and time duration"),
    "yearmonthduration": Type("years and months duration"),
    "yearsandmonthsduration": Type("years and months duration"),
    "double": Type("number"),
    "integer": WHOLE,
    "long": WHOLE,
}


class Types:
    """The types that one file can name: its own, and those of its imports as `import.type`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._elements: dict[str, Element] = {}
        self._made: dict[str, Type | None] = {}
        self._imports: dict[str, list[Types]] = {}
        self._of_namespace: dict[str, Types] = {}
        self.absent: tuple[str, ...] = ()
        """Names of imports that lead nowhere."""
        for element in source.children(source.root, "itemDefinition"):
            name = name_of(element)
            if not name:
                source.fault(element, "type-name", "An item definition needs a name.")
            elif name in self._elements:
                source.fault(element, "duplicate-name", f"There are two types named {name}.")
            self._elements.setdefault(name, element)

    def imported(self, name: str, other: Types) -> None:
        self._imports.setdefault(name, []).append(other)
        self._of_namespace[other.source.namespace] = other

    def all(self) -> dict[str, Type]:
        """Every type by the name that expressions of this file give it."""
        found = {
            f"{prefix}.{name}" if prefix else name: type_
            for prefix, others in self._imports.items()
            for other in others
            for name, type_ in other.own().items()
        }
        return found | self.own()

    def own(self) -> dict[str, Type]:
        return {name: self._own(name) or ANY for name in self._elements}

    def of(self, element: Element, attribute: str = "typeRef") -> Type:
        """The type that an element refers to; `Any` where it names none (or, in DMN 1.1, holds
        the reference in an element)."""
        reference = self._reference(element, attribute)
        if not reference.strip():
            return ANY
        found = self.named(reference.strip(), element)
        if found is None and not reference.strip().startswith(tuple(f"{n}." for n in self.absent)):
            text = f"There is no type {reference.strip()}."
            self.source.fault(element, "unknown-type", text)
        return found or ANY

    def named(self, reference: str, element: Element) -> Type | None:
        """The type that a reference means; None if there is none."""
        found = self._defined(reference, element)
        if found is not None:
            types, name = found
            return types._own(name)
        plain = plain_name(reference).lower()
        return BUILT_IN.get(plain.removeprefix("feel.").rpartition(":")[2])

    def _defined(self, reference: str, element: Element) -> tuple[Types, str] | None:
        """The file and name of the item definition that a reference means."""
        name = plain_name(reference)
        if name in self._elements:
            return self, name
        prefix, colon, rest = name.partition(":")
        if colon:
            return self._prefixed(prefix, rest, element)
        for imported, others in self._imports.items():
            dotted = f"{imported}." if imported else ""
            for other in others:
                plain = name.removeprefix(dotted)
                if name.startswith(dotted) and plain in other._elements:
                    return other, plain
        return None

    def _prefixed(self, prefix: str, name: str, element: Element) -> tuple[Types, str] | None:
        """A qualified name of XML, as DMN 1.1 has it; some tools write an import's name."""
        named = self._of_namespace.get(element.nsmap.get(prefix) or "")
        for other in (named, *self._imports.get(prefix, ()), self):
            if other is not None and name in other._elements:
                return other, name
        return None

    # --- making them ---

    def _own(self, name: str) -> Type | None:
        """None while the type is being made: it would hold itself."""
        if name not in self._made:
            self._made[name] = None
            self._made[name] = self._make(self._elements[name])
        elif self._made[name] is None:
            text = f"The type {name} holds itself."
            self.source.fault(self._elements[name], "cyclic-type", text)
            self._made[name] = ANY
        return self._made[name]

    def _make(self, element: Element) -> Type:
        components = list(self.source.children(element, "itemComponent"))
        functions = list(self.source.children(element, "functionItem"))
        if components:
            made = self._composite(element, components)
        elif functions:
            made = self._function(functions[0])
        else:
            made = self.of(element)
        made = self._narrowed(element, "allowedValues", made)
        if element.get("isCollection", "false") in ("true", "1"):
            made = Type("list", (("", made),))
        return self._narrowed(element, "typeConstraint", made)

    def _composite(self, element: Element, components: list[Element]) -> Type:
        parts: dict[str, Type] = {}
        for component in components:
            name = name_of(component)
            if name in parts:
                text = f"The type has two components named {name}."
                self.source.fault(component, "duplicate-name", text)
            parts[name] = self._make(component)
        if element.get("typeRef"):
            text = "A type is either composed or refers to another."
            self.source.fault(element, "type-structure", text)
        return Type("context", tuple(parts.items()))

    def _function(self, item: Element) -> Type:
        parameters = [("", self.of(each)) for each in self.source.children(item, "parameters")]
        return Type("function", (*parameters, ("->", self.of(item, "outputTypeRef"))))

    def _narrowed(self, element: Element, kind: str, base: Type) -> Type:
        """The type restricted to the values that its unary tests allow."""
        for holder in self.source.children(element, kind):
            text = self.source.text(holder)
            if text.strip():
                test = self._test(holder, text)
                return base if test is None else Type(base.name, base.parts, _both(base, test))
        return base

    def _test(self, element: Element, text: str) -> Allows | None:
        try:
            test = compile_unary_tests(text)
        except ExpressionRefused as refused:
            self.source.refuse_expression(element, text, refused)
            return None

        def allows(value: Any) -> bool:
            try:
                return test(value, {}, _NOW)
            except ExpressionFailed:
                return False

        return allows

    def listed(self, element: Element, most: int = 50) -> str:
        """The text of the values that the type of an element allows, or the type it refers to."""
        found = self._defined(self._reference(element, "typeRef"), element)
        if found is None or not most:
            return ""
        types, name = found
        definition = types._elements[name]
        holder = types.source.child(definition, "allowedValues")
        return (
            types.source.text(holder) if holder is not None else types.listed(definition, most - 1)
        )

    def _reference(self, element: Element, attribute: str) -> str:
        """The type that an attribute names or, in item definitions and DMN 1.1, a child."""
        stated = element.get(attribute)
        child = self.source.child(element, attribute) if stated is None else None
        return (stated if child is None else child.text) or ""


def _both(base: Type, test: Allows) -> Allows:
    first = base.allows
    if first is None:
        return test
    return lambda value: first(value) and test(value)
