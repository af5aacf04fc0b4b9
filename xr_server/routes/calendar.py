"""The calendar of a site in a language (RFC 5545), for the calendar programs of visitors and of other houses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vRecur, vText
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.calendar_feed import Happening, Plan, list_happenings
from xr_server.domain.languages import html_tag
from xr_server.domain.published import Document, pick, told_in
from xr_server.domain.ruby import plain
from xr_server.errors import Unavailable
from xr_server.parts import base_of, parts_of
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.scenes import etag_matches
from xr_server.storage.publish import SiteSnapshot

MEDIA_TYPE = "text/calendar; charset=utf-8"
CACHE_CONTROL = "public, max-age=600"
REFRESHED_AFTER = timedelta(hours=6)
FIRST_IN_ZONE, LAST_IN_ZONE = date(2000, 1, 1), date(2040, 1, 1)  # whose changes of the clock are written down


@dataclass(frozen=True)
class Told:
    """What the events are told with: the site document in a language, the seasons' names, and the server's address."""

    document: Document
    plan: Plan
    base: str

    @property
    def language(self) -> str:
        """The language of the calendar."""
        language: str = self.document["language"]
        return language


def get_calendar(request: Request) -> Response:
    """The calendar of a site in a language; without either those a visitor of `/` gets."""
    published = parts_of(request).published
    sites = published.snapshot.sites
    if not sites:
        raise Unavailable(
            "nothing_published", "Nothing is published here yet. An operator can import a site with `dejima import`."
        )
    site_id = request.query_params.get("site") or next(iter(sites))
    site = published.get_site(site_id)
    asked = request.query_params.get("lang")
    language = asked or choose_language(request, list(site.documents))
    body, tag = _calendar(_Key(site, published.site(site_id, language).document, base_of(request)))
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if asked is None:
        headers["Vary"] = "Accept-Language, Cookie"
    if etag_matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{site_id}-{language}.ics"'
    return Response(body, headers=headers, media_type=MEDIA_TYPE)


class _Key:
    """A site as it stands, a language and an address: the same until the site is compiled again, at midnight at the latest."""

    def __init__(self, site: SiteSnapshot, document: Document, base: str) -> None:
        self.site, self.document, self.base = site, document, base
        self.name = site.revision, site.compiled_for_on, document["site"]["id"], document["language"], base

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.site is other.site and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@lru_cache(maxsize=64)
def _calendar(key: _Key) -> tuple[bytes, str]:
    """The calendar's bytes and their tag."""
    plan = key.site.plan
    if plan is None:  # the snapshot's file is of an older version, and the catalog cannot be reached
        raise Unavailable("calendar_waits", "The calendar cannot be made just now. Please try again in a few minutes.")
    body = write_calendar(Told(key.document, plan, key.base), key.site.compiled_for_on)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def write_calendar(told: Told, today: date) -> bytes:
    """All that the site's plan tells of, as text with CRLF, folded at 75 octets."""
    site = told.document["site"]
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//Dejima XR//{site['id']}//{html_tag(told.language).upper()}")
    calendar.add("name", plain(site["name"]))
    calendar.add("x-wr-calname", plain(site["name"]))
    calendar.add("refresh-interval", REFRESHED_AFTER, parameters={"VALUE": "DURATION"})
    zone = Timezone.from_tzid(site["time_zone"], first_date=FIRST_IN_ZONE, last_date=LAST_IN_ZONE)
    zone.pop("COMMENT", None)
    calendar.add_component(zone)
    for happening in list_happenings(told.plan, today):
        calendar.add_component(_event(happening, told))
    body: bytes = calendar.to_ical(sorted=False)
    return body


def _event(one: Happening, told: Told) -> Event:
    site, zone = told.document["site"], ZoneInfo(told.document["site"]["time_zone"])
    facts = _facts(one, told)
    changed = datetime.fromtimestamp(one.changed_ms / 1000, UTC).replace(microsecond=0)
    event = Event()
    event.add("uid", f"{one.key}@{site['id']}.dejima-xr")
    event.add("dtstamp", changed)
    event.add("dtstart", _in_zone(one.start, zone))
    event.add("dtend", _in_zone(one.end, zone))
    if one.rrule:
        event.add("rrule", vRecur.from_ical(one.rrule))
    if one.left_out:
        event.add("exdate", list(one.left_out), parameters={"VALUE": "DATE"})
    event.add("summary", vText(facts["summary"]), parameters={"LANGUAGE": facts["tongue"]})
    if facts["description"]:
        event.add("description", vText(facts["description"]), parameters={"LANGUAGE": html_tag(told.language)})
    event.add("last-modified", changed)
    event.add("sequence", one.sequence)
    event.add("geo", facts["place"])
    event.add("url", told.base + facts["path"])
    event.add("status", "CONFIRMED" if one.is_sure else "TENTATIVE")
    event.add("transp", "TRANSPARENT")  # nobody is busy because a festival is held
    return event


def _in_zone(moment: date, zone: ZoneInfo) -> date:
    return moment.replace(tzinfo=zone) if isinstance(moment, datetime) else moment


def _facts(one: Happening, told: Told) -> Mapping[str, Any]:
    """Name, words, place and page of what an event tells of."""
    document, (kind, name) = told.document, one.about
    home = f"/{told.language}/{document['site']['id']}/"
    if kind == "experience":
        offer = next(item for item in document["experiences"] if item["id"] == name)
        place = _place(document, [offer["landmark"]])
        words, path = plain(offer["summary"]), f"{home}experiences/{name}"
        tongue = offer.get("told_in", html_tag(told.language))
        return {"summary": plain(offer["title"]), "tongue": tongue, "description": words, "place": place, "path": path}
    season = next(season for season in told.plan.seasons if season.id == name)
    words = "" if one.has_end else load_texts(told.language)["visitor.calendar_open_end"]
    summary = plain(pick(season.name, told.language)) or season.id
    return {
        "summary": summary,
        "tongue": told_in(season.name, told.language).get("told_in", html_tag(told.language)),
        "description": plain(words),
        "place": _place(document, season.landmarks),
        "path": home,
    }


def _place(document: Document, landmarks: list[str]) -> tuple[float, float]:
    """Latitude and longitude of the first of the landmarks whose place is known, else of the site."""
    marks = {mark["id"]: mark for mark in document["landmarks"] if mark["lat"] is not None}
    found = next((marks[name] for name in landmarks if name in marks), document["site"]["origin"])
    return found["lat"], found["lon"]


routes = [Route("/calendar.ics", get_calendar, methods=["GET"])]
