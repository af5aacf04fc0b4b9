"""What a point cloud says about the package made from it: how far its points are from the finest level."""

from typing import Any

import numpy as np

from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.clean import turn_up
from asset_pipeline.geopose import Vector
from asset_pipeline.mesh import Mesh, Positions
from asset_pipeline.options import METRES
from asset_pipeline.scan import Scan


def place_sample(scan: Scan, offset_m: Vector) -> Positions:
    """The sample of points of a survey in metres, y up, round the package's origin; none without a survey."""
    source = scan.facts.source
    sample = np.zeros((0, 3)) if scan.survey is None else scan.survey.sample
    return np.asarray(turn_up(sample, source.up) * METRES[source.unit] - np.array(offset_m))


def describe_survey(scan: Scan, offset_m: Vector, finest: Mesh) -> dict[str, Any]:
    """The survey's facts for the report, with the distance of its points from the finest level in metres; empty without one."""
    if scan.survey is None:
        return {}
    faces = finest.faces
    if not len(faces):  # points alone: each is a triangle whose corners are one
        faces = np.repeat(np.arange(finest.vertices, dtype=np.int32)[:, None], 3, axis=1)
    points = place_sample(scan, offset_m)
    distance = find_closest(build_bvh(finest.positions, faces), points).distance.astype(np.float64)
    found = {
        "points_rms_m": float(np.sqrt(np.mean(distance**2))),
        "points_median_m": float(np.median(distance)),
        "points_p95_m": float(np.quantile(distance, 0.95)),
    }
    return scan.survey.facts | {name: float(f"{value:.4g}") for name, value in found.items()}
