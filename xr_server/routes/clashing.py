"""What does not fit together in a plan, in words."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from xr_server.domain.catalog import Experience, Landmark
from xr_server.domain.clashes import Clash, find_missing, find_overlaps
from xr_server.domain.days import Window, parse_day
from xr_server.domain.lanes import Plan, with_dates
from xr_server.domain.languages import NAMES
from xr_server.domain.moments import gather_stretches
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.season import OnDates, Schedule
from xr_server.domain.text_review import digest_text
from xr_server.parts import Parts
from xr_server.routes.live import Place
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import say_date, say_stretch
from xr_server.storage.catalog import StoredRecord
from xr_server.storage.plans import load_ground, load_plan

AHEAD_DAYS = 366
FAR_DAYS = 8 * 366
SHOWN = 30


def say_clashes(clashes: Sequence[Clash], plan: Plan, place: Place, most: int) -> list[dict[str, Any]]:
    """A sentence for each of so many, the grave ones first, and where to look at it."""
    ordered = sorted(clashes, key=lambda clash: not clash.is_grave)[:most]
    return [
        {"kind": clash.kind, "grave": clash.is_grave, "words": say_clash(clash, plan, place), "href": _href(clash)}
        for clash in ordered
    ]


def say_clash(clash: Clash, plan: Plan, place: Place) -> str:
    """One of them as a sentence."""
    language = place.language
    when = say_stretch(gather_stretches([clash.at], place.zone)[0], language) if clash.at else ""
    if clash.days and not clash.at:
        when = say_days(*clash.days, place.language)
    return fill(
        load_texts(language)[f"planning.clash_{clash.kind}"],
        language,
        landmark=name_of(plan.landmarks.get(clash.landmark), clash.landmark, language),
        experience=title_in(plan, clash.experience, language),
        other=title_in(plan, clash.other, language),
        season=_season_name(plan, clash.season, language),
        when=when,
        languages=", ".join(plain(NAMES[one]) for one in clash.languages),
    )


def say_days(first: date, last: date, language: str) -> str:
    """A range of days in words, a single one as itself."""
    one, other = say_date(first, language), say_date(last, language)
    return one if first == last else fill(load_texts(language)["seasons.days"], language, first=one, last=other)


def title_in(plan: Plan, experience: str, language: str) -> str:
    """What an experience of the plan is called."""
    planned = plan.experiences.get(experience)
    body = planned.body if planned else None
    return pick(body.title, language) or experience if isinstance(body, Experience) else experience


def _season_name(plan: Plan, season: str, language: str) -> str:
    body = plan.season_bodies.get(season)
    return pick(body.name, language) or season if body else season


def name_of(landmark: Landmark | None, fallback: str, language: str) -> str:
    """What a landmark is called."""
    return (pick(landmark.name, language) if landmark else "") or fallback


def _href(clash: Clash) -> str:
    if clash.kind == "gap" and clash.days:
        first, last = clash.days
        return f"/desk/calendar/add?landmark={clash.landmark}&first={first}&last={last}"
    return f"/desk/seasons/{clash.season}#ends" if clash.season else f"/desk/dates/{clash.experience}"


def look_at(parts: Parts, place: Place, experience: StoredRecord, body: Schedule | None) -> dict[str, Any]:
    """What does not fit together about an experience, were it dated so; collides: something else needs the place too.

    seen: the mark of just these collisions, by which a form says that they were shown.
    """
    plan = load_plan(parts.catalog, place.site.id, drafts=True)
    if isinstance(experience.body, Experience):
        plan = with_dates(plan, experience.body, body)
    window = _ahead(body, place.today)
    overlaps = find_overlaps(plan, window, place.site, experience.id)
    missing = []
    if isinstance(experience.body, Experience):
        missing = find_missing(experience.body, load_ground(parts.catalog, place.site, drafts=True))
    said = say_clashes([*overlaps, *missing], plan, place, SHOWN)
    mark = digest_text("\n".join(say_clash(clash, plan, place) for clash in overlaps[:SHOWN])) if overlaps else ""
    return {"clashes": said, "collides": bool(overlaps), "seen": mark}


def _ahead(body: Schedule | None, today: date) -> Window:
    """The days to look at: a year ahead; of days that somebody entered, these, however far they lie ahead."""
    until = today + timedelta(days=AHEAD_DAYS)
    if body is None or not isinstance(body.days, OnDates):
        return Window(today, until)
    days = [parse_day(day) for pair in body.days.ranges for day in pair]
    first, last = max(today, min(days)), max(today, *days)
    return Window(first, min(last, first + timedelta(days=FAR_DAYS)))
