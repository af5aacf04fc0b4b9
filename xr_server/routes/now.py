"""What happens now: a page for days with many guests, which renews itself each minute and is read from afar."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Landmark
from xr_server.domain.days import Window
from xr_server.domain.now import (
    NOBODY,
    STEP,
    About,
    Earlier,
    Now,
    Times,
    arrived_before,
    find_silent,
    landmark_shares,
    make_times,
    same_weekdays,
)
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.pages import load_texts
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.catalog import list_records
from xr_server.storage.figures import load_released
from xr_server.storage.now import load_now

EACH_S = 60
USUAL_DAYS = 56  # of which it is known how many go to each landmark


@dataclass(frozen=True)
class Counted:
    """What was counted of a site: what happens now, the same weekday of earlier weeks, landmarks that fell silent."""

    now: Now
    earlier: Sequence[Earlier]
    silent: Mapping[str, int]


class HeldNow:
    """What was counted this minute: however many tablets ask, a site's events are counted once a minute."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._held: dict[str, Counted] = {}

    def get(self, parts: Parts, place: Place, times: Times) -> Counted:
        """What happens at a site at a minute; whoever asks while it is being counted waits for the same answer."""
        with self._turn:
            held = self._held.get(place.site.id)
            if held is None or held.now.times != times:
                held = _count(parts, place, times)
                self._held[place.site.id] = held
            return held


def _count(parts: Parts, place: Place, times: Times) -> Counted:
    site_id, now = place.site.id, load_now(parts.events, place.site.id, times)
    usual = Window(place.today - timedelta(days=USUAL_DAYS), place.today)
    here = load_released(parts.events, site_id, "visits", usual, "").get("", "here")
    shares = landmark_shares(load_released(parts.events, site_id, "landmark", usual), here)
    hour = datetime.fromtimestamp(times.full_hour_at / 1000, place.zone).hour
    earlier = [_look_back(parts, site_id, day, hour) for day in same_weekdays(place.today)]
    return Counted(now, earlier, find_silent(now, shares))


def _look_back(parts: Parts, site_id: str, day: date, hour: int) -> Earlier:
    window = Window(day, day)
    whole = load_released(parts.events, site_id, "visits", window, "").get("", "here")
    return Earlier(
        day, arrived_before(load_released(parts.events, site_id, "arrival_hour", window, ""), whole, hour), whole
    )


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
    note_read(request, session, "now", (place.today, place.today))
    counted = held_now(request).get(parts, place, times)
    now = counted.now
    names = _landmark_names(request, session, place)
    values = {
        "now": now,
        "each_s": EACH_S,
        "step": STEP,
        "counted_at": _say_clock(times.now_at, place),
        "full_hour": _say_clock(times.full_hour_at, place),
        "today": say_date(place.today, place.language),
        "tiles": _tiles(now),
        "earlier": [(say_date(one.on, place.language, with_year=False), one) for one in counted.earlier],
        "any_earlier": any(one.whole.visits for one in counted.earlier),
        "silent": [(names.get(name, name), counted.silent[name]) for name in sorted(counted.silent)],
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
