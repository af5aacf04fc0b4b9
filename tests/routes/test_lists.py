"""The lists of studio and desk when there is a lot: parts, pages, and addresses that make no sense."""

import re
import secrets
import uuid

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from tests.samples import EXPERIENCE
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.routes.listing import PAGE_ROWS
from xr_server.storage.catalog import Change, save_record
from xr_server.storage.scans import Owner, create_scan
from xr_server.storage.tables.scans import scan

DETAILS = ScanDetails(title="Wall", creator="Kana", licence="CC0", lat=32.7437, lon=129.8723, height=34.5)
SCANS = 2 * PAGE_ROWS + 7
ROW = re.compile(r'<th scope="row"><a href="([^"]+)"')


@pytest.fixture
def many(world):
    """More scans of kana's than two pages hold: every third is built, the others wait."""
    owner = Owner("dejima", world.accounts["kana"])
    first = create_scan(world.catalog, owner, Upload("w.ply", DETAILS, 9), world.clock(), secrets.token_bytes)
    with world.catalog.begin() as connection:
        row = connection.execute(select(scan).where(scan.c.id == first)).mappings().one()
        connection.execute(update(scan).where(scan.c.id == first).values(state="built"))
        more = [
            {
                **row,
                "id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
                "created_at": row["created_at"] + number,
                "updated_at": row["updated_at"] + number,
                "state": "waiting" if number % 3 else "built",
            }
            for number in range(1, SCANS)
        ]
        connection.execute(insert(scan), more)
    return world


def way(text, rel):
    """The address of a link to another page of the list; None without one."""
    found = re.search(rf'href="([^"]+)" rel="{rel}"', text)
    return found[1].replace("&amp;", "&") if found else None


def read_through(client, path):
    """The rows of all pages from an address on."""
    rows = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        rows.append(ROW.findall(answer.text))
        path = way(answer.text, "next")
    return rows


def test_a_creator_leafs_through_all_of_a_long_list(many):
    kana = many.sign_in("kana")
    pages = read_through(kana, "/studio/")
    assert [len(page) for page in pages] == [PAGE_ROWS, PAGE_ROWS, 7]
    assert len({row for page in pages for row in page}) == SCANS
    second = kana.get(way(kana.get("/studio/").text, "next")).text
    assert way(second, "first") == "/studio/"
    assert ROW.findall(many.sign_in("haru").get("/studio/").text) == []


def test_a_part_of_the_list_says_how_much_there_is_of_it_and_goes_on_as_that_part(many):
    kana, built = many.sign_in("kana"), (SCANS + 2) // 3
    text = kana.get("/studio/").text
    assert f'href="/studio/?state=built">Built <span class="number">{built}</span>' in text
    assert f'href="/studio/" aria-current="true">All <span class="number">{SCANS}</span>' in text
    assert "state=refused" not in text  # nothing is in there
    assert sum(map(len, read_through(kana, "/studio/?state=built"))) == built
    waiting = kana.get("/studio/?state=under_way").text
    assert way(waiting, "next").startswith("/studio/?state=under_way&after=")
    empty = kana.get("/studio/?state=refused").text
    assert "There are none of these now." in empty and "?state=built" in empty


def test_staff_leaf_through_everybodys(many):
    sato = many.sign_in("sato")
    text = sato.get("/studio/?whose=all&state=under_way").text
    assert way(text, "next").startswith("/studio/?whose=all&state=under_way&after=")
    assert sum(map(len, read_through(sato, "/studio/?whose=all"))) == SCANS


def test_the_desk_leafs_through_records_by_state(world):
    for number in range(PAGE_ROWS + 3):
        save_record(world.catalog, "dejima", replace(EXPERIENCE, id=f"visit-{number}"), None, Change(world.clock()))
    world.publish(replace(EXPERIENCE, id="shown"))
    sato = world.sign_in("sato")
    pages = read_through(sato, "/desk/")
    assert [len(page) for page in pages] == [PAGE_ROWS, 4]
    assert pages[-1][-1] == "/desk/records/experience/shown"  # what is out comes last
    assert read_through(sato, "/desk/?state=published") == [["/desk/records/experience/shown"]]


@pytest.mark.parametrize(
    "query",
    [
        *("after=x", "after=1", "after=1~2~3~4~5", "after=~", "after=-1~x", "after=" + "9" * 99 + "~x", "after=1~%00"),
        *("state=nonsense", "state=" + "x" * 2000, "after=%00~%00", "after=%F0%9F%8F%AF~%E2%80%AE", "after=1~2~a~%00"),
    ],
)
def test_an_address_that_makes_no_sense_shows_the_beginning(many, query):
    kana, sato = many.sign_in("kana"), many.sign_in("sato")
    assert ROW.findall(kana.get(f"/studio/?{query}").text) == ROW.findall(kana.get("/studio/").text)
    assert sato.get(f"/desk/?{query}").status_code == 200
