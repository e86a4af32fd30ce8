"""Imports point down, never sideways, and third parties stay in their rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS: dict[str, set[str]] = {
    "storage": set(),
    "bpmn": set(),
    "identity": {"storage", "bpmn"},
    "engine": {"identity", "storage", "bpmn"},
    "eakte": {"identity", "storage", "bpmn"},
    "invoice": {"identity", "storage", "bpmn"},
    "processes": {"engine", "eakte", "invoice", "identity", "storage", "bpmn"},
    "web": {"processes", "engine", "eakte", "invoice", "identity", "storage", "bpmn"},
}
ROOTS = (
    "api",
    "worker",
    "cli",
    "cli_demo",
    "cli_house",
    "cli_models",
    "cli_output",
    "cli_rules",
    "cli_users",
)
ONLY_IN = {
    "minio": ("storage/objects",),
    "alembic": ("storage/migrat",),
    "celery": ("engine/queue.py", "worker.py"),
    "kombu": ("engine/queue.py", "worker.py"),
    "SpiffWorkflow": ("bpmn/schema.py",),
    "fastapi": ("web/", "api.py"),
    "starlette": ("web/", "api.py"),
}


def _modules() -> list[Path]:
    files = [ROOT / f"{root}.py" for root in ROOTS]
    for room in ROOMS:
        files += sorted((ROOT / room).rglob("*.py"))
    return files


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("file", _modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_imports_only_from_below_and_keeps_third_parties_in_their_rooms(
    file: Path,
) -> None:
    place = file.relative_to(ROOT).as_posix()
    room = place.split("/", 1)[0]
    for line, module in _imports(file):
        top = module.split(".", 1)[0]
        where = f"{place}:{line} imports {module}"
        if room in ROOMS and (top in ROOMS or top in ROOTS) and top != room:
            assert top in ROOMS[room], where
        if top == "processes" and room == "processes":
            _assert_packages_apart(place, module, where)
        if top in ONLY_IN:
            is_http = top in ("fastapi", "starlette") and "/http" in place
            assert is_http or place.startswith(ONLY_IN[top]), where


def _assert_packages_apart(place: str, module: str, where: str) -> None:
    """A process package never imports another; what stands beside them may import all."""
    own, imported = place.split("/"), module.split(".")
    if len(own) < 3 or len(imported) < 2:
        return
    is_package = (ROOT / "processes" / imported[1]).is_dir()
    assert not is_package or imported[1] == own[1], where


def test_no_module_has_a_name_that_says_nothing() -> None:
    nothing = {"utils", "helpers", "common", "misc", "manager"}

    bad = [f for f in _modules() if f.stem in nothing or f.stem.endswith(("_service", "_manager"))]

    assert bad == []
