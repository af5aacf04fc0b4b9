import hashlib
import hmac
import json
import sqlite3
import threading
import uuid
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace as change
from sqlalchemy import select

from tests.live import serve
from tests.samples import HOUR_MS, NOW, SITE
from xr_server.storage.catalog import Change, Name, publish_record, save_record
from xr_server.storage.keys import destroy_old_day_keys
from xr_server.storage.tables.events import engagement_event, hourly_count, seen_event
from xr_server.storage.tables.figures import day_quality

VISIT = "0123456789abcdef-visit"
DAY_MS = 24 * HOUR_MS


def make_id(number: int = 0) -> str:
    return str(uuid.UUID(int=(0x019AB3DE << 96) | (7 << 76) | (0b10 << 62) | number))


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


def make_event(number: int = 0, at: int = NOW, **fields) -> dict:
    said = {"type": "landmark_entered", "landmark": "water-gate", "accuracy": "good"}
    return {"id": make_id(number), "at": iso(at), **said, **fields}


def make_batch(token: str, *events: dict, state: str = "statistics", **changes) -> dict:
    envelope = {"token": token, "consent": {"state": state, "text_version": "1"}, "language": "ja", "mode": "page"}
    return {**envelope, "visit": VISIT, "events": list(events), **changes}


@pytest.fixture
def post(served):
    """Posts a batch under a fresh token; keyword arguments change the envelope."""

    def send(*events: dict, **changes):
        token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
        return served.client.post("/api/v1/events", json=make_batch(token, *events, **changes))

    return send


def rows(served, table=engagement_event):
    with served.parts.events.connect() as connection:
        return connection.execute(select(table)).all()


def test_a_token_is_issued_for_a_published_site_and_never_kept_by_a_cache(served):
    answer = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_at"] == "2026-11-24T04:00:00Z"
    other = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()
    assert other["token"] != answer.json()["token"]


