"""Somebody at the desk adds and subtracts everything that all figures ever show, and never comes to a few visits.

What is told is a set of sums over visits. Each visit is of a kind (all that a figure could know of it) and of a day; how
many there are of each kind and day are the unknowns, and each released block is one equation. A number follows from what
is told when it is a linear combination of the equations.
"""

import random
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pytest

from xr_server.domain.families import Cell, release_figures
from xr_server.domain.visit_facts import Seen, Stay, VisitFacts, cells_of

FIRST = date(2026, 3, 1)
DAYS = 6
LANGUAGES = ("ja", "en", "nl")
LANDMARKS = {"gate": 0.7, "house": 0.4, "yard": 0.3, "kiln": 0.2, "pier": 0.1, "well": 0.05}
EXPERIENCES = {"gate-1820": 0.5, "house-1820": 0.2, "well-1636": 0.03}


def make_visit(chance: random.Random) -> VisitFacts:
    """One visit; what comes late in a list is rare."""
    language = chance.choices(LANGUAGES, (70, 25, 5))[0]
    campaign = chance.choices(("", "autumn", "spring"), (80, 15, 5))[0]
    of = {"language": language, "campaign": campaign, "link": campaign and chance.choice(("aaaaaa", "bbbbbb"))}
    opened = {name: _follow(chance) for name, share in EXPERIENCES.items() if chance.random() < share}
    refused = chance.choices(("", "camera"), (90, 10))[0]
    if chance.random() < 0.25:
        return VisitFacts(**of, device="desktop", experiences=opened, refused=refused)
    seen = [name for name, share in LANDMARKS.items() if chance.random() < share]
    chance.shuffle(seen)
    stays = tuple(Stay(name, chance.choice((10, 11)), chance.choice((0, 20, 95))) for name in seen)
    stamps = tuple(name for name in seen if chance.random() < 0.8)
    device = chance.choices(("phone", "tablet"), (90, 10))[0]
    here = {"here": True, "hour": chance.choice((9, 10, 11)), "stays": stays, "stamps": stamps, "device": device}
    return VisitFacts(**of, **here, experiences=opened, refused=refused)


def _follow(chance: random.Random) -> Seen:
    step = chance.choices((1, 2, 3, 4), (40, 20, 25, 15))[0]
    look = 3 if step == 4 else chance.choice((1, 2, 3))
    reason = chance.choice(("", "camera", "unsupported")) if step < 4 else ""
    return Seen(step, look, reason, chance.choice(("window", "ar")) if step > 1 else "")


