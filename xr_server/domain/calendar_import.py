"""Events of a foreign calendar as seasons: which are new, which change one that is here, and which cannot be taken. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal

from msgspec.structs import replace

from xr_server.domain.days import Window, check_year, cut_to, each_day, join_ranges
from xr_server.domain.recurrence import Recurrence, recurrence_days
from xr_server.domain.rule_days import check_days_of, check_recurrence, check_rule
from xr_server.domain.season import (
    ComputedRule,
    DatedRule,
    DateSpan,
    EnteredYear,
    RecurringRule,
    Schedule,
    Season,
    YearlyRule,
)
from xr_server.domain.season_days import find_season_faults, season_ranges, season_spans
from xr_server.errors import DejimaError, Invalid

COMPARED_YEARS = 6
OVERLAP_DAYS = 366  # hundreds of events of one name must not take long
MOST_DAYS = 120
MOST_NAME = 120
OURS = re.compile(r"season\.([a-z0-9-]{1,64})(\.[0-9]{4}(-[0-9]{1,3})?)?@(.+)\.dejima-xr")
OUR_DATES = re.compile(r"experience\..+@(.+)\.dejima-xr")
Verdict = Literal["new", "changed", "unchanged", "refused"]


@dataclass(frozen=True)
class Entry:
    """One event as it was read: local days, both in. fault: why it could not be read."""

    uid: str
    summary: str
    first: date = date.min
    last: date = date.min
    rrule: str = ""
    left_out: tuple[date, ...] = ()
    has_hours: bool = False
    fault: DejimaError | None = None


@dataclass(frozen=True)
class Row:
    """What becomes of an event, or of all events of one of our own seasons."""

    title: str
    verdict: Verdict
    body: Season | Schedule | None = None
    problem: DejimaError | None = None
    has_hours: bool = False
    events: int = 1


@dataclass(frozen=True)
class Here:
    """What is here already: the site, its seasons, and the language the events' names are taken to be in."""

    site_id: str
    seasons: Mapping[str, Season]
    language: str


def judge_entries(entries: Sequence[Entry], here: Here) -> list[Row]:
    """What each event becomes; one that cannot be taken keeps none of the others from being taken."""
    rows: list[Row | None] = []
    groups: dict[str, tuple[int, list[Entry]]] = {}
    for entry in entries:
        name = season_of(entry.uid, here.site_id)
        problem = entry.fault or _find_problem(entry, here, name in groups)
        if problem is not None:
            rows.append(Row(_title(entry), "refused", problem=problem))
        elif name in groups:
            groups[name][1].append(entry)
        else:
            groups[name] = len(rows), [entry]
            rows.append(None)
    taken: dict[str, Season] = {}
    for name, (at, group) in groups.items():
        rows[at] = row = _judge(name, group, here, taken)
        if isinstance(row.body, Season):
            taken[name] = row.body
    return [row for row in rows if row is not None]


def _find_problem(entry: Entry, here: Here, is_there: bool) -> Invalid | None:
    """Why an event that can be read is not looked at further."""
    dates = OUR_DATES.fullmatch(entry.uid)
    if dates is not None and dates[1] == here.site_id:
        return Invalid("ics_experience", "These are the dates of an experience; they are changed on its own page.")
    if is_there and not _is_ours(entry.uid, here):
        return Invalid("ics_twice", "An event of the same UID stands above; this one was left out.")
    return None


def _title(entry: Entry) -> str:
    return entry.summary or entry.uid[:60]


def _is_ours(uid: str, here: Here) -> bool:
    found = OURS.fullmatch(uid)
    return found is not None and found[4] == here.site_id


def season_of(uid: str, site_id: str) -> str:
    """The id of the season that events of a UID become: always the same for the same UID."""
    found = OURS.fullmatch(uid)
    if found is not None and found[4] == site_id:
        return found[1]
    return f"ics-{sha256(uid.encode()).hexdigest()[:12]}"


def _judge(name: str, group: Sequence[Entry], here: Here, taken: Mapping[str, Season]) -> Row:
    first, stored = group[0], here.seasons.get(name)
    hours = any(entry.has_hours for entry in group)
    try:
        if _is_ours(first.uid, here):
            empty = Season(id=name, name={here.language: first.summary}, rule=DatedRule())
            body = _merged(stored or empty, group)
        else:
            body = _made(name, first, stored, here)
        for _, sentence in find_season_faults(body):
            raise Invalid("season_unfit", f"This season cannot be: {sentence}.", sentence=sentence)
        if stored is None:
            _check_overlap(body, {**here.seasons, **taken}, first, here.language)
    except DejimaError as error:
        return Row(_title(first), "refused", problem=error, has_hours=hours, events=len(group))
    verdict: Verdict = "new" if stored is None else "unchanged" if body == stored else "changed"
    return Row(_title(first), verdict, body, has_hours=hours, events=len(group))


def _made(name: str, entry: Entry, stored: Season | None, here: Here) -> Season:
    """The season of a foreign event; what it does not tell of stays as it is here."""
    rule = make_rule(entry)
    title = entry.summary.strip()
    if not title:
        raise Invalid("season_name_missing", "Give the season a name.")
    if len(title) > MOST_NAME:
        raise Invalid("words_long", f"At most {MOST_NAME} characters, please.", most=str(MOST_NAME))
    not_held = [EnteredYear(year=year) for year in sorted({day.year for day in entry.left_out})]
    base = stored or Season(id=name, name={}, rule=rule)
    kept = [one for one in base.entered if one.ranges and one.year not in {other.year for other in not_held}]
    entered = sorted([*kept, *not_held], key=lambda one: one.year)
    return replace(base, name={**base.name, here.language: title}, rule=rule, entered=entered)


