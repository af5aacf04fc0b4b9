"""Forgetting what may no longer be known: visit keys of past days, and ids of events sent a week ago."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from xr_server.storage.events import prune_seen
from xr_server.storage.keys import destroy_old_day_keys

EVERY_S = 300.0
log = logging.getLogger("dejima.forget")


def forget(events: Engine, key_dir: Path, now: int, today: date) -> None:
    """Destroy the keys of days that ended 48 hours before `now` (ms UTC, the sites' local date today); prune ids."""
    try:
        destroy_old_day_keys(key_dir, today)
        prune_seen(events, now)
    except (SQLAlchemyError, OSError) as error:  # tried again at the next turn
        log.error("not everything could be forgotten: %s", type(error).__name__)


class Forgetting:
    """A thread that forgets when the server starts and every five minutes from then on."""

    def __init__(
        self, events: Engine, key_dir: Path, clock: Callable[[], int], local_date: Callable[[], date | None]
    ) -> None:
        self._events, self._key_dir, self._clock, self._local_date = events, key_dir, clock, local_date
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
        while True:
            now = self._clock()
            today = self._local_date() or datetime.fromtimestamp(now / 1000, UTC).date()
            forget(self._events, self._key_dir, now, today)
            if self._stopping.wait(EVERY_S):
                return
