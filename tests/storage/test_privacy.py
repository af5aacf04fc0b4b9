"""The noise of releases: what an attacker who knows every visit but one learns of that one, and what it costs the reader.

Two worlds differ in one visit. Whatever is released, an attacker may look at any property of it; with epsilon, none may be
more than e^epsilon times as likely in one world as in the other. A mechanism is a distribution, so many releases of each
world are drawn, and for properties that were chosen beforehand the two frequencies are compared. By Hoeffding's inequality
p1 - e^epsilon * p2, of n draws each, exceeds its true value by more than sqrt((1 + e^(2 epsilon)) * ln(1 / alarm) / (2n))
with a chance below alarm: one in a milliard for each of fewer than two hundred comparisons, so that all of them together
raise a false alarm less than once in a million runs.
The same comparisons must find a mechanism that is broken, or they would prove nothing.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from math import e, log, sqrt
from statistics import median

import pytest

from xr_server.domain.open_figures import (
    EPSILON,
    MEASURE_NAMES,
    MEASURES,
    MOST_LANDMARKS,
    Cell,
    Counts,
    Measure,
    MeasureName,
    OpenVisit,
    Universe,
    cells_of,
    count_cells,
)
from xr_server.domain.open_release import Told, tell
from xr_server.storage.privacy import add_noise

FALSE_ALARM = 1e-9
LANDMARKS = tuple(f"mark-{letter}" for letter in "abcde")
Draw = Callable[[Sequence[int], Measure], list[int]]
Publish = Callable[[Counts, Counts], Told]


class ShortMonth(Universe):
    """Two days: the fewer cells there are, the more draws a test has time for."""

    @property
    def days(self) -> tuple[str, ...]:
        return "2026-02-03", "2026-02-04"


SMALL = ShortMonth("2026-02", LANDMARKS, ())


def make_visit(number: int) -> OpenVisit:
    seen = dict.fromkeys(LANDMARKS, 11)
    return OpenVisit(number.to_bytes(4, "big"), "2026-02-03", True, "nl", "headset", None, "completed", seen)


OTHERS = {"hidden without the victim": 9, "never hidden": 300}
"""How many others are in exactly the victim's cells, of which the attacker knows all."""
CELLS = cells_of(make_visit(9999), SMALL)


def score(told: Told, others: int) -> float:
    """How much a release looks as if the victim were in it: each cell of theirs, weighed by how little noise it has."""
    found = 0.0
    for name, cell in CELLS:
        beyond = (told.cells[name][cell] or 0) - others - 0.5
        found += max(-0.5, min(0.5, beyond)) / MEASURES[name].scale
    return found


def properties(others: int) -> list[Callable[[Told], bool]]:
    """What is looked at: single cells, whether they are hidden, sums, and the best guess from all of them together."""
    chosen: list[Callable[[Told], bool]] = []
    for name, cell in [CELLS[0], CELLS[1], CELLS[4], CELLS[-2], CELLS[-1]]:
        chosen.append(lambda told, name=name, cell=cell: told.cells[name][cell] is None)
        chosen.append(lambda told, name=name, cell=cell: (told.cells[name][cell] or 0) > others)
    chosen.append(lambda told: (told.totals["here"] or 0) > others)
    chosen.append(lambda told: sum(told.totals[one] or 0 for one in LANDMARKS) > 5 * others)
    chosen += [lambda told, least=least: score(told, others) >= least for least in (-0.3, -0.1, 0.0, 0.1, 0.3)]
    return chosen


def tell_as_released(_counts: Counts, noisy: Counts) -> Told:
    return tell(noisy, SMALL)


def worst(first: Sequence[int], second: Sequence[int], draws: int, epsilon: float) -> float:
    """How far the frequencies of properties in two worlds go beyond what epsilon and chance allow; above zero: an alarm."""
    allowed = e**epsilon
    chance = sqrt((1 + allowed**2) * log(1 / FALSE_ALARM) / (2 * draws))
    shares = [(a / draws, b / draws) for a, b in zip(first, second, strict=True)]
    pairs = [pair for a, b in shares for pair in ((a, b), (b, a), (1 - a, 1 - b), (1 - b, 1 - a))]
    return max(p - allowed * q for p, q in pairs) - chance


def compare_releases(
    others: int, add: Draw = add_noise, publish: Publish = tell_as_released, draws: int = 300
) -> float:
    """The worlds with and without the victim, by properties of what is released of them."""
    chosen, counted = properties(others), []
    for there in (others + 1, others):
        counts = count_cells([make_visit(number) for number in range(there)], SMALL)
        noisy = {name: add(list(counts[name].values()) * draws, MEASURES[name]) for name in MEASURE_NAMES}
        seen = [0] * len(chosen)
        for number in range(draws):
            told = publish(counts, {name: _draw_of(counts[name], noisy[name], number) for name in MEASURE_NAMES})
            for at, holds in enumerate(chosen):
                seen[at] += holds(told)
        counted.append(seen)
    return worst(*counted, draws, float(EPSILON))


def _draw_of(cells: Mapping[Cell, int], noisy: Sequence[int], number: int) -> dict[Cell, int]:
    return dict(zip(cells, noisy[number * len(cells) : (number + 1) * len(cells)], strict=True))


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("draws", [300, pytest.param(5_000, marks=pytest.mark.long)])
def test_whoever_knows_every_visit_but_one_learns_no_more_of_it_than_epsilon_allows(others: int, draws: int) -> None:
    """The first attack: two worlds that differ in one visit, and all that is released of them."""
    assert compare_releases(others, draws=draws) <= 0


