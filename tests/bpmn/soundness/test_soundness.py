"""What can go wrong in a run is warned of, with the element and an example; never refused."""

from __future__ import annotations

import random
import time

import pytest

from bpmn.compiler import compile_model
from bpmn.errors import Finding
from bpmn.reader import read_document
from bpmn.report import Report
from bpmn.rules.drawing import Drawing
from bpmn.soundness import RULES, check_soundness
from tests.bpmn.drawing import file, flow, line
from tests.bpmn.rules.case import END, HOUR, START, boundary, choice, event, gateway, task

Warned = set[tuple[str, str | None]]


def person(name: str) -> str:
    return f'<bpmn:userTask id="{name}"/>'


def warned(body: str) -> dict[tuple[str, str | None], str]:
    """What is warned of, as rule and element, with the message."""
    findings = compile_model(file(body)).findings
    return {(f.rule, f.element): f.message for f in findings if f.rule in RULES}


def between(split: str, join: str, default: str = "") -> str:
    """start → split `g` → `a` and `b` → join `j` → end."""
    asked = "${x}" if default else None
    return (
        START + gateway(split, "g", default) + person("a") + person("b")
        + (gateway(join, "j") if join else person("j")) + END
        + line("s", "g") + flow("g", "a", asked) + line("g", "b", "j", "e") + line("a", "j")
    )  # fmt: skip


def looped(inside: str, back: str | None = "${again}") -> str:
    """start → `m` → inside `t` → `x` → end, and from `x` back to `m`."""
    return (
        START + gateway("exclusive", "m") + inside + gateway("exclusive", "x", 'default="x_e"')
        + END + line("s", "m", "t", "x", "e") + flow("x", "m", back)
    )  # fmt: skip


_DEFAULT = 'default="g_b"'
_COMPUTES = (
    '<bpmn:scriptTask id="t" scriptFormat="feel"><bpmn:script>again = false</bpmn:script>'
    "</bpmn:scriptTask>"
)

FAULTS: dict[str, tuple[str, str, str, str]] = {
    # name: (model, rule, element, part of the message)
    "a join of ways of which one is chosen": (
        between("exclusive", "parallel", _DEFAULT), "deadlock", "j", "g → a → j and g → b → j",
    ),
    "a join in a loop that waits for itself": (
        START + gateway("parallel", "j") + person("a") + gateway("exclusive", "x", 'default="x_e"')
        + END + line("s", "j", "a", "x", "e") + flow("x", "j", "${x}"),
        "deadlock", "j", "a → x → j",
    ),
    "a join with a way that an event leaves": (
        between("parallel", "parallel") + boundary("t", "a") + event("endEvent", "f")
        + line("t", "f"), "deadlock", "j", "t → f → j",
    ),
    "choices that cross": (
        START + gateway("parallel", "g") + gateway("exclusive", "x", 'default="x_j"')
        + gateway("exclusive", "y", 'default="y_k"') + gateway("parallel", "j")
        + gateway("parallel", "k") + END + event("endEvent", "f") + line("s", "g", "x", "j", "e")
        + line("g", "y", "k", "f") + flow("x", "k", "${a}") + flow("y", "j", "${a}"),
        "deadlock", "k", "s → g → y",
    ),
    "ways in parallel that merge": (
        between("parallel", "exclusive"), "lack-of-synchronisation", "j", "g → a → j",
    ),
    "ways in parallel into one activity": (
        between("parallel", ""), "lack-of-synchronisation", "j", "g → b → j",
    ),
    "a reminder that leads back into the way": (
        START + person("a") + person("j") + END + line("s", "a", "j", "e")
        + boundary("t", "a", HOUR, 'cancelActivity="false"') + line("t", "j"),
        "lack-of-synchronisation", "j", "a → t → j",
    ),
    "a loop without a wait": (looped(task("t")), "endless-loop", "m", "m → t → x → m"),
    "a loop with a wait and no way out": (
        START + gateway("exclusive", "m") + person("t") + line("s", "m", "t", "m"),
        "no-way-to-end", "m", "m → t → m",
    ),
    "a node that nothing reaches": (
        START + END + line("s", "e") + task("a") + task("b") + line("a", "b", "a"),
        "unreachable", "a", "",
    ),
    "a choice that may fail": (
        choice(attributes="").replace(line("g", "b", "e"), flow("g", "b", "${y}") + line("b", "e")),
        "missing-default", "g", "",
    ),
    "a condition that never holds": (
        choice().replace("${x}", "${false}"), "condition-constant", "g_a", "never taken",
    ),
    "a condition that always holds": (
        choice().replace("${x}", "= true"), "condition-constant", "g_a", "g_b",
    ),
    "a timer on what is passed at once": (
        START + task("t") + END + line("s", "t", "e") + boundary("b", "t") + line("b", "e"),
        "never-happens", "b", "passed at once",
    ),
}  # fmt: skip

