"""Memories: what a form may say, its seal, its code, and marks that change with what is told."""

from datetime import date

import pytest

from xr_server.domain.memory import (
    MOST_MS,
    FormMark,
    Rendering,
    Shown,
    Told,
    make_code,
    make_form_token,
    mark_landmarks,
    read_code,
    read_form_token,
    read_memory,
    show_code,
)
from xr_server.domain.memory_rule import are_taken, are_told, read_rule
from xr_server.domain.typed import Unfit
from xr_server.errors import Invalid

SECRET, ABOUT = b"s" * 32, ("dejima", "water-gate")
MARK = FormMark("ABCDEFGHJKMNPQRS", 1_795_485_600_000)
TODAY = date(2026, 11, 24)
GOOD = {"words": "Boats.", "language": "en", "licence": "here", "mine": "yes", "consent": "yes"}


def faults(has_picture=False, **typed):
    with pytest.raises(Unfit) as refused:
        read_memory({**GOOD, **typed}, has_picture, ["ja", "en"], TODAY)
    return {name: fault.code for name, fault in refused.value.faults.items()}


def test_a_sound_form_is_taken_as_it_was_typed():
    told = read_memory({**GOOD, "name": " Old   oar ", "about": "yes"}, False, ["ja", "en"], TODAY)
    assert told == Told(words="Boats.", language="en", name="Old oar", licence="here", consent=1)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"words": ""}, ("words", "memory_empty")),
        ({"words": "x" * 1001}, ("words", "too_long")),
        ({"words": "Write to mori@example.org"}, ("words", "memory_contact")),
        ({"words": "電話は095-821-1111です"}, ("words", "memory_contact")),
        ({"words": "+81 95-821-1111"}, ("words", "memory_contact")),
        ({"name": "09012345678"}, ("name", "memory_contact")),
        ({"language": "nl"}, ("language", "memory_language")),
        ({"year": "1839"}, ("year", "memory_year")),
        ({"year": "2027"}, ("year", "memory_year")),
        ({"year": "昭和37"}, ("year", "memory_year")),
        ({"licence": "all"}, ("licence", "memory_licence")),
        ({"mine": ""}, ("mine", "memory_mine")),
        ({"consent": ""}, ("consent", "memory_consent")),
        ({"website": "x"}, ("website", "memory_trap")),
    ],
)
def test_each_gap_is_told_at_its_field(typed, fault):
    assert faults(**typed) == dict([fault])


@pytest.mark.parametrize(
    "words", ["In 1962, 30 boats; 1,200 people.", "From 1955-1962 and 1970-1975.", "About 150000000 yen"]
)
def test_years_and_numbers_are_no_telephone_numbers(words):
    assert read_memory({**GOOD, "words": words}, False, ["en"], TODAY).words == words


def test_a_picture_needs_words_for_those_who_cannot_see_it_and_a_declaration():
    assert faults(has_picture=True) == {"shows": "memory_shows", "persons": "memory_persons"}
    told = read_memory({**GOOD, "words": "", "shows": "A wall", "persons": "yes"}, True, ["en"], TODAY)
    assert told.shows == "A wall"


def test_a_form_is_this_servers_for_one_landmark_and_a_day():
    token, at = make_form_token(SECRET, ABOUT, MARK), MARK.made_at
    assert read_form_token(SECRET, ABOUT, token, at + MOST_MS - 1) == MARK
    assert read_form_token(SECRET, ABOUT, token, at + MOST_MS) is None
    assert read_form_token(SECRET, ABOUT, token, at - 1) is None
    assert read_form_token(SECRET, ("dejima", "church"), token, at) is None
    assert read_form_token(b"t" * 32, ABOUT, token, at) is None
    earlier = token.replace(str(at), str(at - 5000))
    assert [read_form_token(SECRET, ABOUT, wrong, at) for wrong in (earlier, "", "--", "あ-1-2", token + "é")] == [
        None
    ] * 5


def test_a_code_is_one_for_each_form_and_read_however_it_is_typed():
    code = make_code(SECRET, MARK.nonce)
    assert code == make_code(SECRET, MARK.nonce) != make_code(SECRET, "ABCDEFGHJKMNPQRT")
    assert read_code(f" {show_code(code).lower().replace('0', 'o')} ") == code
    for wrong in ("", code[1:], code + "0", "U" * 16):
        with pytest.raises(Invalid):
            read_code(wrong)


def test_a_landmarks_mark_changes_with_what_is_told_there_and_nowhere_else():
    told = Told(words="Boats.", language="en", licence="here", consent=1)
    gate, church = (Shown(id=id * 32, landmark=place, told=told) for id, place in (("a", "gate"), ("b", "church")))
    before = mark_landmarks([gate, church])
    translated = Shown(id=gate.id, landmark="gate", told=told, translations={"ja": Rendering(words="舟")})
    after = mark_landmarks([translated, church])
    assert before.keys() == {"gate", "church"} and after["church"] == before["church"]
    assert after["gate"] != before["gate"] and mark_landmarks([church]) == {"church": before["church"]}


def test_only_a_tick_of_its_own_opens_a_memory_and_only_under_an_open_licence():
    def opened(**typed):
        return read_memory({**GOOD, **typed}, False, ["en"], TODAY)

    assert not opened(licence="credit").is_open
    assert opened(licence="credit", open="yes").open_consent == 1 and opened(licence="free", open="yes").is_open
    assert faults(licence="here", open="yes") == {"open": "memory_open"}
    assert not Told(words="x", language="en", licence="here", consent=1, open_consent=1).is_open


def test_a_mark_changes_with_whether_more_may_be_told():
    told = Told(words="x", language="en", licence="free", consent=1)
    shown = [Shown(id="0" * 32, landmark="water-gate", told=told)]
    assert mark_landmarks(shown) != mark_landmarks(shown, taken=False)
    assert mark_landmarks([], taken=False) == {}


@pytest.mark.parametrize(
    ("rule", "taken", "told"), [("open", True, True), ("kept", False, True), ("away", False, False)]
)
def test_a_rule_says_what_is_taken_and_what_is_told(rule, taken, told):
    assert (are_taken(read_rule(rule)), are_told(rule)) == (taken, told)


@pytest.mark.parametrize("typed", ["", "off", "OPEN"])
def test_no_rule_is_guessed(typed):
    with pytest.raises(Invalid):
        read_rule(typed)
