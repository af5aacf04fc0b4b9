"""What staff want to reach in a month or a year, and how far it is reached. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from xr_server.domain.days import Window
from xr_server.domain.typed import Faults, Typed, check_faults, read_number
from xr_server.errors import Invalid

Measure = Literal["visits", "circulation"]
"""Visitor-days on site; percent of them that come to at least two landmarks."""
MEASURES: tuple[Measure, ...] = get_args(Measure)
BOUNDS: dict[Measure, tuple[int, int]] = {"visits": (1, 9_999_999), "circulation": (1, 100)}
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Target:
    """A whole number that a month (`2026-11`) or a year (`2026`) is to reach, in the unit of its measure."""

    period: str
    measure: Measure
    number: int

    @property
    def window(self) -> Window:
        """The days of its period."""
        return period_window(self.period)


@dataclass(frozen=True)
class Attained:
    """A target and how far it is reached. reached None: that is not known; more: the true number may be larger.

    passed: which part of the period's days are told of so far, 0 to 1.
    """

    target: Target
    reached: float | None
    more: bool
    passed: float

    @property
    def percent(self) -> int | None:
        """Percent of the target in whole numbers, rounded down, so that 100 means reached; it may pass 100."""
        return None if self.reached is None else int(self.reached * 100 / self.target.number)


def parse_year(text: str, usual: int) -> int:
    """A year as it stands in an address; the usual one where none is named. Raises Invalid."""
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text[:5]) <= LAST_YEAR):
        raise Invalid(
            "year_unreadable",
            f"A year from {FIRST_YEAR} to {LAST_YEAR} is wanted, such as 2026.",
            first=str(FIRST_YEAR),
            last=str(LAST_YEAR),
        )
    return int(text)


def list_periods(year: int) -> list[str]:
    """A year and its months, as targets name them."""
    return [f"{year}", *(f"{year}-{month:02}" for month in range(1, 13))]


def period_window(period: str) -> Window:
    """The days of a year or of a month."""
    if len(period) == 4:
        return Window(date(int(period), 1, 1), date(int(period), 12, 31))
    first = date.fromisoformat(f"{period}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return Window(first, after - timedelta(days=1))


def field_of(measure: Measure, period: str) -> str:
    """The name of a target's field on the form."""
    return f"{measure}-{period}"


def read_targets(typed: Typed, year: int) -> list[Target]:
    """The targets of a year as typed; an empty field is none. Raises Unfit."""
    faults: Faults = {}
    found = []
    for period in list_periods(year):
        for measure in MEASURES:
            name = field_of(measure, period)
            number = read_number({name: typed.get(name, "").replace(",", "")}, name, BOUNDS[measure], faults)
            if number is not None and not number.is_integer():
                faults[name] = Invalid("number_whole", "A whole number is wanted here.")
            elif number is not None:
                found.append(Target(period, measure, int(number)))
    check_faults(faults)
    return found


def type_targets(targets: Iterable[Target]) -> dict[str, str]:
    """Targets as the form shows them."""
    return {field_of(one.measure, one.period): str(one.number) for one in targets}


def passed_share(window: Window, newest_on: date) -> float:
    """Which part of a window's days has passed with a day, 0 to 1."""
    whole = (window.until_on - window.from_on).days + 1
    return min(1.0, max(0, (newest_on - window.from_on).days + 1) / whole)


def begun(targets: Sequence[Target], newest_on: date) -> list[Target]:
    """The targets whose period has begun, years before their months, in the order of time."""
    order = {measure: at for at, measure in enumerate(MEASURES)}
    told = [one for one in targets if one.window.from_on <= newest_on]
    return sorted(told, key=lambda one: (one.period, order[one.measure]))