class Attack:
    """All that is told of some days of made visits, as equations over how many there were of each kind on each day.

    Whether a number follows is found by vectors that every equation leaves at nothing and that are random otherwise.
    """

    def __init__(self, seed: int, a_day: int) -> None:
        chance = random.Random(seed)
        self.days = [FIRST + timedelta(days=number) for number in range(DAYS)]
        made = [
            [frozenset(cells_of(make_visit(chance))) for _ in range(chance.randint(a_day // 2, a_day))]
            for _ in self.days
        ]
        # a kind may come on any day: whoever attacks does not know that there was none
        kinds = {kind: number for number, kind in enumerate(dict.fromkeys(kind for day in made for kind in day))}
        self.cells = sorted(set().union(*kinds))
        self.of_kind = {cell: np.array([cell in kind for kind in kinds], dtype=float) for cell in self.cells}
        counts = np.zeros((len(kinds), DAYS))
        for number, day in enumerate(made):
            for kind in day:
                counts[kinds[kind], number] += 1
        self.numbers = counts.ravel()
        released = release_figures({day: self._count(counts[:, number]) for number, day in enumerate(self.days)})
        self.blocks = [(cell, block) for cell, blocks in released.items() for block in blocks]
        self.told = np.array([self.row((cell,), block.days) for cell, block in self.blocks])
        self.unseen = unseen_by(self.told)

    def _count(self, counts: np.ndarray) -> dict[Cell, int]:
        found = {cell: int(members @ counts) for cell, members in self.of_kind.items()}
        return {cell: count for cell, count in found.items() if count}

    def row(self, cells: tuple[Cell, ...], days: tuple[date, ...]) -> np.ndarray:
        """The sum over the visits of some days that are in all of some cells."""
        members = np.prod([self.of_kind[cell] for cell in cells], axis=0)
        return np.outer(members, [float(day in days) for day in self.days]).ravel()

    def periods(self) -> list[tuple[date, ...]]:
        """All runs of days that a page can be asked for."""
        return [tuple(self.days[first:last]) for first, last in combinations(range(DAYS + 1), 2)]


def unseen_by(told: np.ndarray) -> np.ndarray:
    """Random vectors that all equations leave at nothing: a sum that does not either does not follow from them."""
    _, sizes, basis = np.linalg.svd(told, full_matrices=False)
    basis = basis[sizes > 1e-9 * sizes[0]]
    vectors = np.random.default_rng(1636).normal(size=(told.shape[1], 3))
    return vectors - basis.T @ (basis @ vectors)


def follows(unseen: np.ndarray, row: np.ndarray) -> bool:
    """Whether a sum can be reckoned from what is told."""
    return bool(np.abs(row @ unseen).max() < 1e-7)


@pytest.fixture(scope="module", params=[(1, 40), (2, 120), (3, 180)], ids=["quiet", "usual", "busy"])
def attack(request: pytest.FixtureRequest) -> Attack:
    return Attack(*request.param)


def test_what_is_told_is_true_and_is_worth_telling(attack):
    assert list(attack.told @ attack.numbers) == [block.visits for _, block in attack.blocks]
    assert min(block.visits for _, block in attack.blocks) >= 10
    assert len({cell.figure for cell, _ in attack.blocks}) >= 8


def test_what_is_told_follows_and_what_adds_up_from_it(attack):
    assert all(follows(attack.unseen, row) for row in attack.told)
    assert follows(attack.unseen, attack.told[0] - 2 * attack.told[1] + attack.told[-1])


def test_no_number_of_a_few_visits_of_any_figure_and_period_follows(attack):
    asked = 0
    for cell in attack.cells:
        for period in attack.periods():
            row = attack.row((cell,), period)
            if 0 < row @ attack.numbers < 10:
                asked += 1
                assert not follows(attack.unseen, row), (cell, period)
    assert asked > 50


def test_no_difference_of_two_periods_or_two_figures_of_a_few_visits_follows(attack):
    """Two filters that overlap must not differ by a few visits: a day more, a language less, this landmark and not that."""
    asked = [(cell, period) for cell in attack.cells for period in attack.periods()]
    rows = np.array([attack.row((cell,), period) for cell, period in asked], dtype=np.float32)
    seen, numbers = rows.astype(float) @ attack.unseen, rows.astype(float) @ attack.numbers
    few = 0
    for place, name in enumerate(asked):
        apart = numbers[place] - numbers
        few += int(((apart > 0) & (apart < 10)).sum())
        found = np.flatnonzero((apart > 0) & (apart < 10) & (np.abs(seen[place] - seen).max(axis=1) < 1e-6))
        # that two numbers are alike tells nothing of anybody; that one filter is within the other does
        within = [asked[other] for other in found if (rows[place] >= rows[other]).all()]
        assert not within, (name, within)
    assert few > 1000


def test_nobody_is_found_in_two_figures_at_once(attack):
    """A few visits that are in two cells, such as Dutch at the gate, do not follow either."""
    chance = random.Random(11)
    asked = 0
    for _ in range(3000):
        pair = tuple(chance.sample(attack.cells, 2))
        row = attack.row(pair, chance.choice(attack.periods()))
        if 0 < row @ attack.numbers < 10:
            asked += 1
            assert not follows(attack.unseen, row), pair
    assert asked > 50


def test_the_attack_finds_what_plain_suppression_gives_away(attack):
    """Every cell of at least ten shown as it is, by day and over all days: some that are hidden follow."""
    shown = []
    for period in [(day,) for day in attack.days] + [tuple(attack.days)]:
        shown += [row for cell in attack.cells if (row := attack.row((cell,), period)) @ attack.numbers >= 10]
    unseen = unseen_by(np.array(shown))
    hidden = [attack.row((cell,), (day,)) for cell in attack.cells for day in attack.days]
    assert any(follows(unseen, row) for row in hidden if 0 < row @ attack.numbers < 10)
