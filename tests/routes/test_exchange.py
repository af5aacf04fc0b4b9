"""Foreign calendars at the desk: each event shown as what it would become, saved as drafts, and taken back again."""

import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.routes.forms import fields_of, fill, submit
from tests.routes.visitor_world import fill_site, words_of
from xr_server.domain.season import DatedRule, EnteredYear, RecurringRule, Season, YearlyRule
from xr_server.errors import NotFound
from xr_server.storage.catalog import Change, Name, list_records, load_record, save_record

PATH = "/desk/exchange"


def event(uid: str, *lines: str, summary: str = "Tall ships") -> str:
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}", *lines, "END:VEVENT", ""]
    )


def calendar(*events: str) -> str:
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" + "".join(events) + "END:VCALENDAR\r\n"


SHIPS = event("ships@port.example", "DTSTART;VALUE=DATE:20270423", "DTEND;VALUE=DATE:20270428")
RACE = event(
    "race@port.example", "DTSTART;VALUE=DATE:20270731", "RRULE:FREQ=YEARLY;BYMONTH=7;BYDAY=-1SA", summary="Boat race"
)


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def read(client, text, **more):
    return submit(client, client.get(PATH).text, PATH, step="preview", table=text, lang="en", **more)


def save(client, page):
    return submit(client, page.text, PATH, step="save")


def rows_of(page) -> list[str]:
    return [words_of(row).strip() for row in re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL)][1:]


def imported(world) -> Iterator[Season]:
    for stored in list_records(world.catalog, "dejima", "season"):
        if stored.id.startswith("ics-"):
            assert isinstance(stored.body, Season)
            yield stored.body


def test_events_are_shown_first_then_saved_as_drafts_and_taken_back(world, sato):
    page = read(sato, calendar(SHIPS, RACE))
    assert page.status_code == 200 and list(imported(world)) == []
    assert "New: 2. Changed: 0." in words_of(page.text) and "23 April" in page.text
    done = save(sato, page)
    assert done.status_code == 303
    found = {body.name["en"]: body for body in imported(world)}
    assert found["Tall ships"].rule == DatedRule(ranges=[("2027-04-23", "2027-04-27")])
    assert found["Boat race"].rule == YearlyRule(
        rrule="FREQ=YEARLY;BYDAY=-1SA;BYMONTH=7", duration_days=1, valid_from=2027
    )
    states = {one.state for one in list_records(world.catalog, "dejima", "season") if one.id.startswith("ics-")}
    assert states == {"draft"}
    again = sato.get(done.headers["location"])
    assert "Saved as drafts" in again.text
    undone = submit(sato, again.text, "/desk/exchange/undo")
    assert undone.status_code == 303 and list(imported(world)) == []


def test_the_same_event_again_is_a_change_of_the_same_season_or_nothing(world, sato):
    save(sato, read(sato, calendar(SHIPS, RACE)))
    page = read(sato, calendar(SHIPS, RACE))
    assert "New: 0. Changed: 0. As before: 2." in words_of(page.text) and "There is nothing new to save." in page.text
    assert 'value="save"' not in page.text
    moved = SHIPS.replace("20270423", "20270424")
    page = read(sato, calendar(moved, RACE))
    assert "New: 0. Changed: 1. As before: 1." in words_of(page.text)
    done = save(sato, page)
    ships = next(body for body in imported(world) if body.name["en"] == "Tall ships")
    assert ships.rule == DatedRule(ranges=[("2027-04-24", "2027-04-27")])
    submit(sato, sato.get(done.headers["location"]).text, "/desk/exchange/undo")
    ships = next(body for body in imported(world) if body.name["en"] == "Tall ships")
    assert ships.rule == DatedRule(ranges=[("2027-04-23", "2027-04-27")])


def test_what_somebody_adds_here_stays_when_the_calendar_is_read_again(world, sato):
    save(sato, read(sato, calendar(RACE)))
    race = next(imported(world))
    mine = replace(
        race, note={"en": "Ask the port."}, entered=[EnteredYear(year=2028, ranges=[("2028-08-05", "2028-08-05")])]
    )
    save_record(world.catalog, "dejima", mine, 1, Change(world.clock()))
    page = read(sato, calendar(RACE.replace("Boat race", "The boat race")))
    save(sato, page)
    after = next(imported(world))
    assert after == replace(mine, name={"en": "The boat race"})


