"""Deployment: files become versioned definitions, all of them or none.

Invariant: what is refused leaves no trace. Exactly one version of a key is the newest, and only
its start events listen to clock and messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Table, bindparam, func, insert, select, update

from bpmn.compiler import MODEL_SUFFIXES, compile_model
from bpmn.errors import Finding, ModelRefused
from bpmn.graph import Graph
from engine import record, starts
from engine.acts import DefinitionDeployed
from engine.commands import Deploy
from engine.ids import new_id
from engine.models import as_definition, may_import
from engine.results import Definition, Deployed
from engine.tables import definition, deployment, resource
from engine.unit import Unit
from identity.access import require
from storage.chain import GENESIS
from storage.ledger import INSERT_ENTRY, seal

if TYPE_CHECKING:
    from bpmn.forms import FormSpec

Kind = Literal["process", "decision", "form"]


def _insert(table: Table) -> Any:
    return insert(table).values({column.name: bindparam(column.name) for column in table.c})


_DEPLOY = _insert(deployment)
_KEEP = _insert(resource)
_DEFINE = _insert(definition)
_SUPERSEDE = (
    update(definition)
    .where(
        definition.c.tenant == bindparam("of_tenant"),
        definition.c.kind == bindparam("of_kind"),
        definition.c.key == bindparam("of_key"),
        definition.c.newest.is_(True),
    )
    .values(newest=False)
)
_LAST_VERSION = select(func.max(definition.c.version)).where(
    definition.c.tenant == bindparam("tenant"),
    definition.c.kind == bindparam("kind"),
    definition.c.key == bindparam("key"),
)
_LAST_FILE = (
    select(resource.c.hash, resource.c.deployment_id)
    .join_from(
        resource,
        deployment,
        (deployment.c.tenant == resource.c.tenant) & (deployment.c.id == resource.c.deployment_id),
    )
    .where(
        resource.c.tenant == bindparam("tenant"),
        resource.c.name == bindparam("file"),
        deployment.c.name == bindparam("deployment"),
        deployment.c.withdrawn_at.is_(None),
    )
    .order_by(deployment.c.id.desc())
    .limit(1)
)
_ONE = select(deployment).where(
    deployment.c.tenant == bindparam("tenant"), deployment.c.id == bindparam("id")
)
DEFINED = select(definition).where(
    definition.c.tenant == bindparam("tenant"), definition.c.deployment_id == bindparam("id")
)


def parse_form(source: bytes, file: str) -> FormSpec:
    from bpmn.forms import parse_form as parse  # noqa: PLC0415 loads when a form is met

    return parse(source, file)


@dataclass(slots=True)
class Found:
    """One definition in a file, before it has a version."""

    kind: Kind
    key: str
    name: str | None = None
    version_tag: str | None = None
    history_ttl: str | None = None
    graph: Graph | None = None


@dataclass(slots=True)
class File:
    name: str
    content: bytes
    hash: str
    found: list[Found] = field(default_factory=list)
    brought: list[File] = field(default_factory=list)
    """Forms that stand in a model and are deployed with it as files of their own."""


def deploy(unit: Unit, command: Deploy) -> Deployed:
    require(unit.principal, "model.deploy")
    files = [File(name, data, sha256(data).hexdigest()) for name, data in command.files]
    if command.filter_duplicates:
        changed, last = _changed(unit, command.name, files)
        if not changed and last is not None:
            return _again(unit, last)
        files = changed
    findings = _compile(files)
    files = [each for file in files for each in (file, *file.brought)]
    id_ = new_id(unit.tx.now)
    defined = [each for file in files for each in _define(unit, id_, file)]
    _store(unit, command, id_, files, defined)
    return Deployed(
        id=id_,
        name=command.name,
        source=command.source,
        at=unit.tx.now,
        definitions=tuple(each for each, _ in defined),
        findings=tuple(findings),
    )


def _changed(unit: Unit, name: str, files: list[File]) -> tuple[list[File], str | None]:
    """The files that differ from the last deployed of their name, and who had the others."""
    changed: list[File] = []
    last: str | None = None
    for file in files:
        keys = {"tenant": unit.tx.tenant, "file": file.name, "deployment": name}
        row = unit.tx.first(_LAST_FILE, keys)
        if row is None or row.hash != file.hash:
            changed.append(file)
        else:
            last = max(last or "", row.deployment_id)
    return _with_imports(files, changed), last


def _with_imports(files: list[File], changed: list[File]) -> list[File]:
    """Decision models that may import each other stay together: one is read with what came along
    with it."""
    models = [file for file in files if _is_decision(file)]
    if any(_is_decision(each) for each in changed) and any(
        may_import(model.content) for model in models
    ):
        return [file for file in files if file in changed or file in models]
    return changed


def _is_decision(file: File) -> bool:
    return file.name.lower().endswith((".dmn", ".dmn11.xml"))


def _again(unit: Unit, deployment_id: str) -> Deployed:
    keys = {"tenant": unit.tx.tenant, "id": deployment_id}
    row = unit.tx.first(_ONE, keys)
    assert row is not None
    known = tuple(as_definition(each) for each in unit.tx.all(DEFINED, keys))
    return Deployed(row.id, row.name, row.source, row.deployed_at, known, (), unchanged=True)


def _compile(files: list[File]) -> list[Finding]:
    """Read every file; raises ModelRefused with the faults of all of them."""
    findings: list[Finding] = []
    for file in files:
        try:
            file.found, said = _read(file)
            findings.extend(said)
        except ModelRefused as refused:
            findings.extend(refused.findings)
    models = {file.name: file for file in files if _is_decision(file)}
    try:
        findings.extend(_read_decisions(models))
    except ModelRefused as refused:
        findings.extend(refused.findings)
    findings.extend(_twice(files))
    if any(finding.severity == "error" for finding in findings):
        raise ModelRefused(findings)
    return findings


def _read_decisions(models: dict[str, File]) -> Iterator[Finding]:
    """Decision models are read together, for they may import each other."""
    if not models:
        return
    from bpmn.dmn import compile_files  # noqa: PLC0415 loads when a decision is met

    for made in compile_files([(file.name, file.content) for file in models.values()]):
        models[made.file].found = [
            Found("decision", d.id, d.name, d.version_tag, d.history_ttl) for d in made.values()
        ]
        yield from made.findings


def _read(file: File) -> tuple[list[Found], list[Finding]]:
    """What a file defines, by its name's ending; other files are only kept."""
    name = file.name.lower()
    if name.endswith(MODEL_SUFFIXES):
        compiled = compile_model(file.content, file.name)
        processes = [
            Found("process", g.process_id, g.name, g.version_tag, g.history_ttl, g)
            for g in compiled.graphs
        ]
        for form in compiled.forms:
            name = f"{file.name}#{form.key}.form"
            made = File(name, form.content, sha256(form.content).hexdigest())
            made.found = [Found("form", form.key)]
            file.brought.append(made)
        return processes, compiled.findings
    if name.endswith(".form"):
        return [Found("form", parse_form(file.content, file.name).id)], []
    return [], []


