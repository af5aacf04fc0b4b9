"""How a number of visits is spread: quartiles of how long they stayed, how many landmarks they saw, months. Pure.

Where cells are hidden, every figure comes with the bounds between which the true one lies wherever the hidden visits fall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from xr_server.domain.families import STAY_BUCKETS_S
from xr_server.domain.figures import Shown

MOST_LANDMARKS = 3
LEAST_TOLD = 0.5  # of visits whose cells are shown; of fewer no middle is told


@dataclass(frozen=True)
class Estimate:
    """A figure, and the bounds between which it would lie were nothing hidden."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Quartiles:
    """A quarter lies below low, half below middle, three quarters below high; of so many visits."""

    low: Estimate
    middle: Estimate
    high: Estimate
    visits: int
    hidden: int


@dataclass(frozen=True)
class Circulation:
    """Which part of the visits on site saw at least two and at least three landmarks, and how many the middle one saw."""

    two: Estimate
    three: Estimate
    middle: Estimate
    visits: int
    hidden: int


def stay_quartiles(buckets: Mapping[str, Shown], seen: Shown) -> Quartiles | None:
    """Quartiles of stays in seconds, from counts by lower bound and the visits that were there.

    None where fewer than half of the visits are in stretches that are shown.
    """
    counts = [buckets.get(str(lower), Shown(None)).visits or 0 for lower in STAY_BUCKETS_S]
    told = sum(counts)
    hidden = max(0, (seen.visits or 0) - told)
    if not told or told < LEAST_TOLD * (told + hidden):
        return None
    low, middle, high = (_estimate_stay(counts, hidden, part) for part in (0.25, 0.5, 0.75))
    return Quartiles(low, middle, high, told, hidden)


def _estimate_stay(counts: Sequence[int], hidden: int, part: float) -> Estimate:
    told = sum(counts)
    whole = told + hidden
    low = _stay_at(counts, part * whole - hidden)  # were all hidden stays shorter than those that are shown
    return Estimate(_stay_at(counts, part * told), low, _stay_at(counts, part * whole))


def _stay_at(counts: Sequence[int], place: float) -> float:
    """How long, in s, the visit at a place stayed, counted from the shortest; within a stretch in proportion."""
    if place <= 0:
        return float(STAY_BUCKETS_S[0])
    below = 0
    for at, count in enumerate(counts[:-1]):
        if count and below + count >= place:
            lower, upper = STAY_BUCKETS_S[at], STAY_BUCKETS_S[at + 1]
            return lower + (upper - lower) * (place - below) / count
        below += count
    return float(STAY_BUCKETS_S[-1])


def find_circulation(numbers: Mapping[str, Shown], here: Shown) -> Circulation | None:
    """Circulation from visits on site by number of landmarks seen; None where fewer than half of them are shown."""
    counts = [numbers.get(str(number), Shown(None)).visits or 0 for number in range(MOST_LANDMARKS + 1)]
    told = sum(counts)
    hidden = max(0, (here.visits or 0) - told)
    if not told or told < LEAST_TOLD * (told + hidden):
        return None
    two, three = (_estimate_share(sum(counts[least:]), told, hidden) for least in (2, 3))
    middle = Estimate(
        _number_at(counts, told / 2),
        _number_at(counts, (told + hidden) / 2 - hidden),
        _number_at(counts, (told + hidden) / 2),
    )
    return Circulation(two, three, middle, told, hidden)


def _estimate_share(count: int, told: int, hidden: int) -> Estimate:
    whole = told + hidden
    return Estimate(count / told, count / whole, (count + hidden) / whole)


def _number_at(counts: Sequence[int], place: float) -> float:
    """How many landmarks the visit at a place saw, counted from the fewest."""
    if place <= 0:
        return 0.0
    below = 0
    for number, count in enumerate(counts):
        below += count
        if below >= place:
            return float(number)
    return float(len(counts) - 1)


def levelling(months: Sequence[int]) -> float | None:
    """How unevenly visits are spread over months: the coefficient of variation, 0 is even; None for fewer than two months."""
    if len(months) < 2 or not sum(months):
        return None
    mean = sum(months) / len(months)
    return sqrt(sum((count - mean) ** 2 for count in months) / len(months)) / mean
