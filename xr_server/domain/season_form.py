"""A season as a form: what it shows of one, and the season that was typed. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from xr_server.domain.days import check_year, parse_range
from xr_server.domain.rule_form import BLANK, Typed, make_rule, read_number, show_rule
from xr_server.domain.season import ComputedRule, DatedRule, DateSpan, EnteredYear, RecurringRule, Rule, Season
from xr_server.domain.season_days import find_season_faults
from xr_server.errors import Invalid

KIND_DATED = "dated"
MOST_NAME = 120
MOST_NOTE = 1000


def show_season(season: Season | None, languages: Sequence[str]) -> dict[str, Any]:
    """What the form shows of a season; a new one begins as announced days."""
    words: dict[str, Any] = {}
    for language in languages:
        words[f"name_{language}"] = season.name.get(language, "") if season else ""
        words[f"note_{language}"] = season.note.get(language, "") if season else ""
    if season is None:
        return {
            **BLANK,
            "kind": "",
            **words,
            "ranges": [],
            "not_held": "",
            "sources": "",
            "keep_former": "",
            "landmarks": [],
        }
    entered = [pair for entry in season.entered for pair in entry.ranges]
    not_held = " ".join(str(entry.year) for entry in season.entered if not entry.ranges)
    typed = {**words, "not_held": not_held, "sources": "\n".join(season.sources), "keep_former": ""}
    typed["landmarks"] = list(season.landmarks)
    if isinstance(season.rule, DatedRule):
        return {**BLANK, **typed, "kind": KIND_DATED, "ranges": sorted([*season.rule.ranges, *entered])}
    return {**show_rule(season.rule), **typed, "ranges": sorted(entered)}


def make_season(season_id: str, typed: Typed, stored: Season | None, languages: Sequence[str]) -> Season:
    """The season that was typed, with what the form does not show kept. Raises Invalid with a sentence about what is amiss."""
    name = _words(typed, "name", languages, MOST_NAME)
    if not name:
        raise Invalid("season_name_missing", "Give the season a name.")
    ranges = _ranges(typed["ranges"])
    years = _not_held(typed["not_held"])
    rule: Rule
    if typed["kind"] == KIND_DATED:
        rule, entered = DatedRule(ranges=ranges), [EnteredYear(year=year) for year in years]
    else:
        rule, entered = make_rule(typed), _entered(ranges, years)
    base = stored or Season(id=season_id, name=name, rule=rule)
    season = replace(
        base,
        name={**_others(base.name, languages), **name},
        note={**_others(base.note, languages), **_words(typed, "note", languages, MOST_NOTE)},
        rule=rule,
        former=_former(base, rule, typed["keep_former"] == "1"),
        entered=entered,
        landmarks=list(typed["landmarks"]),
        sources=[line.strip() for line in typed["sources"].splitlines() if line.strip()][:20],
    )
    for _, sentence in find_season_faults(season):
        raise Invalid("season_unfit", f"This season cannot be: {sentence}.", sentence=sentence)
    return season


def _words(typed: Typed, name: str, languages: Sequence[str], most: int) -> dict[str, str]:
    found = {language: typed.get(f"{name}_{language}", "").strip() for language in languages}
    if any(len(words) > most for words in found.values()):
        raise Invalid("words_long", f"At most {most} characters, please.", most=str(most))
    return {language: words for language, words in found.items() if words}


def _others(words: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    return {language: text for language, text in words.items() if language not in languages}


def _ranges(pairs: Sequence[tuple[str, str]]) -> list[DateSpan]:
    """The days entered, in order. Raises Invalid: a first day without a last one is asked for, not guessed."""
    for first, last in pairs:
        if not first or not last:
            raise Invalid(
                "end_asked",
                f"When does what begins on {first} end? Enter the last day too; for one day, the same again."
                if first
                else f"When does what ends on {last} begin? Enter the first day too.",
                day=first or last,
            )
        parse_range((first, last))
        check_year(date.fromisoformat(first).year)
    return sorted(pairs)


def _not_held(text: str) -> list[int]:
    years = [read_number(part, (1, 9999), None) for part in re.split(r"[\s,、，年]+", text) if part]
    found = sorted({year for year in years if year is not None})
    for year in found:
        check_year(year)
    return found


def _entered(ranges: Sequence[DateSpan], not_held: Sequence[int]) -> list[EnteredYear]:
    by_year: dict[int, list[DateSpan]] = {year: [] for year in not_held}
    for pair in ranges:
        year = date.fromisoformat(pair[0]).year
        if year in not_held:
            raise Invalid("held_and_not", f"For {year} days are entered, and it is named as not held.", year=str(year))
        by_year.setdefault(year, []).append(pair)
    return [EnteredYear(year=year, ranges=pairs) for year, pairs in sorted(by_year.items())]


def _former(base: Season, rule: Rule, keep: bool) -> list[ComputedRule]:
    """The rules that held before; with `keep`, the one that held until now is added to them."""
    starts = getattr(rule, "valid_from", None)
    if not keep or base.rule == rule or isinstance(base.rule, DatedRule):
        return list(base.former)
    if starts is None:
        raise Invalid(
            "since_missing", "Say from which year the new rule holds, so that the one before keeps its years."
        )
    if isinstance(base.rule, RecurringRule):
        raise Invalid(
            "former_counted", "A rule counted from a day cannot be kept for the years before; end it by UNTIL."
        )
    if starts <= (base.rule.valid_from or starts - 1):
        raise Invalid(
            "since_early",
            f"The rule before holds from {base.rule.valid_from} itself, so it would keep no year. Give a later first year.",
            year=str(base.rule.valid_from),
        )
    return [*base.former, replace(base.rule, valid_until=starts - 1)]
