"""Texture coordinates for a collapsed surface: xatlas, region by region where it would take too long in one piece."""

from dataclasses import dataclass

import numpy as np
import xatlas
from numpy.typing import NDArray

from asset_pipeline.mesh import Faces, Positions
from asset_pipeline.surface import face_areas

REGION_TRIANGLES = 6_000  # xatlas takes more than twice the time for twice the triangles
FILL = 0.62  # what xatlas usually fills of the square
PADDING_PX = 3


@dataclass(frozen=True)
class Atlas:
    """positions (n, 3), faces (m, 3), uv (n, 2) in 0..1 with the origin top left; vertices stand once a chart."""

    positions: Positions
    faces: Faces
    uv: NDArray[np.float32]


def make_atlas(positions: Positions, faces: Faces, texture_px: int) -> Atlas:
    """The surface with non-overlapping texture coordinates, charts at least 3 px apart at texture_px."""
    scale = 1.0 / max(float(np.ptp(positions, axis=0).max()), 1e-12)  # xatlas drops triangles it thinks too small
    area = float(face_areas(positions, faces).sum()) * scale * scale
    pack = xatlas.PackOptions()
    pack.padding = PADDING_PX
    pack.texels_per_unit = texture_px * float(np.sqrt(FILL / max(area, 1e-12)))
    pack.create_image = False
    atlas = xatlas.Atlas()
    regions = split_regions(positions, faces)
    for region in regions:
        used, corners = np.unique(faces[region], return_inverse=True)
        atlas.add_mesh((positions[used] * scale).astype(np.float32), corners.reshape(-1, 3).astype(np.uint32))
    atlas.generate(xatlas.ChartOptions(), pack, verbose=False)
    side = max(atlas.width, atlas.height)
    stretch = np.array([atlas.width / side, atlas.height / side], np.float32)
    parts: list[tuple[Positions, Faces, NDArray[np.float32]]] = []
    first = 0
    for index, region in enumerate(regions):
        origin, corners, uv = atlas.get_mesh(index)
        used = np.unique(faces[region])
        parts.append((positions[used][origin], corners.astype(np.int32) + first, uv * stretch))
        first += len(origin)
    return Atlas(*(np.concatenate([part[k] for part in parts]) for k in range(3)))


def split_regions(positions: Positions, faces: Faces) -> list[NDArray[np.int64]]:
    """Face numbers in groups of at most REGION_TRIANGLES, each compact: halved across the longest side until small."""
    centres = positions[faces].mean(axis=1)
    waiting = [np.arange(len(faces))]
    regions = []
    while waiting:
        region = waiting.pop()
        if len(region) <= REGION_TRIANGLES:
            regions.append(np.sort(region))
            continue
        axis = int(np.argmax(np.ptp(centres[region], axis=0)))
        order = np.argsort(centres[region, axis], kind="stable")
        half = len(region) // 2
        waiting += [region[order[half:]], region[order[:half]]]
    return regions
