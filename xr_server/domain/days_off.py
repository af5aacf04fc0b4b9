"""Japan's days off by law. Pure."""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=512)
def days_off(year: int) -> frozenset[int]:
    """Japan's national holidays of a year by day number, with those that stand in for a Sunday or lie between two others."""
    return frozenset(day.toordinal() for day in holidays.country_holidays("JP", years=year))


def is_day_off(day: date) -> bool:
    """Whether the day is a Japanese day off by law."""
    return day.toordinal() in days_off(day.year)
