"""The yardstick: a Starlette application with one address that reads JSON, looks at nothing and stores nothing."""

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


async def post_events(request: Request) -> Response:
    """Count the events."""
    batch = json.loads(await request.body())
    return JSONResponse({"accepted": len(batch["events"]), "duplicate": 0, "rejected": []})


async def get_health(_: Request) -> Response:
    """It runs."""
    return PlainTextResponse("ok")


def make_app() -> Starlette:
    """The application."""
    return Starlette(routes=[Route("/api/v1/events", post_events, methods=["POST"]), Route("/healthz", get_health)])
