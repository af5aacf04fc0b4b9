"""The log of all changes as staff read it, by day and filter and as a table; and the history on a record's own page."""

import csv
import re
import secrets
from io import StringIO

import msgspec
import pytest
from starlette.routing import Match

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import submit
from tests.samples import EXPERIENCE
from xr_server.domain.account import NewAccount
from xr_server.domain.audit import DEEDS
from xr_server.domain.catalog import Change, Name
from xr_server.routes.audit import KINDS
from xr_server.routes.deeds import PAGES
from xr_server.routes.pages import load_own_texts
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import note

DAY_MS = 24 * 3_600_000


def told(page):
    """The sentences of a page of the log, without their tags."""
    found = re.findall(r"<li><time>[^<]*</time>(.*?)</li>", page.text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line).strip() for line in found]


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def test_staff_read_who_did_what_with_the_way_to_it(world, kana, scan, sato):
    page = sato.get(f"/desk/records/experience/{scan.scene_id}").text
    submit(sato, page, f"/desk/records/experience/{scan.scene_id}", step="publish")
    log = sato.get("/desk/log")
    lines = told(log)
    assert "sato published “The wall” (experience), revision 1." in lines
    assert f'href="/desk/records/experience/{scan.scene_id}"' in log.text
    assert any("The server built" in line for line in lines)
    assert any("kana sent" in line for line in lines)


@pytest.mark.parametrize(
    ("asked", "told_of", "not_of"),
    [
        ("person=system", "The server built", "kana sent"),
        ("kind=scan", "kana sent", "saved"),
        ("kind=experience&thing={id}", "kana saved", "kana sent"),
        ("day=2001-01-01", "Nothing was done that fits this.", "kana"),
        ("day=not-a-day&before=x.y&kind=king", "kana sent", "Nothing was done"),
    ],
)
def test_the_log_is_filtered(scan, sato, asked, told_of, not_of):
    page = sato.get("/desk/log?" + asked.format(id=scan.scene_id))
    assert page.status_code == 200
    main = page.text.partition('</form>\n<p class="links">')[2]
    assert told_of in main
    assert not_of not in main


def test_a_long_log_comes_in_pages_that_lead_on(world, sato):
    with world.catalog.begin() as connection:
        for number in range(1, 121):
            at = Change(world.clock() + number, world.accounts["kana"])
            note(connection, "saved", Name("dejima", "experience", "gate"), at, revision=number)
    first = sato.get("/desk/log?kind=experience")
    (address,) = re.findall(r'href="(/desk/log\?[^"]*before=[^"]*)" rel="next"', first.text)
    second = sato.get(address.replace("&amp;", "&"))
    numbers = [int(n) for page in (first, second) for n in re.findall(r"revision (\d+)", page.text)]
    assert numbers == list(range(120, 0, -1))
    assert 'rel="next"' not in second.text


def test_many_equal_deeds_of_one_moment_are_told_as_one_that_opens(world, sato):
    with world.catalog.begin() as connection:
        for number in range(6):
            note(connection, "imported", Name("dejima", "landmark", f"mark-{number}"), Change(world.clock() + DAY_MS))
    page = sato.get("/desk/log?kind=landmark").text
    assert "(and 5 more at that moment)" in page


def test_the_table_holds_everything_and_no_cell_is_a_formula(world, sato):
    name = "=HYPERLINK(evil)"
    evil = add_account(
        world.catalog, NewAccount("dejima", name, "creator", PASSWORD), world.clock(), secrets.token_bytes
    )
    with world.catalog.begin() as connection:
        for number in range(1, 700):  # more than are read at once
            note(
                connection, "saved", Name("dejima", "experience", "gate"), Change(world.clock(), evil), revision=number
            )
    answer = sato.get(f"/desk/log.csv?person={evil}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert sorted(int(row["Revision"]) for row in rows) == list(range(1, 700))
    assert {row["Who"] for row in rows} == {f"'{name}"}
    assert all(row["What was done"].startswith(f"'{name} saved") for row in rows)
    assert rows[0]["When"].endswith("+09:00")


def test_a_record_tells_its_own_history(world, kana, scan, sato):
    world.clock.at += 60_000
    post_form(kana, f"/studio/scans/{scan.id}/review", revision=1)
    page = sato.get(f"/desk/records/experience/{scan.scene_id}")
    assert told(page)[0] == "kana handed in revision 1 for review."
    assert told(page)[1] == "kana saved revision 1."


def test_whoever_has_gone_is_told_without_a_name(world, sato):
    with world.catalog.begin() as connection:
        note(connection, "saved", Name("dejima", "experience", "gone"), Change(world.clock(), secrets.token_hex(16)))
    page = sato.get("/desk/log")
    assert "an account that was deleted saved “something that is gone” (experience)." in told(page)
    assert "/desk/records/experience/gone" not in page.text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_deed_and_every_kind_has_its_words(language):
    texts = load_own_texts(language)
    for deed in DEEDS:
        assert {"{who}", "{what}"} <= set(re.findall(r"\{\w+\}", texts[f"audit.deed_{deed}"])), deed
    assert [kind for kind in KINDS if f"audit.kind_{kind}" not in texts] == []


def test_the_log_is_told_in_japanese(world, sato):
    with world.catalog.begin() as connection:
        note(connection, "published", Name("dejima", "experience", EXPERIENCE.id), Change(world.clock()), revision=3)
    world.publish(msgspec.structs.replace(EXPERIENCE, title={"ja": "水門"}))
    page = sato.get("/desk/log?lang=ja").text
    assert "サーバーが" in page
    assert "「水門」（体験）第3版" in page


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_what_a_sentence_leads_to_is_a_page(world, kind):
    scope = {"type": "http", "method": "GET", "path": f"{PAGES[kind][1]}/one", "headers": []}
    assert any(route.matches(scope)[0] is Match.FULL for route in world.app.routes)
