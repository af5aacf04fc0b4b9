"""Point clouds made by code, as LAS, LAZ or PLY, whose ground, roofs and trees are known."""

import struct
from pathlib import Path

import laspy
import numpy as np

from asset_pipeline.clouds.cloud import PointChunk

GEO_KEYS = 34735


def las_file(
    path: Path,
    positions: np.ndarray,
    *,
    version: str = "1.2",
    point_format: int = 2,
    epsg: int | None = None,
    unit_code: int | None = None,
    wkt: str | None = None,
    scale: float = 0.001,
    **columns: np.ndarray,
) -> Path:
    """A LAS or, by its suffix, LAZ file; columns: red, green, blue, classification, number_of_returns and others."""
    header = laspy.LasHeader(version=version, point_format=point_format)
    header.scales = np.full(3, scale)
    header.offsets = np.floor(positions.min(axis=0))
    keys = [key for key in ((1024, 1), (3072, epsg), (3076, unit_code)) if key[1] is not None]
    if epsg is not None or unit_code is not None:
        data = struct.pack("<4H", 1, 1, 0, len(keys)) + b"".join(struct.pack("<4H", k, 0, 1, v) for k, v in keys)
        header.vlrs.append(laspy.VLR("LASF_Projection", GEO_KEYS, "", data))
    if wkt is not None:
        header.vlrs.append(laspy.VLR("LASF_Projection", 2112, "", wkt.encode() + b"\0"))
    points = laspy.LasData(header)
    points.x, points.y, points.z = positions.T
    for name, values in columns.items():
        setattr(points, name, values)
    points.write(path)
    return path


def chunk(positions: np.ndarray, colours: np.ndarray | None = None) -> PointChunk:
    """Positions as a reader would give them."""
    return PointChunk(np.asarray(positions, float), None if colours is None else colours.astype(np.uint16))


def scatter(count: int, width: float, depth: float, seed: int = 1) -> np.ndarray:
    """Points (count, 2) at random over a rectangle that begins at the origin."""
    return np.random.default_rng(seed).random((count, 2)) * (width, depth)


class Town:
    """A slope with three houses, of which one is turned, a mound, trees and a few echoes from nowhere, in metres.

    ground(xy) and the houses' corners are the truth; `at` (n, 3), `kinds` and `returns` (n,) are what a survey would hold.
    """

    size = (120.0, 100.0)
    # middle, sides, turn in degrees, height over the ground at the middle
    houses = (
        ((30.0, 30.0), (20.0, 12.0), 0.0, 6.0),
        ((80.0, 30.0), (16.0, 10.0), 30.0, 9.0),
        ((35.0, 75.0), (30.0, 9.0), 90.0, 4.0),
    )

    def __init__(self, per_m2: float = 12.0, seed: int = 3) -> None:
        self._build(per_m2, seed)

    def _build(self, per_m2: float, seed: int) -> None:
        random = np.random.default_rng(seed)
        xy = scatter(int(per_m2 * self.size[0] * self.size[1]), *self.size, seed=seed)
        z = self.ground(xy)
        kinds, returns = np.full(len(xy), 2, np.uint8), np.ones(len(xy), np.uint8)
        for middle, sides, turn, height in self.houses:
            on = self.inside(xy, middle, sides, turn)
            z[on] = self.ground(np.array([middle]))[0] + height
            kinds[on] = 6
        for middle, radius in (((80.0, 70.0), 5.0), ((95.0, 80.0), 4.0), ((65.0, 55.0), 3.5)):
            away = np.hypot(*(xy - middle).T)
            crown = (away < radius) & (random.random(len(xy)) < 0.8)
            z[crown] += (3 + 5 * random.random(crown.sum())) * np.sqrt(1 - (away[crown] / radius) ** 2)
            kinds[crown], returns[crown] = 5, 3
        z += random.normal(0, 0.03, len(z))
        strays = random.random((20, 3)) * (*self.size, 1) + (0, 0, 60)
        self.at = np.concatenate([np.column_stack([xy, z]), strays, strays - (0, 0, 90)])
        self.kinds = np.concatenate([kinds, np.ones(40, np.uint8)])
        self.returns = np.concatenate([returns, np.ones(40, np.uint8)])

    def ground(self, xy: np.ndarray) -> np.ndarray:
        """The true height of the ground: a slope of a tenth with a mound on it."""
        mound = 4 * np.exp(-(((xy[:, 0] - 100) / 12) ** 2) - ((xy[:, 1] - 20) / 12) ** 2)
        return 5 + 0.1 * xy[:, 0] + mound

    @staticmethod
    def inside(xy: np.ndarray, middle: tuple[float, float], sides: tuple[float, float], turn_deg: float) -> np.ndarray:
        """Which points stand on a house."""
        turn = np.radians(turn_deg)
        x, y = (xy - middle).T
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        return (np.abs(along) <= sides[0] / 2) & (np.abs(across) <= sides[1] / 2)


class HillTown(Town):
    """Twenty houses, each turned another way, on a hillside of that slope; gable: rise over run of their roofs."""

    houses = tuple(
        ((15.0 + 22 * column, 15.0 + 20 * row), (9.0, 7.0), (17.0 * column + 31 * row) % 90, 6.0)
        for column in range(5)
        for row in range(4)
    )

    def __init__(self, slope: float, gable: float) -> None:
        self.slope = slope
        self._build(12.0, 3)
        for middle, sides, turn_deg, _ in self.houses:
            on = self.inside(self.at[:, :2], middle, sides, turn_deg)
            x, y = (self.at[on, :2] - middle).T
            across = y * np.cos(np.radians(turn_deg)) - x * np.sin(np.radians(turn_deg))
            self.at[on, 2] += (sides[1] / 2 - np.abs(across)) * gable

    def ground(self, xy: np.ndarray) -> np.ndarray:
        """The true height of the ground: the slope, and waves across it."""
        return 5 + self.slope * xy[:, 0] + 2 * np.sin(xy[:, 1] / 15)
