"""Opening hours as a form: read again it is what was typed; days off by law; a place that cannot be meant."""

from datetime import date

from tests.samples import GATE, SITE
from xr_server.domain.opening import Hours, Opening, OtherDay, hours_on
from xr_server.domain.opening_form import read_opening, type_opening
from xr_server.domain.whereabouts import Surroundings, find_misplaced, gather_known

DAY = [Hours(opens_at="08:00", closes_at="21:00")]
NOON = [Hours(opens_at="09:00", closes_at="12:00"), Hours(opens_at="13:00", closes_at="00:00")]


def test_what_is_typed_is_read_as_it_was() -> None:
    for off in (None, [], NOON):
        opening = Opening(
            weekly={"MO": DAY, "SU": NOON},
            days_off=off,
            other_days=[OtherDay(on="2026-12-09"), OtherDay(on="2026-12-31", hours=NOON)],
            closed_yearly=["01-01", "12-29"],
        )
        faults: dict[str, object] = {}
        assert read_opening(type_opening(opening), faults) == opening  # type: ignore[arg-type]
        assert faults == {}
    assert read_opening(type_opening(None), {}) is None


def test_a_public_holiday_has_hours_of_its_own_below_single_days() -> None:
    opening = Opening(
        weekly={"MO": DAY}, days_off=NOON, other_days=[OtherDay(on="2027-01-11")], closed_yearly=["11-23"]
    )
    assert hours_on(opening, date(2026, 11, 30)) == DAY  # any Monday
    assert hours_on(opening, date(2026, 11, 3)) == NOON  # a holiday on a Tuesday
    assert hours_on(opening, date(2027, 1, 11)) == []  # a holiday, but a day of its own
    assert hours_on(opening, date(2026, 11, 23)) == []  # a holiday, but closed every year


def test_hours_of_one_line_are_taken_as_people_type_them() -> None:
    typed = {"open_said": "yes", "other_days": "2026-12-30 8:00〜12:00、13:00-15:00"}
    opening = read_opening(typed, {})
    assert opening is not None
    assert opening.other_days == [
        OtherDay(
            on="2026-12-30",
            hours=[Hours(opens_at="08:00", closes_at="12:00"), Hours(opens_at="13:00", closes_at="15:00")],
        )
    ]


def test_a_place_is_held_against_what_is_known_but_not_against_itself() -> None:
    around = Surroundings(SITE, gather_known(SITE, [GATE]))
    assert find_misplaced((32.7437, 129.8700), around) is None  # 215 m west of the gate
    moved = Surroundings(SITE, gather_known(SITE, [GATE], GATE.id))
    alone = find_misplaced((32.7437, 129.8690), moved)
    assert alone is not None and alone.code == "spot_lone" and alone.values == {"metres": "390"}
