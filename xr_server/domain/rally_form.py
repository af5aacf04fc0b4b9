"""What staff type to make a stamp rally, as a record; and what the form shows of one. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from xr_server.domain.fields import LANGUAGES, Text
from xr_server.domain.rally import MOST_LANDMARKS, Rally
from xr_server.errors import Invalid

TEXTS = ("title", "summary", "prize", "collect_at")
LONGEST = {"title": 80, "summary": 600, "prize": 200, "collect_at": 300}
PLAIN = ("order", "first_on", "last_on", "stamps_needed", "collect_until", "proof")
FIELDS = (*(f"{name}_{language}" for name in TEXTS for language in LANGUAGES), *PLAIN)
LONGEST_ID = 50

Typed = Mapping[str, Any]  # every field of FIELDS as text, and landmarks as a list of ids


def show_rally(body: Rally | None) -> dict[str, Any]:
    """What the form shows of a rally; a new one begins in any order and without proof."""
    typed: dict[str, Any] = dict.fromkeys(FIELDS, "")
    if body is None:
        return {**typed, "order": "free", "proof": "none", "landmarks": []}
    for name in TEXTS:
        typed |= {f"{name}_{language}": words for language, words in getattr(body, name).items()}
    typed |= {name: str(getattr(body, name) or "") for name in PLAIN}
    return {**typed, "landmarks": list(body.landmarks)}


def make_rally(rally_id: str, typed: Typed, known: Collection[str]) -> Rally:
    """The rally that was typed, at landmarks that are known. Raises Invalid with a sentence about the first thing amiss."""
    landmarks = [name for name in typed["landmarks"] if name]
    texts = {name: _read_text(name, typed) for name in TEXTS}
    if not texts["title"]:
        raise Invalid("rally_title", "Give the rally a title in at least one language; visitors see it first.")
    _check_landmarks(landmarks, known)
    values: dict[str, Any] = {"id": rally_id, **texts, "landmarks": landmarks, **_read_days(typed)}
    values |= {"order": typed["order"], "proof": typed["proof"]}
    if typed["stamps_needed"]:
        values["stamps_needed"] = _read_needed(typed["stamps_needed"], len(landmarks))
    if bool(texts["prize"]) != bool(texts["collect_at"]):
        raise Invalid(
            "rally_prize", "Say both what the prize is and where it is collected, or neither: then there is none."
        )
    try:
        return msgspec.convert(values, Rally)
    except msgspec.ValidationError as error:
        raise Invalid("rally_choice", "Choose the order and the proof from what the page offers.") from error


def _read_text(name: str, typed: Typed) -> Text:
    words = {language: " ".join(typed[f"{name}_{language}"].split()) for language in LANGUAGES}
    if any(len(text) > LONGEST[name] for text in words.values()):
        raise Invalid(
            "rally_text_long",
            f"A text is too long: {LONGEST[name]} characters fit there. Shorten it.",
            most=LONGEST[name],
        )
    return {language: text for language, text in words.items() if text}


def _check_landmarks(landmarks: Sequence[str], known: Collection[str]) -> None:
    if not landmarks or len(landmarks) > MOST_LANDMARKS or any(name not in known for name in landmarks):
        raise Invalid("rally_landmarks", f"Choose 1 to {MOST_LANDMARKS} landmarks from the lists.", most=MOST_LANDMARKS)
    if len(set(landmarks)) != len(landmarks):
        raise Invalid("rally_twice", "A landmark stands there twice; each gives one stamp. Choose another, or none.")


def _read_needed(text: str, count: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= count:
        raise Invalid("rally_needed", f"Between 1 and {count} stamps can win; leave it empty for all.", most=count)
    return int(text)


def _read_days(typed: Typed) -> dict[str, str]:
    days = {}
    for name in ("first_on", "last_on", "collect_until"):
        if name == "collect_until" and not typed[name]:
            continue
        try:
            days[name] = date.fromisoformat(typed[name]).isoformat()
        except ValueError as error:
            raise Invalid("rally_days", "Give the first and the last day, written like 2026-11-24.") from error
    if days["last_on"] < days["first_on"]:
        raise Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    if days.get("collect_until", days["last_on"]) < days["last_on"]:
        raise Invalid("rally_collect", "The prize is collected until the last day of stamps at least, or longer.")
    return days


def propose_id(title: Text, taken: Collection[str]) -> str:
    """An id for a new rally: its English title in small letters, else `rally`, with a number where that is taken."""
    plain = unicodedata.normalize("NFKD", title.get("en", "")).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_ID].strip("-") or "rally"
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
