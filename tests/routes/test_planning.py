import re
import threading

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from tests.routes.forms import fields_of, submit
from tests.routes.test_dates import PATH, schedule, send
from tests.routes.test_dates import sato as sato  # noqa: PLC0414 - a fixture
from tests.samples import GATE
from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Experience, Trigger
from xr_server.domain.lanes import count_expansions
from xr_server.domain.rally import Rally
from xr_server.domain.season import OnDates, Schedule, Season, YearlyRule
from xr_server.routes.pages import environment
from xr_server.routes.planning import prepare_pages
from xr_server.storage.catalog import Change, Name, list_records, publish_record, save_record

YEAR = "/desk/calendar/2027"
MONTH = f"{YEAR}/2"


def bars(page):
    """What each bar says, in order."""
    return re.findall(r'aria-label="([^"]*\d{4}[^"]*)"', page.partition("<tbody")[2])


def save(world, body):
    revision = save_record(world.catalog, "dejima", body, None, Change(world.clock()))
    return Name("dejima", "season" if isinstance(body, Season) else "schedule", body.id), revision


def dated(name, *ranges, experience="wall", **more):
    return Schedule(id=name, experience=experience, days=OnDates(ranges=list(ranges)), **more)


def test_the_year_has_the_seasons_on_top_and_a_lane_for_each_landmark_with_something(world, sato):
    world.publish(
        dated("wall", ("2027-02-05", "2027-02-07"), ("2027-12-30", "2028-01-03"), opens_at="18:00", closes_at="21:00")
    )
    page = sato.get(YEAR).text
    assert re.findall(r'<th scope="row"><a class="tall" href="[^"]*">([^<]*)', page) == ["Seasons", "Water Gate"]
    assert bars(page) == [
        "Year&#39;s end, 20 December 2027 (Mon) to 31 December 2027 (Fri)",
        "Garland, 1 January 2027 (Fri) to 31 December 2027 (Fri)",
        "The wall, 5 February 2027 (Fri) to 31 December 2027 (Fri), 18:00 to 21:00",
    ]
    assert f'href="{PATH}?schedule=wall"' in page and 'href="/desk/seasons/year-end"' in page
    assert "The wall" not in sato.get("/desk/calendar/2026?landmark=water-gate").text.partition("clashes")[0]


def test_drafts_are_marked_and_left_out_where_only_what_visitors_see_is_asked_for(world, sato):
    save(world, dated("wall", ("2027-02-05", "2027-02-07")))
    shown, published = sato.get(MONTH).text, sato.get(f"{MONTH}?show=published").text
    assert "The wall, 5 February 2027 (Fri) to 7 February 2027 (Sun), draft" in bars(shown)
    assert [words for words in bars(published) if "wall" in words] == [
        "The wall, 1 February 2027 (Mon) to 28 February 2027 (Sun)"  # without published dates it is on every day
    ]


def test_the_month_has_an_empty_place_on_every_day_that_leads_to_the_form_filled_in(world, sato):
    page = sato.get(MONTH).text
    lanes = page.split('<tbody class="lane')[1:]
    for lane in lanes:
        assert set(re.findall(r'data-day="([\d-]+)"', lane)) == {f"2027-02-{day:02}" for day in range(1, 29)}
    assert 'href="/desk/calendar/add?landmark=water-gate&amp;first=2027-02-09&amp;last=2027-02-09"' in lanes[1]
    assert 'href="/desk/seasons/new?first=2027-02-09&amp;last=2027-02-09"' in lanes[0]
    season = sato.get("/desk/seasons/new?first=2027-02-09&last=2027-02-11").text
    kept = fields_of(season, "/desk/seasons/new")
    assert ("first", "2027-02-09") in kept and ("last", "2027-02-11") in kept and ("kind", "dated") in kept
    assert list_records(world.catalog, "dejima", "schedule") == []


def lane_of(page, kind):
    """The part of a calendar's page that is the first lane of a kind."""
    return re.split(r'class="lane lane-', page.partition(f"lane lane-{kind}")[2])[0]


