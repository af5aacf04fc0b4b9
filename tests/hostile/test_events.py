"""What somebody hostile, or an old version of a page, posts to the event intake: never a 500, no good event lost."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.samples import NOW
from xr_server.storage.tables.events import engagement_event, hourly_count, seen_event

BAD_BODIES = Path(__file__).parents[2].parent / "shared" / "hostile" / "own-events-bad.jsonl"
MOMENT = datetime.fromtimestamp(NOW / 1000, UTC)
KNOWN = {"landmark": {"water-gate"}, "scene": {"gate-1820"}, "experience": {"gate-visit"}}
ACCURACIES = {"good", "fair", "poor"}
# of some types all that they must and may say
MUST = {
    "site_opened": set(),
    "arrived": {"accuracy"},
    "landmark_entered": {"landmark", "accuracy"},
    "landmark_left": {"landmark"},
    "ar_ended": {"landmark", "experience", "scene"},
    "photo_taken": {"landmark", "experience", "scene"},
}
MAY = {**MUST, "site_opened": {"link"}}


def bad_lines() -> list[bytes]:
    return BAD_BODIES.read_bytes().splitlines() if BAD_BODIES.is_file() else []


def read_json(line: bytes) -> tuple[bool, object]:
    """Whether a line is JSON, and what it says; None for what Python cannot hold, which no event is."""
    try:
        return True, json.loads(line.decode())
    except RecursionError:
        return line.count(b"[") == line.count(b"]"), None
    except ValueError:
        return False, None


needs_bad_lines = pytest.mark.skipif(
    not BAD_BODIES.is_file(), reason="../shared/hostile/own-events-bad.jsonl is not here"
)


def make_id(number: int) -> str:
    return str(uuid.UUID(int=(0x019AB3DE << 96) | (7 << 76) | (0b10 << 62) | number))


def make_good(number: int) -> dict:
    return {"id": make_id(number), "type": "site_opened", "at": MOMENT.isoformat()}


def is_malformed(event: object) -> bool:
    """Whether an event lacks the documented shape, written down a second time and without the server's code."""
    if not isinstance(event, dict) or not isinstance(event.get("type"), str) or event["type"] not in MUST:
        return True
    head, kind = {"id", "type", "at"}, event["type"]
    said = {name: value for name, value in event.items() if not (name == "link" and value is None)}
    fields_fit = not set(event) - head - MAY[kind] and head | MUST[kind] <= set(event)
    return not (fields_fit and all(isinstance(value, str) for value in said.values()) and _says_well(said))


def _says_well(said: dict[str, str]) -> bool:
    slug, code = r"(?=.{1,64}\Z)[a-z0-9]+(-[a-z0-9]+)*", r"[0-9A-HJKMNP-TV-Z]{6}"
    named = all(re.fullmatch(slug, said[name]) for name in set(said) & set(KNOWN))
    linked = re.fullmatch(code, said.get("link", "012345"))
    try:
        uuid.UUID(said["id"])
        at = datetime.fromisoformat(said["at"])
    except ValueError:
        return False
    return bool(named and linked and said.get("accuracy", "good") in ACCURACIES and at.tzinfo is not None)


def is_good(event: object) -> bool:
    """Whether an event is to be taken: by its shape, its id, its time and what it names."""
    if is_malformed(event):
        return False
    assert isinstance(event, dict)
    if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event["id"].lower()):
        return False
    if not all(event[name] in known for name, known in KNOWN.items() if name in event):
        return False
    return abs(datetime.fromisoformat(event["at"]) - MOMENT) <= timedelta(hours=48)


@pytest.fixture
def token(served):
    return served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]


def envelope(token_: str, events: bytes, **changes) -> bytes:
    consent = {"state": "statistics", "text_version": "1"}
    head = {"token": token_, "consent": consent, "language": "ja", "mode": "page", **changes}
    return json.dumps(head)[:-1].encode() + b',"events":[' + events + b"]}"


def post(served, body: bytes, **headers: str):
    answer = served.client.post("/api/v1/events", content=body, headers=headers)
    assert answer.status_code != 500
    return answer


