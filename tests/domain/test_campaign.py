"""Words of campaigns, where their links lead, who counts as an arrival, how far targets are reached, and what is amiss."""

from datetime import date

import pytest

from tests.samples import GATE, SITE
from xr_server.domain.campaign import (
    Aim,
    Campaign,
    Link,
    Placed,
    attain,
    days_left,
    find_target,
    is_arrival,
    link_query,
    make_link_code,
    make_word,
    spell_alike,
)
from xr_server.domain.content_check import check_record
from xr_server.domain.content_index import index_records
from xr_server.errors import Invalid

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1"
INDEX = index_records([SITE, GATE], frozenset())


def campaign(**more):
    values = {"id": "lantern", "title": {"en": "Lantern"}, "first_on": "2026-11-20", "last_on": "2026-11-30"}
    return Campaign(**{**values, **more})


def link(code="7K3MPA", to="site", **more):
    return Link(code=code, to=to, **{"source": "dejima", "medium": "poster", **more})


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Nagasaki City", "nagasaki-city"),
        ("ＮＡＧＡＳＡＫＩ＿ｃｉｔｙ", "nagasaki-city"),
        ("  Café / Umi 2027. ", "cafe-umi-2027"),
        ("a--b__c", "a-b-c"),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_word_is_written_as_statistics_want_it(typed, word):
    assert make_word(typed) == word == make_word(word)


@pytest.mark.parametrize("typed", ["", "灯籠", "春 2027", "a&b", "a?utm_source=b", "x" * 41, "-", "a\u200bb"])
def test_a_word_that_would_lose_letters_is_refused(typed):
    with pytest.raises(Invalid, match="Latin letters"):
        make_word(typed)


def test_a_word_takes_the_spelling_that_is_in_use():
    assert spell_alike("nagasakicity", {"nagasaki-city", "umi"}) == "nagasaki-city"
    assert spell_alike("nagasaki", {"nagasaki-city"}) == "nagasaki"


def test_a_link_leads_to_what_is_there_and_else_to_the_map():
    document = {"landmarks": [{"id": "water-gate"}], "experiences": [{"id": "visit"}], "rallies": [{"id": "autumn"}]}
    found = [
        find_target(link(to=to, target=target), document)
        for to, target in (
            ("landmark", "water-gate"),
            ("experience", "visit"),
            ("rally", "autumn"),
            ("rally", "spring"),
            ("site", None),
        )
    ]
    assert found == ["landmarks/water-gate", "experiences/visit", "rallies/autumn", "", ""]
    assert find_target(link(to="rally", target="autumn"), {"landmarks": []}) == ""
    query = link_query(Placed("lantern", link(at="water-gate")))
    assert (
        query == f"utm_source=dejima&utm_medium=poster&utm_campaign=lantern&utm_content=water-gate&utm_id={link().code}"
    )


def test_a_new_code_is_none_that_is_taken():
    bytes_given = iter([bytes(6), bytes([1] * 6)])
    assert make_link_code(lambda _: next(bytes_given), {"000000"}) == "111111"


@pytest.mark.parametrize(
    ("method", "headers", "counts"),
    [
        ("GET", {"user-agent": SAFARI}, True),
        ("GET", {"user-agent": SAFARI + " Line/14.8.0"}, True),
        ("GET", {"user-agent": "Mozilla/5.0 (Android 14) Instagram 300.0", "purpose": ""}, True),
        ("GET", {"user-agent": "Mozilla/5.0 (Linux; Android 10; CUBOT X30) Chrome/120.0 Mobile"}, True),
        ("GET", {"user-agent": SAFARI + " QRScanner/3.2"}, True),
        ("HEAD", {"user-agent": SAFARI}, False),
        ("GET", {"user-agent": SAFARI, "sec-purpose": "prefetch"}, False),
        ("GET", {"user-agent": SAFARI, "x-moz": "Prefetch"}, False),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"}, False),
        ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0"}, False),
        ("GET", {"user-agent": "WhatsApp/2.23.20"}, False),
        ("GET", {}, False),
    ],
)
def test_an_arrival_is_a_person_as_far_as_a_request_tells(method, headers, counts):
    assert is_arrival(method, headers) is counts


def test_targets_and_days():
    body = campaign(aims=[Aim(measure="arrivals", number=3), Aim(measure="coupons_used", number=2)])
    told = [(one.reached, one.percent) for one in attain(body, {"arrivals": 2, "coupons_used": 5})]
    assert told == [(2, 66), (5, 250)]
    days = [days_left(body, date(2026, 11, day)) for day in (1, 20, 30)]
    assert days == [30, 11, 1] and days_left(body, date(2026, 12, 1)) == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (campaign(title={}), "needs a title"),
        (campaign(last_on="2026-11-19"), "lies before the first"),
        (campaign(first_on="2026-02-31"), "is not a date"),
        (campaign(season="none"), "no season called none"),
        (campaign(links=[link(), link(to="landmark", target="water-gate")]), "a code of its own"),
        (campaign(links=[link(to="landmark", target="elsewhere")]), "no landmark called elsewhere"),
        (campaign(links=[link(at="elsewhere")]), "no landmark called elsewhere"),
        (campaign(links=[link(target="water-gate")]), "nothing else is"),
        (campaign(links=[link(to="rally")]), "is named"),
        (campaign(links=[link(to="coupon")]), "no coupon to lead to"),
        (campaign(coupon={"en": "Tea"}), "and where, or neither"),
        (campaign(coupon={"en": "Tea"}, collect_at={"en": "x"}, collect_until="2026-11-29"), "until the last day"),
        (campaign(aims=[Aim(measure="arrivals", number=1), Aim(measure="arrivals", number=2)]), "each target once"),
    ],
)
def test_a_content_folder_is_told_what_is_amiss_with_a_campaign(body, sentence):
    (found,) = check_record(body, INDEX)
    assert sentence in found[1]
    assert check_record(campaign(links=[link(to="landmark", target="water-gate", at="water-gate")]), INDEX) == []
