"""Decision models, DMN 1.1 to 1.5: files in, compiled decisions out.

How a file becomes a decision, one module a step:

    source            one file as read        boxed       boxed expressions
    links             imports                 iteration   for, some, every, filter
    item_definitions  types                   functions   definitions and calls
    requirements      the graph               tables      decision tables, as they stand
    expressions       FEEL and JUEL texts     columns     their inputs and outputs

and how it is evaluated:

    decisions   what is asked from outside    table, hit_policies   which rules match
    inputs      values from outside           evaluation            limits, warnings, explanation
    nodes       decisions and what they need

Invariant: a model that compiles is evaluated as the standard says; what is not is refused with
line, element and rule, all faults of all files at once. Errors in an evaluation give null and a
warning; `Outcome.insist` makes them errors for those who cannot go on with a null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bpmn.dmn.decisions import Decisions, Invocable, Outcome
from bpmn.dmn.inputs import Path
from bpmn.dmn.links import Linked, link, reached
from bpmn.dmn.nodes import Node
from bpmn.dmn.requirements import Requirements
from bpmn.dmn.source import Source, read_source
from bpmn.errors import Finding, ModelRefused

__all__ = [
    "DMN_SUFFIXES",
    "Decisions",
    "Invocable",
    "Outcome",
    "compile_decisions",
    "compile_files",
    "is_dmn",
]

File = tuple[str, bytes]

DMN_SUFFIXES = (".dmn", ".dmn11.xml")


def is_dmn(name: str) -> bool:
    """Whether a file of this name is a decision model."""
    return name.lower().endswith(DMN_SUFFIXES)


def compile_decisions(
    content: bytes, file: str = "decisions.dmn", beside: Sequence[File] = ()
) -> Decisions:
    """Compile a DMN file; what it imports is looked for in the files `beside` it.

    Raises `ModelRefused` with all findings when one is an error.
    """
    main = read_source(content, file)
    linked = link([main, *_imported(main, list(beside))])
    needed = reached(linked, main)
    linked.sources[:] = [source for source in linked.sources if source in needed]
    return _compiled(linked)[0]


def _imported(main: Source, beside: list[File]) -> list[Source]:
    """The files that may be imported, directly or not: those that name such a namespace."""
    found: list[Source] = []
    wanted = [each.namespace for each in main.imports]
    while wanted:
        namespace = wanted.pop().rstrip("/").encode()
        for each in [each for each in beside if namespace in each[1]]:
            beside.remove(each)
            found.append(read_source(each[1], each[0]))
            wanted += [further.namespace for further in found[-1].imports]
    return found


def compile_files(files: Sequence[File]) -> list[Decisions]:
    """Compile files that may import each other; those that no other imports come first.

    Raises `ModelRefused` with all findings.
    """
    sources: list[Source] = []
    findings: list[Finding] = []
    for name, content in files:
        try:
            sources.append(read_source(content, name))
        except ModelRefused as refused:
            findings += refused.findings
    try:
        made = _compiled(link(sources))
    except ModelRefused as refused:
        # A file that cannot be read is reported itself, not again where it is imported.
        more = [f for f in refused.findings if not findings or f.rule != "import-missing"]
        raise ModelRefused(findings + more) from refused
    if findings:
        raise ModelRefused(findings)
    imported = {namespace for each in made for namespace in each.imports}
    return sorted(made, key=lambda each: each.namespace in imported)


def _compiled(linked: Linked) -> list[Decisions]:
    made = Requirements(linked)
    try:
        made.build()
    except RecursionError:
        source = linked.sources[0]
        source.fault(source.root, "too-deep", "The model is nested too deeply.")
    for source in linked.sources:
        if not source.nodes and source.child(source.root, "itemDefinition") is None:
            source.fault(source.root, "no-decision", "The file has no decision.")
    if any(source.report.errors for source in linked.sources):
        raise ModelRefused([f for source in linked.sources for f in source.report.findings()])
    return [
        Decisions(
            source.root.get("id", ""),
            source.root.get("name", ""),
            nodes=list(made.nodes[source].values()),
            paths=_paths(linked, source),
            findings=tuple(source.report.findings()),
            file=source.file,
            namespace=source.namespace,
            imports=tuple(each.namespace for each in source.imports if each.of_decisions),
        )
        for source in linked.sources
    ]


def _paths(linked: Linked, main: Source) -> Callable[[Node], list[Path]]:
    """Under which names a value for a node may come from outside: as the main file would call it
    through its imports, then by its own name alone."""
    prefixes: dict[Source, list[Path]] = {main: [()]}
    pending = [main]
    while pending:
        source = pending.pop()
        for each, other in linked.imports(source):
            known = prefixes.setdefault(other, [])
            for prefix in prefixes[source]:
                path = (*prefix, each.name) if each.name else prefix
                if path not in known:
                    known.append(path)
                    pending.append(other)

    def paths(node: Node) -> list[Path]:
        names = dict.fromkeys((node.variable, node.name))
        found = [(*prefix, name) for prefix in prefixes.get(node.source, []) for name in names]
        return [*found, *((name,) for name in names if (name,) not in found)]

    return paths
