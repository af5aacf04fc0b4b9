"""One level of detail from its bare surface to its files: dress, encode, measure. Levels do not need one another."""

from dataclasses import dataclass, replace

from asset_pipeline.appearance.compare import Compared, compare_level
from asset_pipeline.appearance.dress import BuiltLevel, dress_ways
from asset_pipeline.appearance.look import EncodedLook, encode_look, fit_material, plain_look
from asset_pipeline.appearance.measure import (
    Deviation,
    find_places,
    has_colour,
    measure_colour,
    measure_level,
    measure_look,
)
from asset_pipeline.appearance.sides import Sides, choose_sides
from asset_pipeline.appearance.source import Source
from asset_pipeline.appearance.worth import BYTES_PER_DB, weigh_pictures
from asset_pipeline.geometry.bvh import build_bvh
from asset_pipeline.geometry.collapse import collapse
from asset_pipeline.manifest import USDZ_FILE, AvifFile, Level
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.output.encode import encode_level, encode_plain, snap_mesh, split_vertices
from asset_pipeline.output.usdz import MAX_TEXTURE_PX, make_usdz
from asset_pipeline.output.usdz_archive import USDZ_MAX_TRIANGLES
from asset_pipeline.report.views import Views, draw_level
from asset_pipeline.scan import ScanWarning

PLAIN_FILE = "plain.glb"
ERROR_SAMPLES = 20_000  # enough for the error within 2 %, to choose sizes by before anything is made
LOOK_SAMPLES = 60_000
ENOUGH_DB = 33.0  # vertex colours this like the scan are kept: a picture would be many times the bytes
AVIF_SHARE, AVIF_BYTES = 0.05, 10_000  # a second file is worth having when it saves so much of the first


@dataclass(frozen=True)
class LevelJob:
    """What to make of a surface.

    index: 0 is the finest level; asked: its budget; texture_px: the most that the side of a texture may be; views: where
    from it is shown; for_phone: whether it also goes into the USDZ; compared: the scan as it is shown beside the
    level, None where nobody compares them.
    """

    index: int
    asked: int
    texture_px: int
    views: Views
    for_phone: bool = False
    compared: Surface | None = None


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
    compared: Compared | None = None


@dataclass(frozen=True)
class _Plan:
    """What all ways of a level are encoded by."""

    source: Source
    sides: Sides
    error_m: float
    index: int


@dataclass(frozen=True)
class _Way:
    """One way to show the scan on a level: as baked, as dressed on its grid, as encoded, and as a client shows it."""

    baked: Mesh
    dressed: BuiltLevel
    look: EncodedLook
    step: float
    files: dict[str, bytes]

    @property
    def shown(self) -> Mesh:
        """The mesh with its pictures as a client decodes them."""
        return replace(self.dressed.mesh, materials=self.look.shown)


def make_level(source: Source, surface: Surface, job: LevelJob) -> FinishedLevel:
    """The level that shows the scan on this surface."""
    error_m = measure_level(source, Mesh(surface.positions, surface.faces), ERROR_SAMPLES).rms_m
    # on the grid it will be written in, so that a normal map is baked for the normals that are shown
    on_grid, _ = snap_mesh(Mesh(surface.positions, surface.faces), error_m)
    surface = replace(surface, positions=on_grid.positions)
    sides = choose_sides(source.scan, surface, error_m, job.texture_px, finest=job.index == 0)
    plan = _Plan(source, sides, error_m, job.index)
    dressed = dress_ways(surface, job.asked, source, sides, finest=job.index == 0)
    ways = [_encode_way(next(dressed), plan)]
    tree = build_bvh(ways[0].shown.positions, ways[0].shown.faces)
    deviation = measure_level(source, ways[0].shown, bvh=tree)
    if deviation.colour_psnr_db is None or deviation.colour_psnr_db < ENOUGH_DB:
        ways += [_encode_way(richer, plan) for richer in dressed]
    way = _choose_way(ways, source)
    if way is not ways[0]:
        tree = build_bvh(way.shown.positions, way.shown.faces)
        deviation = measure_level(source, way.shown, bvh=tree)
    drawn = draw_level(way.shown, tree, job.index, job.views)
    texture_px = max((picture.px for picture in way.look.common.pictures), default=0)
    level = replace(way.dressed, mesh=way.shown)
    compared = None if job.compared is None else compare_level(source, way.shown, job.compared, job.views.scale_m)
    finished = FinishedLevel(level, deviation, drawn.p95_m, texture_px, {**way.files, **drawn.files}, compared=compared)
    if not job.for_phone:
        return finished
    for_phone = way.baked  # the only level that an iPhone shows
    if for_phone.colours is not None:  # Quick Look shows none at vertices; the richest way has them as a picture
        for_phone = [*(each.baked for each in ways), *(richer.mesh for richer in dressed)][-1]
    return _add_phone_model(finished, for_phone)


