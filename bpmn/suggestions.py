"""What a script in another language would be in FEEL, where that can be told.

Only the commonest statements are understood: assignments, `execution.setVariable`, `+=`, and
expressions of operators and a few methods. Invariant: what is suggested compiles; of a script with
one statement that is not understood nothing is suggested.
"""

from __future__ import annotations

import re

from bpmn.errors import ExpressionRefused
from bpmn.feel import compile_feel

_LONGEST = 2_000
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<number>\d+(?:\.\d+)?)[LlFfDdGg]?"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<symbol>===|!==|==|!=|<=|>=|&&|\|\||\*\*|[-+*/<>!?:.,()\[\]]))"
)
_SET = re.compile(r"execution\.setVariable\(\s*(['\"])(\w+)\1\s*,(.*)\)", re.DOTALL)
_ASSIGNED = re.compile(
    r"(?:(?:var|let|const|def|final|String|int|long|double|boolean|Integer|Object)\s+)?"
    r"([A-Za-z_]\w*)\s*([-+*/]?)=(?![=])(.*)",
    re.DOTALL,
)
_COUNTED = re.compile(r"([A-Za-z_]\w*)\s*(\+\+|--)")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|(?:^|\s)#[^\n'\"]*$", re.DOTALL | re.MULTILINE)
_GET = re.compile(r"execution\.getVariable\(\s*(['\"])(\w+)\1\s*\)")
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}
_SYMBOLS = {"===": "=", "==": "=", "!==": "!=", "&&": "and", "||": "or"}
_METHODS = {
    "toUpperCase": "upper case",
    "upper": "upper case",
    "toLowerCase": "lower case",
    "lower": "lower case",
    "size": "count",
    "contains": "contains",
    "includes": "contains",
    "startsWith": "starts with",
    "startswith": "starts with",
    "endsWith": "ends with",
    "endswith": "ends with",
}


class _NotUnderstood(Exception):
    """The statement has no FEEL that we know."""


def suggested_feel(text: str) -> str | None:
    """The FEEL script, or the one FEEL expression, that the script means; None if unknown."""
    if len(text) > _LONGEST:
        return None
    try:
        lines = [_statement(one) for one in _statements(text)]
        for line in lines:
            compile_feel(line.partition(" = ")[2] or line)
    except (_NotUnderstood, ExpressionRefused):
        return None
    bare = sum(" = " not in line for line in lines)
    return "\n".join(lines) if lines and (not bare or len(lines) == 1) else None


def _statements(text: str) -> list[str]:
    plain = _COMMENT.sub("", text)
    if juel := re.fullmatch(r"\s*[$#]\{([^{}]*)\}\s*", plain):
        return [juel[1].strip()]
    return [part.strip() for part in re.split(r"[;\n]", plain) if part.strip()]


def _statement(text: str) -> str:
    if match := _SET.fullmatch(text):
        return f"{match[2]} = {_expression(match[3])}"
    if match := _COUNTED.fullmatch(text):
        return f"{match[1]} = {match[1]} {match[2][0]} 1"
    if match := _ASSIGNED.fullmatch(text):
        value = _expression(match[3])
        return f"{match[1]} = {f'{match[1]} {match[2]} {value}' if match[2] else value}"
    return _expression(re.sub(r"^return\s+", "", text))


def _expression(text: str) -> str:
    """The expression in FEEL's signs and words."""
    plain = _GET.sub(r"\2", text.strip())
    condition = re.fullmatch(r"([^?]+)\?([^?:]+):([^?:]+)", plain)
    if condition and '"' not in plain and "'" not in plain:
        parts = [_expression(part) for part in condition.groups()]
        return "if {} then {} else {}".format(*parts)
    made: list[str] = []
    at = 0
    while plain[at:].strip():
        match = _TOKEN.match(plain, at)
        if match is None:
            raise _NotUnderstood
        at = match.end()
        made.append(_token(match, made))
    return _spaced(_with_methods(made))


def _token(match: re.Match[str], before: list[str]) -> str:
    kind, found = str(match.lastgroup), match[str(match.lastgroup)]
    if kind == "text":
        return '"' + found[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    if kind == "word":
        if found in ("new", "function", "execution", "Math", "await", "instanceof", "lambda"):
            raise _NotUnderstood
        return found if before[-1:] == ["."] else _WORDS.get(found, found)
    if found in ("!", "?", ":"):
        raise _NotUnderstood
    return _SYMBOLS.get(found, found)


def _with_methods(tokens: list[str]) -> list[str]:
    """`x.toUpperCase()` as `upper case(x)`, `x.contains(y)` as `contains(x, y)`."""
    made: list[str] = []
    at = 0
    while at < len(tokens):
        called = tokens[at : at + 3]
        if len(called) == 3 and called[0] == "." and called[2] == "(":
            if called[1] not in _METHODS or not made or not re.fullmatch(r'\w+|".*"', made[-1]):
                raise _NotUnderstood
            made[-1:] = [_METHODS[called[1]], "(", made[-1]]
            at += 3
            if tokens[at : at + 1] != [")"]:
                made.append(",")
            continue
        made.append(tokens[at])
        at += 1
    return made


def _spaced(tokens: list[str]) -> str:
    text = " ".join(tokens)
    text = re.sub(r"(?<=[\w\]]) \((?! )|(?<=[\w\]]) \( ", "(", text)
    text = re.sub(r"\( ", "(", text)
    return re.sub(r" ([).,\]])", r"\1", re.sub(r" \. ", ".", text)).replace("[ ", "[")
