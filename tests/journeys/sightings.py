"""Aligning in AR at the gate: where the visitor stands and walks in the tracked frame, and the sightings of one visit."""

import json
import math

from playwright.sync_api import Page, expect

from tests.journeys.sites import CONTENT, ROOT
from tests.journeys.visiting import wait_for_mark, walk_to

GATE_XR = "/en/dejima/xr/water-gate-1820"
TEXTS = json.loads((ROOT / "xr_server" / "texts" / "en" / "looking.json").read_text(encoding="utf-8"))
SURVEY = json.loads((CONTENT / "survey" / "demonstration.json").read_text(encoding="utf-8"))
POINTS = {point["id"]: (point["lat"], point["lon"]) for point in SURVEY["points"]}
POINT_NAMES = json.loads((CONTENT / "texts" / "en.json").read_text(encoding="utf-8"))["surveys"]["demonstration"][
    "points"
]
AIMED = ("demo-gate-south", "demo-gate-north", "demo-house-right")
FRAME_DEG = 130
"""How far the tracked frame is turned from true north."""
START = (32.74385, 129.87225)
"""Where the visitor stands when AR begins, some 28 m from the gate."""
WALK = ((3.0, 2.0), (6.0, -1.0), (6.0, 4.0))
"""Metres north and east of that, one stop after another."""
M_PER_DEG = (110_900, 93_720)


def metres(place: tuple[float, float], origin: tuple[float, float]) -> tuple[float, float]:
    """(north, east) of a place, a hundred metres at most from the origin."""
    return (place[0] - origin[0]) * M_PER_DEG[0], (place[1] - origin[1]) * M_PER_DEG[1]


def local_of(north: float, east: float) -> tuple[float, float]:
    """(x, z) in the tracked frame of metres north and east of where AR began."""
    yaw = math.radians(FRAME_DEG)
    return east * math.cos(yaw) - north * math.sin(yaw), -(east * math.sin(yaw) + north * math.cos(yaw))


def stand_at(page: Page, north: float, east: float) -> None:
    """Walk there: the phone tracks it, and its next fix is there."""
    x, z = local_of(north, east)
    page.evaluate("([x, z]) => phone.device.position.set(x, 1.5, z)", [x, z])
    walk_to(page, (START[0] + north / M_PER_DEG[0], START[1] + east / M_PER_DEG[1]), 6)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def next_frames(page: Page) -> None:
    """Let the session draw a few frames."""
    frame = "new Promise(done => phone.device.activeSession.requestAnimationFrame(() => done()))"
    for _ in range(3):
        page.evaluate(frame)


def name_of(point: str) -> str:
    """What the list calls a point."""
    name: str = POINT_NAMES[point]["name"]
    return name


def aim(page: Page, point: str, north: float, east: float) -> None:
    """Hold the ring on a point from where the visitor stands, and say so."""
    page.get_by_role("button", name=name_of(point)).click()
    to_north, to_east = metres(POINTS[point], START)
    bearing = math.degrees(math.atan2(to_east - east, to_north - north))
    page.evaluate("heading => phone.face(heading)", bearing - FRAME_DEG)
    next_frames(page)
    expect(page.locator("#where")).to_have_text(TEXTS["xr.sight_hold"].format(name=name_of(point)))
    press(page, TEXTS["xr.sight_take"])


def aim_at_all(page: Page) -> None:
    """Three sightings, one at each stop of the walk."""
    press(page, TEXTS["xr.sight_open"])
    for point, (north, east) in zip(AIMED, WALK, strict=True):
        stand_at(page, north, east)
        next_frames(page)
        aim(page, point, north, east)
    press(page, TEXTS["xr.sight_close"])


def enter_ar(page: Page) -> None:
    page.goto(GATE_XR)
    wait_for_mark(page, "first3d")
    walk_to(page, START, 6)
    press(page, "See it here")
    press(page, "Begin")
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "ready")
