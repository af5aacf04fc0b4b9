"""When a season is: what its rules compute, and what was entered for a year in their place. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from xr_server.domain.days import DateRange, Window, check_year, parse_range
from xr_server.domain.rule_days import RuleSpan, check_days_of, rule_spans
from xr_server.domain.season import DatedRule, Season
from xr_server.errors import Invalid

ASKED_FOR = timedelta(days=60)  # how long after its first day an occurrence without an end is still asked about


def season_ranges(season: Season, window: Window) -> list[DateRange]:
    """The season's inclusive date ranges that touch the window, in order; without those whose end nobody has entered.

    Raises Invalid for a rule out of bounds.
    """
    return [(span.first_on, span.last_on) for span in season_spans(season, window) if span.last_on is not None]


def starts_without_end(season: Season, window: Window) -> list[date]:
    """First days in the window whose last day is still to be entered: the desk asks for it, nothing guesses. Raises Invalid."""
    spans = season_spans(season, window)
    return [span.first_on for span in spans if span.last_on is None and span.first_on >= window.from_on]


def season_spans(season: Season, window: Window) -> list[RuleSpan]:
    """The season's occurrences that touch the window, in order, also those without an end. Raises Invalid."""
    entered_years = {entry.year for entry in season.entered}
    entered = [parse_range(pair) for entry in season.entered for pair in entry.ranges]
    spans: list[RuleSpan] = []
    if isinstance(season.rule, DatedRule):
        entered += [parse_range(pair) for pair in season.rule.ranges]
        rules = list(season.former)
    else:
        rules = [season.rule, *season.former]
    for rule in rules:
        spans += [span for span in rule_spans(rule, window) if span.first_on.year not in entered_years]
    spans += [RuleSpan(*pair) for pair in entered if pair[0] <= window.until_on and pair[1] >= window.from_on]
    return sorted(spans, key=lambda span: (span.first_on, span.last_on or span.first_on))


def live_seasons(seasons: Iterable[Season], on: date) -> list[Season]:
    """The seasons that a local day belongs to. Raises Invalid."""
    return [season for season in seasons if season_ranges(season, Window(on, on))]


def find_season_faults(season: Season) -> Iterator[tuple[str, str]]:
    """What is amiss with a season's rules, as (field, sentence); nothing for one that can be computed."""
    for field, rules in (("rule", [season.rule]), ("former", season.former)):
        for rule in rules:
            try:
                check_days_of(rule)
            except Invalid as error:
                yield field, error.text
    years = [entry.year for entry in season.entered]
    for year in sorted({year for year in years if years.count(year) > 1}):
        yield "entered", f"the year {year} is entered twice"
    for entry in season.entered:
        try:
            check_year(entry.year)
            ranges = [parse_range(pair) for pair in entry.ranges]
        except Invalid as error:
            yield "entered", error.text
            continue
        if any(first.year != entry.year for first, _ in ranges):
            yield "entered", f"what is entered for {entry.year} must begin in that year"


def next_span(season: Season, today: date, until_on: date) -> RuleSpan | None:
    """The first occurrence that is not over today and begins by a day; None when there is none. Raises Invalid.

    One that has begun without an end is asked for a while longer: it is going on, and nobody has said until when.
    """
    spans = season_spans(season, Window(today - ASKED_FOR, until_on))
    return next((span for span in spans if (span.last_on or span.first_on + ASKED_FOR) >= today), None)
