"""What else stands round a place: present-day buildings and the models of other scenes, as outlines on the island's drawing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asset_pipeline.geopose import parse_geopose, quaternion_to_heading
from xr_server.domain.placing import corners_on_ground
from xr_server.routes.island import Island
from xr_server.storage.publish import SiteSnapshot


@dataclass(frozen=True)
class Neighbour:
    """An outline as the points of an SVG path, from and to which height it stands in metres above the floor of the site."""

    kind: str  # building or model
    name: str
    path: str
    low_m: float
    high_m: float


def draw_neighbours(site: SiteSnapshot, language: str, island: Island, left_out: str) -> list[Neighbour]:
    """The buildings and models of all published scenes but one; a building that several scenes name is drawn once."""
    document = site.documents[language].document
    names = {mark["id"]: mark["name"] for mark in document["landmarks"]}
    titles = {shown["scene"]: shown["title"] for shown in document["experiences"]}
    floor_m = document["site"]["origin"]["h"]
    scenes = [compiled.document for (_, told), compiled in sorted(site.scenes.items()) if told == language]
    buildings = {tuple(map(tuple, o["footprint"])): o for scene in scenes for o in scene["occluders"]}
    drawn = [
        Neighbour("building", names.get(o["id"], ""), _path(ring, island), o["base_m"] - floor_m, o["top_m"] - floor_m)
        for ring, o in buildings.items()
    ]
    others = [scene for scene in scenes if scene["id"] != left_out]
    return drawn + [model for scene in others for model in _models(scene, titles.get(scene["id"], ""), island, floor_m)]


def _models(scene: Mapping[str, Any], title: str, island: Island, floor_m: float) -> Iterator[Neighbour]:
    for node in scene["nodes"]:
        pose, low, high = parse_geopose(node["geopose"]), node["bounds"]["min"], node["bounds"]["max"]
        ring = corners_on_ground(pose.position, quaternion_to_heading(pose.quaternion), (low, high))
        base_m = pose.position.h - floor_m
        yield Neighbour("model", title, _path(ring, island), round(base_m + low[1], 2), round(base_m + high[1], 2))


def _path(ring: Sequence[Sequence[float]], island: Island) -> str:
    points = (
        ((lon - island.origin_lon) * island.x_per_deg, (island.origin_lat - lat) * island.y_per_deg)
        for lat, lon in ring
    )
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"
