"""Which cells a visit is in, and what becomes of noisy numbers before they are published."""

import csv
import io
import json
import random

import pytest

from xr_server.domain.open_figures import (
    EPSILON,
    MEASURE_NAMES,
    MEASURES,
    MOST_LANDMARKS,
    OpenVisit,
    Universe,
    cells_of,
    count_cells,
    month_epsilon_thousandths,
    read_month,
    say_size,
)
from xr_server.domain.open_files import METADATA_FILE, About, write_files
from xr_server.domain.open_month import open_visit
from xr_server.domain.open_release import Division, hide_small, reconcile, tell
from xr_server.domain.open_tables import DEFINITIONS, TABLES, TITLES, Names, expect_error, make_tables
from xr_server.domain.visit_facts import Seen, Stay, VisitFacts
from xr_server.errors import Invalid

LANDMARKS = tuple(f"mark-{letter}" for letter in "abcdefgh")
UNIVERSE = Universe("2026-11", LANDMARKS, ("lantern",))
NAMES = Names(
    {one: {"ja": f"所{one}", "en": one.upper()} for one in LANDMARKS}, {"lantern": {"ja": "灯", "en": "=1+1"}}
)
ABOUT = About("dejima", {"ja": "出島", "en": "Dejima"}, "Dejima", "Asia/Tokyo", "for this test", "2026-12-05T00:00:00Z")


def make_visit(number: int, **facts: object) -> OpenVisit:
    values = {"day_on": "2026-11-03", "here": True, "language": "ja", "device": "phone", **facts}
    return OpenVisit(key=number.to_bytes(4, "big"), **values)  # type: ignore[arg-type]


def some_visits(count: int, seed: int) -> list[OpenVisit]:
    chance = random.Random(seed)
    visits = []
    for number in range(count):
        seen = chance.sample(LANDMARKS, chance.randint(0, 8))
        visits.append(
            make_visit(
                number,
                day_on=f"2026-11-{chance.randint(1, 30):02}",
                here=chance.random() < 0.8,
                language=chance.choice(["ja", "ja", "en", "ko"]),
                step=chance.choice([None, "triggered", "ar", "placed", "completed"]),
                campaign=chance.choice([None, None, "lantern", "unknown"]),
                landmarks={one: chance.randint(9, 17) for one in seen},
            )
        )
    return visits


def test_the_shares_of_the_tables_come_to_an_epsilon_of_one_and_no_more() -> None:
    assert EPSILON == 1
    assert month_epsilon_thousandths() == 1000
    assert set(MEASURES) == set(MEASURE_NAMES)


def test_a_month_is_read_and_has_all_its_days() -> None:
    assert len(UNIVERSE.days) == 30 and UNIVERSE.days[-1] == "2026-11-30"
    assert len(Universe("2028-02", (), ()).days) == 29
    for wrong in ("2026-13", "2026-1", "2026-11-01", "", "202611"):
        with pytest.raises(Invalid, match="2026-11"):
            read_month(wrong)


@pytest.mark.parametrize("seed", range(20))
def test_one_visit_changes_no_table_by_more_than_its_cap(seed: int) -> None:
    """The whole privacy rests on this: with and without any one visit, a table's cells differ by at most its cap in sum."""
    visits = some_visits(60, seed)
    everything = count_cells(visits, UNIVERSE)
    for out in range(0, 60, 7):
        rest = count_cells(visits[:out] + visits[out + 1 :], UNIVERSE)
        for name in MEASURE_NAMES:
            assert list(rest[name]) == list(everything[name])
            differences = [abs(everything[name][cell] - rest[name][cell]) for cell in rest[name]]
            assert sum(differences) <= MEASURES[name].most_cells


def test_the_landmarks_that_count_are_drawn_by_the_visit_alone_and_none_is_preferred() -> None:
    all_of_them = dict.fromkeys(LANDMARKS, 10)
    drawn = [
        [
            cell[0]
            for name, cell in cells_of(make_visit(number, landmarks=all_of_them), UNIVERSE)
            if name == "landmark_day"
        ]
        for number in range(2000)
    ]
    assert {len(one) for one in drawn} == {MOST_LANDMARKS}
    counts = {one: sum(one in some for some in drawn) for one in LANDMARKS}
    assert all(1100 < count < 1400 for count in counts.values())  # 1250 each; 7 deviations of 22 to either side
    backwards = make_visit(7, landmarks=dict(reversed(all_of_them.items())))
    assert sorted(cells_of(backwards, UNIVERSE)) == sorted(cells_of(make_visit(7, landmarks=all_of_them), UNIVERSE))


