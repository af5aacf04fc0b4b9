"""Figures from answers of visitors: shares and means with their 95 % intervals, and nothing of fewer than ten. Pure.

Only counts are known: how often each choice was made on a day in a language. Nobody's answers stand together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from xr_server.domain.figures import SMALLEST_SHOWN
from xr_server.domain.questionnaire import ELEVEN, FIVE, Asked
from xr_server.domain.schedule import Window
from xr_server.errors import Invalid

Z95 = 1.959964
SMALLEST_MEAN = 30
"""Of fewer answers no mean is told: together with the cells that are shown it would give away those that are not."""
SMALLEST_MEAN_HIDDEN = 100  # where a cell is hidden
ALL = ""
"""In place of a choice: how many answered the question at all."""
GROUPS = {"detractors": ELEVEN[:7], "passives": ELEVEN[7:9], "promoters": ELEVEN[9:]}
Tally = Mapping[tuple[str, str], int]
"""How often a choice (question, choice) was made; with ALL in place of the choice, how many answered the question."""


@dataclass(frozen=True)
class Interval:
    """A figure with the bounds between which the true one lies with 95 % certainty."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How many chose something and which part of all that is; None: too few to be shown."""

    choice: str
    count: int | None
    share: Interval | None


@dataclass(frozen=True)
class Figure:
    """What is shown of one question. answered None: fewer than ten, so nothing else is shown either."""

    question: str
    answered: int | None
    shares: Sequence[Share]
    groups: Sequence[Share] = ()
    mean: Interval | None = None
    nps: Interval | None = None

    @property
    def hidden(self) -> int:
        """How many cells are not shown."""
        return sum(share.count is None for share in self.shares)


def wilson(count: int, of: int) -> Interval:
    """The share count/of with its 95 % interval after Wilson (1927), which holds for few answers and near 0 and 1 too."""
    share, z2 = count / of, Z95 * Z95
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return Interval(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def mean_of(counts: Mapping[int, int]) -> Interval:
    """The mean of points given so often, with its 95 % interval from their spread, within the scale's ends."""
    of = sum(counts.values())
    mean = sum(point * count for point, count in counts.items()) / of
    spread = sum(count * (point - mean) ** 2 for point, count in counts.items()) / max(of - 1, 1)
    half = Z95 * sqrt(spread / of)
    return Interval(mean, max(float(min(counts)), mean - half), min(float(max(counts)), mean + half))


def net_promoters(promoters: int, detractors: int, of: int) -> Interval:
    """The net promoter score, -100 to 100, with its 95 % interval."""
    score = (promoters - detractors) / of
    spread = (promoters + detractors) / of - score * score
    half = Z95 * sqrt(max(spread, 0.0) / of)
    return Interval(100 * score, max(-100.0, 100 * (score - half)), min(100.0, 100 * (score + half)))


def hide_small(counts: Mapping[str, int], whole: Mapping[str, int] | None = None) -> set[str]:
    """The cells that are not shown: of fewer than ten, and one more where the total would give a single one away.

    whole: the same cells for everybody, where counts are of a part: what the part leaves of them is not shown either.
    """
    hidden = {name for name, count in counts.items() if 0 < count < SMALLEST_SHOWN}
    if whole is not None:
        hidden |= {name for name, count in counts.items() if 0 < whole.get(name, 0) - count < SMALLEST_SHOWN}
    for name in sorted(counts.keys() - hidden, key=lambda name: (counts[name], name)):
        if not hidden or (len(hidden) > 1 and sum(counts[one] for one in hidden) >= SMALLEST_SHOWN):
            break
        if counts[name]:
            hidden.add(name)
    return hidden


def make_figure(asked: Asked, tally: Tally, whole: Tally | None = None) -> Figure:
    """What is shown of one question; whole: the tally of everybody, where this one is of a part of them."""
    answered = tally.get((asked.id, ALL), 0)
    earlier = sorted(
        choice for question, choice in tally if question == asked.id and choice not in (ALL, *asked.choices)
    )
    choices = [*asked.choices, *earlier]
    if answered < SMALLEST_SHOWN or (whole and 0 < whole.get((asked.id, ALL), 0) - answered < SMALLEST_SHOWN):
        return Figure(asked.id, None, [Share(choice, None, None) for choice in choices])
    counts = {choice: tally.get((asked.id, choice), 0) for choice in choices}
    every = None if whole is None else {choice: whole.get((asked.id, choice), 0) for choice in choices}
    hidden = hide_small(counts, every)
    shares = [_share(choice, counts[choice], answered, choice in hidden) for choice in choices]
    if asked.own or asked.form != "scale":
        return Figure(asked.id, answered, shares)
    if asked.id == "recommend":
        return _recommendation(asked, counts, every, shares)
    least = SMALLEST_MEAN_HIDDEN if hidden else SMALLEST_MEAN
    mean = mean_of({int(point): counts[point] for point in FIVE}) if answered >= least else None
    return Figure(asked.id, answered, shares, mean=mean)


def _share(choice: str, count: int, of: int, is_hidden: bool) -> Share:
    return Share(choice, None, None) if is_hidden else Share(choice, count, wilson(count, of))


def _recommendation(
    asked: Asked, counts: Mapping[str, int], whole: Mapping[str, int] | None, shares: Sequence[Share]
) -> Figure:
    """The three groups of those who would and would not recommend, and their score where all three are shown."""
    answered = sum(counts.values())
    grouped = {name: sum(counts[point] for point in points) for name, points in GROUPS.items()}
    every = whole and {name: sum(whole[point] for point in points) for name, points in GROUPS.items()}
    hidden = hide_small(grouped, every)
    groups = [_share(name, grouped[name], answered, name in hidden) for name in GROUPS]
    score = None
    if not hidden and answered >= SMALLEST_MEAN:
        score = net_promoters(grouped["promoters"], grouped["detractors"], answered)
    # points and groups are sums of each other: a hidden point must not follow from its group
    points = (
        shares if not any(share.count is None for share in shares) else [Share(s.choice, None, None) for s in shares]
    )
    return Figure(asked.id, answered, points, groups, nps=score)


def months_until(first_on: str, today: date) -> list[str]:
    """The months from that of a first day until today's, the newest first, like 2026-11; today's at least."""
    first = min(date.fromisoformat(first_on), today)
    return [
        f"{year:04}-{month:02}"
        for year in range(today.year, first.year - 1, -1)
        for month in range(12, 0, -1)
        if (first.year, first.month) <= (year, month) <= (today.year, today.month)
    ]


def month_window(from_text: str, until_text: str, known: tuple[str, date]) -> Window:
    """The whole months asked for, both in; known: a first day and today. Without being asked the last twelve.

    Single days cannot be asked for: two windows that differ by one would tell what was answered on it. Raises Invalid.
    """
    months = months_until(*known)
    until = until_text or months[0]
    first = from_text or max(months[-1], months[min(11, len(months) - 1)])
    if first not in months or until not in months:
        raise Invalid("month_unknown", "Choose the months from the lists.")
    if until < first:
        raise Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    year, month = map(int, until.split("-"))
    after = date(year + month // 12, month % 12 + 1, 1)
    return Window(date.fromisoformat(f"{first}-01"), after - timedelta(days=1))
