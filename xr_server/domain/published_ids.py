"""Which ids phones may name in their events: those that documents of the site have given them. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from xr_server.domain.published import Document

Ids = Mapping[str, frozenset[str]]
OF_SITE = {"landmark": "landmarks", "experience": "experiences", "rally": "rallies"}
OF_SCENE = {"era": "eras", "hotspot": "hotspots", "sound": "sounds"}


def list_ids(document: Document, scenes: Iterable[Document], campaigns: Iterable[str]) -> Ids:
    """Ids by what an event calls them, of a site's document, its scenes and the campaigns whose links it has."""
    scenes = list(scenes)
    ids = {name: frozenset(_ids_in(document, part)) for name, part in OF_SITE.items()}
    for name, part in OF_SCENE.items():
        ids[name] = frozenset(one for scene in scenes for one in _ids_in(scene, part))
    asked = document.get("questionnaire")
    return ids | {
        "scene": frozenset(str(scene["id"]) for scene in scenes),
        "campaign": frozenset(campaigns),
        "questionnaire": frozenset([str(asked)] if asked else []),
    }


def add_ids(one: Ids, other: Ids) -> Ids:
    """The ids of both."""
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}


def keep_ids(ids: Ids, stored: Mapping[str, frozenset[str]]) -> Ids:
    """The ids without those of records that are not stored any more, such as a class's; stored: ids of records by kind."""
    kinds = {"sound": "media"}
    return {
        name: found
        if name in OF_SCENE and name not in kinds
        else found & stored.get(kinds.get(name, name), frozenset())
        for name, found in ids.items()
    }


def _ids_in(document: Document, part: str) -> Iterator[str]:
    return (str(entry["id"]) for entry in document.get(part, []))
