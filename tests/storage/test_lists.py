"""Lists of scans and records, page by page, on both kinds of database."""

import secrets

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from tests.samples import EXPERIENCE, GATE, SITE
from xr_server.domain.account import NewAccount
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Change, Name, kind_of, save_record, set_state
from xr_server.storage.lists import (
    ORDER,
    RecordsWanted,
    ScansWanted,
    count_records,
    count_scans,
    mark_of,
    page_records,
    page_scans,
)
from xr_server.storage.scans import Owner, attach_scene, create_scan
from xr_server.storage.tables.scans import scan

NOW = 1_795_485_600_000
DETAILS = ScanDetails(title="Wall", creator="Kana", licence="CC0", lat=32.7437, lon=129.8723, height=34.5)
STATES = ("receiving", "waiting", "building", "built", "rejected", "failed", "cancelled", "expired")


@pytest.fixture
def owners(catalog):
    names = ("kana", "haru")
    accounts = [NewAccount("dejima", name, "creator") for name in names]
    return [Owner("dejima", add_account(catalog, account, NOW, secrets.token_bytes)) for account in accounts]


def put_scans(catalog, owner, count):
    """Scans in each state in turn, three at each moment."""
    for number in range(count):
        upload = Upload("wall.ply", DETAILS, 9)
        scan_id = create_scan(catalog, owner, upload, NOW + number // 3, secrets.token_bytes)
        state = STATES[number % len(STATES)]
        with catalog.begin() as connection:
            connection.execute(update(scan).where(scan.c.id == scan_id).values(state=state))


def read_through(read, mark, most):
    """All pages of a list, one after another."""
    pages, after = [], None
    while page := read(after, most):
        pages.append(page)
        after = mark(page[-1])
    return pages


def test_scans_come_once_each_and_the_newest_first_though_moments_are_shared(catalog, owners):
    put_scans(catalog, owners[0], 23)
    put_scans(catalog, owners[1], 5)

    def read(after, most):
        return page_scans(catalog, "dejima", ScansWanted(owners[0].account_id, after=after), most)

    pages = read_through(read, lambda stored: (stored.created_at, stored.id), 5)
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    flat = [stored for page in pages for stored in page]
    assert len({stored.id for stored in flat}) == 23
    assert [stored.created_at for stored in flat] == sorted((stored.created_at for stored in flat), reverse=True)
    assert len(page_scans(catalog, "dejima", ScansWanted(), 100)) == 28
    assert page_scans(catalog, "hirado", ScansWanted(), 100) == []
    attach_scene(catalog, pages[0][0].id, "wall-1")
    with_it = ScansWanted(owners[1].account_id, frozenset({"wall-1"}))
    assert (
        len(page_scans(catalog, "dejima", with_it, 100)) == sum(count_scans(catalog, "dejima", with_it).values()) == 6
    )


def test_scans_are_divided_by_what_there_is_to_do(catalog, owners):
    put_scans(catalog, owners[0], 16)
    counts = count_scans(catalog, "dejima", ScansWanted(owners[0].account_id))
    assert counts == {"under_way": 6, "built": 2, "refused": 4, "over": 4}
    for group, count in counts.items():
        found = page_scans(catalog, "dejima", ScansWanted(group=group), 100)
        assert len(found) == count
    assert {stored.state for stored in found} == {"cancelled", "expired"}
    assert sum(count_scans(catalog, "dejima", ScansWanted(owners[1].account_id)).values()) == 0


def test_records_come_once_each_and_what_waits_for_staff_comes_first(catalog):
    for body in (SITE, GATE):
        save_record(catalog, "dejima", body, None, Change(NOW))
    for number in range(14):
        body = replace(EXPERIENCE, id=f"visit-{number}")
        at, name = NOW + number // 2, Name("dejima", kind_of(body), body.id)
        revision = save_record(catalog, "dejima", body, None, Change(at))
        for state in ("published",) if ORDER[number % 6] == "withdrawn" else ():
            set_state(catalog, name, revision, state, Change(at))
        set_state(catalog, name, revision, ORDER[number % 6], Change(at))

    def read(after, most):
        return page_records(catalog, "dejima", RecordsWanted(("experience", "scene"), after=after), most)

    pages = read_through(read, mark_of, 4)
    assert [len(page) for page in pages] == [4, 4, 4, 2]
    flat = [stored for page in pages for stored in page]
    assert flat == sorted(flat, key=lambda s: (ORDER.index(s.state), -s.updated_at, s.id))
    assert len({stored.id for stored in flat}) == 14
    assert count_records(catalog, "dejima", RecordsWanted(("experience",))) == dict(
        zip(ORDER, (3, 3, 2, 2, 2, 2), strict=True)
    )
    few = RecordsWanted(("experience",), only=frozenset({("experience", "visit-4"), ("scene", "visit-5")}))
    assert [stored.id for stored in page_records(catalog, "dejima", few, 100)] == ["visit-4"]
    assert sum(count_records(catalog, "dejima", few).values()) == 1
    out = page_records(catalog, "dejima", RecordsWanted(("experience",), "published"), 100)
    assert [stored.id for stored in out] == ["visit-10", "visit-4"]