def test_a_visit_is_in_one_cell_of_each_division_of_all_visits_whatever_it_says() -> None:
    odd = make_visit(1, language="tlh", device="fridge", campaign="unknown", step="flown", landmarks={"gone": 3})
    names = [name for name, _ in cells_of(odd, UNIVERSE)]
    assert names == ["day", "language", "device", "campaign", "circulation", "funnel"]
    assert {cell[1] for _, cell in cells_of(odd, UNIVERSE)} == {"2026-11-03", "other", "none", "1"}
    at_home = make_visit(2, here=False, landmarks={"mark-a": 9})
    assert {cell[0] for _, cell in cells_of(at_home, UNIVERSE)} == {"home"}
    assert sum(count_cells([make_visit(3, day_on="2026-12-01")], UNIVERSE)["day"].values()) == 0


def test_facts_of_a_visit_become_what_the_tables_ask_for() -> None:
    facts = VisitFacts(
        language="nl",
        here=True,
        campaign="lantern",
        stays=(Stay("mark-b", 11, 40), Stay("mark-a", 13)),
        experiences={"one": Seen(1), "two": Seen(3)},
    )
    visit = open_visit(b"k", "2026-11-02", facts)
    assert visit is not None
    assert (visit.step, visit.device, visit.campaign) == ("placed", None, "lantern")
    assert visit.landmarks == {"mark-b": 11, "mark-a": 13}
    assert open_visit(b"k", "2026-11-02", VisitFacts(language="nl", flag="speed")) is None


@pytest.mark.parametrize("seed", range(300))
def test_divisions_of_the_same_visits_are_brought_to_one_sum_of_whole_numbers(seed: int) -> None:
    chance = random.Random(seed)
    divisions = [
        Division([chance.randint(-60, 200) * (chance.random() < 0.6) for _ in range(size)], scale)
        for size, scale in ((31, 8), (5, 20), (24, 40))
    ]
    total, settled = reconcile(divisions)
    for numbers in settled:
        assert sum(numbers) == total and min(numbers) >= 0
        assert all(isinstance(number, int) for number in numbers)


def test_a_sum_weighs_what_is_measured_well_more_than_what_is_measured_badly() -> None:
    total, settled = reconcile([Division([100, 100], 1), Division([300, 300], 100)])
    assert total == 200 and settled == [[100, 100], [100, 100]]
    assert reconcile([Division([-5, -1], 8), Division([-3], 8)]) == (0, [[0, 0], [0]])
    assert reconcile([Division([40, -10], 8)]) == (30, [[30, 0]])


def differences_of(numbers: list[int | None], total: int | None) -> list[int]:
    """What follows of the hidden numbers from those that are shown and their sum."""
    shown = [number for number in numbers if number is not None]
    return [] if total is None else [*shown, total, total - sum(shown)]


@pytest.mark.parametrize("seed", range(500))
def test_nothing_below_ten_can_be_subtracted_out_of_numbers_that_are_shown(seed: int) -> None:
    chance = random.Random(seed)
    numbers = [chance.choice([0, 1, 3, 9, 10, 11, 15, 400]) for _ in range(chance.randint(1, 9))]
    total = sum(numbers)
    shown = hide_small(numbers)
    known = differences_of(shown, total if total == 0 or total >= 10 else None)
    assert all(value == 0 or value >= 10 for value in known)
    assert [at for at, number in enumerate(numbers) if 0 < number < 10 and shown[at] is not None] == []
    if all(number == 0 or number >= 10 for number in numbers):
        assert shown == numbers  # nothing is hidden without need


def noisy_world(seed: int, count: int = 400):
    chance = random.Random(seed)
    counts = count_cells(some_visits(count, seed), UNIVERSE)
    return {
        name: {
            cell: number
            + round(chance.expovariate(1 / MEASURES[name].scale) - chance.expovariate(1 / MEASURES[name].scale))
            for cell, number in cells.items()
        }
        for name, cells in counts.items()
    }


@pytest.mark.parametrize("seed", range(40))
def test_days_hours_and_languages_subtracted_from_their_sums_give_nobody_or_ten(seed: int) -> None:
    """The second attack: month against days, landmark against its days and hours, visits here against every division."""
    told = tell(noisy_world(seed), UNIVERSE)
    tried = 0
    for name in MEASURE_NAMES:
        for group in UNIVERSE.groups(name):
            numbers = [told.cells[name][group, atom] for atom in UNIVERSE.atoms(name)]
            known = differences_of(numbers, told.totals[group])
            tried += len(known)
            assert all(value == 0 or value >= 10 for value in known), (name, group)
    assert tried > 200