def test_campaigns_and_rallies_have_lanes_that_lead_to_their_pages_and_drafts_are_marked(world, sato):
    for path in (YEAR, MONTH, f"{MONTH}/7"):
        assert "lane-campaigns" not in sato.get(path).text and "lane-rallies" not in sato.get(path).text
    world.publish(Campaign(id="kinen", title={"en": "Memorial"}, first_on="2027-01-20", last_on="2027-02-10"))
    rally = Rally(
        id="haru", title={"en": "Spring walk"}, landmarks=["water-gate"], first_on="2027-02-07", last_on="2027-02-07"
    )
    save_record(world.catalog, "dejima", rally, None, Change(world.clock()))
    year, month, day = (sato.get(path).text for path in (YEAR, MONTH, f"{MONTH}/7"))
    for page in (year, month, day):
        assert 'href="/desk/campaigns/kinen"' in lane_of(page, "campaigns")
        assert "Spring walk, 7 February 2027 (Sun), draft" in lane_of(page, "rallies")
        assert 'href="/desk/rallies/haru"' in lane_of(page, "rallies") and "draft" not in lane_of(page, "campaigns")
        kinds = re.findall(r"lane lane-(\w+)", page)
        assert kinds[:3] == ["seasons", "campaigns", "rallies"] and set(kinds[3:]) == {"landmark"}
    assert "Memorial, 1 February 2027 (Mon) to 10 February 2027 (Wed)" in lane_of(month, "campaigns")
    assert "Memorial, 20 January 2027 (Wed) to 10 February 2027 (Wed)" in lane_of(year, "campaigns")
    assert "Memorial" not in sato.get(f"{YEAR}/2/11").text
    published = sato.get(f"{MONTH}?show=published").text
    assert "lane-campaigns" in published and "lane-rallies" not in published


def test_the_page_of_a_landmark_has_the_rallies_that_lead_there_and_no_campaigns(world, sato):
    world.publish(replace(GATE, id="house", name={"en": "House"}))
    days = {"first_on": "2027-02-07", "last_on": "2027-02-09"}
    world.publish(Campaign(id="kinen", title={"en": "Memorial"}, **days))
    world.publish(Rally(id="haru", title={"en": "Spring walk"}, landmarks=["house", "water-gate"], **days))
    world.publish(Rally(id="natsu", title={"en": "Summer walk"}, landmarks=["house"], **days))
    page = sato.get(f"{MONTH}?landmark=water-gate").text
    assert "Spring walk" in lane_of(page, "rallies") and "Summer walk" not in page and "Memorial" not in page


def test_an_empty_place_beside_a_campaign_or_a_rally_opens_the_form_of_a_new_one_with_its_days(world, sato):
    days = {"first_on": "2027-01-01", "last_on": "2027-01-02"}
    world.publish(Campaign(id="kinen", title={"en": "Memorial"}, **days))
    world.publish(Rally(id="haru", title={"en": "Spring walk"}, landmarks=["water-gate"], **days))
    month = sato.get(MONTH).text
    for kind, called in (("campaigns", "campaign"), ("rallies", "rally")):
        form = f"/desk/{kind}/new"
        assert f'href="{form}?first=2027-02-09&amp;last=2027-02-09" tabindex="-1"' in lane_of(month, kind)
        asked = {"first": "2027-02-12", "last": "2027-02-10", "what": f"new:{called}"}
        gone_on = sato.get("/desk/calendar/add", params=asked, follow_redirects=False).headers["location"]
        assert gone_on == f"{form}?first=2027-02-10&last=2027-02-12"
        kept = dict(fields_of(sato.get(gone_on).text, form))
        assert (kept["first_on"], kept["last_on"]) == ("2027-02-10", "2027-02-12")
        assert dict(fields_of(sato.get(form).text, form))["first_on"] == ""
        assert sato.get(f"{form}?first=31+February").status_code == 400


