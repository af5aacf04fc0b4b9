"""The Chinese calendar computed from the sky: an independent check of our table, used only in tests.

New moons after J. Meeus, Astronomical Algorithms (2nd edition), chapter 49, the sun's longitude after chapter 25; good to
some seconds and to about 0.01 degrees. Months begin on the day of the new moon at UTC+8; the winter solstice lies in month
11; of thirteen months between two solstices' months, the first in which the sun enters no sign is the leap month (GB/T 33661).
"""

import itertools
from datetime import UTC, date, datetime, timedelta
from math import floor, radians, sin

SYNODIC_DAYS = 29.530588861
# chapter 49, table of periodic terms for the new moon: factor, power of E, and multiples of M, M', F, omega
TERMS = (
    (-0.40720, 0, 0, 1, 0, 0), (0.17241, 1, 1, 0, 0, 0), (0.01608, 0, 0, 2, 0, 0), (0.01039, 0, 0, 0, 2, 0),
    (0.00739, 1, -1, 1, 0, 0), (-0.00514, 1, 1, 1, 0, 0), (0.00208, 2, 2, 0, 0, 0), (-0.00111, 0, 0, 1, -2, 0),
    (-0.00057, 0, 0, 1, 2, 0), (0.00056, 1, 1, 2, 0, 0), (-0.00042, 0, 0, 3, 0, 0), (0.00042, 1, 1, 0, 2, 0),
    (0.00038, 1, 1, 0, -2, 0), (-0.00024, 1, -1, 2, 0, 0), (-0.00017, 0, 0, 0, 0, 1), (-0.00007, 0, 2, 1, 0, 0),
    (0.00004, 0, 0, 2, -2, 0), (0.00004, 0, 3, 0, 0, 0), (0.00003, 0, 1, 1, -2, 0), (0.00003, 0, 0, 2, 2, 0),
    (-0.00003, 0, 1, 1, 2, 0), (0.00003, 0, -1, 1, 2, 0), (-0.00002, 0, -1, 1, -2, 0), (-0.00002, 0, 1, 3, 0, 0),
    (0.00002, 0, 0, 4, 0, 0),
)  # fmt: skip
# the same chapter's planetary arguments: factor, constant and rate in degrees
PLANETS = (
    (0.000325, 299.77, 0.107408), (0.000165, 251.88, 0.016321), (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478), (0.000110, 84.66, 18.206239), (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732), (0.000056, 154.84, 7.306860), (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824), (0.000040, 291.34, 1.844379), (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099), (0.000023, 331.55, 3.592518),
)  # fmt: skip


def new_moon_jde(k: int) -> float:
    """The k-th new moon from January 2000, as a Julian day of dynamical time."""
    t = k / 1236.85
    e = 1 - 0.002516 * t - 0.0000074 * t * t
    m = 2.5534 + 29.10535670 * k - 0.0000014 * t * t
    m_moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    f = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    omega = 124.7746 - 1.56375588 * k + 0.0020672 * t * t
    moon = 2451550.09766 + SYNODIC_DAYS * k + 0.00015437 * t * t
    for factor, power, sun, anomaly, latitude, node in TERMS:
        angle = radians(sun * m + anomaly * m_moon + latitude * f + node * omega)
        moon += factor * e**power * sin(angle)
    for number, (factor, constant, rate) in enumerate(PLANETS):
        bend = -0.009173 * t * t if number == 0 else 0.0
        moon += factor * sin(radians(constant + rate * k + bend))
    return moon


def sun_longitude_deg(jde: float) -> float:
    """Apparent longitude of the sun."""
    t = (jde - 2451545.0) / 36525
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    m = radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (1.914602 - 0.004817 * t - 0.000014 * t * t) * sin(m)
    centre += (0.019993 - 0.000101 * t) * sin(2 * m) + 0.000289 * sin(3 * m)
    omega = radians(125.04 - 1934.136 * t)
    return (mean + centre - 0.00569 - 0.00478 * sin(omega)) % 360


def china_day(jde: float) -> date:
    """The date at UTC+8 of a moment of dynamical time; the clocks' lag grows from 64 s to some 90 s by 2050."""
    lag_s = 64 + (jde - 2451545.0) / 36525 * 60
    moment = datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=jde - 2451545.0, seconds=-lag_s)
    return (moment + timedelta(hours=8)).date()


def sign_at(day: date) -> int:
    """Which twelfth of the year the sun stands in when a day begins at UTC+8; 9 begins with the winter solstice."""
    jde = 2451544.5 + (day - date(2000, 1, 1)).days - 8 / 24 + 75 / 86_400
    return floor(sun_longitude_deg(jde) / 30)


def chinese_months(first_year: int, last_year: int) -> list[tuple[date, int, int, bool]]:
    """First day, lunar year, month and whether it is a leap month, of every month of these years."""
    about = floor((first_year - 2000) * 12.3685) - 26
    days = [china_day(new_moon_jde(k)) for k in range(about, about + floor((last_year - first_year + 5) * 12.3685))]
    spans = list(itertools.pairwise(days))
    enters = [sign_at(end) != sign_at(start) for start, end in spans]  # whether the sun enters a sign within the month
    eleventh = [place for place, (start, end) in enumerate(spans) if sign_at(start) in (7, 8) and sign_at(end) >= 9]
    months = []
    for here, there in itertools.pairwise(eleventh):
        wanting = [place for place in range(here + 1, there) if not enters[place]] if there - here == 13 else []
        number, year = 10, spans[here][0].year
        for place in range(here, there):
            leap = bool(wanting) and place == wanting[0]
            number += not leap
            months.append((spans[place][0], year + (number > 12), (number - 1) % 12 + 1, leap))
    return [month for month in months if first_year <= month[1] <= last_year]
