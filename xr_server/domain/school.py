"""School classes: their code, their credit line, and when they end. Pure."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from xr_server.domain.catalog import State
from xr_server.errors import Conflict, Invalid

# no 0 O Q, 1 I L, 2 Z, 5 S, 8 B, U V: nothing that a child could take for something else on a blackboard
LETTERS = "ACDEFGHJKMNPRTWXY34679"
LOCATOR_LENGTH = 4
SECRET_LENGTH = 5
CODE_LIFE_MS = 14 * 24 * 3_600_000
CARD_LIFE_MS = 14 * 24 * 3_600_000
MOST_CARDS = 40
MOST_PUPILS = 100  # a code that got about makes no more accounts than a teacher can look through
FREE_CLASS_GUESSES = 50  # a whole class may mistype before the code rests
GRACE_DAYS = 30
LONGEST_DAYS = 550
MAX_CLASS_NAME_LENGTH = 60
SCHOOL_YEAR_ENDS = (3, 31)
SOON_DAYS = 45

CreditWith = Literal["pen_name", "class", "school"]
CREDITS: tuple[CreditWith, ...] = get_args(CreditWith)
Stage = Literal["open", "ended", "over"]


@dataclass(frozen=True)
class ClassForm:
    """What a teacher says of a class. credit_with: what stands beside a pen name; ends_on: its last day, local."""

    name: str
    school: str
    credit_with: CreditWith
    ends_on: date


def make_code(random_bytes: Callable[[int], bytes]) -> tuple[str, str]:
    """A new code as (locator, secret): the first tells the class, the second opens it."""
    picks = [int.from_bytes(random_bytes(4)) for _ in range(LOCATOR_LENGTH + SECRET_LENGTH)]
    letters = "".join(LETTERS[pick % len(LETTERS)] for pick in picks)
    return letters[:LOCATOR_LENGTH], letters[LOCATOR_LENGTH:]


def show_code(locator: str, secret: str) -> str:
    """A code as it is written on a blackboard: `ACDE-FGHJK`."""
    return f"{locator}-{secret}"


def parse_code(typed: str) -> tuple[str, str]:
    """(locator, secret) of a code as somebody typed it; capitals, blanks and hyphens do not count. Raises Invalid."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    letters = "".join(character for character in plain if character.isalnum())
    if len(letters) != LOCATOR_LENGTH + SECRET_LENGTH or not set(letters) <= set(LETTERS):
        raise Invalid(
            "code_unreadable",
            f"The code has {LOCATOR_LENGTH + SECRET_LENGTH} letters and digits, such as ACDE-FGHJK. Look at it again.",
        )
    return letters[:LOCATOR_LENGTH], letters[LOCATOR_LENGTH:]


def usual_end(today: date) -> date:
    """The last day of the Japanese school year that is going on, or of the next one when it is all but over."""
    end = date(today.year, *SCHOOL_YEAR_ENDS)
    return end if end - today > timedelta(days=14) else date(today.year + 1, *SCHOOL_YEAR_ENDS)


def read_class(typed: Mapping[str, str], today: date) -> ClassForm:
    """The form of a class, checked. Raises Invalid."""
    name, school = _clean(typed.get("name", "")), _clean(typed.get("school", ""))
    if not name or len(name) > MAX_CLASS_NAME_LENGTH or len(school) > MAX_CLASS_NAME_LENGTH:
        raise Invalid("class_name", f"Give the class a name of 1 to {MAX_CLASS_NAME_LENGTH} characters; pupils see it.")
    credit = next((known for known in CREDITS if known == typed.get("credit_with")), None)
    if credit is None or (credit == "school" and not school):
        raise Invalid("class_credit", "Choose what stands beside a pen name; for the school, say what it is called.")
    try:
        ends_on = date.fromisoformat(typed.get("ends_on", ""))
    except ValueError as error:
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose the days again.") from error
    if not today <= ends_on <= today + timedelta(days=LONGEST_DAYS):
        raise Invalid("class_end", f"A class ends between today and {LONGEST_DAYS} days from now. Choose its last day.")
    return ClassForm(name, school, credit, ends_on)


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip()
    return text if text.isprintable() else ""


def goes_on(ends_on: date) -> date:
    """The day on which everything of a class is deleted, when nobody has done it before."""
    return ends_on + timedelta(days=GRACE_DAYS + 1)


def stage_of(ends_on: date, today: date) -> Stage:
    """open: pupils work; ended: nothing new is taken, all of it is still there; over: it is deleted."""
    if today <= ends_on:
        return "open"
    return "ended" if today < goes_on(ends_on) else "over"


def check_open(ends_on: date, today: date) -> None:
    """Refuse something new in a class that has ended. Raises Conflict."""
    if stage_of(ends_on, today) != "open":
        raise Conflict("class_over", "This class has ended, so nothing new can be sent. Ask your teacher.")


def check_places(pupils: int, more: int) -> None:
    """Refuse more pupils than a class may have. Raises Conflict."""
    if pupils + more > MOST_PUPILS:
        raise Conflict(
            "class_full",
            f"This class has {pupils} pupils, and {MOST_PUPILS} are the most. Delete accounts nobody uses, or make another "
            "class.",
        )


def credit_line(pen_name: str, said: ClassForm) -> str:
    """Who is named for a pupil's work: the pen name, with class or school as the class's owner wants."""
    beside = {"pen_name": "", "class": said.name, "school": said.school}[said.credit_with]
    return f"{pen_name} · {beside}" if beside else pen_name


def is_passed_on(state: State, before: str | None = None) -> bool:
    """Whether a teacher has passed on a pupil's work just as it stands; before: how it stood when it was withdrawn."""
    return state == "in_review" or (state == "withdrawn" and before in ("in_review", "published"))


def waits_after_change(is_pupils: bool, is_seen: bool, before: State | None) -> State | None:
    """Where a changed picture or sound waits; before: how it stood, None for a new one. None: nowhere, it is a draft.

    What visitors see waits for staff; a pupil's waits for the teacher, also when it was on its way already.
    """
    if not is_pupils:
        return "in_review" if is_seen else None
    return "with_teacher" if is_seen or before not in (None, "draft") else None


def check_passed_on(seen_by_teacher: bool) -> None:
    """Refuse to publish a pupil's work that its teacher has not passed on. Raises Conflict."""
    if not seen_by_teacher:
        raise Conflict(
            "teacher_first",
            "This is a pupil's work, and the teacher has not passed it on yet. Nothing was changed; ask the teacher.",
        )
