"""Parts of a model: patches with relief, swept profiles, and how they become triangles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejima_models.noise import Plane

Points = NDArray[np.float64]
Line = NDArray[np.float64]
EDGE_M = 0.004  # half the width over which a step in the relief rises


@dataclass(frozen=True)
class Relief:
    """What a skin shows at places: height_m above the patch's plane, colour (..., 3) sRGB 0..255."""

    height_m: Plane
    colour: Plane


Skin = Callable[[Plane, Plane], Relief]
Limits = Callable[[Plane], tuple[Plane, Plane]]
Hole = Callable[[Points], NDArray[np.bool_]]


@dataclass(frozen=True)
class Frame:
    """A plane in the model: metres across (s) and along (t) from the origin; the relief rises along across x along."""

    origin: Points
    across: Points
    along: Points

    def at(self, s: Plane, t: Plane, height_m: Plane) -> Points:
        """The points (..., 3) at s, t and a height above the plane."""
        out = np.cross(self.across, self.along)
        return np.asarray(
            self.origin + s[..., None] * self.across + t[..., None] * self.along + height_m[..., None] * out
        )


def make_frame(origin: ArrayLike, across: ArrayLike, along: ArrayLike) -> Frame:
    """A frame from any three vectors; across and along are brought to length 1."""
    a, b = np.asarray(across, np.float64), np.asarray(along, np.float64)
    return Frame(np.asarray(origin, np.float64), a / np.linalg.norm(a), b / np.linalg.norm(b))


def floor_frame(x: float, y: float, z: float) -> Frame:
    """A level frame that faces up: s runs along +x from x, t along -z from z."""
    return make_frame([x, y, z], [1, 0, 0], [0, 0, -1])


def ceiling_frame(x: float, y: float, z: float) -> Frame:
    """A level frame that faces down: s runs along +x from x, t along +z from z."""
    return make_frame([x, y, z], [1, 0, 0], [0, 0, 1])


@dataclass(frozen=True)
class Patch:
    """A surface with its own part of the picture: grid lines in metres, a skin, and what is cut away.

    limits narrows s at each t (hips and gables); hole drops what lies there (openings, what another part covers).
    """

    frame: Frame
    s_lines: Line
    t_lines: Line
    skin: Skin
    limits: Limits | None = None
    hole: Hole | None = None
    density: float = 1.0  # picture px per metre, relative to the rest

    def size_m(self) -> tuple[float, float]:
        """Extent across and along."""
        return float(self.s_lines[-1] - self.s_lines[0]), float(self.t_lines[-1] - self.t_lines[0])


@dataclass(frozen=True)
class Sweep:
    """A profile (k, 2) (to the right, up; counterclockwise) drawn along a path (n, 3), coloured from a swatch.

    fixed: the swatch's t is the way round the profile, from its first point; otherwise it starts anywhere.
    closed: its ends have faces; open ones are hidden in something else.
    """

    profile: Points
    path: Points
    up: Points
    swatch: str
    fixed: bool = False
    closed: bool = True


@dataclass(frozen=True)
class Swatch:
    """A piece of material that many sweeps share: s runs along them."""

    size_m: tuple[float, float]
    skin: Skin
    density: float = 1.0


@dataclass(frozen=True)
class Part:
    """Triangles: positions (n, 3), faces (m, 3), uv (n, 2) in metres of the patch or swatch until it has its place."""

    positions: Points
    faces: NDArray[np.int64]
    uv: Points


def even_lines(start: float, end: float, step_m: float) -> Line:
    """Lines from start to end at most step_m apart."""
    return np.linspace(start, end, max(2, int(np.ceil((end - start) / step_m)) + 1))


def with_edges(lines: Line, edges: Sequence[float]) -> Line:
    """The lines with a close pair at each edge, so that a step there is steep; lines too near to a pair go."""
    inner = np.array(sorted({round(edge, 4) for edge in edges if lines[0] + 0.01 < edge < lines[-1] - 0.01}))
    if not len(inner):
        return lines
    pairs = np.unique(np.concatenate([inner - EDGE_M, inner + EDGE_M]))
    gap = np.abs(lines[1:-1, None] - inner[None, :]).min(axis=1)
    return np.unique(np.concatenate([lines[:1], lines[1:-1][gap > 0.03], lines[-1:], pairs]))


