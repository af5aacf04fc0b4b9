"""The page of a landmark, a way or an edge at the desk: its fields, the map beside them, what it means today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain import landmark_form, opening_form, way_form
from xr_server.domain.account import Session
from xr_server.domain.catalog import Landmark, Record
from xr_server.domain.days import WEEKDAYS
from xr_server.domain.guidance import SURFACES, Footpath, Hazard
from xr_server.domain.languages import NAMES
from xr_server.domain.opening import dump_opening
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.text_status import find_slots
from xr_server.domain.typed import Typed
from xr_server.parts import Parts, parts_of
from xr_server.routes.advice import advise_fields
from xr_server.routes.island import draw_island
from xr_server.routes.keeping import find_notice, standing_values
from xr_server.routes.live import Place, find_place
from xr_server.routes.notices_told import OpeningWords, say_opening
from xr_server.routes.outlines import Reader, outline_values
from xr_server.routes.pages import load_texts
from xr_server.routes.place_map import draw_typed
from xr_server.routes.staff import staff_page
from xr_server.storage.catalog import StoredRecord, list_records

DAYS_AHEAD = 60


@dataclass(frozen=True)
class Sheet:
    """How a kind is edited: its fields, its texts, and its page."""

    fields: tuple[str, ...]
    texts: tuple[str, ...]
    template: str


SHEETS = {
    "landmark": Sheet(landmark_form.FIELDS, ("name", "history"), "desk/landmark.html"),
    "path": Sheet(way_form.PATH_FIELDS, ("note",), "desk/way.html"),
    "hazard": Sheet(way_form.HAZARD_FIELDS, ("name",), "desk/way.html"),
}
STATUSES = ("restored", "rebuilt", "preserved", "lost", "new", "planned", "present")


def name_landmarks(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    """What the landmarks of a site that are not withdrawn are called, by id."""
    stored = list_records(parts.catalog, site_id, "landmark")
    bodies = [one.body for one in stored if isinstance(one.body, Landmark) and one.state != "withdrawn"]
    return {body.id: plain(pick(body.name, language)) or body.id for body in bodies}


def title_of_place(body: Record, names: Mapping[str, str], language: str) -> str:
    """What a landmark, a way or an edge is called."""
    if isinstance(body, Footpath):
        return f"{names.get(body.start, body.start)} – {names.get(body.end, body.end)}"
    return plain(pick(getattr(body, "name", {}), language)) or body.id


def _type(stored: StoredRecord | None) -> dict[str, str]:
    body = stored.body if stored else None
    if isinstance(body, Landmark):
        return landmark_form.type_landmark(body)
    if isinstance(body, Footpath):
        return way_form.type_path(body)
    return way_form.type_hazard(body) if isinstance(body, Hazard) else {"status": STATUSES[0]}


def place_page(
    request: Request, session: Session, about: tuple[str, StoredRecord | None], values: Mapping[str, Any]
) -> Response:
    """The form of a place; values may bring back what was typed, and what was wrong with it."""
    (kind, stored), parts, place = about, parts_of(request), find_place(request, session)
    names = name_landmarks(parts, session.site_id, place.language)
    typed = values.get("typed") or _type(stored)
    body = stored.body if stored else None
    common = {
        "kind": kind,
        "stored": stored,
        "title": title_of_place(body, names, place.language) if body else _texts(place)[f"places.new_{kind}"],
        "revision": stored.revision if stored else 0,
        "typed": typed,
        "languages": [(language, plain(NAMES[language])) for language in place.site.languages],
        "landmarks": sorted(names.items(), key=lambda pair: pair[1]),
        **_choices(parts, place),
        **_map_values(parts, place, typed, body),
        "hours": _say_hours(typed, place),
        "has_texts": stored is not None and stored.state != "withdrawn" and bool(find_slots(stored.body)),
        "advice": advise_fields(typed, place.language),
        "problem": None,
        "faults": {},
        "theirs": None,
        **(_outline(parts, place, typed, (body, values.get("blank", 1))) if kind == "landmark" else {}),
        "notice": find_notice(request),
        **standing_values(parts, session, stored, place.language, kind),
    }
    return staff_page(request, session, SHEETS[kind].template, {**common, **values})


def _texts(place: Place) -> Mapping[str, str]:
    return load_texts(place.language)


def _choices(parts: Parts, place: Place) -> dict[str, Any]:
    bodies = [stored.body for stored in list_records(parts.catalog, place.site.id, "landmark")]
    return {
        "categories": sorted({body.category for body in bodies if isinstance(body, Landmark)}),
        "status_options": _named(place, "status", STATUSES),
        "hazard_options": _named(place, "hazard", way_form.HAZARD_KINDS),
        "surface_options": _named(place, "surface", SURFACES),
        "weekdays": [(day, _texts(place)[f"seasons.weekday_{day}"]) for day in WEEKDAYS],
        "off": opening_form.OFF,
    }


def _named(place: Place, what: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Values of a field with what they are called."""
    return [(value, _texts(place)[f"places.{what}_{value}"]) for value in values]


def _map_values(parts: Parts, place: Place, typed: Typed, body: Record | None) -> dict[str, Any]:
    """The island as visitors see it, and what is typed on it; nothing before the site is published."""
    snapshot = parts.published.snapshot.sites.get(place.site.id)
    if snapshot is None:
        return {"island": None, "drawn": None}
    island = draw_island(parts.published.site(place.site.id, place.site.languages[0]).document)
    return {"island": island, "drawn": draw_typed(island, typed, body if isinstance(body, Landmark) else None)}


def _outline(parts: Parts, place: Place, typed: Typed, about: tuple[Record | None, int]) -> dict[str, Any]:
    body, blank = about
    return outline_values(Reader(parts, place), typed, body if isinstance(body, Landmark) else None, blank)


def _say_hours(typed: Typed, place: Place) -> OpeningWords | None:
    """What the typed opening hours mean today and in the days to come; None while they cannot be read."""
    opening = opening_form.read_opening(typed, {})
    if opening is None:
        return None
    document = {"language": place.language, "site": {"time_zone": place.site.time_zone}}
    return say_opening({"opening": dump_opening(opening, place.today, DAYS_AHEAD)}, document, place.now)
