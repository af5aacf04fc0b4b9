import hashlib
import secrets

import pytest
from sqlalchemy import select, update

from xr_server.domain.account import NewAccount
from xr_server.errors import Busy, Conflict, NotSignedIn
from xr_server.storage.accounts import HASHER, add_account, load_names, sign_in
from xr_server.storage.sessions import close_session, find_session, open_session
from xr_server.storage.tables.people import account, membership, session

PASSWORD = "water gate 1820"
NOW = 1_780_000_000_000
HOUR_MS = 3_600_000


@pytest.fixture
def kana(catalog):
    return add_account(catalog, NewAccount("dejima", "kana", "creator", PASSWORD), NOW, secrets.token_bytes)


def test_the_right_password_gives_the_account_and_its_name_is_the_same_however_typed(catalog, kana):
    assert sign_in(catalog, "kana", PASSWORD, NOW) == kana
    assert sign_in(catalog, " ｋａｎａ", PASSWORD, NOW) == kana
    assert load_names(catalog, {kana, "nobody"}) == {kana: "kana"}


def test_a_password_costs_what_owasp_asks_for():
    assert HASHER.hash(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_passwords_are_stored_only_as_argon2id(catalog, kana):
    with catalog.connect() as connection:
        stored = connection.execute(select(account.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$") and PASSWORD not in stored


def test_wrong_password_and_unknown_name_give_the_same_answer(catalog, kana):
    answers = []
    for name in ("kana", "nobody"):
        with pytest.raises(NotSignedIn) as refused:
            sign_in(catalog, name, "wrong", NOW)
        answers.append((refused.value.code, refused.value.text))
    assert answers[0] == answers[1]


def test_a_taken_name_is_refused_and_changes_nothing(catalog, kana):
    with pytest.raises(Conflict, match="already"):
        add_account(catalog, NewAccount("dejima", "kana", "admin", PASSWORD), NOW, secrets.token_bytes)
    with catalog.connect() as connection:
        assert connection.execute(select(membership.c.role)).scalars().all() == ["creator"]


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait_also_after_a_restart(catalog, kana, open_store):
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sign_in(catalog, "kana", "wrong", NOW)
    again = open_store(catalog.url.render_as_string(hide_password=False))  # another server, or the same after a restart
    with pytest.raises(Busy) as paused:
        sign_in(again, "kana", PASSWORD, NOW + 1999)
    assert paused.value.retry_after_s == 1
    assert sign_in(again, "kana", PASSWORD, NOW + 2001) == kana
    with pytest.raises(NotSignedIn):  # counted from the start again
        sign_in(catalog, "kana", "wrong", NOW + 2002)


def test_unknown_names_pause_alike_so_that_the_pause_tells_nothing(catalog, kana):
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sign_in(catalog, "nobody", "wrong", NOW)
    with pytest.raises(Busy):
        sign_in(catalog, "nobody", "wrong", NOW)


def test_a_session_lasts_twelve_hours_and_only_the_tokens_hash_is_stored(catalog, kana):
    token = open_session(catalog, kana, NOW, secrets.token_bytes)
    found = find_session(catalog, token, NOW + 12 * HOUR_MS - 1)
    assert found is not None
    assert (found.name, found.site_id, found.roles) == ("kana", "dejima", {"creator"})
    assert find_session(catalog, token, NOW + 12 * HOUR_MS) is None
    assert find_session(catalog, "0" * 64, NOW) is None
    with catalog.connect() as connection:
        assert connection.scalars(select(session.c.token_hash)).all() == [hashlib.sha256(token.encode()).hexdigest()]


def test_a_closed_session_and_a_closed_account_open_nothing(catalog, kana):
    first, second = (open_session(catalog, kana, NOW, secrets.token_bytes) for _ in range(2))
    close_session(catalog, first)
    assert find_session(catalog, first, NOW) is None
    with catalog.begin() as connection:
        connection.execute(update(account).values(disabled=True))
    assert find_session(catalog, second, NOW) is None
    with pytest.raises(NotSignedIn):
        sign_in(catalog, "kana", PASSWORD, NOW)


def test_sessions_that_ended_are_swept_when_the_next_one_begins(catalog, kana):
    open_session(catalog, kana, NOW, secrets.token_bytes)
    open_session(catalog, kana, NOW + 13 * HOUR_MS, secrets.token_bytes)
    with catalog.connect() as connection:
        assert len(connection.scalars(select(session.c.token_hash)).all()) == 1
