"""A scan large enough to look at and to wait for: a textured stretch of wall, made by code."""

import numpy as np

from tests.pipeline.builders import encode_picture, zip_bytes


def wall_zip(columns: int = 60, rows: int = 40) -> bytes:
    """A ZIP of OBJ, MTL and picture: a leaning wall of bulging stones, 6 m wide and 3 m high, y up."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    points = np.stack([u * 6 - 3, v * 3, 0.3 * _stones(u, v) - 0.6 * v], axis=-1).reshape(-1, 3)
    lines = ["mtllib wall.mtl", "usemtl wall"]
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points]
    lines += [f"vt {s:.5f} {t:.5f}" for s, t in zip(u.ravel(), v.ravel(), strict=True)]
    for row in range(rows):
        for column in range(columns):
            below = row * (columns + 1) + column + 1
            above = below + columns + 1
            lines.append("f " + " ".join(f"{corner}/{corner}" for corner in (below, below + 1, above + 1, above)))
    files = {"wall.obj": "\n".join(lines).encode(), "wall.mtl": b"newmtl wall\nmap_Kd wall.png\n"}
    return zip_bytes({**files, "wall.png": encode_picture(_picture())})


def _stones(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """1 in the middle of each stone, 0 in the joints."""
    return (np.abs(np.sin(u * 8 * np.pi)) * np.abs(np.sin(v * 5 * np.pi))) ** 0.3


def _picture(px: int = 256) -> np.ndarray:
    row, column = np.mgrid[0:px, 0:px]
    u, v = column / px, 1 - (row + 1) / px
    tint = 160 + 30 * np.sin(np.floor(u * 8) * 2.1 + np.floor(v * 5) * 3.7)
    shade = 0.35 + 0.65 * _stones(u, v)
    stone = np.stack([tint, 0.95 * tint, 0.85 * tint], axis=-1)
    return (stone * shade[..., None]).clip(0, 255).astype(np.uint8)
