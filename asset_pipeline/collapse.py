"""Fewer triangles for the same shape: the interim collapse, until our own replaces it.

fast-simplification (quadric edge collapse) on the welded surface, in steps: a collapse straight to a hundredth of the
triangles ruins fine parts, one by a factor of four at a time does not.
"""

import fast_simplification
import numpy as np

from asset_pipeline.errors import BuildFailed
from asset_pipeline.mesh import Faces, Positions

STEP = 4.0
AGGRESSIVENESS = (5.0, 7.0, 9.0, 11.0)
TOLERANCE = 0.05


def collapse(positions: Positions, faces: Faces, target: int) -> tuple[Positions, Faces]:
    """A surface of about `target` triangles. The input must be welded. Raises BuildFailed when nothing is left.

    The count is read back: within 5 % of the target when the tool can reach it, else the nearest it gives.
    """
    while len(faces) > target * STEP:
        step = max(target, int(len(faces) / STEP))
        smaller = _collapse_once(positions, faces, step)
        if len(smaller[1]) >= len(faces):
            break
        positions, faces = smaller
    if len(faces) > target:
        positions, faces = _collapse_once(positions, faces, target)
    if len(faces) == 0:
        raise BuildFailed("collapse_empty", f"Nothing was left of the surface at {target} triangles.", "collapse")
    return positions, faces


def _collapse_once(positions: Positions, faces: Faces, target: int) -> tuple[Positions, Faces]:
    best = (positions, faces)
    for aggressiveness in AGGRESSIVENESS:
        points, triangles = fast_simplification.simplify(positions, faces, target_count=target, agg=aggressiveness)
        found = np.asarray(points, np.float64), np.asarray(triangles, np.int32)
        if len(found[1]) and abs(len(found[1]) - target) < abs(len(best[1]) - target):
            best = found
        if abs(len(best[1]) - target) <= TOLERANCE * target:
            break
    return drop_unused(*best)


def drop_unused(positions: Positions, faces: Faces) -> tuple[Positions, Faces]:
    """The same surface without triangles that name a corner twice, and without vertices that no triangle names."""
    sound = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    used, renumbered = np.unique(faces[sound], return_inverse=True)
    return positions[used], renumbered.reshape(-1, 3).astype(np.int32)
