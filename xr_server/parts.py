"""What the handlers work with; app.py puts it together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from xr_server.domain.budget import Budgets
from xr_server.settings import Settings
from xr_server.storage.event_writer import EventWriter
from xr_server.storage.published import PublishedSites


class Catalogued(Protocol):
    """Whoever has the catalog at hand: the server's parts, a worker's bench."""

    @property
    def catalog(self) -> Engine:
        """The store of records, scans and people."""


Clock = Callable[[], int]
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True)
class Parts:
    """The running server: settings, stores, snapshot, event writer, budgets of visit tokens, time (ms UTC) and chance."""

    settings: Settings
    catalog: Engine
    events: Engine
    published: PublishedSites
    event_writer: EventWriter
    clock: Clock
    random_bytes: RandomBytes
    budgets: Budgets = field(default_factory=Budgets)


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the server a request has reached."""
    parts: Parts = connection.app.state.parts
    return parts


def base_of(connection: HTTPConnection) -> str:
    """The address people reach this server at, without a slash at its end."""
    return parts_of(connection).settings.public_url or str(connection.base_url).rstrip("/")
