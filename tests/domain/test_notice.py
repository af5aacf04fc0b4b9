"""Notices: when they hold, which of them phones are told of, and what a form says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from xr_server.domain.notice import Notice, dump_moment, end_of_day, holds, in_document, is_over
from xr_server.domain.notice_form import About, propose_id, read_notice, type_closed, type_notice
from xr_server.domain.typed import Unfit

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 12, 1, 1, 0, 30, tzinfo=UTC)  # ten in the morning in Nagasaki
SHUT = Notice(
    id="shut",
    text={"ja": "閉まっています。"},
    landmark="suimon",
    severity="closed",
    from_at="2026-12-01T00:00:00Z",
    until_at="2026-12-01T15:00:00Z",
)
ABOUT = About("shut", None, ["ja", "en"], ["suimon"], TOKYO, NOW)
TYPED = {"landmark": "suimon", "severity": "closed", "text-ja": "閉まっています。", "starts": "now", "ends": "today"}


def test_the_start_is_in_and_the_end_is_out() -> None:
    start, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, 15, tzinfo=UTC)
    moments = [start - timedelta(seconds=1), start, end - timedelta(seconds=1), end]
    assert [holds(SHUT, at) for at in moments] == [False, True, True, False]
    assert [is_over(SHUT, at) for at in moments] == [False, False, False, True]
    assert holds(replace(SHUT, until_at=None), end + timedelta(days=9999))


def test_a_document_carries_what_can_hold_within_its_days_the_gravest_first() -> None:
    later = replace(SHUT, id="later", severity="information", from_at="2027-01-29T14:59:59Z", until_at=None)
    danger = replace(SHUT, id="danger", severity="danger", from_at="2026-12-03T00:00:00Z", until_at=None)
    too_late = replace(later, id="too-late", from_at="2027-01-30T15:00:00Z")
    over = replace(SHUT, id="over", from_at="2026-11-01T00:00:00Z", until_at="2026-11-30T15:00:00Z")
    found = in_document([later, SHUT, over, too_late, danger], date(2026, 12, 1), 60, TOKYO)
    assert [one.id for one in found] == ["danger", "shut", "later"]


def test_a_day_ends_at_local_midnight() -> None:
    assert dump_moment(end_of_day(NOW, TOKYO)) == "2026-12-01T15:00:00Z"
    assert dump_moment(end_of_day(datetime(2026, 12, 1, 15, tzinfo=UTC), TOKYO)) == "2026-12-02T15:00:00Z"


def test_a_form_says_what_it_says_again() -> None:
    notice = read_notice(TYPED, ABOUT)
    assert notice == replace(SHUT, from_at="2026-12-01T01:00:30Z")
    again = read_notice(type_notice(SHUT, TOKYO), About("shut", SHUT, ["ja", "en"], ["suimon"], TOKYO, NOW))
    assert again == SHUT


def test_who_changes_the_words_of_what_holds_does_not_begin_it_anew() -> None:
    about = About("shut", SHUT, ["ja", "en"], ["suimon"], TOKYO, NOW)
    assert read_notice(TYPED, about).from_at == SHUT.from_at


def test_words_in_a_language_that_the_site_does_not_offer_are_kept() -> None:
    before = replace(SHUT, text={"ja": "前", "nl": "dicht"})
    assert read_notice(TYPED, About("shut", before, ["ja", "en"], ["suimon"], TOKYO, NOW)).text["nl"] == "dicht"


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"ends": ""}, {"ends"}),
        ({"ends": "at", "until_at": "2026-12-01T10:00"}, {"until_at"}),
        ({"starts": "at", "from_at": "soon", "ends": "at", "until_at": ""}, {"from_at", "until_at"}),
        ({"severity": "mild", "text-ja": " "[:0], "landmark": "moon"}, {"severity", "text-ja", "landmark"}),
    ],
)
def test_each_field_that_is_not_right_is_named(typed: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(Unfit) as refused:
        read_notice({**TYPED, **typed}, ABOUT)
    assert set(refused.value.faults) == fields


def test_closed_today_is_said_in_the_languages_a_landmark_has_a_name_in() -> None:
    typed = type_closed(
        "suimon", {"ja": "水門", "nl": "Waterpoort"}, {"ja": "{name}休み", "en": "{name} shut", "nl": "{name} dicht"}
    )
    assert {name: text for name, text in typed.items() if name.startswith("text-")} == {
        "text-ja": "水門休み",
        "text-nl": "Waterpoort dicht",
    }
    assert read_notice(typed, ABOUT).until_at == "2026-12-01T15:00:00Z"


def test_ids_can_be_read() -> None:
    assert propose_id("suimon", NOW, "0a1b") == "suimon-20261201-0a1b"
    assert propose_id("", NOW, "0a1b") == "site-20261201-0a1b"
