"""How the texts of records stand in each language: missing, read by nobody yet, or read and approved in these words. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from xr_server.domain import campaign_form, rally_form
from xr_server.domain.catalog import RECORD_TYPES, Record, TextReview
from xr_server.domain.content import GROUPS, text_slots
from xr_server.domain.fields import Text
from xr_server.domain.notice_form import MAX_TEXT_LENGTH
from xr_server.domain.text_review import digest_text
from xr_server.errors import Invalid

Status = Literal["missing", "unread", "read"]
STATUSES: tuple[Status, ...] = ("missing", "unread", "read")
KINDS = tuple(GROUPS)
"""The kinds of records that have texts."""
LONGEST = 4000
LONGEST_OF = {"name": 120, "title": 120, "label": 120, "alt": 300, "note": 300}
LONGEST_BY_KIND: Mapping[str, Mapping[str, int]] = {
    "notice": {"text": MAX_TEXT_LENGTH},
    "rally": rally_form.LONGEST,
    "campaign": campaign_form.LONGEST,
}
"""What the forms of these kinds take; posters, cards and banners have no room for more."""
Mark = tuple[str, str, str]
"""Language, path, and the digest of the words."""


@dataclass(frozen=True)
class Reading:
    """Who has read and approved a text, and on which local date."""

    by: str
    on: str


Readings = Mapping[Mark, Reading]


@dataclass(frozen=True)
class Slot:
    """A text of a record: its path in the language files, the steps to it within the record, and its words by language."""

    path: str
    steps: tuple[str, ...]
    words: Text


def _kind_of(body: Record) -> str:
    return next(kind for kind, record_type in RECORD_TYPES.items() if isinstance(body, record_type))


def find_slots(body: Record) -> list[Slot]:
    """The texts of a record that are told in some language, in its own order."""
    kind = _kind_of(body)
    plain: dict[str, Any] = msgspec.to_builtins(body)
    skipped = 1 if kind == "site" else 2
    return [
        Slot(".".join(path), path[skipped:], owner[name])
        for path, owner, name in text_slots(kind, plain)
        if any(owner.get(name, {}).values())
    ]


def gather_readings(reviews: Sequence[TextReview], more: Iterable[tuple[Mark, Reading]]) -> Readings:
    """All that people have approved: in the content folder, and at the desk."""
    kept = {
        (review.language, path, mark): Reading(review.by, review.on)
        for review in reviews
        for path, mark in review.texts.items()
    }
    return kept | dict(more)


def gather_reviews(pairs: Iterable[tuple[Mark, Reading]]) -> list[TextReview]:
    """What people have approved as the content folder keeps it."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for (language, path, mark), reading in pairs:
        found.setdefault((reading.on, language, reading.by), {})[path] = mark
    plain = [
        {"language": language, "by": by, "on": on, "texts": texts}
        for (on, language, by), texts in sorted(found.items())
    ]
    return msgspec.convert(plain, list[TextReview])


def find_reading(slot: Slot, language: str, readings: Readings) -> Reading | None:
    """Who has approved a text in the words it has now; None while nobody has."""
    return readings.get((language, slot.path, digest_text(slot.words.get(language, ""))))


def status_of(slot: Slot, language: str, readings: Readings) -> Status:
    """How a text stands in a language."""
    if not slot.words.get(language):
        return "missing"
    return "read" if find_reading(slot, language, readings) else "unread"


def count_statuses(slots: Iterable[Slot], language: str, readings: Readings) -> dict[Status, int]:
    """How many texts stand how in a language."""
    counts = dict.fromkeys(STATUSES, 0)
    for slot in slots:
        counts[status_of(slot, language, readings)] += 1
    return counts


def put_words(body: Record, language: str, words: Mapping[str, str]) -> Record:
    """The record with texts of a language changed, by path; no words take a text out. Raises Invalid."""
    kind = _kind_of(body)
    plain: dict[str, Any] = msgspec.to_builtins(body)
    for path, owner, name in text_slots(kind, plain):
        new = words.get(".".join(path))
        if new is None:
            continue
        most = LONGEST_BY_KIND.get(kind, LONGEST_OF).get(name, LONGEST)
        if len(new) > most:
            raise Invalid("too_long", f"At most {most} characters fit here.", most=most)
        text = {of: said for of, said in {**owner.get(name, {}), language: new}.items() if said}
        if not text:
            raise Invalid("text_last", "These are the only words that it has. Write others, or keep them.")
        owner[name] = text
    changed: Record = msgspec.convert(plain, RECORD_TYPES[kind])
    return changed


def holds_words(slot: Slot, wanted: str) -> bool:
    """Whether some words stand in a text, in any language; readings over kanji do not count."""
    return any(is_within(wanted, words) for words in slot.words.values())


def is_within(wanted: str, words: str) -> bool:
    """Whether words stand in others, however they are spaced and written large or small."""
    return bare_words(wanted) in bare_words(words)


def bare_words(words: str) -> str:
    """Words without readings, spaces and capitals, as they are looked for."""
    parts = [part.partition("|")[0] for part in words.replace("}", "{").split("{")]
    return "".join("".join(parts).casefold().split())
