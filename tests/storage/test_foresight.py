"""After a start the plan of this year and the next is got ready: the first look expands nothing, and nothing is out of date."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine

from tests.samples import EXPERIENCE, GATE, NOW, SITE, publish
from xr_server.domain.clashes import find_overlaps
from xr_server.domain.days import Window
from xr_server.domain.lanes import count_expansions, draw_lanes
from xr_server.domain.season import ByRule, RecurringRule, Schedule
from xr_server.storage import foresight
from xr_server.storage.catalog import Change, save_published
from xr_server.storage.foresight import Foresight
from xr_server.storage.plans import load_plan

STARTS = count()
ZONES = {"dejima": ZoneInfo("Asia/Tokyo")}
NEW_YEAR = int(datetime(2031, 12, 31, 15, tzinfo=UTC).timestamp() * 1000)  # by then it is 2032 in Nagasaki


def dated(name, weekday, start):
    rule = RecurringRule(rrule=f"FREQ=WEEKLY;BYDAY={weekday}", starts_on=start.isoformat())
    return Schedule(id=name, experience=name, days=ByRule(rule=rule), exclusive=True)


def look_ahead(catalog, zones=ZONES):
    """What happens in the thread; gives how often the pages were prepared."""
    prepared = []
    Foresight(catalog, lambda: zones, lambda: NEW_YEAR, lambda: prepared.append(1)).look_ahead()
    return len(prepared)


def look(catalog, number):
    """What a page of a year asks; gives how many rules that expands."""
    before, window = count_expansions(), Window(date(number, 1, 1), date(number, 12, 31))
    plan = load_plan(catalog, "dejima", drafts=True)
    draw_lanes(plan, window)
    find_overlaps(plan, window, SITE)
    return count_expansions() - before


@pytest.fixture
def planned(catalog):
    """Two experiences at one place, with rules that no other test has expanded."""
    for body in (SITE, GATE):
        publish(catalog, body)
    for name, weekday in (("wall", "SA"), ("gate", "SU")):
        publish(catalog, replace(EXPERIENCE, id=name))
        publish(catalog, dated(name, weekday, date(2020, 1, 1) + timedelta(next(STARTS))))
    return catalog


def test_the_first_look_at_this_year_and_the_next_expands_nothing_and_a_change_just_what_it_says(planned):
    assert look_ahead(planned) == 1
    assert (look(planned, 2032), look(planned, 2033)) == (0, 0)
    assert look(planned, 2034) == 4  # each for its days, and with the nights before and after for what collides
    save_published(planned, "dejima", dated("wall", "MO", date(2020, 1, 1) + timedelta(next(STARTS))), 1, Change(NOW))
    assert look(planned, 2032) == 2


def test_more_rules_than_are_kept_are_left_to_the_first_look_at_each_site(planned, monkeypatch):
    monkeypatch.setattr(foresight, "MOST_RULES", 1)
    look_ahead(planned)
    assert look(planned, 2032) == 4


def test_a_database_that_is_away_or_a_site_that_is_gone_ends_it_without_a_fault(catalog, tmp_path, caplog):
    assert look_ahead(catalog, {"nowhere": ZONES["dejima"]}) == 1
    assert look_ahead(create_engine(f"sqlite:///{tmp_path}/not/there.sqlite")) == 1
    assert [record.message for record in caplog.records] == [
        "the calendar is not made ready: NotFound",
        "the calendar is not made ready: OperationalError",
    ]


def test_it_ends_with_the_server_after_the_part_it_is_at(planned):
    thread = Foresight(planned, lambda: ZONES, lambda: NEW_YEAR, lambda: None)
    thread.start()
    thread.stop()
    assert look(planned, 2033) == 4  # eight rests come before it would have been at that year
