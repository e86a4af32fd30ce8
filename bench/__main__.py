"""`python -m bench [NAME…] [--quick] [--json]`: one program a figure, their tables on stdout."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from importlib import import_module

from bench import places
from bench.options import Options
from bench.report import Table, as_json, heading

FIGURES = {
    "machine": "steps of the token machine beside SpiffWorkflow, in memory",
    "expressions": "FEEL and JUEL, compiled and evaluated",
    "second_opinion": "models that SpiffWorkflow and our machine answer differently",
    "engine": "workloads r, a, b, c, d, e: instances a second, CPU time, history",
    "inbox": "workload q: a clerk's list of tasks and its count",
    "http": "workload c over HTTP",
    "startup": "from the command to the first answer, and memory",
    "invoices": "invoices parsed and checked",
    "invoice_rules": "our invoice rules beside the official stylesheets, over faulty invoices",
    "invoice_turns": "invoices checked by us and by the official sheets in turn",
    "official_rules": "what the official rules cost: cold, warm, a long invoice, memory",
    "ledger": "entries sealed and verified",
}


def parsed(arguments: list[str]) -> argparse.Namespace:
    listed = "\n".join(f"  {name:15}{what}" for name, what in FIGURES.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure; without a name, everything.",
        epilog=f"figures:\n{listed}\n\nPostgreSQL is measured if {places.SERVER} names a server.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *FIGURES])
    parser.add_argument("--quick", action="store_true", help="a second each: does it still run?")
    parser.add_argument("--json", action="store_true", help="JSON instead of Markdown")
    parser.add_argument("--sqlite", action="store_true", help="only SQLite")
    parser.add_argument("--postgres", action="store_true", help="only PostgreSQL")
    parser.add_argument("--workloads", default="rabcde", help="of `engine` (default: rabcde)")
    parser.add_argument("--seconds", type=float, default=5.0, help="a round (default: 5)")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts (default: 3)")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds before (default: 2)")
    return parser.parse_args(arguments)


def options_of(given: argparse.Namespace) -> Options:
    kinds = [("sqlite", given.sqlite), ("postgresql", given.postgres)]
    chosen = tuple(kind for kind, wanted in kinds if wanted) or tuple(kind for kind, _ in kinds)
    quick = Options(True, chosen, tuple(given.workloads), seconds=0.1, rounds=1, warm=0.05)
    if given.quick:
        return quick
    return Options(
        False, chosen, tuple(given.workloads), given.seconds, max(1, given.rounds), given.warm
    )


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    given = parsed(arguments)
    options = options_of(given)
    command = shlex.join(["python", "-m", "bench", *arguments])
    if not given.json:
        print(heading(command), flush=True)
    tables: dict[str, list[Table]] = {}
    for name in given.names or FIGURES:
        print(f"{name}: {FIGURES[name]} …", file=sys.stderr, flush=True)
        run: Callable[[Options], list[Table]] = import_module(f"bench.{name}").run
        tables[name] = run(options)
        if not given.json:
            for table in tables[name]:
                print(f"\n{table.markdown()}", flush=True)
    if given.json:
        print(as_json(command, tables))


if __name__ == "__main__":
    main()
