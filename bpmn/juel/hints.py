"""The FEEL to write instead of what JUEL reaches into Java for."""

from __future__ import annotations

METHODS = {
    "matches": "matches(text, pattern)",
    "split": "split(text, pattern)",
    "replaceAll": "replace(text, pattern, replacement)",
    "format": "string(value), and + to join texts",
    "stream": "a filter, list[item > 1], or for … in … return …",
    "forEach": "for item in list return …",
    "add": "append(list, item)",
    "addAll": "concatenate(list, list)",
    "put": "context put(context, key, value)",
    "remove": "remove(list, position)",
    "keySet": "get entries(context).key",
    "values": "get entries(context).value",
    "entrySet": "get entries(context)",
    "getTime": "a FEEL date and time, compared as it is",
    "plus": 'moment + @"P1D"',
    "minus": 'moment - @"P1D"',
    "jsonPath": "a path, a.b, and filters, a.b[c = 1]",
    "toArray": "the list itself",
    "join": "string join(list, delimiter)",
    "abs": "abs(number)",
    "getClass": "value instance of number",
    "hashCode": "the value itself",
}
"""By the method's name."""

FUNCTIONS = {
    "fn:length": "string length(text), count(list)",
    "fn:contains": "contains(text, part)",
    "fn:toUpperCase": "upper case(text)",
    "fn:toLowerCase": "lower case(text)",
    "fn:split": "split(text, pattern)",
    "fn:join": "string join(list, delimiter)",
    "fn:replace": "replace(text, pattern, replacement)",
    "fn:substring": "substring(text, start, length)",
    "XML": "a worker that reads the XML",
}

EXECUTION = {
    "setVariable": "a script task with scriptFormat=“feel”: name = value",
    "setVariables": "a script task with scriptFormat=“feel”: name = value",
    "setVariableLocal": "camunda:inputParameter",
    "removeVariable": "a script task with scriptFormat=“feel”: name = null",
    "getVariables": "the variables by their names",
    "getVariableLocal": "the variable by its name",
    "variables": "the variables by their names",
}


def written_instead(hint: str | None) -> str:
    return f"; write FEEL: {hint}" if hint else ""
