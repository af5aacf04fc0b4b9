import pytest

from xr_server.domain.account import NewAccount, Session, check_account, check_csrf, clean_name, may, pause_after
from xr_server.errors import Forbidden, Invalid


def session(*roles: str) -> Session:
    return Session("a", "kana", "dejima", frozenset(roles), "token", 0)  # type: ignore[arg-type]


def test_creators_send_for_review_but_do_not_publish():
    assert may(session("creator"), "send_for_review")
    assert not may(session("creator"), "publish")
    assert not may(session("creator"), "read_figures")


def test_staff_publish_and_an_account_without_role_does_nothing():
    assert may(session("staff"), "publish")
    assert not may(session(), "upload")


@pytest.mark.parametrize("sent", ["", "other", "tokenx", "とーくん"])
def test_a_form_without_the_sessions_token_is_refused(sent):
    with pytest.raises(Forbidden, match="Reload the page"):
        check_csrf(session("staff"), sent)


@pytest.mark.parametrize(
    ("name", "role", "password", "code"),
    [
        ("kana", "king", "long enough", "role_unknown"),
        (" ", "staff", "long enough", "name_unusable"),
        ("ka\nna", "staff", "long enough", "name_unusable"),
        ("kana", "staff", "short", "password_length"),
        ("kana", "staff", "x" * 1001, "password_length"),
    ],
)
def test_accounts_that_cannot_be_used_are_refused_with_a_reason(name, role, password, code):
    with pytest.raises(Invalid) as refused:
        check_account(NewAccount("dejima", name, role, password))
    assert refused.value.code == code


def test_a_name_is_the_same_in_full_width_and_half_width():
    assert clean_name("ｋａｎａ ") == "kana"


def test_pauses_begin_after_five_guesses_and_end_at_five_minutes():
    assert [pause_after(n) for n in (0, 4, 5, 6, 7)] == [0, 0, 2000, 4000, 8000]
    assert pause_after(10_000) == 300_000
