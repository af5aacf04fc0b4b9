"""Reading a surface at points on its triangles: position, and the colour a visitor would see there."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.bvh import Hits
from asset_pipeline.mesh import Faces, Image, Mesh, Positions

Colours = NDArray[np.float32]
GREY = 200.0


def points_at(positions: Positions, faces: Faces, hits: Hits) -> NDArray[np.float64]:
    """The positions (n, 3) at faces and barycentric weights."""
    corners = positions[faces[hits.face]]
    return np.asarray(np.einsum("nk,nkd->nd", hits.weights.astype(np.float64), corners))


def colours_at(mesh: Mesh, hits: Hits, nearest: bool = False) -> Colours:
    """The surface's sRGB colours (n, 3), 0..255, at faces and weights; pictures are read bilinearly unless nearest."""
    colours = np.full((len(hits.face), 3), GREY, np.float32)
    if mesh.colours is not None:
        corners = mesh.colours[mesh.faces[hits.face]].astype(np.float32)
        colours = np.einsum("nk,nkd->nd", hits.weights, corners)
    if not mesh.materials:
        return colours
    base = colours / 255 if mesh.colours is not None else np.ones_like(colours)
    part = np.zeros(len(hits.face), np.int32) if mesh.face_material is None else mesh.face_material[hits.face]
    for index, material in enumerate(mesh.materials):
        mine = part == index
        if not mine.any():
            continue
        factor = np.asarray(material.colour, np.float32)
        if material.picture is None or mesh.uv is None:
            colours[mine] = base[mine] * factor * 255
            continue
        corners = mesh.uv[mesh.faces[hits.face[mine]]]
        uv = np.einsum("nk,nkd->nd", hits.weights[mine], corners)
        colours[mine] = sample_picture(material.picture, uv, nearest) * factor * base[mine]
    return colours


def sample_picture(picture: Image, uv: NDArray[np.float32], nearest: bool = False) -> Colours:
    """The picture's colours (n, 3) at texture coordinates (n, 2), repeating outside 0..1."""
    height, width = picture.shape[:2]
    x = (uv[:, 0] % 1.0) * width
    y = (uv[:, 1] % 1.0) * height
    if nearest:
        rows, columns = np.minimum(y.astype(np.int64), height - 1), np.minimum(x.astype(np.int64), width - 1)
        return np.asarray(picture[rows, columns], np.float32)
    x, y = x - 0.5, y - 0.5
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = (x - left)[:, None].astype(np.float32), (y - top)[:, None].astype(np.float32)
    right, bottom = (left + 1) % width, (top + 1) % height
    left, top = left % width, top % height
    upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
    lower = picture[bottom, left] * (1 - fx) + picture[bottom, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def face_areas(positions: Positions, faces: Faces) -> NDArray[np.float64]:
    """The area (m,) of each triangle in squared mesh units."""
    a, b, c = (positions[faces[:, k]] for k in range(3))
    return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1))


def sample_surface(positions: Positions, faces: Faces, count: int, seed: int) -> Hits:
    """Points spread over the surface by area, always the same for the same seed; in face order, so neighbours stay close."""
    areas = face_areas(positions, faces)
    ends = np.cumsum(areas)
    # stratified: one draw in each of `count` equal shares of the area
    random = np.random.default_rng(seed)
    at = (np.arange(count) + random.random(count)) / count * ends[-1]
    face = np.minimum(np.searchsorted(ends, at, side="right"), len(faces) - 1).astype(np.int32)
    root, v = np.sqrt(random.random(count)), random.random(count)
    weights = np.stack([1 - root, root * (1 - v), root * v], axis=1).astype(np.float32)
    return Hits(face, weights, np.zeros(count, np.float32))
