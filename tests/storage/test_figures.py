from datetime import date

from tests.released import finish_days, release
from xr_server.domain.days import Window
from xr_server.domain.figures import HIDDEN, Block, Shown
from xr_server.storage.figures import find_summed_days, load_blocks, load_released

WEEK = Window(date(2026, 11, 16), date(2026, 11, 22))


def window(first, last):
    return Window(date.fromisoformat(first), date.fromisoformat(last))


def test_blocks_inside_are_added_and_those_that_reach_out_are_named_with_the_days_they_need(event_store):
    release(
        event_store,
        [
            ("language", "here", "en", "2026-11-16", "2026-11-16", 12),
            ("language", "here", "en", "2026-11-17", "2026-11-22", 30),
            ("language", "here", "ko", "2026-11-14", "2026-11-17", 11),  # begins before the week
            ("language", "here", "ko", "2026-11-18", "2026-11-20", 10),
            ("language", "here", "ko", "2026-11-21", "2026-11-25", 13),  # ends after it
            ("language", "here", "nl", "2026-11-10", "2026-11-30", 10),  # holds the whole week
            ("language", "here", "zh-Hans", "2026-11-09", "2026-11-15", 10),  # ends the day before
            ("language", "home", "en", "2026-11-16", "2026-11-16", 99),
            ("device", "here", "phone", "2026-11-16", "2026-11-16", 88),
        ],
    )
    release(event_store, [("language", "here", "en", "2026-11-16", "2026-11-16", 70)], "elsewhere")
    shown = load_released(event_store, "dejima", "language", WEEK, "here")
    assert shown.cells == {
        ("here", "en"): Shown(42),
        ("here", "ko"): Shown(10, True, window("2026-11-14", "2026-11-25")),
        ("here", "nl"): Shown(None, True, window("2026-11-10", "2026-11-30")),
    }
    assert shown.get("here", "zh-Hans") == HIDDEN
    both = load_released(event_store, "dejima", "language", WEEK)
    assert both.parts == ["here", "home"] and both.of("home") == {"en": Shown(99)}


def test_a_window_over_the_turn_of_the_year_takes_the_blocks_of_both_years(event_store):
    release(
        event_store,
        [
            ("all", "", "all", "2026-12-30", "2026-12-31", 10),
            ("all", "", "all", "2027-01-01", "2027-01-03", 20),
            ("all", "", "all", "2027-01-04", "2027-01-05", 40),
        ],
    )
    shown = load_released(event_store, "dejima", "all", window("2026-12-30", "2027-01-04"))
    assert shown.get("", "all") == Shown(30, True, window("2026-12-30", "2027-01-05"))


def test_the_blocks_of_a_cell_come_in_order(event_store):
    release(
        event_store,
        [
            ("visits", "", "here", "2026-11-20", "2026-11-24", 15),
            ("visits", "", "here", "2026-11-15", "2026-11-16", 11),
            ("visits", "", "here", "2026-11-14", "2026-11-14", 10),
            ("visits", "", "home", "2026-11-18", "2026-11-18", 10),
        ],
    )
    assert load_blocks(event_store, "dejima", "visits", WEEK, ("", "here")) == [
        Block(date(2026, 11, 15), date(2026, 11, 16), 11),
        Block(date(2026, 11, 20), date(2026, 11, 24), 15),
    ]


def test_figures_are_told_of_final_days_only(event_store):
    assert find_summed_days(event_store, "dejima") is None
    finish_days(event_store, WEEK)
    assert find_summed_days(event_store, "dejima") == WEEK
    assert find_summed_days(event_store, "elsewhere") is None
