"""Tables as they are printed: Markdown for people, JSON for whoever compares runs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Cell = str | int | float | None


@dataclass
class Table:
    """One figure's rows; every row names the same columns. `notes` say what distorts them."""

    title: str
    rows: list[dict[str, Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"## {self.title}"]
        if self.rows:
            columns = list(self.rows[0])
            lines += ["", _line(columns), _line("---" for _ in columns)]
            lines += [_line(_text(row.get(column)) for column in columns) for row in self.rows]
        lines += [f"\n{note}" for note in self.notes]
        return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.2f}" if cell < 10 else f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def machine() -> str:
    """Cores, processor, system, Python: what a figure means nothing without."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({names[0] if names else platform.machine()}), "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def heading(command: str) -> str:
    today = datetime.now(UTC).date().isoformat()
    return f"# Benchmarks\n\n`{command}` on {today}; {machine()}; load {os.getloadavg()[0]:.1f}."


def as_json(command: str, tables: dict[str, list[Table]]) -> str:
    answer = {
        "command": command,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": {
            name: [{"title": each.title, "rows": each.rows, "notes": each.notes} for each in found]
            for name, found in tables.items()
        },
    }
    return json.dumps(answer, ensure_ascii=False, indent=1)


def percentile(seconds: list[float], part: float) -> float:
    """Milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1e3
