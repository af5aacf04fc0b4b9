"""Films for a camera: a sign as seen from a place before it, painted through a lens without faults."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image

SIZE = (1280, 720)
FOCAL_PX = SIZE[0] / 2 / math.tan(math.radians(31))  # as the page assumes: 62 degrees along the longer side
FINE = 2
MODULE_PX = 24
MARGIN = 4  # white modules round the code
FRAMES = 6
BACKGROUND = (126, 122, 112)


@dataclass(frozen=True)
class View:
    """How a sign is seen: its middle to the right, above and ahead of the phone, turned and leaning in degrees."""

    text: str
    right_m: float = 0.1
    up_m: float = -0.05
    ahead_m: float = 1.0
    turned_deg: float = 20
    """Towards the viewer's right."""
    leans_deg: float = 0
    side_m: float = 0.2


def project(view: View, right: float, up: float) -> tuple[float, float]:
    """The pixel of a place on the sign, in metres from its middle."""
    lean, turn = math.radians(view.leans_deg), math.radians(view.turned_deg)
    y, back = up * math.cos(lean), up * math.sin(lean)  # what leans has its upper side farther back
    x = view.right_m + right * math.cos(turn) - back * math.sin(turn)
    ahead = view.ahead_m + right * math.sin(turn) + back * math.cos(turn)
    return SIZE[0] / 2 + FOCAL_PX * x / ahead, SIZE[1] / 2 - FOCAL_PX * (view.up_m + y) / ahead


def solve_map(corners: Sequence[tuple[float, float]], side: float) -> list[float]:
    """The eight numbers of the map from pixels to a square picture of this side, as Pillow wants them."""
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (side, 0), (side, side), (0, side)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return list(np.linalg.solve(np.array(rows), np.array(values)))


def paint(view: View | None) -> Image.Image:
    """One picture; of a bare wall where there is no sign."""
    picture = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), BACKGROUND)
    if view is not None:
        code: NDArray[np.uint8] = np.array([list(row) for row in segno.make_qr(view.text, error="m").matrix], np.uint8)
        whole = np.pad(code, MARGIN)
        printed = Image.fromarray(np.kron(np.where(whole, 35, 235), np.ones((MODULE_PX,) * 2)).astype(np.uint8))
        half = view.side_m / 2 * len(whole) / len(code)
        ends = [project(view, *end) for end in ((-half, half), (half, half), (half, -half), (-half, -half))]
        to_sign = solve_map([(x * FINE, y * FINE) for x, y in ends], printed.width)
        where = {"size": picture.size, "method": Image.Transform.PERSPECTIVE, "data": to_sign}
        mask = Image.new("L", printed.size, 255).transform(**where)
        picture.paste(printed.convert("RGB").transform(**where, resample=Image.Resampling.BILINEAR), mask=mask)
    return picture.resize(SIZE, Image.Resampling.BOX)


def write_film(path: Path, view: View | None) -> None:
    """A film in which nothing moves but the noise of the sensor; the browser plays it again and again."""
    still = np.asarray(paint(view), np.float64)
    random = np.random.default_rng(1)
    film = io.BytesIO()
    for _ in range(FRAMES):
        noisy = np.clip(still + random.normal(0, 3, still.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(film, "JPEG", quality=88)
    path.write_bytes(film.getvalue())