def _encode_way(dressed: BuiltLevel, plan: _Plan) -> _Way:
    materials = tuple(fit_material(material, plan.sides) for material in dressed.mesh.materials)
    mesh, step = snap_mesh(replace(dressed.mesh, materials=materials), plan.error_m)
    baked, level_db = mesh, None
    if dressed.uv == "atlas":
        mesh, level_db = weigh_pictures(mesh, plan.source)
    elif any(material.picture is not None for material in materials):  # the scan's own coordinates and pictures
        level_db = measure_colour(mesh, find_places(plan.source, mesh, ERROR_SAMPLES))
    look = encode_look(mesh, level_db)
    return _Way(baked, replace(dressed, mesh=mesh), look, step, _encode_files(mesh, look, step, plan.index))


def _choose_way(ways: list[_Way], source: Source) -> _Way:
    """The plainest way, or a richer one whose likeness is worth its bytes."""
    best = ways[0]
    for way in ways[1:]:
        lit_db, plain_db = (
            of_way - of_best for of_way, of_best in zip(_look_db(source, way), _look_db(source, best), strict=True)
        )
        # on rubble no level is lit like the scan, and colour is what there is to win
        won_db = max(lit_db, plain_db) + min(0.0, lit_db, plain_db)
        if _least_bytes(way) <= _least_bytes(best) * BYTES_PER_DB**won_db:
            best = way
    return best


def _look_db(source: Source, way: _Way) -> tuple[float, float]:
    """Likeness to the scan in dB when lit, and of the colours alone."""
    places = find_places(source, way.shown, LOOK_SAMPLES)
    lit_db = measure_look(source, way.shown, places)
    return lit_db, measure_colour(way.shown, places) if has_colour(source.scan) else 0.0


def _least_bytes(way: _Way) -> int:
    return min(len(data) for name, data in way.files.items() if name != PLAIN_FILE)


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


def make_phone_model(source: Source, surface: Surface, finished: FinishedLevel) -> FinishedLevel:
    """The finished level with a USDZ beside it, of its surface collapsed further: a package whose levels are all too fine."""
    small = collapse(surface, USDZ_MAX_TRIANGLES)
    sides = choose_sides(source.scan, small, 0.0, MAX_TEXTURE_PX, finest=False)
    *_, richest = dress_ways(small, small.triangles, source, sides)
    return _add_phone_model(finished, richest.mesh)


def _encode_files(mesh: Mesh, look: EncodedLook, step: float, index: int) -> dict[str, bytes]:
    vertices = split_vertices(mesh)
    data = encode_level(vertices, look.common, step)
    files = {level_file(index): data}
    if look.avif is not None:
        smaller = encode_level(vertices, look.avif, step)
        if len(data) - len(smaller) >= max(AVIF_SHARE * len(data), AVIF_BYTES):
            files[avif_file(index)] = smaller
    if index == 0:
        plain = plain_look(mesh.materials[0], look.common) if mesh.materials else look.common
        files[PLAIN_FILE] = encode_plain(vertices, plain)
    return files


def _add_phone_model(finished: FinishedLevel, mesh: Mesh) -> FinishedLevel:
    data, warnings = make_usdz(mesh)
    return replace(finished, files={**finished.files, USDZ_FILE: data}, warnings=(*finished.warnings, *warnings))
