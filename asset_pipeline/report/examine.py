"""What may be wrong with a scan that was taken all the same: holes, pieces, an odd size, a poor picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.components import label_components
from asset_pipeline.geometry.surface import colours_at, face_areas, sample_surface
from asset_pipeline.mesh import Faces, Image, Mesh, Positions, Surface
from asset_pipeline.scan import ScanWarning, warn

USUAL_M = (0.05, 5000.0)  # from corner to corner
HOLE_SIZE = 0.01  # of the whole diagonal: smaller holes are not seen
BORDER_SIZE = 0.5  # of its piece's diagonal: a rim as large is where the piece ends, not a hole in it
BASE_HEIGHT = 0.03  # of the whole height: what is open within it stands on the ground
SMALL_PIECE, MANY_PIECES, MUCH_SMALL = 0.001, 400, 0.02  # of the area; count; of the area for all small ones together
SAMPLES = 40_000
DARK, WHITE = 75.0, 251.0
MUCH_WHITE, MUCH_BARE, MUCH_STRETCHED = 0.05, 0.01, 0.05  # of the area
STRETCH = 4.0  # times as coarse as the middle of the surface, or as long as wide
LEAST_TEXELS = 4  # that a triangle covers, to be judged
COARSE_M, COARSE_SHARE = 0.01, 1 / 500  # a texel may be this large, or this share of the diagonal
LOOKED_PX, LEAST_PX = 1024, 64
SHARP, DETAIL = 0.2, 0.02  # an ordinary photograph: 1.2 or more; one enlarged to twice its size: 0.17


def examine_scan(scan: Mesh, surface: Surface) -> list[ScanWarning]:
    """What people should know about a cleaned scan (metres, y up); surface is its bare shape."""
    size_m = scan.diagonal()
    warnings = [] if USUAL_M[0] <= size_m <= USUAL_M[1] else [warn("scale_suspicious", size_m=size_m)]
    pieces, count = label_components(surface.faces, len(surface.positions))
    areas = face_areas(surface.positions, surface.faces)
    warnings += _examine_holes(surface, pieces, count)
    warnings += _examine_pieces(np.bincount(pieces, areas, count).astype(np.float64))
    warnings += _examine_colours(scan)
    return warnings + _examine_pictures(scan, face_areas(scan.positions, scan.faces))


def examine_texture(finest: Mesh) -> list[ScanWarning]:
    """Whether the finest level's texture is too coarse to be looked at from near by."""
    texels = measure_texels(finest, face_areas(finest.positions, finest.faces))
    if texels is None or texels.middle_m <= max(COARSE_M, COARSE_SHARE * finest.diagonal()):
        return []
    return [warn("texture_coarse", texel_m=texels.middle_m)]


def _examine_holes(surface: Surface, pieces: NDArray[np.int32], count: int) -> list[ScanWarning]:
    rims, piece_of_rim = _find_rims(surface.faces, pieces, len(surface.positions))
    if not len(rims):
        return []
    rim, rim_count = label_components(rims[:, [0, 1, 1]], len(surface.positions))
    low, high = _bounds_by(surface.positions[rims].reshape(-1, 3), np.repeat(rim, 2), rim_count)
    piece_low, piece_high = _bounds_by(surface.positions[surface.faces].reshape(-1, 3), np.repeat(pieces, 3), count)
    piece = np.zeros(rim_count, np.int32)
    piece[rim] = piece_of_rim
    across = np.linalg.norm(high - low, axis=1)
    floor, top = piece_low[:, 1].min(), piece_high[:, 1].max()
    whole = float(np.linalg.norm(piece_high.max(axis=0) - piece_low.min(axis=0)))
    is_border = across >= BORDER_SIZE * np.linalg.norm(piece_high - piece_low, axis=1)[piece]
    is_base = high[:, 1] <= floor + BASE_HEIGHT * (top - floor)
    holes = across[(across >= HOLE_SIZE * whole) & ~is_border & ~is_base]
    return [warn("holes", count=len(holes), largest_m=float(holes.max()))] if len(holes) else []


