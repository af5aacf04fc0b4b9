"""What is live at a chosen moment, for each experience, and why not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Experience, Site
from xr_server.domain.moments import read_local_moment
from xr_server.domain.publish import experience_occurrences
from xr_server.domain.published import gather, shown_scenes
from xr_server.domain.schedule import Window, is_live, quiet_dates
from xr_server.errors import NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.desk import title_of
from xr_server.routes.guard import page
from xr_server.routes.pages import choose_language
from xr_server.routes.staff import staff_page
from xr_server.routes.studio import find_site
from xr_server.routes.wording import say_moment
from xr_server.storage.catalog import list_records, load_published
from xr_server.storage.packages import load_packages


@dataclass(frozen=True)
class Place:
    """Where and when a page is looked at: the site, its time zone, now, and the reader's language."""

    site: Site
    zone: ZoneInfo
    now: datetime
    language: str

    @property
    def today(self) -> date:
        """The site's local date."""
        return self.now.astimezone(self.zone).date()


def find_place(request: Request, session: Session) -> Place:
    """Where and when a request is made. Raises NotFound before the site has content."""
    site = find_site(parts_of(request), session.site_id)
    if site is None:
        raise NotFound("site_empty", "This site has no content yet. An operator can import it with `dejima import`.")
    now = datetime.fromtimestamp(parts_of(request).clock() / 1000, UTC)
    return Place(site, ZoneInfo(site.time_zone), now, choose_language(request))


@page("schedule")
def show_dates(request: Request, session: Session) -> Response:
    """What is live at a chosen moment, and the way to each experience's dates."""
    place = find_place(request, session)
    notice = {"text": "desk.notice_undone", "undo": None} if request.query_params.get("done") == "undone" else None
    return staff_page(
        request,
        session,
        "desk/dates.html",
        {**live_values(request, place, request.query_params.get("at", "")), "notice": notice},
    )


def live_values(request: Request, place: Place, asked: str) -> dict[str, Any]:
    """The answer for each experience at the local moment asked for, else now."""
    at = read_local_moment(asked, place.zone) if asked else place.now
    problem = None if at else "desk.moment_unreadable"
    at = at or place.now
    return {
        "live": _live_at(parts_of(request), place, at),
        "live_moment": say_moment(at, place.zone, place.language),
        "live_input": f"{at.astimezone(place.zone):%Y-%m-%dT%H:%M}",
        "live_problem": problem,
        "live_is_quiet": f"{at.astimezone(place.zone):%m-%d}" in place.site.quiet_days,
    }


def _live_at(parts: Parts, place: Place, at: datetime) -> list[dict[str, Any]]:
    """For every experience whether visitors find it live at a moment, and why not."""
    records = load_published(parts.catalog, place.site.id)
    published = gather(records, *load_packages(parts.catalog, place.site.id))
    day = at.astimezone(place.zone).date()
    window = Window(day - timedelta(days=1), day + timedelta(days=1))
    out = {body.id: body for body in records if isinstance(body, Experience)}
    shown = {scene.id for scene in shown_scenes(published)} if published else set()
    rows = []
    for stored in list_records(parts.catalog, place.site.id, "experience"):
        body = out.get(stored.id)
        answer = "unpublished"
        if published is not None and body is not None and body.scene in shown:
            spans = experience_occurrences(body.id, published, window)
            quiet = quiet_dates(published.site.quiet_days, window) if body.promotional else []
            on = is_live(spans, [], at, place.zone)
            answer = ("quiet" if day in quiet else "live") if on else "off"
        rows.append({"id": stored.id, "title": title_of(stored, place.language), "answer": answer})
    return rows


routes = [Route("/desk/dates", show_dates)]
