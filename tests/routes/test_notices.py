"""Notices: `closed today` in three clicks, who may tell what, until when, and what visitors' pages and documents say of it."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.routes.forms import fields_of, submit
from tests.samples import HOUR_MS, SITE
from xr_server.domain.catalog import Name
from xr_server.domain.notice import Notice
from xr_server.storage.catalog import list_records, load_record, parse_record

OPEN = {"ends": "open", "severity": "information", "text-en": "Slippery floor.", "text-ja": "床が滑ります。"}


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in."""
    return world.sign_in("sato")


def notices(world: Any) -> list[Any]:
    return list_records(world.catalog, "dejima", "notice")


def form_of(client: TestClient, address: str = "/desk/notices/new") -> tuple[str, str]:
    """The page of a form, and where the form leads."""
    page = client.get(address).text
    return page, re.search(r'action="(/desk/notices/[^"]+)" class="fields"', page)[1]


def post(client: TestClient, address: str = "/desk/notices/new", step: str = "publish", **typed: str) -> Any:
    page, action = form_of(client, address)
    return submit(client, page, action, step=step, **typed)


def told(world: Any, language: str = "en") -> list[dict[str, Any]]:
    """What a phone is told."""
    world.app.state.parts.published.refresh()
    return world.visitor().get(f"/api/v1/sites/dejima?lang={language}").json()["notices"]


def page_of(world: Any, path: str) -> str:
    world.app.state.parts.published.refresh()
    answer = world.visitor().get(path)
    assert answer.status_code == 200
    return answer.text


def test_closed_today_takes_three_clicks_from_the_first_page_of_the_desk(world: Any, sato: TestClient) -> None:
    first = sato.get("/desk/").text
    assert 'href="/desk/notices"' in first
    links = re.findall(r'href="(/desk/notices/new[^"]+)"[^>]*>Water Gate<', sato.get("/desk/notices").text)
    answer = post(sato, links[0].replace("&amp;", "&"))
    assert answer.status_code == 303
    (one,) = told(world)
    assert one | {"id": ""} == {
        "id": "",
        "landmark": "water-gate",
        "severity": "closed",
        "text": "Water Gate is closed today.",
        "from_at": "2026-11-24T02:00:00Z",
        "until_at": "2026-11-24T15:00:00Z",  # midnight in Nagasaki
    }
    assert told(world, "ja")[0]["text"] == "水門は今日、閉まっています。"
    assert "Undo" in sato.get(answer.headers["location"]).text


def test_it_is_undone_from_the_page_that_says_it_was_published(world: Any, sato: TestClient) -> None:
    answer = post(sato, **OPEN)
    page = sato.get(answer.headers["location"]).text
    back = submit(sato, page, "/desk/undo")
    assert back.status_code == 303 and told(world) == []
    shown = sato.get(sato.get(back.headers["location"], follow_redirects=False).headers["location"])
    assert shown.status_code == 200 and "Put back as it was." in shown.text
    assert notices(world)[0].state == "draft"


def test_pages_show_it_until_it_ends_and_not_longer(world: Any, sato: TestClient) -> None:
    post(sato, "/desk/notices/new?landmark=water-gate&closed=today")
    for path in ("/en/dejima/", "/en/dejima/landmarks/water-gate"):
        assert "Water Gate is closed today." in page_of(world, path)
        assert "Until the end of today." in page_of(world, path)
    assert 'aria-label="1 Water Gate, Closed"' in page_of(world, "/en/dejima/")
    world.clock.at += 13 * HOUR_MS - 1000  # a second before midnight
    assert "is closed today" in page_of(world, "/en/dejima/")
    world.clock.at += 1000
    assert "is closed today" not in page_of(world, "/en/dejima/")
    assert told(world) == []


def test_one_that_begins_later_is_on_the_phone_and_not_yet_on_the_page(world: Any, sato: TestClient) -> None:
    typed = {"starts": "at", "from_at": "2026-11-25T09:00", "ends": "at", "until_at": "2026-11-25T17:00"}
    assert post(sato, **{**OPEN, **typed}).status_code == 303
    assert [one["from_at"] for one in told(world)] == ["2026-11-25T00:00:00Z"]
    assert "Slippery" not in page_of(world, "/en/dejima/")
    world.clock.at += 22 * HOUR_MS
    assert "Slippery" in page_of(world, "/en/dejima/")
    assert "Until 17:00." in page_of(world, "/en/dejima/")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"ends": ""}, "Say until when it holds"),
        ({"severity": ""}, "Choose how grave it is"),
        ({"text-en": "", "text-ja": ""}, "in Japanese or English at least"),
        ({"ends": "at", "until_at": "2026-11-24T10:59"}, "lies before the start, or is past already"),
        ({"ends": "at", "until_at": "2026-02-31T10:00"}, "Give the day and the hour at which it ends"),
        ({"starts": "at", "from_at": ""}, "Give the day and the hour from which it holds"),
        ({"landmark": "elsewhere"}, "Choose a landmark of the list"),
        ({"text-en": "x" * 301}, "At most 300 characters fit here"),
    ],
)
def test_what_is_amiss_is_said_and_what_was_typed_stays(
    world: Any, sato: TestClient, typed: dict[str, str], sentence: str
) -> None:
    sent = {**OPEN, **typed}
    answer = post(sato, **sent)
    assert answer.status_code == 400
    assert sentence in answer.text
    action = re.search(r'action="(/desk/notices/[^"]+)" class="fields"', answer.text)[1]
    kept = dict(fields_of(answer.text, action))
    assert kept["text-en"] == sent["text-en"]
    assert notices(world) == []