def _twice(files: list[File]) -> Iterator[Finding]:
    """Two files of one deployment may not define the same key."""
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        for found in file.found:
            other = seen.setdefault((found.kind, found.key), file.name)
            if other != file.name:
                text = f"{found.kind} {found.key} is also defined in {other}."
                yield Finding(file.name, 1, found.key, "defined-twice", "error", text)


def _define(unit: Unit, deployment_id: str, file: File) -> Iterator[tuple[Definition, File]]:
    tx = unit.tx
    for found in file.found:
        last = unit.engine.models.newest(tx, found.kind, found.key)
        keys = {"tenant": tx.tenant, "kind": found.kind, "key": found.key}
        version = (tx.scalar(_LAST_VERSION, keys) or 0) + 1
        made = Definition(
            id=new_id(tx.now),
            kind=found.kind,
            key=found.key,
            version=version,
            name=found.name,
            resource=file.name,
            deployment_id=deployment_id,
            version_tag=found.version_tag,
            history_ttl=found.history_ttl,
            deployed_at=tx.now,
        )
        unit.add(
            _SUPERSEDE,
            {"of_tenant": tx.tenant, "of_kind": found.kind, "of_key": found.key},
        )
        if last is not None:
            starts.deafen(unit, last.id)
        if found.graph is not None:
            unit.engine.models.keep_graph(found.graph.source_hash, found.graph)
            starts.listen(unit, made, found.graph)
        yield made, file


def _store(
    unit: Unit,
    command: Deploy,
    id_: str,
    files: list[File],
    defined: list[tuple[Definition, File]],
) -> None:
    """Rows and the first entry of the deployment's own stream."""
    tx, by = unit.tx, unit.principal
    acts = [
        DefinitionDeployed(d.kind, d.key, d.version, d.id, file.name, file.hash)
        for d, file in defined
    ]
    lasting, _ = record.encode(acts)
    sealed = seal(
        id_, 1, GENESIS, tx.now, by.id, by.on_behalf_of, "deployed", lasting, None, tenant=tx.tenant
    )
    row: dict[str, Any] = {
        "tenant": tx.tenant,
        "id": id_,
        "name": command.name,
        "source": command.source,
    }
    row |= {"deployed_at": tx.now, "deployed_by": by.id, "withdrawn_at": None}
    row |= {"seq": 1, "head": sealed.head}
    unit.add(_DEPLOY, row)
    for file in files:
        kept = {"tenant": tx.tenant, "deployment_id": id_, "name": file.name}
        unit.add(_KEEP, {**kept, "content": file.content, "hash": file.hash})
    for each, file in defined:
        columns = {c.name: getattr(each, c.name, None) for c in definition.c}
        columns |= {"tenant": tx.tenant, "newest": True, "suspended": False, "hash": file.hash}
        unit.add(_DEFINE, columns)
    unit.add(INSERT_ENTRY, sealed.row)
