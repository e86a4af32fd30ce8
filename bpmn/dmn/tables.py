"""Decision tables as they stand in a file, compiled (DMN 1.5 §8).

Invariant: every rule has one entry for each input and output, and the hit policy has what it needs;
a table that lacks any of it is a fault of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpmn.dmn.columns import Input, Output
from bpmn.dmn.expressions import Code, Names, nothing
from bpmn.dmn.hit_policies import AGGREGATIONS, POLICIES, RANKED
from bpmn.dmn.source import Element, extension, local, name_of, plain_name
from bpmn.dmn.table import Cell, DecisionTable, Rule

if TYPE_CHECKING:
    from bpmn.dmn.boxed import Boxed

MAX_CELLS = 100_000
_CELL_INPUT = "cellInput"


def compile_table(
    boxed: Boxed, element: Element, names: Names, *, lenient: bool = False
) -> DecisionTable | Code:
    """The table as the code of its value."""
    source = boxed.source
    columns = [local(child) for child in element]
    inputs, outputs, rules = (columns.count(kind) for kind in ("input", "output", "rule"))
    if rules * (inputs + outputs) > MAX_CELLS:
        source.fault(element, "too-large", f"A table has at most {MAX_CELLS} cells.")
        return nothing
    return _Table(boxed, element, names).table(lenient=lenient)


class _Table:
    """One table being read."""

    def __init__(self, boxed: Boxed, element: Element, names: Names) -> None:
        self.boxed = boxed
        self.source = boxed.source
        self.element = element
        self.names = names
        self.inputs = tuple(self._input(each) for each in self._all("input"))
        columns = list(self._all("output"))
        self.outputs = tuple(self._output(each, len(columns)) for each in columns)

    def table(self, *, lenient: bool) -> DecisionTable:
        policy = self.element.get("hitPolicy") or "UNIQUE"
        aggregation = self.element.get("aggregation")
        self._check(policy, aggregation)
        return DecisionTable(
            self.boxed.place(self.element),
            policy if policy in POLICIES else "UNIQUE",
            aggregation,
            self.inputs,
            self.outputs,
            tuple(self._rule(each) for each in self._all("rule")),
            lenient,
        )

    def _all(self, kind: str) -> list[Element]:
        return list(self.source.children(self.element, kind))

    # --- what must be right ---

    def _check(self, policy: str, aggregation: str | None) -> None:
        fault, table = self.source.fault, self.element
        if policy not in POLICIES:
            fault(table, "hit-policy", f"There is no hit policy {policy}.")
        if not self.outputs:
            fault(table, "output", "A decision table needs an output.")
        if len({output.name for output in self.outputs}) != len(self.outputs):
            fault(table, "output", "Each of several outputs needs a name of its own.")
        if aggregation is not None:
            if aggregation not in AGGREGATIONS or policy != "COLLECT":
                fault(table, "aggregation", f"{policy} with {aggregation} is not possible.")
            if len(self.outputs) > 1:
                fault(table, "aggregation", "An aggregation needs exactly one output.")
        if policy in RANKED and not any(output.priorities for output in self.outputs):
            text = f"{policy} needs output values that can be ordered."
            fault(table, "hit-policy-values", text)

    # --- columns ---

    def _input(self, element: Element) -> Input:
        expression = self.source.child(element, "inputExpression")
        text = "" if expression is None else self.source.text(expression)
        if expression is None or not text.strip():
            self.source.fault(element, "input", "The input has no expression.")
            return Input("", "", "", nothing, self.boxed.types.of(element))
        return Input(
            element.get("id", ""),
            element.get("label", ""),
            text.strip(),
            self.boxed.expressions.expression(expression, self.names),
            self.boxed.types.of(expression),
            plain_name(extension(element, "inputVariable") or _CELL_INPUT),
            self._allowed(element, "inputValues"),
        )

    def _output(self, element: Element, count: int) -> Output:
        name = plain_name(element.get("name") or "") or ("" if count > 1 else self._result_name())
        if not name and count > 1:
            self.source.fault(element, "output", "Each of several outputs needs a name.")
        default = self.source.child(element, "defaultOutputEntry")
        return Output(
            name,
            element.get("label") or name,
            self.boxed.types.of(element),
            self._allowed(element, "outputValues"),
            self._priorities(element),
            None if default is None else self.boxed.expressions.expression(default, self.names),
        )

    def _result_name(self) -> str:
        """What the table's only output is called: as the table says, or the variable it gives."""
        stated = self.element.get("outputLabel")
        holder = self.element.getparent()
        if holder is None:
            return plain_name(stated or "")
        variable = self.source.child(holder, "variable")
        return (variable is not None and name_of(variable)) or name_of(holder)

    def _allowed(self, element: Element, kind: str) -> Code | None:
        values = self.source.child(element, kind)
        return None if values is None else self.boxed.expressions.tests(values, self.names)

    def _priorities(self, element: Element) -> Code | None:
        """The values in order, from the column or the type that it has."""
        values = self.source.child(element, "outputValues")
        text = "" if values is None else self.source.text(values)
        text = text or self.boxed.types.listed(element)
        return self.boxed.expressions.values(text) if text.strip() else None

    # --- rules ---

    def _rule(self, row: Element) -> Rule:
        cells = list(self.source.children(row, "inputEntry"))
        entries = list(self.source.children(row, "outputEntry"))
        wanted = (len(self.inputs), len(self.outputs))
        if (len(cells), len(entries)) != wanted:
            text = (
                f"The rule has {len(cells)} input and {len(entries)} output entries for "
                f"{wanted[0]} inputs and {wanted[1]} outputs."
            )
            self.source.fault(row, "rule-entries", text)
        tests = [
            self._cell(at, column, cell)
            for at, (column, cell) in enumerate(zip(self.inputs, cells, strict=False))
        ]
        expression = self.boxed.expressions.expression
        return Rule(
            row.get("id", ""),
            self.source.line(row),
            tuple(test for test in tests if test is not None),
            tuple(expression(entry, self.names) for entry in entries),
        )

    def _cell(self, at: int, column: Input, cell: Element) -> Cell | None:
        called = column.variable in self.source.text(cell)
        names = self.names | {column.variable} if called else self.names
        test = self.boxed.expressions.tests(cell, names)
        return None if test is None else Cell(at, test, called)
