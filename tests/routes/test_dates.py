from zoneinfo import ZoneInfo

import pytest

from tests.routes.forms import fields_of, submit
from xr_server.domain.catalog import Experience, Node, Placement, Scene, Trigger
from xr_server.domain.season import InSeason, OnDates, Schedule, Season, YearlyRule
from xr_server.storage.catalog import Change, Name, list_records, load_record, save_record

TOKYO = ZoneInfo("Asia/Tokyo")
PATH = "/desk/dates/wall"


@pytest.fixture
def sato(world):
    """Staff, with the experience `wall` published, and one `garland` that rests on quiet days."""
    digest = world.built_scan().package_digest
    place = Placement(lat=32.7437, lon=129.8723, h=34.5, accuracy_m=15)
    world.publish(Scene(id="wall", landmark="water-gate", nodes=[Node(id="scan", package=digest, placement=place)]))
    common = {"landmark": "water-gate", "scene": "wall", "trigger": Trigger(kind="geofence")}
    world.publish(Experience(id="wall", title={"en": "The wall", "ja": "石垣"}, **common))
    world.publish(Experience(id="garland", title={"en": "Garland"}, promotional=True, **common))
    return world.sign_in("sato")


def send(client, step, path=PATH, **typed):
    return submit(client, client.get(path).text, path, step=step, **typed)


def schedule(world):
    (stored,) = list_records(world.catalog, "dejima", "schedule")
    assert isinstance(stored.body, Schedule)
    return stored


def experiences(world):
    world.app.state.parts.published.refresh()
    answer = world.visitor().get("/api/v1/sites/dejima?lang=en", headers={"Accept": "application/json"})
    return {experience["id"]: experience for experience in answer.json()["experiences"]}


def test_fixed_dates_with_hours_are_previewed_saved_and_published(world, sato):
    typed = {
        "first": ["2026-12-05", "2026-12-24"],
        "last": ["2026-12-06", ""],
        "opens_at": "18:00",
        "closes_at": "21:00",
    }
    preview = send(sato, "preview", days="dates", **typed)
    assert "5 December 2026 (Sat) to 6 December 2026 (Sun), daily 18:00 to 21:00" in preview.text
    assert "24 December 2026 (Thu) 18:00 to 21:00" in preview.text and "Not saved yet" in preview.text
    assert list_records(world.catalog, "dejima", "schedule") == []
    saved = submit(sato, preview.text, PATH, step="save")
    assert saved.headers["location"] == f"{PATH}?schedule=wall&done=dates_saved"
    assert schedule(world).body.days == OnDates(ranges=[("2026-12-05", "2026-12-06"), ("2026-12-24", "2026-12-24")])
    assert len(experiences(world)["wall"]["occurrences"]) == 1  # not dated yet: always on
    page = sato.get(saved.headers["location"]).text
    published = submit(sato, page, PATH, step="publish")
    assert "The dates are published" in sato.get(published.headers["location"]).text
    assert experiences(world)["wall"]["occurrences"] == [
        ["2026-12-05T09:00:00Z", "2026-12-05T12:00:00Z"],
        ["2026-12-06T09:00:00Z", "2026-12-06T12:00:00Z"],
        ["2026-12-24T09:00:00Z", "2026-12-24T12:00:00Z"],
    ]


