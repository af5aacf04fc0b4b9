"""A QR sign and AR, which gives pages no camera pictures: scanned before it begins, or named while it runs."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.sightings import POINTS, metres, name_of, next_frames
from tests.journeys.sites import RESULTS
from tests.journeys.test_sign_journey import (
    M_PER_LAT,
    M_PER_LON,
    PLACE,
    SEEN,
    browser,
    film,
    heading_of,
    phone_at,
    position_at,
)
from tests.journeys.visiting import give_ar, wait_for_mark
from tests.journeys.windows import CAMERA, GATE_XR, NO_CHOICE_TO_ASK, press, text

__all__ = ["browser", "film"]  # the camera sees the sign here too

OWN_DEG = 75
"""What the phone's own sensors call true north."""
TRACKED_DEG = 40
"""Where the camera looks in the tracked frame while it looks at the sign."""
GATE_ENDS = ("demo-gate-south", "demo-gate-north")
SENSORS = """
window.sensors = { alpha: 0, beta: 90, gamma: 0, absolute: false, speak: true, streams: [], said: 0 }
setInterval(() => {
    if (!sensors.speak) return
    const event = new Event('deviceorientation')
    for (const name of ['alpha', 'beta', 'gamma', 'absolute']) {
        Object.defineProperty(event, name, { value: sensors[name] })
    }
    window.dispatchEvent(event)
    sensors.said += 1
}, 50)
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
navigator.mediaDevices.getUserMedia = async asked => {
    const stream = await ask(asked)
    sensors.streams.push(stream)
    return stream
}
"""
CAMERA_IS_ON = "sensors.streams.some(s => s.getTracks().some(({ readyState }) => readyState === 'live'))"


@pytest.fixture
def android(open_phone: Callable[..., Page]) -> Page:
    """A phone with AR before the sign, without a compass."""
    page = open_phone(permissions=CAMERA, at=position_at(SEEN), service_workers="block")
    page.add_init_script(NO_CHOICE_TO_ASK)
    page.add_init_script(SENSORS)
    give_ar(page)
    return page


def explain(page: Page) -> None:
    """To the step before AR, the phone held towards the sign."""
    page.goto(f"{GATE_XR}?record=1")
    wait_for_mark(page, "first3d")
    turn_to(page, heading_of(SEEN))
    press(page, "See it here")
    expect(page.locator("#controls")).to_contain_text(text("sign_before"))


def turn_to(page: Page, heading_deg: float) -> None:
    """Look somewhere, by true north; the phone's sensors and its tracked frame have each their own."""
    page.evaluate("alpha => { sensors.alpha = alpha }", -(heading_deg + OWN_DEG) % 360)
    page.evaluate("heading => phone.face(heading)", heading_deg - heading_of(SEEN) + TRACKED_DEG)
    hear_sensors(page)


def hear_sensors(page: Page) -> None:
    """Wait until the sensors have spoken often enough to be believed, however busy the machine is."""
    page.wait_for_function("said => sensors.said > said + 12", arg=page.evaluate("sensors.said"))


def scan(page: Page) -> None:
    press(page, text("sign_open"))
    expect(page.locator("#controls")).to_contain_text("The sign is read", timeout=20_000)


def read_trace(page: Page) -> list[dict[str, object]]:
    """What the estimate heard, as the page hands it over after AR."""
    press(page, "End")
    with page.expect_download() as saving:
        page.locator(".notice button").first.click()
    return [json.loads(line) for line in Path(saving.value.path()).read_text(encoding="utf-8").splitlines()]


def gate_in_frame() -> tuple[float, float]:
    """(x, z) of the gate's middle in the tracked frame, whose origin is where the phone was when AR began."""
    ends = [POINTS[name] for name in GATE_ENDS]
    away_e, away_n = phone_at(SEEN)
    north = sum(lat - PLACE["lat"] for lat, _ in ends) / 2 * M_PER_LAT - away_n
    east = sum(lon - PLACE["lon"] for _, lon in ends) / 2 * M_PER_LON - away_e
    heading = math.atan2(east, north) - math.radians(heading_of(SEEN) - TRACKED_DEG)
    return math.hypot(east, north) * math.sin(heading), -math.hypot(east, north) * math.cos(heading)


