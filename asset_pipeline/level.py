"""One level of detail from its bare surface to its files: dress, measure, encode. Levels do not need one another."""

from dataclasses import dataclass

from asset_pipeline.bvh import Bvh
from asset_pipeline.dress import BuiltLevel, dress_level
from asset_pipeline.encode import encode_level
from asset_pipeline.measure import Deviation, measure_level
from asset_pipeline.mesh import Mesh, Surface


@dataclass(frozen=True)
class LevelJob:
    """What to make of a surface: index 0 is the finest level; asked: its budget; texture_px: the texture's side."""

    index: int
    asked: int
    texture_px: int
    title: str


@dataclass(frozen=True)
class FinishedLevel:
    """A level with its deviation from the scan and the bytes of its files by name."""

    level: BuiltLevel
    deviation: Deviation
    files: dict[str, bytes]


def make_level(scan: Mesh, bvh: Bvh, surface: Surface, job: LevelJob) -> FinishedLevel:
    """The level that shows the scan on this surface."""
    level = dress_level(surface, job.asked, scan, bvh, job.texture_px)
    deviation = measure_level(scan, bvh, level.mesh)
    return FinishedLevel(level, deviation, {f"lod{job.index}.glb": encode_level(level.mesh, level.texture, job.title)})
