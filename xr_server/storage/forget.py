"""Forgetting what may no longer be known: keys of past days, old events and visits, ids, who asked to scan, cards, groups."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.storage.answers import forget_answers
from xr_server.storage.audit import note_limit
from xr_server.storage.book import Stores, try_apply
from xr_server.storage.events import prune_seen
from xr_server.storage.groups import forget_groups
from xr_server.storage.keys import destroy_old_day_keys
from xr_server.storage.permissions import forget_askers
from xr_server.storage.rallies import forget_cards
from xr_server.storage.retention import Retention, try_turn

EVERY_S = 300.0
SOON_S = 5.0  # while there is more to delete than one turn takes
log = logging.getLogger("dejima.forget")


def forget(events: Engine, key_dir: Path, now: int, today: date) -> None:
    """Destroy the keys of days that ended 48 hours before `now` (ms UTC; today at the sites); prune ids, old answers."""
    try:
        destroy_old_day_keys(key_dir, today)
        prune_seen(events, now)
        forget_answers(events, today)
    except (SQLAlchemyError, OSError) as error:  # tried again at the next turn
        log.error("not everything could be forgotten: %s", type(error).__name__)


def forget_people(catalog: Engine, today: date) -> None:
    """Delete from the catalog what leads to people and has had its time."""
    try:
        forget_askers(catalog, today)
        forget_cards(catalog, today)
    except SQLAlchemyError as error:  # tried again at the next turn
        log.error("not everybody could be forgotten: %s", type(error).__name__)


def tell_limit(catalog: Engine, retention: Retention, now: int) -> None:
    """Have the log say when events are kept for another time than before."""
    try:
        note_limit(catalog, retention.zones(), retention.events_days, now)
    except SQLAlchemyError as error:  # told at the next turn
        log.error("how long events are kept could not be noted: %s", type(error).__name__)


def forget_over(catalog: Engine, now: int) -> None:
    """Delete from the catalog what ended by the hour, in ms UTC."""
    try:
        forget_groups(catalog, now)
    except SQLAlchemyError as error:  # tried again at the next turn
        log.error("not every group could be forgotten: %s", type(error).__name__)


class Forgetting:
    """A thread that forgets when the server starts and every five minutes from then on."""

    def __init__(
        self,
        stores: tuple[Engine, Engine],
        key_dir: Path,
        clock: Callable[[], int],
        local_date: Callable[[], date | None],
        deleting: tuple[Retention, Stores],
    ) -> None:
        (self._catalog, self._events), self._key_dir = stores, key_dir
        self._clock, self._local_date = clock, local_date
        self._retention, self._stores = deleting
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forgetting", daemon=True)

    def start(self) -> None:
        """Begin to forget."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        looked_through = False  # a store may have been restored while no server ran
        while True:
            now = self._clock()
            today = self._local_date() or datetime.fromtimestamp(now / 1000, UTC).date()
            forget(self._events, self._key_dir, now, today)
            looked_through = try_apply(self._stores, now, today, not looked_through) or looked_through
            forget_people(self._catalog, today)
            forget_over(self._catalog, now)
            tell_limit(self._catalog, self._retention, now)
            more = try_turn(self._retention, now, lambda: not self._stopping.is_set())
            if self._stopping.wait(SOON_S if more else EVERY_S):
                return
