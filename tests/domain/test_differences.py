import msgspec
import pytest

from tests.samples import EXPERIENCE, GATE
from xr_server.domain.catalog import Node, Placement, Scene
from xr_server.domain.differences import MOST_WORDS, find_differences, mark_words
from xr_server.domain.season import Always, OnDates, Schedule

PLACE = Placement(lat=32.7, lon=129.8, h=34.0, accuracy_m=2.0)


def change(body, **fields):
    return msgspec.structs.replace(body, **fields)


def paths(before, after):
    return {difference.path: (difference.before, difference.after) for difference in find_differences(before, after)}


def test_texts_differ_by_language():
    before = change(EXPERIENCE, title={"en": "The gate", "ja": "水門"}, summary={"en": "Wood."})
    after = change(before, title={"en": "The water gate", "ja": "水門", "nl": "De poort"}, summary={})
    assert paths(before, after) == {
        ("title", "en"): ("The gate", "The water gate"),
        ("title", "nl"): (None, "De poort"),
        ("summary", "en"): ("Wood.", None),
    }


def test_things_in_lists_are_told_apart_by_their_ids_not_by_their_place():
    first, second = (
        Node(id="first", package="a" * 64, placement=PLACE),
        Node(id="second", model="x.glb", placement=PLACE),
    )
    before = Scene(id="gate", landmark="gate", nodes=[first, second])
    moved = change(second, placement=change(PLACE, heading_deg=90.0))
    assert paths(before, change(before, nodes=[first, moved])) == {
        ("nodes", "second", "placement", "heading_deg"): (0.0, 90.0)
    }
    turned = paths(before, change(before, nodes=[second, first]))
    assert turned == {("nodes",): ("first · second", "second · first")}
    gone = paths(before, change(before, nodes=[first]))
    assert gone[("nodes",)] == ("first · second", "first")
    assert gone[("nodes", "second", "model")] == ("x.glb", None)


def test_days_and_hours_of_dates_differ_as_people_write_them():
    before = Schedule(id="gate", experience="gate", days=OnDates(ranges=[("2026-11-24", "2026-11-26")]))
    after = change(before, days=Always(), opens_at="18:00")
    assert paths(before, after) == {
        ("days", "type"): ("dates", "always"),
        ("days", "ranges"): ("2026-11-24 – 2026-11-26", None),
        ("opens_at",): (None, "18:00"),
    }


def test_nothing_differs_from_itself_and_empty_is_like_absent():
    assert find_differences(GATE, GATE) == []
    assert find_differences(change(EXPERIENCE, cover=""), change(EXPERIENCE, summary={"en": ""})) == []


def test_against_nothing_everything_is_new():
    assert all(one.before is None for one in find_differences(None, EXPERIENCE))
    assert ("title", "en") in paths(None, EXPERIENCE)
    assert find_differences(EXPERIENCE, None) != []


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("The old gate", "The water gate", [("same", "The "), ("gone", "old"), ("new", "water"), ("same", " gate")]),
        ("", "new", [("new", "new")]),
        ("gone", "", [("gone", "gone")]),
        ("same", "same", [("same", "same")]),
        ("石垣の一部", "石垣の西側", [("same", "石垣の"), ("gone", "一部"), ("new", "西側")]),
        ("Built in 1820.", "Built in 1821.", [("same", "Built in "), ("gone", "1820"), ("new", "1821"), ("same", ".")]),
        ("old red wall here", "new blue wall here", [("gone", "old red"), ("new", "new blue"), ("same", " wall here")]),
        ("één poort", "één deur", [("same", "één "), ("gone", "poort"), ("new", "deur")]),
    ],
)
def test_words_are_marked(before, after, marked):
    assert mark_words(before, after) == marked


@pytest.mark.parametrize(
    ("before", "after"), [("a b c d", "a x c y d"), ("水門です", "水の門でした"), ("x\ny", "y\nx")]
)
def test_marks_hold_both_texts_whole(before, after):
    runs = mark_words(before, after)
    assert "".join(text for mark, text in runs if mark != "new") == before
    assert "".join(text for mark, text in runs if mark != "gone") == after


def test_texts_that_are_too_long_to_compare_are_shown_one_after_the_other():
    before, after = "水" * MOST_WORDS, "門" * MOST_WORDS
    assert mark_words(before, after) == [("gone", before), ("new", after)]
