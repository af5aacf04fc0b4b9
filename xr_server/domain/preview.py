"""A draft as visitors would see it: what is published, with one experience and its scene in place of theirs. Pure."""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.media import Media, digest_of
from xr_server.domain.media_use import list_named
from xr_server.domain.publish_scene import captions_of
from xr_server.domain.published import Document, Published, node_digest

PREVIEW_LIFE_MS = 3_600_000


def with_draft(published: Published, experience: Experience, scene: Scene, media: Sequence[Media]) -> Published:
    """The site with a draft and what it shows in it, on at all times: whoever looks at it wants to see it now."""
    return replace(
        published,
        media={**published.media, **{one.id: one for one in media if one.digest}},
        scenes=[*(other for other in published.scenes if other.id != scene.id), scene],
        experiences=[*(other for other in published.experiences if other.id != experience.id), experience],
        schedules=[schedule for schedule in published.schedules if schedule.experience != experience.id],
    )


def digests_of(scene: Scene, published: Published) -> frozenset[str]:
    """The packages a scene shows."""
    digests = (node_digest(node, published.models) for node in scene.nodes)
    return frozenset(digest for digest in digests if digest)


def media_of(experience: Experience, scene: Scene, published: Published) -> list[Media]:
    """The pictures and sounds that a draft shows."""
    names = dict.fromkeys(name for name, _ in list_named([experience, scene]))
    return [published.media[name] for name in names if name in published.media]


def media_addresses(media: Sequence[Media], languages: Sequence[str]) -> dict[str, Media]:
    """Pictures, sounds and captions by the digest they are asked for with."""
    found = {one.digest: one for one in media if one.digest}
    found |= {digest_of(captions_of(one, lang)): one for one in media if one.captions for lang in languages}
    return found


def readdress(document: Document, digests: Set[str], prefix: str) -> Document:
    """The document with the addresses of these packages and media below a prefix, where alone they can be fetched."""
    starts = tuple(f"/{area}/{digest}/" for digest in digests for area in ("packages", "media"))

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turn(item) for name, item in value.items()}
        if isinstance(value, list):
            return [turn(item) for item in value]
        return prefix + value if isinstance(value, str) and starts and value.startswith(starts) else value

    turned: Document = turn(document)
    return turned
