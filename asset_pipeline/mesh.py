"""The mesh that every step of the pipeline takes and gives: arrays that are never written to in place."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]
Faces = NDArray[np.int32]
Image = NDArray[np.uint8]

CHUNK_ROWS = 1 << 18
FARTHEST = 1e12  # a coordinate beyond it is a broken number in any unit


def ordinary_points(positions: Positions) -> NDArray[np.bool_]:
    """Which of positions (n, 3) are places at all: no NaN, no infinity, nothing beyond all distance."""
    found = np.empty(len(positions), bool)
    for start in range(0, len(positions), CHUNK_ROWS):  # of a large scan no second copy is made
        part = slice(start, start + CHUNK_ROWS)
        found[part] = np.all(np.abs(positions[part]) < FARTHEST, axis=1)
    return found


@dataclass(frozen=True)
class Material:
    """How one part of the surface looks, in the terms of glTF; pictures are (h, w, 3) with row 0 on top.

    colour: sRGB factor 0..1, times the picture where there is one. normal_map: tangent space, green up. roughness_map:
    green roughness, blue metal, times the two factors. All pictures of a material share its texture coordinates.
    """

    name: str = ""
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    picture: Image | None = None
    source_jpeg: bytes | None = field(default=None, repr=False)  # the picture as delivered, kept when it is the smaller
    normal_map: Image | None = None
    roughness_map: Image | None = None
    roughness: float = 1.0
    metallic: float = 0.0


@dataclass(frozen=True)
class Surface:
    """The bare shape: each place once. positions (n, 3); faces (m, 3); colours (n, 3) float32 sRGB 0..255 or None."""

    positions: Positions
    faces: Faces
    colours: NDArray[np.float32] | None = None

    @property
    def triangles(self) -> int:
        """How many triangles the surface has."""
        return len(self.faces)


@dataclass(frozen=True)
class Mesh:
    """Triangles with what they carry.

    positions (n, 3) float64; faces (m, 3) int32 into positions; uv (n, 2) float32, origin top left as in glTF;
    colours (n, 3) uint8 sRGB; face_material (m,) int32 into materials. A vertex with two texture coordinates stands
    twice, as in glTF: `weld` in clean.py joins such copies where a step needs the bare surface.
    """

    positions: Positions
    faces: Faces
    uv: NDArray[np.float32] | None = None
    colours: NDArray[np.uint8] | None = None
    materials: tuple[Material, ...] = ()
    face_material: NDArray[np.int32] | None = None

    @property
    def triangles(self) -> int:
        """How many triangles the mesh has."""
        return len(self.faces)

    @property
    def vertices(self) -> int:
        """How many vertex rows the mesh has, copies at texture seams included."""
        return len(self.positions)

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest corner, each (3,), of all positions."""
        return self.positions.min(axis=0), self.positions.max(axis=0)

    def diagonal(self) -> float:
        """Length of the bounding box's diagonal: the yardstick of every relative error."""
        low, high = self.bounds()
        return float(np.linalg.norm(high - low))
