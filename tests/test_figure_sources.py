"""What staff are shown comes from released blocks alone: nobody else reads visits, day figures or raw events."""

import ast
from pathlib import Path

import pytest

SERVER = Path(__file__).parent.parent / "xr_server"
READERS = {
    # summed up from events, and what may be told made from it; kept and deleted; told with noise
    "day_figure": {"storage/summing.py"},
    "visit": {"storage/summing.py", "storage/retention.py", "storage/open_data.py", "storage/book.py"},
    # written, summed up, deleted, and told in tens on the day itself
    "engagement_event": {
        "storage/events.py",
        "storage/summing.py",
        "storage/retention.py",
        "storage/book.py",  # what a visitor takes along and erases
        "storage/now.py",
        "storage/open_data.py",  # whether anything of a month still waits to be summed up
    },
}


def _named(node: ast.ImportFrom) -> set[str]:
    return {name.name for name in node.names}


def importers(table: str) -> set[str]:
    found = set()
    for path in SERVER.rglob("*.py"):
        if "migrations" in path.parts or "tables" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and "storage.tables" in (node.module or "") and table in _named(node):
                found.add(path.relative_to(SERVER).as_posix())
    return found


@pytest.mark.parametrize("table", sorted(READERS))
def test_nobody_else_reads(table: str) -> None:
    assert importers(table) == READERS[table]


def test_no_query_names_these_tables_in_words() -> None:
    for path in SERVER.rglob("*.py"):
        if "migrations" in path.parts or "tables" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "FROM " in node.value:
                assert not any(f"FROM {table}" in node.value for table in READERS), path