SOUND: dict[str, str] = {
    "ways in parallel that are joined": between("parallel", "parallel"),
    "ways of which one is chosen that merge": between("exclusive", "exclusive", _DEFAULT),
    "a loop that a person decides on": looped(person("t")),
    "a loop that computes what it asks": looped(_COMPUTES),
    "a loop that asks the time": looped(task("t"), "= now() &lt; limit"),
    "a reminder with an end of its own": (
        START + person("a") + END + line("s", "a", "e") + event("endEvent", "f")
        + boundary("t", "a", HOUR, 'cancelActivity="false"') + line("t", "f")
    ),
    "a reminder in a loop, that goes on by itself": (
        looped(person("t")) + event("endEvent", "f") + event("endEvent", "h")
        + boundary("b", "t", HOUR, 'cancelActivity="false"') + person("r")
        + gateway("exclusive", "y", 'default="y_f"') + line("b", "r", "y", "f")
        + flow("y", "h", "${z}") + person("u") + boundary("c", "u", HOUR, 'cancelActivity="false"')
        + line("c", "r") + line("u", "m") + flow("x", "u", "${q}")
    ),
    "opposite conditions": choice(attributes="").replace(
        line("g", "b", "e"), flow("g", "b", "${!x}") + line("b", "e")
    ),
    "opposite comparisons": choice(attributes="")
    .replace(line("g", "b", "e"), flow("g", "b", "= amount &lt;= 100") + line("b", "e"))
    .replace("${x}", "= amount &gt; 100"),
    "a timer on what takes time": (
        START + person("t") + END + line("s", "t", "e") + boundary("b", "t") + line("b", "e")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_warned_of_with_its_element_and_an_example(name: str) -> None:
    body, rule, element, example = FAULTS[name]

    found = warned(body)

    assert (rule, element) in found
    assert example in found[rule, element]


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_model_is_not_warned_of(name: str) -> None:
    assert warned(SOUND[name]) == {}


def test_a_join_for_which_no_token_can_come_is_warned_of() -> None:
    stray = task("u") + task("v") + line("u", "v", "u") + flow("v", "j")

    found = warned(between("parallel", "parallel") + stray)

    assert "v_j" in found["deadlock", "j"]


def test_every_rule_of_soundness_has_a_model() -> None:
    assert {rule for _, rule, _, _ in FAULTS.values()} | {"soundness-cut-off"} == set(RULES)


def looked_at(source: bytes) -> tuple[list[Finding], float]:
    """What soundness alone says of a file, and how long it took."""
    document = read_document(source, "x.bpmn")
    drawing, report = Drawing(document.root), Report(document)
    begin = time.process_time()
    check_soundness(drawing, report, well_formed=True)
    return report.findings(), time.process_time() - begin


def test_a_model_of_500_elements_is_looked_at_in_50_ms() -> None:
    source = file(_long(120))

    fastest = min(looked_at(source)[1] for _ in range(5))

    assert fastest < 0.05


def _long(blocks: int) -> str:
    parts, before = [START], "s"
    for n in range(blocks):
        default = f'default="g{n}_b{n}"'
        parts += [gateway("exclusive", f"g{n}", default), person(f"a{n}"), person(f"b{n}"),
                  gateway("exclusive", f"j{n}"), line(before, f"g{n}", f"b{n}", f"j{n}"),
                  flow(f"g{n}", f"a{n}", "${x}"), line(f"a{n}", f"j{n}")]  # fmt: skip
        before = f"j{n}"
    return "".join(parts) + END + line(before, "e")


@pytest.mark.parametrize("seed", range(3))
def test_a_hostile_graph_is_answered_soon(seed: int) -> None:
    findings, seconds = looked_at(file(_tangle(seed, 1_000)))

    assert seconds < 0.5
    assert findings


def _tangle(seed: int, count: int) -> str:
    """Gateways with ways to and fro, from start to end, whose choices have a default."""
    chance = random.Random(seed)
    ways = {(n, n + 1) for n in range(count)}
    ways |= {(chance.randrange(count - 1), chance.randrange(1, count)) for _ in range(2 * count)}
    names = {0: "s", count: "e"}
    ends = [(names.get(a, f"g{a}"), names.get(b, f"g{b}")) for a, b in sorted(ways)]
    body = START + END
    for n in range(1, count):
        kind = chance.choice(["exclusive", "parallel", "inclusive"])
        default = f'default="g{n}_{names.get(n + 1, f"g{n + 1}")}"'
        body += gateway(kind, f"g{n}", "" if kind == "parallel" else default)
        for a, b in ends:
            asked = kind != "parallel" and b != names.get(n + 1, f"g{n + 1}")
            if a == f"g{n}":
                body += flow(a, b, "${x}" if asked else None)
    return body + "".join(flow(a, b) for a, b in ends if a == "s")


def test_too_many_ways_are_said_to_be_too_many() -> None:
    pairs = 14
    body = START + END + gateway("parallel", "g") + gateway("inclusive", "i") + line("s", "g")
    for n in range(pairs):
        body += gateway("inclusive", f"a{n}", f'default="a{n}_b{n}"') + gateway("parallel", f"b{n}")
        body += line("g", f"a{n}", f"b{n}", "i")
        body += flow(f"a{n}", f"b{(n + 1) % pairs}", "${x}")

    found, _ = looked_at(file(body + line("i", "e")))

    assert ("soundness-cut-off", "p", "notice") in {(f.rule, f.element, f.severity) for f in found}
