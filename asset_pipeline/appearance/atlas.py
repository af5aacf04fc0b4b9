"""Texture coordinates for a collapsed surface: charts by xatlas, region by region, or one chart for land seen from above."""

from dataclasses import dataclass

import numpy as np
import xatlas
from numpy.typing import NDArray

from asset_pipeline.appearance.texels import count_covered, texel_steps
from asset_pipeline.errors import BuildFailed
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.mesh import Faces, Positions

REGION_TRIANGLES = (
    3_200  # larger ones give hardly fewer charts and vertices; xatlas takes more than twice the time for twice
)
FINE_REGION_TRIANGLES, FINE_TRIANGLES = 2_000, 30_000  # for surfaces of more triangles, where that time is seconds
SIDE = 1000.0  # what a surface is scaled to: xatlas drops triangles that it thinks too small
FILL = 0.6  # what xatlas usually fills of the square
PADDING_SHARE, PADDING_PX = 512, (2, 8)  # a px of padding for so many of the side, at least and at most
LEAST_TEXELS = 1e-3  # an area in texels that must have got a place
FLAT_PX = 512  # the raster on which a flat layout is tried
MOST_TURNED, MOST_OVERLAP, LEAST_FILL = 0.02, 0.03, 0.35  # shares of a flat layout's area, the last of the square

NEAR_MAIN = 0.8  # cosine: a border higher on one side than on the other tilts the whole

Uv = NDArray[np.float32]


@dataclass(frozen=True)
class Atlas:
    """positions (n, 3), faces (m, 3), uv (n, 2) in 0..1 with the origin top left; vertices stand once a chart."""

    positions: Positions
    faces: Faces
    uv: Uv


def make_atlas(positions: Positions, faces: Faces, texture_px: int) -> Atlas:
    """The surface with non-overlapping texture coordinates, its faces in their order, charts apart by padding_px.

    Raises BuildFailed when a triangle with an area would have no place.
    """
    scaled, texels_per_unit = _scale(positions, faces, texture_px)
    regions = split_regions(positions, faces)
    parts = [(faces[region], np.unique(faces[region], return_inverse=True)) for region in regions]
    atlas = _generate([(scaled[used], corners) for _, (used, corners) in parts], texture_px, texels_per_unit)
    side = max(atlas.width, atlas.height, 1)
    size = np.array([atlas.width / side, atlas.height / side], np.float32)
    origins, ordered, uvs, first = [], np.empty_like(faces), [], 0
    for index, (region, (wanted, (used, _))) in enumerate(zip(regions, parts, strict=True)):
        origin, corners, uv = atlas.get_mesh(index)
        if len(corners) != len(wanted) or not np.array_equal(used[origin[corners]], wanted):
            raise BuildFailed("atlas_incomplete", "The texture atlas lost triangles of the surface.", "atlas")
        ordered[region] = corners.astype(np.int32) + first
        origins.append(used[origin])
        uvs.append(uv * size)
        first += len(origin)
    made = Atlas(positions[np.concatenate(origins)], ordered, np.clip(np.concatenate(uvs), 0, 1).astype(np.float32))
    return _place_missing(made, face_areas(scaled.astype(np.float64), faces) * texels_per_unit**2, texture_px)


