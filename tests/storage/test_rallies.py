"""Stamps on both databases: each once on a card, in order, whoever sends them at once; and proofs that are used up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import msgspec
import pytest
from sqlalchemy import select

from xr_server.domain.catalog import Change
from xr_server.domain.rally import LATE_MS, MOST_LATE, Rally, Spot, moment_of
from xr_server.errors import Conflict, NotFound
from xr_server.storage.catalog import Name as RecordName
from xr_server.storage.catalog import publish_record, save_record, withdraw_record
from xr_server.storage.forget import forget_people
from xr_server.storage.rallies import add_stamps, count_proof, count_stamps, list_stamps, load_rally, take_stamp_back
from xr_server.storage.tables.vouchers import rally_proof, rally_stamp

NOW = 1_795_485_600_000
PLACES = ["gate", "house", "garden"]
RALLY = Rally(id="autumn", title={"en": "Autumn"}, landmarks=PLACES, first_on="2026-11-20", last_on="2026-11-30")
FIXED = Rally(
    id="way", title={"en": "Way"}, landmarks=PLACES, order="fixed", first_on="2026-11-20", last_on="2026-11-30"
)
SPOT = Spot("dejima", "autumn", "gate")


def add(catalog, *landmarks, card="card", rally=RALLY):
    return add_stamps(catalog, "dejima", rally, (card, "sign"), landmarks)


def test_a_card_has_each_stamp_once_in_the_order_they_came(catalog):
    assert add(catalog, "house", "gate", "house") == ["house", "gate"]
    assert add(catalog, "gate", "garden") == ["house", "gate", "garden"]
    assert list_stamps(catalog, "dejima", "autumn", "another card") == []
    assert add(catalog, "gate", card="another card") == ["gate"]
    assert count_stamps(catalog, "dejima", "autumn") == {"gate": 2, "house": 1, "garden": 1}
    with catalog.connect() as connection:
        stored = connection.execute(select(rally_stamp)).all()
    assert not any("card" in str(value) for row in stored for value in row)


def test_a_stamp_of_elsewhere_or_before_its_time_is_refused_and_the_others_stay(catalog):
    with pytest.raises(Conflict) as elsewhere:
        add(catalog, "gate", "bridge")
    with pytest.raises(Conflict) as early:
        add(catalog, "gate", "garden", rally=FIXED)
    assert (elsewhere.value.code, early.value.code) == ("stamp_elsewhere", "stamp_too_early")
    assert list_stamps(catalog, "dejima", "autumn", "card") == ["gate"]
    assert add(catalog, "house", "garden", rally=FIXED) == PLACES


def test_the_same_stamp_over_many_lines_at_once_is_there_once(catalog):
    with ThreadPoolExecutor(8) as pool:
        assert set(map(tuple, pool.map(lambda _: add(catalog, "gate"), range(8)))) == {("gate",)}


def test_a_stamp_is_taken_back_from_one_card(catalog):
    add(catalog, "gate", "house")
    add(catalog, "gate", card="another card")
    take_stamp_back(catalog, "dejima", "autumn", "card", "gate")
    assert list_stamps(catalog, "dejima", "autumn", "card") == ["house"]
    assert list_stamps(catalog, "dejima", "autumn", "another card") == ["gate"]


def test_a_late_proof_is_used_up_by_whoever_races_and_one_in_time_goes_on(catalog):
    moment = moment_of(NOW)

    def use(_):
        try:
            count_proof(catalog, SPOT, moment, in_time=False)
        except Conflict as error:
            return error.code
        return "taken"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(use, range(MOST_LATE + 6)))
    assert outcomes.count("taken") == MOST_LATE and outcomes.count("proof_spent") == 6
    count_proof(catalog, SPOT, moment, in_time=True)
    count_proof(catalog, SPOT, moment + 1, in_time=False)
    count_proof(catalog, Spot("dejima", "autumn", "house"), moment, in_time=False)


def test_uses_of_old_proofs_are_forgotten(catalog):
    count_proof(catalog, SPOT, moment_of(NOW), in_time=True)
    count_proof(catalog, SPOT, moment_of(NOW + 3 * LATE_MS), in_time=True)
    with catalog.connect() as connection:
        assert [row.shown_in for row in connection.execute(select(rally_proof))] == [moment_of(NOW + 3 * LATE_MS)]


def test_a_rally_is_there_as_it_was_published_while_it_is(catalog):
    name, change = RecordName("dejima", "rally", "autumn"), Change(NOW)
    with pytest.raises(NotFound):
        load_rally(catalog, "dejima", "autumn")
    revision = save_record(catalog, "dejima", RALLY, None, change)
    with pytest.raises(NotFound):
        load_rally(catalog, "dejima", "autumn")
    publish_record(catalog, name, revision, change)
    assert load_rally(catalog, "dejima", "autumn") == RALLY
    withdraw_record(catalog, name, revision, change)
    for other in ("autumn", "\0"):
        with pytest.raises(NotFound):
            load_rally(catalog, "dejima", other)


def test_thirty_days_after_the_prizes_no_card_is_left_but_the_counts_are(catalog):
    save_record(catalog, "dejima", RALLY, None, Change(NOW))
    save_record(catalog, "dejima", msgspec.structs.replace(RALLY, id="later", last_on="2026-12-31"), None, Change(NOW))
    add(catalog, "house", "gate")
    add(catalog, "gate", card="another card")
    add_stamps(catalog, "dejima", msgspec.structs.replace(RALLY, id="later"), ("card", "desk"), ["gate"])
    forget_people(catalog, date(2026, 12, 30))
    assert list_stamps(catalog, "dejima", "autumn", "card") == ["house", "gate"]
    forget_people(catalog, date(2026, 12, 31))
    assert list_stamps(catalog, "dejima", "autumn", "card") == []
    assert count_stamps(catalog, "dejima", "autumn") == {"gate": 2, "house": 1}
    assert list_stamps(catalog, "dejima", "later", "card") == ["gate"]
    with catalog.connect() as connection:
        hashes = connection.execute(select(rally_stamp.c.card_hash).where(rally_stamp.c.rally_id == "autumn")).scalars()
        once = set(hashes)
    assert len(once) == 3
    forget_people(catalog, date(2027, 1, 1))
    with catalog.connect() as connection:  # done once, not at every turn
        again = connection.execute(select(rally_stamp.c.card_hash).where(rally_stamp.c.rally_id == "autumn")).scalars()
        assert set(again) == once
