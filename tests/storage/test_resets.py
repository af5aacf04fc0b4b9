"""One-time links: they open once, for 72 hours, the newest alone, and nothing once the account is closed."""

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change
from xr_server.errors import DejimaError, Invalid, NotFound, NotSignedIn
from xr_server.storage.accounts import HASHER, add_account, change_password, count_guess, sign_in
from xr_server.storage.people import close_account
from xr_server.storage.resets import find_reset, issue_reset, use_reset
from xr_server.storage.sessions import find_session, open_session
from xr_server.storage.tables.people import password_reset

PASSWORD = "water gate 1820"
NEW = "a fan in the harbour"
NOW = 1_780_000_000_000
LIFE_MS = 72 * 3_600_000


@pytest.fixture
def kana(catalog):
    return add_account(catalog, NewAccount("dejima", "kana", "creator"), NOW, secrets.token_bytes)


@pytest.fixture
def sato(catalog):
    return add_account(catalog, NewAccount("dejima", "sato", "admin", PASSWORD), NOW, secrets.token_bytes)


def issue(catalog, account_id, at=NOW):
    return issue_reset(catalog, account_id, Change(at), secrets.token_bytes)


@pytest.mark.parametrize("password", ["", PASSWORD, "nobody has this password"])
def test_an_account_without_a_password_is_entered_by_none(catalog, kana, password):
    with pytest.raises(NotSignedIn):
        sign_in(catalog, "kana", password, NOW)


def test_a_link_sets_the_password_once(catalog, kana):
    token = issue(catalog, kana)
    assert find_reset(catalog, token, NOW).name == "kana"
    assert use_reset(catalog, token, NEW, NOW) == "kana"
    assert sign_in(catalog, "kana", NEW, NOW) == kana
    with pytest.raises(NotFound) as used:
        use_reset(catalog, token, "another password", NOW)
    assert used.value.code == "reset_over"
    assert sign_in(catalog, "kana", NEW, NOW) == kana


def test_only_the_hash_of_a_link_is_stored(catalog, kana):
    token = issue(catalog, kana)
    with catalog.connect() as connection:
        stored = connection.execute(select(password_reset)).one()
    assert stored.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in stored


def test_a_link_opens_for_72_hours(catalog, kana):
    token = issue(catalog, kana)
    assert find_reset(catalog, token, NOW + LIFE_MS - 1)
    for over in (
        lambda: find_reset(catalog, token, NOW + LIFE_MS),
        lambda: use_reset(catalog, token, NEW, NOW + LIFE_MS),
    ):
        with pytest.raises(NotFound):
            over()


def test_a_newer_link_a_changed_password_and_a_closed_account_void_a_link(catalog, sato):
    older, newer = issue(catalog, sato), issue(catalog, sato)
    with pytest.raises(NotFound):
        find_reset(catalog, older, NOW)
    change_password(catalog, sato, PASSWORD, NEW, NOW)
    with pytest.raises(NotFound):
        find_reset(catalog, newer, NOW)
    add_account(catalog, NewAccount("dejima", "mori", "admin", PASSWORD), NOW, secrets.token_bytes)
    last = issue(catalog, sato)
    close_account(catalog, "dejima", sato, Change(NOW))
    with pytest.raises(NotFound):
        use_reset(catalog, last, PASSWORD, NOW)


def test_a_password_that_is_too_short_leaves_the_link_as_it_was(catalog, kana):
    token = issue(catalog, kana)
    with pytest.raises(Invalid):
        use_reset(catalog, token, "short", NOW)
    assert find_reset(catalog, token, NOW)


def test_using_a_link_ends_all_sessions(catalog, sato):
    session = open_session(catalog, sato, NOW, secrets.token_bytes)
    use_reset(catalog, issue(catalog, sato), NEW, NOW)
    assert find_session(catalog, session, NOW) is None


def test_of_two_browsers_at_once_one_sets_the_password(catalog, kana):
    token = issue(catalog, kana)

    def attempt(password):
        try:
            return use_reset(catalog, token, password, NOW)
        except DejimaError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, ("the first password", "the second password")))
    assert sorted(outcomes) == ["kana", "reset_over"]


def test_nobody_waits_to_write_while_a_password_is_hashed(catalog, kana, monkeypatch):
    """Argon2 takes its time, and SQLite lets one write at a time."""
    hashed, hash_it = [], type(HASHER).hash

    def hash_while_another_writes(self, password):
        with catalog.begin() as connection:  # SQLite gives up after a while if the hash is made within a transaction
            count_guess(connection, f"{len(hashed):064}", NOW)
        hashed.append(password)
        return hash_it(self, password)

    token = issue_reset(catalog, kana, Change(NOW), secrets.token_bytes)
    monkeypatch.setattr(type(HASHER), "hash", hash_while_another_writes)
    use_reset(catalog, token, PASSWORD, NOW)
    change_password(catalog, kana, PASSWORD, NEW, NOW)
    assert hashed == [PASSWORD, NEW]
