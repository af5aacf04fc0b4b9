"""The forms of a way on foot and of an edge: lines as points one a line, or a sentence beside what cannot be taken. Pure."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from xr_server.domain.fields import Place
from xr_server.domain.guidance import SURFACES, Footpath, Hazard
from xr_server.domain.typed import (
    Faults,
    Typed,
    check_faults,
    parse_number,
    read_line,
    read_lines,
    read_number,
    read_words,
    say_number,
    type_words,
)
from xr_server.domain.whereabouts import Surroundings, find_misplaced
from xr_server.errors import Invalid

PATH_FIELDS = (
    "from",
    "to",
    "points",
    "steps",
    "slope_percent",
    "width_m",
    "surface",
    "seats",
    "wheelchair",
    "accuracy_m",
    "geometry_licence",
    "sources",
    "sure",
)
HAZARD_FIELDS = ("kind", "points", "accuracy_m", "geometry_licence", "sources", "sure")
HazardKind = Literal["river", "quay", "tram_road"]
HAZARD_KINDS: tuple[HazardKind, ...] = get_args(HazardKind)
WHEELCHAIR = {"": None, "yes": True, "no": False}
MAX_NOTE, MAX_NAME, MAX_LINE, MOST_POINTS, MOST_LINES = 300, 120, 300, 500, 40
BETWEEN = re.compile(r"\s*[,;\s、，]\s*")


@dataclass(frozen=True)
class Ground:
    """What ways lead over: what is known there, the languages that the form shows, and the landmarks of the site."""

    around: Surroundings
    languages: Sequence[str]
    landmarks: Sequence[str]


def read_path(typed: Typed, before: Footpath | None, record_id: str, ground: Ground) -> Footpath:
    """The way that the form describes. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    for name in ("from", "to"):
        if typed.get(name, "") not in ground.landmarks:
            faults[name] = Invalid("way_landmark", "Choose the landmark at this end.")
    if "to" not in faults and typed.get("from") == typed.get("to"):
        faults["to"] = Invalid("way_same", "A way leads from one landmark to another.")
    kept = set(before.points) if before else set()
    lines = read_points(typed.get("points", ""), ground.around, kept, faults)
    if len(lines) > 1:
        faults["points"] = Invalid("way_one_line", "A way is one line; take out the empty lines.")
    note = read_words(typed, ("note", before.note if before else {}, MAX_NOTE), ground.languages, faults)
    seen = _read_seen(typed, faults)
    common = _read_common(typed, faults)
    check_faults(faults)
    plain = {
        "id": record_id,
        "from": typed["from"],
        "to": typed["to"],
        "points": lines[0],
        "note": note,
        **seen,
        **common,
    }
    return msgspec.convert(plain, Footpath)


