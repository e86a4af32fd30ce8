"""Compiled statements: a Core expression becomes SQL and converters once per dialect.

SQLAlchemy's own execution costs several times what the driver does. Here a statement is compiled
at its first use; later uses find it by identity (module-level constants: the hot path) or by
SQLAlchemy's cache key (expressions built in place), and go to the driver's cursor directly.
Invariant: which parameters are missing or unknown is decided at compile time, never per row.
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import ClauseElement, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from storage.errors import WrongUse

Convert: TypeAlias = Callable[[Any], Any]
Parameters: TypeAlias = Mapping[str, Any]
Values: TypeAlias = Mapping[str, Any] | tuple[Any, ...]  # as the driver takes them

_KEPT = 2000  # compiled statements; an application has a few hundred


class Row(tuple[Any, ...]):
    """A row as a named tuple: attribute access by column name."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def _asdict(self) -> dict[str, Any]: ...


class Compiled:
    """SQL text, the converters of its parameters and of its columns."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.compiled = compiled
        self.dialect = dialect
        self.sql = str(compiled)
        self.expands = bool(compiled.post_compile_params or compiled.literal_execute_params)
        processors = cast("Mapping[str, Convert]", compiled._bind_processors)
        self.processors = dict(processors)
        self.positions = tuple(compiled.positiontup or ()) if compiled.positional else None
        self.results: list[TypeEngine[Any]] = [
            column[3] for column in (compiled._result_columns or ())
        ]
        self.names: list[str] = [column[0] for column in (compiled._result_columns or ())]
        self._make: Callable[[Sequence[Any]], Row] | None = None
        self._converters: list[tuple[int, Convert]] = []

    def rows(self, found: Iterable[Sequence[Any]], description: Sequence[Any]) -> list[Row]:
        make = self._make or self._describe(description)
        if not self._converters:
            return list(map(make, found))
        rows = []
        for raw in found:
            values = list(raw)
            for index, convert in self._converters:
                values[index] = convert(values[index])
            rows.append(make(values))
        return rows

    def _describe(self, description: Sequence[Any]) -> Callable[[Sequence[Any]], Row]:
        """Name and convert the columns: known only after the first execution."""
        known = len(self.names) == len(description)
        names = self.names if known else [column[0] for column in description]
        if known:
            self._converters = [
                (index, convert)
                for index, (kind, column) in enumerate(zip(self.results, description, strict=True))
                if (
                    convert := kind.dialect_impl(self.dialect).result_processor(
                        self.dialect, column[1]
                    )
                )
            ]
        fields: Any = namedtuple("Row", tuple(names), rename=True)  # type: ignore[misc]
        kind_of_row = type("Row", (Row, fields), {"__slots__": ()})
        self._make = partial(tuple.__new__, kind_of_row)
        return self._make


class Bound:
    """One statement for one set of parameter names, with the values that stand in it."""

    __slots__ = ("_convert", "_pick", "compiled", "defaults", "fixed")

    def __init__(self, compiled: Compiled, fixed: dict[str, Any]) -> None:
        self.compiled = compiled
        self.fixed = fixed
        processors = compiled.processors
        self.defaults = {
            name: processors[name](value) if name in processors else value
            for name, value in fixed.items()
            if not compiled.expands
        }
        positions = compiled.positions
        # By position: the values in order, and which of them the caller's value is converted for.
        self._pick = None if positions is None else _picker(positions)
        self._convert = [
            (index, processors[name])
            for index, name in enumerate(positions or ())
            if name in processors and name not in fixed
        ]

    def prepare(self, given: Parameters) -> tuple[str, Values]:
        """The SQL text and the driver's parameters, by name or by position."""
        compiled = self.compiled
        if compiled.expands:
            return self._expand(given)
        values = {**self.defaults, **given} if self.defaults else given
        if self._pick is not None:
            picked = list(self._pick(values))
            for index, convert in self._convert:
                picked[index] = convert(picked[index])
            return compiled.sql, tuple(picked)
        values = dict(values)
        for name, convert in compiled.processors.items():
            if name in given:
                values[name] = convert(given[name])
        return compiled.sql, values

    def _expand(self, given: Parameters) -> tuple[str, Values]:
        """`IN` lists are written out anew each time: one placeholder a value."""
        state = self.compiled.compiled.construct_expanded_state({**self.fixed, **given})
        processors = {**self.compiled.processors, **cast("dict[str, Convert]", state.processors)}
        values = {
            name: processors[name](value) if name in processors else value
            for name, value in state.parameters.items()
        }
        if state.positiontup is None:
            return state.statement, values
        return state.statement, tuple([values[name] for name in state.positiontup])