def test_a_token_for_an_unknown_site_is_refused_with_those_there_are(served):
    answer = served.client.post("/api/v1/visit-tokens", json={"site": "hirado"})
    assert (answer.status_code, answer.json()["code"]) == (404, "site_unknown")
    assert "dejima" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"site":5}', b'{"site":"dejima","lat":32.7}', b"[" * 900, b"\xff"]
)
def test_a_body_that_names_no_site_is_refused(served, body):
    answer = served.client.post("/api/v1/visit-tokens", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")


def test_events_are_stored_once_however_often_they_are_sent(served, post):
    assert post(make_event(1), make_event(2)).json() == {"accepted": 2, "duplicate": 0, "rejected": []}
    assert post(make_event(2), make_event(3), make_event(3)).json() == {"accepted": 1, "duplicate": 2, "rejected": []}
    assert sorted(row.id for row in rows(served)) == [make_id(number) for number in (1, 2, 3)]


def test_what_is_rejected_is_named_by_its_place(served, post):
    answer = post(make_event(1), make_event(2, type="__proto__"), {"id": "x"}, make_event(3))
    assert answer.json()["accepted"] == 2
    assert [item["index"] for item in answer.json()["rejected"]] == [1, 2]
    assert {item["code"] for item in answer.json()["rejected"]} == {"malformed"}


def quality_of(served) -> dict[str, int]:
    assert {(row.site_id, row.day_on) for row in rows(served, day_quality)} <= {("dejima", "2026-11-24")}
    return {row.what: row.count for row in rows(served, day_quality)}


def test_the_quality_of_the_day_tells_what_became_of_everything_sent(served, post):
    post(make_event(1), make_event(2), {"id": "x"}, make_event(3, landmark="never-seen"))
    post(make_event(2), make_event(4, NOW - 5 * HOUR_MS))
    post(make_event(5), state="necessary")
    post(make_event(6), make_event(7, NOW + 3 * DAY_MS), state="refused")
    assert quality_of(served) == {
        "accepted": 3,
        "counted_only": 1,
        "duplicate": 1,
        "late": 1,
        "no_consent": 1,
        "rejected_malformed": 1,
        "rejected_unknown_id": 1,
        "rejected_time_out_of_range": 1,
    }


def test_the_day_of_quality_is_the_local_day_of_the_site(served, post):
    served.clock.at = NOW + 13 * HOUR_MS + 1  # a minute past midnight there, mid-afternoon in Greenwich
    post(make_event(1, served.clock.at))
    assert {(row.day_on, row.what) for row in rows(served, day_quality)} == {("2026-11-25", "accepted")}


def test_an_experience_withdrawn_meanwhile_may_still_be_named_by_phones_that_were_offline(served, post):
    opened = {"type": "experience_opened", "experience": "gate-visit", "by": "trigger", "accuracy": None}
    event = {name: value for name, value in make_event(1, **opened).items() if value is not None}
    served.withdraw("experience", "gate-visit", 1)
    assert not served.client.get("/api/v1/sites/dejima").json()["experiences"]
    assert post(event).json()["accepted"] == 1
    assert post({**event, "id": make_id(2), "experience": "other"}).json()["rejected"][0]["code"] == "unknown_id"
    with serve(served.settings.data_dir) as live:  # a server started later knows it from the snapshot's file
        token = json.loads(live.ask("POST", "/api/v1/visit-tokens", b'{"site":"dejima"}')[2])["token"]
        now = json.loads(live.ask("GET", "/api/v1/nearby?lat=0&lon=0")[2])["at"]
        sent = {**event, "id": make_id(3), "at": now}
        body = live.ask("POST", "/api/v1/events", json.dumps(make_batch(token, sent)).encode())[2]
    assert json.loads(body)["accepted"] == 1


def test_what_is_beyond_a_tokens_budget_is_answered_as_taken_and_kept_out_of_figures(served, monkeypatch):
    monkeypatch.setattr(served.parts.budgets, "_most_events", 5)
    tokens = [served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"] for _ in range(2)]

    def send(token, *numbers):
        batch = make_batch(token, *(make_event(number) for number in numbers))
        return served.client.post("/api/v1/events", json=batch).json()

    assert send(tokens[0], 1, 2, 3) == {"accepted": 3, "duplicate": 0, "rejected": []}
    assert send(tokens[0], 1, 2, 3)["duplicate"] == 3  # sent again, they cost nothing more
    assert send(tokens[0], 4, 5, 6, 7)["accepted"] == 4
    assert send(tokens[1], 8, 9)["accepted"] == 2  # another page behind the same address
    assert sorted(row.id for row in rows(served) if row.flag) == [make_id(6), make_id(7)]
    assert {row.flag for row in rows(served)} == {None, "budget"}
    assert quality_of(served)["flagged_budget"] == 2


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"Sec-GPC": "1", "DNT": "0"}])
def test_a_browser_that_asks_not_to_be_followed_leaves_counters_whatever_the_batch_says(served, signal):
    token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    answer = served.client.post("/api/v1/events", json=make_batch(token, make_event(1), make_event(2)), headers=signal)
    assert answer.json()["accepted"] == 2
    assert rows(served) == []
    (counter,) = rows(served, hourly_count)
    assert counter.count == 2
    assert not list(served.settings.key_dir.glob("day-*"))
    assert quality_of(served) == {"counted_only": 2}
    refused = make_batch(token, make_event(3), state="refused")
    assert served.client.post("/api/v1/events", json=refused, headers=signal).json()["accepted"] == 0


@pytest.mark.parametrize("signal", [{"Sec-GPC": "0"}, {"DNT": "0"}, {"DNT": "unspecified"}])
def test_a_browser_that_says_it_does_not_mind_changes_nothing(served, signal):
    token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    served.client.post("/api/v1/events", json=make_batch(token, make_event(1)), headers=signal)
    assert len(rows(served)) == 1


