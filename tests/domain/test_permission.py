"""Permission to scan: what a form may ask, how a permission stands on a day, who would meet whom, numbers and codes."""

import secrets
from datetime import date, datetime

import pytest

from xr_server.domain.permission import (
    Typed,
    Visit,
    Wish,
    advise,
    clean_code,
    find_clashes,
    find_slips,
    is_within_hours,
    make_code,
    make_number,
    make_wish,
    show_code,
    standing_on,
    type_wish,
    without_people,
)

TODAY = date(2026, 11, 24)
TEXTS = {
    "place": "",
    "purpose": "A model of the gate for our school",
    "contact": "Kana, 095 000 0000",
    "other_equipment": "",
    "first_on": "2026-12-01",
    "last_on": "2026-12-02",
    "opens_at": "09:00",
    "closes_at": "12:00",
    "people": "3",
    "agreed": "yes",
}
GATE = ("water-gate",)
WISH = make_wish(Typed(TEXTS, GATE, ("drone", "tripod")))


def slips(landmarks=GATE, **typed):
    return find_slips(Typed({**TEXTS, **typed}, landmarks), TODAY, {"water-gate", "hetoru"})


def wish(**changes):
    return make_wish(Typed({**TEXTS, **changes}, GATE))


def test_a_whole_form_has_nothing_to_put_right_and_shows_again_what_was_typed():
    assert slips() == {}
    assert WISH.equipment == ("tripod", "drone") and WISH.conditions
    again = type_wish(WISH)
    assert again.texts == {**TEXTS, "agreed": ""} and again.landmarks == GATE
    assert wish(last_on="").last_on == TEXTS["first_on"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"landmarks": ()}, {"landmarks": "where"}),
        ({"landmarks": (), "place": "the lawn"}, {}),
        ({"landmarks": ("gone",)}, {"landmarks": "landmark_gone"}),
        ({"purpose": ""}, {"purpose": "purpose"}),
        ({"purpose": "x" * 1001}, {"purpose": "purpose_long"}),
        ({"contact": ""}, {"contact": "contact"}),
        ({"people": "0"}, {"people": "people"}),
        ({"people": "٣"}, {"people": "people"}),
        ({"people": "51"}, {"people": "people"}),
        ({"agreed": ""}, {"agreed": "agreed"}),
        ({"first_on": "2026-11-23"}, {"first_on": "past"}),
        ({"first_on": "2026-11-24", "last_on": ""}, {}),
        ({"first_on": "2027-12-01"}, {"first_on": "far"}),
        ({"first_on": "20261201"}, {"first_on": "day"}),
        ({"first_on": "2026-02-30"}, {"first_on": "day"}),
        ({"last_on": "soon"}, {"last_on": "day"}),
        ({"last_on": "2026-11-30"}, {"last_on": "reversed"}),
        ({"last_on": "2026-12-31"}, {}),
        ({"last_on": "2027-01-01"}, {"last_on": "long"}),
        ({"opens_at": "9"}, {"opens_at": "hour"}),
        ({"closes_at": "24:00"}, {"closes_at": "hour"}),
        ({"closes_at": "09:00"}, {"closes_at": "hours_reversed"}),
        ({"purpose": "", "people": "", "opens_at": ""}, {"purpose": "purpose", "people": "people", "opens_at": "hour"}),
    ],
)
def test_each_slip_is_named_beside_its_field_and_all_at_once(typed, found):
    assert slips(**typed) == found


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        ("2026-11-30T23:59", "ahead"),
        ("2026-12-01T00:00", "valid"),
        ("2026-12-02T11:59", "valid"),
        ("2026-12-02T12:00", "ended"),
        ("2026-12-03T09:00", "ended"),
    ],
)
def test_a_granted_permission_holds_from_its_first_day_to_the_last_hour_of_its_last(at, standing):
    now = datetime.fromisoformat(at)
    assert standing_on("granted", WISH, now) == standing
    assert standing_on("withdrawn", WISH, now) == "withdrawn"


def test_hours_are_those_of_each_day():
    assert is_within_hours(WISH, datetime.fromisoformat("2026-12-01T09:00"))
    assert not is_within_hours(WISH, datetime.fromisoformat("2026-12-01T12:00"))


def test_two_teams_clash_on_one_spot_at_one_time_and_perhaps_where_a_place_is_told_in_words():
    elsewhere = make_wish(Typed(TEXTS, ("hetoru",)))
    lawn = make_wish(Typed({**TEXTS, "place": "the lawn"}, ()))
    others = {
        "perhaps": lawn,
        "same": wish(first_on="2026-12-02", last_on="2026-12-05", opens_at="11:59", closes_at="13:00"),
        "afternoon": wish(opens_at="12:00", closes_at="15:00"),
        "week-after": wish(first_on="2026-12-03", last_on="2026-12-03"),
        "elsewhere": elsewhere,
    }
    assert [(clash.id, clash.sure) for clash in find_clashes(WISH, others.items())] == [
        ("same", True),
        ("perhaps", False),
    ]


def test_what_is_left_in_the_end_leads_to_nobody():
    left = without_people(WISH)
    assert left == Wish(
        landmarks=("water-gate",), first_on="2026-12-01", last_on="2026-12-02", opens_at="09:00", closes_at="12:00"
    )


@pytest.mark.parametrize(
    ("site", "number"), [("dejima", "DJ-2026-0007"), ("ie", "IE-2026-0007"), ("a1", "AX-2026-0007")]
)
def test_a_number_names_site_year_and_count(site, number):
    assert make_number(site, 2026, 7) == number


def test_a_code_is_found_however_it_was_typed():
    code = make_code(secrets.token_bytes)
    assert len(code) == 10 and clean_code(f" {show_code(code).lower()} ") == code
    assert clean_code("oilO0-1ABCD") == "011001ABCD"
    assert clean_code(code + "A") != code


@pytest.mark.parametrize(
    ("given", "visit", "advice"),
    [
        ((None, False, None), Visit("water-gate", "2026-12-03"), "unknown"),
        (("granted", False, WISH), Visit("water-gate", "2026-12-03"), "not_yours"),
        (("withdrawn", True, WISH), Visit("water-gate", "2026-12-03"), "not_granted"),
        (("granted", True, WISH), Visit("hetoru", "2026-12-03"), "other_place"),
        (("granted", True, WISH), Visit("water-gate", "2026-12-03"), None),
        (("granted", True, WISH), Visit("water-gate", "2027-03-01", "2026-12-02"), None),
        (("granted", True, WISH), Visit("water-gate", "2027-03-01", "2026-12-03"), "other_day"),
        (("granted", True, WISH), Visit("water-gate", "2026-11-30"), "other_day"),  # sent before it began
        (("granted", True, WISH), Visit(None, "2026-12-01"), None),
        (("granted", True, wish(place="the lawn")), Visit("hetoru", "2026-12-03"), None),
    ],
)
def test_a_number_that_a_scan_names_is_looked_at(given, visit, advice):
    assert advise(*given, visit) == advice
