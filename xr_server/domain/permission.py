"""Permission to scan: what a creator asks for, what staff decide, its number, and how it stands on a day. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import LocalDate, LocalTime, Slug, Strict
from xr_server.domain.sealed_code import LETTERS, clean_letters
from xr_server.errors import Invalid

State = Literal["asked", "granted", "refused", "taken_back", "withdrawn"]
Standing = Literal["asked", "refused", "taken_back", "withdrawn", "ahead", "valid", "ended"]
Equipment = Literal["camera", "tripod", "scanner", "drone", "lights", "ladder"]
EQUIPMENT: tuple[Equipment, ...] = get_args(Equipment)

CONDITIONS = "2026-1"
"""Which wording of the conditions an asker agrees to; another wording gets another name."""
KEPT_DAYS = 90  # after its last day; then nothing is left that leads to a person
AHEAD_DAYS = 366
LONGEST_DAYS = 31
MOST_PEOPLE = 50
MOST_WAITING = 20
MAX_PLACE, MAX_PURPOSE, MAX_CONTACT, MAX_OTHER, MAX_WORDS = 400, 1000, 200, 200, 2000
LINES = {"place": MAX_PLACE, "purpose": MAX_PURPOSE, "contact": MAX_CONTACT, "other_equipment": MAX_OTHER}
FIELDS = (*LINES, "first_on", "last_on", "opens_at", "closes_at", "people", "agreed")

CODE_LENGTH = 10


class Wish(Strict, frozen=True, kw_only=True):
    """What somebody asks for: at landmarks or a place in words, on local days, between two times of each day."""

    landmarks: Annotated[tuple[Slug, ...], msgspec.Meta(max_length=50)] = ()
    place: str = ""
    first_on: LocalDate
    last_on: LocalDate
    opens_at: LocalTime
    closes_at: LocalTime
    purpose: str = ""
    equipment: tuple[Equipment, ...] = ()
    other_equipment: str = ""
    people: int = 0
    contact: str = ""
    conditions: str = ""  # the wording that was agreed to


@dataclass(frozen=True)
class Typed:
    """A form as it was filled in: single fields, and what was ticked."""

    texts: Mapping[str, str]
    landmarks: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()


def find_slips(typed: Typed, today: date, landmarks: Collection[str]) -> dict[str, str]:
    """What has to be put right, by field: the code of a sentence. Empty when the wish can be made."""
    texts = typed.texts
    slips = {name: f"{name}_long" for name, most in LINES.items() if len(texts[name]) > most}
    if not typed.landmarks and not texts["place"]:
        slips["landmarks"] = "where"
    if not set(typed.landmarks) <= set(landmarks):
        slips["landmarks"] = "landmark_gone"
    for name in ("purpose", "contact"):
        if not texts[name]:
            slips[name] = name
    people = texts["people"]
    if not (people.isascii() and people.isdigit() and len(people) < 4 and 1 <= int(people) <= MOST_PEOPLE):
        slips["people"] = "people"
    if not texts["agreed"]:
        slips["agreed"] = "agreed"
    return slips | _find_day_slips(texts, today) | _find_hour_slips(texts)


def _find_day_slips(texts: Mapping[str, str], today: date) -> dict[str, str]:
    first, last = read_day(texts["first_on"]), read_day(texts["last_on"] or texts["first_on"])
    if first is None:
        return {"first_on": "day"}
    if last is None:
        return {"last_on": "day"}
    if first < today:
        return {"first_on": "past"}
    if first > today + timedelta(days=AHEAD_DAYS):
        return {"first_on": "far"}
    if last < first:
        return {"last_on": "reversed"}
    return {"last_on": "long"} if (last - first).days >= LONGEST_DAYS else {}


def _find_hour_slips(texts: Mapping[str, str]) -> dict[str, str]:
    opens, closes = read_hour(texts["opens_at"]), read_hour(texts["closes_at"])
    found = {name: "hour" for name, value in (("opens_at", opens), ("closes_at", closes)) if value is None}
    return {"closes_at": "hours_reversed"} if opens and closes and closes <= opens else found


def read_day(text: str) -> date | None:
    """A date as forms send it; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-12-01") else None
    except ValueError:
        return None


def read_hour(text: str) -> time | None:
    """A time of day as forms send it, such as 09:30; None for anything else."""
    return time.fromisoformat(text) if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII) else None


def make_wish(typed: Typed) -> Wish:
    """The wish of a form in which `find_slips` finds nothing."""
    texts = typed.texts
    return Wish(
        landmarks=tuple(sorted(set(typed.landmarks))),
        place=texts["place"],
        first_on=texts["first_on"],
        last_on=texts["last_on"] or texts["first_on"],
        opens_at=texts["opens_at"],
        closes_at=texts["closes_at"],
        purpose=texts["purpose"],
        equipment=tuple(kind for kind in EQUIPMENT if kind in typed.equipment),
        other_equipment=texts["other_equipment"],
        people=int(texts["people"]),
        contact=texts["contact"],
        conditions=CONDITIONS,
    )


