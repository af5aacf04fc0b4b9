"""Texts and translations at the desk: what is missing or read by nobody; a record's texts beside those of another language."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may, check_may_at
from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import Name, Record, Site
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import plain
from xr_server.domain.text_review import digest_text, find_unreviewed, gather_texts
from xr_server.domain.text_status import (
    Readings,
    Slot,
    count_statuses,
    find_reading,
    find_slots,
    gather_reviews,
    holds_words,
    put_words,
    status_of,
)
from xr_server.domain.typed import YES
from xr_server.errors import DejimaError, Invalid, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes import keeping
from xr_server.routes.advice import advise_fields
from xr_server.routes.changes import facts_of, say_differences, say_path
from xr_server.routes.deeds import PAGES, REVIEWED
from xr_server.routes.guard import form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, standing_values
from xr_server.routes.live import Place, find_place
from xr_server.routes.staff import change_by, read_revision, staff_page
from xr_server.routes.staff import field as field_of
from xr_server.routes.texts_told import Told, find_interface, gather_told, is_looked_after, read_so_far, sum_up
from xr_server.routes.wording import say_date
from xr_server.storage.catalog import StoredRecord, load_published, load_record
from xr_server.storage.readings import list_readings, save_readings, tell_servers

ROWS = 60
MAX_SENT_BYTES = 512 * 1024
MOST_FIELDS = 400  # a scene with a hundred points has three hundred texts
WITH_PARTS = ("timeline", "points", "captions")  # lists whose things are told apart by what stands beside them
SHOWN = ("all", "missing", "unread")
PLANNED = ("season", "campaign", "rally", "site", "survey")  # who reviews alone changes nothing of these


@page("review")
def show_texts(request: Request, session: Session) -> Response:
    """For each language what is missing and what nobody has read; below, the records that have some of it."""
    parts, place = parts_of(request), find_place(request, session)
    asked = request.query_params
    language, shown, words = _language_of(request, place), asked.get("show", SHOWN[0]), asked.get("words", "").strip()
    told, readings = gather_told(parts, session, place), read_so_far(parts, place)
    rows = [
        {"told": one, "counts": count_statuses(one.slots, language, readings)}
        for one in told
        if not words or any(holds_words(slot, words) for slot in one.slots)
    ]
    if shown in SHOWN[1:]:
        rows = [row for row in rows if _counts(row)[shown]]
    wanted = asked.get("from", "")
    start = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0
    values = {
        "languages": sum_up(told, readings, place),
        "chosen": language,
        "language_name": plain(NAMES[language]),
        "show": shown,
        "shown": SHOWN,
        "words": words,
        "sentences": find_interface(words, place.site.languages) if words else [],
        "rows": rows[start : start + ROWS],
        "count": len(rows),
        "more": start + ROWS if len(rows) > start + ROWS else None,
        "notice": find_notice(request),
    }
    return staff_page(request, session, "desk/texts.html", values)


def _counts(row: Mapping[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = row["counts"]
    return counts


def _language_of(request: Request, place: Place, name: str = "language") -> str:
    """A language of the site that the address names; else the first that is not the reader's own."""
    asked = request.query_params.get(name, "")
    others = [language for language in place.site.languages if language != place.language]
    return asked if asked in place.site.languages else (others or place.site.languages)[0]


@dataclass(frozen=True)
class Typed:
    """What somebody typed: words by path, and the paths of the texts that they ticked as read."""

    words: Mapping[str, str] = field(default_factory=dict)
    read: Set[str] = frozenset()


@dataclass(frozen=True)
class Sheet:
    """The texts of one record in one language, beside another one."""

    stored: StoredRecord
    language: str
    source: str
    readings: Readings

    @property
    def slots(self) -> list[Slot]:
        """The texts."""
        return find_slots(self.stored.body)

    @property
    def address(self) -> str:
        """Where the page is, without what was done."""
        return f"/desk/texts/{self.stored.kind}/{self.stored.id}"

    @property
    def may_change(self) -> bool:
        """Whether the words are changed here; those of creators and of questionnaires have rules of their own forms."""
        return self.stored.kind not in (*REVIEWED, "questionnaire")

    @property
    def is_seen(self) -> bool:
        """Whether visitors see just this version: then no other change goes out along with changed words."""
        return self.stored.state == "published" and self.stored.published_revision == self.stored.revision


