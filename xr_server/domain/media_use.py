"""Where pictures and sounds are used: which scenes and experiences name them, as drafts and as published. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xr_server.domain.catalog import Experience, Record, Scene

Place = Literal["sound", "hotspot", "cover"]


@dataclass(frozen=True)
class Use:
    """One place that names a medium: the sound or a hotspot of a scene, or the cover of an experience.

    draft: its newest version names it; published: the one that visitors see does. record_kind and record_id: which record.
    """

    place: Place
    record_kind: Literal["scene", "experience"]
    record_id: str
    spot: str = ""
    draft: bool = False
    published: bool = False


def list_named(records: Iterable[Record]) -> Iterator[tuple[str, Use]]:
    """Every (id of a medium, place that names it) of scenes and experiences."""
    for body in records:
        if isinstance(body, Experience) and body.cover:
            yield body.cover, Use("cover", "experience", body.id)
        if isinstance(body, Scene):
            yield from ((name, Use("sound", "scene", body.id)) for name in body.sounds)
            yield from ((spot.media, Use("hotspot", "scene", body.id, spot.id)) for spot in body.hotspots if spot.media)


def find_uses(newest: Sequence[Record], published: Sequence[Record]) -> Mapping[str, list[Use]]:
    """By the id of a medium, the places that name it, drafts and what is published taken together."""
    found: dict[str, dict[Use, Use]] = defaultdict(dict)
    for name, use in list_named(newest):
        found[name][use] = replace(use, draft=True)
    for name, use in list_named(published):
        found[name][use] = replace(found[name].get(use, use), published=True)
    return {name: list(uses.values()) for name, uses in found.items()}
