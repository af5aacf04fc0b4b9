import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.visit import (
    LATE_MS,
    MAX_EVENTS,
    TOKEN_GRACE_MS,
    TOKEN_LIFE_MS,
    Consent,
    Intake,
    Token,
    cut_deep_values,
    issue_token,
    make_visit_key,
    parse_batch,
    read_events,
    read_token,
    weigh_consent,
)
from xr_server.domain.vocabulary import EVENT_TYPES
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


TOKEN = Token("dejima", NOW + 1)
KNOWN = {
    "landmark": {"water-gate"},
    "experience": {"gate-visit"},
    "scene": {"gate-1820"},
    "era": {"y1820"},
    "hotspot": {"roof"},
    "sound": {"waves"},
    "rally": {"autumn"},
    "campaign": {"ferry"},
    "questionnaire": {"after"},
}
AT_GATE = {"experience": "gate-visit", "landmark": "water-gate", "scene": "gate-1820"}
FIELDS = {  # of each type all that it may say
    "site_opened": {"link": "012345"},
    "arrived": {"accuracy": "fair"},
    "landmark_entered": {"landmark": "water-gate", "accuracy": "good"},
    "landmark_stayed": {"landmark": "water-gate", "stay_s": 60},
    "landmark_left": {"landmark": "water-gate"},
    "experience_opened": {"experience": "gate-visit", "landmark": "water-gate", "by": "trigger"},
    "scene_opened": {**AT_GATE, "level": 2},
    "ar_started": {**AT_GATE, "way": "ar"},
    "ar_ended": AT_GATE,
    "aligned": {**AT_GATE, "by": "points", "accuracy": "good"},
    "scene_placed": {**AT_GATE, "by": "floor"},
    "scene_completed": AT_GATE,
    "era_changed": {**AT_GATE, "era": "y1820"},
    "hotspot_opened": {**AT_GATE, "hotspot": "roof"},
    "sound_played": {**AT_GATE, "sound": "waves"},
    "photo_taken": AT_GATE,
    "permission_refused": {"permission": "camera", "experience": "gate-visit"},
    "failed": {"reason": "no_floor", "experience": "gate-visit"},
    "stamp_collected": {"rally": "autumn", "landmark": "water-gate"},
    "prize_redeemed": {"rally": "autumn"},
    "coupon_redeemed": {"campaign": "ferry"},
    "survey_answered": {"questionnaire": "after"},
}


def make_intake(**changes) -> Intake:
    return Intake(**{"token": TOKEN, "now": NOW, "covered": 100, "known": KNOWN, "links": {"012345"}, **changes})


def read_one(event: dict, batch: dict | None = None, **changes):
    (accepted,), rejected = read_events(parse_batch(body(event, **(batch or {}))), make_intake(**changes))
    assert rejected == []
    return accepted


def judge(*events: str | dict, **changes):
    accepted, rejected = read_events(parse_batch(body(*events)), make_intake(**changes))
    return [event.id for event in accepted], {item.index: item.code for item in rejected}


def test_a_token_says_its_site_and_end_to_whoever_holds_the_secret():
    text, expires_at = issue_token("dejima", NOW, SECRET, b"nonce")
    assert read_token(text, NOW, SECRET) == Token("dejima", expires_at, b"nonce".hex())
    assert expires_at == NOW + TOKEN_LIFE_MS


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
    accepted = read_one({**GOOD, "type": "scene_opened", **FIELDS["scene_opened"]}, {"device": "tablet"})
    assert (accepted.site_id, accepted.language, accepted.mode, accepted.device) == ("dejima", "ja", "page", "tablet")
    assert (accepted.occurred_at, accepted.received_at, accepted.late) == (NOW, NOW, False)
    assert (accepted.landmark, accepted.scene, accepted.experience) == ("water-gate", "gate-1820", "gate-visit")
    assert (accepted.subject, accepted.word, accepted.amount, accepted.accuracy) == (None, None, 2, None)
    assert read_one(GOOD).device is None


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("site_opened", ("012345", None, None, None)),
        ("landmark_stayed", (None, None, 60, None)),
        ("aligned", (None, "points", None, "good")),
        ("hotspot_opened", ("roof", None, None, None)),
        ("permission_refused", (None, "camera", None, None)),
        ("coupon_redeemed", ("ferry", None, None, None)),
    ],
)
def test_what_each_type_says_beside_stands_in_its_column(kind, columns):
    accepted = read_one({**GOOD, "type": kind, **FIELDS[kind]})
    assert (accepted.subject, accepted.word, accepted.amount, accepted.accuracy) == columns