@pytest.mark.parametrize("seed", range(10))
def test_the_files_of_a_month_give_away_no_more_than_its_numbers(seed: int) -> None:
    """The same on the bytes that are served: sums of every table by its group, and the funnel's reached against its steps."""
    tables = {table.name: table for table in make_tables(tell(noisy_world(seed), UNIVERSE), UNIVERSE, NAMES)}
    files = {file.name: file.body for file in write_files(list(tables.values()), UNIVERSE, ABOUT)}
    read = {name: list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode("utf-8-sig")))) for name in TABLES}
    month = {row["where"]: row["visits"] for row in read["visits"]}
    at_landmark = {row["landmark"]: row["visits"] for row in read["landmarks"]}
    for name, key, sums in (
        ("visits-by-day", "where", month),
        ("languages", "where", month),
        ("devices", "where", month),
        ("campaigns", "where", month),
        ("landmarks-by-day", "landmark", at_landmark),
        ("landmarks-by-hour", "landmark", at_landmark),
    ):
        for group, total in sums.items():
            numbers = [int(row["visits"]) if row["visits"] else None for row in read[name] if row[key] == group]
            assert all(one == 0 or one >= 10 for one in differences_of(numbers, int(total) if total else None)), name
    for name in ("circulation", "ar-funnel"):
        numbers = [int(row["visits"]) if row["visits"] else None for row in read[name]]
        assert all(
            one == 0 or one >= 10 for one in differences_of(numbers, int(month["here"]) if month["here"] else None)
        )
    reached = [int(row["reached"]) for row in read["ar-funnel"] if row["reached"]]
    steps = [b - a for a, b in zip(reached[::-1], reached[-2::-1], strict=False)]
    assert all(one == 0 or one >= 10 for one in [*reached, *steps])


def test_every_table_says_what_it_means_how_it_was_made_and_how_far_it_may_be_off() -> None:
    tables = make_tables(tell(noisy_world(1), UNIVERSE), UNIVERSE, NAMES)
    assert [table.name for table in tables] == list(TABLES) == list(TITLES) == list(DEFINITIONS)
    files = {file.name: file for file in write_files(tables, UNIVERSE, ABOUT)}
    assert len(files) == 2 * len(TABLES) + 1
    spent = 0.0
    for table in tables:
        document = json.loads(files[f"{table.name}.json"].body)
        privacy = document["privacy"]
        spent += privacy.get("epsilon", 0)
        assert document["licence"] == "CC BY 4.0" and document["attribution"] == "Dejima"
        assert privacy["release_epsilon"] == 1 and privacy["smallest_shown"] == 10
        half, most = expect_error(table.name, UNIVERSE)
        assert privacy["expected_error_visits"] == {"half_of_the_numbers_within": half, "95_in_100_within": most}
        assert len(document["rows"]) == len(table.rows) and set(document["columns"]) == set(document["rows"][0])
    assert spent == pytest.approx(1)
    group = json.loads(files[METADATA_FILE].body)
    for described, table in zip(group["tables"], tables, strict=True):
        header = files[described["url"]].body.decode("utf-8-sig").splitlines()[0].replace('"', "").split(",")
        assert header == [column["titles"] for column in described["tableSchema"]["columns"]]
        keys = described["tableSchema"]["primaryKey"]
        at = [header.index(key) for key in keys]
        assert len({tuple(row[i] for i in at) for row in table.rows}) == len(table.rows)


def test_a_name_that_looks_like_a_formula_is_none_in_the_csv() -> None:
    tables = make_tables(tell(noisy_world(1), UNIVERSE), UNIVERSE, NAMES)
    text = next(one for one in write_files(tables, UNIVERSE, ABOUT) if one.name == "campaigns.csv").body.decode()
    assert '"\'=1+1"' in text and ',"=1+1"' not in text


def test_the_preview_says_how_much_would_be_hidden_no_finer_than_in_tens() -> None:
    sizes = say_size(count_cells(some_visits(300, 1), UNIVERSE))
    assert sizes["landmark_hour"][0] == len(LANDMARKS) * 24
    assert all(hidden % 10 == 0 and hidden <= cells + 5 for cells, hidden in sizes.values())
