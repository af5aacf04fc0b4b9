import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.routes.test_dates import experiences, send
from tests.routes.test_dates import sato as sato  # noqa: PLC0414 - a fixture
from xr_server.domain.catalog import Experience, Trigger
from xr_server.domain.schedule import is_live
from xr_server.storage.catalog import Change, save_record

TOKYO = ZoneInfo("Asia/Tokyo")
ROW = re.compile(r'/desk/dates/([\w-]+)">.*?answer answer-(\w+)')


def moments():
    """Every hour of three days at the new year, and round the quiet day of August."""
    for first in (datetime(2026, 12, 31, tzinfo=TOKYO), datetime(2026, 8, 8, 12, tzinfo=TOKYO)):
        yield from (first + timedelta(hours=step) for step in range(0, 48, 5))


def test_what_the_desk_calls_live_is_what_the_phone_computes_from_the_compiled_document(world, sato):
    send(sato, "publish", days="dates", first="2026-12-31", last="2027-01-01", opens_at="18:00", closes_at="02:00")
    for at in moments():
        world.clock.at = round((at - timedelta(hours=1)).timestamp() * 1000)
        compiled, client = experiences(world), world.sign_in("sato")
        page = client.get(f"/desk/moment?at={at:%Y-%m-%dT%H:%M}").text
        said = dict(ROW.findall(page))
        for name, experience in compiled.items():
            spans = [
                (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in experience["occurrences"]
            ]
            quiet_on = [date.fromisoformat(day) for day in experience["quiet_on"]]
            assert (said[name] == "live") == is_live(spans, quiet_on, at.astimezone(UTC), TOKYO), (name, at, said)
        assert set(said) == {"wall", "garland"}


def test_the_desk_says_why_something_is_not_live(world, sato):
    save_record(world.catalog, "dejima", _draft(world), None, Change(world.clock()))
    page = sato.get("/desk/moment?at=2027-08-09T12:00").text
    assert "This is a quiet day" in page
    assert ROW.findall(page) == [
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
    answer = sato.get(f"/desk/moment?at={at}")
    assert answer.status_code == 200
    assert "This is the answer for now" in answer.text and "What is live on 24 November 2026 (Tue) 11:00" in answer.text


def test_drafts_count_only_where_they_are_asked_for(world, sato):
    send(sato, "publish", days="dates", first="2027-02-05", last="2027-02-05")
    send(sato, "save", days="dates", first="2027-02-07", last="2027-02-07", opens_at="18:00", closes_at="21:00")
    at = "2027-02-07T19:00"
    assert dict(ROW.findall(sato.get(f"/desk/moment?at={at}").text))["wall"] == "off"
    assert dict(ROW.findall(sato.get(f"/desk/moment?at={at}&show=drafts").text))["wall"] == "live"
    assert dict(ROW.findall(sato.get("/desk/moment?at=2027-02-07T21:00&show=drafts").text))["wall"] == "off"


def test_the_map_marks_where_something_is_live_then_and_says_so_in_words(world, sato):
    send(sato, "publish", days="dates", first="2027-02-07", last="2027-02-07")
    page = sato.get("/desk/moment?at=2027-02-07T19:00").text
    assert 'class="mark on"><title>Water Gate: Garland, The wall</title>' in page and "1 Water Gate: Garland" in page
    quiet = sato.get("/desk/moment?at=2027-08-09T19:00").text
    assert 'class="mark on"' not in quiet and "0 landmarks" in quiet


def test_the_phone_shows_that_moment_to_staff_alone_and_nobody_keeps_it(world, sato):
    send(sato, "save", days="dates", first="2027-02-07", last="2027-02-07", opens_at="18:00", closes_at="21:00")
    base = "/desk/moment/2027-02-07T19:00"
    page = sato.get("/desk/moment?at=2027-02-07T19:00&show=drafts&tongue=ja").text
    assert f'src="{base}/drafts/ja/"' in page
    then = sato.get(f"{base}/drafts/en/")
    now = re.search(r'data-part="now".*?</section>', then.text, re.DOTALL)
    assert now is not None and "The wall" in now[0]
    assert then.headers["cache-control"] == "private, no-store" and "etag" not in then.headers
    assert "script-src 'none'" in then.headers["content-security-policy"] and 'type="module"' not in then.text
    later = sato.get("/desk/moment/2027-02-07T21:00/drafts/en/").text
    assert "The wall" not in re.search(r'data-part="now".*?</section>', later, re.DOTALL)[0]
    assert world.visitor().get(f"{base}/drafts/en/", follow_redirects=False).headers["location"].startswith("/login")
    assert world.sign_in("kana").get(f"{base}/drafts/en/").status_code == 403
    world.app.state.parts.published.refresh()
    visitors = world.visitor().get("/en/dejima/").text  # what is published is still on every day
    assert (
        "The wall" in re.search(r'data-part="now".*?</section>', visitors, re.DOTALL)[0] and 'type="module"' in visitors
    )


def test_pages_of_that_moment_lead_to_one_another_and_back_to_what_is_the_same_at_any(world, sato):
    base = "/desk/moment/2027-02-07T19:00/published/en"
    home = sato.get(f"{base}/").text
    for path in ("landmarks/water-gate", "experiences/wall"):
        assert f'href="{base}/{path}"' in home
        answer = sato.get(f"{base}/{path}")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "private, no-store"
    assert sato.get(f"{base}/help", follow_redirects=False).headers["location"] == "/en/dejima/help"
    assert sato.get(f"{base}/landmarks/nothing").status_code == 404
    assert sato.get(f"{base}/experiences/nothing").status_code == 404


@pytest.mark.parametrize(("path", "status"), [("soon/drafts/en/", 400), ("2027-02-07T19:00/all/en/", 400)])
def test_a_moment_in_an_address_that_nobody_can_read_is_refused(sato, path, status):
    assert sato.get(f"/desk/moment/{path}").status_code == status


def test_a_draft_shows_no_picture_that_is_not_served(world, sato):
    save_record(world.catalog, "dejima", _draft(world), None, Change(world.clock()))
    page = sato.get("/desk/moment/2027-02-07T19:00/drafts/en/").text
    assert "Draft" in page
    assert "Draft" not in sato.get("/desk/moment/2027-02-07T19:00/published/en/").text
