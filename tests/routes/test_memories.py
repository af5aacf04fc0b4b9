"""Residents' memories over HTTP: told without an account, hidden until staff agree, withdrawn for good by their code."""

import io
import re

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.routes.conftest import World, post_form
from tests.routes.telling import FORM, PAGE, TOLD, decide, photograph, send, show, tell, told
from tests.routes.visitor_world import fill_site, refresh, words_of
from xr_server.domain.memory import HOUR_MS, KEPT_MS, LEAST_MS, MOST_AN_HOUR, MOST_MS
from xr_server.routes import memories
from xr_server.routes.pages import STATIC_DIR, load_texts
from xr_server.storage import memories as store
from xr_server.storage.memories import forget_memories, list_memories
from xr_server.storage.pictures import REASONS


@pytest.fixture
def site(world: World) -> World:
    fill_site(world)
    return world


@pytest.fixture
def sato(site: World) -> TestClient:
    return site.sign_in("sato")


def test_a_memory_is_hidden_until_staff_show_it_and_then_stands_on_the_landmarks_page(site, sato):
    client, code, memory_id = told(
        site, photograph(), shows="Boats before a wall", persons="yes", year="1962", about="yes", name="Old <oar>"
    )
    assert "Boats came up" not in client.get(PAGE).text
    assert client.get(f"/memories/pictures/{memory_id}.webp").status_code == 404
    mine = client.get(f"/memories/mine/{code}?lang=en&done=told")
    assert "has arrived" in mine.text and "have not read it yet" in mine.text and "<svg" in mine.text
    assert mine.headers["cache-control"] == "private, no-store"
    assert client.get(f"/memories/mine/{code}/picture").headers["cache-control"] == "private, no-store"
    assert '<span class="count">1</span> memories of residents to read' in sato.get("/inbox").text
    assert "One waits to be read" in sato.get("/desk/memories").text
    desk = words_of(sato.get(f"/desk/memories/{memory_id}").text)
    assert "Boats came up" in desk and "Boats before a wall" in desk and "about 1962" in desk
    show(site, sato, memory_id)
    page = client.get(PAGE).text
    assert "Boats came up\nto here." in page and "Old &lt;oar&gt;, about 1962" in page
    assert f'src="/memories/pictures/{memory_id}.webp" alt="Boats before a wall"' in page
    assert 'href="https://creativecommons.org/licenses/by/4.0/' in page
    japanese = client.get("/ja/dejima/landmarks/water-gate").text
    assert '<blockquote lang="en">Boats came up' in japanese and "書かれた言語：English" in japanese
    assert "shown on the page" in client.get(f"/memories/mine/{code}?lang=en").text


def test_a_phone_that_takes_the_site_along_has_the_style_of_memories(site, sato):
    _, _, memory_id = told(site)
    show(site, sato, memory_id)
    sheets = re.findall(r'rel="stylesheet" href="(/static/[^"]+)"', site.visitor().get(PAGE).text)
    worker = (STATIC_DIR / "sw.js").read_text(encoding="utf-8")
    assert len(sheets) == 1 and sheets[0] in worker


def test_a_picture_is_shown_without_place_and_camera(site, sato):
    client, _, memory_id = told(site, photograph(), shows="A wall", persons="yes")
    show(site, sato, memory_id)
    answer = client.get(f"/memories/pictures/{memory_id}.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (640, 480) and not picture.getexif() and b"Nagasaki" not in answer.content


def test_what_is_withdrawn_is_gone_for_good_and_says_so(site, sato):
    client, code, memory_id = told(site, photograph(), shows="A wall", persons="yes")
    show(site, sato, memory_id)
    before = client.get("/api/v1/sites/dejima?lang=en").json()["memories"]["water-gate"]
    assert f'data-memories="{before}"' in client.get(PAGE).text
    answer = client.post(f"/memories/mine/{code}", data={"step": "withdraw"}, follow_redirects=False)
    assert answer.status_code == 303
    # at once, before this or another server has noticed that something was published
    assert client.get(f"/memories/pictures/{memory_id}.webp").status_code == 410
    refresh(site)
    page = client.get(PAGE).text
    assert "Boats came up" not in page and memory_id not in page and 'data-memories=""' in page
    assert client.get("/api/v1/sites/dejima?lang=en").json()["memories"] == {}
    assert "Nothing is left" in client.get(f"/memories/mine/{code}?lang=en").text
    assert client.get(f"/memories/mine/{code}/picture").status_code == 404
    assert sato.get(f"/desk/memories/{memory_id}").status_code == 404
    everything = b"".join(path.read_bytes() for path in site.settings.data_dir.rglob("*") if path.is_file())
    assert b"Boats came up" not in everything
    assert list(site.settings.package_dir.glob("memories/*")) == []


def test_a_form_with_gaps_keeps_words_and_picture_and_says_what_is_amiss_in_the_visitors_language(site):
    client = site.visitor()
    answer = tell(site, client, photograph(), licence="", consent="", year="62", name="mori@example.org")
    said = words_of(answer.text)
    assert answer.status_code == 400
    assert "Boats came up" in said and 'value="62"' in answer.text
    for sentence in (
        "Say what the picture shows",
        "Choose what others may do",
        "Without your consent",
        "Please leave out",
    ):
        assert sentence in said
    assert "from 1840 to 2026" in said and "Your picture is kept" in said
    again = send(client, answer.text, shows="A wall", persons="yes", year="1962", name="")
    assert again.status_code == 303
    assert list_memories(site.catalog, "dejima")[0].has_picture
    assert list(site.settings.intake_dir.glob("*/*.webp")) == []


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [("<svg/>", "SVG"), ("GIF89a", "no JPEG, PNG, WebP or AVIF"), ("cut", "damaged")],
)
def test_a_hostile_picture_is_refused_with_a_sentence_and_the_words_stay(site, picture, sentence):
    sent = photograph()[:900] if picture == "cut" else picture.encode()
    answer = tell(site, site.visitor(), sent, shows="A wall", persons="yes")
    assert answer.status_code == 400
    assert sentence in words_of(answer.text) and "Boats came up" in answer.text
    assert list_memories(site.catalog, "dejima") == []


