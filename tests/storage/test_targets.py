import pytest

from xr_server.domain.catalog import Change
from xr_server.domain.target import Target
from xr_server.errors import Stale
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.targets import load_targets, save_targets

YEAR = ("dejima", 2026)
VISITS, MONTH = Target("2026", "visits", 90_000), Target("2026-11", "circulation", 40)


def test_targets_of_a_year_are_saved_together_and_replace_those_that_were_seen(catalog):
    assert load_targets(catalog, *YEAR).all == []
    save_targets(catalog, YEAR, [VISITS, MONTH], 0, Change(5, None))
    found = load_targets(catalog, *YEAR)
    assert found.all == [VISITS, MONTH]
    save_targets(catalog, YEAR, [MONTH], found.set_at, Change(5, None))  # within the same millisecond
    assert load_targets(catalog, *YEAR).all == [MONTH]
    assert load_targets(catalog, *YEAR).set_at != found.set_at


def test_other_years_and_other_sites_are_left_alone(catalog):
    save_targets(catalog, ("dejima", 2025), [Target("2025-12", "visits", 7)], 0, Change(5, None))
    save_targets(catalog, ("hirado", 2026), [VISITS], 0, Change(5, None))
    save_targets(catalog, YEAR, [], 0, Change(6, None))
    assert load_targets(catalog, "dejima", 2025).all == [Target("2025-12", "visits", 7)]
    assert load_targets(catalog, "hirado", 2026).all == [VISITS]


def test_what_somebody_else_set_meanwhile_is_not_overwritten(catalog):
    save_targets(catalog, YEAR, [VISITS], 0, Change(5, None))
    with pytest.raises(Stale):
        save_targets(catalog, YEAR, [MONTH], 0, Change(6, None))
    assert load_targets(catalog, *YEAR).all == [VISITS]
    assert len(list_entries(catalog, "dejima", Wanted(), 10)) == 1


def test_the_log_says_that_targets_were_set_and_how_many(catalog):
    save_targets(catalog, YEAR, [VISITS, MONTH], 0, Change(5, None))
    (entry,) = list_entries(catalog, "dejima", Wanted(), 10)
    assert (entry.deed, entry.kind, entry.thing_id, entry.details) == ("targets_set", "targets", "2026", {"count": 2})
