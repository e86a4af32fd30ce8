"""What commands answer with: plain data, complete when the transaction commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bpmn.errors import Finding
from bpmn.values import Value, Variables


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, decision or form. `resource` is the deployed file's name."""

    id: str
    kind: Literal["process", "decision", "form"]
    key: str
    version: int
    name: str | None
    resource: str
    deployment_id: str
    version_tag: str | None = None
    history_ttl: str | None = None
    deployed_at: datetime | None = None
    suspended: bool = False
    """As it was read: what starts asks the row."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """`definitions` holds what is new; `unchanged` is True when nothing was."""

    id: str
    name: str
    source: str | None
    at: datetime
    definitions: tuple[Definition, ...]
    findings: tuple[Finding, ...]
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class DecisionEvaluated:
    """`value` is the result as DMN has it, `outputs` are its rows as Camunda 7 counts them. The
    id names the evaluation in the ledger."""

    id: str
    definition_id: str
    value: Value
    outputs: tuple[Variables, ...]
    matched: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """`ended` is True when nothing made the instance wait."""

    id: str
    definition_id: str
    process_id: str
    business_key: str | None
    ended: bool


@dataclass(frozen=True, slots=True)
class LockedJob:
    """An external task that its worker now holds. `wires` as in `engine.commands`."""

    id: str
    topic: str
    worker_id: str
    locked_until: datetime
    instance_id: str
    definition_id: str
    process_id: str
    process_version: int
    version_tag: str | None
    node: str
    token: int
    business_key: str | None
    retries: int | None
    priority: int
    error_message: str | None
    error_details: str | None
    created_at: datetime
    variables: Mapping[str, Value]
    wires: Mapping[str, str]
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Correlated:
    """Who received a message: a waiting instance, or one that the message started."""

    instance_id: str
    started: bool
    process_id: str
    definition_id: str
    business_key: str | None
    node: str


@dataclass(frozen=True, slots=True)
class Published:
    """`outcome`: delivered to a receiver, started an instance, buffered, or seen before."""

    id: str
    outcome: Literal["delivered", "started", "buffered", "duplicate"]
    instance_id: str | None = None
