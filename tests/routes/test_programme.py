"""What is on now and what comes next, in the order of time; the phone is held to the same by test/ui/programme.test.ts."""

from datetime import datetime
from typing import Any

import pytest

from xr_server.routes.times import sort_by_time

DAY = [["2026-12-05T00:00:00Z", "2026-12-05T08:00:00Z"], ["2026-12-06T00:00:00Z", "2026-12-06T08:00:00Z"]]
EVENING = [["2026-12-05T09:00:00Z", "2026-12-05T12:00:00Z"], ["2026-12-06T09:00:00Z", "2026-12-06T12:00:00Z"]]
ALWAYS = [["2026-12-03T15:00:00Z", "2027-02-03T15:00:00Z"]]


def document(**quiet: list[str]) -> dict[str, Any]:
    spans = {
        "always": ALWAYS,
        "evening": EVENING,
        "day": DAY,
        "past": [["2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"]],
    }
    experiences = [
        {"id": name, "occurrences": occurrences, "quiet_on": quiet.get(name, [])} for name, occurrences in spans.items()
    ]
    return {"site": {"time_zone": "Asia/Tokyo"}, "experiences": experiences}


@pytest.mark.parametrize(
    ("moment", "now", "later"),
    [
        ("2026-12-05T08:00+09:00", ["always"], ["day", "evening"]),  # what begins first leads
        ("2026-12-05T10:00+09:00", ["day", "always"], ["evening"]),  # what ends first leads
        ("2026-12-05T18:00+09:00", ["evening", "always"], ["day"]),  # from the second it begins
        ("2026-12-05T21:00+09:00", ["always"], ["day", "evening"]),
        ("2026-12-06T21:00+09:00", ["always"], []),
    ],
)
def test_what_is_on_leads_and_the_rest_follows_in_time(moment: str, now: list[str], later: list[str]) -> None:
    programme = sort_by_time(document(), datetime.fromisoformat(moment))
    assert [item["id"] for item in programme.now] == now
    assert [item["id"] for item in programme.next] == later
    assert {item["id"] for item in programme.rest} == {"always", "evening", "day", "past"} - {*now, *later}


def test_what_rests_on_a_quiet_day_comes_next_at_the_midnight_after() -> None:
    quiet = document(always=["2026-12-05"])
    programme = sort_by_time(quiet, datetime.fromisoformat("2026-12-05T12:00+09:00"))
    assert [item["id"] for item in programme.next] == ["evening", "always"]
    assert [item["id"] for item in programme.now] == ["day"]
