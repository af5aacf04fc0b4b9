"""Tokens for programs: shown once, kept as a hash, good for a year, ended with the account or by their owner."""

import hashlib
import secrets

import pytest
from sqlalchemy import select

from xr_server.domain.account import API_TOKEN_LIFE_MS, MAX_API_TOKENS, NewAccount
from xr_server.domain.catalog import Change
from xr_server.errors import Conflict, Invalid
from xr_server.storage.accounts import add_account
from xr_server.storage.api_tokens import end_token, find_token_session, issue_token, list_tokens
from xr_server.storage.people import close_account, reopen_account
from xr_server.storage.resets import issue_reset, use_reset
from xr_server.storage.tables.people import api_token

NOW = 1_780_000_000_000
MINUTE_MS = 60_000


@pytest.fixture
def kana(catalog):
    return add_account(catalog, NewAccount("dejima", "kana", "creator", "water gate 1820"), NOW, secrets.token_bytes)


@pytest.fixture
def sato(catalog):
    return add_account(catalog, NewAccount("dejima", "sato", "admin", "water gate 1820"), NOW, secrets.token_bytes)


def issue(catalog, account_id, label="the scanner's computer", at=NOW):
    return issue_token(catalog, account_id, label, at, secrets.token_bytes)


def test_a_token_opens_its_account_for_a_program(catalog, kana):
    token = issue(catalog, kana)
    session = find_token_session(catalog, token, NOW)
    assert session is not None
    assert (session.account_id, session.site_id, session.roles, session.by_token) == (kana, "dejima", {"creator"}, True)
    assert token.startswith("dejima_")
    assert find_token_session(catalog, token[:-1], NOW) is None
    with catalog.connect() as connection:
        stored = connection.execute(select(api_token)).one()
    assert stored.token_hash == hashlib.sha256(token.encode()).hexdigest() and token not in stored


def test_a_token_is_good_for_a_year(catalog, kana):
    token = issue(catalog, kana)
    assert find_token_session(catalog, token, NOW + API_TOKEN_LIFE_MS - 1)
    assert find_token_session(catalog, token, NOW + API_TOKEN_LIFE_MS) is None
    assert list_tokens(catalog, kana, NOW + API_TOKEN_LIFE_MS) == []


def test_the_list_tells_what_each_is_for_and_when_it_was_used(catalog, kana, sato):
    issue(catalog, sato)
    first, _ = issue(catalog, kana, " ｄｅｓｋ "), issue(catalog, kana, "drone", NOW + 1)
    for at in (NOW + MINUTE_MS, NOW + 3 * MINUTE_MS):  # known to five minutes
        find_token_session(catalog, first, at)
    listed = list_tokens(catalog, kana, NOW + 9)
    assert [(one.label, one.used_at) for one in listed] == [("drone", None), ("desk", NOW + MINUTE_MS)]
    assert all(find_token_session(catalog, one.id, NOW) is None for one in listed)


def test_its_owner_ends_a_token_and_nobody_else_does(catalog, kana, sato):
    token = issue(catalog, kana)
    (found,) = list_tokens(catalog, kana, NOW)
    end_token(catalog, sato, found.id, NOW)
    assert find_token_session(catalog, token, NOW)
    end_token(catalog, kana, found.id, NOW)
    assert find_token_session(catalog, token, NOW) is None


def test_tokens_end_with_the_account_and_with_a_password_set_by_a_link(catalog, kana, sato):
    token = issue(catalog, kana)
    close_account(catalog, "dejima", kana, Change(NOW))
    reopen_account(catalog, "dejima", kana, Change(NOW))
    assert find_token_session(catalog, token, NOW) is None
    token = issue(catalog, kana)
    use_reset(catalog, issue_reset(catalog, kana, Change(NOW), secrets.token_bytes), "another password", NOW)
    assert find_token_session(catalog, token, NOW) is None


@pytest.mark.parametrize("label", ["", " ", "x" * 101, "a\nb"])
def test_a_token_says_what_it_is_for(catalog, kana, label):
    with pytest.raises(Invalid):
        issue(catalog, kana, label)


def test_there_are_not_more_tokens_than_a_person_can_know(catalog, kana):
    for number in range(MAX_API_TOKENS):
        issue(catalog, kana, str(number))
    with pytest.raises(Conflict):
        issue(catalog, kana)
    assert len(list_tokens(catalog, kana, NOW)) == MAX_API_TOKENS
    issue(catalog, kana, at=NOW + API_TOKEN_LIFE_MS)  # those that are over do not count
