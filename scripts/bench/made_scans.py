"""Scans made by code, unlike those the pipeline was tuned on: python scripts/bench/made_scans.py FOLDER

Five kinds that real scans come in: an organic body (closed, fine relief, one photographic texture on a sphere's layout),
a building (flat walls, sharp edges, brick courses, an atlas of planar charts), a shell (thin walls seen from both sides,
with holes), ruins (a laser survey with noise, uneven density and vertex colours), and a tower (bays that share one
picture, mirrored). Always the same bytes.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from glb_source import write_glb

from asset_pipeline.mesh import Material, Mesh

Grid = np.ndarray


def noise(points: Grid, seed: int, octaves: int = 5, base: float = 1.0) -> Grid:
    """Smooth noise (n,) in about -1..1: sums of waves in random directions, finer and weaker by halves."""
    random = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for octave in range(octaves):
        for _ in range(6):
            way = random.normal(size=3)
            way *= base * 2.0**octave * (0.7 + 0.6 * random.random()) / np.linalg.norm(way)
            total += np.sin(points @ way + random.random() * 6.28) * 0.5**octave / 3
    return total


def grid_faces(rows: int, columns: int) -> Grid:
    """Two triangles a cell of a grid of (rows, columns) vertices."""
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.reshape(-1) for part in (at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]))
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def paint(points: Grid, seed: int) -> Grid:
    """Stone colours (n, 3) uint8: patches, grain and dark hollows."""
    patch, grain = noise(points, seed, 3, 4.0), noise(points, seed + 1, 4, 40.0)
    base = np.array([168, 150, 124]) + np.outer(patch, [26, 20, 14]) + np.outer(grain, [20, 18, 16])
    return np.clip(base, 0, 255).astype(np.uint8)


def body() -> Mesh:
    """A closed relief of 640,000 triangles with a texture in longitude and latitude."""
    rows, columns, px = 401, 801, 2048

    def place(v: Grid, u: Grid) -> Grid:
        way = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], axis=-1).reshape(-1, 3)
        radius = 1 + 0.22 * noise(way, 1, 3, 2.0) + 0.02 * noise(way, 2, 4, 14.0)
        return way * radius[:, None] * [0.8, 1.6, 0.7]

    v, u = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    points = place(v, u)
    points = points.reshape(rows, columns, 3)
    points[0], points[-1], points[:, -1] = points[0, 0], points[-1, 0], points[:, 0]
    uv = np.stack([u / (2 * np.pi), v / np.pi], axis=-1).reshape(-1, 2).astype(np.float32)
    y, x = np.meshgrid(
        (np.arange(px // 2) + 0.5) / (px // 2) * np.pi, (np.arange(px) + 0.5) / px * 2 * np.pi, indexing="ij"
    )
    picture = paint(place(y, x), 5).reshape(px // 2, px, 3)
    return Mesh(points.reshape(-1, 3), grid_faces(rows, columns), uv, materials=(Material("stone", picture=picture),))


def wall(
    origin: Grid, along: Grid, up: Grid, size: tuple[float, float], chart: tuple[float, float, float, float]
) -> Mesh:
    """A brick wall as a height field on a plane; chart: where it lies in the atlas (u, v, width, height)."""
    columns, rows = (int(side * 60) + 1 for side in size)
    s, t = np.meshgrid(np.linspace(0, size[0], columns), np.linspace(0, size[1], rows))
    course = np.floor(t / 0.12)
    joint = np.minimum(np.abs((s + 0.12 * (course % 2)) % 0.24 - 0.12) / 0.12, np.abs(t % 0.12 - 0.06) / 0.06)
    depth = 0.012 * np.clip((1 - joint) * 8, 0, 1)
    out = np.cross(along, up)
    points = origin + s.reshape(-1, 1) * along + t.reshape(-1, 1) * up + depth.reshape(-1, 1) * out
    u, v, width, height = chart
    uv = np.stack([u + s.reshape(-1) / size[0] * width, v + height - t.reshape(-1) / size[1] * height], axis=1)
    return Mesh(points, grid_faces(rows, columns), uv.astype(np.float32))


def building() -> Mesh:
    """Four brick walls and a roof of 883,000 triangles; charts side by side in one picture."""
    x, y, z = np.eye(3)
    parts = [
        wall(np.zeros(3), x, y, (6.0, 4.0), (0.01, 0.01, 0.48, 0.30)),
        wall(6 * x, -z, y, (5.0, 4.0), (0.51, 0.01, 0.48, 0.30)),
        wall(6 * x - 5 * z, -x, y, (6.0, 4.0), (0.01, 0.34, 0.48, 0.30)),
        wall(-5 * z, z, y, (5.0, 4.0), (0.51, 0.34, 0.48, 0.30)),
        wall(4 * y, x, (0.5 * y - z * 0.866), (6.0, 2.887), (0.01, 0.67, 0.48, 0.30)),
        wall(4 * y + 6 * x - 5 * z, -x, (0.5 * y + z * 0.866), (6.0, 2.887), (0.51, 0.67, 0.48, 0.30)),
    ]
    px = 2048
    grid = np.stack(np.meshgrid(np.arange(px) / px * 12, np.arange(px) / px * 12), axis=-1).reshape(-1, 2)
    picture = paint(np.column_stack([grid, np.zeros(len(grid))]), 9).reshape(px, px, 3)
    starts = np.cumsum([0, *(part.vertices for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.positions for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
        np.concatenate([part.uv for part in parts if part.uv is not None]),
        materials=(Material("brick", picture=picture),),
    )


def shell() -> Mesh:
    """A bowl of 455,000 triangles, 1 % thick, seen from inside and outside, with holes; no colours."""
    rows, columns = 251, 501
    v, u = np.meshgrid(np.linspace(0.05, 1.9, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    way = np.stack([np.sin(v) * np.cos(u), -np.cos(v), np.sin(v) * np.sin(u)], axis=-1).reshape(-1, 3)
    relief = 0.015 * noise(way, 3, 4, 9.0)
    outer, inner = way * (1 + relief)[:, None], way * (0.985 + relief)[:, None]
    faces = grid_faces(rows, columns)
    open_at = noise(way, 4, 2, 5.0) > 0.75
    faces = faces[~open_at[faces].any(axis=1)]
    return Mesh(
        np.concatenate([outer, inner]), np.concatenate([faces, faces[:, [0, 2, 1]] + len(way)]).astype(np.int32)
    )


def ruins() -> Mesh:
    """A laser survey of 720,000 triangles: terraces, pillars and noise of the instrument, with vertex colours."""
    side = 601
    random = np.random.default_rng(6)
    x, z = np.meshgrid(np.linspace(0, 60, side), np.linspace(0, 60, side))
    x = x + random.normal(0, 0.02, x.shape)
    z = z + random.normal(0, 0.02, z.shape)
    flat = np.stack([x, np.zeros_like(x), z], axis=-1).reshape(-1, 3)
    ground = 2 * noise(flat, 7, 3, 0.12)
    terrace = np.round(ground * 1.5) / 1.5 * 0.8 + ground * 0.2
    pillars = sum(
        np.where((flat[:, 0] - px) ** 2 + (flat[:, 2] - pz) ** 2 < 0.5, 3.0, 0.0)
        for px, pz in random.random((25, 2)) * 60
    )
    flat[:, 1] = terrace + pillars + random.normal(0, 0.01, len(flat))
    return Mesh(flat, grid_faces(side, side)[:, [0, 2, 1]], colours=paint(flat * 0.2, 12))


def tower() -> Mesh:
    """A round tower of 480,000 triangles: eight bays on one drawn picture, every second one mirrored."""
    rows, columns, bays, px = 251, 961, 8, 1024
    t, s = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    way = np.stack([np.cos(2 * np.pi * s), 3 * t, np.sin(2 * np.pi * s)], axis=-1).reshape(-1, 3)
    out = (3 + 0.06 * noise(way, 8, 4, 5.0))[:, None] * [1, 0, 1] + [0, 3, 0]
    points = (way * out).reshape(rows, columns, 3)
    points[:, -1] = points[:, 0]
    u = np.abs((s * bays) % 2 - 1)
    y, x = np.meshgrid(np.arange(2 * px) / px, np.arange(px) / px, indexing="ij")
    picture = paint(np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3) * 1.5, 15).reshape(2 * px, px, 3)
    lines = (np.sin(150 * x + 6 * np.sin(9 * y)) > 0.8) | (np.sin(130 * y + 5 * np.sin(7 * x)) > 0.85)
    picture = np.where(lines[:, :, None], picture // 4, picture)
    uv = np.stack([u, 1 - t], axis=-1).reshape(-1, 2).astype(np.float32)
    faces = grid_faces(rows, columns)
    return Mesh(points.reshape(-1, 3), faces, uv, materials=(Material("bays", picture=picture),))


MADE: dict[str, Callable[[], Mesh]] = {
    "body": body,
    "building": building,
    "shell": shell,
    "ruins": ruins,
    "tower": tower,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MADE.items():
        mesh = make()
        write_glb(folder / f"{name}.glb", mesh)
        print(f"{folder / name}.glb: {mesh.triangles:,} triangles")


if __name__ == "__main__":
    main()
