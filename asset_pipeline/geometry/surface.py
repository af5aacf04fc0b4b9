"""Reading a surface at points on its triangles: position, normal, and the colour a visitor would see there."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Hits
from asset_pipeline.geometry.spool import let_go
from asset_pipeline.jit import njit, prange
from asset_pipeline.mesh import Faces, Image, Mesh, Positions

Colours = NDArray[np.float32]
GREY = 200.0
AREA_ROWS = 1 << 21  # triangles after which the memory of a scan on disk is given back


def points_at(positions: Positions, faces: Faces, hits: Hits) -> NDArray[np.float64]:
    """The positions (n, 3) at faces and barycentric weights."""
    points = np.empty((len(hits.face), 3))
    _blend(positions, faces, hits.face, hits.weights, points)
    let_go(positions, faces)  # here and below: of a scan on disk no more stays in memory than one reading touches
    return points


def normals_at(normals: NDArray[np.float32], hits: Hits) -> NDArray[np.float32]:
    """Unit normals (n, 3) at faces and weights, from normals (m, 3, 3), one a corner of each face."""
    found = np.empty((len(hits.face), 3), np.float32)
    _blend_normals(normals, hits.face, hits.weights, found)
    let_go(normals)
    return found


def colours_at(mesh: Mesh, hits: Hits, nearest: bool = False) -> Colours:
    """The surface's sRGB colours (n, 3), 0..255, at faces and weights; pictures are read bilinearly unless nearest."""
    colours = np.full((len(hits.face), 3), 255.0 if mesh.materials else GREY, np.float32)
    if mesh.colours is not None:
        _blend(mesh.colours, mesh.faces, hits.face, hits.weights, colours)
    for index, material in enumerate(mesh.materials):
        part = _part(mesh, index)
        factor = np.asarray(material.colour, np.float32)
        picture = None if mesh.uv is None else material.picture
        _tint(mesh, hits, part, (picture, factor, nearest), colours)
    let_go(mesh.faces, mesh.colours, mesh.uv, mesh.face_material)
    return colours


def surface_maps_at(mesh: Mesh, hits: Hits) -> Colours:
    """Roughness in green and metal in blue (n, 3), 0..255, at faces and weights: the maps times their factors."""
    values = np.full((len(hits.face), 3), 255.0, np.float32)
    if not mesh.materials:
        values[:, 2] = 0
    for index, material in enumerate(mesh.materials):
        factor = np.array([1.0, material.roughness, material.metallic], np.float32)
        picture = None if mesh.uv is None else material.roughness_map
        _tint(mesh, hits, _part(mesh, index), (picture, factor, False), values)
    return values


def _part(mesh: Mesh, index: int) -> NDArray[np.bool_]:
    """Which faces (m,) wear a material; (1,) True when all do."""
    return np.ones(1, np.bool_) if mesh.face_material is None else np.asarray(mesh.face_material == index)


def _tint(
    mesh: Mesh,
    hits: Hits,
    part: NDArray[np.bool_],
    look: tuple[Image | None, NDArray[np.float32], bool],
    values: Colours,
) -> None:
    """Multiply the values of hits on a part by the factor and, where there is one, by the picture (its 255 is 1)."""
    picture, factor, nearest = look
    uv = np.zeros((1, 2), np.float32) if picture is None or mesh.uv is None else mesh.uv
    shown = np.full((1, 1, 3), 255, np.uint8) if picture is None else picture
    _multiply(np.ascontiguousarray(shown), uv, mesh.faces, hits.face, hits.weights, part, factor, nearest, values)


@njit(cache=True)
def _blend(rows, faces, face, weights, out):
    """Rows of the corners (positions, colours) blended by the weights."""
    for i in range(len(face)):
        a, b, c = faces[face[i], 0], faces[face[i], 1], faces[face[i], 2]
        for axis in range(out.shape[1]):
            out[i, axis] = weights[i, 0] * rows[a, axis] + weights[i, 1] * rows[b, axis] + weights[i, 2] * rows[c, axis]


