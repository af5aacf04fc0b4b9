from xr_server.domain.budget import HOUR_MS, MOST_VISITS_AN_HOUR, Budgets

NOW = 497_079 * HOUR_MS


def test_a_token_covers_so_many_events_an_hour_and_then_none_until_the_next():
    budgets = Budgets(most_events=10)
    assert [budgets.spend("a", 4, NOW) for _ in range(4)] == [4, 4, 2, 0]
    assert budgets.spend("b", 4, NOW) == 4
    assert budgets.spend("a", 4, NOW + HOUR_MS - 1) == 0
    assert budgets.spend("a", 40, NOW + HOUR_MS) == 10


def test_a_token_covers_the_visits_of_one_phone_and_none_of_a_forger_s_others():
    budgets = Budgets()
    visits = [f"{number:032x}" for number in range(MOST_VISITS_AN_HOUR + 2)]
    covered = [budgets.spend("a", 5, NOW, visit) for visit in visits for _ in range(2)]
    assert covered == [5] * 2 * MOST_VISITS_AN_HOUR + [0] * 4
    assert budgets.spend("a", 5, NOW, visits[0]) == 0  # going back is going on to another one
    assert budgets.spend("b", 5, NOW, visits[-1]) == 5
    assert budgets.spend("a", 5, NOW + HOUR_MS, visits[-1]) == 5


def test_what_names_no_visit_has_no_budget_of_visits():
    budgets = Budgets()
    assert {budgets.spend("a", 1, NOW) for _ in range(3 * MOST_VISITS_AN_HOUR)} == {1}


def test_what_was_not_stored_is_given_back():
    budgets = Budgets(most_events=10)
    budgets.spend("a", 10, NOW)
    budgets.give_back("a", 6)
    assert budgets.spend("a", 10, NOW) == 6
    budgets.give_back("a", 1000)
    assert budgets.spend("a", 20, NOW) == 10


def test_what_is_given_back_after_the_hour_has_turned_buys_nothing():
    budgets = Budgets(most_events=10)
    budgets.spend("a", 10, NOW)
    budgets.spend("b", 1, NOW + HOUR_MS)
    budgets.give_back("a", 10)
    assert budgets.spend("a", 20, NOW + HOUR_MS) == 10


def test_of_more_tokens_than_are_remembered_those_seen_first_go():
    budgets = Budgets(most_events=10, most_tokens=3)
    for nonce in "abcd":
        budgets.spend(nonce, 10, NOW)
    assert budgets.spend("d", 1, NOW) == budgets.spend("c", 1, NOW) == 0
    assert budgets.spend("a", 1, NOW) == 1


def test_a_clock_set_back_an_hour_or_a_day_starts_a_new_hour():
    budgets = Budgets(most_events=10)
    assert [budgets.spend("a", 10, NOW - turn) for turn in (0, HOUR_MS, 24 * HOUR_MS)] == [10, 10, 10]
