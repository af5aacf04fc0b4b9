"""Residents' memories on both databases: one row, one decision, and nothing left of what is withdrawn."""

import os
import secrets

import pytest
from sqlalchemy import select

from tests.samples import SITE, publish
from xr_server.domain.catalog import Change
from xr_server.domain.memory import HOUR_MS, KEPT_MS, MARK_KEPT_MS, Rendering, Told, make_nonce
from xr_server.errors import Busy, Conflict, NotFound, Stale
from xr_server.storage import memories as store
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import list_publications
from xr_server.storage.memories import (
    New,
    Verdict,
    check_open,
    count_picture,
    count_waiting_memories,
    decide,
    find_by_code,
    find_picture,
    forget_memories,
    list_memories,
    list_shown,
    load_memory,
    tell_memory,
    translate,
    was_taken_off,
    withdraw_memory,
)
from xr_server.storage.tables.memories import memory

NOW = 1_795_485_600_000
TOLD = Told(words="Boats came up to here.", language="en", licence="credit", consent=1, name="An oar")
STAFF = Change(NOW + 1, "sato")


def tell(catalog, folder, code=None, at=NOW, **other):
    code = code or make_nonce(secrets.token_bytes(16))
    values = {"landmark": "water-gate", "told": TOLD, "picture": b"RIFF picture", **other}
    new = New("dejima", code=code, **values)
    return tell_memory(catalog, folder, new, at, secrets.token_bytes), code


def again(catalog, found):
    return load_memory(catalog, "dejima", found.id)


def test_a_memory_waits_is_shown_once_and_raises_the_publication(catalog, tmp_path):
    publish(catalog, SITE)
    found, code = tell(catalog, tmp_path)
    before = list_publications(catalog)["dejima"]
    assert list_shown(catalog, "dejima") == [] and not was_taken_off(catalog, found.id)
    assert not was_taken_off(catalog, "\0")  # as an address may say
    decide(catalog, found, Verdict(1, "shown"), STAFF)
    with pytest.raises(Stale):
        decide(catalog, found, Verdict(1, "refused", "late"), STAFF)
    (shown,) = list_shown(catalog, "dejima")
    assert (shown.told, shown.has_picture) == (TOLD, True)
    assert list_publications(catalog)["dejima"] == before + 1
    assert find_by_code(catalog, code).state == "shown"
    with pytest.raises(Conflict):
        decide(catalog, again(catalog, found), Verdict(2, "refused", "x"), STAFF)
    assert [entry.deed for entry in list_entries(catalog, "dejima", Wanted(kind="memory"), 9)] == ["memory_shown"]


def test_the_code_stands_nowhere_and_nothing_leads_to_a_person(catalog, tmp_path):
    _, code = tell(catalog, tmp_path)
    with catalog.connect() as connection:
        (row,) = connection.execute(select(memory)).all()
    assert not any(code in str(value) for value in row)
    assert set(row._fields) == {
        *("site_id", "id", "landmark", "state", "revision", "code_hash", "told", "translations", "has_picture"),
        *("was_shown", "reason", "created_at", "decided_at"),
    }


def test_nothing_is_left_of_what_is_withdrawn_but_that_it_was_there(catalog, tmp_path):
    found, code = tell(catalog, tmp_path)
    decide(catalog, found, Verdict(1, "shown"), STAFF)
    translate(catalog, again(catalog, found), "ja", Rendering(words="ここまで舟が来ました。"), STAFF)
    withdraw_memory(catalog, tmp_path, code, NOW + 9)
    withdraw_memory(catalog, tmp_path, code, NOW + 10)  # pressed twice
    with catalog.connect() as connection:
        (row,) = connection.execute(select(memory)).all()
    assert (row.state, row.told, row.translations, row.reason, row.was_shown) == ("gone", "", "{}", "", True)
    assert find_picture(tmp_path, found.id) is None and was_taken_off(catalog, found.id)
    assert list_memories(catalog, "dejima") == [] and list_shown(catalog, "dejima") == []
    deeds = [entry.deed for entry in list_entries(catalog, "dejima", Wanted(kind="memory"), 9)]
    assert deeds == ["memory_withdrawn", "memory_translated", "memory_shown"]
    with pytest.raises(Stale):
        decide(catalog, found, Verdict(again(catalog, found).revision, "shown"), STAFF)
    with pytest.raises(Conflict):
        translate(catalog, again(catalog, found), "nl", Rendering(words="x"), STAFF)
    forget_memories(catalog, tmp_path, NOW + 9 + MARK_KEPT_MS)
    with pytest.raises(NotFound):
        find_by_code(catalog, code)


