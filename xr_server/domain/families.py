"""The figures: of how many visits something is true, and what each figure divides. Pure.

A cell is (figure, part, atom). A family is all cells of one figure and part: they have no visit in common, and lie within
one cell of another family, which they divide. docs/formats.md has the table.

What may be shown is found for each family by itself (domain/release.py), so no two families that divide the same cell may
have parts that are always the same visits, or always contain one another: then one would tell what the other hides. So a
stamp divides those who were at its landmark; what was seen without the camera divides those who did not use it; how far
somebody went, and which way of looking was used, is told of each experience and of nothing that holds several of them; and
numbers that add up in two ways are cut off before they do: landmarks of a visit above three, ways from one to the next
above four.
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


class Reached(NamedTuple):
    """How far an experience was followed: how it was looked at without the camera, the funnel's step, the way, the obstacle."""

    look: str
    step: str
    way: str
    reason: str


Family = tuple[str, str]
"""A figure and one of its parts."""
ALL = Cell("all", "", "all")
HERE = Cell("visits", "", "here")


def _where(part: str) -> Cell:
    return Cell("visits", "", part.partition("/")[0])


def _looked(part: str) -> Cell:
    where, _, experience = part.partition("/")
    return Cell("camera", experience, "without") if where == "here" else Cell("opened", part, "opened")


def _drop(part: str) -> Cell:
    experience, _, step = part.rpartition("/")
    return Cell("camera", experience, "without") if step == "triggered" else Cell("funnel", experience, step)


_DIVIDES: dict[str, Callable[[str], Cell]] = {
    **dict.fromkeys(("visits", "campaign", "used", "refused"), lambda _: ALL),
    **dict.fromkeys(("circulation", "arrival_hour", "landmark"), lambda _: HERE),
    **dict.fromkeys(("language", "device", "opened"), _where),
    **dict.fromkeys(("hour", "dwell", "next", "stamp"), lambda part: Cell("landmark", part, "seen")),
    **dict.fromkeys(("reach", "link"), lambda part: Cell("campaign", "", part)),
    "camera": lambda part: Cell("opened", f"here/{part}", "opened"),
    **dict.fromkeys(("funnel", "way"), lambda part: Cell("camera", part, "camera")),
    "drop": _drop,
    "looked": _looked,
}
FIGURES: tuple[str, ...] = ("all", *_DIVIDES)


def divided_by(family: Family) -> Cell:
    """The cell that a family divides. Raises KeyError for a figure that is none, and for the root."""
    figure, part = family
    return _DIVIDES[figure](part)


def stay_bucket(stay_s: int) -> str:
    """The bucket of a stay of at least one second: its lower bound in seconds, as text."""
    return str(STAY_BUCKETS_S[bisect_right(STAY_BUCKETS_S, stay_s) - 1])


def cells_of_experience(where: str, experience: str, reached: Reached) -> list[Cell]:
    """Cells of one experience in a visit; where: here or home."""
    opened = Cell("opened", f"{where}/{experience}", "opened")
    looked = Cell("looked", f"{where}/{experience}", reached.look)
    if where == "home":
        return [opened, looked]
    if reached.step == "triggered":
        cells = [opened, Cell("camera", experience, "without"), looked]
    else:
        cells = [opened, Cell("camera", experience, "camera"), Cell("funnel", experience, reached.step)]
        cells += [Cell("way", experience, reached.way)] if reached.way else []
    stopped = reached.reason and reached.step != "completed"
    return cells + ([Cell("drop", f"{experience}/{reached.step}", reached.reason)] if stopped else [])


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
