"""A mesh as its charts: places, and for each chart round a place a wedge with the texture coordinates it has there."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.chart_joining import FIXED, FREE, LINE
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.components import label_components
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.mesh import Faces, Mesh, Positions, Surface

Numbers = NDArray[np.int32]
Uv = NDArray[np.float64]


@dataclass(frozen=True)
class Charts:
    """A surface in charts.

    points (p, 3); place (w,) the point of each wedge; uv (w, 2); faces (m, 3) into wedges; sign (m,) 1 or -1: which way
    round each triangle lies in its chart. A chart never has both, so a picture used twice, mirrored, is two charts.
    """

    points: Positions
    place: Numbers
    uv: Uv
    faces: Faces
    sign: NDArray[np.int8]

    @property
    def surface(self) -> Surface:
        """The bare surface under the charts."""
        return Surface(self.points, self.place[self.faces])


@dataclass(frozen=True)
class Seams:
    """How places may move. kind (p,): FREE, LINE or FIXED; twin (w,): the next wedge of the same place, itself when alone.

    borders (k, 3): two wedges and the triangle of each edge where a chart ends.
    """

    kind: NDArray[np.int8]
    twin: Numbers
    borders: Numbers


def find_charts(mesh: Mesh) -> Charts:
    """The mesh as charts, each moved by whole pictures into the first one. Raises ValueError without texture coordinates."""
    if mesh.uv is None:
        raise ValueError("a mesh without texture coordinates has no charts")
    welded = weld(mesh)
    bits = np.ascontiguousarray(mesh.uv + np.float32(0)).view(np.int32)
    wedge_of, first = number_rows(np.ascontiguousarray(np.column_stack([welded.vertex_of, bits])))
    faces = wedge_of[mesh.faces]
    corners = welded.faces
    faces = faces[
        (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
    ]
    place, uv = welded.vertex_of[first], mesh.uv[first].astype(np.float64)
    sign = np.where(uv_areas(uv, faces) < 0, -1, 1).astype(np.int8)
    if sign.min(initial=1) != sign.max(initial=1):
        pairs, corner = np.unique(faces.astype(np.int64) * 2 + (sign < 0)[:, None], return_inverse=True)
        place, uv, faces = place[pairs // 2], uv[pairs // 2], corner.reshape(-1, 3).astype(np.int32)
    return drop_unused(Charts(welded.positions, place, _into_first_picture(uv, faces), faces, sign))


def uv_areas(uv: Uv, faces: Faces) -> NDArray[np.float64]:
    """Twice the signed area (m,) of each triangle in its chart."""
    a, b, c = (uv[faces[:, k]] for k in range(3))
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))


def _into_first_picture(uv: Uv, faces: Faces) -> Uv:
    """Pictures repeat: a chart that lies inside one of the repetitions is the same in the first."""
    if uv.min(initial=0) >= 0 and uv.max(initial=1) <= 1:
        return uv
    of_face, count = label_components(faces, len(uv))
    label = np.zeros(len(uv), np.int32)
    label[faces] = of_face[:, None]
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, label, uv)
    np.maximum.at(high, label, uv)
    shift = np.where(high - np.floor(low) <= 1, np.floor(low), 0)
    return np.asarray(uv - shift[label])


def drop_unused(charts: Charts) -> Charts:
    """Without dead triangles (first corner -1), and wedges and places that no triangle names."""
    live = charts.faces[:, 0] >= 0
    faces = charts.faces[live]
    wedges = np.zeros(len(charts.place), bool)
    wedges[faces] = True
    places = np.zeros(len(charts.points), bool)
    places[charts.place[wedges]] = True
    row = np.cumsum(places, dtype=np.int32) - np.int32(1)
    faces = (np.cumsum(wedges, dtype=np.int32) - np.int32(1))[faces]
    return Charts(charts.points[places], row[charts.place[wedges]], charts.uv[wedges], faces, charts.sign[live])


def find_seams(charts: Charts) -> Seams:
    """Where charts end, and which places may move along that."""
    faces, place = charts.faces, charts.place
    one, other = faces.reshape(-1), faces[:, [1, 2, 0]].reshape(-1)
    of_wedges = _count_equal(one, other, len(place))
    of_places = _count_equal(place[one], place[other], len(charts.points))
    seam, border = (of_places == 2) & (of_wedges == 1), of_places == 1
    odd = (of_places > 2) | (of_wedges > 2)
    count = len(charts.points)
    wedges, bad = np.bincount(place, minlength=count), _at_ends(odd, place[one], place[other], count) > 0
    seams = _at_ends(seam, place[one], place[other], count) // 2  # each side tells of it
    borders = _at_ends(border, place[one], place[other], count)
    kind = np.full(count, FIXED, np.int8)
    on_line = ((wedges == 1) & (borders == 2) & (seams == 0)) | ((wedges == 2) & (seams == 2) & (borders == 0))
    kind[on_line & ~bad] = LINE
    kind[(wedges == 1) & (borders == 0) & (seams == 0) & ~bad] = FREE
    ends = np.flatnonzero(of_wedges == 1)
    rows = np.stack([one[ends], other[ends], (ends // 3).astype(np.int32)], axis=1)
    return Seams(kind, _find_twins(place), rows.astype(np.int32))


def _count_equal(one: Numbers, other: Numbers, rows: int) -> Numbers:
    """How many pairs (n,) are the same two, whichever way round."""
    keys = np.minimum(one, other).astype(np.int64) * rows + np.maximum(one, other)
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    counts = np.diff(starts, append=len(keys))
    result = np.empty(len(keys), np.int32)
    result[order] = np.repeat(counts, counts)
    return result


def _at_ends(chosen: NDArray[np.bool_], one: Numbers, other: Numbers, count: int) -> NDArray[np.int64]:
    return np.asarray(np.bincount(one[chosen], minlength=count) + np.bincount(other[chosen], minlength=count))


def _find_twins(place: Numbers) -> Numbers:
    """Wedges of a place in a ring."""
    order = np.argsort(place, kind="stable").astype(np.int32)
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    ends = np.append(starts[1:], len(order)) - 1
    twin = np.empty(len(place), np.int32)
    twin[order[:-1]] = order[1:]
    twin[order[ends]] = order[starts]
    return twin


def to_mesh(charts: Charts, like: Mesh) -> Mesh:
    """The charts as a mesh with the other's materials; both sides of a seam have bit-equal positions."""
    uv = charts.uv.astype(np.float32)
    return replace(
        like, positions=charts.points[charts.place], faces=charts.faces, uv=uv, colours=None, face_material=None
    )
