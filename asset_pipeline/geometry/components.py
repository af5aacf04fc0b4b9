"""Which triangles hang together: connected components of a surface, by union and find."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Surface

TRIANGLES_A_PIECE = 8  # a level has room for one piece for so many triangles
LITTLE = 0.05  # of the area: more than this is never left out at a stroke


def label_components(faces: Faces, vertices: int) -> tuple[NDArray[np.int32], int]:
    """The component (m,) of each triangle, numbered from 0, and how many there are; a shared vertex joins."""
    root = _join(faces, vertices)
    _, inverse = np.unique(root[faces[:, 0]], return_inverse=True)
    component = inverse.reshape(-1).astype(np.int32)
    return component, int(component.max()) + 1 if len(component) else 0


def count_pieces(surface: Surface) -> int:
    """How many pieces a surface consists of."""
    return label_components(surface.faces, len(surface.positions))[1]


def keep_large_pieces(surface: Surface, triangles: int) -> Surface:
    """The surface without the pieces that a level of so many triangles has no room for; largest areas first.

    A surface that consists of small pieces keeps them all: the collapse then thins them by price.
    """
    component, count = label_components(surface.faces, len(surface.positions))
    room = max(1, triangles // TRIANGLES_A_PIECE)
    if count <= room:
        return surface
    area = np.bincount(component, face_areas(surface.positions, surface.faces), count)
    order = np.argsort(-area, kind="stable")
    if area[order[room:]].sum() > LITTLE * area.sum():
        return surface
    kept = np.zeros(count, bool)
    kept[order[:room]] = True
    return keep_triangles(surface, kept[component])


def keep_triangles(surface: Surface, kept: NDArray[np.bool_]) -> Surface:
    """The surface with the triangles kept and the vertices that these name."""
    faces = surface.faces[kept]
    used = np.zeros(len(surface.positions), bool)
    used[faces] = True
    faces = (np.cumsum(used, dtype=np.int32) - np.int32(1))[faces]
    return Surface(surface.positions[used], faces, None if surface.colours is None else surface.colours[used])


@njit(cache=True)
def _join(faces, vertices):
    parent = np.arange(vertices)
    for f in range(len(faces)):
        a = faces[f, 0]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        for k in (1, 2):
            b = faces[f, k]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            if a < b:  # the lower number leads, so that the result does not depend on the order of unions
                parent[b] = a
            else:
                parent[a] = b
                a = b
    for v in range(vertices):
        a = v
        while parent[a] != a:
            a = parent[a]
        parent[v] = a
    return parent
