"""What a person compares: the scan and each level from the same viewpoints, and how far apart they are, as pictures."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Bvh, Hits, find_closest
from asset_pipeline.geometry.normals import encoded_normals
from asset_pipeline.geometry.surface import colours_at, points_at
from asset_pipeline.mesh import Image, Mesh
from asset_pipeline.report.camera import Camera, Viewpoint, choose_viewpoints, fit_camera
from asset_pipeline.report.heat_scale import STEPS, choose_scale, list_colours
from asset_pipeline.report.poster import SCALE, draw_poster, encode_view, halve
from asset_pipeline.report.shading import GROUND, Sight, choose_exposure, lit_colours, mean_around, paint, see

LONG_PX, SHORT_PX = 640, 480
QUALITIES = (80, 65, 45, 25)  # the first that keeps a picture small enough
MOST_BYTES = 60_000
AROUND_PX = 2  # an error is told as the mean over this neighbourhood: single points are too fine to be seen
STEP = 0.012  # a jump in depth, in diagonals, that is drawn as an outline
OUTLINE = 0.45  # how much of the ground shows through an outline
USUAL_LIGHT = 0.9  # what most of a model gets of its colours: from the sky, and from the sun that it mostly faces
ENOUGH = 7  # of so many pixels one says how bright a scan is
ASIDE_DEG, FEW = 45.0, 1000
MOST = 95.0  # per cent of the seen places that a level's nearness is told for

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """One viewpoint of a scan, in pixels of the finished picture.

    camera: for twice that size; covered (h, w): share of each pixel that shows the scan; outline (h, w) bool: where one
    part stands before another; points (n, 3): a place of the scan in each covered pixel, in row order.
    """

    viewpoint: Viewpoint
    camera: Camera
    covered: Plane
    outline: NDArray[np.bool_]
    points: Plane


@dataclass(frozen=True)
class Views:
    """Where a scan and its levels are looked at from, in which light, and on which scale in metres they are compared."""

    views: tuple[View, ...]
    exposure: float
    scale_m: tuple[float, float]


@dataclass(frozen=True)
class LevelViews:
    """A level's pictures by name; p95_m: 95 of 100 seen places of the scan are no further from the level."""

    files: dict[str, bytes]
    p95_m: float


def choose_views(scan: Mesh) -> Views:
    """The views of a scan (metres, y up), before any of its levels is there."""
    width_px, height_px = _choose_frame(scan)
    views: list[View] = []
    for viewpoint in choose_viewpoints(scan.positions):
        viewpoint, sight = _look(scan, viewpoint, (width_px * SCALE, height_px * SCALE))  # noqa: PLW2901
        if not views:
            exposure = choose_exposure(colours_at(scan, _thin(sight.hits)) * np.float32(USUAL_LIGHT))
        views.append(_make_view(scan, viewpoint, sight))
    return Views(tuple(views), exposure, choose_scale(scan.diagonal()))


def draw_scan(scan: Mesh, normals: Plane, views: Views) -> dict[str, bytes]:
    """The scan's own pictures by name: poster.webp, view-scan-0.webp and so on; normals (m, 3, 3), one a corner of each face."""
    files = {"poster.webp": draw_poster(scan, normals)}
    for number, view in enumerate(views.views):
        files[f"view-scan-{number}.webp"] = _draw(scan, view.camera, normals, views.exposure)
    return files


def draw_level(level: Mesh, bvh: Bvh, index: int, views: Views) -> LevelViews:
    """A level's pictures: view-lod1-0.webp as a visitor sees it, heat-lod1-0.webp how far the scan is from it."""
    normals = encoded_normals(level)
    files, distances = {}, []
    for number, view in enumerate(views.views):
        distance = find_closest(bvh, view.points).distance
        files[f"view-lod{index}-{number}.webp"] = _draw(level, view.camera, normals, views.exposure)
        files[f"heat-lod{index}-{number}.webp"] = _encode(_heat(view, distance, views.scale_m))
        distances.append(distance)
    return LevelViews(files, float(np.percentile(np.concatenate(distances), MOST)))


def describe_views(views: Views) -> dict[str, Any]:
    """What report.json says of the pictures: where from, and the ends of the scale in metres."""
    low_m, high_m = views.scale_m
    return {
        "viewpoints": [
            {
                "name": view.viewpoint.name,
                "azimuth_deg": view.viewpoint.azimuth_deg,
                "elevation_deg": view.viewpoint.elevation_deg,
            }
            for view in views.views
        ],
        "width_px": views.views[0].camera.width_px // SCALE,
        "height_px": views.views[0].camera.height_px // SCALE,
        "heat_low_m": low_m,
        "heat_high_m": high_m,
    }


