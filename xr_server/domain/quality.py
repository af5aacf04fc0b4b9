"""How the data of a site stand: how many events came, came late or twice, were refused or kept out, and why. Pure.

These are numbers of events, not of visitors; but on a day with one visitor all of them are that visitor's. So they are told
of the same runs of days as the visits: those that were released, of ten visits or more each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from xr_server.domain.days import Window
from xr_server.domain.figures import Block

FLAGGED, REJECTED, VISITS_FLAGGED = "flagged_", "rejected_", "visits_flagged_"


@dataclass(frozen=True)
class Quality:
    """Numbers of events over some days, by what became of them.

    accepted: stored, those that are late or flagged among them; duplicate: came again; late: happened on an earlier day or
    far from our clock; flagged: stored, and in no figure; rejected: not understood or not to be believed; counted_only:
    without consent to statistics, as hourly numbers; no_consent: not kept at all; without_visit: stored without the id of
    a visit. visits_flagged: visits that are in no figure.
    """

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    counted_only: int = 0
    no_consent: int = 0
    without_visit: int = 0
    flagged: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    visits_flagged: Mapping[str, int] = field(default_factory=dict)

    @property
    def came(self) -> int:
        """All events that came, those that came again included."""
        kept = self.accepted + self.duplicate + self.counted_only
        return kept + self.no_consent + sum(self.rejected.values())

    @property
    def kept_out(self) -> int:
        """Stored events that are in no figure."""
        return sum(self.flagged.values())

    def share(self, count: int) -> float | None:
        """Which part of all events that came something is, 0 to 1; None where none came."""
        return count / self.came if self.came else None


def told_spans(blocks: Iterable[Block], window: Window) -> list[Window]:
    """The runs of days within a window of which something may be told: the blocks of all visits that lie in it as a whole."""
    spans = [Window(block.first_on, block.last_on) for block in blocks]
    return [span for span in spans if window.from_on <= span.from_on and span.until_on <= window.until_on]


def sum_days(by_day: Mapping[date, Mapping[str, int]], spans: Iterable[Window]) -> Quality:
    """What the days of some runs come to together; other days are left out."""
    runs, total = list(spans), Counter[str]()
    for day, counts in by_day.items():
        if any(run.from_on <= day <= run.until_on for run in runs):
            total.update(counts)
    return read_quality(total)


def read_quality(counts: Mapping[str, int]) -> Quality:
    """What numbers by name, as they are stored, come to; names that are not known are left out."""
    return Quality(
        accepted=counts.get("accepted", 0),
        duplicate=counts.get("duplicate", 0),
        late=counts.get("late", 0),
        counted_only=counts.get("counted_only", 0),
        no_consent=counts.get("no_consent", 0),
        without_visit=counts.get("without_visit", 0),
        flagged=_named(counts, FLAGGED),
        rejected=_named(counts, REJECTED),
        visits_flagged=_named(counts, VISITS_FLAGGED),
    )


def _named(counts: Mapping[str, int], begin: str) -> dict[str, int]:
    found = {name.removeprefix(begin): count for name, count in counts.items() if name.startswith(begin) and count}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
