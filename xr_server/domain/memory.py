"""Residents' memories: a short text or an old photograph that somebody without an account adds to a landmark. Pure."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import Language, Slug, Strict
from xr_server.domain.sealed_code import LETTERS, clean_letters, make_seal
from xr_server.domain.typed import YES, Faults, Typed, check_faults, too_long
from xr_server.errors import Conflict, Invalid

State = Literal["waiting", "shown", "refused", "hidden", "gone"]
Choice = Literal["credit", "free", "here"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
LICENCES: Mapping[Choice, str] = {"credit": "CC BY 4.0", "free": "CC0 1.0", "here": ""}
"""What the three choices are called where licences are named; `here`: shown on this site and nowhere else."""
CONSENT = 1
"""Which wording of the consent is asked for now; the texts are memory.consent_{number}_…, and earlier ones stay."""
OPEN_CONSENT = 1
"""The same of the consent to be handed out as open data, which is asked for by itself; the text is memory.open_{number}."""

MAX_WORDS, MAX_SHOWS, MAX_NAME, MAX_REASON = 1000, 300, 40, 500
FIRST_YEAR = 1840
FIELDS = (
    "words",
    "shows",
    "language",
    "year",
    "about",
    "name",
    "licence",
    "persons",
    "open",
    "mine",
    "consent",
    "website",
)
TRAP = "website"
"""A field that people do not see; programs that fill in forms fill it in."""
MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}")
PHONE = re.compile(r"(?<!\d)(?:\+\d{1,3}[ -]?|0)\d{1,4}[ ()-]+\d{1,4}[ -]+\d{3,4}(?!\d)|(?<!\d)0\d{9,10}(?!\d)")

LEAST_MS = 4_000
"""Nobody has read and filled in the form sooner."""
MOST_MS = 24 * 3_600_000
"""So long a form holds; pictures that wait for it are kept as long."""
NONCE_LENGTH, SEAL_LENGTH, CODE_LENGTH = 16, 16, 16

HOUR_MS = 3_600_000
MOST_AN_HOUR = 40
MOST_PICTURES_AN_HOUR = 80
MOST_WAITING = 200
KEPT_MS = 30 * 86_400_000
"""So long what was refused or hidden is kept, so that its giver can read why."""
MARK_KEPT_MS = 365 * 86_400_000
"""So long it is known that something was there: an address that was given out answers that it was taken back."""

NEXT: Mapping[State, tuple[State, ...]] = {
    "shown": ("waiting", "refused", "hidden"),
    "refused": ("waiting",),
    "hidden": ("shown",),
}
"""What staff can make of a memory, and what it has to be before."""


class Told(Strict, frozen=True, kw_only=True):
    """What somebody has told, in their own words, which nobody changes. shows: what the picture shows.

    year: of the photograph, or of what is told; name: a pen name, empty for "a resident"; consent: which wording was
    agreed to; open_consent: the same of open data, 0 where nobody agreed, as of all memories from before it was asked.
    """

    words: Annotated[str, msgspec.Meta(max_length=MAX_WORDS)] = ""
    shows: Annotated[str, msgspec.Meta(max_length=MAX_SHOWS)] = ""
    language: Language
    year: int | None = None
    about: bool = False
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME)] = ""
    licence: Choice
    consent: int
    open_consent: int = 0

    @property
    def is_open(self) -> bool:
        """Whether its giver agreed that it is handed out as open data."""
        return self.open_consent > 0 and bool(LICENCES[self.licence])


class Rendering(Strict, frozen=True, kw_only=True):
    """A translation that staff added; reviewed: somebody who speaks both languages has read it."""

    words: str = ""
    shows: str = ""
    reviewed: bool = False


Translations = dict[str, Rendering]


class Shown(Strict, frozen=True, kw_only=True):
    """A memory as visitors get it: at which landmark, what was told, in which other languages too."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
    landmark: Slug
    told: Told
    translations: Translations = msgspec.field(default_factory=dict)
    has_picture: bool = False


