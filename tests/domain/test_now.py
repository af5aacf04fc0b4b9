from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.days import Window
from xr_server.domain.figures import Released, Shown
from xr_server.domain.now import (
    HOUR_MS,
    MINUTE_MS,
    About,
    Now,
    Times,
    arrived_before,
    find_silent,
    landmark_shares,
    make_times,
    round_down,
    same_weekdays,
)

MIDNIGHT = 1_795_446_000_000
AT_11_20 = MIDNIGHT + 11 * HOUR_MS + 20 * MINUTE_MS


@given(st.integers(0, 10**7))
def test_a_number_says_only_its_tens(count):
    shown = round_down(count)
    assert shown % 10 == 0
    assert 0 <= count - shown < 10
    assert (shown == 0) == (count < 10)


def test_times_are_whole_minutes_and_the_last_full_hour_is_that_of_the_local_clock():
    times = make_times(MIDNIGHT, AT_11_20 + 59_999)
    assert times == make_times(MIDNIGHT, AT_11_20)
    assert times.now_at == AT_11_20
    assert times.full_hour_at == MIDNIGHT + 11 * HOUR_MS
    assert times.now_at - times.quarter_at == 15 * MINUTE_MS


def test_the_last_hour_reaches_back_beyond_midnight():
    assert make_times(MIDNIGHT, MIDNIGHT + 5 * MINUTE_MS).first_at == MIDNIGHT - 55 * MINUTE_MS
    assert make_times(MIDNIGHT, AT_11_20).first_at == MIDNIGHT


def now_with(hour: int, **at_landmarks: int) -> Now:
    landmarks = {name: About(0, count, 500) for name, count in at_landmarks.items()}
    return Now(Times(MIDNIGHT, AT_11_20), About(100, hour, 900), 1000, 0, 800, landmarks)


def test_a_landmark_is_silent_where_its_usual_share_would_be_seen():
    shares = {"gate": 0.5, "church": 0.5, "well": 0.05, "garden": 0.3}
    now = now_with(200, gate=90, well=0, garden=10)
    # church: 100 expected and nobody; well: 10 expected, so silence says nothing; garden: ten came
    assert find_silent(now, shares) == {"church": 100}


def test_at_a_quiet_hour_no_landmark_is_silent():
    assert find_silent(now_with(50), {"gate": 0.5}) == {}
    assert find_silent(now_with(60), {"gate": 0.5}) == {"gate": 30}


def test_the_same_weekdays_are_whole_weeks_back():
    days = same_weekdays(date(2026, 11, 24))
    assert days == [date(2026, 11, 17), date(2026, 11, 10), date(2026, 11, 3), date(2026, 10, 27)]


def released(cells: dict[tuple[str, str], Shown]) -> Released:
    return Released(Window(date(2026, 11, 17), date(2026, 11, 17)), cells)


def test_arrivals_before_an_hour_leave_out_that_hour_and_say_when_some_are_hidden():
    hours = {("", f"{hour:02}"): Shown(10 * hour) for hour in range(8, 18)}
    whole = Shown(sum(shown.visits for shown in hours.values()))
    assert arrived_before(released(hours), whole, 10) == Shown(170)  # nobody came before eight
    assert arrived_before(released(hours), Shown(whole.visits + 10), 10) == Shown(170, more=True)
    assert arrived_before(released({}), Shown(200), 10).visits is None


def test_shares_are_told_of_landmarks_whose_number_is_shown():
    cells = released({("gate", "seen"): Shown(50), ("well", "seen"): Shown(None, more=True)})
    assert landmark_shares(cells, Shown(200)) == {"gate": 0.25}
    assert landmark_shares(cells, Shown(None, more=True)) == {}
