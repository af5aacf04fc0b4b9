"""Puts the server together; nothing else does."""

import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from xr_server.errors import DejimaError
from xr_server.parts import Clock, Parts, RandomBytes
from xr_server.routes import (
    attachments,
    auth,
    dates,
    desk,
    events,
    figures,
    health,
    live,
    packages,
    problems,
    scans,
    scenes,
    studio,
    uploads,
)
from xr_server.routes.shell import Shell
from xr_server.settings import Settings
from xr_server.storage.database import open_engine
from xr_server.storage.events import EventWriter
from xr_server.storage.migrate import migrate
from xr_server.storage.publish import PublishedSites

CREATORS_AND_STAFF = (auth, uploads, scans, studio, attachments, desk, live, dates, figures)
ROUTES = [*scenes.routes, *packages.routes, *events.routes, *health.routes]
ROUTES += [route for module in CREATORS_AND_STAFF for route in module.routes]
MAX_BODY_BYTES = 1024 * 1024  # single routes set their own
log = logging.getLogger("dejima.app")


def system_clock() -> int:
    """Now, in ms UTC."""
    return time.time_ns() // 1_000_000


def migrate_stores(catalog: Engine, event_store: Engine) -> None:
    """Bring both stores to the newest schema."""
    migrate(catalog, "catalog")
    migrate(event_store, "events")


def create_app(
    settings: Settings, clock: Clock = system_clock, random_bytes: RandomBytes = secrets.token_bytes
) -> Starlette:
    """The server over the settings' stores; it migrates them when it starts, and serves visitors even when it cannot."""
    catalog, event_store = open_engine(settings.catalog_url), open_engine(settings.events_url)
    published = PublishedSites(catalog, settings.package_dir, clock)
    parts = Parts(settings, catalog, event_store, published, EventWriter(event_store), clock, random_bytes)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            migrate_stores(catalog, event_store)
        except (SQLAlchemyError, OSError) as error:  # visitors are served from the last snapshot all the same
            log.error("a store cannot be reached, serving what was published last: %s", type(error).__name__)
        published.start()
        parts.event_writer.start()
        yield
        parts.event_writer.stop()
        published.stop()
        catalog.dispose()
        event_store.dispose()

    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Shell)],
        exception_handlers={
            DejimaError: problems.on_dejima_error,
            HTTPException: problems.on_http_error,
            Exception: problems.on_unexpected,
        },
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.parts = parts
    return app
