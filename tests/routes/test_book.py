"""The stamp book by the addresses a phone asks: receipts, all that is known as JSON and CSV, erasing; and its page."""

import csv
import secrets
import time
from io import StringIO

import pytest

from tests.routes.test_events import make_event
from tests.samples import HOUR_MS, NOW
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.keys import LOOKED_S

BOOK = "/api/v1/sites/dejima/book"
DAY_MS = 24 * HOUR_MS
number = iter(range(1, 1_000_000))


@pytest.fixture
def visit(served):
    """Makes a visit of three events at the server's time; gives its id."""

    def make():
        token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
        visit_id = secrets.token_hex(16)
        events = [make_event(next(number), served.clock()) for _ in range(3)]
        batch = {
            "token": token,
            "consent": {"state": "statistics", "text_version": "1"},
            "language": "ja",
            "mode": "page",
        }
        answer = served.client.post("/api/v1/events", json={**batch, "visit": visit_id, "events": events})
        assert answer.json()["accepted"] == 3
        return visit_id

    return make


def ask_receipt(served, visit_id, on="2026-11-24", site="dejima"):
    return served.client.post(f"/api/v1/sites/{site}/book/receipts", json={"visit": visit_id, "on": on})


def test_a_phone_that_keeps_receipts_reads_its_visits_of_several_days_and_no_other(served, visit):
    first = ask_receipt(served, visit()).json()["receipt"]
    served.clock.at += 3 * DAY_MS
    second = ask_receipt(served, visit(), "2026-11-27").json()["receipt"]
    visit()
    told = served.client.post(BOOK, json={"receipts": [first, second, first], "cards": ["0" * 32]})
    assert told.headers["cache-control"] == "private, no-store"
    document = told.json()
    assert [len(one["events"]) for one in document["visits"]] == [3, 3]
    assert document["visits"][0]["events"][0] == {
        "occurred_at": "2026-11-24T02:00:00.000+00:00", "type": "landmark_entered", "landmark": "water-gate",
        "accuracy": "good", "language": "ja", "mode": "page", "late": False,
    }  # fmt: skip
    assert document["cards"] == []
    table = served.client.post(f"{BOOK}?as=csv", json={"receipts": [first, second]})
    rows = list(csv.DictReader(StringIO(table.text.removeprefix("\ufeff"))))
    assert table.text.startswith("\ufeff") and [row["what"] for row in rows] == ["event"] * 6
    assert rows[0]["landmark"] == "water-gate" and rows[5]["occurred_at"] == "2026-11-27T02:00:00.000+00:00"


def test_a_visit_whose_days_key_is_destroyed_gives_no_receipt_to_anybody(served, visit):
    visit_id = visit()
    served.clock.at += 3 * DAY_MS
    answer = ask_receipt(served, visit_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_late")


def test_what_is_erased_is_gone_and_does_not_come_back_and_the_log_says_that_it_was(served, visit):
    mine, other = visit(), visit()
    receipts = [ask_receipt(served, one).json()["receipt"] for one in (mine, other)]
    gone = served.client.post(f"{BOOK}/erase", json={"receipts": receipts[:1], "cards": ["a" * 32]})
    erased = gone.json()["erased"]
    assert erased.pop("visits") in {0, 1}  # the server may have summed it up by then, as it does from time to time
    assert erased == {"events": 3, "stamps": 0, "prizes": 0}
    told = served.client.post(BOOK, json={"receipts": receipts}).json()
    assert len(told["visits"]) == 1
    token = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    late = {"token": token, "consent": {"state": "statistics", "text_version": "1"}, "language": "ja", "mode": "page"}
    answer = served.client.post("/api/v1/events", json={**late, "visit": mine, "events": [make_event(next(number))]})
    assert answer.json() == {"accepted": 0, "duplicate": 1, "rejected": []}
    assert served.client.post(BOOK, json={"receipts": receipts[:1]}).json()["visits"] == []
    entries = list_entries(served.parts.catalog, "dejima", Wanted(deeds=("book_erased",)), 9)
    assert [(one.account_id, one.kind, one.details) for one in entries] == [(None, "site", {})]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"receipts": ["A" * 64]}, "receipt_refused"),
        ({"receipts": ["A" * 63]}, "body_malformed"),
        ({"cards": ["not a card"]}, "body_malformed"),
        ({"cards": [f"{one:032x}" for one in range(101)]}, "body_malformed"),
        ({"who": "me"}, "body_malformed"),
    ],
)
@pytest.mark.parametrize("address", [BOOK, f"{BOOK}/erase"])
def test_what_cannot_be_taken_is_refused_and_nothing_happens(served, visit, address, body, refusal):
    receipt = ask_receipt(served, visit()).json()["receipt"]
    answer = served.client.post(address, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, refusal)
    assert len(served.client.post(BOOK, json={"receipts": [receipt]}).json()["visits"]) == 1


def test_a_site_that_is_not_there_has_no_book(served):
    for what, body in (("", {}), ("/erase", {}), ("/receipts", {"visit": "0" * 32, "on": "2026-11-24"})):
        assert served.client.post(f"/api/v1/sites/hirado/book{what}", json=body).status_code == 404


def test_a_receipt_holds_for_its_site_and_server_alone(served, visit):
    receipt = ask_receipt(served, visit()).json()["receipt"]
    (served.settings.key_dir / "codes.key").write_bytes(secrets.token_bytes(32))
    time.sleep(LOOKED_S)
    answer = served.client.post(BOOK, json={"receipts": [receipt]})
    assert answer.json()["code"] == "receipt_refused"


def test_the_page_tells_what_can_be_done_and_is_found_from_privacy(served):
    page = served.client.get("/en/dejima/book")
    assert page.status_code == 200
    assert "Your stamp book" in page.text and 'data-site="dejima"' in page.text
    assert "needs JavaScript" in page.text and "/book" in served.client.get("/en/dejima/privacy").text
    assert served.clock() == NOW
