"""Figures from answers: intervals against published values, and that no small number is shown or follows from others."""

from datetime import date

import pytest

from xr_server.domain.answers import (
    ALL,
    hide_small,
    make_figure,
    mean_of,
    month_window,
    months_until,
    net_promoters,
    wilson,
)
from xr_server.domain.questionnaire import FIVE, Asked, Question, Questionnaire, list_asked
from xr_server.domain.schedule import Window
from xr_server.errors import Invalid

USUAL = {
    one.id: one
    for one in list_asked(
        Questionnaire(
            id="x", title={}, first_on="2026-01-01", usual=["satisfaction", "recommend", "again", "origin", "spend"]
        )
    )
}


def tally(question: str, **counts: int) -> dict[tuple[str, str], int]:
    found = {(question, name.removeprefix("p")): count for name, count in counts.items()}
    return {**found, (question, ALL): sum(counts.values())}


# Newcombe (1998), Statistics in Medicine 17, table I, method 3
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_the_intervals_that_newcombe_prints(count: int, of: int, low: float, high: float) -> None:
    found = wilson(count, of)
    assert found.value == count / of
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_mean_and_a_score_by_hand() -> None:
    mean = mean_of({1: 5, 3: 10, 5: 5})
    # variance 40/19, standard error 0.3244
    assert (round(mean.value, 3), round(mean.low, 3), round(mean.high, 3)) == (3.0, 2.364, 3.636)
    score = net_promoters(60, 10, 100)
    # variance 0.7 - 0.25 = 0.45, standard error 6.708
    assert (round(score.value, 1), round(score.low, 1), round(score.high, 1)) == (50.0, 36.9, 63.1)
    assert mean_of({5: 40, 1: 0}).high == 5.0 and net_promoters(40, 0, 40).high == 100.0


def test_nothing_is_shown_of_fewer_than_ten() -> None:
    figure = make_figure(USUAL["satisfaction"], tally("satisfaction", p5=9))
    assert (figure.answered, figure.mean, [share.count for share in figure.shares]) == (None, None, [None] * 5)
    assert make_figure(USUAL["satisfaction"], {}).answered is None


@pytest.mark.parametrize("counts", [(40, 3, 0, 12, 20), (40, 3, 3, 0, 20), (11, 9, 11, 11, 11), (1, 1, 100, 0, 0)])
def test_what_is_hidden_does_not_follow_from_the_total(counts: tuple[int, ...]) -> None:
    cells = dict(zip(FIVE, counts, strict=True))
    hidden = hide_small(cells)
    assert {name for name, count in cells.items() if 0 < count < 10} <= hidden
    assert len(hidden) > 1 and sum(cells[name] for name in hidden) >= 10


def test_a_part_does_not_give_away_the_rest() -> None:
    whole, part = {"1": 30, "2": 50, "3": 40}, {"1": 25, "2": 20, "3": 40}
    assert {"1"} < hide_small(part, whole)
    asked = USUAL["satisfaction"]
    rest = make_figure(asked, tally("satisfaction", p5=30), tally("satisfaction", p5=39))
    assert rest.answered is None  # nine others
    assert make_figure(asked, tally("satisfaction", p5=30), tally("satisfaction", p5=50)).answered == 30


def test_a_mean_is_told_from_thirty_on_and_later_where_cells_are_hidden() -> None:
    asked = USUAL["satisfaction"]
    assert make_figure(asked, tally("satisfaction", p5=15, p4=14)).mean is None
    assert make_figure(asked, tally("satisfaction", p5=15, p4=15)).mean is not None
    assert make_figure(asked, tally("satisfaction", p5=60, p4=30, p1=4, p2=4)).mean is None
    told = make_figure(asked, tally("satisfaction", p5=60, p4=30, p1=5, p2=5))
    assert told.mean is not None and told.hidden >= 2


def test_a_score_is_told_only_where_all_three_groups_are() -> None:
    asked = USUAL["recommend"]
    told = make_figure(asked, tally("recommend", p10=40, p8=20, p3=10))
    assert told.nps is not None and [share.count for share in told.groups] == [10, 20, 40]
    assert round(told.nps.value) == 43
    small = make_figure(asked, tally("recommend", p10=40, p8=20, p3=9))
    assert small.nps is None and None in [share.count for share in small.groups]
    # single points of few answers would follow from their group
    points = make_figure(asked, tally("recommend", p10=40, p9=5, p8=20, p3=10))
    assert [share.count for share in points.groups] == [10, 20, 45] and points.nps is not None
    assert {share.count for share in points.shares} == {None}


def test_several_choices_have_shares_of_those_who_answered_and_old_ones_stay() -> None:
    own = Question(id="why", text={"en": "Why"}, several=True)
    asked = Asked("why", "list", ("a", "b"), several=True, own=own)
    figure = make_figure(asked, {("why", ALL): 40, ("why", "a"): 30, ("why", "b"): 20, ("why", "gone"): 10})
    assert [(share.choice, share.count, share.share and share.share.value) for share in figure.shares] == [
        ("a", 30, 0.75), ("b", 20, 0.5), ("gone", 10, 0.25),
    ]  # fmt: skip


def test_only_whole_months_can_be_asked_for() -> None:
    known = ("2026-10-15", date(2026, 12, 1))
    assert months_until(*known) == ["2026-12", "2026-11", "2026-10"]
    assert month_window("", "", known) == Window(date(2026, 10, 1), date(2026, 12, 31))
    assert month_window("2026-11", "2026-11", known) == Window(date(2026, 11, 1), date(2026, 11, 30))
    assert month_window("", "", ("2020-01-01", date(2026, 12, 1))).from_on == date(2026, 1, 1)
    assert months_until("2027-05-01", date(2026, 12, 1)) == ["2026-12"]
    for wrong in (("2026-11-02", ""), ("", "2027-01"), ("x", ""), ("2026-12", "2026-11")):
        with pytest.raises(Invalid):
            month_window(*wrong, known)


def test_intervals_lie_within_their_scales() -> None:
    for of in (10, 11, 100):
        for count in range(of + 1):
            found = wilson(count, of)
            assert 0 <= found.low <= found.value <= found.high <= 1
