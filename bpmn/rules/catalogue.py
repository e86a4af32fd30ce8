"""Every rule id that a report on a model may name: the standard's rules, soundness, the compiler's.

Invariant: docs/rules.md is this catalogue as a page, and each id that stands in the code stands
here; a test compares both.
"""

from __future__ import annotations

from collections.abc import Iterator

from bpmn import soundness
from bpmn.rules import RULES, SUBJECTS

COMPILER: dict[str, str] = {
    # reading
    "not-xml": "The file is well-formed XML.",
    "doctype": "The file has no DOCTYPE, which could hide entities.",
    "too-large": "The file is not larger than the limits.",
    "too-deep": "Elements are not nested deeper than the limit.",
    "not-bpmn": "The file begins with BPMN's `definitions`.",
    "schema": "The model fits the OMG's XML schema.",
    "schema-slip": "So do the order of parts, empty references and attributes that change nothing.",
    "diagram-schema": "The drawing fits the OMG's XML schema.",
    "unknown-file": "The name says whether the file is a model, a decision or a form.",
    "duplicate-id": "An id stands once in a file.",
    "missing-id": "What a token can come to has an id.",
    "too-long": "Ids, names and keys fit into a row of their own.",
    "no-executable-process": "A process of the file is executable.",
    # what is executed
    "unsupported": "Everything in an executable process is executed here.",
    "unknown-element": "Each element is one of BPMN 2.0.",
    "unknown-extension": "Each extension is one that is known here.",
    "misplaced-extension": "An extension stands at an element at which it has an effect.",
    "foreign-dialect": "Extensions belong to a dialect that is understood.",
    "attribute": "An extension's switch is true or false.",
    "expression": "Expressions compile.",
    "expression-mark": "Expressions are in the language that the file names for them.",
    "dynamic-reference": "Forms, decisions and topics are fixed names.",
    "implementation-missing": "A task says what does its work.",
    "work-open": "A task says what does its work; in plain BPMN it waits under its own id.",
    "several-implementations": "A task says one way in which its work is done.",
    "topic-missing": "A task for a worker has a topic.",
    "script-missing": "A script is not empty.",
    "script-language": "Scripts are written in FEEL.",
    "message-missing": "A message event or task says which message.",
    "signal-missing": "A signal event says which signal.",
    "escalation-code": "An escalation has a fixed code, and what throws one says which.",
    "condition-empty": "A condition is not empty.",
    "link-target": "What a link event throws is caught once in its scope.",
    "parallel-multiple": "Several triggers that must all come can be waited for.",
    "behavior-event": "Instances throw an event that the boundary can catch.",
    "adhoc-begin": "An ad-hoc subprocess says what it begins with.",
    "called-missing": "A call activity says what it calls.",
    "called-not-executable": "A process of this file that is called is executable.",
    "decision-missing": "A business rule task names its decision and its result.",
    "correlation-missing": "An instance knows its correlation key before it waits with it.",
    "correlation-binding": "A correlation subscription binds each property of its key.",
    "assignment-target": "An assignment sets a whole variable.",
    "role": "Who does a task is said once, in words that are understood.",
    "listener": "A listener hears an event of its element and says once what it does.",
    "several-dialects": "An element's extensions belong to one dialect.",
    "error-code": "An error has a fixed code, and what throws one says which.",
    "timer": "A timer has one date, duration or cycle, in a form that is read here.",
    "retry": "A retry cycle reads like `R3/PT10S` or `PT1M,PT5M`.",
    "form": "A task names its form once.",
    "parameter": "A parameter of a mapping has a name.",
    "result-variable": "A result variable has a name.",
    "binding": "A binding is one that is known, with the version that it needs.",
    "four-eyes": "The tasks of a four-eyes rule exist, and are others.",
}
"""Rules of this house and of what it executes, not the standard's; errors, but for `work-open`,
`schema-slip` and `diagram-schema`, which warn, and the notice `expression-mark`."""

_HEAD = """# Rules for models

What `amtsgang check` and every deployment ask of a BPMN file. This page is written from the code
(`bpmn/rules/catalogue.py`); a test keeps both alike. *Section* is that of BPMN 2.0.2
(formal/2013-12-09, ISO/IEC 19510). An error refuses the deployment; a warning does not. Rules ask
all processes, collaborations and choreographies of a file, also those that are only drawn.

A finding has `file`, `line`, `element`, `rule`, `severity` and `message`; `related` lists the other
elements that the fault lies between, each with its line: the ends of a flow, the data that is
referred to, the definition inside of an event. Where a rule is broken by two elements alike, as by
a start event and the flow into it, there is a finding at each.

¹ In a file that speaks the dialect of an engine it only warns: engines bear with it.

Three demands of the standard only warn, since nothing about the run is in doubt where they are not
met, and many people draw so: `no-end`, `implicit-end` and `lane-twice`. `isClosed`, `auditing`,
`monitoring` and renderings promise something to readers; no rule asks them. What a call activity
calls may be deployed later or elsewhere, so a name that this file does not have is no fault.
"""


def rule_ids() -> set[str]:
    """Every id in the catalogue."""
    return {*RULES, *soundness.RULES, *COMPILER}


def page() -> str:
    """The catalogue as Markdown."""
    return "\n".join([_HEAD, *_standard(), *_soundness(), *_compiler()])


def _standard() -> Iterator[str]:
    for subject in SUBJECTS:
        rules = [rule for rule in RULES.values() if rule.look.__module__ == subject.__name__]
        title = (subject.__doc__ or "").split("\n", 1)[0].split(" (", 1)[0]
        yield f"## {title.rstrip('.')}\n"
        yield "| rule | section | severity | what must hold |\n| --- | --- | --- | --- |"
        for rule in rules:
            severity = f"{rule.severity} ¹" if rule.borne else rule.severity
            yield f"| `{rule.id}` | {rule.section} | {severity} | {rule.sentence} |"
        yield ""


def _soundness() -> Iterator[str]:
    yield "## Soundness: models that run and yet go wrong\n"
    yield "These only warn. Each names an example; the work is bounded, and where the bound is met"
    yield "a notice says so.\n"
    yield "| rule | section | what should hold |\n| --- | --- | --- |"
    for identifier, (section, sentence) in soundness.RULES.items():
        yield f"| `{identifier}` | {section} | {sentence} |"
    yield ""


def _compiler() -> Iterator[str]:
    yield "## What is executed here\n"
    yield "| rule | what must hold |\n| --- | --- |"
    for identifier, sentence in COMPILER.items():
        yield f"| `{identifier}` | {sentence} |"
    yield ""
    yield "`ignored-…` is a notice, once a kind: elements that are drawn and have no effect."
    yield ""