def _picker(names: tuple[str, ...]) -> Callable[[Parameters], tuple[Any, ...]]:
    """The values of these names, in order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple([given[name] for name in names])


class Statements:
    """The compiled statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._by_identity: WeakKeyDictionary[Any, dict[tuple[str, ...], Bound]] = (
            WeakKeyDictionary()
        )
        self._by_key: OrderedDict[Any, Compiled] = OrderedDict()
        self._lock = Lock()

    def bound(self, statement: Executable, given: Parameters) -> Bound:
        names = tuple(given)
        known = self._by_identity.get(statement)
        if known is not None and (bound := known.get(names)) is not None:
            return bound
        with self._lock:
            bound = self._bind(cast(ClauseElement, statement), names)
            self._by_identity.setdefault(statement, {})[names] = bound
        return bound

    def _bind(self, statement: ClauseElement, names: tuple[str, ...]) -> Bound:
        key = statement._generate_cache_key()
        cached = None
        if key is not None:
            cached = self._by_key.get((key.key, names))
        if cached is None:
            cached = self._compile(statement, names, key)
            if key is not None:
                self._by_key[(key.key, names)] = cached
                if len(self._by_key) > _KEPT:
                    self._by_key.popitem(last=False)
        values = cached.compiled.construct_params(
            dict.fromkeys(names),
            extracted_parameters=key.bindparams if key is not None else None,
            escape_names=False,
            _check=False,
            _no_postcompile=True,
        )
        self._check(cached.compiled, statement, names)
        fixed = {name: value for name, value in values.items() if name not in names}
        return Bound(cached, {**fixed, **_column_defaults(cached.compiled)})

    def _compile(self, statement: ClauseElement, names: tuple[str, ...], key: Any) -> Compiled:
        # As one of many: an INSERT without RETURNING then asks for no generated key.
        try:
            compiled = statement.compile(
                dialect=self.dialect,
                cache_key=key,
                column_keys=list(names),
                for_executemany=not getattr(statement, "_returning", ()),
            )
        except CompileError as error:
            raise WrongUse(f"does not compile: {error}") from error
        assert isinstance(compiled, SQLCompiler)
        return Compiled(compiled, self.dialect)

    @staticmethod
    def _check(compiled: SQLCompiler, statement: ClauseElement, names: tuple[str, ...]) -> None:
        known = {bind.key: bind for bind in compiled.binds.values()}
        unknown = [name for name in names if name not in known]
        missing = [key for key, bind in known.items() if bind.required and key not in names]
        missing = [key for key in missing if key not in _column_defaults(compiled)]
        if unknown or missing:
            raise WrongUse(
                f"parameters missing: {missing}, unknown: {unknown}, in: {str(statement)[:200]}"
            )


def _column_defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """Python-side defaults: constants only, so that a statement stays a constant too."""
    defaults: dict[str, Any] = {}
    for column in (*(compiled.insert_prefetch or ()), *(compiled.update_prefetch or ())):
        default = column.default if compiled.isinsert else column.onupdate
        if default is None or not default.is_scalar:
            raise WrongUse(f"column {column} has a computed default; state the value instead")
        defaults[column.key] = cast(Any, default).arg
    return defaults
