"""What the page of a landmark says of the ways on foot from it: how long, and whatever somebody has looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xr_server.domain.languages import say_number
from xr_server.routes.pages import fill, load_texts

Told = Mapping[str, Any]
STEEP_PERCENT = 4  # as on the phone (ui/guide.ts): beyond it a wheelchair needs help before long
ROUND_M = 5


@dataclass(frozen=True)
class WayWords:
    """A way to a landmark: where it leads, and its facts as sentences."""

    landmark: Told
    facts: str
    note: str


def say_ways(document: Told, landmark_id: str) -> list[WayWords]:
    """The ways from a landmark, the shortest first; each may be walked both ways."""
    marks = {mark["id"]: mark for mark in document["landmarks"]}
    found = []
    for way in sorted(document.get("paths", []), key=lambda one: float(one["length_m"])):
        ends = (way["from"], way["to"])
        other = next((end for end in ends if end != landmark_id), "")
        if landmark_id in ends and other in marks:
            sentences = " ".join(_say(way, document["language"]))
            found.append(WayWords(marks[other], sentences, way["note"] or ""))
    return found


def _say(way: Told, language: str) -> Iterator[str]:
    texts = load_texts(language)

    def said(key: str, **values: object) -> str:
        numbers = {
            name: say_number(value, language) for name, value in values.items() if isinstance(value, int | float)
        }
        return fill(texts[f"guide.{key}"], language, **numbers)

    yield said("ui.guide_path", metres=max(ROUND_M, round(way["length_m"] / ROUND_M) * ROUND_M))
    if way["steps"] is not None:
        yield said("ui.guide_steps", count=way["steps"]) if way["steps"] else said("ui.guide_no_steps")
    if way["slope_percent"] is not None and way["slope_percent"] >= STEEP_PERCENT:
        yield said("ui.guide_slope", percent=way["slope_percent"])
    if "width_m" in way:
        yield said("ways_width", metres=way["width_m"])
    if "surface" in way:
        yield said(f"ways_surface_{way['surface']}")
    if "seats" in way:
        yield said("ways_seats", count=way["seats"]) if way["seats"] else said("ways_no_seats")
    if way["wheelchair"] is not None:
        yield said("ui.guide_wheelchair" if way["wheelchair"] else "ui.guide_no_wheelchair")