def test_from_an_empty_place_to_dates_that_are_published(world, sato):
    adding = sato.get("/desk/calendar/add?landmark=water-gate&first=2027-02-09&last=2027-02-09").text
    assert "Add days at Water Gate" in adding
    values = dict(fields_of(adding, "/desk/calendar/add"))
    assert values["first"] == values["last"] == "2027-02-09"
    chosen = {**values, "last": "2027-02-08", "what": "wall"}  # drawn backwards
    gone_on = sato.get("/desk/calendar/add", params=chosen, follow_redirects=False).headers["location"]
    assert gone_on == f"{PATH}?schedule=new&first=2027-02-08&last=2027-02-09"
    form = sato.get(gone_on).text
    assert "8 February 2027 (Mon) to 9 February 2027 (Tue), all day" in form and "Not saved yet" in form
    assert list_records(world.catalog, "dejima", "schedule") == []
    assert submit(sato, form, PATH, step="publish").status_code == 303
    assert schedule(world).body.days == OnDates(ranges=[("2027-02-08", "2027-02-09")])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": "-"}, "Choose what is to be on"),
        ({"what": "nothing"}, "Choose what is to be on"),
        ({"what": "wall", "first": "31 February"}, "Choose the days again"),
    ],
)
def test_what_cannot_be_added_is_said_and_what_was_chosen_stays(sato, values, words):
    asked = {"landmark": "water-gate", "first": "2027-02-09", "last": "2027-02-10", **values}
    answer = sato.get("/desk/calendar/add", params=asked)
    assert answer.status_code == 400 and words in answer.text
    assert ("last", "2027-02-10") in fields_of(answer.text, "/desk/calendar/add")


def test_fixed_days_are_moved_by_an_address_or_a_number_and_saved_by_nobody_but_the_person(world, sato):
    world.publish(dated("wall", ("2027-02-05", "2027-02-07"), ("2027-02-20", "2027-02-20")))
    move = re.search(r'data-move="([^"]*moved=2027-02-05[^"]*)"', sato.get(MONTH).text)
    assert move is not None
    form = sato.get(move[1].replace("&amp;", "&") + "-3").text
    days = [value for name, value in fields_of(form, PATH) if name in ("first", "last") and value]
    assert days == ["2027-02-02", "2027-02-04", "2027-02-20", "2027-02-20"]
    assert "2 February 2027 (Tue) to 4 February 2027 (Thu)" in form
    typed = send(sato, "move", by="1").text
    days = [value for name, value in fields_of(typed, PATH) if name in ("first", "last") and value]
    assert days == ["2027-02-06", "2027-02-08", "2027-02-21", "2027-02-21"]
    assert schedule(world).body.days == OnDates(ranges=[("2027-02-05", "2027-02-07"), ("2027-02-20", "2027-02-20")])
    published = submit(sato, typed, PATH, step="publish")
    assert schedule(world).body.days == OnDates(ranges=[("2027-02-06", "2027-02-08"), ("2027-02-21", "2027-02-21")])
    undone = submit(sato, sato.get(published.headers["location"]).text, "/desk/undo")
    assert "Put back as it was" in sato.get(undone.headers["location"]).text


@pytest.mark.parametrize("by", ["soon", "99999999", "4000", "--3", "١"])
def test_a_number_of_days_that_is_none_is_refused_and_the_days_stay(world, sato, by):
    save(world, dated("wall", ("2027-02-05", "2027-02-07")))
    for answer in (send(sato, "move", by=by), sato.get(PATH, params={"schedule": "wall", "by": by})):
        assert answer.status_code == 400 and "Say by how many days" in answer.text
        assert ("first", "2027-02-05") in fields_of(answer.text, PATH)


def test_days_are_not_moved_out_of_all_calendars(world, sato):
    save(world, dated("wall", ("2199-12-31", "2199-12-31")))
    answer = sato.get(f"{PATH}?schedule=wall&by=1")
    assert answer.status_code == 400 and ("first", "2199-12-31") in fields_of(answer.text, PATH)


def test_what_follows_from_a_rule_cannot_be_moved_by_hand(world, sato):
    world.publish(Schedule(id="wall", experience="wall", days=OnDates(ranges=[("2027-03-01", "2027-03-01")])))
    assert "data-move" not in sato.get(MONTH).text


