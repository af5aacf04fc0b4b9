"""Pictures, sounds and their captions: immutable under their digest, as long as a published record names them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.media import CAPTIONS_TYPE
from xr_server.errors import NotFound, Withdrawn
from xr_server.parts import parts_of
from xr_server.routes.packages import IMMUTABLE, send_file
from xr_server.routes.scenes import etag_matches
from xr_server.storage.media import find_media_file


def get_media_file(request: Request) -> Response:
    """One picture, sound or set of captions of a published scene."""
    parts, digest, name = parts_of(request), request.path_params["digest"], request.path_params["file"]
    etag = f'"{digest[:32]}"'
    captions = parts.published.find_captions(digest)
    if captions is not None and name.endswith(".vtt"):
        return _send_captions(request, captions, etag)
    if parts.published.find_media(digest) != name:
        if parts.published.was_withdrawn(digest):
            raise Withdrawn(
                "media_withdrawn", "This picture or sound has been taken back by its keepers and is no longer shown."
            )
        raise NotFound("media_unknown", "No published scene has a picture or sound of this name.")
    path = find_media_file(parts.settings.package_dir, digest, name)
    if path is None:
        raise NotFound(
            "file_unknown",
            "The file of this picture or sound is not in the package store. An operator can import the content again.",
        )
    return send_file(request, path, etag, IMMUTABLE)


def _send_captions(request: Request, captions: str, etag: str) -> Response:
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE}
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(captions, headers=headers, media_type=CAPTIONS_TYPE)


routes = [Route("/media/{digest}/{file}", get_media_file)]
