"""Several runs of pytest share one set of tests: `pytest -p tests.sharing --share=FOLDER`, each with the same FOLDER.

Whoever comes first takes a file of tests, by making a file in that folder; so all end at about the same time, however long
each file takes. What is long must not begin last: journeys are taken first, then what starts processes, of each kind the
files with the most tests first. Only the first two runs take journeys: a third browser beside them makes all three wait.
"""

from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest

Module = list[pytest.Item]
BROWSERS = 2
LONG_FIRST = ("journeys", "tests", "hostile", "pipeline")  # names of folders; all others come after them


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --share."""
    parser.addoption("--share", type=Path, default=None, help="folder by which runs share the tests")


def list_modules(items: list[pytest.Item]) -> list[Module]:
    """Tests by file, in the order in which files are taken; within a file they stay as they are."""
    modules = [list(group) for _, group in groupby(items, key=lambda item: item.path)]
    return sorted(modules, key=lambda module: (rank(module), -len(module)))


def rank(module: Module) -> int:
    """How early a file is taken, by its folder."""
    folder = module[0].path.parent.name
    return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)


def take(path: Path) -> bool:
    """Whether this run is the first to take what a name stands for."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def take_modules(modules: list[Module], folder: Path) -> Iterator[Module]:
    """The files of tests that nobody has taken yet, each taken when it is asked for."""
    has_browser = any(take(folder / f"browser-{number}") for number in range(BROWSERS))
    for module in modules:
        is_journey = module[0].path.parent.name == "journeys"
        if (has_browser or not is_journey) and take(folder / "-".join(module[0].path.parts[-2:])):
            yield module


def with_next(modules: Iterator[Module]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each test with the one after it; the next file is taken when the last test of this one begins, not before."""
    module = next(modules, None)
    while module:
        yield from pairwise(module)
        following = next(modules, None)
        yield module[-1], following[0] if following else None
        module = following


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Runs what nobody else has taken, in place of pytest's own loop over everything."""
    folder: Path | None = session.config.getoption("--share")
    if folder is None or session.config.option.collectonly or session.testsfailed:
        return None
    for item, following in with_next(take_modules(list_modules(session.items), folder)):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    return True
