"""What a process package is: everything that roots and web need to know of one process.

Invariant: a package is complete in itself. It exports one `PACKAGE`; packages never import each
other, and nothing above them reaches past their `PACKAGE` and their documented modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bpmn.values import Variables
from engine.handlers import Handlers, Participants
from identity.principal import Principal
from storage.database import Transaction

if TYPE_CHECKING:
    from processes.house import House

Router: TypeAlias = Any
"""A FastAPI `APIRouter`; only modules named http import FastAPI."""

PrincipalOf = Callable[..., Principal]
"""A FastAPI dependency that answers who asks, or refuses; roots provide it."""


@dataclass(frozen=True, slots=True)
class TaskPanel:
    """What stands beside a task's form. `html` is safe: made by templates that escape."""

    title: str
    html: str


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """What tells a task from its neighbours in a list: a line of text, and an amount if any."""

    subject: str
    amount: Decimal | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class PanelFile:
    """A file that a panel links to. `media_type` is what the content is, not what it claims."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Papers:
    """What people may add to the file of a task: the kinds with their labels, who may, and how.

    `add` takes the house, who, the task, the kind, the bytes, and what the file is called.
    """

    kinds: Mapping[str, str]
    may: Callable[[Transaction, Principal, Any], bool]
    add: Callable[[House, Principal, Any, str, bytes, str | None], object]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a register. `choices` are what may stand there, by what it is called."""

    name: str
    label: str
    hint: str = ""
    choices: Callable[[Transaction], Mapping[str, str]] | None = None
    fixed: bool = False
    """Given once, with the row."""
    optional: bool = False
    listed: bool = True
    """A column of the list."""
    form: Literal["always", "new", "hidden", "never"] = "always"
    """When a person is asked for it; hidden: the page keeps it for them."""


Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Search:
    """How a register is looked through that is too long for one page: `find` takes the words, how
    many rows, and how many to leave out before; `row` gives the one with that key."""

    hint: str
    find: Callable[[Transaction, str, int, int], Rows]
    row: Callable[[Transaction, str], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class RowAct:
    """What is done with a row by one button. `fits` says at which rows."""

    name: str
    label: str
    permission: str
    fits: Callable[[Mapping[str, str]], bool]
    do: Callable[[Transaction, Principal, str], object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The register as a CSV file: what it holds is said by `text`; `read` takes all of it or
    raises, `write` gives all of it, `last` tells what was read last."""

    text: str
    permission: str
    write: Callable[[Transaction, Principal], bytes]
    read: Callable[[Transaction, Principal, bytes], object]
    last: Callable[[Transaction], str]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a row is wanted for: what it is about, what is known for a new row, and what to do
    with the row that a person chooses or adds."""

    about: str
    given: Mapping[str, str]
    take: Callable[[Transaction, Principal, str], object]


@dataclass(frozen=True, slots=True)
class Register:
    """A table that people keep up on a page. The first field is the key of its rows.

    `put` adds a row, or changes the one with that key, and answers the key; it records who did it.
    What it refuses is in German, made for people. `permission` is who may add; who may look,
    change or take out, where that is somebody else, say `looking` and `changing`.
    """

    name: str
    title: str
    text: str
    permission: str
    fields: tuple[Field, ...]
    rows: Callable[[Transaction], Rows]
    put: Callable[[Transaction, Principal, Mapping[str, str]], object]
    remove: Callable[[Transaction, Principal, str], object] | None = None
    looking: str | None = None
    changing: str | None = None
    label: str | None = None
    """What it is called in the navigation, if it stands there."""
    row_title: str | None = None
    """The field that people call a row by, where it is not the key."""
    changes: bool = True
    """Whether rows are changed in the form."""
    search: Search | None = None
    acts: tuple[RowAct, ...] = ()
    sheet: Sheet | None = None
    beside: Callable[[House, Transaction, Principal, str], str] | None = None
    """What else there is of a row, as safe HTML; it records that it was read."""
    occasion: Callable[[House, Transaction, Principal, str], Occasion | None] | None = None
    """What the rows are wanted for, by its id; None where the principal may not know of it."""

    @property
    def key(self) -> str:
        return self.fields[0].name


@dataclass(frozen=True, slots=True)
class Upload:
    """Files that a page takes. `take` gets a key that the page made: the same key again is the same
    upload, however often a browser sends it; `fields` is what else is asked for.

    What became of an upload is a page of its own: `html` of its key, None where there is none that
    the principal may see.
    """

    label: str
    hint: str
    most_files: int
    most_bytes: int
    fields: tuple[Field, ...]
    take: Callable[[House, Principal, str, Sequence[tuple[str, bytes]], Mapping[str, str]], object]
    html: Callable[[House, Transaction, Principal, str], str | None]


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what it is called in the navigation (`label`). `html` is safe, made by templates
    that escape, holds what the principal may see, and records that access itself."""

    name: str
    label: str
    title: str
    permission: str
    html: Callable[[House, Transaction, Principal], str]
    upload: Upload | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process does again and again beside its instances.

    Any number of houses may do it at the same moment, and each may be killed in the middle of it:
    it is idempotent, or ends in a Conflict that its next round repeats. What it raises is logged.
    """

    name: str
    every: timedelta
    do: Callable[[House], object]


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A fictional person whose password is the login; shown on the log-in page of the demo."""

    login: str
    name: str
    duty: str


@dataclass(frozen=True, slots=True)
class Package:
    """One process with all that belongs to it.

    `name` is the id of its process, too. `models` are deployed together: .bpmn, .dmn and .form.
    `searchable` names the variables that lists may filter by; any other filter is refused.
    """

    name: str
    title: str
    models: tuple[Path, ...]
    handlers: Handlers
    participants: Participants = field(default_factory=Participants)
    searchable: frozenset[str] = frozenset()
    routes: Callable[[House, PrincipalOf], Router] | None = None
    statuses: Mapping[type[Exception], int] = field(default_factory=dict)
    """What the package's own errors mean over HTTP."""
    task_panel: Callable[[House, Transaction, Principal, Any], TaskPanel | None] | None = None
    task_summaries: (
        Callable[[House, Transaction, Principal, Sequence[Any]], Mapping[str, TaskSummary]] | None
    ) = None
    """By task id, for those tasks of a list whose content the principal may see."""
    task_values: Callable[[House, Transaction, Principal, Any], Variables] | None = None
    """What the fields of a task's form hold at first where no variable says it: content that the
    principal may read, to be confirmed by sending it."""
    panel_file: Callable[[House, Transaction, Principal, Any, str], PanelFile | None] | None = None
    """The file of a name that the panel links to as `dateien/{name}`; None where there is none."""
    registers: tuple[Register, ...] = ()
    pages: tuple[Page, ...] = ()
    furnish: Callable[[Transaction], object] | None = None
    """Make what the process cannot do without where it is not there; a second call does nothing."""
    stufen: tuple[str, ...] = ()
    """The offices that the package's tables name, ascending."""
    papers: Papers | None = None
    duties: tuple[Duty, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """What the ids of steps and outcomes in a Vorgang are called."""
    demo_users: tuple[DemoUser, ...] = ()

    def files(self) -> list[tuple[str, bytes]]:
        """Name and content of each model, as a deployment takes them."""
        return [(path.name, path.read_bytes()) for path in self.models]
