"""From noisy counts to numbers that may be published: consistent, whole, not negative, and none below ten. Pure.

Everything here works on what noise has been added to, and so takes nothing away from the privacy that the noise gives.

Tables that divide the same visits (those here by day, by language, by device) have noise of their own, so their sums
differ. Of all of them together the likeliest sum is found, and each table is brought to it. A number below ten is hidden;
where the hidden ones of a table would come to less than ten, the smallest that is left is hidden too. So no number and no
difference of numbers of tables that divide the same visits is below ten, unless it is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xr_server.domain.open_figures import (
    MEASURE_NAMES,
    MEASURES,
    SMALLEST_OPEN,
    Cell,
    Counts,
    MeasureName,
    Universe,
)


@dataclass(frozen=True)
class Division:
    """The same visits divided in one way: noisy numbers, and the scale of their noise."""

    numbers: Sequence[int]
    scale: int

    @property
    def variance(self) -> float:
        """Of the sum, in visits squared: that of a Laplace variable for each number."""
        return len(self.numbers) * 2.0 * self.scale**2


@dataclass(frozen=True)
class Told:
    """What is published: the visits of each group, and each cell; None is hidden."""

    totals: Mapping[str, int | None]
    cells: Mapping[MeasureName, Mapping[Cell, int | None]]


def tell(noisy: Counts, universe: Universe) -> Told:
    """What may be published of noisy counts."""
    totals: dict[str, int | None] = {}
    cells: dict[MeasureName, dict[Cell, int | None]] = {name: {} for name in MEASURE_NAMES}
    for group in dict.fromkeys(group for name in MEASURE_NAMES for group in universe.groups(name)):
        names = [name for name in MEASURE_NAMES if group in universe.groups(name)]
        divisions = [
            Division([noisy[name][group, atom] for atom in universe.atoms(name)], MEASURES[name].scale)
            for name in names
        ]
        total, settled = reconcile(divisions)
        totals[group] = total if total == 0 or total >= SMALLEST_OPEN else None
        for name, numbers in zip(names, settled, strict=True):
            shown = hide_small(numbers)
            cells[name] |= {(group, atom): number for atom, number in zip(universe.atoms(name), shown, strict=True)}
    return Told(totals, cells)


def total_variance(divisions: Sequence[Division]) -> float:
    """How far the sum of them all may be off, in visits squared."""
    return 1 / sum(1 / division.variance for division in divisions)


def reconcile(divisions: Sequence[Division]) -> tuple[int, list[list[int]]]:
    """The likeliest sum of visits divided in several ways, and each division brought to it; all whole and not negative."""
    weighed = sum(sum(division.numbers) / division.variance for division in divisions)
    total = max(0, round(weighed * total_variance(divisions)))
    return total, [_round_to(total, _nearest(division.numbers, total)) for division in divisions]


def _nearest(numbers: Sequence[int], total: int) -> list[float]:
    """The numbers of this sum, none negative, that lie nearest: each moved by as much, those that would go below none to none."""
    if total == 0:
        return [0.0] * len(numbers)
    level, kept = 0.0, 0.0
    for count, number in enumerate(sorted(numbers, reverse=True), 1):
        kept += number
        moved = (kept - total) / count
        if number - moved <= 0:
            break
        level = moved
    return [max(0.0, number - level) for number in numbers]


def _round_to(total: int, numbers: Sequence[float]) -> list[int]:
    """Whole numbers of this sum: rounded down, and those with the largest remainders up; among equals the first ones."""
    whole = [int(number) for number in numbers]
    by_rest = sorted(range(len(numbers)), key=lambda at: (whole[at] - numbers[at], at))
    missing = total - sum(whole)
    for at in by_rest[: max(0, missing)]:
        whole[at] += 1
    return whole


def hide_small(numbers: Sequence[int], smallest: int = SMALLEST_OPEN) -> list[int | None]:
    """The numbers with those below the smallest hidden, and more of them until the hidden ones come to that many."""
    order = sorted((at for at, number in enumerate(numbers) if number), key=lambda at: (numbers[at], at))
    hidden: set[int] = set()
    together = 0
    for at in order:
        if numbers[at] >= smallest and (not hidden or together >= smallest):
            break
        hidden.add(at)
        together += numbers[at]
    return [None if at in hidden else number for at, number in enumerate(numbers)]