def _find_rims(faces: Faces, pieces: NDArray[np.int32], vertices: int) -> tuple[Faces, NDArray[np.int32]]:
    """Edges (k, 2) that belong to one triangle alone, and the piece (k,) of each."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    keys = ends.min(axis=1).astype(np.int64) * vertices + ends.max(axis=1)
    order = np.argsort(keys)
    keys = keys[order]
    single = np.ones(len(keys), bool)
    single[1:] &= keys[1:] != keys[:-1]
    single[:-1] &= keys[1:] != keys[:-1]
    edges = np.sort(order[single])
    return np.ascontiguousarray(ends[edges]), pieces[edges % len(faces)]


def _bounds_by(points: Positions, group: NDArray[np.int32], count: int) -> tuple[Positions, Positions]:
    """Lowest and highest corner (count, 3) of the points of each group."""
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count))
    return np.minimum.reduceat(points[order], starts), np.maximum.reduceat(points[order], starts)


def _examine_pieces(areas: NDArray[np.float64]) -> list[ScanWarning]:
    small = areas < SMALL_PIECE * areas.sum()
    share = float(areas[small].sum() / areas.sum())
    if small.sum() < MANY_PIECES or share < MUCH_SMALL:
        return []
    return [warn("pieces_many", count=len(areas), share=share)]


def _examine_colours(scan: Mesh) -> list[ScanWarning]:
    """Whether what the camera saw is much too dark or too bright; plain colours of a material are meant."""
    places = sample_surface(scan.positions, scan.faces, SAMPLES, seed=4)
    shown = np.full(SAMPLES, scan.colours is not None)
    if scan.uv is not None:
        shown |= _has_picture(scan)[places.face]
    if not shown.any():
        return []
    colours = colours_at(scan, places, nearest=True)[shown]
    white = float((colours.min(axis=1) >= WHITE).mean())
    warnings = [warn("picture_overexposed", share=white)] if white > MUCH_WHITE else []
    dark = float(np.percentile(colours.max(axis=1), 90)) < DARK
    return [*warnings, warn("picture_dark")] if dark else warnings


def _has_picture(mesh: Mesh) -> NDArray[np.bool_]:
    """Which faces (m,) show a picture."""
    pictured = np.array([material.picture is not None for material in mesh.materials] or [False])
    part = np.zeros(mesh.triangles, np.int32) if mesh.face_material is None else mesh.face_material
    return np.asarray(pictured[part])


def _examine_pictures(scan: Mesh, areas: NDArray[np.float64]) -> list[ScanWarning]:
    texels = measure_texels(scan, areas)
    if texels is None:
        return []
    warnings = []
    bare = float(areas[~_has_picture(scan)].sum() / areas.sum())
    if bare > MUCH_BARE:
        warnings.append(warn("texture_missing", share=bare))
    if texels.stretched > MUCH_STRETCHED:
        warnings.append(warn("texture_stretched", share=texels.stretched))
    pictures = [material.picture for material in scan.materials if material.picture is not None]
    if all(is_blurred(picture) for picture in pictures):
        warnings.append(warn("picture_blurred"))
    return warnings


@dataclass(frozen=True)
class Texels:
    """How a texture lies on a surface. middle_m: side of its usual texel; stretched: share of the area where it is bad."""

    middle_m: float
    stretched: float


def measure_texels(mesh: Mesh, areas: NDArray[np.float64]) -> Texels | None:
    """How the pictures lie on the faces that show one; None where there is none."""
    if mesh.uv is None or not mesh.materials or not (shown := _has_picture(mesh)).any():
        return None
    sizes = np.array([(0, 0) if m.picture is None else m.picture.shape[1::-1] for m in mesh.materials], np.float64)
    part = np.zeros(mesh.triangles, np.int32) if mesh.face_material is None else mesh.face_material
    faces, area = mesh.faces[shown], areas[shown]
    coarse, fine = _texel_sides(mesh.positions, mesh.uv, faces, sizes[part[shown]])
    side = np.sqrt(coarse * fine)
    sound = np.isfinite(side)
    if not sound.any() or area[sound].sum() <= 0:
        return Texels(float("inf"), 1.0)
    order = np.argsort(side[sound], kind="stable")
    reached = np.cumsum(area[sound][order])
    middle_m = float(side[sound][order][np.searchsorted(reached, reached[-1] / 2)])
    bad = ~sound | (coarse > STRETCH * middle_m) | (coarse > STRETCH * fine)
    # a triangle of hardly a texel has a direction by rounding alone
    judged = np.maximum(area / middle_m**2, np.where(sound, area, 0) / np.maximum(side, 1e-30) ** 2) > LEAST_TEXELS
    return Texels(middle_m, float(area[bad & judged].sum() / area.sum()))


def _texel_sides(
    positions: Positions, uv: NDArray[np.float32], faces: Faces, sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The longest and shortest side (m,) in metres of what one texel covers on each face; infinite without an area in uv.

    These are the singular values of the map from the picture (in texels) to the surface.
    """
    first, second = (positions[faces[:, k]] - positions[faces[:, 0]] for k in (1, 2))
    (u1, v1), (u2, v2) = (((uv[faces[:, k]] - uv[faces[:, 0]]).astype(np.float64) * sizes).T for k in (1, 2))
    double = u1 * v2 - u2 * v1
    with np.errstate(divide="ignore", invalid="ignore"):
        along_u = (first * v2[:, None] - second * v1[:, None]) / double[:, None]
        along_v = (second * u1[:, None] - first * u2[:, None]) / double[:, None]
        uu, vv, uv_ = ((a * b).sum(1) for a, b in ((along_u, along_u), (along_v, along_v), (along_u, along_v)))
        spread = np.sqrt((uu - vv) ** 2 + 4 * uv_**2)
        longest, shortest = np.sqrt((uu + vv + spread) / 2), np.sqrt(np.maximum((uu + vv - spread) / 2, 0))
    flat = ~(np.abs(double) > 0)
    longest[flat] = shortest[flat] = np.inf
    return longest, shortest


def is_blurred(picture: Image) -> bool:
    """Whether a picture with something on it has nothing to show in its finest octave: half its size would do."""
    height, width = picture.shape[:2]
    side = min(height, width, LOOKED_PX)
    if side < LEAST_PX:
        return False
    top, left = (height - side) // 2, (width - side) // 2
    grey = picture[top : top + side, left : left + side].astype(np.float32).mean(axis=2)
    window = np.hanning(side).astype(np.float32)  # so that the cut edges are not taken for detail
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window[:, None] * window)) ** 2
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    pitch = np.hypot(down, across)  # in waves a texel; 0.5 is the finest there can be
    power *= pitch**2  # as gradients have it: a sharp photograph then has as much in each octave as in all before
    coarser, finest = (float(power[(pitch > a) & (pitch <= b)].sum()) for a, b in ((1 / 64, 0.25), (0.25, 0.5)))
    gradients = 2 * coarser / (side**4 * float(np.mean(window**2)) ** 2)  # mean square, in grey values a texel
    return gradients > DETAIL and finest < SHARP * coarser
