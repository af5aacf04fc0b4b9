"""Fewer triangles with the scan's own texture coordinates kept: quadric edge collapse that knows where charts end.

After Hoppe 1999: texture coordinates are further dimensions of each wedge's quadric. Seams collapse on both sides at
once and stay closed; where more than two charts meet, places stay. What would turn a triangle over, in space or in its
chart, is forbidden, so a budget may be out of reach: then there is no result.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.chart_joining import BUCKETS, FIXED, join_charts
from asset_pipeline.geometry.chart_quadric import COLUMNS, measure_wedges
from asset_pipeline.geometry.charts import Charts, Seams, drop_unused, find_seams, uv_areas
from asset_pipeline.geometry.order import morton_order
from asset_pipeline.geometry.quadric import link_corners
from asset_pipeline.geometry.relax import relax
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.mesh import Surface

STEP = 0.8  # what one run of the queue leaves of the triangles
BORDER_WEIGHT = 1.0
UV_PRICE = 0.3  # what a shift of the picture by a length counts for, against the surface's leaving its place by it
ROOM = 3  # entries of the queue for each triangle it starts with
LEAST_AREA = 1e-3  # of a triangle's mean area in its chart: smaller ones may not shrink much


def collapse_charts(charts: Charts, target: int) -> Charts | None:
    """The charts with `target` triangles or one fewer; None when seams and corners allow no such."""
    if len(charts.faces) <= target:
        return charts
    scale = _picture_scale(charts)
    if scale == 0:
        return None
    charts = _sort(replace(charts, uv=charts.uv * scale))
    while len(charts.faces) > target:
        before = len(charts.faces)
        charts = _step(charts, max(target, int(STEP * before)), scale)
        if len(charts.faces) == before:
            return None
    return replace(charts, uv=charts.uv / scale)


def least_triangles(seams: Seams) -> int:
    """How few triangles a closed surface can have that keeps the places which must stay: twice as many as they are."""
    return 2 * int((seams.kind == FIXED).sum())


def _picture_scale(charts: Charts) -> float:
    """How many metres, times their price, the whole picture is across where it lies on the surface."""
    of_picture = 0.5 * float(np.abs(uv_areas(charts.uv, charts.faces)).sum())
    area = float(face_areas(charts.points, charts.place[charts.faces]).sum())
    return UV_PRICE * float(np.sqrt(area / of_picture)) if of_picture > 0 else 0.0


def _sort(charts: Charts) -> Charts:
    """Along a Morton curve, so that neighbours are near each other in memory."""
    order = morton_order(charts.points[charts.place])
    row = np.empty(len(order), np.int32)
    row[order] = np.arange(len(order), dtype=np.int32)
    faces = row[charts.faces]
    by_corner = np.argsort(faces.min(axis=1), kind="stable")
    return Charts(charts.points, charts.place[order], charts.uv[order], faces[by_corner], charts.sign[by_corner])


def _step(charts: Charts, wanted: int, scale: float) -> Charts:
    """One run of the queue with fresh quadrics; scale: the largest coordinate."""
    seams = find_seams(charts)
    points, uv, faces = charts.points.copy(), charts.uv.copy(), charts.faces.copy()
    quadrics = np.zeros((len(uv), COLUMNS))
    measure_wedges(points, charts.place, uv, faces, seams.borders, BORDER_WEIGHT, quadrics)
    heads, following = np.empty(len(uv), np.int32), np.empty(3 * len(faces), np.int32)
    link_corners(faces, heads, following)
    least = LEAST_AREA * float(np.abs(uv_areas(uv, faces)).mean())
    room = ROOM * len(faces) + 1024
    queue = (np.empty(BUCKETS, np.int32), np.empty((room, 2), np.int32), np.empty(room, np.int32))
    state = np.array([len(faces), wanted, least, scale])
    fixed = (charts.sign, seams.twin, seams.kind, quadrics, heads, following, state)
    join_charts(points, charts.place, uv, faces, *fixed, *queue)
    return drop_unused(Charts(points, charts.place, uv, faces, charts.sign))


def relax_charts(charts: Charts, scan: Surface) -> Charts:
    """The charts moved towards the scan; where a place moves along its surface, its texture coordinates follow."""
    moved = relax(charts.surface, scan).positions
    shift, weight = np.zeros_like(charts.uv), np.zeros(len(charts.uv))
    slopes, areas = _uv_slopes(charts)
    for corner in charts.faces.T:
        move = (moved - charts.points)[charts.place[corner]]
        weight += np.bincount(corner, areas, len(weight))
        for axis in range(2):
            along = np.einsum("nk,nk->n", slopes[:, axis], move)
            shift[:, axis] += np.bincount(corner, areas * along, len(weight))
    uv = np.clip(charts.uv + shift / np.maximum(weight, 1e-300)[:, None], 0, 1)
    while True:  # where a triangle would turn over in its chart, its coordinates stay: so they did not before
        turned = (uv_areas(uv, charts.faces) * charts.sign <= 0) & (uv != charts.uv).any(axis=1)[charts.faces].any(
            axis=1
        )
        if not turned.any():
            return replace(charts, points=moved, uv=uv)
        back = charts.faces[turned]
        uv[back] = charts.uv[back]


def _uv_slopes(charts: Charts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each triangle how u and v change over it, in its plane (m, 2, 3), nothing on slivers; and its area (m,)."""
    a, b, c = (charts.points[charts.place[corner]] for corner in charts.faces.T)
    s, t = (charts.uv[corner] - charts.uv[charts.faces[:, 0]] for corner in charts.faces.T[1:])
    u, w = b - a, c - a
    uu, uw, ww = (u * u).sum(axis=1), (u * w).sum(axis=1), (w * w).sum(axis=1)
    determinant = uu * ww - uw * uw
    share = np.where(determinant > 1e-6 * uu * ww, 1 / np.maximum(determinant, 1e-300), 0)[:, None]
    p, q = (ww[:, None] * s - uw[:, None] * t) * share, (uu[:, None] * t - uw[:, None] * s) * share
    return p[:, :, None] * u[:, None] + q[:, :, None] * w[:, None], 0.5 * np.sqrt(np.maximum(determinant, 0))
