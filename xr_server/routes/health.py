"""For operators: is the process there, can it work, and its metrics."""

import shutil

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from xr_server.parts import parts_of
from xr_server.storage.migrate import is_current

MIN_FREE_BYTES = 200 * 1024 * 1024


async def get_health(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


def get_readiness(request: Request) -> Response:
    """Whether each part can do its work: 200 when all can, 503 with the parts that cannot."""
    parts = parts_of(request)
    checks = {
        "catalog": _check_store(parts.catalog, "catalog"),
        "events": _check_store(parts.events, "events"),
        "snapshot": "ok" if parts.published.snapshot.sites else "nothing is published yet",
        "disk": "ok" if shutil.disk_usage(parts.settings.data_dir).free > MIN_FREE_BYTES else "less than 200 MB free",
    }
    if parts.published.snapshot.from_file:
        checks["snapshot"] = "serving the last snapshot from its file, since the catalog cannot be read"
    ready = all(value == "ok" for value in checks.values())
    return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)


def _check_store(engine: Engine, store: str) -> str:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return "ok" if is_current(engine, store) else "the schema is older than this program: run dejima migrate"
    except SQLAlchemyError as error:
        return f"cannot be reached ({type(error).__name__})"


def get_metrics(_: Request) -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes = [
    Route("/healthz", get_health),
    Route("/readyz", get_readiness),
    Route("/metrics", get_metrics),
]
