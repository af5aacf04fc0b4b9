"""A visit summed up, and the cells it counts in."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.families import FIGURES, Cell, add_up, divided_by, release_figures, stay_bucket
from xr_server.domain.visit_facts import Ground, Happened, VisitFacts, cells_of, sum_up

TOKYO = ZoneInfo("Asia/Tokyo")
TEN = round(datetime(2026, 11, 24, 10, tzinfo=TOKYO).timestamp() * 1000)
GROUND = Ground(
    TOKYO, {"gate": (32.7440, 129.8730), "house": (32.7445, 129.8735), "far": (32.7600, 129.8730)}, {"abcdef": "autumn"}
)


def event(kind: str, at_s: float = 0, **said: object) -> Happened:
    values: dict[str, object] = {"language": "ja", "device": "phone"}
    return Happened(kind, TEN + round(at_s * 1000), **(values | said))  # type: ignore[arg-type]


GATE = {"landmark": "gate", "experience": "gate-1820", "scene": "gate-scene"}
WHOLE = [
    event("site_opened", subject="abcdef"),
    event("arrived", 60),
    event("landmark_entered", 120, landmark="gate"),
    event("experience_opened", 121, landmark="gate", experience="gate-1820", word="trigger"),
    event("scene_opened", 130, **GATE),
    event("ar_started", 140, **GATE, word="ar"),
    event("scene_placed", 150, **GATE, word="floor"),
    event("hotspot_opened", 160, **GATE, subject="lintel"),
    event("landmark_stayed", 180, landmark="gate", amount=60),
    event("scene_completed", 190, **GATE),
    event("landmark_stayed", 240, landmark="gate", amount=55),
    event("landmark_left", 241, landmark="gate"),
    event("landmark_entered", 3700, landmark="house"),
    event("stamp_collected", 3701, landmark="house", subject="rally"),
]


def test_a_whole_visit():
    facts = sum_up(WHOLE, GROUND)
    assert facts == VisitFacts(
        language="ja",
        device="phone",
        here=True,
        hour=10,
        link="abcdef",
        campaign="autumn",
        stays=facts.stays,
        experiences=facts.experiences,
        used=("hotspot:gate-scene/lintel",),
        stamps=("house",),
        events=len(WHOLE),
    )
    assert [(stay.landmark, stay.hour, stay.stay_s) for stay in facts.stays] == [("gate", 10, 115), ("house", 11, 0)]
    assert (facts.experiences["gate-1820"].step, facts.experiences["gate-1820"].look) == (4, 3)


def test_its_cells_each_once():
    assert sorted(cells_of(sum_up(WHOLE, GROUND))) == sorted(
        [
            Cell("all", "", "all"),
            Cell("visits", "", "here"),
            Cell("language", "here", "ja"),
            Cell("camera", "gate-1820", "camera"),
            Cell("way", "gate-1820", "ar"),
            Cell("device", "here", "phone"),
            Cell("campaign", "", "autumn"),
            Cell("link", "autumn", "abcdef"),
            Cell("reach", "autumn", "completed"),
            Cell("used", "hotspot:gate-scene/lintel", "used"),
            Cell("opened", "here/gate-1820", "opened"),
            Cell("funnel", "gate-1820", "completed"),
            Cell("arrival_hour", "", "10"),
            Cell("circulation", "", "2"),
            Cell("stamp", "house", "stamped"),
            Cell("landmark", "gate", "seen"),
            Cell("hour", "gate", "10"),
            Cell("dwell", "gate", "90"),
            Cell("next", "gate", "house"),
            Cell("landmark", "house", "seen"),
            Cell("hour", "house", "11"),
        ]
    )


@given(st.permutations(WHOLE))
def test_late_events_in_any_order_give_the_same(told: Sequence[Happened]):
    assert sum_up(told, GROUND) == sum_up(WHOLE, GROUND)


def test_a_visit_from_home():
    facts = sum_up([event("site_opened", language="en", device="desktop"), event("scene_opened", 5, **GATE)], GROUND)
    assert sorted(cells_of(facts)) == sorted(
        [
            Cell("all", "", "all"),
            Cell("visits", "", "home"),
            Cell("language", "home", "en"),
            Cell("device", "home", "desktop"),
            Cell("opened", "home/gate-1820", "opened"),
            Cell("looked", "home/gate-1820", "shown"),
        ]
    )


def test_why_a_visit_went_no_further():
    told = [
        event("arrived"),
        event("experience_opened", 1, landmark="gate", experience="gate-1820", word="trigger"),
        event("permission_refused", 2, experience="gate-1820", word="camera"),
    ]
    cells = cells_of(sum_up(told, GROUND))
    assert Cell("drop", "gate-1820/triggered", "camera") in cells
    assert Cell("refused", "", "camera") in cells
    went_on = [*told, event("ar_started", 3, **GATE, word="window")]
    assert not [cell for cell in cells_of(sum_up(went_on, GROUND)) if cell.figure == "drop"]


def test_seen_whole_without_ar_is_completed_to_the_eye_and_not_in_the_funnel():
    told = [event("arrived"), event("experience_opened", 1, landmark="gate", experience="gate-1820", word="visitor")]
    told += [event("scene_opened", 2, **GATE), event("scene_completed", 40, **GATE)]
    cells = cells_of(sum_up(told, GROUND))
    assert Cell("looked", "here/gate-1820", "completed") in cells
    assert Cell("camera", "gate-1820", "without") in cells


def test_nobody_flies_between_landmarks():
    walked = [event("landmark_entered", 0, landmark="gate"), event("landmark_entered", 600, landmark="far")]
    flown = [event("landmark_entered", 0, landmark="gate"), event("landmark_entered", 10, landmark="far")]
    strayed = [event("landmark_entered", 0, landmark="gate"), event("landmark_entered", 1, landmark="house")]
    assert [sum_up(told, GROUND).flag for told in (walked, strayed, flown)] == ["", "", "speed"]
    assert cells_of(sum_up(flown, GROUND)) == []


def test_a_flag_of_the_ingest_stays():
    assert sum_up([event("site_opened"), event("arrived", 1, flag="budget")], GROUND).flag == "budget"


@pytest.mark.parametrize(
    ("stay_s", "bucket"), [(1, "1"), (9, "1"), (10, "10"), (89, "60"), (1800, "1800"), (9000, "1800")]
)
def test_buckets_of_stays(stay_s: int, bucket: str):
    assert stay_bucket(stay_s) == bucket


kinds = st.sampled_from(["site_opened", "arrived", "experience_opened", "scene_opened", "ar_started", "scene_placed",
                         "scene_completed", "landmark_entered", "landmark_stayed", "stamp_collected", "failed",
                         "permission_refused", "hotspot_opened"])  # fmt: skip
events = st.builds(
    lambda kind, at, landmark, experience, word: event(
        kind, at, landmark=landmark, experience=experience, scene="s", word=word, amount=30, subject="abcdef"
    ),
    kinds,
    st.integers(0, 7200),
    st.sampled_from(["gate", "house"]),
    st.sampled_from(["one", "two"]),
    st.sampled_from(["ar", "window", "camera"]),
)
visits = st.lists(st.lists(events, min_size=1, max_size=12), min_size=1, max_size=40)


@given(visits)
def test_a_family_never_has_more_visits_than_what_it_divides(told):
    numbers = add_up([cells_of(sum_up(visit, GROUND)) for visit in told])
    sums: dict[tuple[str, str], int] = {}
    for cell, count in numbers.items():
        sums[cell[:2]] = sums.get(cell[:2], 0) + count
    for family, count in sums.items():
        if family[0] != "all":
            assert count <= numbers[divided_by(family)], family
    assert {figure for figure, _ in sums} <= set(FIGURES)


def test_what_may_be_shown_of_many_days():
    day = date(2026, 11, 1)
    numbers = {}
    for number in range(30):
        seen = [cells_of(sum_up(WHOLE, GROUND))] * 20 + [cells_of(sum_up([event("site_opened")], GROUND))] * 4
        numbers[day + timedelta(days=number)] = add_up(seen)
    shown = release_figures(numbers)
    assert sum(block.visits for block in shown[Cell("all", "", "all")]) == 720
    assert sum(block.visits for block in shown[Cell("visits", "", "home")]) == 120
    assert sum(block.visits for block in shown[Cell("visits", "", "here")]) == 600
    assert sum(block.visits for block in shown[Cell("hour", "gate", "10")]) == 600
    assert all(block.visits >= 10 for blocks in shown.values() for block in blocks)
