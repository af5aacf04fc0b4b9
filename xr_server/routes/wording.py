"""Words that depend on values: dates and moments as a language writes them, stretches of days, sizes, reasons."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from asset_pipeline.report.advice import say_bytes
from xr_server.domain.languages import DECIMAL_COMMA
from xr_server.domain.moments import Stretch
from xr_server.domain.scan import Reason
from xr_server.routes.pages import fill, load_texts

DEFAULT_ZONE = "Asia/Tokyo"


def say_date(day: date, language: str, with_year: bool = True) -> str:
    """A local date in words: `7 October 2026 (Wed)`, `2026年10月7日（水）`; the phone's form is in ui/when.ts."""
    texts = load_texts(language)

    def named(kind: str, index: int) -> str:
        return texts[f"visitor.ui.{kind}"].split(" ")[index]

    return fill(
        texts["visitor.ui.date_year" if with_year else "visitor.ui.date"],
        language,
        year=str(day.year),
        month=named("months", day.month - 1),
        day=named("days", day.day - 1),
        weekday=named("weekdays", day.weekday()),
    )


def say_moment(at: datetime, zone: ZoneInfo, language: str, with_year: bool = True) -> str:
    """An aware moment in a place's words: `7 October 2026 (Wed) 18:00`."""
    local = at.astimezone(zone)
    parts = {"date": say_date(local.date(), language, with_year), "time": f"{local:%H:%M}"}
    return fill(load_texts(language)["visitor.ui.moment"], language, **parts)


def say_size(count: int, language: str) -> str:
    """A file size as the language writes it: 0.4 MB, in Dutch 0,4 MB."""
    text = say_bytes(count)
    return text.replace(".", ",") if language in DECIMAL_COMMA else text


def say_when(at: int, language: str, time_zone: str = DEFAULT_ZONE) -> str:
    """A moment in ms UTC in the site's local words."""
    return say_moment(datetime.fromtimestamp(at / 1000, UTC), ZoneInfo(time_zone), language)


def say_clock(at: int, time_zone: str = DEFAULT_ZONE) -> str:
    """The time of day of a moment in ms UTC, where it is soon enough to need no date."""
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(time_zone)):%H:%M}"


def say_problem_of_scan(reason: Reason, language: str) -> str:
    """Why a scan was not built: by its code, else by the kind of file, else in the pipeline's own English sentence."""
    texts = load_texts(language)
    kind = f"studio.refused.family_{reason.code.partition('_')[0]}"
    return texts.get(f"studio.refused.{reason.code}") or texts.get(kind, reason.text)


def say_stretch(stretch: Stretch, language: str) -> str:
    """A stretch of days in words: one day or several, all day or with hours."""
    texts = load_texts(language)
    one_day = stretch.first_on == stretch.last_on
    key = f"visitor.stretch_{'day' if one_day else 'days'}_{'whole' if stretch.all_day else 'hours'}"
    closes = f"{stretch.closes_at:%H:%M}"
    if stretch.past_midnight:
        closes = fill(texts["visitor.next_day"], language, time=closes)
    return fill(
        texts[key],
        language,
        first=say_date(stretch.first_on, language),
        last=say_date(stretch.last_on, language),
        opens=f"{stretch.opens_at:%H:%M}",
        closes=closes,
    )