def _sheet(request: Request, session: Session) -> Sheet:
    """What an address names. Raises NotFound, Forbidden."""
    parts, place = parts_of(request), find_place(request, session)
    name = Name(session.site_id, request.path_params["kind"], request.path_params["id"])
    stored = load_record(parts.catalog, name)
    check_may_at(session, landmark_of(stored.body))
    if not is_looked_after(stored) or not find_slots(stored.body):
        raise NotFound(
            "texts_none", "There are no texts of this to look after. /desk/texts lists those that there are."
        )
    language = _language_of(request, place)
    usual = next((one for one in ("ja", "en", *place.site.languages) if one != language), language)
    source = request.query_params.get("source", "")
    return Sheet(stored, language, source if source in place.site.languages else usual, read_so_far(parts, place))


@page("review")
def show_record(request: Request, session: Session) -> Response:
    """The texts of a record in a language, beside another."""
    return _text_page(request, session, _sheet(request, session), {})


def _text_page(request: Request, session: Session, sheet: Sheet, values: Mapping[str, Any]) -> Response:
    parts, place = parts_of(request), find_place(request, session)
    told = gather_told(parts, session, place)
    own = next((one for one in told if one.key == f"{sheet.stored.kind}/{sheet.stored.id}"), None)
    typed = values.get("typed") or Typed()
    rows = [_row(slot, sheet, (typed, place.language)) for slot in sheet.slots]
    fields = {f"{row['path']}-{sheet.language}": row["value"] for row in rows}
    common = {
        "sheet": sheet,
        "stored": sheet.stored,
        "title": own.title if own else sheet.stored.id,
        "rows": rows,
        "tag": html_tag(sheet.language),
        "source_tag": html_tag(sheet.source),
        "languages": [(language, plain(NAMES[language])) for language in place.site.languages],
        "language_name": plain(NAMES[sheet.language]),
        "source_name": plain(NAMES[sheet.source]),
        "revision": sheet.stored.revision,
        "form_page": _form_page(sheet),
        "next": _next_unread(told, sheet),
        "advice": advise_fields(fields, place.language),
        "problem": None,
        "faults": {},
        "theirs": None,
        "notice": find_notice(request),
        **standing_values(parts, session, sheet.stored, place.language),
    }
    return staff_page(request, session, "desk/text.html", {**common, **values})


def _form_page(sheet: Sheet) -> str:
    """Where the record itself is edited; empty where the desk has no form of it."""
    stored = sheet.stored
    if stored.kind == "scene":
        return f"/studio/scenes/{stored.id}"
    return f"{PAGES[stored.kind][1]}/{stored.id}" if stored.kind in PAGES else ""


