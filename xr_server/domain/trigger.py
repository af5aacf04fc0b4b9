"""Which landmark a walking visitor stands at: a state that each position fix moves, with accuracy and hysteresis.

The phone runs the same rules in webxr_client/src/geo/trigger.ts; tests/contract/trigger.json holds both to them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xr_server.domain.geofence import Fence, away_m

MAX_ACCURACY_M = 65.0  # a worse fix says nothing about circles of some 20 m
SWITCH_MARGIN_M = 5.0  # a neighbour must be nearer by this much, twice
LEAVING = "leave"


@dataclass(frozen=True)
class Fix:
    """One position from the phone; accuracy_m is the 68 % radius it reports."""

    lat: float
    lon: float
    accuracy_m: float


@dataclass(frozen=True)
class TriggerState:
    """The landmark the visitor stands at, and what one more such fix would change it to."""

    current: str | None = None
    pending: str | None = None


def step_trigger(state: TriggerState, fix: Fix, fences: Sequence[Fence]) -> TriggerState:
    """The state after one more fix; a fix too vague to decide leaves it as it is."""
    if not all(math.isfinite(value) for value in (fix.lat, fix.lon, fix.accuracy_m)) or fix.accuracy_m > MAX_ACCURACY_M:
        return state
    distances = {fence.id: away_m(fix.lat, fix.lon, fence) for fence in fences}
    candidate = _find_nearest(fix, fences, distances)
    current = next((fence for fence in fences if fence.id == state.current), None)
    if current is None:
        return TriggerState(candidate)
    current_m = distances[current.id]
    if current_m > current.leave_m:
        surely = current_m - fix.accuracy_m > current.leave_m
        return TriggerState(candidate) if surely or state.pending == LEAVING else TriggerState(current.id, LEAVING)
    if candidate is not None and candidate != current.id and distances[candidate] + SWITCH_MARGIN_M < current_m:
        return TriggerState(candidate) if state.pending == candidate else TriggerState(current.id, candidate)
    return TriggerState(current.id)


def _find_nearest(fix: Fix, fences: Sequence[Fence], distances: dict[str, float]) -> str | None:
    reached = [
        (distances[fence.id], fence.id)
        for fence in fences
        if distances[fence.id] <= fence.enter_m and _is_fine(fix, fence, distances[fence.id])
    ]
    return min(reached)[1] if reached else None


def _is_fine(fix: Fix, fence: Fence, away: float) -> bool:
    """Whether a fix is fine enough to say that one has arrived: against the width of the circle, or surely inside."""
    return fix.accuracy_m <= 2 * fence.enter_m or fix.accuracy_m <= -away
