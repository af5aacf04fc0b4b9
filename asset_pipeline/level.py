"""One level of detail from its bare surface to its files: dress, measure, encode. Levels do not need one another."""

from dataclasses import dataclass

from asset_pipeline.bvh import Bvh, build_bvh
from asset_pipeline.dress import BuiltLevel, dress_level
from asset_pipeline.encode import encode_level
from asset_pipeline.measure import Deviation, measure_level
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.views import Views, draw_level


@dataclass(frozen=True)
class LevelJob:
    """What to make of a surface.

    index: 0 is the finest level; asked: its budget; texture_px: the texture's side; views: where from it is shown.
    """

    index: int
    asked: int
    texture_px: int
    title: str
    views: Views


@dataclass(frozen=True)
class FinishedLevel:
    """A level with its deviation from the scan and the bytes of its files by name.

    p95_m: 95 of 100 places of the scan that its pictures show are no further from the level.
    """

    level: BuiltLevel
    deviation: Deviation
    p95_m: float
    files: dict[str, bytes]


def make_level(scan: Mesh, bvh: Bvh, surface: Surface, job: LevelJob) -> FinishedLevel:
    """The level that shows the scan on this surface."""
    level = dress_level(surface, job.asked, scan, bvh, job.texture_px)
    deviation = measure_level(scan, bvh, level.mesh)
    shown = draw_level(level.mesh, build_bvh(level.mesh.positions, level.mesh.faces), job.index, job.views)
    model = encode_level(level.mesh, level.texture, job.title)
    return FinishedLevel(level, deviation, shown.p95_m, {f"lod{job.index}.glb": model, **shown.files})
