"""Puts the server together; nothing else does."""

import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from xr_server.domain.fields import prepare_types
from xr_server.errors import DejimaError
from xr_server.parts import Clock, Parts, RandomBytes
from xr_server.routes import (
    account,
    advice,
    answers,
    approvals,
    assist,
    attachments,
    audit,
    auth,
    book,
    calendar,
    campaign_run,
    campaigns,
    class_deletion,
    classes,
    comparing,
    composing,
    confirmations,
    counter,
    coupons,
    dates,
    desk,
    desk_memories,
    desk_open_data,
    entrance,
    events,
    exchange,
    figure_files,
    figure_report,
    figures,
    forgetting,
    groups,
    health,
    join,
    kiosk,
    library,
    live,
    media,
    media_files,
    media_library,
    memories,
    moment,
    news,
    notices,
    now,
    open_data,
    open_memories,
    originals,
    outlines,
    packages,
    partners,
    passing,
    people,
    permissions,
    permits,
    places,
    placing,
    plan_adding,
    planning,
    portfolio,
    posters,
    preview,
    preview_links,
    problems,
    quality,
    questionnaires,
    questions,
    rallies,
    rally_pages,
    rally_run,
    rebuilding,
    reports,
    restating,
    scaling,
    scans,
    scenes,
    seasons,
    short_links,
    signs,
    site,
    stamps,
    stopping,
    studio,
    surveys,
    tablets,
    targets,
    texts,
    tying,
    uploads,
    versions,
    visitor,
    web_app,
)
from xr_server.routes.shell import Shell
from xr_server.settings import Settings
from xr_server.storage.book import Stores
from xr_server.storage.database import open_engine, store_file
from xr_server.storage.event_writer import EventWriter
from xr_server.storage.foresight import Foresight
from xr_server.storage.forget import Forgetting
from xr_server.storage.migrate import migrate
from xr_server.storage.publish import has_snapshot
from xr_server.storage.published import PublishedSites
from xr_server.storage.retention import Retention
from xr_server.storage.summing import Summing

CREATORS_AND_STAFF = (
    auth,
    account,
    join,
    news,
    confirmations,
    uploads,
    scans,
    studio,
    reports,
    comparing,
    originals,
    attachments,
    placing,
    tying,
    scaling,
    rebuilding,
    restating,
    composing,
    media_library,
    media_files,
    passing,
    preview_links,
    desk,
    entrance,
    assist,
    versions,
    people,
    site,
    classes,
    class_deletion,
    audit,
    approvals,
    partners,
    plan_adding,
    planning,
    moment,
    live,
    dates,
    notices,
    places,
    outlines,
    texts,
    desk_memories,
    advice,
    seasons,
    exchange,
    surveys,
    figures,
    figure_files,
    figure_report,
    desk_open_data,
    forgetting,
    now,
    quality,
    targets,
    permissions,
    permits,
    library,
    portfolio,
    stopping,
    rallies,
    rally_run,
    campaigns,
    campaign_run,
    posters,
    counter,
    tablets,
    questionnaires,
    answers,
)
ROUTES = [*events.routes, *scenes.routes, *packages.routes, *web_app.routes, *calendar.routes, *health.routes]
ROUTES += kiosk.routes
ROUTES += [route for module in CREATORS_AND_STAFF for route in module.routes]
ROUTES += [
    *media.routes,
    *signs.routes,
    *stamps.routes,
    *preview.routes,
    *rally_pages.routes,
    *book.routes,
    *groups.routes,
]
ROUTES += [*short_links.routes, *coupons.routes, *questions.routes, *memories.routes]
ROUTES += [*open_data.routes, *open_memories.routes]
ROUTES += visitor.routes  # last: its addresses begin with a language, which any first word could be
MAX_BODY_BYTES = 1024 * 1024  # single routes set their own
log = logging.getLogger("dejima.app")


def system_clock() -> int:
    """Now, in ms UTC."""
    return time.time_ns() // 1_000_000


def migrate_stores(catalog: Engine, event_store: Engine) -> None:
    """Bring both stores to the newest schema; a SQLite file that is not there is made."""
    migrate(catalog, "catalog")
    migrate(event_store, "events")


def prepare_stores(parts: Parts) -> None:
    """Migrate each store that can be reached; visitors are served from the last snapshot all the same."""
    lost = store_file(parts.catalog)
    for engine, store in ((parts.catalog, "catalog"), (parts.events, "events")):
        if store == "catalog" and lost and not lost.exists() and has_snapshot(parts.settings.package_dir):
            # it has been published from and is gone: an empty one in its place would hide that
            log.error(
                "%s is not there; put it back, or restore it from a backup. Serving what was published last", lost
            )
            continue
        try:
            migrate(engine, store)
        except (SQLAlchemyError, OSError) as error:
            log.error("the %s store cannot be reached: %s", store, type(error).__name__)


def create_app(
    settings: Settings, clock: Clock = system_clock, random_bytes: RandomBytes = secrets.token_bytes
) -> Starlette:
    """The server over the settings' stores; it migrates them when it starts, and serves visitors even when it cannot."""
    prepare_types()
    catalog, event_store = open_engine(settings.catalog_url), open_engine(settings.events_url)
    published = PublishedSites(catalog, settings.package_dir, clock)
    writer = EventWriter(event_store)
    retention = Retention(event_store, settings.events_days, published.zones)
    erasing = Stores(catalog, event_store, settings.erased_dir)
    forgetter = Forgetting((catalog, event_store), settings.key_dir, clock, published.local_date, (retention, erasing))
    summing = Summing(event_store, published.grounds, clock)
    foresight = Foresight(catalog, published.zones, clock, planning.prepare_pages)
    parts = Parts(settings, catalog, event_store, published, writer, clock, random_bytes)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        prepare_stores(parts)
        threads = (published, writer, summing, forgetter, foresight)
        for thread in threads:
            thread.start()
        yield
        for thread in reversed(threads):
            thread.stop()
        catalog.dispose()
        event_store.dispose()

    app = Starlette(
        routes=ROUTES,
        exception_handlers={
            DejimaError: problems.on_dejima_error,
            HTTPException: problems.on_http_error,
            OperationalError: problems.on_store_away,
            InterfaceError: problems.on_store_away,
            Exception: problems.on_unexpected,
        },
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
    )
    # round everything, Starlette's own answers to faults and to bodies too large included
    app.middleware_stack = Shell(app.build_middleware_stack(), published)
    app.state.parts = parts
    return app
