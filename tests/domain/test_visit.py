import base64
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.visit import (
    EVENT_TYPES,
    MAX_EVENTS,
    TOKEN_GRACE_MS,
    TOKEN_LIFE_MS,
    EventType,
    Token,
    cut_deep_values,
    issue_token,
    make_visit_key,
    parse_batch,
    read_events,
    read_token,
)
from xr_server.errors import Invalid

NOW = 1_795_485_600_000  # 2026-11-24T02:00:00Z
SECRET = b"s" * 32
ID = "019ab3de-0000-7000-8000-000000000001"
GOOD = {"id": ID, "type": "site_opened", "at": "2026-11-24T11:00:00+09:00"}


def body(*events: str | dict, **changes) -> bytes:
    envelope = {
        "token": "t",
        "consent": {"state": "statistics", "text_version": "1"},
        "language": "ja",
        "mode": "page",
        **changes,
    }
    texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return (json.dumps(envelope)[:-1] + f', "events": [{",".join(texts)}]}}').encode()


def judge(*events: str | dict):
    accepted, rejected = read_events(parse_batch(body(*events)), Token("dejima", NOW + 1), NOW)
    return [event.id for event in accepted], {item.index: item.code for item in rejected}


def test_a_token_says_its_site_and_end_to_whoever_holds_the_secret():
    text, expires_at = issue_token("dejima", NOW, SECRET, b"nonce")
    assert read_token(text, NOW, SECRET) == Token("dejima", expires_at) == Token("dejima", NOW + TOKEN_LIFE_MS)


def test_a_token_is_taken_until_48_hours_after_its_end_and_no_longer():
    text, expires_at = issue_token("dejima", NOW, SECRET, b"nonce")
    assert read_token(text, expires_at + TOKEN_GRACE_MS, SECRET).site_id == "dejima"
    with pytest.raises(Invalid) as refused:
        read_token(text, expires_at + TOKEN_GRACE_MS + 1, SECRET)
    assert refused.value.code == "token_too_old"


def test_every_changed_character_of_a_token_is_noticed():
    text, _ = issue_token("dejima", NOW, SECRET, b"nonce")
    end_of_base64 = len(text) - 1  # its last character holds padding bits that may change
    for place in range(end_of_base64):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Invalid):
            read_token(changed, NOW, SECRET)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "é.é", "!!!.???", "e30.e30", "=.=", "a" * 600, "\x00.\x00"])
def test_what_is_no_token_of_ours_is_refused_with_a_sentence(text):
    with pytest.raises(Invalid) as refused:
        read_token(text, NOW, SECRET)
    assert refused.value.code == "token_refused"
    assert "/api/v1/visit-tokens" in refused.value.text


@given(st.text(max_size=100))
def test_no_text_breaks_the_reading_of_tokens(text):
    with pytest.raises(Invalid):
        read_token(text, NOW, SECRET)


def test_a_forger_without_the_secret_cannot_sign():
    forged = base64.urlsafe_b64encode(json.dumps({"s": "dejima", "e": NOW * 2, "n": ""}).encode()).rstrip(b"=")
    other, _ = issue_token("dejima", NOW, b"x" * 32, b"nonce")
    with pytest.raises(Invalid):
        read_token(f"{forged.decode()}.{other.split('.')[1]}", NOW, SECRET)
    with pytest.raises(Invalid):
        read_token(other, NOW, SECRET)


def test_a_good_event_is_accepted_with_what_the_batch_says_of_it():
    event = {**GOOD, "landmark": "water-gate", "scene": "gate-1820", "experience": "gate-visit"}
    (accepted,), rejected = read_events(parse_batch(body(event)), Token("dejima", NOW + 1), NOW)
    assert rejected == []
    assert (accepted.site_id, accepted.language, accepted.mode) == ("dejima", "ja", "page")
    assert (accepted.occurred_at, accepted.received_at, accepted.late) == (NOW, NOW, False)
    assert (accepted.landmark, accepted.scene, accepted.experience) == ("water-gate", "gate-1820", "gate-visit")


