"""A visit summed up: what its events come to, and the figures it counts in. Pure.

A visit lies within one local day, so one visit is one visitor-day. Its events may come late and in any order; summing up
all of them again gives the same facts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import cos, hypot, radians
from zoneinfo import ZoneInfo

import msgspec

from xr_server.domain.families import Cell, Reached, cells_of_experience, stay_bucket
from xr_server.domain.visit import CLOCK_SLACK_MS

FASTEST_M_S = 15.0
"""Nobody goes from one landmark to another faster than this; a visit that did was made up, or its phone is wrong."""
COMMIT_MS = 2 * 60_000  # so much later than it was received an event may stand in the store
STRAY_M = 100.0  # how far a position may stray, and fences are wide, without anybody having moved
LONGEST_STAY_S = 1800
MOST_STAYS = 40  # landmarks of a visit that are told apart; a site has fewer
MOST_USED = 200
MOST_COUNTED = 3  # landmarks of a visit; three stand for three or more
MOST_WAYS = 4  # from one landmark to the next
M_PER_DEGREE = 111_320.0
STEPS = ("", "triggered", "ar", "placed", "completed")
LOOKS = ("", "opened", "shown", "completed")


@dataclass(frozen=True)
class Happened:
    """An event of one visit as it is stored; occurred_at in ms UTC."""

    type: str
    occurred_at: int
    language: str
    device: str | None = None
    landmark: str | None = None
    experience: str | None = None
    scene: str | None = None
    subject: str | None = None
    word: str | None = None
    amount: int | None = None
    flag: str | None = None


class Stay(msgspec.Struct, frozen=True, array_like=True):
    """One landmark of a visit, in the order in which it first was there: the local hour of that, and seconds in sight."""

    landmark: str
    hour: int
    stay_s: int = 0


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """How far an experience was followed: the funnel's step, how it was looked at, what last stood in the way of more, and by
    which way the camera was used.
    """

    step: int = 0
    look: int = 0
    reason: str = ""
    way: str = ""


class VisitFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one visit comes to.

    here: it stood inside the site; hour: the local hour in which it arrived there. link: the code of the short link it
    began with, campaign: whose that is. refused: the first permission that was refused. flag: why it is in no figure.
    """

    language: str
    device: str = ""
    here: bool = False
    hour: int = 0
    link: str = ""
    campaign: str = ""
    stays: tuple[Stay, ...] = ()
    experiences: dict[str, Seen] = {}
    used: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    refused: str = ""
    flag: str = ""
    events: int = 0


@dataclass(frozen=True)
class Ground:
    """What must be known of a site to sum its visits up: its zone, where its landmarks are (degrees), whose links are."""

    zone: ZoneInfo
    places: Mapping[str, tuple[float, float]]
    campaigns: Mapping[str, str]


def last_final_day(now: int, zone: ZoneInfo) -> date:
    """The last local day of which no event is taken any more at a moment in ms UTC."""
    taken_since = now - CLOCK_SLACK_MS - COMMIT_MS
    return local_day(taken_since, zone) - timedelta(days=1)


def local_day(at: int, zone: ZoneInfo) -> date:
    """The local day of a moment in ms UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()


def sum_up(events: Iterable[Happened], ground: Ground) -> VisitFacts:
    """What a visit comes to, from all of its events; at least one."""
    told = sorted(events, key=lambda event: (event.occurred_at, event.type))
    first = told[0]
    stays = _find_stays(told, ground)
    arrival = next((event for event in told if event.type in _ON_SITE), None)
    link = next((event.subject for event in told if event.type == "site_opened" and event.subject), "")
    return VisitFacts(
        language=first.language,
        device=next((event.device for event in told if event.device), ""),
        here=arrival is not None,
        hour=0 if arrival is None else _hour_of(arrival, ground),
        link=link,
        campaign=ground.campaigns.get(link, ""),
        stays=stays,
        experiences=_follow_experiences(told),
        used=tuple(sorted({name for event in told if (name := _name_used(event))})[:MOST_USED]),
        stamps=tuple(sorted({event.landmark for event in told if event.type == "stamp_collected" and event.landmark}))[
            :MOST_STAYS
        ],
        refused=next((event.word for event in told if event.type == "permission_refused" and event.word), ""),
        flag=_find_flag(told, ground),
        events=len(told),
    )


_ON_SITE = ("arrived", "landmark_entered", "landmark_stayed", "stamp_collected")


def _hour_of(event: Happened, ground: Ground) -> int:
    return datetime.fromtimestamp(event.occurred_at / 1000, UTC).astimezone(ground.zone).hour


def _find_stays(told: Sequence[Happened], ground: Ground) -> tuple[Stay, ...]:
    stays: dict[str, Stay] = {}
    for event in told:
        if event.type not in ("landmark_entered", "landmark_stayed", "stamp_collected") or event.landmark is None:
            continue
        before = stays.get(event.landmark)
        if before is None and len(stays) == MOST_STAYS:
            continue
        before = before or Stay(event.landmark, _hour_of(event, ground))
        seconds = event.amount or 0 if event.type == "landmark_stayed" else 0
        stays[event.landmark] = Stay(event.landmark, before.hour, min(before.stay_s + seconds, LONGEST_STAY_S))
    return tuple(stays.values())


def _find_stamps(told: Sequence[Happened], stays: Sequence[Stay]) -> tuple[str, ...]:
    stamped = {event.landmark for event in told if event.type == "stamp_collected"}
    return tuple(stay.landmark for stay in stays if stay.landmark in stamped)


_LOOK_OF = {"experience_opened": 1, "scene_opened": 2, "scene_completed": 3}


def _follow_experiences(told: Sequence[Happened]) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    for event in told:
        if event.experience is None:
            continue
        before = seen.get(event.experience, Seen())
        step, look = _next_step(event.type, before.step), max(before.look, _LOOK_OF.get(event.type, 0), 1)
        stopped = event.type in ("failed", "permission_refused")
        reason = (event.word or "") if stopped else "" if step > before.step else before.reason
        way = before.way or (event.word or "" if event.type == "ar_started" else "")
        seen[event.experience] = Seen(step, look, reason, way)
    return seen


def _next_step(kind: str, step: int) -> int:
    """The funnel's step after an event. Who has seen everything without the camera has completed it, but not placed."""
    if kind == "ar_started":
        return max(step, 2)
    if kind == "scene_placed":
        return max(step, 3) if step >= 2 else 1
    if kind == "scene_completed":
        return 4 if step >= 3 else max(step, 1)
    return max(step, 1)


