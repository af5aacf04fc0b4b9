import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.routes.forms import fields_of, submit
from xr_server.domain.catalog import Experience, InSeason, Node, OnDates, Placement, Scene, Schedule, Trigger
from xr_server.domain.schedule import is_live
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


def test_more_rows_and_asking_what_is_live_keep_what_was_typed(sato):
    typed = {"days": "dates", "first": ["2026-12-05", "2026-12-07"], "last": ["2026-12-06", ""]}
    for step in ("row", "live"):
        answer = send(sato, step, **typed, at="2026-12-24T18:30")
        fields = fields_of(answer.text, PATH)
        assert [value for name, value in fields if name == "first"] == ["2026-12-05", "2026-12-07", "", ""]
    assert "What is live on 24 December 2026 (Thu) 18:30" in answer.text


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


def moments():
    """Every hour of three days at the new year, and round the quiet day of August."""
    for first in (datetime(2026, 12, 31, tzinfo=TOKYO), datetime(2026, 8, 8, 12, tzinfo=TOKYO)):
        yield from (first + timedelta(hours=step) for step in range(0, 48, 5))


def test_what_the_desk_calls_live_is_what_the_phone_computes_from_the_compiled_document(world, sato):
    send(sato, "publish", days="dates", first="2026-12-31", last="2027-01-01", opens_at="18:00", closes_at="02:00")
    for at in moments():
        world.clock.at = round((at - timedelta(hours=1)).timestamp() * 1000)
        compiled, client = experiences(world), world.sign_in("sato")
        page = client.get(f"/desk/dates?at={at:%Y-%m-%dT%H:%M}").text
        said = dict(re.findall(r'/desk/dates/(\w+)">.*?answer answer-(\w+)', page))
        for name, experience in compiled.items():
            spans = [
                (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in experience["occurrences"]
            ]
            quiet_on = [date.fromisoformat(day) for day in experience["quiet_on"]]
            assert (said[name] == "live") == is_live(spans, quiet_on, at.astimezone(UTC), TOKYO), (name, at, said)
        assert set(said) == {"wall", "garland"}


def test_the_desk_says_why_something_is_not_live(world, sato):
    save_record(world.catalog, "dejima", _draft(world), None, Change(world.clock()))
    page = sato.get("/desk/dates?at=2027-08-09T12:00").text
    assert "This is a quiet day" in page
    assert re.findall(r'/desk/dates/([\w-]+)">.*?answer answer-(\w+)', page) == [
        ("a-draft", "unpublished"),
        ("garland", "quiet"),
        ("wall", "live"),
    ]


def _draft(world):
    return Experience(
        id="a-draft", title={"en": "Draft"}, landmark="water-gate", scene="wall", trigger=Trigger(kind="geofence")
    )


@pytest.mark.parametrize("at", ["soon", "2026-13-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_moment_nobody_can_read_is_answered_for_now_with_a_sentence(sato, at):
    answer = sato.get(f"/desk/dates?at={at}")
    assert answer.status_code == 200
    assert "This is the answer for now" in answer.text and "What is live on 24 November 2026 (Tue) 11:00" in answer.text


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
