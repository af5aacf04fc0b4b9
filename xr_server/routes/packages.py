"""Package files, built client files and content media: immutable, with ranges and conditional answers."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from xr_server.errors import NotFound, Withdrawn
from xr_server.parts import parts_of
from xr_server.routes.pages import STATIC_DIR
from xr_server.routes.scenes import accepted_encodings, etag_matches
from xr_server.storage.packages import find_package_file

IMMUTABLE = "public, max-age=31536000, immutable"
WORKER = "sw.js"
MAX_RANGES = 20
RANGE = re.compile(r"bytes=((?:\s*(?:[0-9]{1,15}-[0-9]{0,15}|-[0-9]{1,15})\s*(?:,|$))+)", re.IGNORECASE)
MEDIA_TYPES = {
    ".glb": "model/gltf-binary",
    ".usdz": "model/vnd.usdz+zip",
    ".webp": "image/webp",
    ".json": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".wasm": "application/wasm",
}


def send_file(request: Request, path: Path, etag: str, cache_control: str) -> Response:
    """A file with a strong tag: 304 when the asker has it, one or more ranges, the whole otherwise."""
    headers = {"ETag": etag, "Cache-Control": cache_control}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    facts = path.stat()
    settle_range(request, facts.st_size, etag)
    media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, headers=headers, media_type=media_type, stat_result=facts)


def settle_range(request: Request, size_bytes: int, etag: str) -> None:
    """Leave in the request only a Range that FileResponse answers as RFC 9110 asks; one it asks to ignore goes.

    Raises HTTPException 416 when every asked range lies beyond the file.
    """
    header = request.headers.get("range")
    if header is None:
        return
    kept = None
    # of the two validators only the tag is sure: a date cannot tell two files of one second apart
    if request.headers.get("if-range", etag) == etag:
        kept = parse_range(header, size_bytes)
        if kept == []:
            raise HTTPException(416, headers={"Content-Range": f"bytes */{size_bytes}"})
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    if kept:
        wanted = ",".join(f"{first}-{last}" for first, last in kept)
        request.scope["headers"].append((b"range", f"bytes={wanted}".encode()))


def parse_range(header: str, size_bytes: int) -> list[tuple[int, int]] | None:
    """The satisfiable ranges of a Range header, first and last byte in; None for a header that is to be ignored."""
    match = RANGE.fullmatch(header.strip())
    parts = [part.strip() for part in match[1].split(",")] if match else []
    if not 0 < len(parts) <= MAX_RANGES:
        return None
    found = []
    for part in parts:
        start, _, end = part.partition("-")
        first = int(start) if start else max(size_bytes - int(end), 0)
        last = min(int(end), size_bytes - 1) if start and end else size_bytes - 1
        if start and end and int(end) < first:
            return None  # malformed, so that none of them counts
        if first < size_bytes and first <= last and (start or int(end)):
            found.append((first, last))
    return found


def get_package_file(request: Request) -> Response:
    """One file of a published package."""
    parts, digest, name = parts_of(request), request.path_params["digest"], request.path_params["file"]
    if not parts.published.may_fetch(digest):
        if parts.published.was_withdrawn(digest):
            raise Withdrawn(
                "package_withdrawn", "This model has been taken back by its keepers and is no longer shown."
            )
        raise NotFound("package_unknown", "No published scene shows a package of this name.")
    path = find_package_file(parts.settings.package_dir, digest, name)
    if path is None:
        raise NotFound("file_unknown", f"The package has no file called {name[:100]}; its manifest.json lists them.")
    return send_file(request, path, f'"{digest[:32]}-{name}"', IMMUTABLE)


def get_static_file(request: Request) -> Response:
    """One file of the built client; names with a hash never change, the others are asked for again each time."""
    name = request.path_params["file"]
    path = find_static(name)
    if path is None:
        raise NotFound(
            "file_unknown", "The client has no file of this name; it may belong to an older version. Reload the page."
        )
    return send_static(request, path, IMMUTABLE if name.startswith("assets/") else "no-cache")


def find_static(name: str) -> Path | None:
    """The path of a built client file, None when there is none of that name; no name leads out of the folder."""
    try:
        path = (STATIC_DIR / name).resolve()
        return path if path.is_relative_to(STATIC_DIR) and path.is_file() else None
    except (OSError, ValueError):  # no file can have such a name: too long, or with a zero byte
        return None


def send_static(request: Request, path: Path, cache_control: str) -> Response:
    """A built file, precompressed when the asker takes brotli and the build left a .br beside it."""
    facts = path.stat()
    etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    packed = path.with_name(path.name + ".br")
    wanted = "br" in accepted_encodings(request.headers.get("accept-encoding")) and "range" not in request.headers
    if wanted and packed.is_file():
        response = send_file(request, packed, etag[:-1] + '-br"', cache_control)
        if response.status_code == 200:
            response.headers["Content-Encoding"] = "br"
            response.headers["Content-Type"] = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    else:
        response = send_file(request, path, etag, cache_control)
    response.headers["Vary"] = "Accept-Encoding"
    return response


def get_worker(request: Request) -> Response:
    """The service worker, which must stand at the root to cover the whole site."""
    path = find_static(WORKER)
    if path is None:
        raise NotFound("file_unknown", "The client has not been built; scripts/run builds it.")
    response = send_static(request, path, "no-cache")
    response.headers["Service-Worker-Allowed"] = "/"
    return response


routes = [
    Route("/packages/{digest}/{file}", get_package_file),
    Route("/static/{file:path}", get_static_file),
    Route(f"/{WORKER}", get_worker),
]