_USED = {"hotspot_opened": "hotspot", "era_changed": "era", "sound_played": "sound", "photo_taken": "photo"}


def _name_used(event: Happened) -> str:
    kind = _USED.get(event.type)
    if kind is None or event.scene is None:
        return ""
    return f"{kind}:{event.scene}" + (f"/{event.subject}" if event.subject else "")


def _find_flag(told: Sequence[Happened], ground: Ground) -> str:
    flagged = next((event.flag for event in told if event.flag), None)
    if flagged is not None:
        return flagged
    entered = [event for event in told if event.type == "landmark_entered" and event.landmark in ground.places]
    for before, after in pairwise(entered):
        way_m = _distance_m(ground.places[before.landmark or ""], ground.places[after.landmark or ""])
        if way_m > STRAY_M + FASTEST_M_S * (after.occurred_at - before.occurred_at) / 1000:
            return "speed"
    return ""


def _distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two places of one site: flat, which is exact enough over a kilometre."""
    north = (b[0] - a[0]) * M_PER_DEGREE
    east = (b[1] - a[1]) * M_PER_DEGREE * cos(radians(a[0]))
    return hypot(north, east)


def cells_of(facts: VisitFacts) -> list[Cell]:
    """The cells in which a visit counts, each once; none when it is flagged."""
    if facts.flag:
        return []
    where = "here" if facts.here else "home"
    cells = [Cell("all", "", "all"), Cell("visits", "", where)]
    cells.append(Cell("language", where, facts.language))
    cells += [Cell("device", where, facts.device)] if facts.device else []
    cells += [Cell("refused", "", facts.refused)] if facts.refused else []
    cells += [Cell("used", name, "used") for name in facts.used]
    completed = any(one.look == LOOKS.index("completed") for one in facts.experiences.values())
    in_ar = any(one.step >= STEPS.index("ar") for one in facts.experiences.values())
    if facts.campaign:
        cells.append(Cell("campaign", "", facts.campaign))
        cells.append(Cell("link", facts.campaign, facts.link))
        reach = "completed" if completed else "ar" if in_ar else where
        cells.append(Cell("reach", facts.campaign, reach))
    for name, one in facts.experiences.items():
        cells += cells_of_experience(where, name, Reached(LOOKS[one.look], STEPS[one.step], one.way, one.reason))
    return cells + (_cells_here(facts) if facts.here else [])


def _cells_here(facts: VisitFacts) -> list[Cell]:
    cells = [Cell("arrival_hour", "", f"{facts.hour:02}")]
    cells.append(Cell("circulation", "", str(min(len(facts.stays), MOST_COUNTED))))
    cells += [Cell("stamp", landmark, "stamped") for landmark in facts.stamps]
    for stay in facts.stays:
        cells += [Cell("landmark", stay.landmark, "seen"), Cell("hour", stay.landmark, f"{stay.hour:02}")]
        cells += [Cell("dwell", stay.landmark, stay_bucket(stay.stay_s))] if stay.stay_s else []
    ways = list(pairwise(stay.landmark for stay in facts.stays))[:MOST_WAYS]
    return cells + [Cell("next", before, after) for before, after in ways]
