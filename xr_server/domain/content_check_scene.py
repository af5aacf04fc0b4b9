"""Whether a scene fits together: its models, eras, tied points, occluders, pictures and sounds. Pure."""

from collections.abc import Iterator, Mapping

from xr_server.domain.catalog import Hotspot, Node, Occluder, Scene
from xr_server.domain.content_index import Found, Index, find_far, find_unknown
from xr_server.domain.geofence import distance_m
from xr_server.domain.media import Media
from xr_server.domain.survey import LEAST_APART_M, widest_m

MOST_AWAY_M = 150.0  # what stands farther from a scene hides nothing that a phone shows


def check_scene(scene: Scene, index: Index) -> Iterator[Found]:
    """Everything amiss with one scene."""
    yield from find_unknown("landmark", "landmark", scene.landmark, index.landmarks)
    if not scene.nodes or len({node.id for node in scene.nodes}) != len(scene.nodes):
        yield "nodes", "a scene shows at least one model, and each node has an id of its own"
    eras = frozenset(era.id for era in scene.eras)
    if scene.initial_era is not None:
        yield from find_unknown("initial_era", "era", scene.initial_era, eras)
    for node in scene.nodes:
        yield from _check_node(node, eras, index)
    for occluder in scene.occluders:
        yield from _check_occluder(occluder, scene)
    spots = [spot.id for spot in scene.hotspots]
    for spot in scene.hotspots:
        yield from _check_spot(spot, scene, index)
        if spots.count(spot.id) > 1:
            yield f"hotspots, {spot.id}", "each hotspot has an id of its own"
    for name in scene.sounds:
        yield from find_unknown("sounds", "sound", name, _sounds(index.media))


def _sounds(media: Mapping[str, Media]) -> frozenset[str]:
    return frozenset(name for name, record in media.items() if record.kind == "sound")


def _check_node(node: Node, eras: frozenset[str], index: Index) -> Iterator[Found]:
    where = f"nodes, {node.id}"
    if (node.package is None) == (node.model is None):
        yield where, "a node names either a model of this folder or a package, one of the two"
    if node.model is not None:
        yield from find_unknown(where, "model", node.model, index.models)
    for era in node.eras:
        yield from find_unknown(where, "era", era, eras)
    yield from find_far(where, node.placement.lat, node.placement.lon, index.site)
    for tie in node.ties:
        yield from find_unknown(where, "survey point", tie.point, index.points)
    corners = [complex(tie.position[0], tie.position[2]) for tie in node.ties]
    if node.ties and widest_m(corners) < LEAST_APART_M:
        yield where, f"tie it to two points at least {LEAST_APART_M:g} m apart, or nothing says where it faces"


def _check_occluder(occluder: Occluder, scene: Scene) -> Iterator[Found]:
    where = f"occluders, {occluder.id}"
    if [other.id for other in scene.occluders].count(occluder.id) > 1:
        yield where, "each occluder has an id of its own"
    if occluder.top_m <= occluder.base_m:
        yield where, "top_m must be higher than base_m, both in metres above the WGS 84 ellipsoid"
    if scene.nodes and away_from_scene_m(occluder, scene) > MOST_AWAY_M:
        yield (
            where,
            f"it stands more than {MOST_AWAY_M:g} m from every model of the scene and hides nothing; leave it away",
        )


def away_from_scene_m(occluder: Occluder, scene: Scene) -> float:
    """Metres from the nearest corner of an occluder to the nearest node of a scene that has nodes."""
    places = [node.placement for node in scene.nodes]
    return min(distance_m(lat, lon, place.lat, place.lon) for lat, lon in occluder.footprint for place in places)


def _check_spot(spot: Hotspot, scene: Scene, index: Index) -> Iterator[Found]:
    where = f"hotspots, {spot.id}"
    yield from find_unknown(where, "node", spot.node, frozenset(node.id for node in scene.nodes))
    if spot.media is not None:
        yield from find_unknown(where, "picture or sound", spot.media, index.media)