def test_a_season_is_chosen_by_its_name_and_undone_as_it_was(world, sato):
    page = sato.get(PATH).text
    assert '<option value="year-end">Year&#39;s end</option>' in page
    published = send(sato, "publish", days="season", season="year-end")
    assert schedule(world).body.days == InSeason(season="year-end")
    assert experiences(world)["wall"]["occurrences"] == [["2026-12-19T15:00:00Z", "2026-12-31T15:00:00Z"]]
    undone = submit(sato, sato.get(published.headers["location"]).text, "/desk/undo")
    assert "Put back as it was" in sato.get(undone.headers["location"]).text
    assert schedule(world).state == "draft"
    assert len(experiences(world)["wall"]["occurrences"]) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"days": "dates"}, "at least one day"),
        ({"days": "season"}, "Choose the season"),
        ({"days": "season", "season": "rain"}, "Choose the season"),
        ({"days": "dates", "first": "2026-12-06", "last": "2026-12-05"}, "Exchange them"),
        ({"days": "dates", "first": "06/12/2026", "last": ""}, "Choose the days again"),
        ({"days": "always", "opens_at": "18:00"}, "Give both hours"),
        ({"days": "always", "opens_at": "18:00", "closes_at": "18:00"}, "the same hour"),
        ({"days": "always", "opens_at": "6pm", "closes_at": "21:00"}, "written like 18:00"),
        ({"days": ""}, "at least one day"),
    ],
)
def test_dates_that_mean_nothing_are_said_and_everything_typed_stays(world, sato, typed, words):
    typed = {"first": "2026-12-01", "last": "2026-12-02", **typed} if "first" in typed else {**typed, "first": ""}
    for step in ("preview", "save", "publish"):
        answer = send(sato, step, **typed)
        assert answer.status_code == 400 and words in answer.text
    kept = dict(fields_of(answer.text, PATH))
    assert all(
        kept.get(name, value) == value for name, value in typed.items() if name not in ("season", "first", "last")
    )
    assert typed["first"] in answer.text and typed.get("last", "") in answer.text
    assert list_records(world.catalog, "dejima", "schedule") == []


def test_more_rows_keep_what_was_typed(sato):
    typed = {"days": "dates", "first": ["2026-12-05", "2026-12-07"], "last": ["2026-12-06", ""]}
    answer = send(sato, "row", **typed)
    fields = fields_of(answer.text, PATH)
    assert [value for name, value in fields if name == "first"] == ["2026-12-05", "2026-12-07", "", ""]


def test_somebody_elses_newer_dates_are_shown_beside_what_was_typed(world, sato):
    send(sato, "save", days="dates", first="2026-12-05")
    mine = sato.get(PATH).text
    send(sato, "save", days="dates", first="2026-12-10", last="")
    stale = submit(sato, mine, PATH, step="save", first="2026-12-20", last="")
    assert stale.status_code == 409 and "Nothing of theirs was overwritten" in stale.text
    assert 'value="2026-12-20"' in stale.text and "10 December 2026 (Thu), all day" in stale.text
    assert schedule(world).body.days == OnDates(ranges=[("2026-12-10", "2026-12-10")])
    assert submit(sato, stale.text, PATH, step="save").status_code == 303
    assert schedule(world).body.days == OnDates(ranges=[("2026-12-20", "2026-12-20")])


def test_an_experience_can_have_other_dates_besides(world, sato):
    send(sato, "publish", days="dates", first="2026-12-05")
    send(sato, "publish", path=PATH, schedule="new", revision="0", days="dates", first="2026-12-10", last="2026-12-10")
    assert [stored.id for stored in list_records(world.catalog, "dejima", "schedule")] == ["wall", "wall-2"]
    assert len(experiences(world)["wall"]["occurrences"]) == 2
    assert f"{PATH}?schedule=wall-2" in sato.get(f"{PATH}?schedule=wall").text
    besides = sato.get(f"{PATH}?schedule=new").text
    assert "what is on already stays" in besides and "once published it is always on" not in besides


def test_the_dates_of_what_is_not_there_are_a_page_that_leads_on(sato):
    answer = sato.get("/desk/dates/nothing")
    assert answer.status_code == 404 and "Choose it from the list" in answer.text


