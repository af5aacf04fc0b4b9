"""Recurrence rules: what is refused and how fast, and agreement with an independent reading of them, day by day."""

import random
import sys
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.days import WEEKDAYS, Window
from xr_server.domain.recurrence import ever_comes, read_recurrence, recurrence_days
from xr_server.domain.rule_days import check_recurrence, check_rule
from xr_server.errors import Invalid

HOSTILE = Path(__file__).parents[2].parent / "shared" / "hostile" / "own-ics-secondly-forever.ics"
FIFTY_YEARS = Window(date(2000, 1, 1), date(2049, 12, 31))


# every day of the fifty years: each fact about it as an array
DAYS = [FIFTY_YEARS.from_on + timedelta(days=ahead) for ahead in range(18_263)]
ORDINAL = np.array([day.toordinal() for day in DAYS])
YEAR, MONTH, DAY = (np.array([getattr(day, part) for day in DAYS]) for part in ("year", "month", "day"))
LENGTH = np.array([monthrange(day.year, day.month)[1] for day in DAYS])
WEEKDAY = (ORDINAL + 6) % 7


def read_anew(parts: dict[str, str], start: date) -> list[date]:
    """The days of a rule without a COUNT, by RFC 5545 read anew: every day is asked, nothing is unrolled."""
    until = parts.get("UNTIL", "99991231")
    on = (start.toordinal() <= ORDINAL) & (int(until) >= 10_000 * YEAR + 100 * MONTH + DAY)
    week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
    weeks, week = ((ordinal + 6 - week_start) // 7 for ordinal in (ORDINAL, start.toordinal()))
    apart = {
        "DAILY": ORDINAL - start.toordinal(),
        "WEEKLY": weeks - week,
        "MONTHLY": 12 * (YEAR - start.year) + MONTH - start.month,
        "YEARLY": YEAR - start.year,
    }[parts["FREQ"]]
    on &= apart % int(parts.get("INTERVAL", "1")) == 0
    months, days, weekdays = (parts.get(name, "") for name in ("BYMONTH", "BYMONTHDAY", "BYDAY"))
    if not days and not weekdays:
        days = str(start.day) if parts["FREQ"] in ("MONTHLY", "YEARLY") else ""
        weekdays = WEEKDAYS[start.weekday()] if parts["FREQ"] == "WEEKLY" else ""
        months = months or (str(start.month) if parts["FREQ"] == "YEARLY" else "")
    if months:
        on &= np.isin(MONTH, [int(month) for month in months.split(",")])
    if days:
        wanted = [int(day) for day in days.split(",")]
        on &= np.isin(DAY, wanted) | np.isin(DAY - LENGTH - 1, wanted)
    if weekdays:
        on &= np.logical_or.reduce([is_that_weekday(text) for text in weekdays.split(",")])
    return [DAYS[place] for place in np.flatnonzero(on)]


def is_that_weekday(text: str) -> np.ndarray:
    same = WEEKDAYS.index(text[-2:]) == WEEKDAY
    nth = int(text[:-2] or 0)
    if nth == 0:
        return same
    return same & (nth == (DAY + 6) // 7 if nth > 0 else -nth == (LENGTH - DAY + 7) // 7)


def some(chance: random.Random, choices: list[str], most: int) -> str:
    return ",".join(dict.fromkeys(chance.choice(choices) for _ in range(chance.randint(1, most))))


def make_rule(chance: random.Random) -> tuple[dict[str, str], date]:
    """A random rule within our limits, and the day it starts on."""
    freq = chance.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "YEARLY"])
    parts = {"FREQ": freq}
    start = date(1990, 1, 1) + timedelta(days=chance.randrange(20_000))
    if chance.random() < 0.5:
        parts["INTERVAL"] = str(chance.choice([1, 2, 3, 4, 5, 7, 12, 52, 99]))
    if chance.random() < 0.5 or freq == "YEARLY":
        parts["BYMONTH"] = some(chance, [str(month) for month in range(1, 13)], 3)
    numbered = [f"{nth}{name}" for nth in ("", 1, 2, 3, 4, 5, -1, -2, "+1") for name in WEEKDAYS]
    kind = chance.choice(["month day", "weekday", "both", "none"])
    if kind in ("month day", "both") and freq != "WEEKLY":
        parts["BYMONTHDAY"] = some(chance, [str(day) for day in (*range(1, 32), *range(-31, 0))], 4)
    if kind in ("weekday", "both"):
        plain = freq in ("DAILY", "WEEKLY") or "BYMONTHDAY" in parts
        parts["BYDAY"] = some(chance, list(WEEKDAYS) if plain else numbered, 3)
    if chance.random() < 0.2:
        parts["UNTIL"] = f"{start + timedelta(days=chance.randrange(9000)):%Y%m%d}"
    if chance.random() < 0.3:
        parts["WKST"] = chance.choice(WEEKDAYS)
    return parts, start


def test_a_thousand_random_rules_have_the_days_of_an_independent_reading_over_fifty_years():
    chance = random.Random(1636)
    days, never = 0, 0
    for _ in range(1000):
        parts, start = make_rule(chance)
        rule = read_recurrence(";".join(f"{name}={value}" for name, value in parts.items()))
        found = list(recurrence_days(rule, start, FIFTY_YEARS))
        assert found == read_anew(parts, start), (parts, start)
        days += len(found)
        never += not ever_comes(rule, start)
    assert days > 100_000
    assert never < 200


