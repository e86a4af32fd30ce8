"""Processor time and memory, as the kernel counts them in /proc.

A wall-clock figure on a shared machine says little; milliseconds of CPU an instance say more.
"""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM, _REAPED_USER, _REAPED_SYSTEM = 1, 11, 12, 13, 14


def _fields(pid: int | str) -> list[str]:
    """The fields of /proc/pid/stat after the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a living process has used."""
    fields = _fields(pid)
    return (int(fields[_USER]) + int(fields[_SYSTEM])) * _TICK


def cpu_of_family(pid: int | None) -> float:
    """Seconds used by a process and its children, ended ones included. 0 for None."""
    if pid is None:
        return 0.0
    ticks = sum(map(int, _fields(pid)[_USER : _REAPED_SYSTEM + 1]))
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = _fields(entry.name)
        except OSError:
            continue  # it has just ended
        if int(fields[_PARENT]) == pid:
            ticks += int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks * _TICK


def parent_of(pid: int) -> int | None:
    """None where the process is not on this machine."""
    try:
        return int(_fields(pid)[_PARENT])
    except OSError:
        return None


def memory_of(pid: int) -> float:
    """Resident megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