def hide_by_true_counts(counts: Counts, noisy: Counts) -> Told:
    """The mistake of hiding what is small before noise is added: that a cell is shown says that it holds ten."""
    told = tell(noisy, SMALL)
    cells = {
        name: {cell: told.cells[name][cell] if count >= 10 else None for cell, count in counts[name].items()}
        for name in MEASURE_NAMES
    }
    return Told(told.totals, cells)


def test_the_attack_finds_a_release_that_is_not_private() -> None:
    assert compare_releases(9, publish=hide_by_true_counts) > 0
    for others in OTHERS.values():
        assert compare_releases(others, add=lambda counts, _measure: list(counts)) > 0


KINDS = sorted({(measure.scale, measure.most_cells): measure for measure in MEASURES.values()}.items())
DRAWS = {1: 80_000, MOST_LANDMARKS: 25_000}


def compare_counts(measure: Measure, add: Draw) -> float:
    """One table before it is brought to sums: the cells of the victim in both worlds, against the table's own share."""
    counted, draws = [], DRAWS[measure.most_cells]
    for there in (301, 300):
        noisy = add([there] * (draws * measure.most_cells), measure)
        more = [number > 300 for number in noisy]
        rows = [sum(more[at : at + measure.most_cells]) for at in range(0, len(more), measure.most_cells)]
        counted.append([sum(row >= least for row in rows) for least in range(1, measure.most_cells + 1)])
    return worst(*counted, draws, float(measure.epsilon))


@pytest.mark.parametrize("measure", [measure for _, measure in KINDS], ids=lambda it: f"{it.scale}-{it.most_cells}")
def test_no_table_tells_more_than_its_share(measure: Measure) -> None:
    assert compare_counts(measure, add_noise) <= 0


def noise_for_one_cell(counts: Sequence[int], measure: Measure) -> list[int]:
    """The mistake of forgetting that a visit is in several cells."""
    return add_noise(counts, Measure(measure.scale // measure.most_cells))


def a_third_of_the_noise(counts: Sequence[int], measure: Measure) -> list[int]:
    return add_noise(counts, Measure(measure.scale // 3, measure.most_cells))


@pytest.mark.parametrize("measure", [measure for _, measure in KINDS], ids=lambda it: f"{it.scale}-{it.most_cells}")
def test_a_table_that_tells_more_than_its_share_is_found(measure: Measure) -> None:
    assert compare_counts(measure, noise_for_one_cell if measure.most_cells > 1 else a_third_of_the_noise) > 0


def test_the_noise_of_each_table_is_the_discrete_laplace_of_its_scale() -> None:
    """Half of it stays within scale * ln 2; 20,000 draws put the share within 0.02 but once in ten million runs."""
    for measure in {measure.scale: measure for measure in MEASURES.values()}.values():
        noise = add_noise([1000] * 20_000, measure)
        limit, ratio = measure.scale, e ** (-1 / measure.scale)
        beyond = sum(abs(number - 1000) > limit for number in noise) / len(noise)
        assert beyond == pytest.approx(2 * ratio ** (limit + 1) / (1 + ratio), abs=0.02)
        above = sum(number > 1000 for number in noise) / len(noise)
        assert above == pytest.approx(ratio / (1 + ratio), abs=0.02)


def test_two_releases_of_the_same_visits_would_differ_so_that_the_second_must_never_be_made() -> None:
    counts = [100] * 200
    assert add_noise(counts, MEASURES["landmark_day"]) != add_noise(counts, MEASURES["landmark_day"])


def busy_month() -> tuple[Universe, list[OpenVisit]]:
    """2,000 visits a day at fifteen landmarks of which some draw many more than others, none at more than five."""
    universe = Universe("2026-02", tuple(f"mark-{number:02}" for number in range(15)), ())
    chance = random.Random(7)
    weights = [1 / (1 + at) ** 0.7 for at in range(15)]
    visits = []
    for number in range(2000 * 28):
        seen = set(chance.choices(universe.landmarks, weights, k=chance.randint(1, 5)))
        hours = {one: min(17, max(9, round(chance.gauss(13, 2)))) for one in seen}
        day_on = universe.days[number % 28]
        visits.append(OpenVisit(number.to_bytes(4, "big"), day_on, True, "ja", "phone", None, "ar", hours))
    return universe, visits


def test_daily_numbers_of_landmarks_stay_within_two_percent_on_a_busy_month() -> None:
    """The median relative error that was measured beforehand for an epsilon of one half; it is the reader's price."""
    universe, visits = busy_month()
    counts = count_cells(visits, universe)
    noisy = {
        name: dict(zip(cells, add_noise(list(cells.values()), MEASURES[name]), strict=True))
        for name, cells in counts.items()
    }
    told = tell(noisy, universe)
    errors = {name: relative_errors(name, counts[name], told) for name in ("landmark_day", "landmark_hour", "day")}
    assert median(errors["landmark_day"]) <= 0.02
    assert median(errors["day"]) <= 0.01
    assert median(errors["landmark_hour"]) <= 0.06


def relative_errors(name: MeasureName, counts: Mapping[Cell, int], told: Told) -> list[float]:
    return [abs((told.cells[name][cell] or 0) - count) / count for cell, count in counts.items() if count >= 10]
