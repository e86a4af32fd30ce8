"""Boxed expressions: every kind of decision logic that DMN draws in boxes (DMN 1.5 §10.2.1).

Invariant: what stands in a place where an expression belongs is compiled by the table `KINDS`, or
is a fault of the file. A scope is one flat dict; what opens an inner one copies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bpmn.dmn import iteration
from bpmn.dmn.evaluation import Evaluation
from bpmn.dmn.expressions import Code, Expressions, Names, evaluation_of, nothing
from bpmn.dmn.functions import Definition, Parameter, checked, defined, result_of
from bpmn.dmn.item_definitions import Types
from bpmn.dmn.source import Element, Source, local, name_of
from bpmn.dmn.tables import compile_table
from bpmn.feel import Function, Type, invoke
from bpmn.feel.invocation import misfit
from bpmn.feel.scope import Scope
from bpmn.feel.types import ANY


class Boxed:
    """Compiles the boxed expressions of one file."""

    def __init__(self, source: Source, types: Types, expressions: Expressions) -> None:
        self.source = source
        self.types = types
        self.expressions = expressions

    def code(self, element: Element, names: Names, *, lenient: bool = False) -> Code:
        """The code of a boxed expression, its value in the type that it states.

        `lenient`: a table's columns convert values as Camunda does.
        """
        kind = local(element)
        if kind == "decisionTable":
            made = compile_table(self, element, names, lenient=lenient)
        else:
            made = KINDS[kind](self, element, names)
        if element.get("typeRef") and kind != "functionDefinition":
            return checked(made, self.types.of(element), self.place(element), "the expression")
        return made

    def only(self, holder: Element, names: Names, *, needed: bool = True) -> Code:
        """The code of the one expression that an element holds."""
        found = list(self.held(holder))
        if len(found) > 1 or (needed and not found):
            text = f"{local(holder)} holds {len(found) or 'no'} expressions, where one belongs."
            self.source.fault(holder, "boxed-structure", text)
        return self.code(found[0], names) if found else nothing

    def held(self, holder: Element) -> Iterator[Element]:
        """The boxed expressions directly in an element."""
        for child in holder.iterchildren(f"{{{self.source.schema}}}*"):
            if local(child) in EXPRESSIONS:
                yield child

    def part(self, element: Element, kind: str, names: Names) -> Code:
        """The code of what a part such as `if` or `return` holds."""
        holder = self.source.child(element, kind)
        if holder is None:
            self.source.fault(element, "boxed-structure", f"{local(element)} has no part “{kind}”.")
            return nothing
        made = self.only(holder, names)
        type_ = self.types.of(holder)
        return checked(made, type_, self.place(element), f"the part “{kind}”")

    def place(self, element: Element) -> str:
        """The id that warnings name."""
        for each in (element, *element.iterancestors()):
            if identifier := each.get("id"):
                return identifier
        return ""

    def definition(self, element: Element, names: Names, result: Type = ANY) -> Definition | None:
        """A function definition; None for one that is not written in FEEL (§10.2.1.7)."""
        parameters = self._parameters(element)
        kind = (element.get("kind") or "FEEL").strip()
        if kind.upper() not in ("FEEL", "F"):
            text = f"Functions of the kind {kind} are not run; this one gives null."
            self.source.warn(element, "function-kind", text)
            return None
        inner = names | {each.name for each in parameters}
        body = self.only(element, inner, needed=False)
        if result is ANY:
            result = result_of(self.types.of(element))
        return Definition(parameters, body, result, self.place(element))

    def _parameters(self, element: Element) -> tuple[Parameter, ...]:
        found: dict[str, Parameter] = {}
        for each in self.source.children(element, "formalParameter"):
            name = name_of(each)
            if name in found:
                text = f"There are two parameters named {name}."
                self.source.fault(each, "duplicate-name", text)
            found[name] = Parameter(name, self.types.of(each))
        return tuple(found.values())


# --- the kinds ---


def _literal(boxed: Boxed, element: Element, names: Names) -> Code:
    return boxed.expressions.expression(element, names)


def _context(boxed: Boxed, element: Element, names: Names) -> Code:
    """Entries in order, each seeing those before it; one without a name is the result."""
    source = boxed.source
    known = set(names)
    entries: list[tuple[str, Code]] = []
    result: Code | None = None
    for entry in source.children(element, "contextEntry"):
        if result is not None:
            text = "An entry without a name is the context's result and stands last."
            source.fault(entry, "context-result", text)
        variable = source.child(entry, "variable")
        if variable is None:
            result = boxed.only(entry, frozenset(known))
            continue
        name = name_of(variable)
        if name in (each for each, _ in entries):
            source.fault(entry, "duplicate-name", f"There are two entries named {name}.")
        if any(local(child) == "functionDefinition" for child in boxed.held(entry)):
            known.add(name)  # a function may call itself
        type_ = boxed.types.of(variable)
        made = boxed.only(entry, frozenset(known))
        made = checked(made, type_, boxed.place(entry), f"the entry {name}")
        entries.append((name, made))
        known.add(name)
    return _context_code(entries, result)


def _context_code(entries: list[tuple[str, Code]], result: Code | None) -> Code:
    def code(scope: Scope) -> Any:
        names = dict(scope.names)
        inner = Scope(names, scope.run)
        made: dict[str, Any] = {}
        for name, entry in entries:
            made[name] = names[name] = entry(inner)
        return made if result is None else result(inner)

    return code


def _invocation(boxed: Boxed, element: Element, names: Names) -> Code:
    """A call with arguments by name (§10.2.1.5). What is not bound is null."""
    source = boxed.source
    function = boxed.only(element, names)
    bindings: dict[str, Code] = {}
    for binding in source.children(element, "binding"):
        parameter = source.child(binding, "parameter")
        name = "" if parameter is None else name_of(parameter)
        if not name or name in bindings:
            text = f"The parameter {name} is bound twice." if name else "A binding has no name."
            source.fault(binding, "binding", text)
        made = boxed.only(binding, names, needed=False)
        type_ = ANY if parameter is None else boxed.types.of(parameter)
        bindings[name] = checked(made, type_, boxed.place(binding), f"the argument {name}")
    place = boxed.place(element)

    def code(scope: Scope) -> Any:
        evaluation = evaluation_of(scope)
        value = function(scope)
        if not isinstance(value, Function):
            evaluation.fault(place, "what is invoked is no function")
            return None
        given = {name: argument(scope) for name, argument in bindings.items()}
        return _called(evaluation, place, value, given)

    return code


def _called(evaluation: Evaluation, place: str, function: Function, given: dict[str, Any]) -> Any:
    if function.overloaded is None:
        if unknown := given.keys() - set(function.parameters):
            evaluation.fault(place, f"there is no parameter {', '.join(sorted(unknown))}")
            return None
        given = {name: given.get(name) for name in function.parameters}
    value = invoke(function, evaluation, list(given.values()), tuple(given))
    if value is None and (wrong := misfit(function, evaluation, given)):
        evaluation.remark(place, f"the argument {wrong} is not of its parameter's type")
    return value


def _function(boxed: Boxed, element: Element, names: Names) -> Code:
    made = boxed.definition(element, names)
    if made is not None:
        return defined(made)
    place, kind = boxed.place(element), element.get("kind")

    def code(scope: Scope) -> Any:
        evaluation_of(scope).fault(place, f"functions of the kind {kind} are not run")
        return None

    return code


def _relation(boxed: Boxed, element: Element, names: Names) -> Code:
    """A list of contexts, one a row (§10.2.1.6)."""
    source = boxed.source
    columns: list[tuple[str, Type]] = []
    for column in source.children(element, "column"):
        name = name_of(column)
        if name in (each for each, _ in columns):
            source.fault(column, "duplicate-name", f"There are two columns named {name}.")
        columns.append((name, boxed.types.of(column)))
    rows: list[list[tuple[str, Code]]] = []
    for row in source.children(element, "row"):
        cells = list(boxed.held(row))
        if len(cells) != len(columns):
            text = f"The row has {len(cells)} cells for {len(columns)} columns."
            source.fault(row, "relation-row", text)
        place = boxed.place(row)
        rows.append(
            [
                (name, checked(boxed.code(cell, names), type_, place, f"the cell {name}"))
                for (name, type_), cell in zip(columns, cells, strict=False)
            ]
        )
    return lambda scope: [{name: cell(scope) for name, cell in row} for row in rows]


def _list(boxed: Boxed, element: Element, names: Names) -> Code:
    items = [boxed.code(item, names) for item in boxed.held(element)]
    return lambda scope: [item(scope) for item in items]


def _conditional(boxed: Boxed, element: Element, names: Names) -> Code:
    """Whatever is not true takes the other way (§10.2.1.9)."""
    condition, then, otherwise = (boxed.part(element, kind, names) for kind in _BRANCHES)
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


_BRANCHES = ("if", "then", "else")

KINDS: dict[str, Callable[[Boxed, Element, Names], Code]] = {
    "literalExpression": _literal,
    "context": _context,
    "invocation": _invocation,
    "functionDefinition": _function,
    "relation": _relation,
    "list": _list,
    "conditional": _conditional,
    "for": iteration.compile_for,
    "some": iteration.compile_some,
    "every": iteration.compile_every,
    "filter": iteration.compile_filter,
}
EXPRESSIONS = frozenset({*KINDS, "decisionTable"})