def test_programs_are_stopped_by_time_by_a_trap_and_by_a_seal(site):
    client = site.visitor()
    fast = tell(site, client, wait_ms=LEAST_MS - 1)
    assert fast.status_code == 400 and "very fast" in fast.text and "Boats came up" in fast.text
    site.clock.at += 1
    assert send(client, fast.text).status_code == 303
    trapped = tell(site, client, website="https://example.org")
    assert trapped.status_code == 400 and "empty this field" in trapped.text
    page = client.get(f"{FORM}?lang=en").text
    site.clock.at += MOST_MS
    late = send(client, page)
    assert late.status_code == 400 and "open for very long" in late.text
    site.clock.at += LEAST_MS
    assert send(client, late.text).status_code == 303
    forged = client.post(f"{FORM}?lang=en", data={**TOLD, "token": f"{'A' * 16}-1-{'B' * 16}"}, follow_redirects=False)
    assert forged.status_code == 400


def test_no_licence_is_chosen_for_anybody(site):
    page = site.visitor().get(f"{FORM}?lang=en").text
    assert page.count('name="licence"') == 3 and re.search(r"<input[^>]* checked", page) is None


def test_a_form_that_is_sent_twice_is_one_memory_with_one_code(site):
    client = site.visitor()
    page = client.get(f"{FORM}?lang=en").text
    site.clock.at += LEAST_MS
    assert send(client, page).headers["location"] == send(client, page).headers["location"]
    assert len(list_memories(site.catalog, "dejima")) == 1


def test_a_picture_alone_whose_form_is_sent_twice_is_not_asked_for_again(site):
    client = site.visitor()
    gap = tell(site, client, photograph(), words="")
    assert gap.status_code == 400 and "Your picture is kept" in gap.text
    typed = {"words": "", "shows": "A wall", "persons": "yes"}
    first, second = send(client, gap.text, **typed), send(client, gap.text, **typed)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]


def test_there_is_a_most_within_an_hour_and_of_those_that_wait(site, monkeypatch):
    client = site.visitor()
    page = client.get(f"{FORM}?lang=en").text
    for _ in range(MOST_AN_HOUR):
        told(site)
    refused = send(client, page)
    assert refused.status_code == 503 and "Boats came up" in refused.text and int(refused.headers["retry-after"]) > 0
    closed = client.get(f"{FORM}?lang=en")
    assert closed.status_code == 503 and "<textarea" not in closed.text and "come again later" in closed.text
    site.clock.at += HOUR_MS
    assert client.get(f"{FORM}?lang=en").status_code == 200
    monkeypatch.setattr(store, "MOST_WAITING", MOST_AN_HOUR)
    assert client.get(f"{FORM}?lang=en").status_code == 503


def test_pictures_have_a_budget_of_their_own(site, monkeypatch):
    monkeypatch.setattr(store, "MOST_PICTURES_AN_HOUR", 1)
    client = site.visitor()
    first = tell(site, client, b"no picture")
    assert first.status_code == 400
    second = send(client, first.text, photograph(), shows="A wall", persons="yes")
    assert second.status_code == 503 and "Boats came up" in second.text
    site.clock.at += HOUR_MS
    assert send(client, second.text, photograph(), shows="A wall", persons="yes").status_code == 303


