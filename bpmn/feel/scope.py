"""Where a name is looked up: variables, and the scopes that expressions open inside them.

An inner scope hides the outer ones (DMN 1.5 §10.3.2.11). A name that nobody knows is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.feel.limits import Run


class Scope:
    """Names and their values; `names` may grow while a context literal is evaluated."""

    __slots__ = ("names", "outer", "run")

    def __init__(self, names: Mapping[str, Any], run: Run, outer: Scope | None = None) -> None:
        self.names = names
        self.run = run
        self.outer = outer

    def inner(self, names: Mapping[str, Any]) -> Scope:
        return Scope(names, self.run, self)

    def look_up(self, name: str) -> tuple[bool, Any]:
        """Whether a scope knows the name, and its value."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.outer
        return False, None
