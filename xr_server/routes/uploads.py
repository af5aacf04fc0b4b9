"""Resumable uploads (tus 1.0.0: creation, checksum, termination, expiration): bytes in, never looked at here."""

import base64
import binascii
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.scan import MAX_SCAN_BYTES, parse_upload_metadata, read_upload
from xr_server.errors import Conflict, DejimaError, Invalid, TooLarge
from xr_server.parts import parts_of
from xr_server.routes import problems
from xr_server.routes.crediting import find_credit_of_new
from xr_server.routes.guard import check_header_token, get_api_session
from xr_server.routes.receipt import ALGORITHMS, Checksum, Receipt, Result, begin, receive_body
from xr_server.routes.rights import with_sources
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by
from xr_server.storage import uploads
from xr_server.storage.quotas import defaults_of
from xr_server.storage.rebuilding import call_off
from xr_server.storage.scans import Owner, StoredScan, create_scan, load_scan

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460  # a status code of the tus protocol
PROTOCOL = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
OFFERED = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,checksum,termination,expiration",
    "Tus-Max-Size": str(MAX_SCAN_BYTES),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}


@dataclass(frozen=True)
class Opened:
    """An upload whose file is open for one PATCH, under its lock; `held` closes it."""

    scan: StoredScan
    held: ExitStack
    file: BinaryIO
    checksum: Checksum | None


async def get_options(_: Request) -> Response:
    """What this server understands; needs no account."""
    return Response(status_code=204, headers={**PROTOCOL, **OFFERED})


async def handle_collection(request: Request) -> Response:
    """Begin an upload."""
    return await _answered(request, _create)


async def handle_upload(request: Request) -> Response:
    """Ask about, continue or end one upload; a proxy that knows only POST may name the method in a header."""
    method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
    steps = {"HEAD": _head, "DELETE": _terminate}
    if method == "PATCH":
        return await _answered(request, _patch)
    if method in steps:
        return await _answered(request, steps[method])
    return Response(status_code=405, headers={**PROTOCOL, "Allow": "HEAD, PATCH, DELETE, OPTIONS"})


async def _answered(request: Request, step: Callable[..., object]) -> Response:
    """Run a step; refusals are problem details that also carry the protocol's header."""
    try:
        if request.headers.get("Tus-Resumable") != VERSION:
            return problems.answer(
                request,
                412,
                "tus_version",
                "This server speaks tus 1.0.0; send Tus-Resumable: 1.0.0.",
                {**PROTOCOL, **OFFERED},
            )
        if step is _patch:
            return await _patch(request)
        return await begin(_as_creator, request, step)
    except DejimaError as error:
        status = 423 if isinstance(error, uploads.Locked) else problems.STATUS[_family(error)]
        return problems.answer(request, status, error.code, error.text, dict(PROTOCOL))


def _as_creator(request: Request, step: Callable[[Request, Session], Result]) -> Result:
    """Run a step in the session of a request that may upload. Raises NotSignedIn, Forbidden."""
    session = get_api_session(request, "upload")
    if request.method != "HEAD":
        check_header_token(request, session)
    return step(request, session)


def _family(error: DejimaError) -> type[DejimaError]:
    return next(kind for kind in type(error).__mro__ if kind in problems.STATUS)


def _create(request: Request, session: Session) -> Response:
    parts = parts_of(request)
    if "Upload-Defer-Length" in request.headers:
        raise Invalid("length_deferred", "Say with Upload-Length how many bytes will come; it cannot be told later.")
    metadata = parse_upload_metadata(request.headers.get("Upload-Metadata", ""))
    credit = find_credit_of_new(parts, session.account_id)
    metadata |= {"creator": credit, "credit_line": ""} if credit else {}
    upload = with_sources(parts, session.site_id, read_upload(metadata, _read_whole(request, "Upload-Length")))
    uploads.check_room(parts.settings.upload_dir, upload.length_bytes)
    owner = Owner(session.site_id, session.account_id, defaults_of(parts.settings))
    scan_id = create_scan(parts.catalog, owner, upload, parts.clock(), parts.random_bytes)
    stored = load_scan(parts.catalog, session.site_id, scan_id)
    return Response(status_code=201, headers={**_progress(stored), "Location": f"/api/v1/uploads/{scan_id}"})