def test_two_that_need_the_place_for_themselves_are_pointed_out_before_they_are_saved(world, sato):
    evening = {"opens_at": "18:00", "closes_at": "21:00"}
    world.publish(dated("garland", ("2026-12-05", "2026-12-25"), experience="garland", exclusive=True, **evening))
    typed = {"days": "dates", "first": "2026-12-24", "last": "2026-12-26", "exclusive": "yes", **evening}
    for step in ("publish", "save"):
        told = send(sato, step, **typed)
        assert told.status_code == 200 and "Look at this before it is saved" in told.text
        assert (
            "Garland and The wall both need Water Gate for themselves: 24 December 2026 (Thu) 18:00 to 21:00"
            in told.text
        )
        assert list_records(world.catalog, "dejima", "schedule")[-1].id == "garland"  # nothing was saved
        assert dict(fields_of(told.text, PATH))["exclusive"] == "yes" and 'value="2026-12-24"' in told.text
    moved = submit(sato, told.text, PATH, step="save", first="2026-12-25", last="2026-12-25")
    assert (
        moved.status_code == 200 and "25 December 2026 (Fri) 18:00" in moved.text
    )  # another collision than the one shown
    assert submit(sato, moved.text, PATH, step="save").status_code == 303  # meant so
    page = sato.get("/desk/calendar/2026/12").text
    assert 'class="clash grave"' in page and "both need Water Gate for themselves" in page
    saved = sato.get(f"{PATH}?schedule=wall").text
    assert submit(sato, saved, PATH, step="save", exclusive="").status_code == 303
    assert "both need" not in sato.get("/desk/calendar/2026/12").text


def test_days_far_ahead_are_previewed_and_looked_at_for_collisions(world, sato):
    world.publish(dated("garland", ("2031-05-01", "2031-05-09"), experience="garland", exclusive=True))
    typed = {"days": "dates", "first": "2031-05-08", "last": "2031-05-10", "exclusive": "yes"}
    page = send(sato, "preview", **typed).text
    assert "8 May 2031 (Thu) to 10 May 2031 (Sat), all day" in page and "both need Water Gate" in page
    over = send(sato, "preview", days="dates", first="2026-11-01", last="2026-11-02").text
    assert "There is no such day" in over
    for day in ("9999-12-31", "0001-01-01"):
        far = send(sato, "save", days="dates", first=day, last=day, exclusive="yes")
        assert far.status_code == 400 and "Years from 1900 to 2199 can be planned" in far.text and day in far.text


