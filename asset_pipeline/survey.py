"""What a point cloud says about the package made from it: how far its points are from the finest level."""

from typing import Any

import numpy as np

from asset_pipeline.bvh import build_bvh, find_closest
from asset_pipeline.clean import turn_up
from asset_pipeline.geopose import Vector
from asset_pipeline.mesh import Mesh, Positions
from asset_pipeline.options import METRES
from asset_pipeline.scan import Scan, Survey


def place_sample(scan: Scan, survey: Survey, offset_m: Vector) -> Positions:
    """The survey's sample of points in metres, y up, round the package's origin."""
    source = scan.facts.source
    return np.asarray(turn_up(survey.sample, source.up) * METRES[source.unit] - np.array(offset_m))


def describe_survey(scan: Scan, offset_m: Vector, finest: Mesh) -> dict[str, Any]:
    """The survey's facts for the report, with the distance of its points from the finest level in metres; empty without one."""
    if scan.survey is None:
        return {}
    points = place_sample(scan, scan.survey, offset_m)
    distance = find_closest(build_bvh(finest.positions, finest.faces), points).distance.astype(np.float64)
    found = {
        "points_rms_m": float(np.sqrt(np.mean(distance**2))),
        "points_median_m": float(np.median(distance)),
        "points_p95_m": float(np.quantile(distance, 0.95)),
    }
    return scan.survey.facts | {name: float(f"{value:.4g}") for name, value in found.items()}
