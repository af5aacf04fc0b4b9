"""Campaigns on both databases: arrivals are counted whoever comes at once, and never more coupons given than promised."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.samples import publish
from xr_server.domain.campaign import Campaign, Link
from xr_server.domain.voucher import Offer
from xr_server.errors import Conflict, NotFound
from xr_server.storage.campaigns import (
    count_arrival,
    count_arrivals,
    find_codes_in_use,
    load_campaign,
    take_coupon,
    total_arrivals,
)
from xr_server.storage.vouchers import count_vouchers

NOW = 1_795_485_600_000
AT = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
RACERS = 8
LANTERN = Campaign(
    id="lantern",
    title={"en": "Lantern nights"},
    first_on="2026-11-20",
    last_on="2026-11-30",
    coupon={"en": "Tea"},
    collect_at={"en": "Café"},
    most_coupons=3,
    links=[Link(code="7K3MPA", to="site", source="dejima", medium="poster")],
)


def take(catalog, claim, campaign=LANTERN):
    return take_coupon(catalog, "dejima", campaign, (claim, NOW), secrets.token_bytes)


def test_arrivals_at_once_are_all_counted_and_summed_up_by_day_and_hour(catalog):
    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(lambda _: count_arrival(catalog, "dejima", "lantern", "7K3MPA", AT), range(RACERS)))
    count_arrival(catalog, "dejima", "lantern", "9QQQQQ", AT.replace(day=25, hour=0))
    count_arrival(catalog, "hirado", "lantern", "7K3MPA", AT)
    found = count_arrivals(catalog, "dejima", "lantern")
    assert found.by_code == {"7K3MPA": RACERS, "9QQQQQ": 1} and found.total == RACERS + 1
    assert found.by_day == {"2026-11-24": RACERS, "2026-11-25": 1} and found.by_hour == {11: RACERS, 0: 1}
    assert total_arrivals(catalog, "dejima") == {"lantern": RACERS + 1}


def test_never_more_coupons_than_were_promised_whoever_asks_at_once(catalog):
    def ask(number):
        try:
            return take(catalog, f"phone {number}")
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(ask, range(RACERS)))
    assert answers.count("coupons_gone") == RACERS - 3
    assert count_vouchers(catalog, Offer("dejima", "campaign", "lantern")).issued == {"phone": 3}


def test_two_lines_of_one_phone_get_one_coupon_also_the_last_one(catalog):
    with ThreadPoolExecutor(RACERS) as pool:
        taken = list(pool.map(lambda _: take(catalog, "a phone"), range(RACERS)))
    assert len({one.serial for one in taken}) == 1
    take(catalog, "another")
    take(catalog, "a third")
    assert take(catalog, "a phone") == taken[0]
    with pytest.raises(Conflict):
        take(catalog, "a fourth")


def test_a_code_that_any_campaign_ever_had_is_in_use(catalog):
    publish(catalog, LANTERN)
    without = Campaign(**{name: getattr(LANTERN, name) for name in LANTERN.__struct_fields__ if name != "links"})
    publish(catalog, without, 1)
    count_arrival(catalog, "dejima", "lantern", "9QQQQQ", AT)
    assert find_codes_in_use(catalog, ["7K3MPA", "9QQQQQ", "AAAAAA"]) == {"7K3MPA", "9QQQQQ"}
    assert load_campaign(catalog, "dejima", "lantern") == without
    for other in ("spring", "\0"):
        with pytest.raises(NotFound):
            load_campaign(catalog, "dejima", other)
