"""Figures as they are shown: numbers of visits from released blocks, divided, and never of fewer than ten. Pure.

A number is the sum of the blocks that lie in a period as a whole (domain/release.py). A block that only reaches into the
period is not counted; then the number may be short of the true one, and the period that the blocks cover is offered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from xr_server.domain.days import Window, each_day
from xr_server.domain.release import SMALLEST_SHOWN as SMALLEST_SHOWN  # noqa: PLC0414 - pages say it beside figures


@dataclass(frozen=True)
class Shown:
    """A number of visits. visits None: hidden, for it is fewer than ten, or none. more: the true number may be larger.

    offered: the days that would take in the blocks which reach beyond the period.
    """

    visits: int | None
    more: bool = False
    offered: Window | None = None


HIDDEN = Shown(None, more=True)


@dataclass(frozen=True)
class Released:
    """What is shown of a figure in a window, by part and atom; what is not in it is hidden."""

    window: Window
    cells: Mapping[tuple[str, str], Shown] = field(default_factory=dict)

    def get(self, part: str, atom: str) -> Shown:
        """One cell."""
        return self.cells.get((part, atom), HIDDEN)

    def of(self, part: str) -> dict[str, Shown]:
        """The cells of a part by atom."""
        return {atom: shown for (its, atom), shown in self.cells.items() if its == part}

    @property
    def parts(self) -> list[str]:
        """The parts that have cells, by name."""
        return sorted({part for part, _ in self.cells})


@dataclass(frozen=True)
class Block:
    """A number of visits over a run of days, as it was released."""

    first_on: date
    last_on: date
    visits: int


@dataclass(frozen=True)
class Division:
    """A number of visits and what is shown of the atoms it falls into; rest: those whose atom is hidden, or that have none."""

    total: Shown
    cells: Mapping[str, Shown]
    rest: int

    @property
    def hidden(self) -> list[str]:
        """The atoms that are not shown."""
        return [atom for atom, shown in self.cells.items() if shown.visits is None]

    @property
    def offered(self) -> Window | None:
        """The days that would take in all blocks that reach beyond the period."""
        return join_windows([self.total.offered, *(shown.offered for shown in self.cells.values())])

    def share(self, atom: str) -> float | None:
        """Which part of the whole an atom is; None where one of the two is hidden."""
        return share(self.cells.get(atom, HIDDEN), self.total)


def divide(total: Shown, cells: Mapping[str, Shown], atoms: Iterable[str] = ()) -> Division:
    """A number divided among atoms: those named, in their order, then others that are shown.

    Where the cells that are shown make up the whole, nothing is left for the others: they are nought, not hidden.
    """
    names = list(dict.fromkeys([*atoms, *cells]))
    shown = sum(cell.visits or 0 for cell in cells.values())
    whole = total.visits is not None and not total.more and shown >= total.visits
    nothing = Shown(0) if whole else HIDDEN
    all_cells = {name: cells.get(name, nothing) for name in names}
    if whole:
        all_cells = {
            name: Shown(cell.visits, False, cell.offered) if cell.visits is not None else Shown(0)
            for name, cell in all_cells.items()
        }
    return Division(total, all_cells, max(0, (total.visits or 0) - shown))


def add(cells: Iterable[Shown]) -> Shown:
    """The sum of numbers; hidden ones are missing in it, so that the true sum may be larger."""
    taken = list(cells)
    told = [cell.visits for cell in taken if cell.visits is not None]
    more = any(cell.more for cell in taken)
    return Shown(sum(told) if told else None, more, join_windows([cell.offered for cell in taken]))


def share(part: Shown, whole: Shown) -> float | None:
    """Which part of a whole something is, 0 to 1; None where one of the two is hidden."""
    if part.visits is None or not whole.visits:
        return None
    return min(1.0, part.visits / whole.visits)


def change(now: Shown, then: Shown) -> float | None:
    """By which part a number grew against an earlier one: 0.1 is a tenth more; None where one of the two is hidden."""
    if now.visits is None or not then.visits:
        return None
    return now.visits / then.visits - 1


def join_windows(windows: Iterable[Window | None]) -> Window | None:
    """The shortest window that holds all of them; None for none."""
    given = [one for one in windows if one is not None]
    if not given:
        return None
    return Window(min(one.from_on for one in given), max(one.until_on for one in given))


def cumulate(steps: Mapping[str, Shown], order: Sequence[str]) -> dict[str, Shown]:
    """How many came at least as far as each step, from how many came just so far; steps in their order, first to last."""
    return {step: add(steps.get(later, HIDDEN) for later in order[at:]) for at, step in enumerate(order)}


def rank(cells: Mapping[str, Shown]) -> list[str]:
    """Atoms from the largest number down, those of equal ones by name, hidden ones last."""
    return sorted(cells, key=lambda atom: (-(cells[atom].visits or 0), atom))


def sum_in(blocks: Iterable[Block], window: Window) -> Shown:
    """The number of visits in a window from blocks of a longer one."""
    inside, beyond = 0, []
    seen = False
    for block in blocks:
        if block.first_on >= window.from_on and block.last_on <= window.until_on:
            inside, seen = inside + block.visits, True
        elif block.first_on <= window.until_on and block.last_on >= window.from_on:
            beyond.append(Window(block.first_on, block.last_on))
    offered = join_windows([*beyond, window]) if beyond else None
    return Shown(inside if seen else None, bool(beyond) or not seen, offered)


def uncovered_days(blocks: Sequence[Block], window: Window) -> list[date]:
    """The days of a window that no block tells of: too few visits, or not final yet."""
    covered = {day for block in blocks for day in each_day(block.first_on, block.last_on)}
    return [day for day in each_day(window.from_on, window.until_on) if day not in covered]
