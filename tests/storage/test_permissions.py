"""Permission to scan on both databases: one decision, numbers without gaps whoever races, and nobody left in the end."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from tests.domain.test_permission import WISH, wish
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change
from xr_server.domain.permission import MOST_WAITING, show_code
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.forget import forget_people
from xr_server.storage.permissions import (
    Decision,
    ask_permission,
    change_wish,
    count_answered,
    count_asked,
    decide,
    find_by_code,
    find_by_number,
    list_beside,
    list_permissions,
    load_asker,
    load_permission,
    mark_seen,
    take_back,
    withdraw_permission,
)
from xr_server.storage.scans import Owner

NOW = 1_795_485_600_000
YES = Decision(1, True, 2026)
NO = Decision(1, False, 2026, reason="The gate is being painted.")


@pytest.fixture
def kana(catalog):
    return add_account(catalog, NewAccount("dejima", "kana", "creator", "water gate 1820"), NOW, secrets.token_bytes)


def ask(catalog, account_id, what=WISH, site="dejima"):
    asked = ask_permission(catalog, Owner(site, account_id), what, NOW, secrets.token_bytes)
    return load_permission(catalog, site, asked)


def answer(catalog, permission, decision=YES):
    return decide(catalog, permission, decision, Change(NOW + 1, "sato"), secrets.token_bytes)


def reload(catalog, permission):
    return load_permission(catalog, permission.site_id, permission.id)


def test_a_request_is_granted_once_and_found_by_number_and_code(catalog, kana):
    permission = ask(catalog, kana)
    assert count_asked(catalog, "dejima") == 1 and load_asker(catalog, permission) == "kana"
    assert answer(catalog, permission) == "DJ-2026-0001"
    granted = reload(catalog, permission)
    assert (granted.state, granted.number, granted.wish) == ("granted", "DJ-2026-0001", WISH)
    assert find_by_code(catalog, show_code(granted.code).lower()) == granted
    assert find_by_number(catalog, "dejima", " dj-2026-0001 ") == granted
    assert find_by_number(catalog, "hirado", "DJ-2026-0001") is None
    assert count_asked(catalog, "dejima") == 0
    with pytest.raises(Conflict) as again:
        answer(catalog, granted, Decision(granted.revision, False, 2026))
    assert again.value.code == "permission_decided"


def test_no_code_opens_nothing(catalog, kana):
    ask(catalog, kana)
    for typed in ("", "00000-00000", "None"):
        with pytest.raises(NotFound):
            find_by_code(catalog, typed)


def test_a_decision_on_words_that_changed_since_is_stale_and_takes_no_number(catalog, kana):
    permission = ask(catalog, kana)
    change_wish(catalog, permission, wish(place="also the lawn"), 1, NOW)
    with pytest.raises(Stale):
        answer(catalog, permission)
    with pytest.raises(Stale):
        change_wish(catalog, permission, WISH, 1, NOW)
    assert answer(catalog, permission, Decision(2, True, 2026)) == "DJ-2026-0001"
    with pytest.raises(Conflict):
        change_wish(catalog, permission, WISH, 3, NOW)


def test_what_was_taken_back_or_refused_takes_no_number(catalog, kana):
    first, second, third = (ask(catalog, kana) for _ in range(3))
    take_back(catalog, first, 1, NOW)
    assert answer(catalog, second, NO) is None
    assert answer(catalog, third) == "DJ-2026-0001"
    with pytest.raises(Conflict):
        answer(catalog, first, Decision(2, True, 2026))
    assert reload(catalog, second).reason == "The gate is being painted."


def test_numbers_of_a_year_have_no_gaps_and_none_twice_though_many_decide_at_once(catalog, kana):
    asked = [ask(catalog, kana) for _ in range(12)]

    def one(permission):
        try:
            return answer(catalog, permission)
        except (Conflict, Stale):
            return None

    with ThreadPoolExecutor(6) as pool:  # two of the staff decide on each request at the same moment
        numbers = list(pool.map(one, [permission for permission in asked for _ in range(2)]))
    given = sorted(number for number in numbers if number)
    assert given == [f"DJ-2026-{count:04d}" for count in range(1, 13)]
    assert answer(catalog, ask(catalog, kana), Decision(1, True, 2027)) == "DJ-2027-0001"
    assert answer(catalog, ask(catalog, kana, site="hirado")) == "HR-2026-0001"


def test_an_answer_waits_for_its_asker_until_it_is_read_and_again_when_it_is_withdrawn(catalog, kana):
    permission = ask(catalog, kana)
    assert count_answered(catalog, "dejima", kana) == 0
    answer(catalog, permission)
    assert count_answered(catalog, "dejima", kana) == 1
    mark_seen(catalog, permission, NOW)
    assert count_answered(catalog, "dejima", kana) == 0
    withdraw_permission(catalog, permission, "A storm is coming.", Change(NOW, "sato"))
    assert count_answered(catalog, "dejima", kana) == 1
    assert reload(catalog, permission).reason == "A storm is coming."
    with pytest.raises(Conflict):
        withdraw_permission(catalog, permission, "Again.", Change(NOW, "sato"))


def test_the_audit_log_holds_what_was_decided_and_nothing_of_who_asked(catalog, kana):
    first, second = ask(catalog, kana), ask(catalog, kana)
    answer(catalog, first)
    answer(catalog, second, NO)
    withdraw_permission(catalog, first, "A storm is coming.", Change(NOW + 2, "sato"))
    entries = list_entries(catalog, "dejima", Wanted(kind="permission"), 10)
    assert [(entry.deed, entry.thing_id) for entry in entries] == [
        ("permission_withdrawn", first.id),
        ("permission_refused", second.id),
        ("permission_granted", first.id),
    ]
    assert {entry.account_id for entry in entries} == {"sato"} and "storm" not in repr(entries)


def test_others_on_the_same_days_are_listed_and_nobody_elses_requests_are_ones_own(catalog, kana):
    permission, other, refused = (ask(catalog, kana) for _ in range(3))
    answer(catalog, refused, NO)
    assert [one.id for one in list_beside(catalog, permission)] == [other.id]
    assert list_permissions(catalog, "dejima", "somebody else") == []
    assert len(list_permissions(catalog, "dejima", kana)) == 3
    with pytest.raises(NotFound):
        load_permission(catalog, "hirado", permission.id)


def test_not_everything_can_be_asked_for_at_once(catalog, kana):
    for _ in range(MOST_WAITING):
        ask(catalog, kana)
    with pytest.raises(Conflict):
        ask(catalog, kana)
    assert count_asked(catalog, "dejima") == MOST_WAITING


def test_ninety_days_after_its_end_nothing_leads_to_the_asker(catalog, kana):
    granted, refused, waiting = (ask(catalog, kana) for _ in range(3))
    later = ask(catalog, kana, wish(first_on="2026-12-03", last_on="2026-12-03"))
    answer(catalog, granted, Decision(1, True, 2026, conditions="Ring Kana before you come."))
    answer(catalog, refused, NO)
    forget_people(catalog, date(2027, 3, 2))
    assert len(list_permissions(catalog, "dejima", kana)) == 4
    forget_people(catalog, date(2027, 3, 3))
    assert [one.id for one in list_permissions(catalog, "dejima", kana)] == [later.id]
    left = reload(catalog, granted)
    assert (left.number, left.wish.landmarks, left.wish.first_on) == ("DJ-2026-0001", ("water-gate",), "2026-12-01")
    assert "Kana" not in repr(left) and kana not in repr(left) and "school" not in repr(left)
    assert load_asker(catalog, left) == ""
    for gone in (refused, waiting):
        with pytest.raises(NotFound):
            reload(catalog, gone)
    assert find_by_code(catalog, left.code) == left