def test_our_own_calendar_comes_back_as_it_went(world, sato):
    fill_site(world)
    feed = world.visitor().get("/calendar.ics?site=dejima&lang=en").text
    page = read(sato, feed)
    assert "New: 0. Changed: 0. As before: 1. Cannot be taken: 1." in words_of(page.text)
    assert "dates of an experience" in page.text
    lines = "DTSTART;VALUE=DATE:20281221", "DTEND;VALUE=DATE:20290101"
    page = read(sato, calendar(event("season.year-end.2028@dejima.dejima-xr", *lines, summary="Year's end")))
    assert "Changed: 1." in words_of(page.text)
    save(sato, page)
    body = load_record(world.catalog, Name("dejima", "season", "year-end")).body
    assert isinstance(body, Season) and body.entered == [EnteredYear(year=2028, ranges=[("2028-12-21", "2028-12-31")])]


def test_an_import_is_stale_when_a_season_has_moved_since_it_was_looked_at(world, sato):
    save(sato, read(sato, calendar(SHIPS)))
    page = read(sato, calendar(SHIPS.replace("20270423", "20270420")))
    ships = next(imported(world))
    save_record(world.catalog, "dejima", replace(ships, note={"en": "Mine."}), 1, Change(world.clock()))
    answer = save(sato, page)
    assert answer.status_code == 409 and "Meanwhile somebody has changed some of it" in answer.text
    assert next(imported(world)).note == {"en": "Mine."} and "Tall ships" in answer.text


def test_drafts_that_somebody_has_taken_up_are_not_taken_back(world, sato):
    done = save(sato, read(sato, calendar(SHIPS, RACE)))
    page = sato.get(done.headers["location"]).text
    ships = next(body for body in imported(world) if body.name["en"] == "Tall ships")
    save_record(world.catalog, "dejima", ships, 1, Change(world.clock()))
    assert submit(sato, page, "/desk/exchange/undo").status_code == 409
    assert len(list(imported(world))) == 2


WRONG = {
    "an end before its start": (
        event("a", "DTSTART;VALUE=DATE:20270428", "DTEND;VALUE=DATE:20270423"),
        "The last day lies before the first one",
    ),
    "31 February": (event("a", "DTSTART;VALUE=DATE:20270231"), "This cannot be read: DTSTART 20270231"),
    "a rule for 31 February": (
        event("a", "DTSTART;VALUE=DATE:20270228", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"),
        "names a day that never comes",
    ),
    "a rule that never matches": (
        event("a", "DTSTART;VALUE=DATE:20270228", "RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31;UNTIL=20290101"),
        "names a day that never comes",
    ),
    "every second": (event("a", "DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY"), "not by the hour, the minute"),
    "every second without a name": (
        event("a", "DTSTART:19700101T000000Z", "RRULE:FREQ=SECONDLY", summary=""),
        "not by the hour, the minute",
    ),
    "every second ten times": (
        event("a", "DTSTART:20270101T000000Z", "RRULE:FREQ=SECONDLY;COUNT=10"),
        "not by the hour",
    ),
    "a rule of weeks of the year": (
        event("a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=YEARLY;BYWEEKNO=1"),
        "is not understood",
    ),
    "an unknown frequency": (
        event("a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=FOO"),
        "This cannot be read: RRULE FREQ=FOO",
    ),
    "a first day beside its rule": (
        event("a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=YEARLY;BYMONTH=7;BYDAY=1SA"),
        "none of its rule’s days",
    ),
    "days left out of weeks": (
        event("a", "DTSTART;VALUE=DATE:20270104", "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20270111"),
        "Single days are left out",
    ),
    "the year 9999": (event("a", "DTSTART;VALUE=DATE:99991231"), "Years from 1900 to 2199"),
    "the year 1": (event("a", "DTSTART:00010101T000000Z"), "Years from 1900 to 2199"),
    "no name": (event("a", "DTSTART;VALUE=DATE:20270104", summary=""), "Give the season a name."),
    "no UID": ("BEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART;VALUE=DATE:20270104\r\nEND:VEVENT\r\n", "no UID or no DTSTART"),
    "called off": (event("a", "DTSTART;VALUE=DATE:20270104", "STATUS:CANCELLED"), "called off"),
    "one day of a series": (
        event("a", "DTSTART;VALUE=DATE:20270104", "RECURRENCE-ID;VALUE=DATE:20270105"),
        "Single days",
    ),
    "a duration that is none": (event("a", "DTSTART;VALUE=DATE:20270104", "DURATION:P9999999999D"), "cannot be read"),
    "the same UID": (event("ships@port.example", "DTSTART;VALUE=DATE:20270104"), "event of the same UID"),
    "the same name on the same days": (
        event("a", "DTSTART;VALUE=DATE:20270425"),
        "there is a season Tall ships already",
    ),
    "a thousand lines": (event("a", "DTSTART;VALUE=DATE:20270104", *["X-A:b"] * 1000), "too many lines"),
}


@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG)
def test_an_event_that_cannot_be_taken_says_why_and_the_others_are_taken(world, sato, wrong, said):
    page = read(sato, calendar(SHIPS, wrong, RACE))
    assert page.status_code == 200
    text = words_of(page.text).replace("'", "’")
    assert said in text and "New: 2. Changed: 0. As before: 0. Cannot be taken: 1." in text
    assert save(sato, page).status_code == 303
    assert {body.name["en"] for body in imported(world)} == {"Tall ships", "Boat race"}


