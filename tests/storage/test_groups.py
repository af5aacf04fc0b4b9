"""Groups on both databases: a row each, led by its guide alone, ended by hand or by time, forgotten soon after."""

import secrets

import pytest
from sqlalchemy import select

from xr_server.domain.group import ENDED_KEPT_MS, LIFE_MS
from xr_server.errors import Busy, Forbidden, Unavailable
from xr_server.storage import groups
from xr_server.storage.forget import forget_over
from xr_server.storage.groups import begin_group, end_group, find_group, is_guide, lead_group
from xr_server.storage.tables.groups import walk_group

NOW = 1_795_485_600_000


def begin(catalog, at=NOW):
    return begin_group(catalog, "dejima", at, secrets.token_bytes)


def test_a_group_is_led_on_step_by_step_by_its_guide_alone(catalog):
    group, token = begin(catalog)
    other, others_token = begin(catalog)
    assert (group.step, group.stop, group.ended) == (0, None, False)
    lead_group(catalog, (group.code, token), "landmarks/water-gate", NOW)
    lead_group(catalog, (group.code, token), "experiences/gate-1820", NOW + 1)
    now = find_group(catalog, group.code, NOW + 2)
    assert now is not None and (now.step, now.stop) == (2, "experiences/gate-1820")
    for code, wrong in ((group.code, others_token), (group.code, ""), ("ZZZZZZ", token)):
        with pytest.raises(Forbidden, match="Only the phone that began"):
            lead_group(catalog, (code, wrong), "landmarks/water-gate", NOW)
    assert is_guide(catalog, group.code, token) and not is_guide(catalog, other.code, token)
    assert find_group(catalog, other.code, NOW) == other


def test_what_the_guide_has_stands_nowhere(catalog):
    group, token = begin(catalog)
    with catalog.connect() as connection:
        (row,) = connection.execute(select(walk_group)).all()
    assert not any(token in str(value) for value in row)
    assert set(row._fields) == {"code", "site_id", "guide_hash", "step", "stop", "ends_at", "ended_at"}
    assert row.code == group.code


def test_a_group_that_was_ended_says_so_for_a_while_and_is_led_no_more(catalog):
    group, token = begin(catalog)
    end_group(catalog, (group.code, token), NOW + 1000)
    ended = find_group(catalog, group.code, NOW + 2000)
    assert ended is not None and ended.ended and ended.step == 1
    for step in (
        lambda: end_group(catalog, (group.code, token), NOW + 3000),
        lambda: lead_group(catalog, (group.code, token), "x", NOW + 3000),
    ):
        with pytest.raises(Forbidden):
            step()
    assert find_group(catalog, group.code, NOW + 1000 + ENDED_KEPT_MS) is None


def test_a_group_ends_by_itself(catalog):
    group, token = begin(catalog)
    last = find_group(catalog, group.code, NOW + LIFE_MS - 1)
    assert last is not None and not last.ended
    after = find_group(catalog, group.code, NOW + LIFE_MS)
    assert after is not None and after.ended
    with pytest.raises(Forbidden):
        lead_group(catalog, (group.code, token), "landmarks/water-gate", NOW + LIFE_MS)
    assert find_group(catalog, group.code, NOW + LIFE_MS + ENDED_KEPT_MS) is None


def test_what_has_ended_is_forgotten_and_nothing_else(catalog):
    ended, token = begin(catalog)
    running, _ = begin(catalog, NOW + 1000)
    end_group(catalog, (ended.code, token), NOW)
    forget_over(catalog, NOW + ENDED_KEPT_MS - 1)
    assert codes(catalog) == {ended.code, running.code}
    forget_over(catalog, NOW + ENDED_KEPT_MS)
    assert codes(catalog) == {running.code}
    forget_over(catalog, NOW + 1000 + LIFE_MS + ENDED_KEPT_MS)
    assert codes(catalog) == set()


def codes(catalog):
    with catalog.connect() as connection:
        return set(connection.execute(select(walk_group.c.code)).scalars())


def test_there_is_a_most_of_groups_and_those_that_ended_do_not_count(catalog, monkeypatch):
    monkeypatch.setattr(groups, "MOST_GROUPS", 2)
    (first, token), _ = begin(catalog), begin(catalog)
    with pytest.raises(Busy, match="very many groups"):
        begin(catalog)
    end_group(catalog, (first.code, token), NOW)
    assert begin(catalog)[0].code not in ("", first.code)


def test_a_code_that_is_taken_is_not_given_out_twice(catalog):
    fixed = b"\x00" * 32
    first, _ = begin_group(catalog, "dejima", NOW, lambda size: fixed[:size])
    with pytest.raises(Unavailable):
        begin_group(catalog, "hirado", NOW, lambda size: fixed[:size])
    assert first.code == "000000"