def test_events_under_a_token_that_has_ended_are_taken_and_marked_late():
    (accepted,), _ = read_events(parse_batch(body(GOOD)), Token("dejima", NOW - 1), NOW)
    assert accepted.late


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "019ab3de-0000-4000-8000-000000000001"}, "id_not_uuid7"),
        ({"id": "019ab3de-0000-7000-0000-000000000001"}, "id_not_uuid7"),  # the variant of another family
        ({"id": "no uuid"}, "malformed"),
        ({"id": None}, "malformed"),
        ({"type": "__proto__"}, "malformed"),
        ({"type": "arrive"}, "malformed"),
        ({"at": "2026-11-24T11:00:00"}, "malformed"),  # no offset
        ({"at": NOW}, "malformed"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "time_out_of_range"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "time_out_of_range"),
        ({"at": "2026-11-22T01:59:59Z"}, "time_out_of_range"),
        ({"at": "2026-11-26T02:00:01Z"}, "time_out_of_range"),
        ({"landmark": "<script>alert(1)</script>"}, "malformed"),
        ({"landmark": "=HYPERLINK(1)"}, "malformed"),
        ({"landmark": "x" * 65}, "malformed"),
        ({"landmark": "gate\n"}, "malformed"),
        ({"lat": 32.7, "lon": 129.8}, "malformed"),  # coordinates have no field
        ({"__proto__": {}}, "malformed"),
    ],
)
def test_a_bad_event_is_named_by_its_place_and_costs_the_others_nothing(change, code):
    second = {**GOOD, "id": ID[:-1] + "2"}
    assert judge(GOOD, {**GOOD, **change}, second) == ([ID, second["id"]], {1: code})


@pytest.mark.parametrize("edge", ["2026-11-22T02:00:00Z", "2026-11-26T02:00:00Z"])
def test_48_hours_either_way_are_still_believed(edge):
    assert judge({**GOOD, "at": edge}) == ([ID], {})


@pytest.mark.parametrize(
    "text",
    ["null", "1", "[]", '"text"', "{}", '{"id":1e400}', "[" * 5000 + "]" * 5000, '{"a":' * 3000 + "1" + "}" * 3000],
)
def test_json_that_is_no_event_costs_the_others_nothing(text):
    assert judge(text, GOOD) == ([ID], {0: "malformed"})


@pytest.mark.parametrize(
    "change",
    [
        {"consent": {"state": "maybe", "text_version": "1"}},
        {"consent": "statistics"},
        {"language": "xx"},
        {"mode": "hologram"},
        {"lat": 32.7},
        {"visit": "short"},
        {"visit": 5},
        {"token": None},
    ],
)
def test_an_envelope_that_is_not_ours_is_refused_whole(change):
    with pytest.raises(Invalid) as refused:
        parse_batch(body(GOOD, **change))
    assert refused.value.code == "body_malformed"


def test_more_than_a_hundred_events_are_refused_whole():
    parse_batch(body(*["{}"] * MAX_EVENTS))
    with pytest.raises(Invalid):
        parse_batch(body(*["{}"] * (MAX_EVENTS + 1)))


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{", b"[" * 100_000, b"NaN", b"nul", b"{}{}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Invalid):
        parse_batch(text)


values = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(alphabet='[]{}"\\,: a', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}"\\ a', max_size=4), inner),
    max_leaves=20,
)


@given(values)
def test_cutting_leaves_what_is_not_deep_exactly_as_it_was(value):
    text = json.dumps(value).encode()
    assert cut_deep_values(text) == text


@given(values, st.integers(40, 3000))
def test_cutting_takes_out_what_is_deep_and_nothing_beside_it(value, depth):
    deep = "[" * depth + json.dumps(value) + "]" * depth
    left, cut, right = json.loads(cut_deep_values(f"[{json.dumps(value)},{deep},{json.dumps(value)}]".encode()))
    assert left == right == value
    assert json.dumps(cut).count("[") == 31


def test_a_visit_key_tells_nothing_without_the_days_key():
    one, same, other_day, other_visit = (
        make_visit_key(visit, key)
        for visit, key in (("v1", b"k" * 32), ("v1", b"k" * 32), ("v1", b"q" * 32), ("v2", b"k" * 32))
    )
    assert len(one) == 32
    assert one == same
    assert len({one, other_day, other_visit}) == 3


def test_the_listed_types_are_those_that_are_taken():
    assert get_args(EventType) == EVENT_TYPES
    for kind in EVENT_TYPES:
        assert judge({**GOOD, "type": kind}) == ([ID], {})
