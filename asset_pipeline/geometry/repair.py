"""A surface made a sheet before it is collapsed: cracks and tiny holes closed, doubled layers and branchings undone.

Only what is certain is touched, and only on the surface that levels are made from: colours and errors are still taken
from the scan as it was delivered.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.collapse import Edges, drop_doubles, find_edges
from asset_pipeline.geometry.components import keep_triangles, label_components
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.geometry.quadric import link_corners
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Surface
from asset_pipeline.scan import ScanWarning, warn

CRACK = 0.01  # of the shortest edge beside it: rim points as near as this are one
LAYER = 0.1  # of its edges' mean: a piece this near to the largest one all over, facing the same way, repeats it
SAME_WAY = 0.9  # cosine
STEEP = 0.1  # of its points may face another way: at an edge the nearest triangle is often the one round the corner
GROUP = 16  # triangles on an edge beyond which none are paired

Rows = NDArray[np.int64]


def repair_surface(surface: Surface) -> tuple[Surface, list[ScanWarning]]:
    """The surface as a sheet, and a warning with the count of each thing that was done."""
    warnings = []
    for mend, code in (
        (_drop_layers, "layers_dropped"),
        (_close_cracks, "cracks_closed"),
        (_split_branchings, "branchings_split"),
        (_close_holes, "holes_closed"),
    ):
        surface, count = mend(surface)
        if count:
            warnings.append(warn(code, count=count))
    return surface, warnings


def _half_edges(faces: Faces) -> tuple[Rows, Rows, Rows]:
    """(order, start, end): half-edges 3 f + k, those of an edge side by side; those of edge i are order[start[i]:end[i]]."""
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    number, first = number_rows(np.sort(ends, axis=1))
    order = np.empty(len(number), np.int64)
    end = np.cumsum(np.bincount(number, minlength=len(first)))
    start = np.append(0, end[:-1])
    _gather_equal(number, start.copy(), order)
    return order, start, end


@njit(cache=True)
def _gather_equal(number, free, order):
    """Rows sorted by their numbers, each number's from the place that free names."""
    for row in range(len(number)):
        order[free[number[row]]] = row
        free[number[row]] += 1


def _rims(surface: Surface) -> tuple[NDArray[np.int32], Edges]:
    """The edges (k, 2) with one triangle, in the direction in which that goes round, and how many there are of each kind."""
    heads, following = np.empty(len(surface.positions), np.int32), np.empty(3 * surface.triangles, np.int32)
    link_corners(surface.faces, heads, following)
    marks = np.zeros((len(heads), 4), np.int32)
    borders, edges = find_edges(surface.faces, heads, following, marks)
    faces, ends = surface.faces[borders[:, 2]], borders[:, :2]
    forwards = (np.roll(faces, -1, axis=1)[faces == ends[:, :1]] == ends[:, 1])[:, None]
    return np.where(forwards, ends, ends[:, ::-1]), edges


def _close_cracks(surface: Surface) -> tuple[Surface, int]:
    """Join rim points that all but coincide: pieces of one surface, written apart and rounded apart."""
    rims, _ = _rims(surface)
    if not len(rims):
        return surface, 0
    length = np.linalg.norm(surface.positions[rims[:, 0]] - surface.positions[rims[:, 1]], axis=1)
    near = CRACK * float(length.min())
    if near == 0:
        return surface, 0
    rim = np.unique(rims)
    into = np.arange(len(surface.positions))
    for shift in (0.0, 0.5):  # two grids: what one of them parts, the other has in one cell
        places = surface.positions[into[rim]]
        cells = np.floor((places - places.min(axis=0)) / (2 * near) + shift)
        if not np.all(cells < 2**53):  # so fine a grid that its cells have no numbers
            return surface, 0
        _, first, inverse = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        into[rim] = into[rim[first[inverse.reshape(-1)]]]
    into = into[into]
    joined = int((into != np.arange(len(into))).sum())
    if not joined:
        return surface, 0
    faces = drop_doubles(into[surface.faces])
    return keep_triangles(Surface(surface.positions, faces, surface.colours), np.ones(len(faces), bool)), joined


