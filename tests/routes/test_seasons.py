"""Seasons at the desk: every kind of rule by a form, its days beside it before saving, and ends that are asked for."""

import re

import pytest

from tests.routes.forms import fields_of, submit
from xr_server.domain.season import BetweenRule, DatedRule, EnteredYear, LunarRule, RecurringRule, Season, YearlyRule
from xr_server.storage.catalog import Change, Name, load_record, save_record

NEW = "/desk/seasons/new"


@pytest.fixture
def sato(world):
    """Staff, on 30 November 2026."""
    return world.sign_in("sato")


def send(client, step, path=NEW, **typed):
    return submit(client, client.get(path).text, path, step=step, **typed)


def stored(world, name) -> Season:
    body = load_record(world.catalog, Name("dejima", "season", name)).body
    assert isinstance(body, Season)
    return body


def told(answer) -> list[str]:
    preview = answer.text.partition('aria-labelledby="preview-title"')[2].partition("</section>")[0]
    return re.findall(r"<li>(.*?)</li>", preview)


KINDS = {
    "a day": (
        {"kind": "day", "month": "10", "day": "7", "duration": "3"},
        YearlyRule(rrule="FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=7", duration_days=3),
        "7 October 2027 (Thu) to 9 October 2027 (Sat)",
    ),
    "a day that moves": (
        {
            "kind": "day",
            "month": "4",
            "day": "27",
            "duration": "１",
            "shift_weekday": ["SU", ""],
            "shift_days": ["-1", ""],
        },
        YearlyRule(rrule="FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=27", duration_days=1, shifts={"SU": -1}),
        "26 April 2031 (Sat)",
    ),
    "a weekday": (
        {"kind": "weekday", "weekday_month": "7", "nth": "-1", "weekday": "SU", "duration": "2", "offset": "-1"},
        YearlyRule(rrule="FREQ=YEARLY;BYMONTH=7;BYDAY=-1SU", duration_days=2, start_offset_days=-1),
        "24 July 2027 (Sat) to 25 July 2027 (Sun)",
    ),
    "past New Year": (
        {
            "kind": "between",
            "first_month": "12",
            "first_day": "20",
            "last_month": "1",
            "last_day": "8",
            "valid_from": "2027",
        },
        BetweenRule(first="12-20", last="01-08", valid_from=2027),
        "20 December 2027 (Mon) to 8 January 2028 (Sat)",
    ),
    "lunar": (
        {"kind": "lunar", "lunar_month": "1", "lunar_day": "1", "duration": "15"},
        LunarRule(month=1, day=1, duration_days=15),
        "6 February 2027 (Sat) to 20 February 2027 (Sat)",
    ),
    "as calendars write it": (
        {"kind": "rrule", "rrule": "RRULE:FREQ=MONTHLY;BYDAY=2SA", "starts_on": "2026-12-01"},
        RecurringRule(rrule="FREQ=MONTHLY;BYDAY=2SA", starts_on="2026-12-01"),
        "12 December 2026 (Sat)",
    ),
    "announced": (
        {"kind": "dated", "first": ["2027-04-22", ""], "last": ["2027-04-26", ""]},
        DatedRule(ranges=[("2027-04-22", "2027-04-26")]),
        "22 April 2027 (Thu) to 26 April 2027 (Mon)",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_is_typed_previewed_saved_and_comes_back_as_typed(world, sato, kind):
    typed, rule, words = KINDS[kind]
    names = {"name_en": "Boats", "name_ja": "船まつり"}
    preview = send(sato, "preview", **names, **typed)
    assert preview.status_code == 200 and "Not saved yet" in preview.text
    assert any(words in line for line in told(preview)), told(preview)
    saved = submit(sato, preview.text, NEW, step="save")
    assert saved.headers["location"] == "/desk/seasons/boats?done=saved"
    assert stored(world, "boats") == Season(id="boats", name={"ja": "船まつり", "en": "Boats"}, rule=rule)
    again = send(sato, "save", path="/desk/seasons/boats")
    assert again.status_code == 303
    assert stored(world, "boats").rule == rule


def test_an_end_that_nobody_knows_is_asked_for_and_then_published(world, sato):
    typed = {"name_en": "Lanterns", "kind": "weekday", "weekday_month": "2", "nth": "1", "weekday": "FR"}
    saved = send(sato, "save", **typed)
    path = saved.headers["location"].partition("?")[0]
    assert "From 5 February 2027 (Fri); the last day is not entered yet" in sato.get(path).text
    assert "Lanterns begins on 5 February 2027 (Fri): when does it end?" in sato.get("/desk/seasons").text
    refused = send(sato, "publish", path=path)
    assert refused.status_code == 400
    assert "When does it end?" in refused.text
    assert load_record(world.catalog, Name("dejima", "season", "lanterns")).published_revision is None
    asked = send(sato, "publish", path=path, first=["2027-02-05", ""], last=["", ""])
    assert asked.status_code == 400 and "2027-02-05" in asked.text and "last day" in asked.text
    published = submit(sato, asked.text, path, step="publish", first=["2027-02-05", ""], last=["2027-02-21", ""])
    assert "The season is published" in sato.get(published.headers["location"]).text
    assert stored(world, "lanterns").entered == [EnteredYear(year=2027, ranges=[("2027-02-05", "2027-02-21")])]
    assert "when does it end?" not in sato.get("/desk/seasons").text
    undone = submit(sato, sato.get(published.headers["location"]).text, "/desk/undo")
    assert undone.headers["location"] == "/desk/seasons?done=undone"
    assert load_record(world.catalog, Name("dejima", "season", "lanterns")).published_revision is None


def test_a_new_rule_leaves_the_years_before_to_the_old_one(world, sato):
    old = Season(
        id="lanterns", name={"en": "Lanterns"}, rule=LunarRule(month=1, day=1, duration_days=15), note={"en": "x"}
    )
    save_record(world.catalog, "dejima", old, None, Change(world.clock()))
    typed = {"kind": "weekday", "weekday_month": "2", "nth": "1", "weekday": "FR", "duration": "18", "keep_former": "1"}
    refused = send(sato, "save", path="/desk/seasons/lanterns", **typed)
    assert "from which year" in refused.text
    assert submit(sato, refused.text, "/desk/seasons/lanterns", step="save", valid_from="2028").status_code == 303
    early = send(sato, "save", path="/desk/seasons/lanterns", nth="2", keep_former="1")
    assert early.status_code == 400 and "would keep no year" in early.text
    assert submit(
        sato, sato.get("/desk/seasons/lanterns").text, "/desk/seasons/lanterns", step="save", landmarks="water-gate"
    )
    changed = stored(world, "lanterns")
    assert changed.landmarks == ["water-gate"]
    assert ("landmarks", "water-gate") in fields_of(sato.get("/desk/seasons/lanterns").text, "/desk/seasons/lanterns")
    assert changed.former == [LunarRule(month=1, day=1, duration_days=15, valid_until=2027)]
    page = sato.get("/desk/seasons/lanterns").text
    assert "6 February 2027 (Sat) to 20 February 2027 (Sat)" in page
    assert "4 February 2028 (Fri) to 21 February 2028 (Mon)" in page
    assert changed.note == {"en": "x"}


def test_a_year_in_which_it_is_not_held(world, sato):
    typed = {"name_en": "Boats", "kind": "day", "month": "10", "day": "7", "duration": "3", "not_held": "2027年、2029"}
    preview = send(sato, "preview", **typed)
    assert [re.search(r"20\d\d", line)[0] for line in told(preview)] == ["2028", "2030", "2031", "2032"]
    both = send(sato, "save", **typed, first="2027-10-07", last="2027-10-09")
    assert both.status_code == 400 and "named as not held" in both.text


BAD = {
    "no name": ({"name_en": ""}, "Give the season a name"),
    "no kind": ({"kind": ""}, "Choose what kind of days"),
    "31 February": ({"month": "2", "day": "31"}, "a day that never comes"),
    "no month": ({"month": ""}, "Give the month and the day"),
    "a word for a number": ({"day": "soon"}, "soon is not a whole number"),
    "day 32": ({"day": "32"}, "1 to 31"),
    "121 days": ({"duration": "121"}, "1 to 120"),
    "year 9999": ({"valid_from": "9999"}, "1900 to 2199"),
    "years reversed": ({"valid_from": "2030", "valid_until": "2029"}, "The last year lies before"),
    "every second": ({"kind": "rrule", "rrule": "FREQ=SECONDLY"}, "not by the hour, the minute or the second"),
    "no rule": ({"kind": "rrule", "rrule": "every day"}, "not understood"),
    "never": ({"kind": "rrule", "rrule": "FREQ=DAILY;UNTIL=20261231", "starts_on": "2027-01-01"}, "never comes"),
    "end before start": ({"first": "2027-10-09", "last": "2027-10-07"}, "Exchange them"),
    "no such day": ({"first": "2027-02-31", "last": "2027-03-01"}, "Choose the days again"),
    "shift by nothing": ({"shift_weekday": ["SU", ""], "shift_days": ["", ""]}, "by how many days it moves"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_cannot_be_is_said_and_everything_typed_stays(world, sato, name, language):
    change, words = BAD[name]
    typed = {"name_en": "Boats", "kind": "day", "month": "10", "day": "7", "note_en": "Kept words", **change}
    sato.cookies.set("lang", language)
    answer = send(sato, "save", **typed)
    assert answer.status_code == 400
    assert (words in answer.text) is (language == "en")
    kept = fields_of(answer.text, NEW)
    for field, value in typed.items():
        if value and isinstance(value, str):
            assert (field, value) in kept or field in ("month", "kind"), field
    assert world.catalog is not None and sato.get("/desk/seasons/boats").status_code == 404


def test_somebody_elses_newer_season_is_shown_and_nothing_of_theirs_is_overwritten(world, sato):
    send(sato, "save", name_en="Boats", kind="day", month="10", day="7", duration="3")
    path = "/desk/seasons/boats"
    mine = sato.get(path).text
    send(sato, "save", path=path, day="8")
    stale = submit(sato, mine, path, step="save", day="9")
    assert stale.status_code == 409 and "Nothing of theirs was overwritten" in stale.text
    assert ("day", "9") in fields_of(stale.text, path)
    assert stored(world, "boats").rule.rrule.endswith("BYMONTHDAY=8")
    assert submit(sato, stale.text, path, step="save").status_code == 303
    assert stored(world, "boats").rule.rrule.endswith("BYMONTHDAY=9")


def test_two_seasons_of_one_name_and_one_without_latin_letters_get_ids_of_their_own(world, sato):
    for name in ({"name_en": "New!"}, {"name_en": "new"}, {"name_ja": "船"}):
        send(sato, "save", **name, kind="dated")
    assert [stored(world, one).id for one in ("new-2", "new-3", "season-2")] == ["new-2", "new-3", "season-2"]


def test_more_rows_keep_what_was_typed(sato):
    answer = send(
        sato, "row", name_en="Boats", kind="dated", first=["2027-04-22", "2028-04-20"], last=["2027-04-26", ""]
    )
    values = [value for name, value in fields_of(answer.text, NEW) if name == "first"]
    assert values == ["2027-04-22", "2028-04-20", "", ""]
    assert ("name_en", "Boats") in fields_of(answer.text, NEW)
