"""FEEL scripts: lines of `name = expression`, evaluated in order, each seeing those before it.

A line that does not begin so continues the last, and so does every line inside brackets or a
comment still open. Invariant: a script sets whole variables, never a part of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bpmn.errors import ExpressionRefused
from bpmn.feel import compile_feel
from bpmn.feel.limits import TEXT
from bpmn.graph import Expression

_ASSIGNMENT = re.compile(r"\s*(?:/\*(?:(?!\*/)[^\n])*\*/\s*)*([^\W\d]\w*)\s*=(?!=)")
_PART_OF_ONE = re.compile(r"\s*([^\W\d]\w*)((?:\s*\.\s*[^\W\d]\w*|\s*\[[^\]\n]*\])+)\s*=(?!=)")
_NO_BRACKETS = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(slots=True)
class _Statement:
    name: str
    line: int
    begin: int
    """Where the expression begins in the script."""
    rows: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.rows)


def feel_script(text: str, line: int = 0) -> tuple[tuple[str, Expression], ...]:
    """Compile the script. Raises `ExpressionRefused` with a position in it."""
    statements: list[_Statement] = []
    before: list[str] = []
    position = 0
    for number, row in enumerate(text.splitlines(keepends=True)):
        read = statements[-1].text if statements else "".join(before)
        if len(read) > TEXT:
            raise ExpressionRefused(f"a statement has at most {TEXT} characters", position)
        open_ = _is_open(read)
        match = None if open_ else _ASSIGNMENT.match(row)
        if match:
            statements.append(_Statement(match[1], line + number, position + match.end()))
            statements[-1].rows.append(row[match.end() :])
        elif statements:
            statements[-1].rows.append(row)
        else:
            _refuse_part(row, position)
            before.append(row)
            if _NO_BRACKETS.sub("", "".join(before)).partition("/*")[0].strip():
                raise ExpressionRefused("a FEEL script has lines of name = expression", position)
        position += len(row)
    if not statements:
        raise ExpressionRefused("the script is empty", 0)
    return tuple((statement.name, _compiled(statement)) for statement in statements)


def _compiled(statement: _Statement) -> Expression:
    text = statement.text
    try:
        return Expression(text.strip(), "feel", compile_feel(text), statement.line)
    except ExpressionRefused as refused:
        position = statement.begin
        for row in statement.rows:
            if position > statement.begin:
                _refuse_part(row, position)
            position += len(row)
        raise ExpressionRefused(str(refused), refused.position + statement.begin) from refused


def _refuse_part(row: str, position: int) -> None:
    match = _PART_OF_ONE.match(row)
    if match is None:
        return
    keys = re.findall(r"[^\W\d]\w*", match[2])
    path = ", ".join(f'"{key}"' for key in keys)
    raise ExpressionRefused(
        f"a script sets whole variables; write {match[1]} = context put({match[1]}, [{path}], …)",
        position + len(row) - len(row.lstrip()),
    )


def _is_open(text: str) -> bool:
    """Whether a bracket or comment still waits for its other half."""
    plain = _NO_BRACKETS.sub("", text)
    opened = sum(map(plain.count, "([{"))
    return "/*" in plain or opened > sum(map(plain.count, ")]}"))