def test_only_what_was_refused_or_hidden_a_month_ago_is_forgotten(catalog, tmp_path):
    (refused, _), (waiting, _), (shown, _), (hidden, _) = (tell(catalog, tmp_path) for _ in range(4))
    decide(catalog, refused, Verdict(1, "refused", "A face."), STAFF)
    decide(catalog, shown, Verdict(1, "shown"), STAFF)
    decide(catalog, hidden, Verdict(1, "shown"), STAFF)
    decide(catalog, again(catalog, hidden), Verdict(2, "hidden", "A name."), Change(NOW + 2, "sato"))
    forget_memories(catalog, tmp_path, NOW + 1 + KEPT_MS)
    states = {one.id: again(catalog, one).state for one in (refused, waiting, shown, hidden)}
    assert states == {refused.id: "gone", waiting.id: "waiting", shown.id: "shown", hidden.id: "hidden"}
    assert [find_picture(tmp_path, one.id) is None for one in (refused, waiting, shown, hidden)] == [True, *[False] * 3]


def test_pictures_that_a_crash_left_behind_are_swept_up_and_others_stay(catalog, tmp_path):
    found, _ = tell(catalog, tmp_path)
    paths = [tmp_path / "memories" / name for name in (f"{found.id}.webp", f"{'0' * 32}.webp", ".half.webp.tmp")]
    for path in paths[1:]:
        path.write_bytes(b"RIFF")
    at_s = NOW / 1000
    for path in paths:
        os.utime(path, (at_s, at_s))
    forget_memories(catalog, tmp_path, NOW + HOUR_MS)
    assert [path.is_file() for path in paths] == [True, True, True]
    forget_memories(catalog, tmp_path, NOW + HOUR_MS + 1)
    assert [path.is_file() for path in paths] == [True, False, False]


def test_the_same_form_twice_is_one_memory(catalog, tmp_path):
    first, code = tell(catalog, tmp_path)
    second, _ = tell(catalog, tmp_path, code)
    assert second == first and len(list((tmp_path / "memories").iterdir())) == 1


def test_budgets_are_of_a_site_and_an_hour(catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_AN_HOUR", 2)
    monkeypatch.setattr(store, "MOST_PICTURES_AN_HOUR", 2)
    tell(catalog, tmp_path), tell(catalog, tmp_path)
    with pytest.raises(Busy, match="Very many"):
        tell(catalog, tmp_path)
    assert len(list((tmp_path / "memories").iterdir())) == 2
    check_open(catalog, "hirado", NOW)
    tell(catalog, tmp_path, at=NOW + HOUR_MS)
    for _ in range(2):
        count_picture(catalog, "dejima", NOW)
    with pytest.raises(Busy):
        count_picture(catalog, "dejima", NOW)
    count_picture(catalog, "hirado", NOW)
    count_picture(catalog, "dejima", NOW + HOUR_MS)


def test_those_that_wait_come_first_and_a_part_of_the_site_sees_its_own(catalog, tmp_path):
    old, _ = tell(catalog, tmp_path, at=NOW - 5)
    new, _ = tell(catalog, tmp_path, landmark="church")
    decide(catalog, new, Verdict(1, "shown"), STAFF)
    assert [one.id for one in list_memories(catalog, "dejima")] == [old.id, new.id]
    assert [one.id for one in list_memories(catalog, "dejima", frozenset(("church",)))] == [new.id]
    assert count_waiting_memories(catalog, "dejima") == 1
    assert count_waiting_memories(catalog, "dejima", frozenset(("church",))) == 0


def test_pages_tell_the_oldest_year_first(catalog, tmp_path):
    for year in (None, 1962, 1931):
        told = Told(words="x", language="ja", licence="here", consent=1, year=year)
        found, _ = tell(catalog, tmp_path, told=told, picture=None)
        decide(catalog, found, Verdict(1, "shown"), STAFF)
    assert [one.told.year for one in list_shown(catalog, "dejima")] == [1931, 1962, None]
