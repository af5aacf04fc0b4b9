"""Package files, built client files and content media: immutable, with ranges and conditional answers."""

import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from xr_server.errors import NotFound, Withdrawn
from xr_server.parts import parts_of
from xr_server.routes.pages import STATIC_DIR
from xr_server.routes.scenes import etag_matches
from xr_server.storage.packages import find_package_file

IMMUTABLE = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".glb": "model/gltf-binary",
    ".usdz": "model/vnd.usdz+zip",
    ".webp": "image/webp",
    ".json": "application/json",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


def send_file(request: Request, path: Path, etag: str, cache_control: str) -> Response:
    """A file with a strong tag: 304 when the asker has it, one or more ranges, the whole otherwise."""
    headers = {"ETag": etag, "Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, headers=headers, media_type=media_type)


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
        raise NotFound("file_unknown", f"The package has no file called {name}; its manifest.json lists them.")
    return send_file(request, path, f'"{digest[:32]}-{name}"', IMMUTABLE)


def get_static_file(request: Request) -> Response:
    """One file of the built client; names with a hash never change, the others are asked for again each time."""
    name = request.path_params["file"]
    path = (STATIC_DIR / name).resolve()
    if not path.is_relative_to(STATIC_DIR) or not path.is_file():
        raise NotFound(
            "file_unknown", "The client has no file of this name; it may belong to an older version. Reload the page."
        )
    return send_static(request, path, IMMUTABLE if name.startswith("assets/") else "no-cache")


def send_static(request: Request, path: Path, cache_control: str) -> Response:
    """A built file, precompressed when the asker takes brotli and the build left a .br beside it."""
    facts = path.stat()
    etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    packed = path.with_name(path.name + ".br")
    if "br" in request.headers.get("accept-encoding", "") and "range" not in request.headers and packed.is_file():
        response = send_file(request, packed, etag[:-1] + '-br"', cache_control)
        response.headers["Content-Encoding"] = "br"
        response.headers["Content-Type"] = MEDIA_TYPES.get(path.suffix, "application/octet-stream") + "; charset=utf-8"
    else:
        response = send_file(request, path, etag, cache_control)
    response.headers["Vary"] = "Accept-Encoding"
    return response


def get_root_file(request: Request) -> Response:
    """The service worker and the web app manifest, which must stand at the root to cover the whole site."""
    name = os.path.basename(request.url.path)  # noqa: PTH119 - an address, not a path on disk
    path = STATIC_DIR / name
    if not path.is_file():
        raise NotFound("file_unknown", "The client has not been built; scripts/run builds it.")
    response = send_static(request, path, "no-cache")
    if name == "sw.js":
        response.headers["Service-Worker-Allowed"] = "/"
    return response


routes = [
    Route("/packages/{digest}/{file}", get_package_file),
    Route("/static/{file:path}", get_static_file),
    Route("/sw.js", get_root_file),
    Route("/manifest.webmanifest", get_root_file),
]