@pytest.mark.parametrize("state", ["unset", "refused", "withdrawn"])
def test_without_consent_nothing_is_kept_at_all(served, post, state):
    answer = post(make_event(1), {"id": "x"}, make_event(2), state=state).json()
    assert (answer["accepted"], answer["duplicate"]) == (0, 0)
    assert {item["index"]: item["code"] for item in answer["rejected"]} == {
        0: "no_consent",
        1: "malformed",
        2: "no_consent",
    }
    assert rows(served) == rows(served, hourly_count) == rows(served, seen_event) == []
    assert not list(served.settings.key_dir.glob("day-*"))


def test_with_necessary_consent_only_an_hourly_number_is_kept_even_if_a_visit_was_sent(served, post):
    assert post(make_event(1), make_event(2), state="necessary").json()["accepted"] == 2
    assert rows(served) == []
    (counter,) = rows(served, hourly_count)
    hour = NOW // HOUR_MS * HOUR_MS
    assert tuple(counter) == ("dejima", hour, "landmark_entered", 2)
    assert not list(served.settings.key_dir.glob("day-*"))


def test_with_consent_to_statistics_the_visit_is_stored_under_the_days_key_and_never_itself(served, post):
    post(make_event(1), make_event(2))
    key = (served.settings.key_dir / "day-2026-11-24.key").read_bytes()
    assert len(key) == 32
    expected = hmac.new(key, VISIT.encode(), hashlib.sha256).digest()
    assert {row.visit_key for row in rows(served)} == {expected}
    served.parts.events.dispose()
    for path in served.settings.data_dir.glob("events.sqlite3*"):
        stored = path.read_bytes()
        assert VISIT.encode() not in stored
        assert key not in stored
    assert not served.settings.key_dir.is_relative_to(served.settings.package_dir)


def test_an_event_without_a_visit_is_stored_without_a_key(served, post):
    post(make_event(1), visit=None)
    (row,) = rows(served)
    assert row.visit_key is None


