"""One level of detail from its bare surface to its files: dress, measure, encode. Levels do not need one another."""

from dataclasses import dataclass, replace

from asset_pipeline.bvh import Bvh, build_bvh
from asset_pipeline.collapse import collapse
from asset_pipeline.dress import BuiltLevel, dress_level
from asset_pipeline.encode import encode_level
from asset_pipeline.measure import Deviation, measure_level
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.scan import ScanWarning
from asset_pipeline.usdz import MAX_TEXTURE_PX, MAX_TRIANGLES, make_usdz
from asset_pipeline.usdz_archive import USDZ_FILE
from asset_pipeline.views import Views, draw_level


@dataclass(frozen=True)
class LevelJob:
    """What to make of a surface.

    index: 0 is the finest level; asked: its budget; texture_px: the texture's side; views: where from it is shown;
    for_phone: whether it also goes into the USDZ.
    """

    index: int
    asked: int
    texture_px: int
    views: Views
    for_phone: bool = False


@dataclass(frozen=True)
class FinishedLevel:
    """A level with its deviation from the scan and the bytes of its files by name.

    p95_m: 95 of 100 places of the scan that its pictures show are no further from the level.
    """

    level: BuiltLevel
    deviation: Deviation
    p95_m: float
    files: dict[str, bytes]
    warnings: tuple[ScanWarning, ...] = ()


def make_level(scan: Mesh, bvh: Bvh, surface: Surface, job: LevelJob) -> FinishedLevel:
    """The level that shows the scan on this surface."""
    level = dress_level(surface, job.asked, scan, bvh, job.texture_px)
    deviation = measure_level(scan, bvh, level.mesh)
    shown = draw_level(level.mesh, build_bvh(level.mesh.positions, level.mesh.faces), job.index, job.views)
    model = encode_level(level.mesh, level.texture, "")
    files = {f"lod{job.index}.glb": model, **shown.files}
    finished = FinishedLevel(level, deviation, shown.p95_m, files)
    return _add_phone_model(finished, level, scan, bvh) if job.for_phone else finished


def make_phone_model(scan: Mesh, bvh: Bvh, surface: Surface, finished: FinishedLevel) -> FinishedLevel:
    """The finished level with a USDZ beside it, of its surface collapsed further: a package whose levels are all too fine."""
    small = collapse(surface, MAX_TRIANGLES)
    level = dress_level(small, small.triangles, scan, bvh, MAX_TEXTURE_PX)
    return _add_phone_model(finished, level, scan, bvh)


def _add_phone_model(finished: FinishedLevel, level: BuiltLevel, scan: Mesh, bvh: Bvh) -> FinishedLevel:
    data, warnings = make_usdz(level, scan, bvh)
    return replace(finished, files={**finished.files, USDZ_FILE: data}, warnings=(*finished.warnings, *warnings))
