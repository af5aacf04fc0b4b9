"""How a glTF material lays a picture on the surface: which texture coordinates, and KHR_texture_transform."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.prechecks.precheck_scene import Document


@dataclass(frozen=True)
class Placing:
    """uv: name of the texture coordinates; scale, turn (radians, counted as glTF does) and offset that change them."""

    uv: str
    scale: tuple[float, float] = (1.0, 1.0)
    turn: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)

    @property
    def is_plain(self) -> bool:
        """Whether the texture coordinates are used as they are."""
        return (self.scale, self.turn, self.offset) == ((1.0, 1.0), 0.0, (0.0, 0.0))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): what takes the stored texture coordinates to those of the picture."""
        c, s, (sx, sy) = math.cos(self.turn), math.sin(self.turn), self.scale
        return np.array([[c * sx, s * sy, self.offset[0]], [-s * sx, c * sy, self.offset[1]]])


def read_placing(info: Document) -> Placing:
    """The placing that a textureInfo states."""
    change = info.get("extensions", {}).get("KHR_texture_transform", {})
    sx, sy = change.get("scale", (1.0, 1.0))
    x, y = change.get("offset", (0.0, 0.0))
    number = change.get("texCoord", info.get("texCoord", 0))
    turn = float(change.get("rotation", 0.0))
    return Placing(f"TEXCOORD_{number}", (float(sx), float(sy)), turn, (float(x), float(y)))
