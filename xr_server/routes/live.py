"""What is live at a moment, for each experience, and why not; where and when a page of the desk is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import RECORD_TYPES, Experience, Site
from xr_server.domain.publish import experience_occurrences
from xr_server.domain.published import Published, gather, pick, shown_scenes
from xr_server.domain.schedule import Window, is_live, quiet_dates
from xr_server.errors import NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import page
from xr_server.routes.pages import choose_language
from xr_server.routes.staff import staff_page
from xr_server.routes.studio import find_site
from xr_server.storage.catalog import list_records
from xr_server.storage.packages import load_packages
from xr_server.storage.plans import load_planned
from xr_server.storage.stopping import load_stopped


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
    """The way to each experience's dates, and which of them visitors find live now."""
    place = find_place(request, session)
    published, offered = load_then(parts_of(request), place.site.id, drafts=False)
    notice = {"text": "desk.notice_undone", "undo": None} if request.query_params.get("done") == "undone" else None
    rows = list_answers(published, offered, place, place.now)
    return staff_page(request, session, "desk/dates.html", {"live": rows, "notice": notice})


def load_then(parts: Parts, site_id: str, drafts: bool) -> tuple[Published | None, list[Experience]]:
    """The site as visitors see it, or as it would be were everything published that is not taken back; and all experiences."""
    catalog = parts.catalog
    bodies = [one.body for one in load_planned(catalog, site_id, tuple(RECORD_TYPES), drafts)]
    published = gather(bodies, *load_packages(catalog, site_id), load_stopped(catalog, site_id))
    newest = [stored.body for stored in list_records(catalog, site_id, "experience")]
    return published, [body for body in newest if isinstance(body, Experience)]


def list_answers(
    published: Published | None, offered: Sequence[Experience], place: Place, at: datetime
) -> list[dict[str, Any]]:
    """For every experience whether visitors find it live at a moment, and why not."""
    day = at.astimezone(place.zone).date()
    window = Window(day - timedelta(days=1), day + timedelta(days=1))
    out = {body.id: body for body in published.experiences} if published else {}
    shown = {scene.id for scene in shown_scenes(published)} if published else set()
    rows = []
    for newest in offered:
        body = out.get(newest.id)
        answer = "unpublished"
        if published is not None and body is not None and body.scene in shown:
            spans = experience_occurrences(body.id, published, window)
            quiet = quiet_dates(published.site.quiet_days, window) if body.promotional else []
            on = is_live(spans, [], at, place.zone)
            answer = ("quiet" if day in quiet else "live") if on else "off"
        title = pick(newest.title, place.language) or newest.id
        rows.append({"id": newest.id, "title": title, "answer": answer, "landmark": (body or newest).landmark})
    return rows


routes = [Route("/desk/dates", show_dates)]
