"""The rules that the phone carries in TypeScript and the server in Python, held equal by the same pairs.

webxr_client/test/contract.test.ts reads the same files.
"""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.samples import SITE
from xr_server.domain.catalog import Site
from xr_server.domain.geofence import Fence
from xr_server.domain.rally import (
    Rally,
    Spot,
    is_complete,
    judge,
    make_moment_code,
    make_sign_code,
    moment_of,
    read_moment_code,
)
from xr_server.domain.schedule import Window, is_live, quiet_dates
from xr_server.domain.trigger import Fix, TriggerState, step_trigger
from xr_server.errors import Invalid

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


RALLY = json.loads((HERE / "rally.json").read_text(encoding="utf-8"))


def make_rally(name: str) -> Rally:
    days = {"first_on": "2026-11-20", "last_on": "2026-11-30"}
    facts = dict(RALLY["rallies"][name])
    return Rally(id=name, title={"en": name}, stamps_needed=facts.pop("needed"), **facts, **days)


@pytest.mark.parametrize("case", RALLY["judged"], ids=str)
def test_stamps_are_judged_as_the_pairs_say(case: dict[str, Any]) -> None:
    assert judge(make_rally(case["rally"]), case["stamped"], case["landmark"]) == case["verdict"]


@pytest.mark.parametrize("case", RALLY["complete"], ids=str)
def test_a_card_is_full_as_the_pairs_say(case: dict[str, Any]) -> None:
    assert is_complete(make_rally(case["rally"]), case["stamped"]) is case["complete"]


def test_codes_are_those_of_the_pairs() -> None:
    spot, secret, at = Spot(**RALLY["spot"]), RALLY["secret"].encode(), RALLY["at"]
    assert make_sign_code(spot, secret) == RALLY["sign"]
    assert make_moment_code(spot, moment_of(at), secret) == RALLY["moment"]


@pytest.mark.parametrize("case", RALLY["shown"], ids=str)
def test_a_code_of_a_tablet_is_shown_as_long_as_the_pairs_say(case: dict[str, Any]) -> None:
    spot, secret, at = Spot(**RALLY["spot"]), RALLY["secret"].encode(), RALLY["at"] + case["after_ms"]
    try:
        _, in_time = read_moment_code(spot, RALLY["moment"], secret, at)
    except Invalid:
        in_time = False
    assert in_time is case["shown"]


@pytest.mark.parametrize("case", cases("is_quiet.json"))
def test_quiet_days_follow_the_pairs(case: dict[str, Any]) -> None:
    day = datetime.fromisoformat(case["at"]).astimezone(ZoneInfo(case["zone"])).date()
    # in the form in which documents hold them
    site = msgspec.convert({**msgspec.to_builtins(SITE), "quiet_days": case["quiet_days"]}, Site)
    assert bool(quiet_dates(site.quiet_days, Window(day, day))) == case["quiet"]