def test_a_draft_is_seen_by_nobody_and_says_which_languages_are_missing(world: Any, sato: TestClient) -> None:
    world.publish(parse_record("landmark", b'{"id":"wharf","name":{"ja":"x"},"category":"around","status":"present"}'))
    answer = post(sato, step="save", **{**OPEN, "text-ja": ""})
    page = sato.get(answer.headers["location"]).text
    assert "Saved as a draft" in page and "Not yet in: 日本語" in page
    assert told(world) == []
    post(sato, answer.headers["location"].partition("?")[0])
    assert told(world, "ja")[0]["told_in"] == "en"


def test_it_is_taken_back_from_the_list(world: Any, sato: TestClient) -> None:
    post(sato, **OPEN)
    (stored,) = notices(world)
    page = sato.get("/desk/notices").text
    assert submit(sato, page, f"/desk/notices/{stored.id}", step="withdraw").status_code == 303
    assert told(world) == []
    assert load_record(world.catalog, Name("dejima", "notice", stored.id)).state == "withdrawn"


def test_two_who_change_the_same_overwrite_nothing(world: Any, sato: TestClient) -> None:
    post(sato, **OPEN)
    (stored,) = notices(world)
    address = f"/desk/notices/{stored.id}"
    page, action = form_of(sato, address)
    assert submit(sato, page, action, step="save", **{"text-en": "Theirs."}).status_code == 303
    late = submit(sato, page, action, step="publish", **{"text-en": "Mine."})
    assert late.status_code == 409
    assert "Theirs" in late.text and "Mine" in late.text
    assert submit(sato, late.text, action, step="publish").status_code == 303
    assert told(world)[0]["text"] == "Mine."


def test_a_form_sent_twice_makes_one_notice(world: Any, sato: TestClient) -> None:
    page, action = form_of(sato)
    assert submit(sato, page, action, step="publish", **OPEN).status_code == 303
    assert submit(sato, page, action, step="publish", **OPEN).status_code == 409
    assert len(notices(world)) == 1


def test_staff_of_a_part_of_the_site_tell_nothing_elsewhere(world: Any, sato: TestClient) -> None:
    mori = world.sign_in("mori")
    person = f"/desk/people/{world.accounts['sato']}"
    other = parse_record(
        "landmark", b'{"id":"wharf","name":{"en":"Wharf"},"category":"x","status":"x","lat":32.7,"lon":129.8}'
    )
    world.publish(other)
    posted = mori.post(
        f"{person}/part", data={"csrf": mori.headers["X-CSRF-Token"], "landmark": "wharf"}, follow_redirects=False
    )
    assert posted.status_code == 303
    assert "Water Gate" not in sato.get("/desk/notices").text
    assert post(sato, **{**OPEN, "landmark": "water-gate"}).status_code == 400
    assert post(sato, **{**OPEN, "landmark": ""}).status_code == 403
    assert post(sato, **{**OPEN, "landmark": "wharf"}).status_code == 303
    assert [one["landmark"] for one in told(world)] == ["wharf"]


def test_advice_is_given_on_japanese_and_on_nothing_else(sato: TestClient) -> None:
    page = sato.get("/desk/notices/new?landmark=water-gate&closed=today").text
    assert "data-advise" in page
    answer = post(sato, step="save", **{**OPEN, "ends": "", "text-ja": "寛永11年に始まりました。"})
    assert "寛永11年（1634年）" in answer.text
    ask = {"csrf": sato.headers["X-CSRF-Token"], "text": "寛永11年に始まりました。"}
    assert sato.post("/desk/advice", data={**ask, "language": "ja"}).json()["advice"]
    assert sato.post("/desk/advice", data={**ask, "language": "en"}).json() == {"advice": []}


def test_the_first_language_leads_the_form(sato: TestClient) -> None:
    page, _ = form_of(sato)
    assert [page.index(f'id="text-{language}"') for language in SITE.languages] == sorted(
        page.index(f'id="text-{language}"') for language in SITE.languages
    )
    assert isinstance(
        parse_record("notice", b'{"id":"a","severity":"closed","text":{},"from_at":"2026-12-01T00:00:00Z"}'), Notice
    )
