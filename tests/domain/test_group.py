"""Groups: codes as typed, keys that only the server makes, stops in walking order, and a budget for wrong codes."""

import pytest

from xr_server.domain.group import (
    FREE_WRONG_CODES,
    WRONG_CODE_MS,
    Stop,
    WrongCodes,
    find_stop,
    get_stop,
    is_follow_key,
    list_stops,
    make_follow_key,
    make_group_code,
    next_stop,
    read_group_code,
)
from xr_server.errors import Invalid, NotFound

SECRET = b"s" * 32
NOW = 1_795_485_600_000


def mark(id: str, lat: float | None = 32.7, shape: str = "Point"):
    return {"id": id, "name": id.title(), "lat": lat, "geometry": {"type": shape}}


DOCUMENT = {
    "landmarks": [
        mark("far"),
        mark("lost", lat=None),
        mark("gate"),
        mark("house", shape="Polygon"),
        mark("fan", lat=None, shape="Polygon"),
    ],
    "experiences": [{"id": "gate-1820", "title": "The gate in 1820", "landmark": "gate", "told_in": "ja"}],
}
STOPS = list_stops(DOCUMENT, ["house", "gate"])


def test_stops_are_in_the_order_of_the_map_each_with_what_is_seen_there():
    assert [stop.page for stop in STOPS] == [
        "landmarks/house",
        "landmarks/gate",
        "experiences/gate-1820",
        "landmarks/far",
    ]
    assert find_stop(STOPS, "experiences/gate-1820") == Stop(
        "experiences/gate-1820", "The gate in 1820", "ja", is_experience=True
    )


def test_the_next_stop_is_the_next_landmark_and_there_is_none_after_the_last():
    pages = [None, "landmarks/house", "landmarks/gate", "experiences/gate-1820", "landmarks/far", "landmarks/gone"]
    found = [next_stop(STOPS, page) for page in pages]
    after = [stop.page if stop else None for stop in found]
    house, gate, far = "landmarks/house", "landmarks/gate", "landmarks/far"
    assert after == [house, gate, far, far, None, house]


def test_a_stop_that_is_not_shown_is_refused():
    assert get_stop(STOPS, "landmarks/far").name == "Far"
    for page in ("landmarks/lost", "landmarks/fan", "../desk", ""):
        with pytest.raises(NotFound, match="not shown any more"):
            get_stop(STOPS, page)


def test_a_code_is_read_however_it_was_typed():
    code = make_group_code(lambda size: bytes(range(10, 10 + size)))
    assert read_group_code(f" {code[:3].lower()}-{code[3:]} ") == code
    for typed in ("", "ABC", "ABCDEFG", "出島出島出島", "ABCDEU"):
        with pytest.raises(Invalid, match="six letters"):
            read_group_code(typed)


def test_a_key_fits_its_code_alone():
    key = make_follow_key("ABCDEF", SECRET)
    assert is_follow_key(key, "ABCDEF", SECRET)
    assert not is_follow_key(key, "ABCDEG", SECRET)
    assert not is_follow_key(key, "ABCDEF", b"t" * 32)
    assert not is_follow_key("鍵", "ABCDEF", SECRET)


def test_wrong_codes_have_a_budget_that_comes_back_with_time():
    wrong = WrongCodes()
    for _ in range(FREE_WRONG_CODES):
        assert wrong.wait_ms(NOW) == 0
        wrong.note(NOW)
    assert 0 < wrong.wait_ms(NOW + 400) <= WRONG_CODE_MS - 400
    assert wrong.wait_ms(NOW + WRONG_CODE_MS) == 0
    wrong.note(NOW + WRONG_CODE_MS)
    assert wrong.wait_ms(NOW + WRONG_CODE_MS + 1) > 0
    assert wrong.wait_ms(NOW + FREE_WRONG_CODES * WRONG_CODE_MS) == 0
    assert wrong.tried < FREE_WRONG_CODES
