"""Compiling scenes: a scene's record in, the scene manifest that visitors' phones read out. Pure."""

from asset_pipeline.geopose import GeoPose, Position, dump_geopose, heading_to_quaternion
from asset_pipeline.licences import licence_url
from asset_pipeline.manifest import USDZ_FILE, Level
from xr_server.domain.catalog import Era, Hotspot, Node, Occluder, Scene
from xr_server.domain.media import Media, digest_of, dump_webvtt
from xr_server.domain.published import Document, Published, fallbacks_of, node_digest, pick, told_in
from xr_server.domain.remix import BasedOn
from xr_server.domain.survey import OVERLAY_ACCURACY_M, find_standing

SCENE_SCHEMA = "dejima.scene/1"
DEMONSTRATION = "demonstration"


def compile_scene(scene: Scene, published: Published, language: str) -> Document:
    """The scene manifest (schema dejima.scene/1) in a language; only for a scene that `shown_scenes` lists."""
    sounds = [published.media[name] for name in scene.sounds if name in published.media]
    return {
        "schema": SCENE_SCHEMA,
        "id": scene.id,
        "landmark": scene.landmark,
        "language": language,
        "eras": [_compile_era(era, language) for era in scene.eras],
        "initial_era": scene.initial_era or next((era for node in scene.nodes for era in node.eras), None),
        "nodes": [_compile_node(node, published) for node in scene.nodes],
        "occluders": [_compile_occluder(occluder) for occluder in scene.occluders],
        "hotspots": [_compile_hotspot(spot, published, language) for spot in scene.hotspots],
        "sounds": [_compile_sound(sound, language) for sound in sounds],
        "credit": pick(scene.credit, language),
    }


def _compile_era(era: Era, language: str) -> Document:
    label, text = pick(era.label, language), pick(era.text, language)
    return {"id": era.id, "year": era.year, "label": label, "text": text}


def _compile_occluder(occluder: Occluder) -> Document:
    return {
        "id": occluder.id,
        "footprint": [list(place) for place in occluder.footprint],
        "base_m": occluder.base_m,
        "top_m": occluder.top_m,
        "demonstration": occluder.demonstration,
    }


def _compile_hotspot(spot: Hotspot, published: Published, language: str) -> Document:
    media = published.media.get(spot.media or "")
    return {
        "id": spot.id,
        "node": spot.node,
        "position": list(spot.position),
        "title": pick(spot.title, language),
        "text": pick(spot.text, language),
        "media": _compile_media(media, language) if media else None,
        **told_in(spot.title, language),
    }


def _compile_media(media: Media, language: str) -> Document:
    return {
        "kind": media.kind,
        "url": media_url(media),
        "bytes": media.size_bytes,
        "title": pick(media.title, language),
        "alt": pick(media.alt, language) or pick(media.title, language),
        "captions": captions_url(media, language),
        "language": media.language,
        "credit": f"{media.creator}, {media.licence}",
        "provenance": media.provenance,
    }


def _compile_sound(media: Media, language: str) -> Document:
    return {"id": media.id, **_compile_media(media, language), "loop": media.loop}


def media_url(media: Media) -> str:
    """The address of a picture or a sound."""
    return f"/media/{media.digest}/{media.file}"


def captions_url(media: Media, language: str) -> str | None:
    """The address of a sound's captions in a language; None for what has none."""
    if not media.captions:
        return None
    return f"/media/{digest_of(captions_of(media, language))}/{captions_file(media, language)}"


def captions_file(media: Media, language: str) -> str:
    """What the captions of a sound in a language are called."""
    return f"{media.id}.{language}.vtt"


def captions_of(media: Media, language: str) -> str:
    """The captions of a sound in a language as WebVTT."""
    return dump_webvtt(media, language, fallbacks_of(language))


def _compile_node(node: Node, published: Published) -> Document:
    digest = node_digest(node, published.models)
    if digest is None:
        raise ValueError(f"node {node.id} has no package; compile only shown scenes")
    manifest = published.packages[digest]
    return {
        "id": node.id,
        "package": digest,
        "lods": [_compile_level(level, digest) for level in manifest.levels],
        "usdz": f"/packages/{digest}/{USDZ_FILE}" if USDZ_FILE in manifest.files else None,
        "poster": f"/packages/{digest}/poster.webp",
        "bounds": {"min": list(manifest.bounds_min_m), "max": list(manifest.bounds_max_m)},
        **_compile_place(node, published),
        "ground_y": node.ground_y,
        "eras": node.eras,
        "provenance": node.provenance,
        "creator": manifest.credit.creator,
        "licence": manifest.credit.licence,
        "licence_url": licence_url(manifest.credit.licence),
        "sources": node.sources,
        "based_on": [_compile_link(link) for link in node.based_on],
    }


def _compile_link(link: BasedOn) -> Document:
    return {
        "package": link.package,
        "title": link.title,
        "creator": link.creator,
        "licence": link.licence,
        "licence_url": licence_url(link.licence),
    }


def _compile_place(node: Node, published: Published) -> Document:
    """Where a node stands: by its survey points when they are there, else by its placement."""
    place, standing = node.placement, find_standing(node.ties, published.survey_points)
    if standing is not None:
        pose = GeoPose(standing.position, heading_to_quaternion(standing.heading_deg))
        note = DEMONSTRATION if standing.demonstration else None
        return _place(pose, standing.accuracy_m, standing.surveyed, note)
    pose = GeoPose(Position(place.lat, place.lon, place.h), heading_to_quaternion(place.heading_deg))
    return _place(pose, place.accuracy_m, place.surveyed and place.accuracy_m <= OVERLAY_ACCURACY_M, None)


def _place(pose: GeoPose, accuracy_m: float, surveyed: bool, note: str | None) -> Document:
    return {"geopose": dump_geopose(pose), "accuracy_m": accuracy_m, "surveyed": surveyed, "anchor_note": note}


def _compile_level(level: Level, digest: str) -> Document:
    """A level and where it lies; avif only where a smaller file of it is there."""
    found: Document = {
        "url": f"/packages/{digest}/{level.file}",
        "triangles": level.triangles,
        "bytes": level.bytes,
        "texture_px": level.texture_px,
    }
    if level.avif is not None:
        found["avif"] = {"url": f"/packages/{digest}/{level.avif.file}", "bytes": level.avif.bytes}
    return found
