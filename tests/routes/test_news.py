"""The inbox, the same as an Atom feed by RFC 4287, and the address for digests."""

import re
import secrets
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.routes.conftest import post_form
from tests.routes.forms import attach, submit
from xr_server.app import create_app
from xr_server.domain.digest import CONFIRM_MS
from xr_server.storage.confirmations import issue_confirmation, save_asked
from xr_server.storage.mail import find_address, list_unconfirmed, save_address

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


@pytest.fixture
def answered(world, kana, scan, sato):
    """Kana's work was handed in and came back with something to change."""
    post_form(kana, f"/studio/scans/{scan.id}/review", revision=1)
    world.clock.at += 60_000
    path = f"/desk/records/experience/{scan.scene_id}"
    submit(sato, sato.get(path).text, path, step="changes", note="Say where it stands, please.")
    return scan


def make_feed(client, language="en"):
    page = post_form(client, f"/account/feed?lang={language}")
    assert page.status_code == 200
    (address,) = re.findall(r'value="(http://localhost/feeds/\w+\.atom\?lang=\w+)"', page.text)
    return address.removeprefix("http://localhost")


def check_atom(body):
    """The rules of RFC 4287 that a feed of ours could break; gives its entries."""
    feed = ElementTree.fromstring(body)
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one of each
            (found,) = element.findall(f"{ATOM}{name}")
            assert found.text
        assert element.find(f"{ATOM}id").text.startswith("urn:uuid:")
        moment = element.find(f"{ATOM}updated").text  # 3.3: RFC 3339 with capital T and Z
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)
        datetime.fromisoformat(moment)
        assert element.findall(f"{ATOM}author/{ATOM}name")
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(set(links)) == len(links)
        assert all(link.get("href").startswith("http") for link in element.findall(f"{ATOM}link"))
    assert feed.find(f"{ATOM}link[@rel='self']") is not None
    ids = [one.text for one in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids)
    return [
        (entry.find(f"{ATOM}title").text, entry.find(f"{ATOM}content").text) for entry in feed.findall(f"{ATOM}entry")
    ]


def test_the_inbox_says_what_waits_and_what_others_did(world, kana, answered, sato):
    page = kana.get("/inbox").text
    assert "came back with something to change" in page
    assert "sato asked for changes to" in page
    assert "Say where it stands, please." in page
    assert "kana saved" not in page
    page = sato.get("/inbox").text
    assert "kana handed in" in page
    assert "Nothing waits for you." in page


def test_whoever_publishes_sees_what_waits(kana, scan, sato):
    post_form(kana, f"/studio/scans/{scan.id}/review", revision=1)
    page = sato.get("/inbox").text
    assert re.search(r'<a href="/desk/"><span class="count">1</span> handed in for review', page)


def test_a_feed_is_atom_and_tells_the_same(world, kana, answered):
    address = make_feed(kana)
    answer = world.visitor().get(address)
    assert answer.headers["content-type"] == "application/atom+xml"
    entries = check_atom(answer.content)
    assert [title for title, _ in entries] == [
        "sato asked for changes to “The wall” (experience), revision 1.",
        "The server built “Wall” (scan).",
    ]
    assert "Say where it stands, please." in entries[0][1]


def test_a_feed_without_news_is_atom_too(world):
    haru = world.sign_in("haru")
    assert check_atom(world.visitor().get(make_feed(haru, "ja")).content) == []


def test_what_somebody_typed_cannot_break_the_feed(world, kana, scan, sato):
    attach(kana, scan.id, title_en="<b>&amp;</feed> \u0001 ]]> \ufffe")
    path = f"/desk/records/experience/{scan.scene_id}"
    submit(sato, sato.get(path).text, path, step="publish")
    titles = [title for title, _ in check_atom(world.visitor().get(make_feed(kana)).content)]
    assert any("<b>&amp;</feed>" in title for title in titles)


