"""Compile every numeric kernel: tiny packages, whole and in cells, and tiny scans, of exactly the types that real builds use."""

import struct
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.clouds.cloud import PointChunk, gather_cloud
from asset_pipeline.clouds.grid import Grid, Plane
from asset_pipeline.clouds.occluders import outline_roofs
from asset_pipeline.clouds.roofs import Roofs
from asset_pipeline.clouds.terrain import Tile, find_tile
from asset_pipeline.geometry.chart_collapse import collapse_charts, relax_charts
from asset_pipeline.geometry.charts import find_charts
from asset_pipeline.geometry.collapse import Settings, collapse
from asset_pipeline.geopose import GeoPose, Position
from asset_pipeline.manifest import Anchor
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.package import build_package
from asset_pipeline.readers.png_rows import read_png_reduced
from asset_pipeline.readers.read import read_scan

FLOOR = Anchor(GeoPose(Position(0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)), "floor", 1.0)
POINTS = [(x, y, z) for y in (0, 1) for x, z in ((0, 0), (1, 0), (1, 1), (0, 1))]
CLOUD = [(x, y, 4 * (8 < x < 16 and 8 < y < 16)) for x in range(24) for y in range(24)]  # a hut on a field
SIDES = [(1, 2, 3, 4), (8, 7, 6, 5), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 8, 4), (4, 8, 5, 1)]


def compile_kernels() -> float:
    """Compile what the cache does not hold yet; gives the seconds it took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dejima-warm-up-") as name:
        folder = Path(name)
        options = BuildOptions(FLOOR, unit="m", up="y", levels=(11, 10), texture_px=64)
        for write in (_write_textured, _write_coloured):
            build_package(write(folder), folder, options)
        build_package(_write_textured(folder), folder, replace(options, whole_triangles=4, cell_triangles=8))
        read_png_reduced((folder / "box.png").read_bytes(), 2)
        for path in _write_other_kinds(folder):
            read_scan(path, options)
        for kept in ("surface", "points"):
            read_scan(_write_cloud(folder), replace(options, points=kept))
    _collapse_sheet()
    with gather_cloud([PointChunk(np.array(CLOUD, float))], np.zeros(3)) as cloud:
        outline_roofs(*_find_roofs(find_tile(cloud)))
    return time.monotonic() - started


def _find_roofs(tile: Tile) -> tuple[Roofs, Plane, Plane, Grid]:
    return tile.roofs, tile.field.tops, tile.ground, tile.field.grid


def _collapse_sheet() -> None:
    """A sheet, in pairs and on its own coordinates: the box has a corner of charts at every point, and none can go."""
    at = np.arange(25)
    points = np.column_stack([at % 5, at // 5, at % 3 / 9])
    corner = at[(at % 5 < 4) & (at < 20)]
    faces = np.concatenate([corner[:, None] + row for row in ([0, 1, 6], [0, 6, 5])]).astype(np.int32)
    whole = find_charts(Mesh(points, faces, (points[:, :2] / 4).astype(np.float32)))
    collapse(whole.surface, 16, Settings(pairs_above=1.5))
    fewer = collapse_charts(whole, 20)
    if fewer is not None:
        relax_charts(fewer, whole.surface)


def _write_textured(folder: Path) -> Path:
    Pillow.new("RGB", (8, 8), (183, 55, 31)).save(folder / "box.png")
    (folder / "box.mtl").write_text("newmtl box\nmap_Kd box.png\n", encoding="utf-8")
    lines = ["mtllib box.mtl", *(f"v {x} {y} {z}" for x, y, z in POINTS)]
    lines += ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1", "usemtl box"]
    lines += ["f " + " ".join(f"{corner}/{k}" for k, corner in enumerate(side, start=1)) for side in SIDES]
    path = folder / "textured.obj"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _write_coloured(folder: Path) -> Path:
    lines = [f"v {x} {y} {z} {x} {y} {z}" for x, y, z in [*POINTS, (-1, 0, -1)]]
    lines += ["f " + " ".join(map(str, side)) for side in [*SIDES, (1, 5, 9)]]  # with a fin: an edge to be repaired
    path = folder / "coloured.obj"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _write_other_kinds(folder: Path) -> list[Path]:
    """PLY of both forms with faces of four and three corners and their colours, and a text STL."""
    sides = [[corner - 1 for corner in side] for side in SIDES] + [[0, 1, 2]]
    head = f"element vertex {len(POINTS)}\nproperty float x\nproperty float y\nproperty float z\n"
    head += f"element face {len(sides)}\nproperty list uchar int vertex_indices\n"
    head += "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n"
    points = "".join(f"{x} {y} {z}\n" for x, y, z in POINTS)
    faces = "".join(f"{len(side)} {' '.join(map(str, side))} {40 * k} 0 0\n" for k, side in enumerate(sides))
    packed = b"".join(struct.pack("<3f", *point) for point in POINTS)
    packed += b"".join(struct.pack(f"<B{len(side)}i3B", len(side), *side, 9, 9, 9) for side in sides)
    facets = "".join(f"vertex {x} {y} {z}\n" for x, y, z in POINTS[:6])
    texts = {
        "text.ply": f"ply\nformat ascii 1.0\n{head}{points}{faces}".encode(),
        "packed.ply": f"ply\nformat binary_little_endian 1.0\n{head}".encode() + packed,
        "text.stl": f"solid box\nfacet normal 0 0 0\n{facets}endsolid\n".encode(),
    }
    for name, data in texts.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in texts]


def _write_cloud(folder: Path) -> Path:
    head = f"ply\nformat ascii 1.0\nelement vertex {len(CLOUD)}\n"
    head += "property float x\nproperty float y\nproperty float z\nend_header\n"
    path = folder / "cloud.ply"
    path.write_text(head + "".join(f"{x} {-z} {y}\n" for x, y, z in CLOUD), encoding="utf-8")
    return path
