"""Tangent space as the browser makes it: a normal map means the same there as where it was baked.

Levels carry no tangents. three.js then derives a frame for each pixel from the derivatives of position and texture
coordinate (getTangentFrame; after Schüler, Normal mapping without precomputed tangents), of which this is the same formula
with a triangle's edges for the derivatives: T and B lie square to the interpolated normal N, point where u and v grow, and
share one factor that makes the longer of them 1. Green is up in glTF and v grows downwards, so n = x T - y B + z N. On
charts without shear this is MikkTSpace's frame.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Hits
from asset_pipeline.geometry.surface import colours_at, normals_at
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Material, Mesh, Positions

LEAST_Z = 0.05  # a baked normal never points into the surface that carries it

Rows = NDArray[np.float32]
Numbers = NDArray[np.int32]


def to_tangent(positions: Positions, faces: Faces, uv: Rows, rows: tuple[Numbers, Rows, Rows]) -> Rows:
    """Tangent-space unit normals (n, 3) for rows: the face (n,), the interpolated normal (n, 3), the normal to show (n, 3)."""
    face, base, wanted = rows
    result = np.empty((len(face), 3), np.float32)
    _change_frame(positions, faces, uv, face, base, wanted, True, LEAST_Z, result)
    return result


def from_tangent(positions: Positions, faces: Faces, uv: Rows, rows: tuple[Numbers, Rows, Rows]) -> Rows:
    """Unit normals (n, 3) that a map shows: the face (n,), the interpolated normal (n, 3), the map's vector (n, 3)."""
    face, base, mapped = rows
    result = np.empty((len(face), 3), np.float32)
    _change_frame(positions, faces, uv, face, base, mapped, False, LEAST_Z, result)
    return result


def shown_normals(mesh: Mesh, normals: Rows, hits: Hits) -> Rows:
    """The normals (n, 3) a mesh is lit by: its smooth ones (m, 3, 3), turned by its own normal maps."""
    shown = normals_at(normals, hits)
    if mesh.uv is None or all(material.normal_map is None for material in mesh.materials):
        return shown
    own = [Material(picture=material.normal_map) for material in mesh.materials]
    mapped = (
        colours_at(Mesh(mesh.positions, mesh.faces, mesh.uv, None, tuple(own), mesh.face_material), hits)
        / np.float32(127.5)
        - 1
    )
    use = np.zeros(1, np.int32) if mesh.face_material is None else mesh.face_material[hits.face]
    has_map = np.array([material.normal_map is not None for material in mesh.materials])[use]
    mapped[np.broadcast_to(~has_map, len(mapped))] = (0, 0, 1)
    return from_tangent(mesh.positions, mesh.faces, mesh.uv, (hits.face, shown, mapped))


@njit(cache=True)
def _change_frame(positions, faces, uv, face, base, vectors, into, least_z, result):
    for i in range(len(face)):
        a, b, c = faces[face[i], 0], faces[face[i], 1], faces[face[i], 2]
        nx, ny, nz = base[i, 0], base[i, 1], base[i, 2]
        x1, y1, z1 = (
            positions[b, 0] - positions[a, 0],
            positions[b, 1] - positions[a, 1],
            positions[b, 2] - positions[a, 2],
        )
        x2, y2, z2 = (
            positions[c, 0] - positions[a, 0],
            positions[c, 1] - positions[a, 1],
            positions[c, 2] - positions[a, 2],
        )
        u1, v1 = uv[b, 0] - uv[a, 0], uv[b, 1] - uv[a, 1]
        u2, v2 = uv[c, 0] - uv[a, 0], uv[c, 1] - uv[a, 1]
        # second edge x N, and N x first edge
        px, py, pz = y2 * nz - z2 * ny, z2 * nx - x2 * nz, x2 * ny - y2 * nx
        qx, qy, qz = ny * z1 - nz * y1, nz * x1 - nx * z1, nx * y1 - ny * x1
        tx, ty, tz = px * u1 + qx * u2, py * u1 + qy * u2, pz * u1 + qz * u2
        bx, by, bz = px * v1 + qx * v2, py * v1 + qy * v2, pz * v1 + qz * v2
        tt, bb, tb = tx * tx + ty * ty + tz * tz, bx * bx + by * by + bz * bz, tx * bx + ty * by + tz * bz
        longest = max(tt, bb)
        share = tt * bb - tb * tb
        if not longest > 0 or not share > 1e-6 * longest * longest:  # no frame: the map can say nothing here
            if into:
                result[i, 0], result[i, 1], result[i, 2] = 0.0, 0.0, 1.0
            else:
                result[i, 0], result[i, 1], result[i, 2] = nx, ny, nz
            continue
        scale = 1 / np.sqrt(longest)
        if into:
            wx, wy, wz = vectors[i, 0], vectors[i, 1], vectors[i, 2]
            along_t, along_b = (wx * tx + wy * ty + wz * tz) * scale, (wx * bx + wy * by + wz * bz) * scale
            st, sb, sm, det = tt / longest, bb / longest, tb / longest, share / (longest * longest)
            x = (along_t * sb - along_b * sm) / det
            y = -(along_b * st - along_t * sm) / det
            z = max(wx * nx + wy * ny + wz * nz, least_z)
        else:
            mx, my, mz = vectors[i, 0] * scale, -vectors[i, 1] * scale, vectors[i, 2]
            x = tx * mx + bx * my + nx * mz
            y = ty * mx + by * my + ny * mz
            z = tz * mx + bz * my + nz * mz
        length = max(np.sqrt(x * x + y * y + z * z), 1e-9)
        result[i, 0], result[i, 1], result[i, 2] = x / length, y / length, z / length
