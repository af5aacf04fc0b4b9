"""Figures as they are shown: numbers of visits from released blocks, divided, and never of fewer than ten. Pure.

A number is the sum of the blocks that lie in a period as a whole (domain/release.py). A block that only reaches into the
period is not counted; then the number may be short of the true one, and the period that the blocks cover is offered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xr_server.domain.days import Window, each_day
from xr_server.errors import Invalid

SMALLEST_SHOWN = 10
LONGEST_DAYS = 366
DAY_MS = 86_400_000


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


@dataclass(frozen=True)
class DayRun:
    """Local days in a row, each exactly 24 hours long, from a moment in ms UTC; a day of other length runs alone."""

    first_on: date
    start_at: int
    end_at: int
    days: int


@dataclass(frozen=True)
class Cell:
    """One count of a table; None is a count too small to show."""

    count: int | None


@dataclass(frozen=True)
class Table:
    """Arrivals by day (rows) and landmark (columns). shown_total is the sum of the cells that are shown."""

    days: Sequence[date]
    landmarks: Sequence[str]
    cells: Mapping[tuple[date, str], Cell]
    shown_by_landmark: Mapping[str, int]
    shown_total: int
    suppressed: int


def read_window(from_text: str, until_text: str, today: date) -> Window:
    """The days asked for, both in; the last 14 when none are named. Raises Invalid."""
    try:
        until_on = date.fromisoformat(until_text) if until_text else today
        from_on = date.fromisoformat(from_text) if from_text else until_on - timedelta(days=13)
    except ValueError as error:
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.") from error
    if until_on < from_on:
        raise Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    if (until_on - from_on).days >= LONGEST_DAYS:
        raise Invalid("range_too_long", f"At most {LONGEST_DAYS} days can be shown at once. Choose a shorter range.")
    return Window(from_on, until_on)


def day_runs(window: Window, zone: ZoneInfo) -> list[DayRun]:
    """The window's local days cut into runs that whole-number division can count in; one run where clocks never change."""
    runs: list[DayRun] = []
    day = window.from_on
    while day <= window.until_on:
        start, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        last = runs[-1] if runs else None
        if last is not None and end - start == DAY_MS and last.end_at - last.start_at == last.days * DAY_MS:
            runs[-1] = DayRun(last.first_on, last.start_at, end, last.days + 1)
        else:
            runs.append(DayRun(day, start, end, 1))
        day += timedelta(days=1)
    return runs


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def make_table(counts: Mapping[tuple[date, str], int]) -> Table:
    """Counts by day and landmark with cells below 10 suppressed, and one more where a total would give one away."""
    counts = {key: count for key, count in counts.items() if count > 0}
    hidden = {key for key, count in counts.items() if count < SMALLEST_SHOWN}
    # the range's total stands in another table: what is missing from it must not be one small number
    for key in sorted(counts.keys() - hidden, key=lambda key: (counts[key], key)):
        if not hidden or (len(hidden) > 1 and sum(counts[k] for k in hidden) >= SMALLEST_SHOWN):
            break
        hidden.add(key)
    days = sorted({day for day, _ in counts})
    by_landmark = dict.fromkeys((landmark for _, landmark in counts), 0)
    for key, count in counts.items():
        by_landmark[key[1]] += 0 if key in hidden else count
    return Table(
        days=days,
        landmarks=sorted(by_landmark, key=lambda name: (-by_landmark[name], name)),
        cells={key: Cell(None if key in hidden else count) for key, count in counts.items()},
        shown_by_landmark=by_landmark,
        shown_total=sum(by_landmark.values()),
        suppressed=len(hidden),
    )
