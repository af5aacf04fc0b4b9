"""Corners with values of their own, texture coordinates or colours, as vertices: one for each pair in use."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.mesh import Mesh


def join_corners(mesh: Mesh, textures: NDArray[np.int32], uv: NDArray[np.float32]) -> Mesh:
    """The mesh with texture coordinates: corner i of its faces, laid end to end, shows uv[textures[i]], (0, 0) for -1.

    Nearly always each texture coordinate belongs to one point, so it becomes that point's vertex; only the corners for
    which that fails are sorted into pairs. Points and texture coordinates that no face names are left out.
    """
    corners = mesh.faces.reshape(-1)
    owner = np.full(len(uv) + 1, -1, np.int32)  # the last stands for "no texture coordinate", which has no one point
    owner[textures] = corners
    owner[-1] = -1
    odd = np.flatnonzero(owner[textures] != corners)
    keys = corners[odd].astype(np.int64) * (len(uv) + 1) + textures[odd] + 1
    pairs, rows = np.unique(keys, return_inverse=True)
    more_points, more_textures = np.divmod(pairs, len(uv) + 1)
    used = np.flatnonzero(owner[:-1] >= 0)
    place = np.zeros(len(uv) + 1, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    faces = place[textures]
    faces[odd] = len(used) + rows.reshape(-1)
    point = np.concatenate([owner[used], more_points.astype(np.int32)])
    table = np.concatenate([uv[used], np.where(more_textures[:, None] > 0, uv[more_textures - 1], np.float32(0))])
    return replace(
        mesh,
        positions=mesh.positions[point],
        faces=faces.reshape(-1, 3),
        uv=table.astype(np.float32, copy=False),
        colours=None if mesh.colours is None else mesh.colours[point],
    )


def split_corners(mesh: Mesh, values: NDArray[np.int32]) -> tuple[Mesh, NDArray[np.int64]]:
    """The mesh with a vertex for each point and row of values (3 m, k) that its corners show there.

    Gives the corner (n,) whose row each vertex has. Points that no face names are left out.
    """
    corners = mesh.faces.reshape(-1)
    owner = np.full(mesh.vertices, -1, np.int64)
    owner[corners] = np.arange(len(corners))
    odd = np.flatnonzero((values[owner[corners]] != values).any(axis=1))
    keys = np.ascontiguousarray(np.concatenate([corners[odd, None], values[odd]], axis=1))
    rows, first = number_rows(keys)
    used = np.flatnonzero(owner >= 0)
    place = np.zeros(mesh.vertices, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    faces = place[corners]
    faces[odd] = len(used) + rows
    corner = np.concatenate([owner[used], odd[first]])
    point = corners[corner]
    split = replace(
        mesh,
        positions=mesh.positions[point],
        faces=faces.reshape(-1, 3),
        uv=None if mesh.uv is None else mesh.uv[point],
        colours=None if mesh.colours is None else mesh.colours[point],
    )
    return split, corner


def split_by_face(mesh: Mesh, group: NDArray[np.int32]) -> tuple[Mesh, NDArray[np.int32]]:
    """The mesh with a vertex row of its own for each group that uses it, and the group (n,) of each vertex.

    group (m,): whole numbers from 0 of the faces. Vertices that no face names are left out.
    """
    groups = int(group.max(initial=0)) + 1
    keys = mesh.faces.astype(np.int64) * groups + group[:, None]
    pairs, rows = np.unique(keys.reshape(-1), return_inverse=True)
    vertex, of_group = np.divmod(pairs, groups)
    split = replace(
        mesh,
        positions=mesh.positions[vertex],
        faces=rows.reshape(-1, 3).astype(np.int32),
        uv=None if mesh.uv is None else mesh.uv[vertex],
        colours=None if mesh.colours is None else mesh.colours[vertex],
    )
    return split, of_group.astype(np.int32)
