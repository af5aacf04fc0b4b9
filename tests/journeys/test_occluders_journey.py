"""Present-day buildings: where a model stands at its true place they hide what is behind them, and nothing else."""

import math
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import sightings, windows
from tests.journeys.sightings import M_PER_DEG, START, WALK
from tests.journeys.visiting import WATER_GATE, eventually, give_ar
from tests.journeys.windows import VISITOR, colours_ahead, give, look_at, open_iphone, survey

Place = tuple[float, float]
SCENE = "/scenes/water-gate-1820?lang=en"
PLAIN = 8
"""The street and the test camera's picture have fewer colours than that, and a model has twice as many."""
IN_AR: Place = (START[0] + WALK[-1][0] / M_PER_DEG[0], START[1] + WALK[-1][1] / M_PER_DEG[1])
"""Where the visitor stands after the sightings."""
FLOOR_M = 0
"""Of the simulated phone's room."""
BETWEEN = (6, 14)
BEYOND = (40, 50)
BEFORE_ITS_FACE = (9, 11)
"""From the gate's point; its face is some 7 m from it, and the visitor 6 m farther."""


def bearing(here: Place, there: Place) -> float:
    """Degrees clockwise from north."""
    return math.degrees(math.atan2((there[1] - here[1]) * M_PER_DEG[1], (there[0] - here[0]) * M_PER_DEG[0]))


def building(here: Place, towards_deg: float, near_m: float, far_m: float) -> list[dict[str, object]]:
    """A building 30 m wide and 20 m high that stands across a line of sight, from near to far."""
    north, east = math.cos(math.radians(towards_deg)), math.sin(math.radians(towards_deg))
    corners = [(near_m, -15), (near_m, 15), (far_m, 15), (far_m, -15)]
    footprint = [
        [
            here[0] + (ahead * north - right * east) / M_PER_DEG[0],
            here[1] + (ahead * east + right * north) / M_PER_DEG[1],
        ]
        for ahead, right in corners
    ]
    return [{"id": "across", "footprint": footprint, "base_m": 31.0, "top_m": 54.0, "demonstration": True}]


@pytest.fixture
def ar_phone(open_phone: Callable[..., Page]) -> Page:
    """A phone with AR before the gate that takes its scene from the journey."""
    page = open_phone(at=START, service_workers="block")
    give_ar(page)
    return page


def stand_over_gate(page: Page) -> None:
    """In AR, the gate at its true place and straight ahead."""
    sightings.enter_ar(page)
    sightings.aim_at_all(page)
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "overlaid")
    page.evaluate("heading => phone.face(heading)", bearing(IN_AR, WATER_GATE) - sightings.FRAME_DEG)
    sightings.next_frames(page)


def test_in_ar_a_building_before_the_gate_hides_it(ar_phone: Page) -> None:
    across = building(IN_AR, bearing(IN_AR, WATER_GATE), *BETWEEN)
    give(ar_phone, SCENE, lambda scene: scene.update(occluders=across))
    stand_over_gate(ar_phone)
    eventually(ar_phone, lambda: colours_ahead(ar_phone) < PLAIN, "the building hides the gate")


def test_in_ar_a_building_behind_the_gate_hides_nothing_of_it(ar_phone: Page) -> None:
    across = building(IN_AR, bearing(IN_AR, WATER_GATE), *BEYOND)
    give(ar_phone, SCENE, lambda scene: scene.update(occluders=across))
    stand_over_gate(ar_phone)
    eventually(ar_phone, lambda: colours_ahead(ar_phone) > 2 * PLAIN, "the gate is seen")


def test_a_gate_on_the_floor_before_the_visitor_is_hidden_by_no_building(ar_phone: Page) -> None:
    scene = ar_phone.request.get(f"/api/v1/sites/dejima{SCENE}").json()
    turn = scene["nodes"][0]["geopose"]["quaternion"]
    face_deg = 180 - 2 * math.degrees(math.atan2(turn["z"], turn["w"]))
    give(ar_phone, SCENE, lambda scene: scene.update(occluders=building(WATER_GATE, face_deg, *BEFORE_ITS_FACE)))
    sightings.enter_ar(ar_phone)
    sightings.press(ar_phone, "Put it here")
    expect(ar_phone.locator("#overlay")).to_have_attribute("data-ar", "placed")
    eventually(ar_phone, lambda: colours_ahead(ar_phone) > 2 * PLAIN, "the gate is seen")


@pytest.fixture
def iphone(open_phone: Callable[..., Page]) -> Page:
    return open_iphone(open_phone)


@pytest.mark.parametrize(("where", "hides"), [(BETWEEN, True), (BEYOND, False)])
def test_in_the_window_a_building_hides_the_gate_only_from_before_it(
    iphone: Page, where: tuple[float, float], hides: bool
) -> None:
    survey(iphone, occluders=building(VISITOR, 0, *where))
    windows.enter_surveyed(iphone)
    windows.aim_at_all(iphone)
    expect(iphone.locator("#mode-where")).to_contain_text("At its true place, to about")
    look_at(iphone, 0)
    if hides:
        eventually(iphone, lambda: colours_ahead(iphone) < PLAIN, "the building hides the gate")
    else:
        eventually(iphone, lambda: colours_ahead(iphone) > 2 * PLAIN, "the gate is seen")


def test_in_ar_the_gate_stands_in_todays_ground_and_not_on_it(ar_phone: Page) -> None:
    """2.75 m of its wall lie under the street."""
    stand_over_gate(ar_phone)
    mark = "performance.getEntriesByName('ar-overlaid').at(-1).detail.middle"
    (node,) = ar_phone.request.get(f"/api/v1/sites/dejima{SCENE}").json()["nodes"]
    half_m = (node["bounds"]["min"][1] + node["bounds"]["max"][1]) / 2
    assert ar_phone.evaluate(mark)[1] == pytest.approx(FLOOR_M - node["ground_y"] + half_m, abs=0.1)
