"""The names of what figures are about: landmarks, experiences, campaigns, seasons, as staff know them."""

from collections.abc import Mapping

from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Experience, Landmark, Record
from xr_server.domain.days import Window
from xr_server.domain.days_off import is_day_off
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.season import Season
from xr_server.domain.season_days import season_ranges
from xr_server.errors import Invalid
from xr_server.parts import parts_of
from xr_server.routes.figure_panels import Frame
from xr_server.storage.catalog import list_records


def name_landmarks(frame: Frame) -> dict[str, str]:
    """The landmarks by id, in the order of their names."""
    bodies = [body for body in _bodies(frame, "landmark") if isinstance(body, Landmark)]
    return _by_name({body.id: _words(body.name, frame, body.id) for body in bodies})


def name_experiences(frame: Frame) -> dict[str, str]:
    """The experiences by id, in the order of their titles."""
    bodies = [body for body in _bodies(frame, "experience") if isinstance(body, Experience)]
    return _by_name({body.id: _words(body.title, frame, body.id) for body in bodies})


def place_experiences(frame: Frame) -> dict[str, str]:
    """The landmark of each experience, by id."""
    return {body.id: body.landmark for body in _bodies(frame, "experience") if isinstance(body, Experience)}


def list_campaigns_of(frame: Frame) -> list[tuple[Campaign, str]]:
    """The campaigns that were published once, with their titles; newest first."""
    bodies = [body for body in _bodies(frame, "campaign") if isinstance(body, Campaign)]
    bodies.sort(key=lambda body: (body.first_on, body.id), reverse=True)
    return [(body, _words(body.title, frame, body.id)) for body in bodies]


def list_seasons_of(frame: Frame, window: Window) -> list[tuple[str, list[Window]]]:
    """The seasons of the plan that have days in a window, by name, and these days."""
    found = []
    for body in _bodies(frame, "season"):
        if not isinstance(body, Season):
            continue
        try:
            ranges = season_ranges(body, window)
        except Invalid:  # the season's own page says what is amiss with it
            continue
        if ranges:
            found.append((_words(body.name, frame, body.id), [Window(*days) for days in ranges]))
    return found


def mark_days(frame: Frame, window: Window) -> tuple[str, ...]:
    """What is to be known of a few days: that one is a day off."""
    days = {window.from_on, window.until_on} if (window.until_on - window.from_on).days < 3 else set()
    return (frame.say("day_off"),) if any(is_day_off(day) for day in days) else ()


def _bodies(frame: Frame, kind: str) -> list[Record]:
    stored = list_records(parts_of(frame.request).catalog, frame.session.site_id, kind)
    return [one.body for one in stored if one.published_revision]


def _words(text: Mapping[str, str], frame: Frame, name: str) -> str:
    return plain(pick(dict(text), frame.language)) or name


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda one: one[1]))