def type_wish(wish: Wish) -> Typed:
    """What the form shows of a wish that is to be changed; to the conditions one agrees anew."""
    texts = {name: str(getattr(wish, name)) for name in FIELDS if name != "agreed"}
    return Typed({**texts, "agreed": ""}, wish.landmarks, wish.equipment)


def without_people(wish: Wish) -> Wish:
    """What is left of a wish when its time is over: where among the landmarks, and when."""
    return Wish(
        landmarks=wish.landmarks,
        first_on=wish.first_on,
        last_on=wish.last_on,
        opens_at=wish.opens_at,
        closes_at=wish.closes_at,
    )


def standing_on(state: State, wish: Wish, now: datetime) -> Standing:
    """How a permission stands at a moment in the site's time zone."""
    if state != "granted":
        return state
    if now.date() < date.fromisoformat(wish.first_on):
        return "ahead"
    last = date.fromisoformat(wish.last_on)
    over = now.date() > last or (now.date() == last and now.time() >= time.fromisoformat(wish.closes_at))
    return "ended" if over else "valid"


def is_within_hours(wish: Wish, now: datetime) -> bool:
    """Whether a local time lies within the hours of each day."""
    return time.fromisoformat(wish.opens_at) <= now.time() < time.fromisoformat(wish.closes_at)


@dataclass(frozen=True)
class Clash:
    """Another one at the same time; sure: at a landmark of both, else perhaps, since a place is told in words."""

    id: str
    sure: bool


def find_clashes(wish: Wish, others: Iterable[tuple[str, Wish]]) -> list[Clash]:
    """Which of the others (id, wish) would be there on the same day at the same time, the sure ones first."""
    found = []
    for name, other in others:
        if not _at_one_time(wish, other):
            continue
        sure = bool(set(wish.landmarks) & set(other.landmarks))
        if sure or wish.place or other.place:
            found.append(Clash(name, sure))
    return sorted(found, key=lambda clash: not clash.sure)


def _at_one_time(one: Wish, other: Wish) -> bool:
    days = one.first_on <= other.last_on and other.first_on <= one.last_on
    return days and one.opens_at < other.closes_at and other.opens_at < one.closes_at


def check_words(text: str, code: str) -> str:
    """What staff write to the asker. Raises Invalid when there is too much of it, or nothing where it is needed."""
    if not text:
        raise Invalid(code, "Write a sentence, so that the asker knows why or what to mind. Nothing was decided yet.")
    if len(text) > MAX_WORDS:
        raise Invalid("permit_words_long", f"{MAX_WORDS} characters fit. Shorten it a little; nothing was decided yet.")
    return text


def make_number(site_id: str, year: int, count: int) -> str:
    """The number of a permission: two letters of the site, the local year, and a count, such as DJ-2026-0007."""
    letters = [letter for letter in site_id if letter.isalpha()]
    consonants = [letter for letter in letters if letter not in "aeiouy"]
    first_two = (consonants if len(consonants) > 1 else [*letters, "x", "x"])[:2]
    return f"{''.join(first_two).upper()}-{year}-{count:04d}"


def make_code(random_bytes: Callable[[int], bytes]) -> str:
    """A code by which a guard finds a permission; nobody finds one by guessing."""
    return "".join(LETTERS[byte % 32] for byte in random_bytes(CODE_LENGTH))


def clean_code(text: str) -> str:
    """A code however it was typed: in small letters, with blanks or a hyphen, O for 0."""
    return clean_letters(text)[: CODE_LENGTH + 1]


def show_code(code: str) -> str:
    """A code in two halves, easier to read and to type."""
    return f"{code[:5]}-{code[5:]}"


Advice = Literal["unknown", "not_yours", "not_granted", "other_place", "other_day"]


@dataclass(frozen=True)
class Visit:
    """When and where a scan was made: its landmark where that is known, the local day it was sent, and its own day if told."""

    landmark: str | None
    sent_on: str
    scanned_on: str | None = None


def advise(state: State | None, is_own: bool, wish: Wish | None, visit: Visit) -> Advice | None:
    """What is odd about the permission that a scan names; None when it fits. state None: there is no such number."""
    if state is None or wish is None:
        return "unknown"
    if not is_own:
        return "not_yours"
    if state != "granted":
        return "not_granted"
    elsewhere = visit.landmark is not None and bool(wish.landmarks) and visit.landmark not in wish.landmarks
    if elsewhere and not wish.place:
        return "other_place"
    # a scan that tells no day may have been made on any of them until it was sent
    day = visit.scanned_on or min(visit.sent_on, wish.last_on)
    return None if wish.first_on <= day <= wish.last_on else "other_day"