def read_hazard(typed: Typed, before: Hazard | None, record_id: str, ground: Ground) -> Hazard:
    """The edge that the form describes. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    if typed.get("kind") not in HAZARD_KINDS:
        faults["kind"] = Invalid("hazard_kind", "Choose what kind of edge it is.")
    name = read_words(typed, ("name", before.name if before else {}, MAX_NAME), ground.languages, faults)
    if not name:
        faults[f"name-{ground.languages[0]}"] = Invalid("hazard_name", "Give it a name in at least one language.")
    kept = {place for line in before.lines for place in line} if before else set()
    lines = read_points(typed.get("points", ""), ground.around, kept, faults)
    common = _read_common(typed, faults)
    check_faults(faults)
    return msgspec.convert({"id": record_id, "kind": typed["kind"], "name": name, "lines": lines, **common}, Hazard)


def _read_seen(typed: Typed, faults: Faults) -> dict[str, object]:
    """What somebody has looked at; None where nobody has."""
    surface = typed.get("surface", "")
    if surface and surface not in SURFACES:
        faults["surface"] = Invalid("way_surface", "Choose one of the list.")
    return {
        "steps": _read_count(typed, "steps", faults),
        "slope_percent": read_number(typed, "slope_percent", (0, 100), faults),
        "width_m": read_number(typed, "width_m", (0.1, 100), faults),
        "surface": surface or None,
        "seats": _read_count(typed, "seats", faults),
        "wheelchair": WHEELCHAIR.get(typed.get("wheelchair", "")),
    }


def _read_count(typed: Typed, name: str, faults: Faults) -> int | None:
    number = read_number(typed, name, (0, 9999), faults)
    if number is not None and not float(number).is_integer():
        faults[name] = Invalid("way_count", "This is counted in whole numbers.")
    return None if number is None else int(number)


def _read_common(typed: Typed, faults: Faults) -> dict[str, object]:
    accuracy = read_number(typed, "accuracy_m", (0.01, 5000), faults)
    if accuracy is None and "accuracy_m" not in faults:
        faults["accuracy_m"] = Invalid(
            "way_accuracy", "Say to how many metres it is right; 15 for a line from documents."
        )
    return {
        "accuracy_m": accuracy,
        "geometry_licence": read_line(typed, "geometry_licence", MAX_LINE, faults),
        "sources": read_lines(typed, "sources", (20, MAX_LINE), faults),
    }


def read_points(text: str, around: Surroundings, kept: Container[Place], faults: Faults) -> list[list[Place]]:
    """Lines of places, a place a line (`32.74360, 129.87274`), an empty line between two lines; faults name the line.

    kept: places that stood there before, which nobody has to defend again.
    """
    lines: list[list[Place]] = [[]]
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            lines.append([])
            continue
        place = _read_place(row)
        if place is None:
            faults["points"] = Invalid(
                "way_point", f"Line {number} is no place, such as 32.74360, 129.87274.", line=number
            )
            return []
        fault = None if place in kept else find_misplaced(place, around)
        if fault is not None:
            faults["points"] = Invalid(
                f"{fault.code}_line", f"Line {number}: {fault.text}", line=number, **fault.values
            )
            return []
        lines[-1].append(place)
    found = [line for line in lines if line]
    if not found or any(not 2 <= len(line) <= MOST_POINTS for line in found) or len(found) > MOST_LINES:
        faults["points"] = Invalid("way_points", "A line has two points at least and 500 at most; 40 lines at most.")
    return found


def find_places(text: str) -> list[list[Place]]:
    """The lines of a form as far as they can be read, for a drawing of them."""
    lines: list[list[Place]] = [[]]
    for row in text.splitlines():
        place = _read_place(row) if row.strip() else None
        if place is not None:
            lines[-1].append(place)
        elif lines[-1] and not row.strip():
            lines.append([])
    return [line for line in lines if line]


def _read_place(row: str) -> Place | None:
    parts = [parse_number(part) for part in BETWEEN.split(row.strip()) if part]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or max(abs(parts[0]), abs(parts[1])) > 180:
        return None
    return parts[0], parts[1]


def type_points(lines: Sequence[Sequence[Place]]) -> str:
    """Lines of places as the form shows them."""
    return "\n\n".join("\n".join(f"{say_number(lat)}, {say_number(lon)}" for lat, lon in line) for line in lines)


def type_path(path: Footpath) -> dict[str, str]:
    """What the form shows of a way."""
    return {
        "from": path.start,
        "to": path.end,
        "points": type_points([path.points]),
        "steps": say_number(path.steps),
        "slope_percent": say_number(path.slope_percent),
        "width_m": say_number(path.width_m),
        "surface": path.surface or "",
        "seats": say_number(path.seats),
        "wheelchair": next(word for word, value in WHEELCHAIR.items() if value is path.wheelchair),
        "accuracy_m": say_number(path.accuracy_m),
        "geometry_licence": path.geometry_licence,
        "sources": "\n".join(path.sources),
        **type_words("note", path.note),
    }


def type_hazard(hazard: Hazard) -> dict[str, str]:
    """What the form shows of an edge."""
    return {
        "kind": hazard.kind,
        "points": type_points(hazard.lines),
        "accuracy_m": say_number(hazard.accuracy_m),
        "geometry_licence": hazard.geometry_licence,
        "sources": "\n".join(hazard.sources),
        **type_words("name", hazard.name),
    }