@dataclass(frozen=True)
class FormMark:
    """What a form carries: a word of its own at random, and when it was made, in ms UTC."""

    nonce: str
    made_at: int


def read_memory(typed: Typed, has_picture: bool, languages: Sequence[str], today: date) -> Told:
    """What somebody has typed. Raises Unfit with what is amiss beside each field."""
    faults: Faults = {}
    words, shows, name = typed.get("words", ""), typed.get("shows", ""), typed.get("name", "")
    if not words and not has_picture:
        faults["words"] = Invalid("memory_empty", "Write a few sentences, or choose a picture.")
    if has_picture and not shows:
        faults["shows"] = Invalid("memory_shows", "Say what the picture shows, for those who cannot see it.")
    for field, text, most in (("words", words, MAX_WORDS), ("shows", shows, MAX_SHOWS), ("name", name, MAX_NAME)):
        if len(text) > most:
            faults[field] = too_long(most)
        elif MAIL.search(text) or PHONE.search(text):
            faults[field] = Invalid("memory_contact", "Leave out mail addresses and telephone numbers.")
    language = typed.get("language", "")
    if language not in languages:
        faults["language"] = Invalid("memory_language", "Choose the language you have written in.")
    licence = next((choice for choice in CHOICES if choice == typed.get("licence")), None)
    if licence is None:
        faults["licence"] = Invalid("memory_licence", "Choose what others may do with it.")
    year = _read_year(typed.get("year", ""), today, faults)
    open_consent = _read_open(typed, licence, faults)
    _check_declared(typed, has_picture, faults)
    check_faults(faults)
    return Told(
        words=words,
        shows=shows if has_picture else "",
        language=language,  # type: ignore[arg-type]
        year=year,
        about=year is not None and typed.get("about") == YES,
        name=" ".join(name.split()),
        licence=licence or "here",
        consent=CONSENT,
        open_consent=open_consent,
    )


def _read_open(typed: Typed, licence: Choice | None, faults: Faults) -> int:
    """The wording of the consent to open data that was agreed to; 0 for none, which is what an empty box says."""
    if typed.get("open") != YES:
        return 0
    if licence == "here":
        faults["open"] = Invalid(
            "memory_open", "You chose that it is shown on this site only. Choose another use, or take this tick away."
        )
    return OPEN_CONSENT


def _read_year(typed: str, today: date, faults: Faults) -> int | None:
    if not typed:
        return None
    year = int(typed) if re.fullmatch(r"[0-9]{4}", typed) else 0
    if not FIRST_YEAR <= year <= today.year:
        faults["year"] = Invalid(
            "memory_year",
            f"Write a year of four digits, from {FIRST_YEAR} to {today.year}, or leave it empty.",
            first=str(FIRST_YEAR),
            last=str(today.year),
        )
    return year


def _check_declared(typed: Typed, has_picture: bool, faults: Faults) -> None:
    if typed.get(TRAP):
        faults[TRAP] = Invalid("memory_trap", "Leave this field empty; it is there for programs alone.")
    if has_picture and typed.get("persons") != YES:
        faults["persons"] = Invalid(
            "memory_persons", "Only pictures in which no living person can be recognised without their leave are shown."
        )
    if typed.get("mine") != YES:
        faults["mine"] = Invalid("memory_mine", "Only what is yours, or what you may pass on, can be shown.")
    if typed.get("consent") != YES:
        faults["consent"] = Invalid("memory_consent", "Without your consent nothing is kept.")


def make_form_token(secret: bytes, about: tuple[str, str], mark: FormMark) -> str:
    """What the form of a site's landmark carries: only this server can make it."""
    seal = make_seal(secret, SEAL_LENGTH, "memory-form", *about, mark.nonce, str(mark.made_at))
    return f"{mark.nonce}-{mark.made_at}-{seal}"


