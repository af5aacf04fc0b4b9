"""What happens at a site now and today, in numbers rounded down to tens so that no single visit shows. Pure.

Days that are over are told exactly once they are final (domain/release.py). Today is not over: its numbers are told only
roughly, and only once a minute, so that nobody can watch one visit come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from xr_server.domain.figures import Released, Shown, add, divide, share

MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
STEP = 10
BUSY = 30  # visits of the last hour that would be at a landmark by its usual share, for its silence to mean something


@dataclass(frozen=True)
class Times:
    """The moments between which is counted, in ms UTC: local midnight, and now, at a whole minute."""

    midnight_at: int
    now_at: int

    @property
    def quarter_at(self) -> int:
        """15 minutes ago."""
        return self.now_at - QUARTER_MS

    @property
    def hour_at(self) -> int:
        """60 minutes ago."""
        return self.now_at - HOUR_MS

    @property
    def first_at(self) -> int:
        """The first moment that is looked at: midnight, or 60 minutes ago where that is earlier."""
        return min(self.midnight_at, self.hour_at)

    @property
    def full_hour_at(self) -> int:
        """The last full hour of the local clock, counted from midnight."""
        return self.now_at - (self.now_at - self.midnight_at) % HOUR_MS


def make_times(midnight_at: int, clock: int) -> Times:
    """The moments of a look at the clock: both in ms UTC; seconds are left out."""
    return Times(midnight_at, clock - clock % MINUTE_MS)


def round_down(count: int) -> int:
    """A number of visits rounded down to tens; 0 stands for any number below ten."""
    return count - count % STEP


@dataclass(frozen=True)
class About:
    """About how many visits, rounded down to tens: in the last 15 minutes, in the last 60, and today."""

    quarter: int
    hour: int
    today: int


NOBODY = About(0, 0, 0)
WEEKS = 4


@dataclass(frozen=True)
class Earlier:
    """A day that is over, exactly as released: visits that stood inside before an hour of the clock, and all day."""

    on: date
    by_hour: Shown
    whole: Shown


@dataclass(frozen=True)
class Now:
    """What happens now; every number is rounded down to tens.

    here: visits that stood inside the site; all_today: those from home among them; ar_running: visits in the camera's
    picture; arrived_by_hour: visits that first stood inside before the last full hour. landmarks, failed, refused and
    stamps: by landmark, reason, permission and landmark; what is missing there is fewer than ten all day.
    """

    times: Times
    here: About
    all_today: int
    ar_running: int
    arrived_by_hour: int
    landmarks: Mapping[str, About] = field(default_factory=dict)
    failed: Mapping[str, About] = field(default_factory=dict)
    refused: Mapping[str, About] = field(default_factory=dict)
    stamps: Mapping[str, About] = field(default_factory=dict)


def find_silent(now: Now, shares: Mapping[str, float]) -> dict[str, int]:
    """Landmarks that fell silent, and about how many visits of the last hour would be there by their usual share.

    shares: of visits inside the site, how many came to a landmark in the last weeks, 0 to 1. Silent is a landmark with
    fewer than ten visits in an hour in which its share of all that are inside would be 30 or more.
    """
    expected = {landmark: round_down(int(now.here.hour * share)) for landmark, share in shares.items()}
    return {
        landmark: count
        for landmark, count in expected.items()
        if count >= BUSY and now.landmarks.get(landmark, NOBODY).hour < STEP
    }


def same_weekdays(today: date) -> list[date]:
    """The same weekday of the last weeks, the latest first."""
    return [today - timedelta(weeks=weeks) for weeks in range(1, WEEKS + 1)]


def arrived_before(hours: Released, whole: Shown, hour: int) -> Shown:
    """How many visits of a day stood inside before an hour of the clock, from its arrivals by hour and those of all day.

    Hours that are hidden are missing; where the hours that are shown make up the day, there is nothing to miss.
    """
    divided = divide(whole, hours.of(""), [f"{one:02}" for one in range(24)])
    return add(shown for atom, shown in divided.cells.items() if int(atom) < hour)


def landmark_shares(landmarks: Released, here: Shown) -> dict[str, float]:
    """Of the visits inside the site, how many came to each landmark, 0 to 1; landmarks whose number is hidden are left out."""
    shares = {part: share(landmarks.get(part, "seen"), here) for part in landmarks.parts}
    return {landmark: one for landmark, one in shares.items() if one is not None}
