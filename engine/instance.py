"""One instance in the hands of a unit: what its row says, its graph, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bpmn.graph import Graph
from bpmn.values import Variables
from engine.machine.facts import Fact
from engine.machine.state import State
from engine.results import Definition


class Caller(NamedTuple):
    """Who waits for an instance: the call of another one, and the outermost caller of all."""

    instance_id: str
    call: int
    root_id: str


@dataclass(slots=True, kw_only=True)
class Instance:
    """One locked instance. `facts` is what has happened to it in this unit."""

    id: str
    definition: Definition
    graph: Graph
    business_key: str | None
    started_at: datetime
    state: State
    seq: int
    head: bytes
    new: bool = False
    kind: str = ""
    facts: list[Fact] = field(default_factory=list)
    stepped: bool = False
    scopes: tuple[int, ...] = ()
    """The variable scopes at the beginning: one that goes leaves no fact."""
    caller: Caller | None = None
    above: list[str] | None = None
    """All callers, the nearest first, once somebody has asked for them."""
    suspended: bool = False
    suspends: bool = False
    """Whether this unit has changed `suspended`."""
    migrated: bool = False
    """Whether this unit has changed `definition`."""

    @property
    def about(self) -> Variables:
        """What its expressions may ask of it, see `bpmn.juel.execution`."""
        return {"processInstanceId": self.id, "processDefinitionId": self.definition.id}
