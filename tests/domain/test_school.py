"""Codes that can be read aloud, pen names, credit lines, and when a class ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.pen_name import EN_FIRST, EN_SECOND, JA_FIRST, JA_SECOND, fold_pen_name, make_pen_name
from xr_server.domain.quota import GB, Allowance, Standing, check_quota, read_allowance
from xr_server.domain.review import Standing as RecordStanding
from xr_server.domain.review import is_possible, next_state
from xr_server.domain.school import (
    GRACE_DAYS,
    LETTERS,
    ClassForm,
    credit_line,
    goes_on,
    make_code,
    parse_code,
    read_class,
    show_code,
    stage_of,
    usual_end,
)
from xr_server.errors import Invalid, TooLarge

TODAY = date(2026, 11, 24)


@given(st.binary(min_size=36, max_size=36))
def test_a_code_is_read_however_it_is_typed(chance):
    pieces = iter([chance[at : at + 4] for at in range(0, 36, 4)])
    code = make_code(lambda _: next(pieces))
    shown = show_code(*code)
    for typed in (
        shown,
        shown.lower(),
        shown.replace("-", " "),
        f" {shown.replace('-', '')} ",
        shown.replace("-", "－"),
    ):
        assert parse_code(typed) == code


def test_no_letter_of_a_code_looks_like_another():
    assert not set(LETTERS) & set("0OQ1IL2Z5S8BUV")
    assert len(LETTERS) ** 9 > 10**12 and len(set(LETTERS)) == len(LETTERS)


@pytest.mark.parametrize("typed", ["", "ACDE", "ACDE-FGHJ", "ACDE-FGHJKM", "ACDE-FGH0K", "あいうえおかきくけ"])
def test_what_can_be_no_code_is_said_to_be_none(typed):
    with pytest.raises(Invalid, match="9 letters"):
        parse_code(typed)


@given(st.sampled_from(["ja", "en"]), st.binary(min_size=12, max_size=12))
def test_a_pen_name_is_two_plain_words_and_a_number_and_found_however_a_child_types_it(language, seed):
    name = make_pen_name(language, seed)
    assert name == make_pen_name(language, seed)
    first, second = (JA_FIRST, JA_SECOND) if language == "ja" else (EN_FIRST, EN_SECOND)
    assert any(name.startswith(word) for word in first.split()) and any(word in name for word in second.split())
    for typed in (name.lower(), name.upper(), name.replace(" ", ""), name.replace(" ", "-"), f" {name}　"):
        assert fold_pen_name(typed) == fold_pen_name(name)


def test_no_two_pen_names_are_the_same_to_a_child():
    for first, second in ((JA_FIRST, JA_SECOND), (EN_FIRST, EN_SECOND)):
        folded = [fold_pen_name(a + b) for a in first.split() for b in second.split()]
        assert len(set(folded)) == len(folded) > 700


def test_a_school_year_ends_in_march_and_everything_goes_a_month_later():
    assert usual_end(TODAY) == date(2027, 3, 31)
    assert usual_end(date(2027, 3, 20)) == date(2028, 3, 31)
    end = date(2027, 3, 31)
    assert [stage_of(end, end + timedelta(days=days)) for days in (0, 1, GRACE_DAYS, GRACE_DAYS + 1)] == [
        "open",
        "ended",
        "ended",
        "over",
    ]
    assert stage_of(end, goes_on(end)) == "over" and stage_of(end, goes_on(end) - timedelta(days=1)) == "ended"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "name of 1 to 60"),
        ({"name": "x" * 61}, "name of 1 to 60"),
        ({"credit_with": "school"}, "what it is called"),
        ({"credit_with": "real_name"}, "beside a pen name"),
        ({"ends_on": "31 March"}, "written like"),
        ({"ends_on": "2026-11-23"}, "between today"),
        ({"ends_on": "2030-03-31"}, "between today"),
    ],
)
def test_what_a_class_cannot_be_is_said(change, words):
    typed = {"name": "5-2", "school": "", "credit_with": "class", "ends_on": "2027-03-31"}
    assert read_class(typed, TODAY).ends_on == date(2027, 3, 31)
    with pytest.raises(Invalid, match=words):
        read_class({**typed, **change}, TODAY)


def test_a_credit_is_the_pen_name_with_what_the_teacher_wants_beside_it():
    def credit(beside):
        return credit_line("Blue Swallow 27", ClassForm("Class 5-2", "Harbour School", beside, TODAY))

    assert credit("pen_name") == "Blue Swallow 27"
    assert credit("class") == "Blue Swallow 27 · Class 5-2"
    assert credit("school") == "Blue Swallow 27 · Harbour School"


def test_a_pupils_work_goes_to_the_teacher_and_from_there_to_staff():
    draft, handed_in = RecordStanding("draft", None), RecordStanding("with_teacher", None)
    assert next_state("hand_in", draft) == "with_teacher"
    assert next_state("send_for_review", handed_in) == "in_review"
    assert next_state("request_changes", handed_in) == "changes_requested"
    assert next_state("take_back", handed_in) == "draft"
    assert not is_possible("publish", handed_in)


SITE = Allowance(100 * GB, 100)


@pytest.mark.parametrize(
    ("standing", "length", "code"),
    [
        (Standing(Allowance(2 * GB, 3), Allowance(2 * GB - 5, 1), SITE, Allowance(0, 0)), 6, "quota_exceeded"),
        (Standing(Allowance(2 * GB, 3), Allowance(0, 3), SITE, Allowance(0, 0)), 1, "quota_scans"),
        (Standing(Allowance(2 * GB, 3), Allowance(0, 0), SITE, Allowance(100 * GB, 9)), 1, "site_quota_exceeded"),
        (Standing(Allowance(2 * GB, 3), Allowance(0, 0), SITE, Allowance(0, 100)), 1, "site_quota_exceeded"),
    ],
)
def test_each_limit_has_its_own_sentence_that_says_what_to_do(standing, length, code):
    with pytest.raises(TooLarge, match="administrator for room") as refused:
        check_quota(standing, length)
    assert refused.value.code == code


def test_what_is_left_is_the_less_of_ones_own_and_the_sites():
    standing = Standing(Allowance(2 * GB, 3), Allowance(GB, 1), SITE, Allowance(99 * GB + GB // 2, 99))
    assert standing.left == Allowance(GB // 2, 1)
    check_quota(standing, GB // 2)
    over = Standing(Allowance(GB, 1), Allowance(2 * GB, 5), SITE, Allowance(0, 0))
    assert over.left == Allowance(0, 0)


def test_room_is_typed_in_gigabytes_and_empty_means_the_usual():
    usual = Allowance(2 * GB, 20)
    assert read_allowance("0.5", "", usual) == (GB // 2, None)
    assert read_allowance("", "7", usual) == (None, 7)
    for wrong in (("many", ""), ("-1", ""), ("", "1.5"), ("nan", ""), ("1e9", "")):
        with pytest.raises(Invalid, match="usual 2 GB and 20 scans"):
            read_allowance(*wrong, usual)
