"""The Chinese calendar from 2000 to 2050, as a table: the day on which each of its years begins, and how long its months are.

The table was computed from new moons and the sun's longitude for UTC+8 (tests/domain/new_moons.py, which tests hold it to
month by month). Its festivals are those of the `holidays` library. The calendar of ICU (78.3, in Node.js) has the same 631
months but for four that it begins on a wrong day, as its new moons are some minutes off: 2012-08-17, 2018-11-08, 2027-02-06
(New Year) and 2030-02-03 (New Year) are right here.
"""

from datetime import date, timedelta

from xr_server.errors import Invalid

FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR = 2000, 2050
# year: the day it begins on, its months in order (+ has 30 days, - has 29), and the month that comes twice (0: none)
YEARS: dict[int, tuple[str, str, int]] = {
    2000: ("02-05", "++--+--+-++-", 0),
    2001: ("01-24", "++-+-+--+-+-+", 4),
    2002: ("02-12", "++-+-+--+-+-", 0),
    2003: ("02-01", "++-++-+--+-+", 0),
    2004: ("01-22", "-+-++-+-+-+-+", 2),
    2005: ("02-09", "-+-+-++-+-+-", 0),
    2006: ("01-29", "+-+-+-+-++-++", 7),
    2007: ("02-18", "--+--+-+++-+", 0),
    2008: ("02-07", "+--+--+-++-+", 0),
    2009: ("01-26", "++--+--+-+-++", 5),
    2010: ("02-14", "+-+-+--+-+-+", 0),
    2011: ("02-03", "+-++-+--+-+-", 0),
    2012: ("01-23", "+-++-+-+-+-+-", 4),
    2013: ("02-10", "+-+-++-+-+-+", 0),
    2014: ("01-31", "-+-+-+-++-+-+", 9),
    2015: ("02-19", "-+--+-+++-+-", 0),
    2016: ("02-08", "+-+--+-++-++", 0),
    2017: ("01-28", "-+-+--+-+-+++", 6),
    2018: ("02-16", "-+-+--+-+-++", 0),
    2019: ("02-05", "+-+-+--+--++", 0),
    2020: ("01-25", "-+++-+--+-+-+", 4),
    2021: ("02-12", "-++-+-+-+-+-", 0),
    2022: ("02-01", "+-+-++-+-+-+", 0),
    2023: ("01-22", "-+--++-++-+-+", 2),
    2024: ("02-10", "-+--+-++-++-", 0),
    2025: ("01-29", "+-+--+-+-+++-", 6),
    2026: ("02-17", "+-+--+--+++-", 0),
    2027: ("02-06", "++-+--+--++-", 0),
    2028: ("01-26", "+++-+--+--++-", 5),
    2029: ("02-13", "++-+-+-+--++", 0),
    2030: ("02-03", "-+-++-+-+-+-", 0),
    2031: ("01-23", "-++-+-++-+-+-", 3),
    2032: ("02-11", "+--+-++-++-+", 0),
    2033: ("01-31", "-+--+-+-+++-+", 11),
    2034: ("02-19", "-+--+-+-++-+", 0),
    2035: ("02-08", "+-+--+--++-+", 0),
    2036: ("01-28", "++-+--+--+-++", 6),
    2037: ("02-15", "++-+--+--+-+", 0),
    2038: ("02-04", "++-+-+-+--+-", 0),
    2039: ("01-24", "++-++-+-+-+--", 5),
    2040: ("02-12", "+-++-+-++-+-", 0),
    2041: ("02-01", "-+-+-++-++-+", 0),
    2042: ("01-22", "-+--+-+-++-++", 2),
    2043: ("02-10", "-+--+--++-++", 0),
    2044: ("01-30", "+-+--+--+-+++", 7),
    2045: ("02-17", "+-+--+--+-++", 0),
    2046: ("02-06", "+-+-+-+--+-+", 0),
    2047: ("01-26", "+-++-+-+--+-+", 5),
    2048: ("02-14", "-++-++-+--+-", 0),
    2049: ("02-02", "+-+-++-++-+-", 0),
    2050: ("01-23", "-+-+-+-++-++-", 3),
}


def lunar_month(year: int, month: int) -> tuple[date, int]:
    """The first day of a month, 1 to 12, of a lunar year and its length in days; a leap month is passed over. Raises Invalid."""
    if year not in YEARS:
        raise Invalid(
            "lunar_far",
            f"The lunar calendar is known here from {FIRST_LUNAR_YEAR} to {LAST_LUNAR_YEAR}, not for {year}.",
            year=str(year),
        )
    begins, lengths, leap = YEARS[year]
    place = month - 1 + (1 if leap and month > leap else 0)  # a leap month follows the one it repeats
    before = sum(30 if length == "+" else 29 for length in lengths[:place])
    return date.fromisoformat(f"{year}-{begins}") + timedelta(days=before), 30 if lengths[place] == "+" else 29


def lunar_day(year: int, month: int, day: int) -> date | None:
    """The date of a lunar day; None for a 30th in a month of 29 days. Raises Invalid."""
    first, length = lunar_month(year, month)
    return first + timedelta(days=day - 1) if day <= length else None
