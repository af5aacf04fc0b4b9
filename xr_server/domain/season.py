"""Seasons and schedules as they are stored: rules that name days, and when within a day something is on.

What days a rule means is computed in rule_days, season_days and schedule; nothing computed is stored.
"""

from typing import Annotated, Literal

import msgspec

from xr_server.domain.fields import LocalDate, MonthDay, Slug, Strict, Text

Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Duration = Annotated[int, msgspec.Meta(ge=1, le=120)]
Offset = Annotated[int, msgspec.Meta(ge=-120, le=120)]
Shift = Annotated[int, msgspec.Meta(ge=-6, le=6)]
# a time of the clock, or what the sun does at the site's origin that day
DayTime = Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|sunrise|sunset)$(?!\n)")]
DateSpan = tuple[LocalDate, LocalDate]


class YearlyRule(Strict, frozen=True, kw_only=True, tag="yearly"):
    """Days that recur every year by an RFC 5545 rule with FREQ=YEARLY, start shifted by start_offset_days.

    shifts: days to go on, or back, when the rule's day falls on a weekday; {"SU": -1} is the day before a Sunday.
    duration_days None: the last day is announced each year; an occurrence counts once it is entered.
    """

    rrule: str
    duration_days: Duration | None = None
    start_offset_days: Offset = 0
    shifts: dict[Weekday, Shift] = {}
    valid_from: int | None = None
    valid_until: int | None = None


class BetweenRule(Strict, frozen=True, kw_only=True, tag="between"):
    """Every year from one day to another, both in; a last day before the first lies after New Year.

    In years without a 29 February it stands for 1 March as a first day, and for 28 February as a last one.
    """

    first: MonthDay
    last: MonthDay
    valid_from: int | None = None
    valid_until: int | None = None


class LunarRule(Strict, frozen=True, kw_only=True, tag="lunar"):
    """Every year from a day of the Chinese calendar, never in a leap month; duration_days None as in YearlyRule."""

    month: Annotated[int, msgspec.Meta(ge=1, le=12)]
    day: Annotated[int, msgspec.Meta(ge=1, le=30)]
    duration_days: Duration | None = None
    start_offset_days: Offset = 0
    valid_from: int | None = None
    valid_until: int | None = None


class RecurringRule(Strict, frozen=True, kw_only=True, tag="recurring"):
    """Days that recur from starts_on by an RFC 5545 rule, daily to yearly, with INTERVAL, COUNT and UNTIL."""

    rrule: str
    starts_on: LocalDate
    duration_days: Duration = 1


class DatedRule(Strict, frozen=True, kw_only=True, tag="dated"):
    """Days that somebody entered: inclusive local dates, for seasons that are announced and never computed."""

    ranges: list[DateSpan] = []


ComputedRule = YearlyRule | BetweenRule | LunarRule | RecurringRule
Rule = ComputedRule | DatedRule


class EnteredYear(Strict, frozen=True, kw_only=True):
    """What was announced for a year: takes the place of what rules compute to begin in it. No ranges: not held."""

    year: int
    ranges: list[DateSpan] = []


class Season(Strict, frozen=True, kw_only=True):
    """A named yearly range that schedules can refer to. former: rules that held before, each with its own validity."""

    id: Slug
    name: Text
    rule: Rule
    former: Annotated[list[ComputedRule], msgspec.Meta(max_length=10)] = []
    entered: Annotated[list[EnteredYear], msgspec.Meta(max_length=100)] = []
    note: Text = {}
    confidence: str = ""
    landmarks: list[Slug] = []
    sources: list[str] = []


class Always(Strict, frozen=True, kw_only=True, tag="always"):
    """On every day."""


class InSeason(Strict, frozen=True, kw_only=True, tag="season"):
    """On the days of a season."""

    season: Slug


class OnDates(Strict, frozen=True, kw_only=True, tag="dates"):
    """On inclusive ranges of local dates."""

    ranges: list[DateSpan]


class ByRule(Strict, frozen=True, kw_only=True, tag="rule"):
    """On the days of a rule of its own."""

    rule: ComputedRule


class Schedule(Strict, frozen=True, kw_only=True):
    """When an experience is on. closes_at earlier than opens_at means past midnight; both absent means all day.

    weekdays: on these only, none named is all. days_off, Japanese days off: as other days, on even when their weekday is
    not named, never, or on these only. except_on: ranges on which it is not on. valid_from and valid_until are both in.
    exclusive: it needs its landmark for itself while it is on; said of the dates, not of the experience, since those who
    plan say it, and an evening of lights may need the place that the same scene shares by day.
    """

    id: Slug
    experience: Slug
    days: Always | InSeason | OnDates | ByRule
    opens_at: DayTime | None = None
    closes_at: DayTime | None = None
    weekdays: list[Weekday] = []
    days_off: Literal["as_others", "also", "never", "only"] = "as_others"
    except_on: Annotated[list[DateSpan], msgspec.Meta(max_length=400)] = []
    valid_from: LocalDate | None = None
    valid_until: LocalDate | None = None
    exclusive: bool = False