def make_nonce(random: bytes) -> str:
    """A word at random, from NONCE_LENGTH bytes."""
    return "".join(LETTERS[byte % 32] for byte in random)


def read_form_token(secret: bytes, about: tuple[str, str], token: str, at: int) -> FormMark | None:
    """What a form carries; None when it was not made by this server for this landmark, or is a day old."""
    nonce, _, rest = token.partition("-")
    made = rest.partition("-")[0]
    if not re.fullmatch(r"[0-9]{1,15}", made) or len(nonce) != NONCE_LENGTH:
        return None
    mark = FormMark(nonce, int(made))
    if not hmac.compare_digest(token.encode(), make_form_token(secret, about, mark).encode()):
        return None
    return mark if 0 <= at - mark.made_at < MOST_MS else None


def check_patient(mark: FormMark, at: int) -> None:
    """Refuse a form that was sent sooner than anybody can fill it in. Raises Invalid."""
    if at - mark.made_at < LEAST_MS:
        raise Invalid("memory_fast", "That was very fast. Wait a few seconds and send it again; nothing was lost.")


def make_code(secret: bytes, nonce: str) -> str:
    """The code with which whoever sent a form finds and withdraws what it held: sent twice, it is the same."""
    return make_seal(secret, CODE_LENGTH, "memory-code", nonce)


def read_code(typed: str) -> str:
    """A code as somebody typed it. Raises Invalid for what is none."""
    letters = clean_letters(typed)
    if len(letters) != CODE_LENGTH or not set(letters) <= set(LETTERS):
        raise Invalid("memory_code", "The code has sixteen letters and digits. Look at your sheet again.")
    return letters


def show_code(code: str) -> str:
    """A code in groups of four, easier to read and to type."""
    return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def check_next(state: State, wanted: State) -> None:
    """Refuse what cannot be made of a memory as it stands. Raises Conflict."""
    if state not in NEXT.get(wanted, ()):
        raise Conflict(
            "memory_decided", "This was decided otherwise or withdrawn meanwhile. Nothing was changed; read it again."
        )


def check_reason(typed: str) -> str:
    """The words in which staff say no. Raises Invalid when there are none, or too many."""
    if not typed:
        raise Invalid("memory_reason", "Say why, in a sentence or two: whoever gave the memory reads it.")
    if len(typed) > MAX_REASON:
        raise too_long(MAX_REASON)
    return typed


def read_rendering(typed: Typed, told: Told, languages: Sequence[str]) -> tuple[str, Rendering | None]:
    """A translation as staff typed it, with its language; None to take it away. Raises Unfit."""
    faults: Faults = {}
    language, words, shows = (typed.get(name, "") for name in ("language", "words", "shows"))
    if language not in languages or language == told.language:
        faults["language"] = Invalid("memory_translation_language", "Choose the language it is translated into.")
    for name, text, most in (("words", words, 2 * MAX_WORDS), ("shows", shows, 2 * MAX_SHOWS)):
        if len(text) > most:
            faults[name] = too_long(most)
        elif bool(words or shows) and bool(text) != bool(getattr(told, name)):
            faults[name] = Invalid("memory_translation_gap", "Translate what was written, all of it and nothing else.")
    check_faults(faults)
    if not words and not shows:
        return language, None
    return language, Rendering(words=words, shows=shows, reviewed=typed.get("reviewed") == YES)


def mark_landmarks(memories: Sequence[Shown], taken: bool = True) -> dict[str, str]:
    """A short mark for each landmark with memories, another one whenever they change: phones drop pages with an old one.

    taken: whether their pages invite to add one, which is part of what they say.
    """
    marks: dict[str, str] = {}
    salt = b"" if taken else b"closed"
    for landmark in sorted({memory.landmark for memory in memories}):
        told = msgspec.json.encode([memory for memory in memories if memory.landmark == landmark])
        marks[landmark] = hashlib.sha256(salt + told).hexdigest()[:8]
    return marks
