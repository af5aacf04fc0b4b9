"""Stamp rallies: what staff type, the order of stamps, and codes that are wrong, old, late or from another clock."""

from datetime import date

import pytest

from xr_server.domain.rally import (
    LATE_MS,
    MOMENTS,
    SHOWN_MS,
    Rally,
    Spot,
    check_sign_code,
    collect_until,
    in_valid_order,
    is_on,
    make_moment_code,
    make_sign_code,
    moment_of,
    needed,
    read_moment_code,
)
from xr_server.domain.rally_card import make_card_code, read_card_code, read_card_count
from xr_server.domain.rally_form import FIELDS, make_rally, propose_id, show_rally
from xr_server.errors import Invalid, NotFound

SECRET, AT = b"s" * 32, 1_795_485_600_000
GATE, HOUSE = Spot("dejima", "autumn", "gate"), Spot("dejima", "autumn", "house")
PLACES = ["gate", "house", "garden"]


def rally(**values):
    days = {"first_on": "2026-11-20", "last_on": "2026-11-30"}
    return Rally(**{"id": "autumn", "title": {"en": "Autumn"}, "landmarks": PLACES, **days, **values})


def test_all_stamps_win_unless_staff_say_fewer_and_never_more_than_there_are():
    assert [needed(rally(**more)) for more in ({}, {"stamps_needed": 2}, {"stamps_needed": 9})] == [3, 2, 3]


def test_first_and_last_day_are_in_and_prizes_may_be_given_longer():
    days = {day: is_on(rally(), date(2026, 11, day)) for day in (19, 20, 30)}
    assert days == {19: False, 20: True, 30: True} and not is_on(rally(), date(2026, 12, 1))
    assert collect_until(rally()) == date(2026, 11, 30)
    assert collect_until(rally(collect_until="2026-12-06")) == date(2026, 12, 6)


def test_of_stamps_in_a_row_those_count_that_came_in_their_time():
    asked = ["house", "gate", "gate", "bridge", "house", "garden"]
    assert in_valid_order(rally(), asked) == ["house", "gate", "garden"]
    assert in_valid_order(rally(order="fixed"), asked) == ["gate", "house", "garden"]


def test_the_code_of_a_sign_holds_for_its_own_landmark_rally_and_site_alone():
    code = make_sign_code(GATE, SECRET)
    check_sign_code(GATE, f"{code[:4].lower()} {code[4:]}", SECRET)
    for spot in (HOUSE, Spot("dejima", "spring", "gate"), Spot("hirado", "autumn", "gate")):
        with pytest.raises(Invalid):
            check_sign_code(spot, code, SECRET)
    with pytest.raises(Invalid):
        check_sign_code(GATE, code, b"t" * 32)


def test_the_code_of_a_tablet_is_taken_in_time_then_late_then_not_at_all():
    moment = moment_of(AT)
    code = make_moment_code(GATE, moment, SECRET)
    ages = {0: True, 89_999: True, 90_000: False, LATE_MS - SHOWN_MS: False}
    for age_ms, in_time in ages.items():
        assert read_moment_code(GATE, code, SECRET, AT + age_ms) == (moment, in_time)
    with pytest.raises(Invalid) as refused:
        read_moment_code(GATE, code, SECRET, AT + LATE_MS + SHOWN_MS)
    assert refused.value.code == "proof_old"


def test_a_server_whose_clock_is_behind_takes_it_but_nobody_may_come_from_the_future():
    code = make_moment_code(GATE, moment_of(AT), SECRET)
    assert read_moment_code(GATE, code, SECRET, AT - 1)[1] is True
    with pytest.raises(Invalid):
        read_moment_code(GATE, code, SECRET, AT - SHOWN_MS - 1)


def test_a_photograph_is_worth_nothing_when_its_letters_of_time_come_round_again():
    code = make_moment_code(GATE, moment_of(AT), SECRET)
    with pytest.raises(Invalid) as refused:
        read_moment_code(GATE, code, SECRET, AT + MOMENTS * SHOWN_MS)
    assert refused.value.code == "proof_wrong"


@pytest.mark.parametrize("typed", ["", "ABC", "UUUUUUUUU", "日本語の文字列です", "A" * 40])
def test_what_is_no_code_of_a_tablet_is_refused(typed):
    with pytest.raises(Invalid):
        read_moment_code(GATE, typed, SECRET, AT)


def test_a_code_of_another_landmark_is_refused():
    with pytest.raises(Invalid):
        read_moment_code(HOUSE, make_moment_code(GATE, moment_of(AT), SECRET), SECRET, AT)


def test_a_card_on_paper_belongs_to_its_rally():
    code = make_card_code("dejima", rally(), SECRET, lambda count: b"\x07" * count)
    assert read_card_code("dejima", rally(), f"{code[:5]}-{code[5:]}".lower(), SECRET) == code
    for site_id, other in (("hirado", rally()), ("dejima", rally(id="spring"))):
        with pytest.raises(NotFound):
            read_card_code(site_id, other, code, SECRET)


@pytest.mark.parametrize("text", ["", "0", "41", "-1", "8.5", "１０", "9" * 99])
def test_a_count_of_cards_that_cannot_be_printed_is_refused(text):
    with pytest.raises(Invalid):
        read_card_count(text)


TYPED = {
    **dict.fromkeys(FIELDS, ""),
    "title_en": "Autumn  stamps",
    "order": "free",
    "proof": "none",
    "first_on": "2026-11-20",
    "last_on": "2026-11-30",
    "landmarks": ["gate", "", "house"],
}


def test_what_is_typed_becomes_a_rally_and_is_shown_again():
    made = make_rally("autumn", {**TYPED, "stamps_needed": "1", "collect_until": "2026-12-01"}, PLACES)
    assert made.title == {"en": "Autumn stamps"} and made.landmarks == ["gate", "house"]
    assert made.stamps_needed == 1 and made.prize == {}
    shown = show_rally(made)
    assert make_rally("autumn", shown, PLACES) == made
    assert show_rally(None)["order"] == "free" and show_rally(None)["landmarks"] == []


SLIPS = {
    "rally_title": {"title_en": " "},
    "rally_landmarks": {"landmarks": ["bridge"]},
    "rally_twice": {"landmarks": ["gate", "gate"]},
    "rally_needed": {"stamps_needed": "3"},
    "rally_days": {"first_on": "2026-02-31"},
    "range_reversed": {"first_on": "2026-12-20"},
    "rally_collect": {"collect_until": "2026-11-29"},
    "rally_prize": {"prize_en": "A postcard"},
    "rally_choice": {"proof": "blood"},
    "rally_text_long": {"title_nl": "x" * 81},
}


@pytest.mark.parametrize(("code", "typed"), SLIPS.items(), ids=SLIPS)
def test_a_slip_is_told_by_its_own_sentence(code, typed):
    with pytest.raises(Invalid) as refused:
        make_rally("autumn", {**TYPED, **typed}, PLACES)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("title", "wanted"),
    [({"en": "Autumn stamps!"}, "autumn-stamps"), ({"ja": "秋"}, "rally"), ({"en": "Été à Dejima"}, "ete-a-dejima")],
)
def test_an_id_comes_of_the_title_and_is_free(title, wanted):
    assert propose_id(title, set()) == wanted
    assert propose_id(title, {wanted, f"{wanted}-2"}) == f"{wanted}-3"