def test_the_calendar_says_what_is_missing_where_nothing_is_on_and_what_has_no_last_day(world, sato):
    world.publish(dated("wall", ("2027-02-05", "2027-02-07")))
    world.publish(dated("garland", ("2027-02-06", "2027-02-20"), experience="garland"))
    world.publish(
        Season(id="lanterns", name={"en": "Lanterns"}, rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYDAY=1FR"))
    )
    page = sato.get(MONTH).text
    assert "There is nothing on at Water Gate: 21 February 2027 (Sun) to 28 February 2027 (Sun)." in page
    assert 'href="/desk/calendar/add?landmark=water-gate&amp;first=2027-02-21&amp;last=2027-02-28"' in page
    assert "Lanterns begins on 5 February 2027 (Fri) and has no last day yet" in page
    assert "Garland lacks texts in 日本語" in page and "The wall stands on no surveyed point" in page
    early = sato.get("/desk/calendar/2026/11").text  # days that are over are no gaps: today is the 24th
    assert (
        "24 November 2026 (Tue) to 30 November 2026 (Mon)" in early
        and "1 November 2026" not in early.partition("clashes")[2]
    )


def test_a_model_that_is_not_built_and_a_scene_that_is_not_there_are_named(world, sato):
    save_record(
        world.catalog,
        "dejima",
        Experience(
            id="lost", title={"en": "Lost"}, landmark="water-gate", scene="nowhere", trigger=Trigger(kind="geofence")
        ),
        None,
        Change(world.clock()),
    )
    assert "The scene of Lost is not there or not published" in sato.get(MONTH).text
    assert "The scene of Lost" in sato.get("/desk/dates/lost").text


def test_a_landmark_that_is_not_published_has_a_lane_of_its_own_all_the_same(world, sato):
    common = {"scene": "wall", "trigger": Trigger(kind="geofence"), "title": {"en": "Lost"}}
    world.publish(Experience(id="lost", landmark="not-there", **common))
    for path in (YEAR, MONTH, f"{YEAR}/2/7"):
        page = sato.get(f"{path}?show=published").text
        assert page.count("lane-seasons") == 1 and ">not-there<" in page
    assert "Lost, 1 February" in sato.get(f"{MONTH}?landmark=not-there").text


def test_a_day_has_its_hours_also_those_of_the_evening_before(world, sato):
    world.publish(dated("wall", ("2027-02-06", "2027-02-06"), opens_at="20:00", closes_at="02:00"))
    the_day, after = sato.get(f"{YEAR}/2/6").text, sato.get(f"{YEAR}/2/7").text
    assert "The wall · 20:00 to 02:00" in the_day and 'x="83.33%" width="16.67%"' in the_day
    assert "The wall · 20:00 to 02:00" in after and 'x="0.0%" width="8.33%"' in after
    assert "The wall" not in sato.get(f"{YEAR}/2/8").text.partition("clashes")[0]
    assert 'name="at" type="datetime-local" value="2027-02-06T12:00"' in the_day
    assert "quiet day" in sato.get(f"{YEAR}/8/9").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("2027/13", 400), ("2027/2/29", 400), ("2027/0", 400), ("soon", 404), ("2027/x", 404), ("99999", 404),
        ("1899", 400), ("2200", 400), ("2027?landmark=nowhere", 404), ("1900/1/1", 200), ("2199/12/31", 200),
    ],
)  # fmt: skip
def test_times_outside_every_calendar_are_pages_that_say_so(sato, path, status):
    assert sato.get(f"/desk/calendar/{path}").status_code == status


def test_one_landmark_alone_shows_all_its_rows(world, sato):
    world.publish(replace(GATE, id="house", name={"en": "House"}))
    for number in range(9):
        ranges = [(f"2027-02-{day:02}", f"2027-02-{day + 1:02}") for day in range(1 + number % 2, 27, 4)]
        world.publish(dated(f"wall-{number}", *ranges))
    page = sato.get(MONTH).text
    more = re.search(r'href="([^"]*landmark=water-gate)">(\d+) more', page)
    assert more is not None and len(bars(sato.get(more[1].replace("&amp;", "&")).text)) == len(bars(page)) + int(
        more[2]
    )


def test_what_is_prepared_of_the_pages_is_all_that_they_are_made_of(sato, monkeypatch):
    pages, compiled = environment(), []
    pages.cache.clear()
    prepare_pages()
    compiling = pages.compile
    monkeypatch.setattr(pages, "compile", lambda *told: compiled.append(told[1]) or compiling(*told))
    for path in (YEAR, MONTH, f"{MONTH}/7"):
        assert sato.get(path).status_code == 200
    assert compiled == []


def test_the_year_asks_the_database_for_a_fixed_number_of_things_and_expands_each_rule_once(world, sato):
    for number in range(12):
        world.publish(dated(f"wall-{number}", (f"2027-03-{number + 1:02}", f"2027-03-{number + 2:02}")))
    asked: list[str] = []

    def hear(*told):
        if threading.current_thread().name not in ("snapshot", "foresight"):  # these look for themselves meanwhile
            asked.append(told[2])

    event.listen(world.catalog, "before_cursor_execute", hear)
    sato.get(YEAR)
    first, before = len(asked), count_expansions()
    name, revision = save(world, dated("wall-12", ("2027-04-01", "2027-04-09")))
    publish_record(world.catalog, name, revision, Change(world.clock()))
    asked.clear()
    sato.get(YEAR)
    assert len(asked) == first and count_expansions() == before + 1