def _thin(hits: Hits) -> Hits:
    return Hits(hits.face[::ENOUGH], hits.weights[::ENOUGH], hits.distance)


def _choose_frame(scan: Mesh) -> tuple[int, int]:
    """Width and height in px: upright for what stands, lying for everything else."""
    wide, high, deep = scan.positions.max(axis=0) - scan.positions.min(axis=0)
    return (SHORT_PX, LONG_PX) if high > np.hypot(wide, deep) else (LONG_PX, SHORT_PX)


def _look(scan: Mesh, viewpoint: Viewpoint, size_px: tuple[int, int]) -> tuple[Viewpoint, Sight]:
    """The viewpoint, turned aside when a wall is seen from its edge there, and what is seen from it."""
    sight = see(scan, fit_camera(scan.positions, viewpoint, *size_px))
    if sight.seen.any():
        return viewpoint, sight
    aside = replace(viewpoint, azimuth_deg=viewpoint.azimuth_deg + ASIDE_DEG)
    return aside, see(scan, fit_camera(scan.positions, aside, *size_px))


def _make_view(scan: Mesh, viewpoint: Viewpoint, sight: Sight) -> View:
    width = sight.seen.shape[1] // SCALE
    parts = np.stack([sight.seen[down::SCALE, right::SCALE] for down in range(SCALE) for right in range(SCALE)])
    covered = parts.mean(axis=0, dtype=np.float32)
    rows, columns = np.nonzero(covered)
    part = parts[:, rows, columns].argmax(axis=0)  # the first of the pixel's parts that shows the scan
    fine = (rows * SCALE + part // SCALE) * width * SCALE + columns * SCALE + part % SCALE
    place = np.cumsum(sight.seen.reshape(-1)) - 1  # the row of each seen part among the hits
    points = points_at(scan.positions, scan.faces, sight.hits)[place[fine]].astype(np.float32)
    if not len(points):  # a wire too thin for any pixel: its own points say how far a level is
        points = scan.positions[:: max(1, scan.vertices // FEW)].astype(np.float32)
    depth = np.full(covered.shape, np.inf, np.float32)
    depth[rows, columns] = sight.depth.reshape(-1)[fine]
    return View(viewpoint, sight.camera, covered, _find_outline(depth, STEP * scan.diagonal()), points)


def _find_outline(depth: Plane, step_m: float) -> NDArray[np.bool_]:
    """Pixels of a surface (h, w) that stand before the surface in a pixel beside them."""
    outline = np.zeros(depth.shape, bool)
    seen = np.isfinite(depth)
    near = np.where(seen, depth, 0.0)
    for axis in (0, 1):
        before, after = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        both = seen[before] & seen[after]
        outline[before] |= both & (near[after] - near[before] > step_m)
        outline[after] |= both & (near[before] - near[after] > step_m)
    return outline


def _draw(mesh: Mesh, camera: Camera, normals: Plane, exposure: float) -> bytes:
    sight = see(mesh, camera)
    return _encode(halve(paint(sight, lit_colours(mesh, sight, normals) * np.float32(exposure))))


def _encode(picture: Image) -> bytes:
    for quality in QUALITIES:
        data = encode_view(picture, quality)
        if len(data) <= MOST_BYTES:
            break
    return data


def find_steps(distance: Plane, scale_m: tuple[float, float]) -> NDArray[np.uint8]:
    """The step of the scale, 0 (close) to 255 (far), that each distance in metres falls on; it is the number of its colour."""
    low_m, high_m = scale_m
    share = np.log10(np.maximum(distance, low_m) / low_m) / np.log10(high_m / low_m)
    return np.asarray(np.minimum(share * STEPS, STEPS - 1), np.uint8)


def _heat(view: View, distance: Plane, scale_m: tuple[float, float]) -> Image:
    colours = np.array(list_colours(), np.float32)
    seen = view.covered > 0
    picture = np.broadcast_to(GROUND, (*view.covered.shape, 3)).copy()
    if not seen.any():
        return picture.astype(np.uint8)
    squares = np.zeros(view.covered.shape, np.float32)
    squares[seen] = distance**2
    around = mean_around(squares, AROUND_PX)[seen] / mean_around(seen.astype(np.float32), AROUND_PX)[seen]
    shown = colours[find_steps(np.sqrt(np.maximum(around, 0)), scale_m)]
    cover = (view.covered[seen] * (1 - OUTLINE * view.outline[seen]))[:, None]
    picture[seen] = picture[seen] * (1 - cover) + shown * cover
    return np.asarray(picture.round(), np.uint8)
