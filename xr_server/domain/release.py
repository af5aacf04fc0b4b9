"""What figures may be shown: sums over runs of days that nobody can subtract their way out of. Pure.

A family divides a known number of visits, day by day, among atoms: the visits of a site by language, those of a landmark
by hour. Showing every atom that has ten visits is not enough: the one that is hidden follows from the sum, and a day that
is hidden follows from two periods that differ by it. So atoms are split off one at a time.

A pool is a set of (atom, day) cells of which the sum is known. The first pools are the blocks of what the family divides.
Pools that follow one another are put together until some atom, not split off from any of them before, has at least ten
visits in them and what would remain has none or at least ten; then that atom's part is a block that may be shown, and the
remainder is a pool of the next round. Parts that never come so far stay hidden.

Why nothing can be subtracted out: what is known is the sum of each first pool and the sums of the blocks. Take any set of
cells whose sum follows from these by adding and subtracting. Blocks aside, the cells of a first pool are in the set all
together or not at all; call those that are in the chosen pools. A block that is added to them brings its ten; let there be
none. Then blocks are only taken away, and only ones made wholly of chosen pools: a block takes its part of every pool it
was split off from. Follow a chosen pool through the rounds, to the remainder it went into, as long as those are made of
chosen pools. If each block on the way is taken away, what is left of the last remainder is in the set, and that is none or
at least ten; if one is not, its ten are. So every sum that follows is that of nobody or of at least ten visits. A family
below a block of another one has that block as its first pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

SMALLEST_SHOWN = 10
DayCounts = Mapping[date, Mapping[str, int]]
"""How many visits of a day belong to each atom; their sum is at most what the family divides that day."""


@dataclass(frozen=True)
class Block:
    """A number of visits over days, in their order, that may be shown as it is; days between may belong to other blocks."""

    days: tuple[date, ...]
    visits: int

    @property
    def first_on(self) -> date:
        """The first of its days."""
        return self.days[0]

    @property
    def last_on(self) -> date:
        """The last of its days."""
        return self.days[-1]


@dataclass(frozen=True)
class Stretch:
    """Days of a pool from which the same atoms are gone, with the visits of those that are left."""

    days: tuple[date, ...]
    gone: frozenset[str]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Pool:
    """Stretches in the order of time, and the known sum of what is left in them; whatever no atom has is in it too."""

    stretches: tuple[Stretch, ...]
    visits: int

    def counts(self) -> dict[str, int]:
        """What each atom has in it; those with nothing are left out."""
        total: dict[str, int] = {}
        for stretch in self.stretches:
            for atom, count in stretch.counts.items():
                total[atom] = total.get(atom, 0) + count
        return total


def release_root(totals: Mapping[date, int], smallest: int = SMALLEST_SHOWN) -> list[Block]:
    """Blocks of all visits by day: a day with fewer than ten goes together with the days after it; the rest waits."""
    blocks: list[Block] = []
    days: tuple[date, ...] = ()
    visits = 0
    for day in sorted(totals):
        days, visits = (*days, day), visits + totals[day]
        if visits >= smallest:
            blocks.append(Block(days, visits))
            days, visits = (), 0
    return blocks


def release_family(
    divided: Sequence[Block], counts: DayCounts, smallest: int = SMALLEST_SHOWN
) -> dict[str, list[Block]]:
    """The blocks of each atom, in the order of time, that may be shown beside the blocks of what is divided.

    Days that are added only add blocks, so that what was shown once is never shown otherwise.
    """
    shown: dict[str, list[Block]] = {}
    pools = [_first_pool(block, counts) for block in divided]
    so_far = _add_up(pools)
    while pools:
        pools = _split_pools(pools, so_far, shown, smallest)
    return {atom: sorted(blocks, key=lambda block: block.days) for atom, blocks in shown.items()}


def _add_up(pools: Sequence[Pool]) -> dict[date, dict[str, int]]:
    """What each atom had since the first pool, by the last day of each."""
    total: dict[str, int] = {}
    by_day: dict[date, dict[str, int]] = {}
    for pool in pools:
        for atom, count in pool.counts().items():
            total[atom] = total.get(atom, 0) + count
        by_day[pool.stretches[-1].days[-1]] = dict(total)
    return by_day


def _first_pool(block: Block, counts: DayCounts) -> Pool:
    total: dict[str, int] = {}
    for day in block.days:
        for atom, count in counts.get(day, {}).items():
            if count:
                total[atom] = total.get(atom, 0) + count
    return Pool((Stretch(block.days, frozenset(), total),), block.visits)


def _split_pools(pools: Sequence[Pool], so_far: DayCounts, shown: dict[str, list[Block]], smallest: int) -> list[Pool]:
    """One round: blocks are added to what is shown; gives the remainders that hold something, in the order of time."""
    remainders: list[Pool] = []
    run: tuple[Stretch, ...] = ()
    visits = 0
    for pool in pools:
        run, visits = _join(run, pool.stretches), visits + pool.visits
        together = Pool(run, visits)
        atom = _find_largest(together, so_far[run[-1].days[-1]], smallest)
        if atom is None:
            continue
        block, remainder = _split_off(together, atom)
        shown.setdefault(atom, []).append(block)
        if remainder.visits:
            remainders.append(remainder)
        run, visits = (), 0
    return remainders


def _join(before: tuple[Stretch, ...], after: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """Stretches one after another; neighbours from which the same is gone become one."""
    if not before or before[-1].gone != after[0].gone:
        return before + after
    left, right = before[-1], after[0]
    counts = dict(left.counts)
    for atom, count in right.counts.items():
        counts[atom] = counts.get(atom, 0) + count
    return (*before[:-1], Stretch(left.days + right.days, left.gone, counts), *after[1:])


def _find_largest(pool: Pool, so_far: Mapping[str, int], smallest: int) -> str | None:
    """The atom to split off: of those that may be, the one that had most so far; of equal ones the first by name.

    What had most so far is mostly the same one day after the other, so that little is gone from one day and not the next.
    """
    gone = frozenset[str]().union(*(stretch.gone for stretch in pool.stretches))
    found = [
        (-so_far[atom], atom)
        for atom, count in pool.counts().items()
        if count >= smallest and atom not in gone and (pool.visits == count or pool.visits - count >= smallest)
    ]
    return min(found)[1] if found else None


def _split_off(pool: Pool, atom: str) -> tuple[Block, Pool]:
    days: tuple[date, ...] = ()
    count = 0
    left: tuple[Stretch, ...] = ()
    for stretch in pool.stretches:
        rest = dict(stretch.counts)
        days += stretch.days
        count += rest.pop(atom, 0)
        left = _join(left, (Stretch(stretch.days, stretch.gone | {atom}, rest),))
    return Block(days, count), Pool(left, pool.visits - count)
