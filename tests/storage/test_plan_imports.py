"""Drafts of an import taken back, all or none; and which revision visitors see, on both databases."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from tests.samples import NOW, SITE, publish
from xr_server.domain.calendar_feed import Stamp
from xr_server.domain.season import DatedRule, Season
from xr_server.errors import NotFound, Stale
from xr_server.storage.catalog import Change, Name, load_record, load_stamps, save_record, save_records
from xr_server.storage.plan_imports import take_out

SHIPS = Season(id="ships", name={"en": "Ships"}, rule=DatedRule(ranges=[("2027-05-01", "2027-05-03")]))
LATER = replace(SHIPS, rule=DatedRule(ranges=[("2027-05-08", "2027-05-10")]))
FRESH = replace(SHIPS, id="fresh")
NAMES = {name: Name("dejima", "season", name) for name in ("ships", "fresh")}


@pytest.fixture
def imported(catalog: Engine) -> Engine:
    """A published season with a changed draft on top, and a new one beside it."""
    publish(catalog, SITE)
    publish(catalog, SHIPS)
    assert save_records(catalog, "dejima", [(LATER, 1), (FRESH, None)], Change(NOW + 1)) == [2, 1]
    return catalog


def test_new_drafts_go_and_changed_ones_say_what_they_said(imported: Engine):
    take_out(imported, [(NAMES["ships"], 2), (NAMES["fresh"], 1)], Change(NOW + 2))
    ships = load_record(imported, NAMES["ships"])
    assert (ships.body, ships.state, ships.revision, ships.published_revision) == (SHIPS, "published", 3, 3)
    with pytest.raises(NotFound):
        load_record(imported, NAMES["fresh"])


def test_nothing_is_taken_back_when_one_of_them_has_moved_on(imported: Engine):
    save_record(imported, "dejima", LATER, 2, Change(NOW + 2))
    with pytest.raises(Stale):
        take_out(imported, [(NAMES["fresh"], 1), (NAMES["ships"], 2)], Change(NOW + 3))
    assert load_record(imported, NAMES["fresh"]).body == FRESH


def test_stamps_are_of_what_visitors_see(imported: Engine):
    stamps = load_stamps(imported, "dejima")
    assert stamps["season", "ships"] == Stamp(revision=1, at_ms=NOW)
    assert ("season", "fresh") not in stamps
