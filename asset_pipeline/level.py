"""One level of detail from its bare surface to its files: dress, encode, measure. Levels do not need one another."""

from dataclasses import dataclass, replace

from asset_pipeline.bvh import Bvh, build_bvh
from asset_pipeline.collapse import collapse
from asset_pipeline.dress import BuiltLevel, dress_level
from asset_pipeline.encode import encode_level, encode_plain, snap_mesh
from asset_pipeline.look import EncodedLook, encode_look, fit_material, plain_look
from asset_pipeline.manifest import AvifFile, Level
from asset_pipeline.measure import Deviation, measure_level
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.scan import ScanWarning
from asset_pipeline.sides import choose_sides
from asset_pipeline.usdz import MAX_TEXTURE_PX, MAX_TRIANGLES, make_usdz
from asset_pipeline.usdz_archive import USDZ_FILE
from asset_pipeline.views import Views, draw_level

PLAIN_FILE = "plain.glb"
ERROR_SAMPLES = 20_000  # enough for the error within 2 %, to choose sizes by before anything is made
AVIF_SHARE, AVIF_BYTES = 0.1, 20_000  # a second file is worth having when it saves so much of the first


@dataclass(frozen=True)
class LevelJob:
    """What to make of a surface.

    index: 0 is the finest level; asked: its budget; texture_px: the most that the side of a texture may be; views: where
    from it is shown; for_phone: whether it also goes into the USDZ.
    """

    index: int
    asked: int
    texture_px: int
    views: Views
    for_phone: bool = False


@dataclass(frozen=True)
class FinishedLevel:
    """A level as a client shows it, with its deviation from the scan and the bytes of its files by name.

    p95_m: 95 of 100 places of the scan that its pictures show are no further from the level; texture_px: the longer
    side of its largest picture, 0 without any.
    """

    level: BuiltLevel
    deviation: Deviation
    p95_m: float
    texture_px: int
    files: dict[str, bytes]
    warnings: tuple[ScanWarning, ...] = ()


def make_level(scan: Mesh, bvh: Bvh, surface: Surface, job: LevelJob) -> FinishedLevel:
    """The level that shows the scan on this surface."""
    error_m = measure_level(scan, bvh, Mesh(surface.positions, surface.faces), ERROR_SAMPLES).rms_m
    sides = choose_sides(scan, surface, error_m, job.texture_px, finest=job.index == 0)
    dressed = dress_level(surface, job.asked, scan, bvh, sides)
    materials = tuple(fit_material(material, sides) for material in dressed.mesh.materials)
    mesh, step = snap_mesh(replace(dressed.mesh, materials=materials), error_m)
    look = encode_look(mesh)
    shown = replace(mesh, materials=look.shown)
    deviation = measure_level(scan, bvh, shown)
    drawn = draw_level(shown, build_bvh(shown.positions, shown.faces), job.index, job.views)
    files = {**_encode_files(mesh, look, step, job.index), **drawn.files}
    texture_px = max((picture.px for picture in look.common.pictures), default=0)
    finished = FinishedLevel(replace(dressed, mesh=shown), deviation, drawn.p95_m, texture_px, files)
    return _add_phone_model(finished, replace(dressed, mesh=mesh), scan, bvh) if job.for_phone else finished


def level_file(index: int) -> str:
    """The name of a level's file."""
    return f"lod{index}.glb"


def avif_file(index: int) -> str:
    """The name of a level's file with its pictures as AVIF."""
    return f"lod{index}.avif.glb"


def describe_level(index: int, finished: FinishedLevel) -> Level:
    """What the manifest says of a level, without the sizes of its files."""
    avif = AvifFile(avif_file(index), 0) if avif_file(index) in finished.files else None
    mesh = finished.level.mesh
    points = None if mesh.triangles else mesh.vertices
    return Level(level_file(index), mesh.triangles, 0, finished.texture_px, avif, points)


def make_phone_model(scan: Mesh, bvh: Bvh, surface: Surface, finished: FinishedLevel) -> FinishedLevel:
    """The finished level with a USDZ beside it, of its surface collapsed further: a package whose levels are all too fine."""
    small = collapse(surface, MAX_TRIANGLES)
    sides = choose_sides(scan, small, 0.0, MAX_TEXTURE_PX, finest=False)
    level = dress_level(small, small.triangles, scan, bvh, sides)
    return _add_phone_model(finished, level, scan, bvh)


def _encode_files(mesh: Mesh, look: EncodedLook, step: float, index: int) -> dict[str, bytes]:
    data = encode_level(mesh, look.common, step)
    files = {level_file(index): data}
    if look.avif is not None:
        smaller = encode_level(mesh, look.avif, step)
        if len(data) - len(smaller) >= max(AVIF_SHARE * len(data), AVIF_BYTES):
            files[avif_file(index)] = smaller
    if index == 0:
        plain = plain_look(mesh.materials[0], look.common) if mesh.materials else look.common
        files[PLAIN_FILE] = encode_plain(mesh, plain)
    return files


def _add_phone_model(finished: FinishedLevel, level: BuiltLevel, scan: Mesh, bvh: Bvh) -> FinishedLevel:
    data, warnings = make_usdz(level, scan, bvh)
    return replace(finished, files={**finished.files, USDZ_FILE: data}, warnings=(*finished.warnings, *warnings))
