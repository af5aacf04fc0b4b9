"""What does not fit together: held to a plain computation over every hour."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.test_lanes import dated, offer, plan_of
from tests.samples import SITE
from xr_server.domain.catalog import Node, Placement, Scene
from xr_server.domain.clashes import Ground, find_gaps, find_lost_seasons, find_missing, find_overlaps
from xr_server.domain.days import Window
from xr_server.domain.lanes import draw_lanes
from xr_server.domain.schedule import occurrences
from xr_server.domain.season import Always, InSeason, OnDates, Schedule
from xr_server.domain.survey import SurveyPoint

WINDOW = Window(date(2027, 1, 1), date(2027, 1, 31))
PLACE = Placement(lat=32.7437, lon=129.8723, h=34.5, accuracy_m=0.1, surveyed=True)
NODE = Node(id="scan", package="a" * 64, placement=PLACE)
SCENE = Scene(id="wall", landmark="water-gate", nodes=[NODE], credit={"ja": "出島", "en": "Dejima"})
POINTS: dict[str, SurveyPoint] = {}


def ground(**changes) -> Ground:
    values = {"scenes": {"wall": SCENE}, "packages": {"a" * 64}, "models": {}, "points": POINTS, "languages": ["en"]}
    return Ground(**{**values, **changes})


def kinds(found):
    return [clash.kind for clash in found]


def test_two_that_need_a_place_for_themselves_at_once_are_named_with_the_first_time():
    plan = plan_of(
        offer("a"),
        offer("b"),
        dated("a", "a", ("2027-01-05", "2027-01-10"), exclusive=True),
        dated("b", "b", ("2027-01-09", "2027-01-20"), exclusive=True),
    )
    (clash,) = find_overlaps(plan, WINDOW, SITE)
    assert (clash.experience, clash.other, clash.landmark) == ("a", "b", "water-gate") and clash.is_grave
    assert clash.days == (date(2027, 1, 9), date(2027, 1, 10))
    assert clash.at == (datetime(2027, 1, 8, 15, tzinfo=UTC), datetime(2027, 1, 10, 15, tzinfo=UTC))
    assert find_overlaps(plan, WINDOW, SITE, about="b") == [clash]
    assert find_overlaps(plan, WINDOW, SITE, about="c") == []


def test_neither_other_hours_nor_other_places_nor_what_shares_its_place_collide():
    evening = {"opens_at": "18:00", "closes_at": "21:00", "exclusive": True}
    late = {**evening, "opens_at": "21:00", "closes_at": "23:00"}
    both = [Schedule(id="a", experience="a", days=Always(), **evening)]
    assert (
        find_overlaps(
            plan_of(offer("a"), offer("b"), *both, Schedule(id="b", experience="b", days=Always(), **late)),
            WINDOW,
            SITE,
        )
        == []
    )
    same = Schedule(id="b", experience="b", days=Always(), **evening)
    assert find_overlaps(plan_of(offer("a"), offer("b", "elsewhere"), *both, same), WINDOW, SITE) == []
    shared = replace(same, exclusive=False)
    assert find_overlaps(plan_of(offer("a"), offer("b"), *both, shared), WINDOW, SITE) == []
    assert len(find_overlaps(plan_of(offer("a"), offer("b"), *both, same), WINDOW, SITE)) == 1


def test_an_evening_past_midnight_meets_what_begins_on_the_day_after():
    night = Schedule(
        id="a", experience="a", days=OnDates(ranges=[("2027-01-05", "2027-01-05")]), opens_at="20:00", closes_at="02:00",
        exclusive=True,
    )  # fmt: skip
    plan = plan_of(offer("a"), offer("b"), night, dated("b", "b", ("2027-01-06", "2027-01-06"), exclusive=True))
    (clash,) = find_overlaps(plan, WINDOW, SITE)
    assert clash.days == (date(2027, 1, 6), date(2027, 1, 6))


hours = st.sampled_from([(None, None), ("10:00", "12:00"), ("12:00", "18:00"), ("20:00", "02:00")])
spans = st.tuples(st.integers(1, 28), st.integers(0, 3), hours, st.sampled_from("abc"), st.booleans())


@settings(max_examples=60)
@given(st.lists(spans, max_size=5))
def test_it_finds_what_a_look_at_every_hour_finds(found):
    schedules = [
        Schedule(
            id=f"s{number}",
            experience=name,
            days=OnDates(ranges=[(f"2027-01-{day:02}", f"2027-01-{day + length:02}")]),
            opens_at=opens,
            closes_at=closes,
            exclusive=alone,
        )
        for number, (day, length, (opens, closes), name, alone) in enumerate(found)
    ]
    plan = plan_of(*(offer(name) for name in "abc"), *schedules)
    on: dict[str, list] = {}
    for schedule in schedules:
        if schedule.exclusive:
            on.setdefault(schedule.experience, []).extend(occurrences(schedule, {}, WINDOW, SITE))
    begins = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
    pairs = set()
    for hour in range(24 * 33):
        at = begins + timedelta(hours=hour)
        there = sorted(name for name, taken in on.items() if any(start <= at < end for start, end in taken))
        pairs |= {(one, other) for one in there for other in there if one < other}
    assert {(clash.experience, clash.other) for clash in find_overlaps(plan, WINDOW, SITE)} == pairs


def test_gaps_are_told_from_a_day_on_and_only_where_something_is_at_other_times():
    plan = plan_of(offer("a"), dated("a", "a", ("2027-01-10", "2027-01-12")))
    lanes, _ = draw_lanes(plan, WINDOW)
    gaps = find_gaps(lanes, date(2027, 1, 4))
    assert [clash.days for clash in gaps] == [
        (date(2027, 1, 4), date(2027, 1, 9)),
        (date(2027, 1, 13), date(2027, 1, 31)),
    ]
    assert find_gaps(lanes, date(2027, 2, 1)) == []


def test_what_an_experience_lacks_is_named_one_by_one():
    assert find_missing(replace(offer("a"), title={"en": "A"}), ground()) == []
    assert kinds(find_missing(offer("a"), ground(scenes={}))) == ["scene"]
    assert kinds(find_missing(offer("a"), ground(packages=set()))) == ["package"]
    (clash,) = find_missing(offer("a"), ground(languages=["en", "ja"]))
    assert clash.kind == "text" and clash.languages == ("ja",)
    loose = replace(SCENE, nodes=[replace(NODE, placement=replace(PLACE, surveyed=False))])
    assert kinds(find_missing(offer("a"), ground(scenes={"wall": loose}))) == ["anchor"]
    rough = replace(SCENE, nodes=[replace(NODE, placement=replace(PLACE, accuracy_m=3.0))])
    assert kinds(find_missing(offer("a"), ground(scenes={"wall": rough}))) == ["anchor"]


def test_dates_in_a_season_that_is_not_there_are_told():
    lost = Schedule(id="a", experience="a", days=InSeason(season="rain"))
    plan = plan_of(offer("a"), lost)
    _, broken = draw_lanes(plan, WINDOW)
    assert [(clash.kind, clash.experience) for clash in find_lost_seasons(broken, plan)] == [("season", "a")]
