"""Vouchers on both databases: one a claim, used once whoever races, taken back by the same browser within a minute."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from xr_server.domain.catalog import Change
from xr_server.domain.voucher import FREE_WRONG_CODES, UNDO_MS, Offer
from xr_server.errors import Busy, Conflict, Invalid, NotFound, Unavailable
from xr_server.storage.counters import (
    Counter,
    counter_code,
    end_counter,
    find_counter,
    list_counters,
    open_counter,
)
from xr_server.storage.tables.vouchers import voucher as voucher_table
from xr_server.storage.vouchers import (
    Claim,
    Till,
    check_counter_rested,
    count_vouchers,
    count_wrong_code,
    find_claimed,
    find_voucher,
    forget_wrong_codes,
    issue_voucher,
    take_back_use,
    use_voucher,
)

NOW = 1_795_485_600_000
OFFER = Offer("dejima", "rally", "autumn")
SHOP = Counter("", "shop", OFFER, "Museum shop")
SECRET = b"k" * 32
RACERS = 8


def issue(catalog, claim="card of a phone", offer=OFFER, way="phone"):
    return issue_voucher(catalog, offer, Claim(claim, way), NOW, secrets.token_bytes)


def test_a_claim_has_one_voucher_however_often_it_is_asked_for(catalog):
    first = issue(catalog)
    assert issue(catalog) == first == find_claimed(catalog, OFFER, "card of a phone")
    assert find_voucher(catalog, "dejima", first.serial) == first
    assert find_voucher(catalog, "hirado", first.serial) is None
    others = [issue(catalog, "another card"), issue(catalog, offer=Offer("dejima", "rally", "spring"))]
    assert len({first.serial, *(other.serial for other in others)}) == 3
    with catalog.connect() as connection:
        rows = connection.execute(select(voucher_table)).all()
    assert not any("card" in str(value) for row in rows for value in row)  # what only the holder has stands nowhere


def test_two_lines_of_one_phone_that_ask_at_once_get_the_same_voucher(catalog):
    with ThreadPoolExecutor(RACERS) as pool:
        issued = list(pool.map(lambda _: issue(catalog), range(RACERS)))
    assert len({one.serial for one in issued}) == 1


def test_a_serial_that_is_taken_is_not_given_twice(catalog):
    bytes_given = iter([bytes(5), bytes(5), b"\x01" * 5])
    first = issue_voucher(catalog, OFFER, Claim("one"), NOW, lambda _: next(bytes_given))
    second = issue_voucher(catalog, OFFER, Claim("two"), NOW, lambda _: next(bytes_given))
    assert (first.serial, second.serial) == ("00000", "11111")


def test_of_many_counters_at_the_same_moment_one_alone_marks_it(catalog):
    found = issue(catalog)
    tills = [Till(f"SHOP{number}", "browser") for number in range(RACERS)]

    def mark(till):
        try:
            return use_voucher(catalog, found, till, NOW + 1)
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(RACERS) as pool:
        outcomes = list(pool.map(mark, tills))
    assert outcomes.count("voucher_used") == RACERS - 1
    (won,) = [one for one in outcomes if one != "voucher_used"]
    assert find_voucher(catalog, "dejima", found.serial) == won
    assert (won.used_at, won.counter) == (NOW + 1, tills[outcomes.index(won)].counter)


def test_it_is_taken_back_by_the_same_browser_within_a_minute_and_by_nobody_else(catalog):
    found, till = issue(catalog), Till("SHOP1", "browser")
    used = use_voucher(catalog, found, till, NOW)
    for other in (Till("SHOP1", "another browser"), Till("SHOP2", "browser")):
        with pytest.raises(Conflict):
            take_back_use(catalog, used, other, NOW + 1)
    with pytest.raises(Conflict):
        take_back_use(catalog, used, till, NOW + UNDO_MS + 1)
    take_back_use(catalog, used, till, NOW + UNDO_MS)
    assert find_voucher(catalog, "dejima", found.serial) == found
    with pytest.raises(Conflict):
        take_back_use(catalog, used, till, NOW + UNDO_MS)
    assert use_voucher(catalog, found, Till("SHOP2", "x"), NOW + 9).counter == "SHOP2"


def test_counts_tell_issued_and_used_by_way_and_counter(catalog):
    phones, papers = [issue(catalog, f"phone {i}") for i in range(3)], [issue(catalog, "sheet", way="paper")]
    issue(catalog, offer=Offer("dejima", "rally", "spring"))
    for one in (phones[0], papers[0]):
        use_voucher(catalog, one, Till("SHOP1", "x"), NOW)
    use_voucher(catalog, phones[1], Till("SHOP2", "x"), NOW)
    counts = count_vouchers(catalog, OFFER)
    assert counts.issued == {"phone": 3, "paper": 1}
    assert counts.used == {"phone": 2, "paper": 1}
    assert counts.by_counter == {"SHOP1": 2, "SHOP2": 1}


def test_a_counter_rests_after_many_wrong_codes_and_no_other_does(catalog):
    for _ in range(FREE_WRONG_CODES + 4):
        check_counter_rested(catalog, "SHOP1", NOW)
        count_wrong_code(catalog, "SHOP1", NOW)
    count_wrong_code(catalog, "SHOP1", NOW)
    with pytest.raises(Busy):
        check_counter_rested(catalog, "SHOP1", NOW)
    check_counter_rested(catalog, "SHOP2", NOW)
    forget_wrong_codes(catalog, "SHOP1")
    check_counter_rested(catalog, "SHOP1", NOW)


def test_a_counter_is_opened_found_by_its_code_and_ended(catalog):
    opened = open_counter(catalog, SHOP, Change(NOW, "sato"), secrets.token_bytes)
    tablet = replace(SHOP, purpose="tablet", landmark="water-gate", name="Tablet")
    tablet = open_counter(catalog, tablet, Change(NOW + 1, "sato"), secrets.token_bytes)
    assert list_counters(catalog, OFFER) == [opened, tablet]
    assert find_counter(catalog, "shop", counter_code(opened, SECRET).lower(), SECRET) == opened
    with pytest.raises(NotFound):  # the link of a tablet opens no shop's counter
        find_counter(catalog, "shop", counter_code(tablet, SECRET), SECRET)
    with pytest.raises(NotFound):
        end_counter(catalog, Offer("dejima", "rally", "spring"), opened.serial, Change(NOW, "sato"))
    end_counter(catalog, OFFER, opened.serial, Change(NOW + 2, "sato"))
    assert list_counters(catalog, OFFER) == [tablet]
    with pytest.raises(NotFound):
        find_counter(catalog, "shop", counter_code(opened, SECRET), SECRET)
    with pytest.raises(NotFound):
        end_counter(catalog, OFFER, opened.serial, Change(NOW + 3, "sato"))


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines"])
def test_a_counter_needs_a_name_that_can_be_read(catalog, name):
    with pytest.raises(Invalid):
        open_counter(catalog, replace(SHOP, name=name), Change(NOW, "sato"), secrets.token_bytes)


def test_there_is_an_end_to_counters(catalog, monkeypatch):
    monkeypatch.setattr("xr_server.storage.counters.MOST_COUNTERS", 2)
    for _ in range(2):
        open_counter(catalog, SHOP, Change(NOW, "sato"), secrets.token_bytes)
    with pytest.raises(Conflict):
        open_counter(catalog, SHOP, Change(NOW, "sato"), secrets.token_bytes)


def test_there_is_an_end_to_the_vouchers_of_an_offer_and_who_has_one_keeps_it(catalog, monkeypatch):
    monkeypatch.setattr("xr_server.storage.vouchers.MOST_OF_OFFER", 2)
    first = issue(catalog, "one")
    issue(catalog, "two")
    with pytest.raises(Unavailable):
        issue(catalog, "three")
    assert issue(catalog, "one") == first
    issue(catalog, "three", offer=Offer("dejima", "rally", "spring"))