def stored_ids(served) -> set[str]:
    with served.parts.events.connect() as connection:
        return set(connection.scalars(select(engagement_event.c.id)))


def assert_refused_and_nothing_kept(served, answer) -> None:
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    with served.parts.events.connect() as connection:
        for table in (engagement_event, hourly_count, seen_event):
            assert connection.execute(select(table)).all() == []


@needs_bad_lines
@pytest.mark.parametrize("line", bad_lines(), ids=range(len(bad_lines())))
def test_a_bad_line_as_a_body_is_refused_and_nothing_of_it_is_kept(served, line):
    assert_refused_and_nothing_kept(served, post(served, line))


@needs_bad_lines
@pytest.mark.parametrize("line", bad_lines(), ids=range(len(bad_lines())))
def test_a_bad_line_between_good_events_costs_none_of_them(served, token, line):
    good = [make_good(1), make_good(2)]
    body = envelope(token, json.dumps(good[0]).encode() + b"," + line + b"," + json.dumps(good[1]).encode())
    answer = post(served, body)
    is_json, event = read_json(line)
    if not is_json:
        assert_refused_and_nothing_kept(served, answer)  # the whole body is no JSON: the phone still has its events
        assert post(served, envelope(token, json.dumps(good)[1:-1].encode())).json()["accepted"] == 2
        return
    assert not is_good(event)
    assert answer.json() == {"accepted": 2, "duplicate": 0, "rejected": [{"index": 1, "code": "malformed"}]}
    assert stored_ids(served) == {make_id(1), make_id(2)}


@needs_bad_lines
def test_all_bad_lines_in_one_batch_with_good_events_between_are_told_apart(served, token):
    events, expected = [], {}
    for number, line in enumerate(bad_lines()):
        if read_json(line)[0]:
            expected[len(events)] = "malformed"
            events += [line, json.dumps(make_good(number)).encode()]
    answer = post(served, envelope(token, b",".join(events))).json()
    assert {item["index"]: item["code"] for item in answer["rejected"]} == expected
    assert answer["accepted"] == len(expected) == len(stored_ids(served))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
