"""Surfaces with enough triangles to collapse, made by formula, and options to build them with."""

from pathlib import Path

import numpy as np

from asset_pipeline.appearance.source import Source as ScanSource
from asset_pipeline.appearance.source import make_source
from asset_pipeline.geometry.bvh import build_bvh
from asset_pipeline.geopose import GeoPose, Position, heading_to_quaternion
from asset_pipeline.manifest import Anchor, Credit, Source
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.scan import Scan, SourceFacts
from tests.pipeline.builders import encode_picture, ply_bytes, write_obj

ANCHOR = Anchor(GeoPose(Position(32.7434, 129.8732, 34.5), heading_to_quaternion(20.0)), "ellipsoidal", 15.0)


def options(levels: tuple[int, ...] = (400, 100), **more: object) -> BuildOptions:
    """Options of a small build; metres and y up unless told otherwise."""
    return BuildOptions(
        **{"anchor": ANCHOR, "credit": Credit("ball"), "unit": "m", "up": "y", "levels": levels, **more}
    )  # type: ignore[arg-type]


def grid_faces(rows: int, columns: int) -> np.ndarray:
    """Two triangles for each cell of a grid of vertices."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below = corner + 1, corner + columns
    return np.concatenate([np.stack([corner, below, right], 1), np.stack([right, below, below + 1], 1)]).astype(
        np.int32
    )


def ball(rings: int = 24, radius: float = 1.0) -> Mesh:
    """A ball with texture coordinates, its seam and poles doubled as scanners do."""
    v, u = np.meshgrid(np.linspace(0, 1, rings), np.linspace(0, 1, 2 * rings), indexing="ij")
    polar, turn = v * np.pi, np.where(u == 1, 0, u) * 2 * np.pi
    sine = np.where((v == 0) | (v == 1), 0, np.sin(polar))
    points = radius * np.stack([sine * np.sin(turn), np.cos(polar), sine * np.cos(turn)], axis=-1).reshape(-1, 3)
    uv = np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32)
    faces = grid_faces(rings, 2 * rings)
    a, b, c = (points[faces[:, k]] for k in range(3))
    real = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9  # at the poles every other one has no area
    return Mesh(points, faces[real], uv, materials=(Material(picture=smooth_picture()),))


def smooth_picture(px: int = 256) -> np.ndarray:
    """A picture that changes gently from left to right and from top to bottom."""
    y, x = np.mgrid[:px, :px] / (px - 1)
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * x)  # the same at both ends, as on a ball's seam
    return np.stack([40 + 180 * wave, 40 + 180 * y, np.full_like(x, 90)], axis=-1).astype(np.uint8)


def hills(side: int = 40) -> Mesh:
    """Open land with steep heaps and vertex colours that follow the place."""
    x, z = np.meshgrid(np.linspace(0, 10, side), np.linspace(0, 10, side), indexing="ij")
    height = np.sin(x) * np.cos(1.3 * z) + 2.0 * (np.hypot(x - 5, z - 5) < 1.5)
    points = np.stack([x, height, z], axis=-1).reshape(-1, 3)
    colours = np.stack([25 * x, 25 * z, 128 + 0 * x], axis=-1).reshape(-1, 3)
    return Mesh(points, grid_faces(side, side)[:, ::-1], colours=np.clip(colours, 0, 255).astype(np.uint8))


def source_of(scan: Mesh) -> ScanSource:
    """A scan as levels are baked from it and compared with it."""
    return make_source(scan, build_bvh(scan.positions, scan.faces))


def as_scan(mesh: Mesh, unit: str = "m", up: str = "y") -> Scan:
    """A mesh as if it had been read from a file."""
    source = Source("scan.obj", "0" * 64, 1, mesh.triangles, mesh.vertices, unit, up)
    return Scan(mesh, SourceFacts(source, "obj", "option", "option"))


def write_ball(folder: Path, rings: int = 24) -> Path:
    """The ball as OBJ with its picture."""
    mesh = ball(rings)
    assert mesh.uv is not None
    lines = ["mtllib ball.mtl", *(f"v {x!r} {y!r} {z!r}" for x, y, z in mesh.positions.tolist())]
    lines += [f"vt {u!r} {1 - v!r}" for u, v in mesh.uv.astype(float).tolist()]
    lines += ["usemtl skin", *("f " + " ".join(f"{i + 1}/{i + 1}" for i in face) for face in mesh.faces.tolist())]
    picture = encode_picture(smooth_picture())
    text = "\n".join(lines) + "\n"
    return write_obj(folder, text, "ball.obj", ball_mtl="newmtl skin\nmap_Kd skin.png\n", skin_png=picture)


def write_hills(folder: Path, side: int = 40, offset: np.ndarray | float = 0.0) -> Path:
    """The hills as binary PLY with colours, moved by an offset (3,)."""
    mesh = hills(side)
    assert mesh.colours is not None
    rows = [[*p, *c] for p, c in zip((mesh.positions + offset).tolist(), mesh.colours.tolist(), strict=True)]
    vertex = [("double", axis) for axis in "xyz"] + [("uchar", name) for name in ("red", "green", "blue")]
    faces = [("uchar", "int", "vertex_indices")]
    path = folder / "hills.ply"
    path.write_bytes(
        ply_bytes(
            "binary_little_endian", [("vertex", vertex, rows), ("face", faces, [[f] for f in mesh.faces.tolist()])]
        )
    )
    return path
