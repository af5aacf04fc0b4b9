"""The scan's colours carried over to a level: a picture for its new texture coordinates, or colours at its vertices."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.atlas import Atlas
from asset_pipeline.bvh import Bvh, Hits, find_closest
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Image, Mesh, Positions
from asset_pipeline.surface import colours_at, points_at, sample_surface

SAMPLES_PER_TRIANGLE = 12
MAX_SAMPLES = 1_500_000
FIT_ROUNDS = 12
PULL = 0.05  # how strongly a fitted vertex colour is held to the scan's colour at the vertex
QUERY_ROWS = 1 << 20


def bake_picture(atlas: Atlas, scan: Mesh, bvh: Bvh, texture_px: int) -> Image:
    """The scan's colour at every texel of the atlas, (px, px, 3); gaps are filled smoothly so that mipmaps do not bleed."""
    owner = np.full((texture_px, texture_px), -1, np.int32)
    weights = np.zeros((texture_px, texture_px, 3), np.float32)
    _cover(atlas.uv * texture_px, atlas.faces, owner, weights)
    rows, columns = np.nonzero(owner >= 0)
    face = owner[rows, columns]
    order = np.argsort(face, kind="stable")  # texels of one triangle together: the search starts near its answer
    rows, columns, face = rows[order], columns[order], face[order]
    colours = np.empty((len(face), 3), np.float32)
    for start in range(0, len(face), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        texels = Hits(face[part], weights[rows[part], columns[part]], np.zeros(0, np.float32))
        points = points_at(atlas.positions, atlas.faces, texels)
        colours[part] = colours_at(scan, find_closest(bvh, points))
    picture = np.zeros((texture_px, texture_px, 3), np.float32)
    picture[rows, columns] = colours
    return fill_gaps(picture, owner >= 0)


@njit(cache=True)
def _cover(uv, faces, owner, weights):
    """Give every texel whose centre lies in a triangle, or within a texel of it, that triangle and clamped weights."""
    size = len(owner)
    for margin in (0.0, 1.5):  # first what lies inside, then a rim where nothing lies yet
        for f in range(len(faces)):
            ax, ay = uv[faces[f, 0], 0], uv[faces[f, 0], 1]
            bx, by = uv[faces[f, 1], 0], uv[faces[f, 1], 1]
            cx, cy = uv[faces[f, 2], 0], uv[faces[f, 2], 1]
            double = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
            if abs(double) < 1e-12:
                continue
            left = max(0, int(np.floor(min(ax, bx, cx) - margin)))
            right = min(size - 1, int(np.ceil(max(ax, bx, cx) + margin)))
            top = max(0, int(np.floor(min(ay, by, cy) - margin)))
            bottom = min(size - 1, int(np.ceil(max(ay, by, cy) + margin)))
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    if owner[row, column] >= 0:
                        continue
                    x, y = column + 0.5, row + 0.5
                    v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / double
                    w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / double
                    u = 1.0 - v - w
                    if margin == 0.0 and (u < 0 or v < 0 or w < 0):
                        continue
                    u, v, w = max(u, 0.0), max(v, 0.0), max(w, 0.0)
                    total = u + v + w
                    u, v, w = u / total, v / total, w / total
                    dx = u * ax + v * bx + w * cx - x
                    dy = u * ay + v * by + w * cy - y
                    if dx * dx + dy * dy <= margin * margin + 1e-9:
                        owner[row, column] = f
                        weights[row, column, 0], weights[row, column, 1], weights[row, column, 2] = u, v, w


def fill_gaps(picture: NDArray[np.float32], known: NDArray[np.bool_]) -> Image:
    """The picture with unknown texels taken from ever coarser means of the known ones (pull and push)."""
    levels = [(picture * known[..., None], known.astype(np.float32))]
    while levels[-1][0].shape[0] > 1:
        colour, weight = levels[-1]
        half = colour.shape[0] // 2
        levels.append((colour.reshape(half, 2, half, 2, 3).sum((1, 3)), weight.reshape(half, 2, half, 2).sum((1, 3))))
    filled = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for colour, weight in levels[-2::-1]:
        coarse = np.repeat(np.repeat(filled, 2, axis=0), 2, axis=1)
        filled = np.where(weight[..., None] > 0, colour / np.maximum(weight, 1e-6)[..., None], coarse)
    return np.clip(filled + 0.5, 0, 255).astype(np.uint8)


def bake_vertex_colours(positions: Positions, faces: Faces, scan: Mesh, bvh: Bvh) -> NDArray[np.uint8]:
    """Colours (n, 3) at the vertices with which the shaded level comes closest to the scan, by least squares."""
    start = colours_at(scan, find_closest(bvh, positions))
    count = min(MAX_SAMPLES, SAMPLES_PER_TRIANGLE * len(faces))
    samples = sample_surface(positions, faces, count, seed=1)
    wanted = colours_at(scan, find_closest(bvh, points_at(positions, faces, samples)))
    corners = faces[samples.face]
    fitted = _fit(start.astype(np.float64), corners, samples.weights.astype(np.float64), wanted)
    return np.clip(fitted + 0.5, 0, 255).astype(np.uint8)


def _fit(
    start: NDArray[np.float64], corners: NDArray[np.int32], weights: NDArray[np.float64], wanted: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Minimise |A x - wanted|^2 + pull |x - start|^2 by conjugate gradients; A holds the barycentric weights."""
    vertices = len(start)
    mass = np.bincount(corners.reshape(-1), (weights**2).reshape(-1), vertices)
    hold = PULL * max(float(mass.mean()), 1e-9)

    def gather(x: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.einsum("nk,nk->n", weights, x[corners])
        return np.bincount(corners.reshape(-1), (weights * values[:, None]).reshape(-1), vertices) + hold * x

    fitted = start.copy()
    for channel in range(3):
        right = np.bincount(corners.reshape(-1), (weights * wanted[:, channel, None]).reshape(-1), vertices)
        x = start[:, channel].copy()
        rest = right + hold * x - gather(x)
        step = rest.copy()
        size = float(rest @ rest)
        for _ in range(FIT_ROUNDS):
            pushed = gather(step)
            length = size / max(float(step @ pushed), 1e-30)
            x += length * step
            rest -= length * pushed
            size, previous = float(rest @ rest), size
            step = rest + size / max(previous, 1e-30) * step
        fitted[:, channel] = x
    return fitted