def _drop_layers(surface: Surface) -> tuple[Surface, int]:
    """Without the pieces that repeat the largest one: everywhere on it and facing the same way."""
    component, count = label_components(surface.faces, len(surface.positions))
    if count < 2:
        return surface, 0
    body = int(np.argmax(np.bincount(component, face_areas(surface.positions, surface.faces), count)))
    body_faces, rest = surface.faces[component == body], np.flatnonzero(component != body)
    corners = surface.positions[surface.faces[rest]]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean(axis=1)
    far, averse = np.zeros(count, bool), np.zeros(count)
    tree = build_bvh(surface.positions, body_faces)
    own = _unit_normals(corners)
    for points in (corners.mean(axis=1), corners[:, 0], corners[:, 1], corners[:, 2]):
        hits = find_closest(tree, points)
        facing = np.einsum("nk,nk->n", own, _unit_normals(surface.positions[body_faces[hits.face]]))
        far[component[rest[hits.distance > LAYER * sides]]] = True
        averse += np.bincount(component[rest], facing < SAME_WAY, count) / 4
    stays = far | (averse > STEEP * np.bincount(component, minlength=count))
    stays[body] = True
    return (surface, 0) if stays.all() else (keep_triangles(surface, stays[component]), int((~stays).sum()))


def _unit_normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300))


def _split_branchings(surface: Surface) -> tuple[Surface, int]:
    """Cut along edges with more than two triangles: those two that go on most smoothly stay together."""
    faces = surface.faces
    branching = _rims(surface)[1].branchings
    if not branching:
        return surface, 0
    order, start, end = _half_edges(faces)
    partner = np.full(3 * len(faces), -1, np.int32)
    _pair_half_edges(faces, _unit_normals(surface.positions[faces]), (order, start, end), GROUP, partner)
    root = _join_corners(faces, partner)
    is_root = root == np.arange(len(root))
    row = (np.cumsum(is_root) - 1)[root]
    of = faces.reshape(-1)[is_root]  # the vertex that each new one stands on
    colours = None if surface.colours is None else surface.colours[of]
    return Surface(surface.positions[of], row.reshape(-1, 3).astype(np.int32), colours), branching


@njit(cache=True)
def _pair_half_edges(faces, normals, edges, group, partner):
    order, start, end = edges
    for edge in range(len(start)):
        size = end[edge] - start[edge]
        if size == 2:
            one, other = order[start[edge]], order[start[edge] + 1]
            partner[one], partner[other] = other, one
        if size <= 2 or size > group:
            continue
        while True:  # the smoothest pair that goes opposite ways along the edge, then the next among what is left
            best, best_one, best_other = -2.0, -1, -1
            for i in range(start[edge], end[edge]):
                for j in range(i + 1, end[edge]):
                    one, other = order[i], order[j]
                    if partner[one] >= 0 or partner[other] >= 0:
                        continue
                    if faces[one // 3, one % 3] == faces[other // 3, other % 3]:
                        continue
                    smooth = (normals[one // 3] * normals[other // 3]).sum()
                    if smooth > best:
                        best, best_one, best_other = smooth, one, other
            if best_one < 0:
                break
            partner[best_one], partner[best_other] = best_other, best_one


@njit(cache=True)
def _join_corners(faces, partner):
    """For each corner (3 m,) the first of those that are one vertex: joined across edges that have a partner."""
    parent = np.arange(len(partner))
    for half in range(len(partner)):
        other = partner[half]
        if other < half:
            continue
        for end in range(2):
            a = 3 * (half // 3) + (half + end) % 3
            vertex = faces[a // 3, a % 3]
            b = 3 * (other // 3) + other % 3
            if faces[b // 3, b % 3] != vertex:
                b = 3 * (other // 3) + (other + 1) % 3
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            if a < b:
                parent[b] = a
            else:
                parent[a] = b
    for corner in range(len(parent)):
        a = corner
        while parent[a] != a:
            a = parent[a]
        parent[corner] = a
    return parent


def _close_holes(surface: Surface) -> tuple[Surface, int]:
    """Close holes with three edges: one triangle is missing there."""
    vertices = len(surface.positions)
    rims, _ = _rims(surface)
    leaving = np.bincount(rims[:, 0], minlength=vertices) if len(rims) else np.zeros(vertices, np.int64)
    after = np.full(vertices, -1, np.int64)
    after[rims[:, 0]] = rims[:, 1]
    after[leaving != 1] = -1
    a = np.flatnonzero(after >= 0)
    b = after[a]
    c = np.where(b >= 0, after[b], -1)
    closed = (c >= 0) & (np.where(c >= 0, after[c], -1) == a) & (a < b) & (a < c)
    lids = np.stack([a, c, b], axis=1)[closed]
    faces = drop_doubles(np.concatenate([surface.faces, lids]))
    return Surface(surface.positions, faces, surface.colours), len(faces) - surface.triangles
