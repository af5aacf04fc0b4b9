"""Which triangles hang together: connected components of a surface, by union and find."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces


def label_components(faces: Faces, vertices: int) -> tuple[NDArray[np.int32], int]:
    """The component (m,) of each triangle, numbered from 0, and how many there are; a shared vertex joins."""
    root = _join(faces, vertices)
    _, inverse = np.unique(root[faces[:, 0]], return_inverse=True)
    component = inverse.reshape(-1).astype(np.int32)
    return component, int(component.max()) + 1 if len(component) else 0


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
