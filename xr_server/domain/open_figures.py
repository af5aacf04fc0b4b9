"""Figures for everyone: into which cells of a month's tables a visit falls, and how much each table may tell of it. Pure.

The unit of privacy is a visit, which is one visitor on one day. Which cells there are follows from the calendar and from
what is published, never from the visits; so an empty cell tells no more than any other.
"""

import calendar
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal, get_args

from xr_server.domain.languages import NAMES
from xr_server.errors import Invalid

SMALLEST_OPEN = 10
MOST_LANDMARKS = 5
"""At so many landmarks a visit counts, at most: the fewer, the less noise hides it."""
MANY_LANDMARKS = 12
"""The circulation table tells no higher number apart."""
WHERE = ("here", "home")
STEPS = ("none", "triggered", "ar", "placed", "completed")
"""How far a visit came in any experience."""
DEVICES = ("phone", "tablet", "desktop", "headset")
NONE, OTHER = "none", "other"
HOURS = tuple(f"{hour:02}" for hour in range(24))

MeasureName = Literal["day", "language", "device", "campaign", "circulation", "funnel", "landmark_day", "landmark_hour"]
MEASURE_NAMES: tuple[MeasureName, ...] = get_args(MeasureName)
Cell = tuple[str, str]
"""A group, which is here, home or a landmark, and what its visits are divided by."""
Counts = Mapping[MeasureName, Mapping[Cell, int]]


@dataclass(frozen=True)
class Measure:
    """How a table is measured: noise of a scale in visits, for at most so many cells that one visit is in."""

    scale: int
    most_cells: int = 1

    @property
    def epsilon(self) -> Fraction:
        """How much it tells of one visit."""
        return Fraction(self.most_cells, self.scale)


# The numbers that most is asked of, landmarks by day, get most. Powers of two: the shares are exact as floats too.
MEASURES: Mapping[MeasureName, Measure] = {
    "day": Measure(16),
    "language": Measure(32),
    "device": Measure(32),
    "campaign": Measure(32),
    "circulation": Measure(32),
    "funnel": Measure(32),
    "landmark_day": Measure(8, MOST_LANDMARKS),
    "landmark_hour": Measure(32, MOST_LANDMARKS),
}
EPSILON = sum((measure.epsilon for measure in MEASURES.values()), Fraction(0))
"""What a whole release tells of one visit: the tables' shares add up, since a visit is in all of them."""


@dataclass(frozen=True)
class OpenVisit:
    """One visit with what the tables ask of it. landmarks: the local hour at which each was entered first, 0 to 23.

    key tells visits apart and goes nowhere; campaign and step None: none.
    """

    key: bytes
    day_on: str
    here: bool
    language: str
    device: str | None = None
    campaign: str | None = None
    step: str | None = None
    landmarks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Universe:
    """The cells there are: the days of a month such as 2026-11, and the landmarks and campaigns by their public ids."""

    month: str
    landmarks: tuple[str, ...]
    campaigns: tuple[str, ...]

    @property
    def days(self) -> tuple[str, ...]:
        """The days of the month as ISO dates."""
        first = read_month(self.month)
        last = calendar.monthrange(first.year, first.month)[1]
        return tuple(first.replace(day=number).isoformat() for number in range(1, last + 1))

    def atoms(self, name: MeasureName) -> tuple[str, ...]:
        """What a table divides visits by."""
        languages, devices = (*NAMES, OTHER), (*DEVICES, OTHER)
        numbers = tuple(str(number) for number in range(MANY_LANDMARKS + 1))
        found: Mapping[MeasureName, tuple[str, ...]] = {
            "day": self.days,
            "language": languages,
            "device": devices,
            "campaign": (*self.campaigns, NONE),
            "circulation": numbers,
            "funnel": STEPS,
            "landmark_day": self.days,
            "landmark_hour": HOURS,
        }
        return found[name]

    def groups(self, name: MeasureName) -> tuple[str, ...]:
        """Whose visits a table divides."""
        if name in ("landmark_day", "landmark_hour"):
            return self.landmarks
        return WHERE[:1] if name in ("circulation", "funnel") else WHERE


def read_month(text: str) -> date:
    """The first day of a month such as 2026-11. Raises Invalid."""
    try:
        if len(text) != 7:
            raise ValueError(text)
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Invalid("month_unreadable", "A month is written like 2026-11. Choose one of the page.") from error


def month_epsilon_thousandths() -> int:
    """What a release spends, in thousandths, rounded up: the ledger adds whole numbers."""
    return -int(-EPSILON * 1000 // 1)


def count_cells(visits: Iterable[OpenVisit], universe: Universe) -> Counts:
    """Visits in each cell, every cell included. A visit is in at most as many cells of a table as its measure allows."""
    counts: dict[MeasureName, dict[Cell, int]] = {
        name: {(group, atom): 0 for group in universe.groups(name) for atom in universe.atoms(name)}
        for name in MEASURE_NAMES
    }
    days = set(universe.days)
    for visit in visits:
        if visit.day_on not in days:
            continue
        for name, cell in cells_of(visit, universe):
            counts[name][cell] += 1
    return counts


def cells_of(visit: OpenVisit, universe: Universe) -> list[tuple[MeasureName, Cell]]:
    """The cells that one visit is in: a function of nothing but the visit and what is public."""
    where = WHERE[0] if visit.here else WHERE[1]
    found: list[tuple[MeasureName, Cell]] = [
        ("day", (where, visit.day_on)),
        ("language", (where, visit.language if visit.language in NAMES else OTHER)),
        ("device", (where, visit.device if visit.device in DEVICES else OTHER)),
        ("campaign", (where, visit.campaign if visit.campaign in universe.campaigns else NONE)),
    ]
    if not visit.here:
        return found
    found.append(("circulation", (where, str(min(len(visit.landmarks), MANY_LANDMARKS)))))
    found.append(("funnel", (where, visit.step if visit.step in STEPS else NONE)))
    for landmark in drawn_landmarks(visit, universe):
        found.append(("landmark_day", (landmark, visit.day_on)))
        found.append(("landmark_hour", (landmark, HOURS[visit.landmarks[landmark]])))
    return found


def drawn_landmarks(visit: OpenVisit, universe: Universe) -> list[str]:
    """At which landmarks a visit counts: all, or five drawn by its own key, so that no landmark is preferred."""
    known = [landmark for landmark in visit.landmarks if landmark in universe.landmarks]
    return sorted(known, key=lambda one: hashlib.sha256(visit.key + one.encode()).digest())[:MOST_LANDMARKS]


def say_size(counts: Counts) -> dict[MeasureName, tuple[int, int]]:
    """For each table how many cells it has, and how many of them would likely be hidden, to the nearest ten."""
    small = {name: sum(0 < count < SMALLEST_OPEN for count in cells.values()) for name, cells in counts.items()}
    return {name: (len(cells), round(small[name], -1)) for name, cells in counts.items()}
