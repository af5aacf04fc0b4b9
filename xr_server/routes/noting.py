"""What staff read and take along of the figures is written down in the log: who, which page, which days."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from starlette.requests import Request

from xr_server.domain.account import Session
from xr_server.domain.audit import FigurePage
from xr_server.parts import parts_of
from xr_server.routes.staff import change_by
from xr_server.routes.studio import find_site
from xr_server.routes.wording import DEFAULT_ZONE
from xr_server.storage.audit import note_reading, note_taken

Period = tuple[date, date]
"""The first and the last day of what is looked at."""


def note_read(request: Request, session: Session, page: FigurePage, period: Period | None = None) -> None:
    """Write down that a page is read: the first time of each local day, so that the log can be read itself."""
    parts, change = parts_of(request), change_by(request, session)
    site = find_site(parts, session.site_id)
    zone = ZoneInfo(site.time_zone if site is not None else DEFAULT_ZONE)
    today = datetime.fromtimestamp(change.at / 1000, UTC).astimezone(zone).date()
    day_at = int(datetime.combine(today, time(), zone).timestamp() * 1000)
    note_reading(parts.catalog, session.site_id, change, page, day_at, **_days(period))


def note_taken_along(
    request: Request, session: Session, page: FigurePage, form: str, period: Period | None = None
) -> None:
    """Write down that figures leave as a file (form: csv, xlsx, json, ...): every time, and before they go."""
    change = change_by(request, session)
    note_taken(parts_of(request).catalog, session.site_id, change, page, form=form, **_days(period))


def _days(period: Period | None) -> dict[str, str]:
    return {} if period is None else {"from": period[0].isoformat(), "until": period[1].isoformat()}
