"""What happens now: a page for days with many guests, which renews itself each minute and is read from afar."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Landmark
from xr_server.domain.now import NOBODY, STEP, About, Now, Times, make_times
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import load_texts
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.catalog import list_records
from xr_server.storage.now import load_now

EACH_S = 60


class HeldNow:
    """What was counted this minute: however many tablets ask, a site's events are counted once a minute."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._held: dict[str, Now] = {}

    def get(self, request: Request, site_id: str, times: Times) -> Now:
        """What happens at a site at a minute; whoever asks while it is being counted waits for the same answer."""
        with self._turn:
            held = self._held.get(site_id)
            if held is None or held.times != times:
                held = load_now(parts_of(request).events, site_id, times)
                self._held[site_id] = held
            return held


def held_now(request: Request) -> HeldNow:
    """The server's own."""
    state = request.app.state
    if not hasattr(state, "held_now"):
        state.held_now = HeldNow()
    held: HeldNow = state.held_now
    return held


@page("read_figures")
def show_now(request: Request, session: Session) -> Response:
    """Visits on site, by landmark, in AR, what failed and what was refused; every number rounded down to tens."""
    parts, place = parts_of(request), find_place(request, session)
    midnight = datetime.combine(place.today, time(), place.zone)
    times = make_times(round(midnight.timestamp() * 1000), parts.clock())
    now = held_now(request).get(request, session.site_id, times)
    names = _landmark_names(request, session, place)
    values = {
        "now": now,
        "each_s": EACH_S,
        "step": STEP,
        "counted_at": _say_clock(times.now_at, place),
        "full_hour": _say_clock(times.full_hour_at, place),
        "today": say_date(place.today, place.language),
        "tiles": _tiles(now),
        "landmarks": _rows({name: now.landmarks.get(name, NOBODY) for name in (*names, *now.landmarks)}, names),
        "stamps": _rows(now.stamps, names),
        "failed": _rows(now.failed, _words("reason", place.language)),
        "refused": _rows(now.refused, _words("permission", place.language)),
    }
    return staff_page(request, session, "desk/figures/now.html", values)


def _say_clock(at: int, place: Place) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC).astimezone(place.zone):%H:%M}"


def _tiles(now: Now) -> list[tuple[str, int]]:
    """The numbers that are read from afar, by the name of their text."""
    return [
        ("here_quarter", now.here.quarter),
        ("here_hour", now.here.hour),
        ("ar", now.ar_running),
        ("today", now.here.today),
    ]


def _landmark_names(request: Request, session: Session, place: Place) -> dict[str, str]:
    bodies = [stored.body for stored in list_records(parts_of(request).catalog, session.site_id, "landmark")]
    named = {one.id: plain(pick(one.name, place.language)) for one in bodies if isinstance(one, Landmark)}
    return {landmark: name or landmark for landmark, name in named.items()}


def _words(kind: str, language: str) -> dict[str, str]:
    """What a closed list of words says in a language, by word."""
    begin = f"now.{kind}_"
    return {key.removeprefix(begin): text for key, text in load_texts(language).items() if key.startswith(begin)}


def _rows(counts: Mapping[str, About], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """By name, the most of the last hour first."""
    order = sorted(counts, key=lambda name: (-counts[name].hour, -counts[name].today, names.get(name, name)))
    return [{"id": name, "name": names.get(name, name), "about": counts[name]} for name in order]


routes = [Route("/desk/figures/now", show_now)]