def test_events_of_one_evening_stay_one_visit_although_the_last_come_after_midnight(served, post):
    evening = NOW + 12 * HOUR_MS  # eleven at night
    served.clock.at = evening
    post(make_event(1, evening))
    served.clock.at = evening + 2 * HOUR_MS
    post(make_event(2, evening + HOUR_MS // 2), make_event(3, evening + 2 * HOUR_MS))
    first, late, next_day = (row.visit_key for row in sorted(rows(served), key=lambda row: row.id))
    assert first == late != next_day


def test_a_clock_that_is_ahead_makes_no_key_for_a_day_to_come(served, post):
    post(make_event(1, NOW + DAY_MS + HOUR_MS))
    assert [path.stem for path in served.settings.key_dir.glob("day-*")] == ["day-2026-11-24"]


def test_after_48_hours_the_key_is_destroyed_and_the_visit_cannot_be_told_any_more(served, post):
    post(make_event(1))
    (before,) = {row.visit_key for row in rows(served)}
    served.clock.at = NOW + 3 * DAY_MS
    today = served.parts.published.local_date()
    assert destroy_old_day_keys(served.settings.key_dir, today) == ["day-2026-11-24"]
    post(make_event(2, served.clock.at))
    keys = [path.read_bytes() for path in served.settings.key_dir.iterdir()]
    assert all(hmac.new(key, VISIT.encode(), hashlib.sha256).digest() != before for key in keys)


def test_a_starting_server_destroys_the_keys_of_days_gone_by(served, tmp_path):
    old = served.settings.key_dir / "day-2020-01-01.key"
    served.settings.key_dir.mkdir(exist_ok=True)
    old.write_bytes(b"k" * 32)
    with serve(served.settings.data_dir):
        for _ in range(400):
            if not old.exists():
                break
            threading.Event().wait(0.05)
    assert not old.exists()


def test_a_token_too_old_or_forged_is_refused_and_says_where_to_get_one(served, post):
    token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    served.clock.at = NOW + 2 * HOUR_MS + 48 * HOUR_MS
    late = served.client.post("/api/v1/events", json=make_batch(token, make_event(1, served.clock.at)))
    assert late.json()["accepted"] == 1
    assert rows(served)[0].late
    served.clock.at += 1
    for text, code in ((token, "token_too_old"), (token[:-4], "token_refused"), ("", "token_refused")):
        answer = served.client.post("/api/v1/events", json=make_batch(text, make_event(2)))
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_events_for_a_site_withdrawn_meanwhile_are_refused_and_not_a_fault(served):
    token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    served.withdraw("site", "dejima", 1)
    none_left = served.client.post("/api/v1/events", json=make_batch(token, make_event(1)))
    assert (none_left.status_code, none_left.json()["code"]) == (503, "nothing_published")
    hirado = save_record(served.parts.catalog, "hirado", change(SITE, id="hirado"), None, Change(NOW))
    publish_record(served.parts.catalog, Name("hirado", "site", "hirado"), hirado, Change(NOW))
    served.parts.published.refresh()
    others_left = served.client.post("/api/v1/events", json=make_batch(token, make_event(1)))
    assert (others_left.status_code, others_left.json()["code"]) == (404, "site_unknown")


def test_a_store_that_is_away_is_said_and_the_same_events_count_once_it_is_back(served, post):
    path = served.settings.data_dir / "events.sqlite3"
    path.rename(path.with_name("away"))
    answer = post(make_event(1))
    assert (answer.status_code, answer.json()["code"]) == (503, "events_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert served.client.get("/api/v1/sites/dejima").status_code == 200
    path.with_name("away").rename(path)
    assert post(make_event(1)).json()["accepted"] == 1


ORIGIN = {"Origin": "https://static.example"}


def test_a_page_of_another_host_may_post_and_read_what_became_of_it(served, post):
    for path in ("/api/v1/events", "/api/v1/visit-tokens"):
        asked = served.client.options(
            path,
            headers={
                **ORIGIN,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            },
        )
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
        assert "POST" in asked.headers["access-control-allow-methods"]
        assert "content-type" in asked.headers["access-control-allow-headers"].lower()
        refused = served.client.post(path, content=b"nonsense", headers=ORIGIN)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, "*")
        assert "access-control-allow-credentials" not in refused.headers
    assert post(make_event(1)).headers["access-control-allow-origin"] == "*"
    large = served.client.post("/api/v1/events", content=b"x" * 300_000, headers=ORIGIN)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert large.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in served.client.get("/api/v1/sites/dejima", headers=ORIGIN).headers


def test_under_overload_a_phone_is_told_when_to_come_back(served, post, monkeypatch):
    lock = sqlite3.connect(served.settings.data_dir / "events.sqlite3", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(served.parts.event_writer._queue, "maxsize", 2)
    answers, threads = [], []
    for number in range(12):
        threads.append(threading.Thread(target=lambda number=number: answers.append(post(make_event(number)))))
        threads[-1].start()
    while not any(answer.status_code == 503 for answer in list(answers)):
        threading.Event().wait(0.02)
    lock.execute("ROLLBACK")
    lock.close()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in refused} == {"events_busy"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert {answer.status_code for answer in answers} == {200, 503}
    assert len(rows(served)) == sum(answer.json()["accepted"] for answer in answers if answer.status_code == 200)


def test_what_was_acknowledged_survives_the_servers_sudden_death(served):
    data_dir = served.settings.data_dir
    with serve(data_dir) as live:
        token = json.loads(live.ask("POST", "/api/v1/visit-tokens", b'{"site":"dejima"}')[2])["token"]
        now = json.loads(live.ask("GET", "/api/v1/nearby?lat=0&lon=0")[2])["at"]
        events = [{**make_event(number), "at": now} for number in range(50)]
        status, _, body = live.ask("POST", "/api/v1/events", json.dumps(make_batch(token, *events)).encode())
        live.kill()
    assert (status, json.loads(body)["accepted"]) == (200, 50)
    assert {row.id for row in rows(served)} == {make_id(number) for number in range(50)}