def test_a_zone_that_changes_its_clock_every_second_is_not_even_read(world, sato):
    parts = ("TZID:Odd", "BEGIN:STANDARD", "DTSTART:16010101T000000", "RRULE:FREQ=SECONDLY", "TZOFFSETFROM:+0900")
    zone = "\r\n".join(["BEGIN:VTIMEZONE", *parts, "TZOFFSETTO:+0900", "END:STANDARD", "END:VTIMEZONE", ""])
    page = read(sato, calendar(zone, event("a", "DTSTART;TZID=Odd:20270104T180000", "DTEND;TZID=Odd:20270105T010000")))
    assert "New: 1." in words_of(page.text) and "Hours are left out" in page.text
    save(sato, page)
    assert next(imported(world)).rule == DatedRule(ranges=[("2027-01-04", "2027-01-05")])


TOO_MUCH = {
    "no calendar": ("hello", "first row names the columns"),
    "an empty one": (calendar(), "There is no event"),
    "too many events": (calendar(*(event(str(n), "DTSTART;VALUE=DATE:20270104") for n in range(301))), "300 events at most"),
    "too large": (calendar("X-A:" + "b" * 300_000 + "\r\n"), "256 kB at most"),
    "parts within parts": (calendar("BEGIN:VEVENT\r\n" * 15_000), "There is no event"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_no_calendar_or_too_much_of_one_is_refused_and_stays_in_the_form(world, sato, text, said):
    page = read(sato, text)
    assert page.status_code == 400 and said in page.text


def test_a_file_is_read_with_what_google_and_outlook_write(world, sato):
    lines = (
        "DTSTART;TZID=America/New_York:20270109T090000",
        "DTEND;TZID=America/New_York:20270109T100000",
        "RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20270301T145959Z;BYDAY=SA",
        "BEGIN:VALARM",
        "TRIGGER:-PT10M",
        "ACTION:DISPLAY",
        "END:VALARM",
    )
    feed = calendar(event("weekly@google.com", *lines, summary="土曜の\r\n 市")).encode()
    values = fill(fields_of(sato.get(PATH).text, PATH), step="preview", lang="ja")
    page = sato.post(PATH, data=values, files={"file": ("a.ics", feed, "text/calendar")})
    assert page.status_code == 200 and "土曜の市" in page.text
    save(sato, page)
    # nine in the morning of New York is the evening of the same day in Nagasaki
    assert next(imported(world)) == Season(
        id=next(imported(world)).id,
        name={"ja": "土曜の市"},
        rule=RecurringRule(rrule="FREQ=WEEKLY;UNTIL=20270301;BYDAY=SA;WKST=SU", starts_on="2027-01-09"),
    )


def test_the_addresses_of_our_calendar_stand_on_the_page(world, sato):
    assert "http://localhost/calendar.ics?site=dejima&amp;lang=ja" in sato.get(PATH).text


def test_an_undo_is_nobodys_link(world, sato):
    with pytest.raises(NotFound):
        load_record(world.catalog, Name("dejima", "season", "none"))
    answer = sato.post("/desk/exchange/undo", data={"csrf": sato.headers["X-CSRF-Token"], "saved": "x:year-end.1"})
    assert answer.status_code == 400
    assert load_record(world.catalog, Name("dejima", "season", "year-end")).revision == 1
