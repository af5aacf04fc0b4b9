"""Levels made of points instead of triangles: fewer and fewer of them, evenly spread, and pictures of them as splats."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.compare import Compared, Reference, Scale
from asset_pipeline.appearance.dress import BuiltLevel
from asset_pipeline.appearance.level import PLAIN_FILE, FinishedLevel, level_file
from asset_pipeline.appearance.measure import Deviation
from asset_pipeline.clouds.thinning import spread_points
from asset_pipeline.geometry.bvh import Bvh, Hits, build_bvh, find_closest
from asset_pipeline.geometry.clean import turn_up
from asset_pipeline.geometry.order import morton_order
from asset_pipeline.mesh import Mesh, Positions, Surface
from asset_pipeline.options import METRES
from asset_pipeline.output.encode_points import encode_plain_points, encode_points
from asset_pipeline.report.views import Views, draw_level, find_steps
from asset_pipeline.scan import Cleaned, Scan

SPACING_SAMPLES = 4000
SPLAT = 0.9  # radius of a splat in spacings: neighbours just overlap
# a tetrahedron that stands on one face, its corners one radius from its middle
CORNERS = np.array([[0, 1, 0], [0.943, -0.333, 0], [-0.471, -0.333, 0.816], [-0.471, -0.333, -0.816]])
SIDES = np.array([[0, 2, 1], [0, 3, 2], [0, 1, 3], [1, 2, 3]], np.int32)


def is_points(scan: Scan) -> bool:
    """Whether the scan is to become a package of points."""
    return scan.survey is not None and scan.survey.taken_as == "points"


def clean_points(scan: Scan) -> Cleaned:
    """The points in metres, y up, round the middle of their footprint on the lowest level, neighbours near in the list."""
    source = scan.facts.source
    positions = turn_up(scan.mesh.positions, source.up) * METRES[source.unit]
    low, high = positions.min(axis=0), positions.max(axis=0)
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    order = morton_order(positions - origin)
    colours = None if scan.mesh.colours is None else scan.mesh.colours[order]
    offset = (float(origin[0]), float(origin[1]), float(origin[2]))
    return Cleaned(replace(scan.mesh, positions=positions[order] - origin, colours=colours), offset, ())


def choose_point_levels(asked: tuple[int, ...], points: int) -> tuple[int, ...]:
    """How many points each level gets: as asked, and all points once where more are asked than there are."""
    return tuple(dict.fromkeys(min(level, points) for level in asked))


def make_point_levels(
    points: Mesh, sample: Positions, budgets: tuple[int, ...], views: Views, compare: bool = False
) -> list[FinishedLevel]:
    """The levels, finest first; deviations are those of the cloud's sample (n, 3) from the nearest point of the level.

    compare: also give each point of sample and level its step of the scale.
    """
    finished = []
    for index, budget in enumerate(budgets):
        chosen = spread_points(points.positions.astype(np.float32), budget)
        colours = None if points.colours is None else points.colours[chosen]
        points = Mesh(points.positions[chosen], points.faces, colours=colours)
        hits = find_closest(point_bvh(points), sample)
        distance = hits.distance.astype(np.float64)
        deviation = Deviation(float(np.sqrt(np.mean(distance**2))), float(distance.max()), None)
        splats = make_splats(points)
        drawn = draw_level(splats, build_bvh(splats.positions, splats.faces), index, views)
        files = {**drawn.files, level_file(index): encode_points(points, find_spacing(points))}
        if index == 0:
            files[PLAIN_FILE] = encode_plain_points(points)
        compared = compare_points(points.vertices, hits, views.scale_m) if compare else None
        finished.append(FinishedLevel(BuiltLevel(budget, points), deviation, drawn.p95_m, 0, files, compared=compared))
    return finished


def compare_points(count: int, hits: Hits, scale_m: Scale) -> Compared:
    """How far a level of `count` points is from each point of the cloud's sample, and from those round each of its own.

    hits: for each point of the sample the nearest one of the level. The figures are those of the report. A point of the level
    gets the root mean square of what it stands for; one that stands for nothing but itself is a point of the cloud: 0.
    """
    squares = np.bincount(hits.face, hits.distance.astype(np.float64) ** 2, count)
    around = np.sqrt(squares / np.maximum(np.bincount(hits.face, minlength=count), 1)).astype(np.float32)
    return Compared(find_steps(hits.distance, scale_m).tobytes(), find_steps(around, scale_m).tobytes())


def make_point_reference(sample: Positions, colours: NDArray[np.uint8] | None) -> Reference:
    """The cloud as its owner sees it: the sample from which distances are told (metres, y up), in its own colours."""
    points = Mesh(sample, np.zeros((0, 3), np.int32), colours=colours)
    return Reference(encode_points(points, find_spacing(points)), Surface(sample.astype(np.float32), points.faces))


def point_bvh(points: Mesh) -> Bvh:
    """The tree over bare points, each a triangle whose corners are one."""
    each = np.arange(points.vertices, dtype=np.int32)
    return build_bvh(points.positions, np.repeat(each[:, None], 3, axis=1))


def find_spacing(points: Mesh) -> float:
    """The usual distance in metres from a point to its nearest neighbour."""
    step = max(2, points.vertices // SPACING_SAMPLES)  # the others must remain to be found
    asked = np.arange(0, points.vertices, step)
    kept = np.ones(points.vertices, bool)
    kept[asked] = False
    if not kept.any():
        return points.diagonal() or 1.0
    others = Mesh(points.positions[kept], points.faces)
    nearest = find_closest(point_bvh(others), points.positions[asked]).distance
    return float(np.median(nearest)) or points.diagonal() or 1.0


def make_splats(points: Mesh) -> Mesh:
    """A small tetrahedron round each point, in its colour: what pictures of points are drawn from."""
    radius = SPLAT * find_spacing(points)
    positions = (points.positions[:, None] + radius * CORNERS).reshape(-1, 3)
    faces = (SIDES + 4 * np.arange(points.vertices, dtype=np.int32)[:, None, None]).reshape(-1, 3)
    colours: NDArray[np.uint8] | None = None if points.colours is None else np.repeat(points.colours, 4, axis=0)
    return Mesh(positions, faces, colours=colours)