def _row(slot: Slot, sheet: Sheet, shown: tuple[Typed, str]) -> dict[str, Any]:
    """One text: what it is called, the words beside it, its own, and how they stand."""
    typed, language = shown
    label, _ = say_path(slot.steps, language)
    if slot.steps[0] in WITH_PARTS and len(slot.steps) > 1:
        label = f"{say_path(slot.steps[:1], language)[0]}: {slot.steps[1]}"
    reading = find_reading(slot, sheet.language, sheet.readings)
    value = slot.words.get(sheet.language, "")
    return {
        "path": slot.path,
        "label": label,
        "source": slot.words.get(sheet.source, ""),
        "value": typed.words.get(slot.path, value),
        "status": status_of(slot, sheet.language, sheet.readings),
        "by": reading.by if reading else "",
        "on": _say_day(reading.on, language) if reading else "",
        "ticked": slot.path in typed.read,
        "lines": min(12, max(2, len(value) // 40 + 1)),
    }


def _say_day(text: str, language: str) -> str:
    return say_date(date.fromisoformat(text), language)


def _next_unread(told: list[Told], sheet: Sheet) -> str:
    """The next record, in the order of the list, with something that nobody has read in this language; empty: none."""
    keys = [one.key for one in told]
    own = f"{sheet.stored.kind}/{sheet.stored.id}"
    at = keys.index(own) + 1 if own in keys else 0
    waiting = [
        one.key
        for one in [*told[at:], *told[:at]]
        if one.key != own and any(status_of(slot, sheet.language, sheet.readings) != "read" for slot in one.slots)
    ]
    return f"/desk/texts/{waiting[0]}?language={sheet.language}&source={sheet.source}" if waiting else ""


@form("review", most_fields=MOST_FIELDS)
def post_record(request: Request, session: Session, sent: FormData) -> Response:
    """Save the words of a language, publish them, and note which of them somebody has read."""
    sheet, place = _sheet(request, session), find_place(request, session)
    typed, revision = _read_typed(sheet, sent), read_revision(sent)
    try:
        body = put_words(sheet.stored.body, sheet.language, typed.words)
        done, undo = _keep(request, session, (sheet, body, revision), field_of(sent, "step"))
        _note_read(request, session, (sheet, body), typed)
    except DejimaError as error:
        values = {"typed": typed, "revision": revision, **refused(error, place.language)}
        if isinstance(error, Stale):
            facts = facts_of(parts_of(request), session.site_id, place.language)
            mine = put_words(sheet.stored.body, sheet.language, typed.words)
            values |= {
                "revision": sheet.stored.revision,
                "theirs": say_differences(facts, sheet.stored.body, mine),
            }
        response = _text_page(request, session, sheet, values)
        response.status_code = keeping.status_of(error)
        return response
    return lead_on(session, sheet.address, done, undo, {"language": sheet.language, "source": sheet.source})


def _read_typed(sheet: Sheet, sent: FormData) -> Typed:
    """What a form says of the texts that the record has now."""
    paths = [slot.path for slot in sheet.slots]
    words = {path: field_of(sent, f"text-{path}") for path in paths if f"text-{path}" in sent}
    read = frozenset(path for path in paths if field_of(sent, f"read-{path}") == YES)
    return Typed(words if sheet.may_change else {}, read)


def _keep(request: Request, session: Session, edit: tuple[Sheet, Record, int], step: str) -> tuple[str, list[Any]]:
    sheet, body, revision = edit
    if body == sheet.stored.body and revision == sheet.stored.revision:
        return "read", []
    if sheet.stored.kind in PLANNED:
        check_may(session, "schedule")
    if step in ("publish", "ask") and not sheet.is_seen:
        raise Invalid(
            "texts_draft",
            "Other changes of this wait as a draft. Save the words, and publish all of it on its own page.",
        )
    return keep(request, session, (body, revision), step)


def _note_read(request: Request, session: Session, about: tuple[Sheet, Record], typed: Typed) -> None:
    """Keep which texts somebody ticked as read, in the words that were on the page."""
    (sheet, body), parts = about, parts_of(request)
    told = {slot.path: slot.words.get(sheet.language, "") for slot in find_slots(body) if slot.path in typed.read}
    marks = {path: digest_text(words) for path, words in told.items() if words}
    if marks:
        change, name = change_by(request, session), Name(session.site_id, sheet.stored.kind, sheet.stored.id)
        save_readings(parts.catalog, name, (sheet.language, marks), change)
        if _all_read(parts, session.site_id, sheet.language):
            tell_servers(parts.catalog, session.site_id, change)


def _all_read(parts: Parts, site_id: str, language: str) -> bool:
    """Whether nothing that visitors read in a language waits to be read any more."""
    records = load_published(parts.catalog, site_id)
    site = next((body for body in records if isinstance(body, Site)), None)
    if site is None:
        return False
    reviews = [*site.reviews, *gather_reviews(list_readings(parts.catalog, site))]
    return not find_unreviewed(gather_texts(records).get(language, {}), reviews, language)


routes = [
    Route("/desk/texts", show_texts, methods=["GET"]),
    Route("/desk/texts/{kind}/{id}", show_record, methods=["GET"]),
    Route("/desk/texts/{kind}/{id}", post_record, methods=["POST"], max_body_size=MAX_SENT_BYTES),
]
