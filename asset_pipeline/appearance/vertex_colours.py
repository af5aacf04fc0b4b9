"""Colours at the vertices of a level with which it comes closest to the scan."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Bvh, find_closest
from asset_pipeline.geometry.surface import colours_at, points_at, sample_surface
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Mesh, Positions

SAMPLES_PER_TRIANGLE = 12
MAX_SAMPLES = 1_500_000
FIT_ROUNDS = 12
PULL = 0.05  # how strongly a fitted colour is held to the scan's colour at the vertex


def fit_vertex_colours(positions: Positions, faces: Faces, scan: Mesh, bvh: Bvh) -> NDArray[np.uint8]:
    """Colours (n, 3) at the vertices with which the shaded level comes closest to the scan, by least squares."""
    start = colours_at(scan, find_closest(bvh, positions))
    count = min(MAX_SAMPLES, SAMPLES_PER_TRIANGLE * len(faces))
    samples = sample_surface(positions, faces, count, seed=1)
    wanted = colours_at(scan, find_closest(bvh, points_at(positions, faces, samples)))
    fitted = start.astype(np.float64)
    _fit(faces, samples.face, samples.weights, wanted, PULL, FIT_ROUNDS, fitted)
    return np.clip(fitted + 0.5, 0, 255).astype(np.uint8)


@njit(cache=True)
def _apply(faces, face, weights, hold, x, result):
    """The normal equations' product with x: A holds the barycentric weights."""
    result[:] = hold * x
    for i in range(len(face)):
        a, b, c = faces[face[i], 0], faces[face[i], 1], faces[face[i], 2]
        for channel in range(3):
            value = weights[i, 0] * x[a, channel] + weights[i, 1] * x[b, channel] + weights[i, 2] * x[c, channel]
            result[a, channel] += weights[i, 0] * value
            result[b, channel] += weights[i, 1] * value
            result[c, channel] += weights[i, 2] * value


@njit(cache=True)
def _fit(faces, face, weights, wanted, pull, rounds, x):
    """Minimise |A x - wanted|^2 + hold |x - start|^2 by conjugate gradients, in place; x is the start."""
    mass = 0.0
    for i in range(len(face)):
        mass += weights[i, 0] ** 2 + weights[i, 1] ** 2 + weights[i, 2] ** 2
    hold = pull * max(mass / len(x), 1e-9)
    pushed = np.empty_like(x)
    _apply(faces, face, weights, hold, x, pushed)
    rest = hold * x - pushed
    for i in range(len(face)):
        for k in range(3):
            for channel in range(3):
                rest[faces[face[i], k], channel] += weights[i, k] * wanted[i, channel]
    step = rest.copy()
    for _ in range(rounds):
        _apply(faces, face, weights, hold, step, pushed)
        for channel in range(3):
            size, along, left = 0.0, 0.0, 0.0
            for v in range(len(x)):
                size += rest[v, channel] ** 2
                along += step[v, channel] * pushed[v, channel]
            length = size / max(along, 1e-30)
            for v in range(len(x)):
                x[v, channel] += length * step[v, channel]
                rest[v, channel] -= length * pushed[v, channel]
                left += rest[v, channel] ** 2
            share = left / max(size, 1e-30)
            for v in range(len(x)):
                step[v, channel] = rest[v, channel] + share * step[v, channel]
