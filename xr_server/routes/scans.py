"""The state of a scan for programs and open pages: as JSON, and as events while it is being built."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from xr_server.domain.account import Session, may, may_at
from xr_server.domain.catalog import Scene
from xr_server.errors import DejimaError, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import get_api_session
from xr_server.routes.teaching import teaches
from xr_server.storage.builds import count_ahead
from xr_server.storage.catalog import Name, load_record
from xr_server.storage.packages import find_package_file
from xr_server.storage.pupils import find_class_of
from xr_server.storage.scans import StoredScan, load_scan

POLL_S = 0.5
ALIVE_S = 15.0  # a comment this often, so that proxies keep the connection
LONGEST_S = 3600.0  # then the page asks again


def get_own_scan(request: Request, session: Session, scan_id: str, creator_alone: bool = False) -> StoredScan:
    """A scan its creator asks for, or (unless alone) its creator's teacher or somebody who reviews.

    Raises NotFound, which tells others nothing.
    """
    parts = parts_of(request)
    stored = load_scan(parts.catalog, session.site_id, scan_id)
    if stored.account_id == session.account_id:
        return stored
    if creator_alone or not (is_teacher_of(parts, session, stored) or _may_review(parts, session, stored)):
        raise NotFound("scan_unknown", "There is no scan of this id, or it is not one of yours. /studio/ lists yours.")
    return stored


def is_teacher_of(parts: Parts, session: Session, stored: StoredScan) -> bool:
    """Whether a scan is that of a pupil in a class which somebody looks after."""
    return may(session, "teach") and teaches(session, find_class_of(parts.catalog, stored.account_id))


def _may_review(parts: Parts, session: Session, stored: StoredScan) -> bool:
    """A membership for a part of a site reviews what is attached there."""
    if not may(session, "review") or not session.landmarks:
        return may(session, "review")
    try:
        scene = load_record(parts.catalog, Name(stored.site_id, "scene", stored.scene_id or "")).body
    except NotFound:
        return False
    return isinstance(scene, Scene) and may_at(session, scene.landmark)


def load_report(parts: Parts, digest: str | None) -> dict[str, Any] | None:
    """The report of a package; None while there is no package."""
    if digest is None:
        return None
    path = find_package_file(parts.settings.package_dir, digest, "report.json")
    report: dict[str, Any] | None = json.loads(path.read_bytes()) if path else None
    return report


def describe_scan(parts: Parts, stored: StoredScan) -> dict[str, Any]:
    """A scan as JSON: state, how far, and why not; ahead, while it waits, counts the scans before it; moments as ISO UTC."""
    return {
        "id": stored.id,
        "state": stored.state,
        "stage": stored.stage,
        "progress": round(stored.progress, 4),
        "ahead": count_ahead(parts.catalog, stored),
        "received_bytes": stored.received_bytes,
        "length_bytes": stored.length_bytes,
        "reason": msgspec.to_builtins(stored.reason) if stored.reason else None,
        "attempt": stored.attempt,
        "file_name": stored.file_name,
        "details": msgspec.to_builtins(stored.details),
        "package": stored.package_digest,
        "scene": stored.scene_id,
        "build_seconds": stored.build_seconds,
        "build_peak_bytes": stored.build_peak_bytes,
        "created_at": _iso(stored.created_at),
        "updated_at": _iso(stored.updated_at),
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def get_scan(request: Request) -> Response:
    """State and, once built, report of a scan."""
    session = get_api_session(request, "upload")
    stored = get_own_scan(request, session, request.path_params["id"])
    document = {
        **describe_scan(parts_of(request), stored),
        "report": load_report(parts_of(request), stored.package_digest),
    }
    return JSONResponse(document, headers={"Cache-Control": "private, no-store"})


async def stream_progress(request: Request) -> Response:
    """Server-sent events `state` with each change, and `end` with the last one."""
    session = await run_in_threadpool(get_api_session, request, "upload")
    first = await run_in_threadpool(get_own_scan, request, session, request.path_params["id"])
    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, first), media_type="text/event-stream", headers=headers)


async def _events(request: Request, stored: StoredScan) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    started = said = loop.time()
    told: dict[str, Any] = {}
    while loop.time() - started < LONGEST_S:
        document = await run_in_threadpool(describe_scan, parts_of(request), stored)
        if document != told:
            name = "end" if stored.is_final else "state"
            yield f"event: {name}\ndata: {json.dumps(document, ensure_ascii=False)}\n\n"
            told, said = document, loop.time()
        elif loop.time() - said > ALIVE_S:
            yield ": still here\n\n"
            said = loop.time()
        if stored.is_final or await request.is_disconnected():
            return
        await asyncio.sleep(POLL_S)
        try:
            stored = await run_in_threadpool(load_scan, parts_of(request).catalog, stored.site_id, stored.id)
        except DejimaError:
            return


routes = [
    Route("/api/v1/scans/{id}", get_scan),
    Route("/api/v1/scans/{id}/progress", stream_progress),
]
