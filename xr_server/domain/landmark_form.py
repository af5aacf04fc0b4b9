"""The form of a landmark: what was typed in, the landmark out, or a sentence beside each field that cannot be taken. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from xr_server.domain import opening_form
from xr_server.domain.catalog import Geofence, Landmark
from xr_server.domain.opening_form import read_opening, type_opening
from xr_server.domain.outline import corners_of
from xr_server.domain.outline_form import read_outline, type_corners
from xr_server.domain.typed import (
    Faults,
    Typed,
    check_faults,
    read_line,
    read_lines,
    read_number,
    read_words,
    say_number,
    type_words,
)
from xr_server.domain.whereabouts import Surroundings, find_misplaced
from xr_server.errors import Invalid

FIELDS = (
    "kana", "category", "status", "lat", "lon", "accuracy_m", "enter_m", "leave_m", "years", "certainty",
    "position_method", "geometry_licence", "sources", "sure", "geojson", *opening_form.FIELDS,
)  # fmt: skip
MAX_NAME, MAX_HISTORY, MAX_LINE = 120, 4000, 300
WORD = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
YEAR_LINE = re.compile(r"([a-z][a-z0-9_]{0,39})\s*[:：]\s*(\S.{0,59})")


@dataclass(frozen=True)
class About:
    """What a form is about: the landmark as it stands, what lies around it, and the languages that the form shows."""

    before: Landmark
    around: Surroundings
    languages: Sequence[str]


def read_landmark(typed: Typed, about: About) -> Landmark:
    """The landmark that the form describes. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    before = about.before
    name = read_words(typed, ("name", before.name, MAX_NAME), about.languages, faults)
    if not name:
        faults[f"name-{about.languages[0]}"] = Invalid("landmark_name", "Give it a name in at least one language.")
    lat, lon = _read_place(typed, about, faults)
    changed = msgspec.structs.replace(
        before,
        name=name,
        history=read_words(typed, ("history", before.history, MAX_HISTORY), about.languages, faults),
        kana=read_line(typed, "kana", MAX_NAME, faults),
        category=_read_word(typed, "category", faults),
        status=_read_word(typed, "status", faults),
        lat=lat,
        lon=lon,
        accuracy_m=read_number(typed, "accuracy_m", (0.01, 5000), faults),
        geometry=read_outline(typed, before.geometry, about.around, faults),
        geofence=_read_geofence(typed, lat is not None, faults),
        years=_read_years(typed, faults),
        opening=read_opening(typed, faults),
        certainty=read_line(typed, "certainty", MAX_LINE, faults),
        position_method=read_line(typed, "position_method", MAX_LINE, faults),
        geometry_licence=read_line(typed, "geometry_licence", MAX_LINE, faults),
        sources=read_lines(typed, "sources", (20, MAX_LINE), faults),
    )
    check_faults(faults)
    return changed


def _read_word(typed: Typed, name: str, faults: Faults) -> str:
    word = typed.get(name, "")
    if not WORD.fullmatch(word) or len(word) > 40:
        faults[name] = Invalid("landmark_word", "One word of small letters is wanted, such as gate.")
    return word


def _read_place(typed: Typed, about: About, faults: Faults) -> tuple[float | None, float | None]:
    lat, lon = read_number(typed, "lat", (-180, 180), faults), read_number(typed, "lon", (-180, 180), faults)
    if "lat" in faults or "lon" in faults:
        return None, None
    if lat is None or lon is None:
        if lat is not lon:
            faults["lon" if lon is None else "lat"] = Invalid("spot_half", "Latitude and longitude belong together.")
        return None, None
    fault = None if (lat, lon) == (about.before.lat, about.before.lon) else find_misplaced((lat, lon), about.around)
    if fault is not None:
        faults["lat"] = fault
    return lat, lon


def _read_geofence(typed: Typed, is_placed: bool, faults: Faults) -> Geofence | None:
    enter, leave = (
        read_number(typed, name, (1, most), faults) for name, most in (("enter_m", 1000), ("leave_m", 1500))
    )
    if enter is None and leave is None:
        return None
    if not is_placed:
        faults["enter_m"] = Invalid("geofence_unplaced", "A circle needs the landmark's place in its middle.")
    if enter is None or leave is None or leave <= enter:
        faults.setdefault(
            "leave_m", Invalid("geofence_narrow", "The circle to leave has to be wider than the one to enter.")
        )
        return None
    return Geofence(enter_m=enter, leave_m=leave)


def _read_years(typed: Typed, faults: Faults) -> dict[str, str]:
    found = {}
    for line in read_lines(typed, "years", (20, 110), faults):
        match = YEAR_LINE.fullmatch(line)
        if match is None:
            faults["years"] = Invalid("landmark_years", "Write one a line, such as “restored: 2006”.")
            return {}
        found[match[1]] = match[2].strip()
    return found


def type_landmark(landmark: Landmark) -> dict[str, str]:
    """What the form shows of a landmark."""
    fence = landmark.geofence
    return {
        "kana": landmark.kana,
        "category": landmark.category,
        "status": landmark.status,
        "lat": say_number(landmark.lat),
        "lon": say_number(landmark.lon),
        "accuracy_m": say_number(landmark.accuracy_m),
        "enter_m": say_number(fence.enter_m if fence else None),
        "leave_m": say_number(fence.leave_m if fence else None),
        "corners": type_corners(corners_of(landmark.geometry) or []),
        "years": "\n".join(f"{name}: {year}" for name, year in landmark.years.items()),
        "certainty": landmark.certainty,
        "position_method": landmark.position_method,
        "geometry_licence": landmark.geometry_licence,
        "sources": "\n".join(landmark.sources),
        **type_words("name", landmark.name),
        **type_words("history", landmark.history),
        **type_opening(landmark.opening),
    }
