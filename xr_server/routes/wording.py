"""Words for pages of creators and staff that depend on stored values: moments, reasons, days."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from xr_server.domain.moments import Stretch, say_date, say_moment
from xr_server.domain.scan import Reason
from xr_server.routes.pages import load_texts

DEFAULT_ZONE = "Asia/Tokyo"


def say_when(at: int, language: str, time_zone: str = DEFAULT_ZONE) -> str:
    """A moment in ms UTC in the site's local words."""
    return say_moment(datetime.fromtimestamp(at / 1000, UTC), ZoneInfo(time_zone), language)


def say_problem_of_scan(reason: Reason, language: str) -> str:
    """Why a scan was not built: by its code, else by the kind of file, else in the pipeline's own English sentence."""
    texts = load_texts(language)
    kind = f"studio.refused.family_{reason.code.partition('_')[0]}"
    return texts.get(f"studio.refused.{reason.code}") or texts.get(kind, reason.text)


def say_stretch(stretch: Stretch, language: str) -> str:
    """A stretch of days in words: one day or several, all day or with hours."""
    texts = load_texts(language)
    one_day = stretch.first_on == stretch.last_on
    key = f"desk.stretch_{'day' if one_day else 'days'}_{'whole' if stretch.all_day else 'hours'}"
    closes = f"{stretch.closes_at:%H:%M}"
    if stretch.past_midnight:
        closes = texts["desk.next_day"].format(time=closes)
    return texts[key].format(
        first=say_date(stretch.first_on, language),
        last=say_date(stretch.last_on, language),
        opens=f"{stretch.opens_at:%H:%M}",
        closes=closes,
    )