def padding_px(texture_px: int) -> int:
    """How far apart charts lie at least, in px: mipmaps down to the one where that is less than a texel do not mix them."""
    least, most = PADDING_PX
    return min(most, max(least, texture_px // PADDING_SHARE))


def _scale(positions: Positions, faces: Faces, texture_px: int) -> tuple[NDArray[np.float32], float]:
    """(positions in a box of SIDE, texels a unit there)."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    scaled = ((positions - low) * (SIDE / max(float((high - low).max()), 1e-30))).astype(np.float32)
    area = float(face_areas(scaled.astype(np.float64), faces).sum())
    return scaled, texture_px * float(np.sqrt(FILL / max(area, 1e-12)))


def _generate(
    parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]], texture_px: int, texels_per_unit: float
) -> xatlas.Atlas:
    pack = xatlas.PackOptions()
    pack.padding = padding_px(texture_px)
    pack.texels_per_unit = texels_per_unit
    pack.create_image = False
    atlas = xatlas.Atlas()
    for positions, corners in parts:
        atlas.add_mesh(positions, corners.reshape(-1, 3).astype(np.uint32))
    atlas.generate(xatlas.ChartOptions(), pack, verbose=False)
    return atlas


def _place_missing(atlas: Atlas, areas: NDArray[np.float64], texture_px: int) -> Atlas:
    """The atlas, every triangle that xatlas gave no place laid out by itself on a strip below the others."""
    placed = face_areas(np.pad(atlas.uv, ((0, 0), (0, 1))).astype(np.float64), atlas.faces) * texture_px**2
    missing = np.flatnonzero((placed < LEAST_TEXELS * LEAST_TEXELS) & (areas > LEAST_TEXELS))
    if not len(missing):
        return atlas
    columns = max(1, int(np.ceil(np.sqrt(len(missing) * 4))))  # the strip takes a quarter of the height at most
    cell = 1 / columns
    rows = -(-len(missing) // columns)
    room = 1 - rows * cell
    corner = np.array([[0.15, 0.15], [0.85, 0.15], [0.15, 0.85]], np.float32) * np.float32(cell)
    at = np.stack([np.arange(len(missing)) % columns * cell, room + np.arange(len(missing)) // columns * cell], axis=1)
    own = (at[:, None, :] + corner).reshape(-1, 2).astype(np.float32)
    faces = atlas.faces.copy()
    faces[missing] = len(atlas.positions) + np.arange(3 * len(missing), dtype=np.int32).reshape(-1, 3)
    positions = np.concatenate([atlas.positions, atlas.positions[atlas.faces[missing].reshape(-1)]])
    return Atlas(positions, faces, np.concatenate([atlas.uv * np.float32(room), own]))


def split_regions(positions: Positions, faces: Faces) -> list[NDArray[np.int64]]:
    """Face numbers in groups of so many triangles at most, each compact: halved across the longest side until small."""
    most = REGION_TRIANGLES if len(faces) <= FINE_TRIANGLES else FINE_REGION_TRIANGLES
    centres = positions[faces].mean(axis=1)
    waiting = [np.arange(len(faces))]
    regions = []
    while waiting:
        region = waiting.pop()
        if len(region) <= most:
            regions.append(np.sort(region))
            continue
        axis = int(np.argmax(np.ptp(centres[region], axis=0)))
        order = np.argsort(centres[region, axis], kind="stable")
        half = len(region) // 2
        waiting += [region[order[half:]], region[order[:half]]]
    return regions


def lay_flat(positions: Positions, faces: Faces, texture_px: int) -> Atlas | None:
    """The surface as one chart, seen from where it faces as a whole; None where it would cover itself.

    Land surveyed from the air is such a surface. Its charts would be thousands, for at every tree and wall it turns.
    """
    a, b, c = (positions[faces[:, k]] for k in range(3))
    vectors = np.cross(b - a, c - a)
    axis = _facing(vectors)
    if axis is None:
        return None
    plan = positions @ _plane(axis).T
    low, span = plan.min(axis=0), float(np.ptp(plan, axis=0).max())
    if not span > 0:
        return None
    margin = padding_px(texture_px) / texture_px / 2
    uv = ((plan - low) / span * (1 - 2 * margin) + margin).astype(np.float32)
    areas = vectors @ axis
    total = float(np.abs(areas).sum())
    if float(-areas[areas < 0].sum()) > MOST_TURNED * total:
        return None
    covered = count_covered(uv, faces, FLAT_PX) / FLAT_PX**2
    claimed = 0.5 * total / span**2 * (1 - 2 * margin) ** 2
    if covered < LEAST_FILL or claimed - covered > MOST_OVERLAP * claimed:
        return None
    return Atlas(positions, faces, uv)


def _facing(vectors: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The direction (3,) in which triangles with these area vectors (m, 3) face as a whole: a main one where it is near."""
    total = vectors.sum(axis=0)
    length = float(np.linalg.norm(total))
    if not length > 0:
        return None
    main = int(np.argmax(np.abs(total)))
    if abs(total[main]) < NEAR_MAIN * length:
        return np.asarray(total / length)
    return np.asarray(np.eye(3)[main] * np.sign(total[main]))


def _plane(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two directions (2, 3) at right angles to axis, to the right and downwards for who looks against it."""
    up = np.array([0.0, 1.0, 0.0]) if abs(axis[1]) < 0.9 else np.array([0.0, 0.0, -np.sign(axis[1])])
    right = np.cross(up, axis)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, axis)])


def measure_stretch(positions: Positions, faces: Faces, uv: Uv) -> float:
    """How coarse the worst twentieth of a surface is textured: the longest way a texel goes there, to the mean way."""
    steps = texel_steps(uv, positions, faces, 1).astype(np.float64)
    areas = face_areas(positions, faces)
    taken = face_areas(np.pad(uv, ((0, 0), (0, 1))).astype(np.float64), faces)
    mean = np.sqrt(areas.sum() / max(float(taken.sum()), 1e-30))
    rr, dd = (np.einsum("fk,fk->f", steps[:, k], steps[:, k]) for k in (0, 1))
    rd = np.einsum("fk,fk->f", steps[:, 0], steps[:, 1])
    longest = np.sqrt((rr + dd + np.sqrt((rr - dd) ** 2 + 4 * rd**2)) / 2) / max(float(mean), 1e-30)
    order = np.argsort(longest, kind="stable")
    share = np.cumsum(areas[order])
    return float(longest[order[min(len(order) - 1, int(np.searchsorted(share, 0.95 * share[-1])))]])