@pytest.mark.parametrize("link", ["6789AB", None])
def test_a_link_that_leads_nowhere_is_dropped_and_the_visit_is_kept(link):
    accepted = read_one({**GOOD, "link": link})
    assert (accepted.type, accepted.subject) == ("site_opened", None)


@pytest.mark.parametrize("kind", [kind for kind in EVENT_TYPES if set(FIELDS[kind]) & set(KNOWN)])
def test_an_id_that_was_never_published_is_told_from_a_malformed_one(kind):
    event = {**GOOD, "type": kind, **FIELDS[kind]}
    for name in set(event) & set(KNOWN):
        assert judge({**event, name: "never-seen"}) == ([], {0: "unknown_id"})
        assert judge({**event, name: "Never Seen"}) == ([], {0: "malformed"})
    assert judge(event) == ([ID], {})
    assert judge(event, known={}) == ([], {0: "unknown_id"})


def test_events_under_a_token_that_has_ended_are_taken_and_marked_late():
    assert read_one(GOOD, token=Token("dejima", NOW - 1)).late
    assert not read_one(GOOD).late


@pytest.mark.parametrize(("ahead_ms", "late"), [(LATE_MS, False), (LATE_MS + 1, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_comes_long_after_it_happened_or_before_is_marked_late(ahead_ms, late, sign):
    assert read_one(GOOD, now=NOW + sign * ahead_ms, token=Token("dejima", 2 * NOW)).late is late


def test_what_the_tokens_budget_does_not_cover_is_flagged_and_taken_all_the_same():
    events = [{**GOOD, "id": f"{ID[:-1]}{number}"} for number in range(5)]
    accepted, rejected = read_events(parse_batch(body(events[0], "null", *events[1:])), make_intake(covered=3))
    assert [event.flag for event in accepted] == [None, None, None, "budget", "budget"]
    assert [item.code for item in rejected] == ["malformed"]


@pytest.mark.parametrize("state", ["unset", "refused", "necessary", "statistics", "withdrawn"])
def test_a_browser_that_asks_not_to_be_followed_leaves_counters_at_most(state):
    consent = Consent(state, "1")
    assert weigh_consent(consent, opted_out=False) == state
    assert weigh_consent(consent, opted_out=True) == ("necessary" if state == "statistics" else state)


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
        ({"link": "<script>alert(1)</script>"}, "malformed"),
        ({"link": "=HYPERLINK(1)"}, "malformed"),
        ({"link": "012345\n"}, "malformed"),
        ({"landmark": "water-gate"}, "malformed"),  # a field of other types
        ({"type": "landmark_entered", "landmark": "x" * 65, "accuracy": "good"}, "malformed"),
        ({"type": "landmark_entered", "landmark": "water-gate", "accuracy": "12.5 m"}, "malformed"),
        ({"type": "landmark_entered", "landmark": "water-gate"}, "malformed"),
        ({"type": "landmark_stayed", "landmark": "water-gate", "stay_s": 601}, "malformed"),
        ({"type": "failed", "reason": "it said: no such file"}, "malformed"),  # no free text
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
        {"device": "iPhone 17 Pro"},
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


def test_the_listed_types_are_those_that_are_taken_with_all_their_fields():
    assert set(FIELDS) == set(EVENT_TYPES)
    for kind, fields in FIELDS.items():
        assert judge({**GOOD, "type": kind, **fields}) == ([ID], {})
        assert judge({**GOOD, "type": kind, **fields, "note": "x"}) == ([], {0: "malformed"})