def test_a_reader_that_has_it_already_gets_no_body_until_there_are_news(world, kana, scan, sato):
    address, reader = make_feed(kana), world.visitor()
    first = reader.get(address)
    tag = {"If-None-Match": first.headers["etag"]}
    again = reader.get(address, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    path = f"/desk/records/experience/{scan.scene_id}"
    submit(sato, sato.get(path).text, path, step="publish")
    newer = reader.get(address, headers=tag)
    assert newer.status_code == 200
    assert newer.headers["etag"] != first.headers["etag"]


def test_a_feed_is_ended_and_is_nobody_elses_way_in(world, kana):
    address, reader = make_feed(kana), world.visitor()
    token = address.split("/")[2].split(".")[0]
    assert reader.get("/inbox", headers={"Authorization": f"Bearer {token}"}, follow_redirects=False).status_code == 303
    assert reader.get("/api/v1/scans/none", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert token not in kana.get("/account").text
    submit(kana, kana.get("/account").text, "/account/feed/end")
    answer = reader.get(address, headers={"Accept": "application/atom+xml"})
    assert answer.status_code == 404
    assert "Make another one" in answer.text


@pytest.fixture
def asked(world):
    """Kana has given an address, and the worker has written to it; the link's token."""
    save_address(world.catalog, world.accounts["kana"], "kana@example.org", "en", world.clock())
    (due,) = list_unconfirmed(world.catalog, world.clock())
    token = issue_confirmation(world.catalog, due, world.clock(), secrets.token_bytes)
    save_asked(world.catalog, due, world.clock())
    return token


def is_confirmed(world):
    return find_address(world.catalog, world.accounts["kana"]).confirmed


def test_whoever_gave_an_address_confirms_it_signed_in_by_its_link(world, kana, asked):
    path = f"/account/mail/{asked}"
    page = kana.get(path).text
    assert "“kana” asked for news to be sent to kana@example.org" in page
    assert not is_confirmed(world)  # opening the link alone changes nothing
    answer = submit(kana, page, f"{path}/confirm")
    assert answer.headers["location"] == "/account?done=mail_confirmed#mail-title"
    assert is_confirmed(world)
    again = post_form(kana, f"{path}/confirm")
    assert again.status_code == 404 and "has been used" in again.text


def test_nobody_else_confirms_it_and_whoever_got_a_stray_letter_ends_it(world, asked):
    guest, path = world.visitor(), f"/account/mail/{asked}"
    page = guest.get(path).text
    assert f'href="/login?next={path}"' in page and "/confirm" not in page
    haru = world.sign_in("haru")
    refused = post_form(haru, f"{path}/confirm")
    assert refused.status_code == 403 and "Another account gave this address" in refused.text
    assert not is_confirmed(world)
    answer = submit(guest, page, f"{path}/decline")
    assert answer.status_code == 200 and "Nothing more is sent to it" in answer.text
    assert find_address(world.catalog, world.accounts["kana"]).text == ""
    assert guest.get(path).status_code == 404


def test_a_link_is_over_after_two_days(world, kana, asked):
    world.clock.at += CONFIRM_MS
    fresh = world.sign_in("kana")
    assert fresh.get(f"/account/mail/{asked}").status_code == 404
    assert post_form(fresh, f"/account/mail/{asked}/confirm").status_code == 404
    assert not is_confirmed(world)


def test_the_account_says_whether_its_address_is_confirmed(tmp_path, world):
    answers = {}
    app = create_app(replace(world.settings, smtp_url="smtp://127.0.0.1", mail_from="a@b.jp"), clock=world.clock)
    with TestClient(app):
        kana = replace(world, app=app).sign_in("kana")
        for typed in ("kana@example.org", "kana", ""):
            page = kana.get("/account").text
            answers[typed] = submit(kana, page, "/account/mail", address=typed, step="keep")
        assert "Open the link in it within two days" in page
        for number in range(4):
            submit(kana, page, "/account/mail", address=f"{number}@example.org", step="keep")
        often = submit(kana, page, "/account/mail", address="another@example.org", step="keep")
    assert [answer.status_code for answer in answers.values()] == [303, 400, 303]
    assert answers[""].headers["location"] == "/account?done=mail_ended#mail-title"
    assert often.status_code == 409
    assert "five addresses within a day" in often.text and 'value="another@example.org"' in often.text


def test_without_a_mail_server_nobody_is_asked_for_an_address(kana):
    assert "/account/mail" not in kana.get("/account").text