def _read_whole(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("header_unreadable", f"The header {name} must be a whole number of bytes.")
    return int(text)


def _progress(stored: StoredScan) -> dict[str, str]:
    headers = {**PROTOCOL, "Upload-Offset": str(stored.received_bytes), "Upload-Length": str(stored.length_bytes)}
    if stored.expires_at is not None and stored.state == "receiving":
        headers["Upload-Expires"] = formatdate(stored.expires_at / 1000, usegmt=True)
    return headers


def _own_scan(request: Request, session: Session) -> StoredScan:
    return get_own_scan(request, session, request.path_params["id"], creator_alone=True)


def _head(request: Request, session: Session) -> Response:
    stored = _own_scan(request, session)
    if _is_over(request, stored):
        return _gone(request)
    return Response(status_code=200, headers=_progress(stored))


def _is_over(request: Request, stored: StoredScan) -> bool:
    late = stored.state == "receiving" and (stored.expires_at or 0) < parts_of(request).clock()
    return late or stored.state in ("cancelled", "expired")


def _gone(request: Request) -> Response:
    text = "This upload was cancelled, or nobody went on with it for a week. Begin it again."
    return problems.answer(request, 410, "upload_over", text, dict(PROTOCOL))


def _terminate(request: Request, session: Session) -> Response:
    stored, parts = _own_scan(request, session), parts_of(request)
    if stored.is_final and stored.state != "cancelled":
        raise Conflict("scan_ended", f"This scan is {stored.state} already; there is nothing left to cancel.")
    if not call_off(parts.catalog, parts.settings, stored, change_by(request, session)) and stored.state == "cancelled":
        uploads.remove_scan_files(parts.settings.upload_dir, stored.id)
    return Response(status_code=204, headers=PROTOCOL)


async def _patch(request: Request) -> Response:
    opened = await begin(_as_creator, request, _open_upload)
    if opened is None:
        return _gone(request)
    receipt, kept = Receipt(parts_of(request), opened.scan, opened.file, opened.checksum), False
    try:
        kept = await receive_body(request, receipt)
    finally:
        now = await begin(_end_receipt, opened, receipt, kept)
    if not kept:
        text = "The chunk does not match its checksum, so none of it was kept. Send it again from the same offset."
        return problems.answer(request, CHECKSUM_MISMATCH, "checksum_mismatch", text, dict(PROTOCOL))
    return Response(status_code=204, headers=_progress(now))


def _end_receipt(opened: Opened, receipt: Receipt, kept: bool) -> StoredScan:
    """Acknowledge what came if it is to be kept, close the file, and give the scan as it stands then. Raises Conflict."""
    with opened.held:
        if kept:
            receipt.acknowledge()
    return load_scan(receipt.parts.catalog, opened.scan.site_id, opened.scan.id)


def _open_upload(request: Request, session: Session) -> Opened | None:
    """The upload of a PATCH, ready to take its bytes; None when it is over. Raises what refuses it."""
    stored, checksum = _check_patch(request, session)
    if _is_over(request, stored):
        return None
    parts = parts_of(request)
    path = uploads.scan_path(parts.settings.upload_dir, stored.id, stored.file_name)
    with ExitStack() as stack:
        file = stack.enter_context(uploads.open_at(parts.catalog, stored, path))
        return Opened(stored, stack.pop_all(), file, checksum)


def _check_patch(request: Request, session: Session) -> tuple[StoredScan, Checksum | None]:
    if request.headers.get("Content-Type") != CHUNK_TYPE:
        raise Invalid("content_type", f"A chunk is sent as {CHUNK_TYPE}.")
    stored = _own_scan(request, session)
    if _read_whole(request, "Upload-Offset") != stored.received_bytes:
        raise Conflict(
            "offset_conflict",
            f"This server has {stored.received_bytes} bytes of this upload; go on from there.",
        )
    announced = request.headers.get("Content-Length", "")
    if announced.isdigit() and stored.received_bytes + int(announced) > stored.length_bytes:
        raise TooLarge(
            "beyond_length", "This chunk goes beyond the Upload-Length that was announced; nothing was kept."
        )
    if stored.state == "receiving" or _is_over(request, stored) or stored.received_bytes == stored.length_bytes:
        return stored, _read_checksum(request)
    raise Conflict("scan_ended", f"This scan is {stored.state} already and takes no more bytes.")


def _read_checksum(request: Request) -> Checksum | None:
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Invalid("checksum_algorithm", f"Checksums may be {' or '.join(ALGORITHMS)}, not {algorithm[:20]}.")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != ALGORITHMS[algorithm]().digest_size:
        raise Invalid(
            "checksum_unreadable", "Upload-Checksum is an algorithm, a blank, and a base64 digest of its size."
        )
    return Checksum(algorithm, digest)


routes = [
    Route("/api/v1/uploads", get_options, methods=["OPTIONS"]),
    Route("/api/v1/uploads", handle_collection, methods=["POST"]),
    Route("/api/v1/uploads/{id}", get_options, methods=["OPTIONS"]),
    Route(
        "/api/v1/uploads/{id}",
        handle_upload,
        methods=["HEAD", "PATCH", "DELETE", "POST"],
        max_body_size=MAX_SCAN_BYTES,
    ),
]
