"""The rules that the phone carries in TypeScript and the server in Python, held equal by the same pairs.

webxr_client/test/contract.test.ts reads the same files.
"""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from xr_server.domain.geofence import Fence
from xr_server.domain.schedule import is_live
from xr_server.domain.trigger import Fix, TriggerState, step_trigger

HERE = Path(__file__).parent


def cases(name: str) -> list[Any]:
    """The pairs of a file, each named for pytest."""
    return [pytest.param(case, id=case["name"]) for case in json.loads((HERE / name).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", cases("trigger.json"))
def test_trigger_follows_the_pairs(case: dict[str, Any]) -> None:
    fences = [Fence(**fence) for fence in case["fences"]]
    state = TriggerState(**case.get("start", {}))
    for step in case["steps"]:
        state = step_trigger(state, Fix(**step["fix"]), fences)
        assert state == TriggerState(**step["expected"]), step


@pytest.mark.parametrize("case", cases("is_live.json"))
def test_is_live_follows_the_pairs(case: dict[str, Any]) -> None:
    spans = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in case["occurrences"]]
    quiet = [date.fromisoformat(day) for day in case["quiet_on"]]
    zone = ZoneInfo(case["zone"])

    def live(moment: datetime) -> bool:
        return is_live(spans, quiet, moment, zone)

    at = datetime.fromisoformat(case["at"])
    assert live(at) == case["live"]
    if case["next_change"] is not None:  # the phone computes the moment; here it must be the first that differs
        change = datetime.fromisoformat(case["next_change"])
        assert live(change) != case["live"]
        assert live(change - timedelta(seconds=1)) == case["live"]
