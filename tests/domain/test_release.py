"""What may be shown of figures: nothing of fewer than ten visits, and nothing that can be subtracted out of it."""

from datetime import date, timedelta
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xr_server.domain.release import Block, release_family, release_root

FIRST = date(2026, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def by_day(*counts: dict[str, int]) -> dict[date, dict[str, int]]:
    return {day(number): count for number, count in enumerate(counts)}


def release(counts: dict[date, dict[str, int]], smallest: int = 10) -> tuple[list[Block], dict[str, list[Block]]]:
    root = release_root({on: sum(atoms.values()) for on, atoms in counts.items()}, smallest)
    return root, release_family(root, counts, smallest)


def test_days_with_enough_visits_are_shown_each_for_itself_and_others_together():
    blocks = release_root({day(0): 12, day(1): 4, day(2): 5, day(3): 3, day(4): 40, day(5): 9})
    assert [(block.first_on, block.last_on, block.visits) for block in blocks] == [
        (day(0), day(0), 12),
        (day(1), day(3), 12),
        (day(4), day(4), 40),
    ]


def test_atoms_with_enough_are_shown_by_day():
    _, shown = release(by_day({"ja": 40, "en": 20, "zh": 11}, {"ja": 30, "en": 15, "zh": 12}))
    assert {atom: [block.visits for block in blocks] for atom, blocks in shown.items()} == {
        "ja": [40, 30],
        "en": [20, 15],
        "zh": [11, 12],
    }


def test_the_one_that_is_hidden_takes_another_with_it():
    _, shown = release(by_day({"ja": 40, "en": 20, "nl": 3}))
    assert {atom: [block.visits for block in blocks] for atom, blocks in shown.items()} == {"ja": [40]}


def test_a_small_one_is_shown_over_as_many_days_as_it_needs():
    _, shown = release(by_day(*[{"ja": 40, "en": 20, "nl": 3}] * 4))
    assert [block.visits for block in shown["ja"]] == [40, 40, 40, 40]
    assert [(block.first_on, block.last_on, block.visits) for block in shown["en"]] == [(day(0), day(3), 80)]
    assert [(block.first_on, block.last_on, block.visits) for block in shown["nl"]] == [(day(0), day(3), 12)]


def test_who_is_in_no_atom_is_protected_as_well():
    root = release_root({day(0): 20, day(1): 20})
    shown = release_family(root, {day(0): {"seen": 15}, day(1): {"seen": 13}})
    assert [(block.days, block.visits) for block in shown["seen"]] == [((day(0), day(1)), 28)]


def test_a_family_below_a_block_begins_with_that_block():
    divided = [Block((day(0), day(2)), 30)]
    counts = by_day({"morning": 8, "noon": 7}, {"morning": 50}, {"morning": 6, "noon": 9})
    shown = release_family(divided, counts)
    assert {atom: [(block.days, block.visits) for block in blocks] for atom, blocks in shown.items()} == {
        "noon": [((day(0), day(2)), 16)],
        "morning": [((day(0), day(2)), 14)],
    }


counts_of_days = st.lists(
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 30), max_size=5), min_size=1, max_size=12
).map(lambda days: by_day(*days))


@given(counts_of_days)
@settings(max_examples=300)
def test_what_was_shown_once_is_never_shown_otherwise(counts):
    _, whole = release(counts)
    for until in sorted(counts):
        _, early = release({on: atoms for on, atoms in counts.items() if on <= until})
        for atom, blocks in early.items():
            assert {block.days for block in blocks} <= {block.days for block in whole[atom]}


@given(counts_of_days)
@settings(max_examples=300)
def test_blocks_of_an_atom_never_overlap_and_say_what_happened(counts):
    _, shown = release(counts)
    for atom, blocks in shown.items():
        days = [on for block in blocks for on in block.days]
        assert len(days) == len(set(days))
        for block in blocks:
            assert block.visits == sum(counts[on].get(atom, 0) for on in block.days) >= 10


def known_sums(counts, smallest):
    """The rows of everything that is told, over the cells (atom, day), and the cells' own numbers."""
    atoms = sorted({atom for one in counts.values() for atom in one}) or ["a"]
    cells = [(atom, on) for atom in atoms for on in sorted(counts)]
    place = {cell: number for number, cell in enumerate(cells)}
    root, shown = release(counts, smallest)
    rows = []
    for told in [(atoms, block) for block in root] + [([a], block) for a, blocks in shown.items() for block in blocks]:
        row = np.zeros(len(cells))
        row[[place[atom, on] for atom in told[0] for on in told[1].days]] = 1
        rows.append(row)
    return cells, np.array(rows), np.array([counts[on].get(atom, 0) for atom, on in cells])


def follows(rows: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether a sum can be reckoned by adding and subtracting what is told."""
    return np.linalg.matrix_rank(np.vstack([rows, wanted])) == np.linalg.matrix_rank(rows)


small_days = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), min_size=1, max_size=3), min_size=1, max_size=3
).map(lambda days: by_day(*days))


@given(small_days)
@settings(max_examples=150)
def test_whoever_adds_and_subtracts_all_that_is_told_never_comes_to_a_few_visits(counts):
    """The attack: every set of cells there is, each asked of everything that is told; smallest is 3 here."""
    cells, rows, numbers = known_sums(counts, 3)
    if len(rows) == 0:
        return
    for chosen in product((0.0, 1.0), repeat=len(cells)):
        wanted = np.array(chosen)
        if 0 < wanted @ numbers < 3:
            assert not follows(rows, wanted), [cell for cell, taken in zip(cells, chosen, strict=True) if taken]


@given(counts_of_days)
@settings(max_examples=60)
def test_no_small_cell_day_or_difference_of_periods_follows_from_what_is_told(counts):
    cells, rows, numbers = known_sums(counts, 10)
    if len(rows) == 0:
        return
    days, atoms = sorted(counts), sorted({atom for atom, _ in cells})
    periods = [days[first:last] for first, last in combinations(range(len(days) + 1), 2)]
    for atom, period in product([*atoms, None], periods):
        wanted = np.array([float(on in period and atom in (None, of)) for of, on in cells])
        if 0 < wanted @ numbers < 10:
            assert not follows(rows, wanted), (atom, period)


def test_showing_all_that_have_ten_would_be_found_out():
    """The attack can fail what it is meant to fail: sums by day beside every atom that has ten give the hidden one away."""
    row = np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # all of a day, and two of three languages
    assert follows(row, np.array([0.0, 0.0, 1.0]))


@pytest.mark.parametrize("days", [365])
def test_a_year_of_a_small_language_is_shown_nearly_whole(days):
    counts = by_day(
        *[{"ja": 60, "en": 25, "zh": 14, "ko": 9, "nl": 1 if number % 3 == 0 else 0} for number in range(days)]
    )
    _, shown = release(counts)
    assert sum(block.visits for block in shown["ja"]) == 60 * days
    assert sum(block.visits for block in shown["nl"]) >= 112
    assert sum(block.visits for block in shown["ko"]) >= 9 * (days - 40)
