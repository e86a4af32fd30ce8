"""Errors of the models' package. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


class ModelError(Exception):
    """Base of all errors that a model, decision, form or expression can cause."""

    code = "model"


class NotAValue(ModelError):
    """A Python object that is not in FEEL's value space."""

    code = "not_a_value"


class ExpressionRefused(ModelError):
    """An expression that does not compile. `position` counts characters from 0."""

    code = "expression_refused"

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class ExpressionFailed(ModelError):
    """An expression that failed while it ran."""

    code = "expression_failed"


class VariableMissing(ExpressionFailed):
    """An expression asked for a variable that is not there (FEEL gives null instead)."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element that a finding names beside the one at fault."""

    element: str
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or notice in a deployed file, as `amtsgang check` prints it.

    `element` is what breaks the rule; `related` are the others that it breaks it with: the ends of
    a flow, the gateway before an event, the part inside of the element in which the fault stands.
    """

    file: str
    line: int
    element: str | None
    rule: str
    severity: Literal["error", "warning", "notice"]
    message: str
    related: tuple[Place, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"related": [asdict(place) for place in self.related]}


class ModelRefused(ModelError):
    """A model that is not deployed. `findings` holds all faults, not only the first."""

    code = "model_refused"

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        faults = [f for f in findings if f.severity == "error"]
        super().__init__("; ".join(f"{f.file}:{f.line}: {f.message} [{f.rule}]" for f in faults))


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; in repeated rows the key is `path.row.key`, rows from 0."""

    key: str
    message: str


class FormInvalid(ModelError):
    """Data that a form does not accept. `errors` names each field, for people, in German."""

    code = "form_invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.key}: {error.message}" for error in errors))