def mesh_patch(patch: Patch) -> Part:
    """The patch as triangles; uv are metres from the patch's first lines."""
    t, s = np.meshgrid(patch.t_lines.astype(np.float32), patch.s_lines.astype(np.float32), indexing="ij")
    if patch.limits is not None:
        low, high = patch.limits(t)
        s = np.clip(s, low, np.maximum(low, high))
    positions = patch.frame.at(s, t, patch.skin(s, t).height_m).reshape(-1, 3)
    uv = np.stack([s - patch.s_lines[0], t - patch.t_lines[0]], axis=-1).reshape(-1, 2)
    faces = grid_faces(len(patch.t_lines), len(patch.s_lines))
    flat = s.reshape(-1)
    row = faces // len(patch.s_lines)
    # a corner pushed onto the limit may meet its neighbour there: such triangles have no area
    meet = [(flat[faces[:, i]] == flat[faces[:, j]]) & (row[:, i] == row[:, j]) for i, j in ((0, 1), (1, 2), (2, 0))]
    keep = ~(meet[0] | meet[1] | meet[2])
    if patch.hole is not None:
        keep &= ~patch.hole(positions[faces].mean(axis=1))
    return _drop_unused(Part(positions, faces[keep], uv))


def grid_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """Two triangles for each cell of a grid of points, counterclockwise seen from across x along."""
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None, :]).reshape(-1)
    right, above, opposite = first + 1, first + columns, first + columns + 1
    return np.concatenate([np.stack([first, right, opposite], 1), np.stack([first, opposite, above], 1)])


def mesh_sweep(sweep: Sweep, swatch: Swatch, random: np.random.Generator) -> Part:
    """The sweep as triangles with closed ends; uv are metres in the swatch, every stretch at a place of its own."""
    steps = np.linalg.norm(np.diff(sweep.path, axis=0), axis=1)
    around = np.linalg.norm(np.diff(sweep.profile, axis=0, append=sweep.profile[:1]), axis=1)
    way = np.concatenate([[0.0], np.cumsum(around)])
    spare_t = max(0.0, swatch.size_m[1] - way[-1])
    parts, start = [], 0
    while start < len(steps):
        count = max(1, int(np.searchsorted(np.cumsum(steps[start:]), swatch.size_m[0], side="right")))
        stretch = slice(start, start + count + 1)
        along = np.concatenate([[0.0], np.cumsum(steps[start : start + count])])
        offset = random.random(2) * [max(0.0, swatch.size_m[0] - along[-1]), 0.0 if sweep.fixed else spare_t]
        parts.append(_mesh_stretch(sweep, stretch, along + offset[0], np.minimum(way + offset[1], swatch.size_m[1])))
        start += count
    return join([*parts, *(_ends(sweep, swatch) if sweep.closed else [])])


def _rings(sweep: Sweep) -> Points:
    """The profile's points (n, k, 3) along the path."""
    tangent = np.gradient(sweep.path, axis=0)
    right = np.cross(tangent, sweep.up)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    up = np.cross(right, tangent)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    x, y = sweep.profile[None, :, :1], sweep.profile[None, :, 1:]
    return np.asarray(sweep.path[:, None] + x * right[:, None] + y * up[:, None])


def _mesh_stretch(sweep: Sweep, stretch: slice, along: Line, way: Line) -> Part:
    rings = _rings(sweep)[stretch]
    closed = np.concatenate([rings, rings[:, :1]], axis=1)  # the seam stands twice, with both texture coordinates
    uv = np.stack(np.broadcast_arrays(along[:, None], way[None, :]), axis=-1)
    faces = grid_faces(*closed.shape[:2])[:, [0, 2, 1]]  # rows run along the path here, so the cells are mirrored
    return Part(closed.reshape(-1, 3), faces, uv.reshape(-1, 2))


def _ends(sweep: Sweep, swatch: Swatch) -> list[Part]:
    rings = _rings(sweep)
    count = len(sweep.profile)
    low = sweep.profile.min(axis=0)
    uv = np.minimum(np.concatenate([sweep.profile.mean(axis=0)[None], sweep.profile]) - low, swatch.size_m)
    ring = np.arange(count)
    fan = np.stack([np.zeros(count, np.int64), 1 + ring, 1 + (ring + 1) % count], axis=1)
    ends = []
    for points, faces in ((rings[0], fan), (rings[-1], fan[:, [0, 2, 1]])):
        ends.append(Part(np.concatenate([points.mean(axis=0)[None], points]), faces, uv))
    return ends


def join(parts: Sequence[Part]) -> Part:
    """All parts as one."""
    starts = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
    return Part(
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.uv for part in parts]),
    )


def _drop_unused(part: Part) -> Part:
    used, faces = np.unique(part.faces, return_inverse=True)
    return Part(part.positions[used], faces.reshape(-1, 3), part.uv[used])
