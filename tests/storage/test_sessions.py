"""Where an account is signed in: listed, ended one by one or all others at once, and never somebody else's."""

import secrets

import pytest

from xr_server.domain.account import NewAccount
from xr_server.storage.accounts import add_account
from xr_server.storage.sessions import (
    end_other_sessions,
    end_session,
    find_session,
    list_sessions,
    open_session,
)

PASSWORD = "water gate 1820"
NOW = 1_780_000_000_000
MINUTE_MS = 60_000


@pytest.fixture
def kana(catalog):
    return add_account(catalog, NewAccount("dejima", "kana", "creator", PASSWORD), NOW, secrets.token_bytes)


@pytest.fixture
def haru(catalog):
    return add_account(catalog, NewAccount("dejima", "haru", "creator", PASSWORD), NOW, secrets.token_bytes)


def test_sessions_are_listed_this_one_first_then_by_last_use(catalog, kana, haru):
    first, second, third = (
        open_session(catalog, kana, NOW + minutes * MINUTE_MS, secrets.token_bytes) for minutes in (0, 1, 2)
    )
    open_session(catalog, haru, NOW, secrets.token_bytes)
    assert find_session(catalog, first, NOW + 30 * MINUTE_MS)
    listed = list_sessions(catalog, kana, second, NOW + 30 * MINUTE_MS)
    assert [(one.is_this, one.used_at) for one in listed] == [
        (True, NOW + MINUTE_MS),
        (False, NOW + 30 * MINUTE_MS),
        (False, NOW + 2 * MINUTE_MS),
    ]
    assert third not in {one.id for one in listed}  # what is shown opens nothing
    assert all(find_session(catalog, one.id, NOW) is None for one in listed)


def test_when_a_session_was_used_is_known_to_five_minutes(catalog, kana):
    token = open_session(catalog, kana, NOW, secrets.token_bytes)
    for at, known in ((NOW + 4 * MINUTE_MS, NOW), (NOW + 6 * MINUTE_MS, NOW + 6 * MINUTE_MS)):
        find_session(catalog, token, at)
        assert list_sessions(catalog, kana, token, at)[0].used_at == known


def test_sessions_that_are_over_are_not_listed(catalog, kana):
    token = open_session(catalog, kana, NOW, secrets.token_bytes)
    assert list_sessions(catalog, kana, token, NOW + 12 * 60 * MINUTE_MS) == []


def test_one_session_is_ended_and_never_another_accounts(catalog, kana, haru):
    mine, other, hers = (open_session(catalog, who, NOW, secrets.token_bytes) for who in (kana, kana, haru))
    found = {one.is_this: one.id for one in list_sessions(catalog, kana, mine, NOW)}
    end_session(catalog, haru, found[False])
    assert find_session(catalog, other, NOW)
    end_session(catalog, kana, found[False])
    assert find_session(catalog, other, NOW) is None
    assert find_session(catalog, mine, NOW) and find_session(catalog, hers, NOW)


def test_all_others_end_and_this_one_stays(catalog, kana, haru):
    mine, *others = (open_session(catalog, kana, NOW, secrets.token_bytes) for _ in range(3))
    hers = open_session(catalog, haru, NOW, secrets.token_bytes)
    end_other_sessions(catalog, kana, mine)
    assert find_session(catalog, mine, NOW) and find_session(catalog, hers, NOW)
    assert [find_session(catalog, token, NOW) for token in others] == [None, None]
