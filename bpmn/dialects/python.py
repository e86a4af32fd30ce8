"""Python's expressions as far as FEEL has the very same: names, literals, comparisons, logic.

Invariant: nothing is evaluated here, only parsed and written down again; what could give another
value than in Python (truthiness of other things than truths, division, calls, comprehensions) is
refused with its position.
"""

from __future__ import annotations

import ast
import json
import re
from typing import NoReturn

from bpmn.errors import ExpressionRefused

_LONGEST = 10_000
_COMPARISONS: dict[type, str] = {
    ast.Eq: "=", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "=", ast.IsNot: "!=",
}  # fmt: skip
_ARITHMETIC: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_TRUTHS = (ast.Compare, ast.BoolOp)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_FEEL_WORDS = frozenset(
    {
        "and", "or", "not", "in", "if", "then", "else", "for", "return", "some", "every",
        "satisfies", "between", "instance", "of", "function", "null", "true", "false", "date",
        "time", "duration", "external",
    }
)  # fmt: skip


def feel_of(text: str, *, asked: bool = False) -> str:
    """The expression in FEEL. `asked`: it must give a truth, so a bare name may stand for one."""
    return _Writing(asked).whole(_parsed(text, "eval").body)  # type: ignore[attr-defined]


def assignments_of(text: str) -> list[tuple[str, str, int]]:
    """Lines of `name = expression` as names, FEEL, and the line from 0."""
    found = []
    for statement in _parsed(text, "exec").body:  # type: ignore[attr-defined]
        if isinstance(statement, ast.Pass):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(statement, ast.Assign) or len(statement.targets) > 1:
            _refuse(statement, "only lines of name = expression mean the same in FEEL")
        if not isinstance(target, ast.Name):
            _refuse(statement, "only a plain variable can be assigned")
        found.append(
            (target.id, _Writing(asked=False).whole(statement.value), statement.lineno - 1)
        )
    return found


def _parsed(text: str, mode: str) -> ast.AST:
    if len(text) > _LONGEST:
        raise ExpressionRefused(f"Python has at most {_LONGEST} characters here", _LONGEST)
    source = text.strip() if mode == "eval" else text.strip("\n")
    try:
        return ast.parse(source, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionRefused("this is no Python expression", 0) from error


def _refuse(node: ast.AST, why: str) -> NoReturn:
    position = getattr(node, "col_offset", 0)
    raise ExpressionRefused(f"{why}; write it in FEEL, after =", position)


class _Writing:
    def __init__(self, asked: bool) -> None:
        self.asked = asked

    def whole(self, node: ast.expr) -> str:
        try:
            return self.write(node)
        except RecursionError as error:
            raise ExpressionRefused("the expression is nested too deeply", 0) from error

    def write(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            return self.name(node, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self.write(node.value)}.{self.name(node, node.attr)}"
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            return "(" + word.join(self.truth(value) for value in node.values) + ")"
        if isinstance(node, ast.UnaryOp):
            return self.unary(node)
        if isinstance(node, ast.BinOp):
            return self.arithmetic(node)
        if isinstance(node, ast.List):
            return "[" + ", ".join(self.write(item) for item in node.elts) + "]"
        if isinstance(node, ast.Dict):
            return "{" + ", ".join(map(self.entry, node.keys, node.values)) + "}"
        _refuse(node, f"Python's {type(node).__name__} is not run")

    def constant(self, node: ast.Constant) -> str:
        value = node.value
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        if isinstance(value, int) and value.bit_length() < 100:
            return str(value)
        _refuse(node, "a number with a fraction is another one in Python")

    def name(self, node: ast.AST, name: str) -> str:
        if not _NAME.fullmatch(name) or name in _FEEL_WORDS:
            _refuse(node, f'the name "{name}" is none in FEEL')
        return name

    def comparison(self, node: ast.Compare) -> str:
        sign = _COMPARISONS.get(type(node.ops[0]))
        if sign is None or len(node.ops) > 1:
            _refuse(node, "this comparison is not run")
        return f"({self.write(node.left)} {sign} {self.write(node.comparators[0])})"

    def truth(self, node: ast.expr) -> str:
        is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        plain = isinstance(node, ast.Constant) and isinstance(node.value, bool)
        named = self.asked and isinstance(node, ast.Name | ast.Attribute)
        if not (isinstance(node, _TRUTHS) or is_not or plain or named):
            _refuse(node, "whether this counts as true is Python's to say")
        return self.write(node)

    def unary(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return f"not({self.truth(node.operand)})"
        if isinstance(node.op, ast.USub):
            return f"(-{self.write(node.operand)})"
        _refuse(node, "this operator is not run")

    def arithmetic(self, node: ast.BinOp) -> str:
        sign = _ARITHMETIC.get(type(node.op))
        sides = (node.left, node.right)
        texts = any(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in sides)
        known = any(isinstance(s, ast.Constant | ast.BinOp) for s in sides)
        if sign is None or not known or (texts and sign != "+"):
            _refuse(node, "what this gives depends on Python's types")
        return f"({self.write(node.left)} {sign} {self.write(node.right)})"

    def entry(self, key: ast.expr | None, value: ast.expr) -> str:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            _refuse(value, "the keys of a context are texts")
        return f"{json.dumps(key.value, ensure_ascii=False)}: {self.write(value)}"