def aim_once(page: Page) -> None:
    """One sighting from where AR began, at the point that is proposed first."""
    press(page, text("sight_open"))
    proposed = page.locator(".points-list button").first
    said = proposed.inner_text()
    point = next(point for point in POINTS if name_of(point) in said)
    north, east = metres(POINTS[point], (PLACE["lat"], PLACE["lon"]))
    away_e, away_n = phone_at(SEEN)
    proposed.click()
    turn_to(page, math.degrees(math.atan2(east - away_e, north - away_n)))
    next_frames(page)
    press(page, text("sight_take"))
    press(page, text("sight_close"))


def test_after_a_sign_scanned_before_ar_one_point_is_enough_for_a_model_seven_metres_away(android: Page) -> None:
    explain(android)
    scan(android)
    assert violations(android) == []
    assert not android.evaluate(CAMERA_IS_ON)
    turn_to(android, heading_of(SEEN) + 25)  # as one does who looks for the button
    press(android, "Begin")
    expect(android.locator("#overlay")).to_have_attribute("data-ar", "searching")
    hear_sensors(android)
    next_frames(android)
    aim_once(android)
    try:
        expect(android.locator("#overlay")).to_have_attribute("data-ar", "overlaid")
    except AssertionError:  # only what the estimate heard tells why it is not sure
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "sign-then-point.json").write_text(json.dumps(read_trace(android), indent=1), encoding="utf-8")
        raise
    expect(android.locator("#where")).to_contain_text("At its true place, to about")
    x, _, z = android.evaluate("performance.getEntriesByName('ar-overlaid').at(-1).detail.middle")
    right_x, right_z = gate_in_frame()
    assert math.hypot(x - right_x, z - right_z) < 1
    (pose,) = [entry["pose"] for entry in read_trace(android) if entry["kind"] == "pose"]
    assert isinstance(pose, dict)
    assert abs((pose["yaw_deg"] - heading_of(SEEN) + TRACKED_DEG + 180) % 360 - 180) < 1.5


def test_what_was_scanned_is_forgotten_once_ar_was_put_off(android: Page) -> None:
    explain(android)
    scan(android)
    press(android, "Not now")
    press(android, "See it here")
    expect(android.locator("#controls")).to_contain_text(text("sign_before"))
    press(android, "Begin")
    expect(android.locator("#overlay")).to_have_attribute("data-ar", "searching")
    next_frames(android)
    assert "pose" not in [entry["kind"] for entry in read_trace(android)]


def test_silent_sensors_are_no_direction(android: Page) -> None:
    explain(android)
    scan(android)
    android.evaluate("sensors.speak = false")
    android.wait_for_timeout(400)
    press(android, "Begin")
    expect(android.locator("#overlay")).to_have_attribute("data-ar", "searching")
    next_frames(android)
    assert "pose" not in [entry["kind"] for entry in read_trace(android)]


def test_in_ar_a_sign_is_named_and_says_where_one_stands_but_not_which_way_one_looks(android: Page) -> None:
    explain(android)
    press(android, "Begin")
    expect(android.locator("#overlay")).to_have_attribute("data-ar", "searching")
    press(android, text("sign_here"))
    expect(android.locator("#where")).to_have_text(text("sign_which"))
    assert violations(android) == []
    press(android, "SUIMON1")
    expect(android.locator("#where")).to_have_text(text("sign_typed", metres=0.8))
    (pose,) = [entry["pose"] for entry in read_trace(android) if entry["kind"] == "pose"]
    assert isinstance(pose, dict)
    assert pose["yaw_deg"] is None
    assert 0.7 < pose["accuracy_m"] < 1


def test_a_refused_camera_leaves_ar_as_it_is(android: Page) -> None:
    refuse = (
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )
    explain(android)
    android.evaluate(refuse)
    press(android, text("sign_open"))
    expect(android.locator("#controls")).to_contain_text(text("refused_camera"))
    press(android, "Begin")
    expect(android.locator("#overlay")).to_have_attribute("data-ar", "searching")