@njit(cache=True)
def _blend_normals(normals, face, weights, out):
    for i in range(len(face)):
        x, y, z = 0.0, 0.0, 0.0
        for k in range(3):
            x += weights[i, k] * normals[face[i], k, 0]
            y += weights[i, k] * normals[face[i], k, 1]
            z += weights[i, k] * normals[face[i], k, 2]
        length = max(np.sqrt(x * x + y * y + z * z), 1e-9)
        out[i, 0], out[i, 1], out[i, 2] = x / length, y / length, z / length


@njit(cache=True, parallel=True)
def _multiply(picture, uv, faces, face, weights, part, factor, nearest, values):
    height, width = picture.shape[:2]
    plain = len(uv) == 1
    one, shares = np.float32(1), factor / np.float32(255)
    for i in prange(len(face)):
        f = face[i]
        if not part[f if len(part) > 1 else 0]:
            continue
        if plain:
            for channel in range(3):
                values[i, channel] *= factor[channel]
            continue
        x, y = 0.0, 0.0
        for k in range(3):
            x += weights[i, k] * uv[faces[f, k], 0]
            y += weights[i, k] * uv[faces[f, k], 1]
        x, y = (x - np.floor(x)) * width, (y - np.floor(y)) * height
        if nearest:
            row, column = min(int(y), height - 1), min(int(x), width - 1)
            for channel in range(3):
                values[i, channel] *= factor[channel] * picture[row, column, channel] / 255
            continue
        left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
        fx, fy = np.float32(x - 0.5 - left), np.float32(y - 0.5 - top)
        # from -1 to the last: a comparison wraps around sooner than a division
        right, bottom = left + 1 if left + 1 < width else 0, top + 1 if top + 1 < height else 0
        left, top = left if left >= 0 else width - 1, top if top >= 0 else height - 1
        for channel in range(3):
            upper = picture[top, left, channel] * (one - fx) + picture[top, right, channel] * fx
            lower = picture[bottom, left, channel] * (one - fx) + picture[bottom, right, channel] * fx
            values[i, channel] *= shares[channel] * (upper * (one - fy) + lower * fy)


def face_areas(positions: Positions, faces: Faces) -> NDArray[np.float64]:
    """The area (m,) of each triangle in squared mesh units."""
    areas = np.empty(len(faces))
    for start in range(0, len(faces), AREA_ROWS):
        part = slice(start, start + AREA_ROWS)
        _areas(positions, faces[part], areas[part])
        let_go(positions, faces)
    return areas


@njit(cache=True)
def _areas(positions, faces, areas):
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        abx, aby, abz = (
            positions[b, 0] - positions[a, 0],
            positions[b, 1] - positions[a, 1],
            positions[b, 2] - positions[a, 2],
        )
        acx, acy, acz = (
            positions[c, 0] - positions[a, 0],
            positions[c, 1] - positions[a, 1],
            positions[c, 2] - positions[a, 2],
        )
        x, y, z = aby * acz - abz * acy, abz * acx - abx * acz, abx * acy - aby * acx
        areas[f] = 0.5 * np.sqrt(x * x + y * y + z * z)


def sample_surface(positions: Positions, faces: Faces, count: int, seed: int) -> Hits:
    """Points spread over the surface by area, always the same for the same seed; in face order, so neighbours stay close."""
    ends = face_areas(positions, faces)
    np.cumsum(ends, out=ends)
    # stratified: one draw in each of `count` equal shares of the area
    random = np.random.default_rng(seed)
    at = (np.arange(count) + random.random(count)) / count * ends[-1]
    face = np.minimum(np.searchsorted(ends, at, side="right"), len(faces) - 1).astype(np.int32)
    root, v = np.sqrt(random.random(count)), random.random(count)
    weights = np.stack([1 - root, root * (1 - v), root * v], axis=1).astype(np.float32)
    return Hits(face, weights, np.zeros(count, np.float32))
