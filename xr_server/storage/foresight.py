"""What staff look at first after a start is got ready before they look: the plan of this year and the next.

Only what is kept by its own words is made here (bodies, days of rules, overlaps), so nothing of it can be out of date.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.catalog import Site
from xr_server.domain.clashes import find_overlaps
from xr_server.domain.days import Window
from xr_server.domain.lanes import draw_lanes, draw_seasons
from xr_server.errors import NotFound
from xr_server.storage.catalog import Name, load_record
from xr_server.storage.plans import load_ground, load_plan

MOST_RULES = 2_048  # of all sites together: with more, what is kept for one would push out another's
REST_S = 0.05  # between one part and the next, in which visitors have the processor to themselves
log = logging.getLogger("dejima.foresight")


class Foresight:
    """A thread that lives for a moment after a start. prepare_pages: what is to be ready of the pages themselves."""

    def __init__(
        self,
        catalog: Engine,
        zones: Callable[[], Mapping[str, ZoneInfo]],
        clock: Callable[[], int],
        prepare_pages: Callable[[], None],
    ) -> None:
        self._catalog, self._zones, self._clock, self._prepare_pages = catalog, zones, clock, prepare_pages
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.look_ahead, name="foresight", daemon=True)

    def start(self) -> None:
        """Begin to look ahead."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the part it is at."""
        self._stopping.set()
        self._thread.join()

    def look_ahead(self) -> None:
        """Make ready what is published now; without a database it is left to the first look, which says what is amiss."""
        self._prepare_pages()
        now, left = datetime.fromtimestamp(self._clock() / 1000, UTC), MOST_RULES
        try:
            for site_id, zone in self._zones().items():
                left -= self._prepare(site_id, now.astimezone(zone).year, left)
        except (SQLAlchemyError, OSError, NotFound) as error:
            log.warning("the calendar is not made ready: %s", type(error).__name__)

    def _prepare(self, site_id: str, year: int, most: int) -> int:
        """The plan of a site for a year and the next; gives how many rules it has, 0 for more than `most`."""
        if self._stopping.wait(REST_S):
            return 0
        site = load_record(self._catalog, Name(site_id, "site", site_id)).body
        plan = load_plan(self._catalog, site_id, drafts=True)
        if not isinstance(site, Site) or len(plan.schedules) > most:
            return 0
        load_ground(self._catalog, site, drafts=True)
        for one in (year, year + 1):
            window = Window(date(one, 1, 1), date(one, 12, 31))
            parts: list[Callable[[], object]] = [
                partial(draw_lanes, plan, window),
                partial(draw_seasons, plan, window),
                partial(find_overlaps, plan, window, site),
            ]
            for part in parts:
                if self._stopping.wait(REST_S):
                    return 0
                part()
        return len(plan.schedules)
