"""Who has an account: the list, roles, closing and opening again, handing over, and that somebody always can."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.storage.test_scans import begin
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, NotSignedIn
from xr_server.storage.accounts import add_account, sign_in
from xr_server.storage.people import (
    Handing,
    close_account,
    find_person,
    find_person_called,
    hand_over,
    list_people,
    reopen_account,
    set_role,
)
from xr_server.storage.scans import Owner, load_scan
from xr_server.storage.sessions import find_session, open_session

PASSWORD = "water gate 1820"
NOW = 1_780_000_000_000


@pytest.fixture
def people(catalog):
    def add(name, role, password=PASSWORD, site="dejima"):
        return add_account(catalog, NewAccount(site, name, role, password), NOW, secrets.token_bytes)

    add("elsewhere", "admin", site="hirado")
    return {"kana": add("kana", "creator"), "haru": add("haru", "creator", None), "sato": add("sato", "admin")}


def test_the_list_tells_how_each_account_stands(catalog, people):
    begin(catalog, Owner("dejima", people["kana"]))
    open_session(catalog, people["kana"], NOW + 5, secrets.token_bytes)
    close_account(catalog, "dejima", people["haru"], Change(NOW))
    listed = list_people(catalog, "dejima")
    assert [(one.name, one.role, one.disabled, one.has_password, one.used_at, one.scans) for one in listed] == [
        ("kana", "creator", False, True, NOW + 5, 1),
        ("sato", "admin", False, True, None, 0),
        ("haru", "creator", True, False, None, 0),
    ]
    assert find_person_called(catalog, "dejima", "kana") == find_person(catalog, "dejima", people["kana"])


def test_people_of_other_sites_are_out_of_reach(catalog, people):
    stranger = find_person_called(catalog, "hirado", "elsewhere").id
    for step in (
        lambda: find_person(catalog, "dejima", stranger),
        lambda: find_person_called(catalog, "dejima", "elsewhere"),
        lambda: set_role(catalog, "dejima", stranger, "creator", Change(NOW)),
        lambda: close_account(catalog, "dejima", stranger, Change(NOW)),
        lambda: reopen_account(catalog, "dejima", stranger, Change(NOW)),
        lambda: hand_over(catalog, Handing("dejima", people["kana"], stranger), Change(NOW)),
    ):
        with pytest.raises(NotFound):
            step()


def test_a_role_holds_from_the_next_page_on(catalog, people):
    token = open_session(catalog, people["kana"], NOW, secrets.token_bytes)
    set_role(catalog, "dejima", people["kana"], "clerk", Change(NOW))
    assert find_session(catalog, token, NOW).roles == {"clerk"}
    with pytest.raises(Invalid):
        set_role(catalog, "dejima", people["kana"], "king", Change(NOW))


def test_a_closed_account_is_signed_out_at_once_and_comes_back_with_its_password(catalog, people):
    token = open_session(catalog, people["kana"], NOW, secrets.token_bytes)
    close_account(catalog, "dejima", people["kana"], Change(NOW))
    assert find_session(catalog, token, NOW) is None
    with pytest.raises(NotSignedIn):
        sign_in(catalog, "kana", PASSWORD, NOW)
    reopen_account(catalog, "dejima", people["kana"], Change(NOW))
    assert sign_in(catalog, "kana", PASSWORD, NOW) == people["kana"]
    assert find_session(catalog, token, NOW) is None


def test_the_last_administrator_stays_one(catalog, people):
    for step in (
        lambda: set_role(catalog, "dejima", people["sato"], "staff", Change(NOW)),
        lambda: close_account(catalog, "dejima", people["sato"], Change(NOW)),
    ):
        with pytest.raises(Conflict) as refused:
            step()
        assert refused.value.code == "last_admin"
    sato = find_person(catalog, "dejima", people["sato"])
    assert (sato.role, sato.disabled) == ("admin", False)
    set_role(catalog, "dejima", people["kana"], "admin", Change(NOW))
    set_role(catalog, "dejima", people["sato"], "staff", Change(NOW))


def test_two_administrators_who_unmake_one_another_at_once_leave_one(catalog, people):
    set_role(catalog, "dejima", people["kana"], "admin", Change(NOW))

    def unmake(name):
        try:
            set_role(catalog, "dejima", people[name], "creator", Change(NOW))
        except DejimaError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(unmake, ("kana", "sato"))) == ["done", "last_admin"]
    assert [one.role for one in list_people(catalog, "dejima")].count("admin") == 1


def test_scans_are_handed_over_and_belong_to_somebody_who_can_work(catalog, people):
    scans = [begin(catalog, Owner("dejima", people["kana"])) for _ in range(2)]
    close_account(catalog, "dejima", people["haru"], Change(NOW))
    with pytest.raises(Conflict) as refused:
        hand_over(catalog, Handing("dejima", people["kana"], people["haru"]), Change(NOW))
    assert refused.value.code == "taker_closed"
    assert hand_over(catalog, Handing("dejima", people["kana"], people["sato"]), Change(NOW)) == 2
    assert {load_scan(catalog, "dejima", scan).account_id for scan in scans} == {people["sato"]}
    assert hand_over(catalog, Handing("dejima", people["kana"], people["sato"]), Change(NOW)) == 0
