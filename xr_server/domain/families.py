"""The figures: of how many visits something is true, and what each figure divides. Pure.

A cell is (figure, part, atom). A family is all cells of one figure and part: they have no visit in common, and lie within
one cell of another family, which they divide. docs/formats.md has the table.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from xr_server.domain.release import Block, release_family, release_root

STAY_BUCKETS_S = (1, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800)
"""Lower bounds of the buckets that stays are counted in; the last holds those of half an hour."""


class Cell(NamedTuple):
    """One number of a figure: of which part of it, and which of the values that exclude one another."""

    figure: str
    part: str
    atom: str


Family = tuple[str, str]
"""A figure and one of its parts."""
ALL = Cell("all", "", "all")
HERE = Cell("visits", "", "here")


def _landmark(part: str) -> Cell:
    return Cell("landmark", part, "seen")


def _campaign(part: str) -> Cell:
    return Cell("campaign", "", part)


def _where(part: str) -> Cell:
    return Cell("visits", "", part.partition("/")[0])


def _step(part: str) -> Cell:
    experience, _, step = part.rpartition("/")
    return Cell("funnel", experience, step)


_DIVIDES: dict[str, Callable[[str], Cell]] = {
    **dict.fromkeys(("visits", "campaign", "used", "refused"), lambda _: ALL),
    **dict.fromkeys(("circulation", "arrival_hour", "landmark", "funnel", "stamp"), lambda _: HERE),
    **dict.fromkeys(("language", "device", "mode", "looked"), _where),
    **dict.fromkeys(("hour", "dwell", "next"), _landmark),
    **dict.fromkeys(("reach", "link"), _campaign),
    "drop": _step,
}
FIGURES: tuple[str, ...] = ("all", *_DIVIDES)


def divided_by(family: Family) -> Cell:
    """The cell that a family divides. Raises KeyError for a figure that is none, and for the root."""
    figure, part = family
    return _DIVIDES[figure](part)


def stay_bucket(stay_s: int) -> str:
    """The bucket of a stay of at least one second: its lower bound in seconds, as text."""
    return str(STAY_BUCKETS_S[bisect_right(STAY_BUCKETS_S, stay_s) - 1])


def cells_of_experience(where: str, experience: str, reached: tuple[str, str, str]) -> list[Cell]:
    """Cells of one experience in a visit; where: here, home, or empty when it is the furthest of all of them.

    reached: how it was looked at, the step of the funnel, and what stood in the way of the next.
    """
    look, step, reason = reached
    cells = [Cell("looked", f"{where}/{experience}", look)] if look else []
    if where == "home" or not step:
        return cells
    cells.append(Cell("funnel", experience, step))
    if reason and step != "completed":
        cells.append(Cell("drop", f"{experience}/{step}", reason))
    return cells


DayNumbers = Mapping[date, Mapping[Cell, int]]


def release_figures(numbers: DayNumbers) -> dict[Cell, list[Block]]:
    """What of the figures of days in a row may be shown (domain/release.py), by cell. One year at a time."""
    families = _sort_by_family(numbers)
    shown = {ALL: release_root({day: cells.get(ALL, 0) for day, cells in numbers.items()})}
    waiting = [family for family in families if family[0] != "all"]
    while waiting:
        ready = [family for family in waiting if divided_by(family)[:2] not in waiting]
        for family in ready:
            found = release_family(shown.get(divided_by(family), []), families[family])
            shown |= {Cell(*family, atom): blocks for atom, blocks in found.items()}
        waiting = [family for family in waiting if family not in ready]
    return {cell: blocks for cell, blocks in shown.items() if blocks}


def _sort_by_family(numbers: DayNumbers) -> dict[Family, dict[date, dict[str, int]]]:
    families: dict[Family, dict[date, dict[str, int]]] = {}
    for day, cells in numbers.items():
        for cell, count in cells.items():
            families.setdefault(cell[:2], {}).setdefault(day, {})[cell.atom] = count
    return families


def add_up(visits: Sequence[Sequence[Cell]]) -> dict[Cell, int]:
    """How many visits count in each cell."""
    total: dict[Cell, int] = {}
    for cells in visits:
        for cell in cells:
            total[cell] = total.get(cell, 0) + 1
    return total