def make_rule(entry: Entry) -> ComputedRule | DatedRule:
    """The days of an event as a rule within our limits. Raises Invalid."""
    check_year(entry.first.year)
    if entry.last < entry.first:
        raise Invalid("range_reversed", f"The last day {entry.last} lies before the first day {entry.first}.")
    lasts = (entry.last - entry.first).days + 1
    if not entry.rrule:
        check_year(entry.last.year)
        return DatedRule(ranges=[(entry.first.isoformat(), entry.last.isoformat())])
    found = check_recurrence(entry.rrule, entry.first)
    if lasts > MOST_DAYS:
        raise Invalid("ics_long", f"What recurs may last {MOST_DAYS} days each time.", most=str(MOST_DAYS))
    if next(recurrence_days(found, entry.first, Window(entry.first, entry.first)), None) is None:
        raise Invalid(
            "ics_first_day", "The event's first day is none of its rule's days. Put that right where it comes from."
        )
    rule = _yearly(entry, found, lasts) or RecurringRule(
        rrule=entry.rrule, starts_on=entry.first.isoformat(), duration_days=lasts
    )
    if entry.left_out and not isinstance(rule, YearlyRule):
        raise Invalid(
            "ics_exceptions", "Single days are left out or added here, which a season cannot say unless it is yearly."
        )
    check_days_of(rule)
    return rule


def _yearly(entry: Entry, found: Recurrence, lasts: int) -> YearlyRule | None:
    """The event's rule without a beginning of its own; None for one that counts from its first day."""
    plain = ";".join(part for part in entry.rrule.split(";") if not part.startswith(("UNTIL=", "WKST=")))
    try:
        check_rule(plain)
    except Invalid:
        return None
    until = found.until_on.year if found.until_on is not None else None
    if found.until_on is not None:
        days = list(recurrence_days(found, entry.first, Window(date(found.until_on.year, 1, 1), found.until_on)))
        until = found.until_on.year if days else found.until_on.year - 1
    return YearlyRule(rrule=plain, duration_days=lasts, valid_from=entry.first.year, valid_until=until)


def _merged(stored: Season, group: Sequence[Entry]) -> Season:
    """One of our own seasons with what its events say now; what they say as before stays as it is."""
    changed = [entry for entry in group if not _says_the_same(stored, entry)]
    body = stored
    for entry in (entry for entry in changed if entry.rrule):
        body = replace(body, rule=make_rule(entry))
    years = sorted({entry.first.year for entry in changed if not entry.rrule})
    for year in years:
        check_year(year)
        ranges = [_pair(entry) for entry in group if not entry.rrule and entry.first.year == year]
        body = _entered(body, year, sorted(ranges))
    return body


def _pair(entry: Entry) -> DateSpan:
    if entry.last < entry.first:
        raise Invalid("range_reversed", f"The last day {entry.last} lies before the first day {entry.first}.")
    return entry.first.isoformat(), entry.last.isoformat()


def _entered(body: Season, year: int, ranges: list[DateSpan]) -> Season:
    if isinstance(body.rule, DatedRule):
        others = [pair for pair in body.rule.ranges if not pair[0].startswith(f"{year:04}-")]
        return replace(body, rule=DatedRule(ranges=sorted([*others, *ranges])))
    kept = [one for one in body.entered if one.year != year]
    return replace(body, entered=sorted([*kept, EnteredYear(year=year, ranges=ranges)], key=lambda one: one.year))


def _says_the_same(stored: Season, entry: Entry) -> bool:
    """Whether each of an event's days begins and ends as the season has it; a season without an end may say one day."""
    check_year(entry.first.year)
    until = date(min(entry.first.year + COMPARED_YEARS, 2199), 12, 31)
    window = Window(entry.first, until if entry.rrule else entry.first)
    spans = season_spans(stored, window)
    ours = {(span.first_on, span.last_on or span.first_on) for span in spans if span.first_on >= entry.first}
    rule = make_rule(entry)
    if isinstance(rule, DatedRule):
        return (entry.first, entry.last) in ours
    held = Season(id=stored.id, name={}, rule=rule, entered=[EnteredYear(year=day.year) for day in entry.left_out])
    theirs = set(season_ranges(held, window))
    entered = {one.year for one in stored.entered}
    return theirs == {pair for pair in ours if pair[0].year not in entered}


def _check_overlap(body: Season, others: Mapping[str, Season], entry: Entry, language: str) -> None:
    """Refuse a new season on days of one of the same name, as its first year shows. Raises Invalid."""
    name = body.name[language]
    same = [one for one in others.values() if one.id != body.id and name in one.name.values()]
    if not same:
        return
    window = Window(entry.first, entry.first + timedelta(days=OVERLAP_DAYS))
    days = _days_in(body, window)
    if any(not days.isdisjoint(_days_in(other, window)) for other in same):
        raise Invalid(
            "ics_overlaps",
            f"On these days there is a season {name} already. Change that one, or give this one another name.",
            name=name,
        )


def _days_in(season: Season, window: Window) -> set[date]:
    ranges = join_ranges(cut_to(season_ranges(season, window), window))
    return {day for first, last in ranges for day in each_day(first, last)}
