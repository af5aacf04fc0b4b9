"""Texts of records by language: where they stand, who has read exactly these words, and how long they may be."""

from typing import Any

import msgspec
import pytest

from tests.samples import GATE, SITE
from xr_server.domain.catalog import RECORD_TYPES, TextReview, TimelineEntry
from xr_server.domain.content import GROUPS
from xr_server.domain.text_review import digest_text
from xr_server.domain.text_status import (
    KINDS,
    Reading,
    count_statuses,
    find_slots,
    gather_readings,
    gather_reviews,
    is_within,
    put_words,
    status_of,
)
from xr_server.errors import Invalid
from xr_server.routes.pages import load_own_texts

NOTICE = {"id": "closed", "severity": "closed", "text": {"en": "Closed."}, "from_at": "2026-12-01T00:00:00Z"}
RALLY = {
    "id": "five", "title": {"en": "Five stamps"}, "landmarks": ["water-gate"], "order": "free", "first_on": "2026-12-01",
    "last_on": "2026-12-07",
}  # fmt: skip


def make(kind: str, plain: dict[str, Any]) -> Any:
    return msgspec.convert(plain, RECORD_TYPES[kind])


def test_a_text_is_read_in_exactly_the_words_that_were_approved() -> None:
    (slot,) = find_slots(GATE)
    mark = ("en", slot.path, digest_text("Water Gate"))
    readings = gather_readings([], [(mark, Reading("sato", "2026-12-01"))])
    assert [status_of(slot, language, readings) for language in ("en", "ja", "ko")] == ["read", "unread", "missing"]
    (changed,) = find_slots(put_words(GATE, "en", {slot.path: "Sea Gate"}))
    assert status_of(changed, "en", readings) == "unread"
    assert count_statuses([slot, changed], "en", readings) == {"missing": 0, "unread": 1, "read": 1}


def test_marks_of_the_folder_and_of_the_desk_are_one() -> None:
    marks = {
        ("en", "a.b", "0" * 12): Reading("sato", "2026-12-01"),
        ("ko", "a.b", "1" * 12): Reading("Kim", "2026-12-02"),
    }
    reviews = gather_reviews(marks.items())
    assert all(isinstance(one, TextReview) for one in reviews) and len(reviews) == 2
    assert gather_readings(reviews, []) == marks


def test_texts_of_things_in_a_list_are_told_apart() -> None:
    years = [TimelineEntry(year=1636, text={"en": "Built."}), TimelineEntry(year=1636, text={"en": "Finished."})]
    site = msgspec.structs.replace(SITE, timeline=years)
    paths = [slot.path for slot in find_slots(site)]
    assert paths == ["site.name", "site.timeline.1636.text", "site.timeline.1636-2.text"]
    changed: Any = put_words(site, "en", {"site.timeline.1636-2.text": "Complete."})
    assert [entry.text["en"] for entry in changed.timeline] == ["Built.", "Complete."]


@pytest.mark.parametrize(
    ("kind", "plain", "path", "most"),
    [
        ("notice", NOTICE, "notices.closed.text", 300),
        ("rally", RALLY, "rallies.five.title", 80),
        ("landmark", msgspec.to_builtins(GATE), "landmarks.water-gate.name", 120),
    ],
)
def test_words_are_as_long_as_the_kind_has_room_for(kind: str, plain: dict[str, Any], path: str, most: int) -> None:
    body = make(kind, plain)
    assert put_words(body, "en", {path: "x" * most}) != body
    with pytest.raises(Invalid, match=f"At most {most}"):
        put_words(body, "en", {path: "x" * (most + 1)})


def test_the_only_words_are_not_taken_out() -> None:
    body = make("notice", NOTICE)
    with pytest.raises(Invalid, match="only words"):
        put_words(body, "en", {"notices.closed.text": ""})


def test_words_are_found_without_their_readings_and_spaces() -> None:
    assert is_within("水門", "{水門|すいもん}です")
    assert is_within("sea  gate", "The Sea Gate, 1820")
    assert not is_within("すいもん", "{水門|すいもん}です")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_with_texts_is_named_for_staff(kind: str) -> None:
    assert kind in GROUPS
    assert all(f"audit.kind_{kind}" in load_own_texts(language) for language in ("ja", "en"))
