"""How facts become a ledger entry's two parts, and facts again.

Each part is a JSON array. `facts` holds one array a fact: its name and its lasting fields.
`values` holds one array a fact that has erasable fields: its position and those fields.
Invariant: what `ERASABLE` lists never reaches the facts part, and joining both parts gives the
facts that were recorded; without the values their erasable fields are None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from bpmn.values import from_json, to_json
from engine import acts
from engine.machine import facts as machine
from engine.machine.facts import Fact
from storage.ledger import Entry

ERASABLE: dict[type[Fact], tuple[str, ...]] = {
    machine.VariableSet: ("value", "wire"),
    machine.TaskOpened: (
        "name",
        "assignee",
        "candidate_users",
        "candidate_groups",
        "excluded",
    ),
    machine.Subscribed: ("message", "key"),
    machine.IncidentOpened: ("message",),
    machine.ErrorThrown: ("message",),
    machine.Decided: ("inputs", "result", "values"),
    machine.MessageThrown: ("message", "key", "variables"),
    machine.SignalThrown: ("signal", "variables"),
    machine.Called: ("business_key", "variables"),
    acts.Begun: ("business_key", "reason"),
    acts.Migrated: ("reason",),
    acts.DefinitionSuspended: ("reason",),
    acts.DefinitionResumed: ("reason",),
    acts.TaskAssigned: ("assignee",),
    acts.JobFailed: ("message",),
    acts.CancelRequested: ("reason",),
    acts.Suspended: ("reason",),
    acts.Resumed: ("reason",),
    acts.Modified: ("reason",),
}
"""Fields that may name a person or quote a value."""

_INSTANTS = {"due", "follow_up", "again_at"}
_TUPLES = {"candidate_users", "candidate_groups", "excluded", "waits", "matched"}
_encoder = msgspec.json.Encoder(decimal_format="number")
_decode_facts = msgspec.json.Decoder(list[list[Any]]).decode
_decode_values = msgspec.json.Decoder(list[list[Any]], float_hook=Decimal).decode


class Shape(NamedTuple):
    """A fact type's fields, parted."""

    kind: type[Fact]
    name: str
    lasting: tuple[str, ...]
    erasable: tuple[str, ...]
    read_lasting: Callable[[Fact], Iterable[object]]
    read_erasable: Callable[[Fact], Iterable[object]]


def _shape(kind: type[Fact]) -> Shape:
    erasable = ERASABLE.get(kind, ())
    lasting = tuple(name for name in kind.__struct_fields__ if name not in erasable)
    return Shape(kind, kind.__name__, lasting, erasable, _reader(lasting), _reader(erasable))


def _reader(names: tuple[str, ...]) -> Callable[[Fact], Iterable[object]]:
    """The values of these fields, in order."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda fact: [getattr(fact, name) for name in names]


_SHAPES = {
    kind: _shape(kind)
    for module in (machine, acts)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
}
_BY_NAME = {shape.name: shape for shape in _SHAPES.values()}


def encode(facts: Sequence[Fact]) -> tuple[bytes, bytes | None]:
    """The entry's facts part and its values part, None when nothing in it is erasable."""
    lasting: list[object] = []
    erasable: list[list[object]] = []
    for position, fact in enumerate(facts):
        shape = _SHAPES[type(fact)]
        lasting.append(_trimmed([shape.name, *shape.read_lasting(fact)]))
        if not shape.erasable:
            continue
        values = _trimmed([position, *map(to_json, shape.read_erasable(fact))])
        if len(values) > 1:
            erasable.append(values)
    return _encoder.encode(lasting), _encoder.encode(erasable) if erasable else None


def _trimmed(row: list[object]) -> list[object]:
    """Without the Nones at its end: they come back as what is missing."""
    while row[-1] is None:
        row.pop()
    return row


def decode(entry: Entry) -> list[Fact]:
    """The facts of an entry; erasable fields are None where the values were erased."""
    erasable = {row[0]: row[1:] for row in _decode_values(entry.values)} if entry.values else {}
    return [
        _fact(row, erasable.get(position, ()))
        for position, row in enumerate(_decode_facts(entry.facts))
    ]


def _fact(row: list[Any], values: Sequence[Any]) -> Fact:
    shape = _BY_NAME[row[0]]
    fields: dict[str, Any] = dict.fromkeys(shape.kind.__struct_fields__)
    for name, stored in zip(shape.lasting, row[1:], strict=False):
        fields[name] = _READ.get(name, _same)(stored)
    for name, stored in zip(shape.erasable, values, strict=False):
        fields[name] = _READ.get(name, from_json)(stored)
    return shape.kind(**fields)


def _same(stored: Any) -> Any:
    return stored


def _instant(stored: Any) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


def _tuple(stored: Any) -> tuple[Any, ...] | None:
    return None if stored is None else tuple(stored)


_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_INSTANTS, _instant),
    **dict.fromkeys(_TUPLES, _tuple),
}