# in whole milliseconds, which is how finely the server reads the time, and often just at the edge
EDGE_MS = 48 * 3_600_000
edges_ms = st.sampled_from([-EDGE_MS - 1, -EDGE_MS, EDGE_MS, EDGE_MS + 1])
aheads = (st.integers(-2 * EDGE_MS, 2 * EDGE_MS) | edges_ms).map(lambda ahead_ms: timedelta(milliseconds=ahead_ms))
odd_events = st.fixed_dictionaries(
    {
        "id": st.integers(0, 50).map(make_id) | st.uuids().map(str) | json_values,
        "type": st.sampled_from(sorted(MUST)) | json_values,
        "at": aheads.map(lambda ahead: (MOMENT + ahead).isoformat()) | json_values,
    },
    optional={
        "landmark": st.sampled_from(["water-gate", "gate\n", "", "A", "a" * 64, "a" * 65]) | json_values,
        "experience": st.just("gate-visit") | json_values,
        "scene": st.sampled_from(["gate-1820", "gate-1821"]) | json_values,
        "accuracy": st.sampled_from(sorted(ACCURACIES)) | json_values,
        "link": st.none() | st.sampled_from(["012345", "ABCDEF", "ILOU00", "012345\n"]) | json_values,
        "__proto__": json_values,
        "lat": st.floats(),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=120)
@given(st.lists(odd_events | json_values, max_size=12))
def test_of_any_batch_exactly_the_good_events_are_taken(served, token, events):
    events = json.loads(json.dumps(events, allow_nan=True).replace("NaN", "null").replace("Infinity", "1e400"))
    text = json.dumps(events, allow_nan=True).replace("-Infinity", "-1e400").replace("Infinity", "1e400")
    answer = post(served, envelope(token, text[1:-1].encode())).json()
    good = [index for index, event in enumerate(events) if is_good(event)]
    assert sorted(item["index"] for item in answer["rejected"]) == sorted(set(range(len(events))) - set(good))
    assert answer["accepted"] + answer["duplicate"] == len(good)
    assert {events[index]["id"] for index in good} <= stored_ids(served)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(str.encode)
    | json_values.map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_at_all_are_a_fault_of_ours(served, body):
    assert 400 <= post(served, body).status_code < 500


GOOD = json.dumps(make_good(1)).encode()


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("invalid UTF-8 in a string", b'{"id":"\xff\xfe"}'),
        ("a zero byte in a string", b'{"id":"\\u0000"}'),
        ("__proto__", b'{"__proto__":{"admin":true}}'),
        ("constructor", b'{"constructor":{"prototype":{}}}'),
        ("the same key twice", b'{"k":"arrive","k":"stamp"}'),
        ("a number of 10,000 digits", b'{"at":' + b"9" * 10_000 + b"}"),
        ("an exponent beyond floats", b'{"at":1e400}'),
        ("nested 20,000 deep", b'{"id":' + b"[" * 19_000 + b"]" * 19_000 + b"}"),
        ("objects nested 5,000 deep", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_odd_event_is_rejected_by_itself(served, token, name, events):
    answer = post(served, envelope(token, events + b"," + GOOD))
    assert answer.json() == {"accepted": 1, "duplicate": 0, "rejected": [{"index": 0, "code": "malformed"}]}


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("NaN", b"NaN"),
        ("Infinity", b'{"at":Infinity}'),
        ("a trailing comma", GOOD + b","),
        ("half a character", b'{"id":"\\ud800"}'),
        ("a comment", b"/* */" + GOOD),
        ("a byte order mark inside", b"\xef\xbb\xbf{}"),
        ("200,000 open brackets", b"[" * 200_000),
        ("120,000 deep and closed", b"[" * 120_000 + b"]" * 120_000),
        ("101 events", b",".join([b"{}"] * 101)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_body_that_is_no_json_or_too_long_is_refused_whole(served, token, name, events):
    assert_refused_and_nothing_kept(served, post(served, envelope(token, events)))


@pytest.mark.parametrize(
    "change",
    [
        {"token": "x" * 601},
        {"token": 5},
        {"consent": {"state": "statistics", "text_version": "x" * 21}},
        {"consent": {"state": "statistics", "text_version": "1", "lat": 1}},
        {"consent": {"state": "STATISTICS", "text_version": "1"}},
        {"language": "=1+1"},
        {"mode": None},
        {"visit": "v" * 65},
        {"visit": "v"},
        {"lat": 32.7},
        {"__proto__": {}},
    ],
)
def test_an_envelope_that_is_not_ours_is_refused_whole(served, token, change):
    assert_refused_and_nothing_kept(served, post(served, envelope(token, GOOD, **change)))


def test_a_visit_of_odd_letters_is_hashed_like_any_other(served, token):
    assert post(served, envelope(token, GOOD, visit="=HYPERLINK(1)\u0000" + "門" * 10)).json()["accepted"] == 1


@pytest.mark.parametrize("size_bytes", [256 * 1024 + 1, 1024 * 1024 + 1, 8 * 1024 * 1024])
def test_a_huge_body_is_refused_with_its_limit(served, size_bytes):
    answer = post(served, b" " * size_bytes)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain;charset=UTF-8", "application/octet-stream", "multipart/form-data", "image/png", ""]
)
def test_the_announced_type_of_a_good_body_does_not_matter(served, token, kind):
    """navigator.sendBeacon sends text/plain, and what is sent is judged by its bytes alone."""
    assert post(served, envelope(token, GOOD), **{"Content-Type": kind}).json()["accepted"] == 1


def test_packed_and_form_bodies_are_refused(served, token):
    for body in (
        b"\x1f\x8b\x08\x00",
        b"token=x&events=%5B%5D",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
    ):
        assert 400 <= post(served, body).status_code < 500


def test_the_server_answers_others_as_before_after_all_this(served, token):
    for line in [*bad_lines(), b"[" * 200_000, b"\x00" * 1000]:
        post(served, line)
    assert served.client.get("/api/v1/sites/dejima").status_code == 200
    assert post(served, envelope(token, GOOD)).json()["accepted"] == 1