def test_the_revision_that_is_published_is_the_one_that_was_typed(world, sato):
    send(sato, "publish", days="dates", first="2026-12-05")
    send(sato, "save", days="dates", first="2026-12-06", last="2026-12-06")
    assert experiences(world)["wall"]["occurrences"] == [["2026-12-04T15:00:00Z", "2026-12-05T15:00:00Z"]]
    page = sato.get(PATH).text
    assert "newer than the published dates" in page
    submit(sato, page, PATH, step="publish")
    assert experiences(world)["wall"]["occurrences"] == [["2026-12-05T15:00:00Z", "2026-12-06T15:00:00Z"]]
    stored = load_record(world.catalog, Name("dejima", "schedule", "wall"))
    assert (stored.revision, stored.published_revision, stored.state) == (2, 2, "published")


RULED = {
    "days": "rule", "kind": "weekday", "weekday_month": "12", "nth": "1", "weekday": "SA", "duration": "9",
    "weekdays": ["SA", "SU"], "days_off": "also", "left_first": "2026-12-06", "left_last": "",
    "opens_by": "sunset", "closes_at": "21:00",
}  # fmt: skip


def test_a_rule_weekdays_days_left_out_and_the_sun_are_typed_previewed_and_published(world, sato):
    preview = send(sato, "preview", **RULED)
    assert preview.status_code == 200
    assert "5 December 2026 (Sat) 17:1" in preview.text and "6 December" not in preview.text.partition("preview")[2]
    published = submit(sato, preview.text, PATH, step="publish")
    assert published.status_code == 303
    body = schedule(world).body
    assert (body.weekdays, body.days_off, body.opens_at) == (["SA", "SU"], "also", "sunset")
    assert body.except_on == [("2026-12-06", "2026-12-06")]
    spans = experiences(world)["wall"]["occurrences"]
    assert [(start[:11], end) for start, end in spans] == [
        ("2026-12-05T", "2026-12-05T12:00:00Z"),
        ("2026-12-12T", "2026-12-12T12:00:00Z"),
        ("2026-12-13T", "2026-12-13T12:00:00Z"),
    ]
    again = dict(fields_of(sato.get(f"{PATH}?schedule=wall").text, PATH))
    assert (again["days"], again["kind"], again["nth"], again["opens_by"]) == ("rule", "weekday", "1", "sunset")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({**RULED, "duration": ""}, "how many days it lasts"),
        ({"days": "dates", "first": "2026-12-05", "weekdays": ["MO"]}, "no day on which it is on"),
        (
            {"days": "dates", "first": "2026-12-05", "left_first": "2026-12-09", "left_last": "2026-12-08"},
            "Exchange them",
        ),
        ({"days": "always", "on_from": "2027-01-02", "on_until": "2027-01-01"}, "Exchange them"),
        ({"days": "always", "on_from": "9999-01-01"}, "1900 to 2199"),
        ({"days": "rule", "kind": "rrule", "rrule": "FREQ=HOURLY", "starts_on": "2026-12-01"}, "not by the hour"),
    ],
)
def test_choices_that_leave_no_day_or_cannot_be_are_refused_and_stay(world, sato, typed, words):
    answer = send(sato, "publish", **typed)
    assert answer.status_code == 400 and words in answer.text
    assert ("days", typed["days"]) in fields_of(answer.text, PATH)
    assert list_records(world.catalog, "dejima", "schedule") == []


def test_a_schedule_in_a_season_without_an_end_or_not_published_is_not_published(world, sato):
    rule = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYDAY=1FR")
    save_record(world.catalog, "dejima", Season(id="open", name={"en": "Lanterns"}, rule=rule), None, Change(1))
    unpublished = send(sato, "publish", days="season", season="open")
    assert unpublished.status_code == 400 and "Lanterns is not published yet" in unpublished.text
    world.publish(Season(id="open-2", name={"en": "Open"}, rule=rule))
    asked = send(sato, "publish", days="season", season="open-2")
    assert asked.status_code == 400 and "Open begins on 5 February 2027 (Fri). When does it end?" in asked.text
    assert send(sato, "save", days="season", season="open-2").status_code == 303