def test_counted_rules_agree_with_the_calendar_library_and_so_do_windows_in_the_middle():
    chance = random.Random(1641)
    counted = 0
    for _ in range(300):
        parts, start = make_rule(chance)
        if "UNTIL" not in parts:
            parts["COUNT"] = str(chance.randint(1, 60))
        text = ";".join(f"{name}={value}" for name, value in parts.items())
        rule = read_recurrence(text)
        forms = {len(item.strip("+-12345")) < len(item) for item in parts.get("BYDAY", "MO").split(",")}
        if not ever_comes(rule, start) or len(forms) > 1:
            continue  # the library would look as far as the year 9999; SA,+1SU it takes for Saturdays that are Sundays
        window = Window(start + timedelta(days=chance.randrange(4000)), start + timedelta(days=7000))
        first, last, begins = (datetime.combine(day, time()) for day in (window.from_on, window.until_on, start))
        theirs = rrulestr(text, dtstart=begins).between(first, last, inc=True)
        assert list(recurrence_days(rule, start, window)) == [moment.date() for moment in theirs], (text, start)
        counted += 1
    assert counted > 250


OFTEN = ["FREQ=SECONDLY", "FREQ=MINUTELY;BYMONTH=1;BYMONTHDAY=1", "FREQ=HOURLY;COUNT=2"]
UNREADABLE = [
    "",
    "FREQ=SOMETIMES",
    "BYMONTH=1;BYMONTHDAY=1",
    "RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
    "freq=yearly;bymonth=1;bymonthday=1",
    "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYSECOND=0,1,2",
    "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYSETPOS=1",
    "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1\nDTSTART:19700101",
    "FREQ=YEARLY;BYMONTH=1;BYMONTH=2;BYDAY=1FR",
    "FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1",
    "FREQ=YEARLY;BYMONTH=0;BYMONTHDAY=1",
    "FREQ=YEARLY;BYMONTH=1;BYDAY=6FR",
    "FREQ=YEARLY;BYMONTH=1;BYDAY=XX",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYDAY=FR",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=WEEKLY;BYMONTHDAY=3",
    "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=1FR",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=100",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;INTERVAL=１",
    "FREQ=DAILY;COUNT=999999999",
    "FREQ=DAILY;COUNT=3;UNTIL=20301231",
    "FREQ=DAILY;UNTIL=20300231",
    "FREQ=DAILY;UNTIL=20301231T000000Z",
    "FREQ=YEARLY;BYMONTH=" + ",".join("1" * 50) + ";BYMONTHDAY=1",
    "FREQ=DAILY;" * 100_000,
]
NEVER = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31,-31",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;UNTIL=18991231",
]


@pytest.mark.parametrize(
    ("rule", "code"),
    [(rule, "rule_too_often") for rule in OFTEN]
    + [(rule, "rule_unreadable") for rule in UNREADABLE]
    + [(rule, "rule_never") for rule in NEVER],
)
def test_what_is_no_rule_for_days_or_never_comes_is_refused_with_a_sentence_that_names_it(rule, code):
    with pytest.raises(Invalid) as refused:
        check_recurrence(rule, date(2026, 1, 1))  # a Thursday, in a year that has no 29 February
    assert refused.value.code == code
    assert rule[:60] in refused.value.text
    assert len(refused.value.text) < 400


def count_lines(work) -> int:
    """How many lines of Python a call runs: what it costs, whatever else the machine does."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def refuse(rule: str, starts_on: date) -> None:
    with pytest.raises(Invalid):
        check_recurrence(rule, starts_on)


def test_no_rule_costs_more_than_a_fraction_of_a_second():
    ever_comes.cache_clear()
    costs = {
        rule[:60]: count_lines(lambda rule=rule: refuse(rule, date(2026, 1, 1)))
        for rule in (*OFTEN, *UNREADABLE, *NEVER)
    }
    far = read_recurrence("FREQ=DAILY;COUNT=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO")
    costs["far"] = count_lines(
        lambda: list(recurrence_days(far, date(1900, 1, 1), Window(date(2199, 1, 1), date(2199, 12, 31))))
    )
    assert max(costs.values()) < 3_000_000, costs  # some ten million lines make a second


@pytest.mark.skipif(not HOSTILE.is_file(), reason="../shared/hostile is not here")
def test_the_calendar_file_that_hangs_others_is_refused_by_its_rule():
    line = next(line for line in HOSTILE.read_text(encoding="utf-8").splitlines() if line.startswith("RRULE:"))
    for check in (check_rule, check_recurrence):
        with pytest.raises(Invalid) as refused:
            check(line.removeprefix("RRULE:"))
        assert refused.value.code == "rule_too_often"


@given(st.text(alphabet="FREQDAILYBMONTHSU=;,0123456789-+:\n", max_size=60))
def test_no_text_breaks_the_reading_of_rules(text):
    try:
        list(recurrence_days(read_recurrence(text), date(2026, 1, 1), FIFTY_YEARS))
    except Invalid as refused:
        assert refused.code.startswith("rule_")