def test_a_refused_memory_says_why_to_its_giver_and_is_deleted_after_a_month(site, sato):
    client, code, memory_id = told(site, photograph(), shows="A wall", persons="yes")
    without = decide(sato, memory_id, "refuse")
    assert without.status_code == 400 and "Say why" in without.text
    assert decide(sato, memory_id, "refuse", reason="A face is seen.").status_code == 303
    page = words_of(client.get(f"/memories/mine/{code}?lang=en").text)
    assert "A face is seen." in page and "will be deleted on 24 December 2026" in page
    assert client.get(f"/memories/mine/{code}/picture").status_code == 200
    forget_memories(site.catalog, site.settings.package_dir, site.clock.at + KEPT_MS - 1)
    assert "A face is seen." in client.get(f"/memories/mine/{code}?lang=en").text
    forget_memories(site.catalog, site.settings.package_dir, site.clock.at + KEPT_MS)
    assert "Nothing is left" in client.get(f"/memories/mine/{code}?lang=en").text
    assert client.get(f"/memories/mine/{code}/picture").status_code == 404


def test_staff_take_a_memory_off_again_and_no_two_decide_at_once(site, sato):
    client, code, memory_id = told(site)
    show(site, sato, memory_id)
    stale = decide(sato, memory_id, "hide", revision=1, reason="Its owner was named.")
    assert stale.status_code == 409 and "Its owner was named." in stale.text
    assert decide(sato, memory_id, "hide", revision=2, reason="Its owner was named.").status_code == 303
    refresh(site)
    assert "Boats came up" not in client.get(PAGE).text
    assert "taken it off the page" in client.get(f"/memories/mine/{code}?lang=en").text
    show(site, sato, memory_id, revision=3)
    assert "Boats came up" in client.get(PAGE).text
    log = words_of(sato.get("/desk/log").text)
    assert "sato put" in log and "sato took" in log


def test_a_translation_is_marked_as_machine_made_until_somebody_has_checked_it(site, sato):
    client, _, memory_id = told(site)
    show(site, sato, memory_id)
    path = f"/desk/memories/{memory_id}/translation"
    gap = post_form(sato, path, language="ja", words="", shows="壁")
    assert gap.status_code == 400 and "Translate all that was written" in gap.text
    assert post_form(sato, path, language="en", words="x").status_code == 400
    assert post_form(sato, path, language="ja", words="ここまで舟が来ました。").status_code == 303
    refresh(site)
    page = client.get("/ja/dejima/landmarks/water-gate").text
    assert "<blockquote>ここまで舟が来ました。" in page and "まだだれも確かめていません" in page
    assert '<blockquote lang="en">Boats came up' in page  # the original words, to be opened
    post_form(sato, path, language="ja", words="ここまで舟が来ました。", reviewed="yes")
    refresh(site)
    assert "まだだれも確かめていません" not in client.get("/ja/dejima/landmarks/water-gate").text
    post_form(sato, path, language="ja", words="")
    refresh(site)
    assert "ここまで舟" not in client.get("/ja/dejima/landmarks/water-gate").text


def test_a_code_is_typed_however_one_likes_and_a_wrong_one_stays_in_the_field(site):
    client, code, _ = told(site)
    typed = f" {code[:8].lower()}-{code[8:]} "
    answer = client.get("/memories/", params={"code": typed, "lang": "en"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/memories/mine/{code}?lang=en")
    for wrong, status in (("AB<C", 400), ("0" * 16, 404)):
        answer = client.get("/memories/", params={"code": wrong, "lang": "en"})
        assert answer.status_code == status and "your sheet" in answer.text
        assert wrong.replace("<", "&lt;") in answer.text
    assert client.get(f"/memories/mine/{'0' * 16}?lang=en").status_code == 404
    assert client.post(f"/memories/mine/{'0' * 16}", data={"step": "withdraw"}).status_code == 404


def test_no_field_has_the_name_of_a_part_of_the_page(site):
    for path in (f"{FORM}?lang=en", "/memories/?lang=en"):
        names = re.findall(r'\bid="([^"]+)"', site.visitor().get(path).text)
        assert len(names) == len(set(names)) and "consent" in names


def test_no_memory_is_added_where_there_is_no_such_landmark(site):
    assert site.visitor().get("/memories/add/dejima/nowhere").status_code == 404
    assert site.visitor().get("/memories/add/nowhere/water-gate").status_code == 404


def test_a_server_that_starts_without_its_database_still_has_what_was_shown(site, sato):
    _, _, memory_id = told(site)
    show(site, sato, memory_id)
    from xr_server.storage.publish import read_snapshot

    (kept,) = read_snapshot(site.settings.package_dir).sites["dejima"].memories
    assert kept.id == memory_id and kept.told.words.startswith("Boats")


def test_every_refusal_of_a_picture_is_said_in_the_languages_of_visitors():
    codes = {*REASONS, "media_empty", "media_too_large", "picture_tool_away"}
    assert {code for code in codes if f"memory.problem_{code}" not in load_texts("nl")} == set()
    assert memories.MAX_BODY_BYTES > 30_000_000
