"""A level on the scan's own texture coordinates with the scan's own picture: nothing is resampled, so nothing blurs.

Worth trying where the picture holds as much as an atlas would, and the charts let the surface become as coarse as asked.
"""

import numpy as np

from asset_pipeline.appearance.atlas import Atlas
from asset_pipeline.appearance.bake import Wanted, bake
from asset_pipeline.appearance.measure import measure_level
from asset_pipeline.appearance.sides import FILL, ROOM, Sides, scan_texels
from asset_pipeline.appearance.source import Source
from asset_pipeline.appearance.texels import count_covered
from asset_pipeline.geometry.chart_collapse import collapse_charts, least_triangles, relax_charts
from asset_pipeline.geometry.charts import find_charts, find_seams, to_mesh, uv_areas
from asset_pipeline.mesh import Image, Mesh, Surface

MOST_FIXED = 0.2  # share of the budget that fixed places need: at 0.13 a level has 1.2 times the error, at 0.26 1.4
MOST_WORSE = 1.25  # times the error of the level's surface, measured, beyond which the coordinates are not worth it
OFF_BUDGET = 0.001
ERROR_SAMPLES = 60_000
OVERLAP_PX, LEAST_APART = 1024, 0.97  # where less of the charts' area is covered than this, some lie on others


def keep_charts(surface: Surface, asked: int, source: Source, sides: Sides) -> Mesh | None:
    """The scan at the surface's budget with its own coordinates and picture; None where that cannot be as good."""
    scan = source.scan
    fits = surface.triangles < scan.triangles and _has_one_picture(scan) and not source.bvh.parts
    if not fits or not _holds_enough(scan, sides):
        return None
    whole = find_charts(scan)
    # a pattern that repeats within a chart has no place inside one picture, as levels are written
    if whole.uv.min() < 0 or whole.uv.max() > 1 or least_triangles(find_seams(whole)) > MOST_FIXED * asked:
        return None
    fewer = collapse_charts(whole, min(asked, surface.triangles))
    if fewer is None or abs(len(fewer.faces) - asked) > max(2, OFF_BUDGET * asked):
        return None
    near = relax_charts(fewer, whole.surface)
    mesh = to_mesh(near, scan)
    errors_m = (
        measure_level(source, Mesh(each.positions, each.faces), ERROR_SAMPLES).rms_m for each in (mesh, surface)
    )
    kept_m, plain_m = errors_m
    return mesh if kept_m <= MOST_WORSE * plain_m else None


def lie_apart(mesh: Mesh) -> bool:
    """Whether each texel belongs to one place of the surface, seen from its front: it can be baked to."""
    if mesh.uv is None:
        return False
    areas = uv_areas(mesh.uv.astype(np.float64), mesh.faces)
    wanted = 0.5 * float(np.abs(areas).sum()) * OVERLAP_PX**2
    one_way = not ((areas > 0).any() and (areas < 0).any())
    return one_way and bool(count_covered(mesh.uv, mesh.faces, OVERLAP_PX) >= LEAST_APART * wanted)


def bake_relief(mesh: Mesh, source: Source, px: int) -> Image | None:
    """A normal map for the level on the scan's coordinates, None where they do not allow one."""
    if mesh.uv is None or not px or mesh.materials[0].normal_map is not None or not lie_apart(mesh):
        return None
    return bake(Atlas(mesh.positions, mesh.faces, mesh.uv), source, Wanted(normal_px=px)).normal_map


def _has_one_picture(scan: Mesh) -> bool:
    """Several materials would need their pictures joined, which is what an atlas is."""
    return (
        scan.uv is not None
        and scan.colours is None
        and len(scan.materials) == 1
        and scan.materials[0].picture is not None
    )


def _holds_enough(scan: Mesh, sides: Sides) -> bool:
    """Whether the picture, at the size it would be shipped in, has the texels to beat an atlas of that size.

    As delivered it needs half as many, because an atlas turns and shifts them; made smaller it has lost as much itself.
    """
    picture = scan.materials[0].picture
    if picture is None:
        return False
    smaller = min(1.0, sides.colour_px / max(picture.shape[:2]))
    of_atlas = FILL * sides.colour_px**2
    return bool(scan_texels(scan) * smaller**2 >= (of_atlas if smaller < 1 else of_atlas / ROOM))
