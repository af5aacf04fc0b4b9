"""For operators: is the process there, can it serve, and its metrics."""

import shutil
from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xr_server.parts import Parts, parts_of
from xr_server.storage.migrate import is_current

MIN_FREE_BYTES = 200 * 1024 * 1024
NO_STORE = {"Cache-Control": "no-store"}
REQUESTS = Counter("dejima_requests", "Requests answered, by route template.", ["route", "method", "status"])
SECONDS = Histogram("dejima_request_seconds", "Seconds to the end of an answer, by route template.", ["route"])
EVENTS = Counter("dejima_events", "Engagement events by what became of them.", ["outcome"])
WAITING = Gauge("dejima_event_requests_waiting", "Event requests that wait for their commit.")
FROM_FILE = Gauge("dejima_snapshot_from_file", "1 while the catalog cannot be read and the last snapshot is served.")


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Add one answer to the metrics."""
    answered, lasted = _series(route, method, status)
    answered.inc()
    lasted.observe(seconds)


@cache  # as many as there are routes, methods and statuses
def _series(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route)


def count_events(outcome: str, count: int) -> None:
    """Add events that were accepted, duplicate or rejected to the metrics."""
    EVENTS.labels(outcome).inc(count)


async def get_health(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok", headers=NO_STORE)


def get_readiness(request: Request) -> Response:
    """200 while visitors can be served, also from the last snapshot; `checks` tells of each part whether it works."""
    parts = parts_of(request)
    snapshot = parts.published.snapshot
    checks = {
        "catalog": _check_store(parts.catalog, "catalog"),
        "events": _check_store(parts.events, "events"),
        "snapshot": "ok" if snapshot.sites else "nothing is published yet",
        "disk": _check_disk(parts),
    }
    if snapshot.from_file:
        checks["snapshot"] = "serving what was published last, since the catalog cannot be read"
    body = {"ready": bool(snapshot.sites), "whole": all(value == "ok" for value in checks.values()), "checks": checks}
    return JSONResponse(body, status_code=200 if snapshot.sites else 503, headers=NO_STORE)


def _check_store(engine: Engine, store: str) -> str:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return "ok" if is_current(engine, store) else "the schema is not this program's: run dejima migrate"
    except SQLAlchemyError as error:
        return f"cannot be reached ({type(error).__name__})"


def _check_disk(parts: Parts) -> str:
    try:
        free_bytes = shutil.disk_usage(parts.settings.data_dir).free
    except OSError:
        return "the data folder cannot be reached"
    return "ok" if free_bytes > MIN_FREE_BYTES else "less than 200 MB free"


def get_metrics(request: Request) -> Response:
    """Prometheus metrics of this process."""
    parts = parts_of(request)
    WAITING.set(parts.event_writer.waiting)
    FROM_FILE.set(parts.published.snapshot.from_file)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)


routes = [
    Route("/healthz", get_health),
    Route("/readyz", get_readiness),
    Route("/metrics", get_metrics),
]
