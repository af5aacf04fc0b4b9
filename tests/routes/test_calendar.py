"""The calendar of a site: what other programs read in it is what phones are told, all of it and nothing else."""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from icalendar import Calendar

from tests.calendars import days_of, read_events, unroll
from tests.routes.conftest import World
from tests.routes.visitor_world import fill_site, refresh
from tests.routes.visitor_world import replace as change_record
from tests.samples import HOUR_MS
from xr_server.domain.calendar_feed import Plan, Stamp, list_happenings
from xr_server.domain.catalog import Origin, Site
from xr_server.domain.published import Document
from xr_server.domain.schedule import Window, occurrences
from xr_server.domain.season import (
    Always,
    BetweenRule,
    ByRule,
    DatedRule,
    EnteredYear,
    InSeason,
    LunarRule,
    OnDates,
    RecurringRule,
    Schedule,
    Season,
    YearlyRule,
)
from xr_server.domain.season_days import season_ranges, season_spans
from xr_server.parts import Parts
from xr_server.routes.calendar import Told, write_calendar
from xr_server.storage.publish import read_snapshot

FILES = Path(__file__).parent.parent.parent / "content" / "dejima"
TODAY, FIRST, LAST = date(2026, 11, 24), date(2026, 1, 1), date(2031, 12, 31)
SITE = Site(
    id="dejima",
    name={"ja": "出島"},
    origin=Origin(lat=32.74352, lon=129.87316, h=3.0),
    time_zone="Asia/Tokyo",
    languages=["ja"],
    quiet_days=["08-09", "08-15"],
)
DOCUMENT: Document = {
    "language": "ja",
    "site": {"id": "dejima", "name": "出島", "time_zone": "Asia/Tokyo", "origin": {"lat": 32.74352, "lon": 129.87316}},
    "landmarks": [{"id": "megane", "lat": 32.7471, "lon": 129.8801}],
    "experiences": [{"id": "walk", "title": "夜の出島", "summary": "灯籠の、あかり。", "landmark": "megane"}],
}
MADE = {
    "weeks": Season(
        id="weeks", name={}, rule=RecurringRule(rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SA", starts_on="2026-03-05")
    ),
    "counted": Season(
        id="counted", name={}, rule=RecurringRule(rrule="FREQ=MONTHLY;BYDAY=-1FR;COUNT=9", starts_on="2024-12-31")
    ),
    "winter": Season(id="winter", name={}, rule=BetweenRule(first="12-01", last="02-29")),
    "entered": Season(
        id="entered",
        name={},
        rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=5;BYDAY=3MO", duration_days=3, valid_from=2026, valid_until=2030),
        former=[LunarRule(month=1, day=1, duration_days=15, valid_until=2025)],
        entered=[
            EnteredYear(year=2027, ranges=[("2027-06-01", "2027-06-02"), ("2027-06-09", "2027-06-09")]),
            EnteredYear(year=2029),
        ],
    ),
}


def bundled() -> dict[str, Season]:
    found = json.loads((FILES / "seasons.json").read_text(encoding="utf-8"))
    return {one["id"]: msgspec.convert({**one, "name": {"ja": one["id"]}}, Season) for one in found}


def write(seasons: dict[str, Season], schedules: list[Schedule], promotional: tuple[str, ...] = ()) -> bytes:
    stamps = {f"season/{name}": Stamp(revision=7, at_ms=1_795_485_600_000) for name in seasons}
    plan = Plan(
        site=SITE, seasons=list(seasons.values()), schedules=schedules, promotional=list(promotional), stamps=stamps
    )
    return write_calendar(Told(DOCUMENT, plan, "https://dejima.example"), TODAY)


@pytest.mark.parametrize("season", [*bundled().values(), *MADE.values()], ids=lambda season: season.id)
def test_a_season_is_the_same_days_in_another_program(season):
    events = read_events(write({season.id: season}, []))
    window = Window(FIRST, LAST)
    ours = [pair for pair in season_ranges(season, window) if pair[0] >= FIRST]
    begun = [(span.first_on, span.first_on) for span in season_spans(season, window) if span.last_on is None]
    assert days_of(events, FIRST, LAST) == sorted([*ours, *begun])
    assert len({str(event["UID"]) for event in events}) == len(events)


def test_the_dates_that_are_known_stand_in_the_calendar():
    events = read_events(write(bundled(), []))
    by_name = {name: [event for event in events if str(event["SUMMARY"]) == name] for name in bundled()}
    lantern = days_of(by_name["lantern-festival"], FIRST, date(2028, 12, 31))
    assert [first.isoformat() for first, _ in lantern] == ["2026-02-06", "2027-02-05", "2028-02-04"]
    assert [last.isoformat() for _, last in days_of(by_name["peiron"], FIRST, date(2028, 12, 31))] == [
        "2026-07-26",
        "2027-07-25",
        "2028-07-30",
    ]
    kunchi = by_name["kunchi"][0]
    assert kunchi["RRULE"].to_ical() == b"FREQ=YEARLY;BYMONTHDAY=7;BYMONTH=10"
    assert (kunchi["DTSTART"].to_ical(), kunchi["DTEND"].to_ical()) == (b"20251007", b"20251010")
    assert (str(kunchi["STATUS"]), kunchi["SEQUENCE"]) == ("CONFIRMED", 7)
    assert all("RRULE" not in event for event in by_name["chunjie"])
    open_end = [event for event in by_name["lantern-festival"] if "RRULE" in event]
    assert [str(event["STATUS"]) for event in open_end] == ["TENTATIVE"]
    assert open_end[0]["SUMMARY"].params["LANGUAGE"] == "ja"
    dutch = Season(id="dutch", name={"nl": "Koningsdag"}, rule=DatedRule(ranges=[("2027-04-27", "2027-04-27")]))
    assert read_events(write({"dutch": dutch}, []))[0]["SUMMARY"].params["LANGUAGE"] == "nl"
    assert "最終日" in str(open_end[0]["DESCRIPTION"])


PLANS = {
    "evenings": Schedule(
        id="a", experience="walk", days=InSeason(season="kunchi"), opens_at="18:00", closes_at="21:30"
    ),
    "past midnight": Schedule(
        id="a", experience="walk", days=InSeason(season="lantern-festival"), opens_at="22:00", closes_at="02:00"
    ),
    "in season": Schedule(id="a", experience="walk", days=InSeason(season="hata-age")),
    "own rule": Schedule(id="a", experience="walk", days=ByRule(rule=LunarRule(month=8, day=15, duration_days=2))),
    "weekdays": Schedule(id="a", experience="walk", days=InSeason(season="lantern-festival"), weekdays=["SA", "SU"]),
    "fixed": Schedule(
        id="a",
        experience="walk",
        days=OnDates(ranges=[("2027-12-30", "2028-01-04")]),
        except_on=[("2028-01-01", "2028-01-01")],
    ),
    "whole nights": Schedule(
        id="a",
        experience="walk",
        days=OnDates(ranges=[("2027-12-30", "2028-01-04")]),
        opens_at="18:00",
        closes_at="18:00",
    ),
}


@pytest.mark.parametrize("schedule", PLANS.values(), ids=PLANS)
def test_an_experience_is_on_at_the_same_moments_in_another_program(schedule):
    body = write(bundled(), [schedule])
    events = [event for event in read_events(body) if str(event["UID"]).startswith("experience.")]
    theirs = sorted(pair for event in events for pair in unroll(event, FIRST, LAST))
    assert events and all("夜の出島" in str(event["SUMMARY"]) for event in events)
    if not isinstance(theirs[0][0], datetime):
        theirs = [tuple(datetime(d.year, d.month, d.day, tzinfo=None).astimezone(UTC) for d in pair) for pair in theirs]
        theirs = [tuple(at_home(moment) for moment in pair) for pair in theirs]
    ours = occurrences(schedule, bundled(), Window(FIRST, LAST), SITE)
    assert theirs == ours


def at_home(moment: datetime) -> datetime:
    """Midnight of the same calendar day in Nagasaki, whatever the zone of the machine that runs this."""
    local = moment.astimezone()
    return datetime.fromisoformat(f"{local:%Y-%m-%d}T00:00:00+09:00").astimezone(UTC)


def test_what_is_always_on_is_no_event_and_nothing_is_promoted_on_a_quiet_day():
    always = Schedule(id="a", experience="walk", days=Always())
    august = Schedule(id="b", experience="walk", days=OnDates(ranges=[("2027-08-08", "2027-08-16")]))
    assert read_events(write({}, [always], ("walk",))) == []
    days = days_of(read_events(write({}, [august], ("walk",))), FIRST, LAST)
    assert [(first.day, last.day) for first, last in days] == [(8, 8), (10, 14), (16, 16)]


def test_a_rule_for_each_day_of_the_year_stays_small():
    sun = Schedule(id="a", experience="walk", days=Always(), opens_at="09:00", closes_at="sunset")
    plan = Plan(site=SITE, seasons=[], schedules=[sun], promotional=[], stamps={})
    assert 200 < len(list_happenings(plan, TODAY)) <= 400
    daily = Season(id="daily", name={}, rule=RecurringRule(rrule="FREQ=DAILY", starts_on="1950-01-01"))
    assert len(read_events(write({"daily": daily}, []))) == 1


def test_lines_end_and_fold_as_the_standard_says():
    season = Season(
        id="long",
        name={"ja": "長崎の、とても;長い名前。\n" * 30},
        rule=DatedRule(ranges=[("2027-01-01", "2027-01-02")]),
    )
    body = write({"long": season}, [])
    lines = body.split(b"\r\n")
    assert lines.pop() == b"" and b"\n" not in b"".join(lines) and max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no character is cut in two
    calendar = Calendar.from_ical(body)
    assert len(calendar.walk("VTIMEZONE")) == 1 and str(calendar.walk("VTIMEZONE")[0]["TZID"]) == "Asia/Tokyo"
    event = calendar.walk("VEVENT")[0]
    assert str(event["SUMMARY"]) == season.name["ja"]
    assert event["GEO"].to_ical() == "32.74352;129.87316" and str(event["URL"]) == "https://dejima.example/ja/dejima/"


def test_the_address_gives_what_is_published_in_the_language_asked_for(world: World):
    fill_site(world)
    client = world.visitor()
    page = client.get("/ja/dejima/").text
    assert 'href="/calendar.ics?site=dejima&amp;lang=ja"' in page
    answer = client.get("/calendar.ics?site=dejima&lang=ja")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/calendar; charset=utf-8"
    names = {str(event["SUMMARY"]) for event in read_events(answer.content)}
    assert names == {"年の瀬", "水門のevening"}
    evening = next(event for event in read_events(answer.content) if "evening" in str(event["UID"]))
    assert str(evening["URL"]) == "http://localhost/ja/dejima/experiences/evening"
    assert evening["GEO"].to_ical() == "32.7437;129.8723"
    assert {str(event["SUMMARY"]) for event in read_events(client.get("/calendar.ics").content)} == {
        "Year's end",
        "The gate by evening",
    }
    again = client.get("/calendar.ics?site=dejima&lang=ja", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/calendar.ics?site=nowhere").status_code == 404
    assert client.get("/calendar.ics?site=dejima&lang=xx").status_code == 404


def test_a_change_keeps_the_name_of_an_event_and_raises_its_number(world: World):
    fill_site(world)
    client = world.visitor()

    def read() -> dict[str, tuple[int, str]]:
        events = read_events(client.get("/calendar.ics?site=dejima&lang=en").content)
        return {str(event["UID"]): (event["SEQUENCE"], str(event["LAST-MODIFIED"].to_ical())) for event in events}

    before = read()
    world.clock.at += HOUR_MS
    dates = OnDates(ranges=[("2026-12-05", "2026-12-08")])
    world.publish(Schedule(id="more", experience="evening", days=dates))
    refresh(world)
    after = read()
    assert {uid: after[uid] for uid in before} == before and len(after) == len(before) + 1
    longer = Schedule(
        id="evenings",
        experience="evening",
        days=OnDates(ranges=[("2026-12-05", "2026-12-07")]),
        opens_at="18:00",
        closes_at="21:00",
    )
    change_record(world, longer, "schedule")
    refresh(world)
    changed = {uid for uid, value in read().items() if value != after[uid]}
    assert len(changed) == 1 and all(
        read()[uid][0] > after[uid][0] and read()[uid][1] > after[uid][1] for uid in changed
    )


def test_the_calendar_is_there_when_the_catalog_is_not(world: World):
    fill_site(world)
    served = world.visitor().get("/calendar.ics?site=dejima&lang=ja").content
    parts: Parts = world.app.state.parts
    site = read_snapshot(parts.settings.package_dir).sites["dejima"]
    assert site.plan is not None
    assert (
        write_calendar(Told(site.documents["ja"].document, site.plan, "http://localhost"), site.compiled_for_on)
        == served
    )


@pytest.mark.long
def test_a_real_calendar_program_shows_the_festivals(tmp_path: Path):
    khal = shutil.which("khal")
    if khal is None:
        pytest.skip("khal is not installed here")
    feed, config = tmp_path / "feed.ics", tmp_path / "config"
    feed.write_bytes(write(bundled(), []))
    config.write_text(
        f"[calendars]\n[[dejima]]\npath = {tmp_path / 'calendar'}\n[sqlite]\npath = {tmp_path / 'khal.db'}\n"
        "[locale]\nlocal_timezone = Asia/Tokyo\ndefault_timezone = Asia/Tokyo\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ntimeformat = %H:%M\ndatetimeformat = %Y-%m-%d %H:%M\n"
        "longdatetimeformat = %Y-%m-%d %H:%M\n",
        encoding="utf-8",
    )
    (tmp_path / "calendar").mkdir()
    subprocess.run([khal, "-c", str(config), "import", "--batch", "-a", "dejima", str(feed)], check=True)
    for first, days, name in (
        ("2027-02-05", "1d", "lantern-festival"),
        ("2027-10-09", "1d", "kunchi"),
        ("2027-02-06", "1d", "chunjie"),
    ):
        listed = subprocess.run(
            [khal, "-c", str(config), "list", first, days], check=True, capture_output=True, text=True
        )
        assert name in listed.stdout
