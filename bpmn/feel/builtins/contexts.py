"""Functions on contexts (DMN 1.5 §10.3.4.10)."""

from __future__ import annotations

from typing import Any

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run

Context = dict[str, Any]


@builtin("get value", "m: context", "key: string")
@builtin("get value", "context: context", "key: string")
def get_value(_run: Run, context: Context, key: str) -> Any:
    return context.get(key)


@builtin("get value", "m: context", "keys: list")
@builtin("get value", "context: context", "keys: list")
def get_value_deep(run: Run, context: Context, keys: list[Any]) -> Any:
    """The value at the end of a path of keys, as Camunda 8 has it. DMN 1.5 §10.3.4.9 knows one key:
    a list of one is that key (§10.3.2.9.4), a list of none is outside the domain, and null."""
    run.spend(len(keys))
    at: Any = context if keys else None
    for key in keys:
        if type(at) is not dict or type(key) is not str:
            return None
        at = at.get(key)
    return at


@builtin("get entries", "m: context")
@builtin("get entries", "context: context")
def get_entries(_run: Run, context: Context) -> list[Context]:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def context_of(_run: Run, entries: list[Any]) -> Context | None:
    made: Context = {}
    for entry in entries:
        if type(entry) is not dict or type(entry.get("key")) is not str or "value" not in entry:
            return None
        if entry["key"] in made:
            return None
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context", "key: string", "value: any")
def context_put(_run: Run, context: Context, key: str, value: Any) -> Context:
    return {**context, key: value}


@builtin("context put", "context: context", "keys: list", "value: any")
def context_put_deep(run: Run, context: Context, keys: list[Any], value: Any) -> Context | None:
    """Puts the value at the end of a path of keys; null for a list of none (§10.3.4.9)."""
    if not keys or not all(type(key) is str for key in keys):
        return None
    run.spend(len(keys))
    made = dict(context)
    at = made
    for key in keys[:-1]:
        inner = at.get(key)
        if inner is not None and type(inner) is not dict:
            return None
        at[key] = dict(inner or {})
        at = at[key]
    at[keys[-1]] = value
    return made


@builtin("context merge", "contexts: list")
def context_merge(_run: Run, contexts: list[Any]) -> Context | None:
    """Later contexts win."""
    made: Context = {}
    for context in contexts:
        if type(context) is not dict:
            return None
        made.update(context)
    return made
