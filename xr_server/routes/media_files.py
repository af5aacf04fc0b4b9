"""Files of the library for those who have signed in, published or not: nobody keeps them, and no visitor gets here."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.media import CAPTIONS_TYPE, Media
from xr_server.domain.publish_scene import captions_of
from xr_server.errors import NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.packages import send_file
from xr_server.routes.teaching import check_not_hidden
from xr_server.storage.catalog import Name, load_record
from xr_server.storage.media import find_media_file, find_small_picture

PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def _load(request: Request, session: Session) -> Media:
    check_not_hidden(parts_of(request), session, request.path_params["id"])
    body = load_record(parts_of(request).catalog, Name(session.site_id, "media", request.path_params["id"])).body
    if not isinstance(body, Media):
        raise _missing()
    return body


def _missing() -> NotFound:
    return NotFound("media_file_missing", "This file is not in the store. An operator can put it back from a backup.")


@page(None)
def show_file(request: Request, session: Session) -> Response:
    """The picture or the sound as it stands in the library."""
    media, store = _load(request, session), parts_of(request).settings.package_dir
    return _send(request, find_media_file(store, media.digest or "", media.file), media)


@page(None)
def show_small(request: Request, session: Session) -> Response:
    """A picture in a size for lists."""
    media = _load(request, session)
    path = find_small_picture(parts_of(request).settings.package_dir, media) if media.kind == "image" else None
    return _send(request, path, media)


def _send(request: Request, path: Path | None, media: Media) -> Response:
    if path is None:
        raise _missing()
    response = send_file(request, path, f'"{(media.digest or "")[:32]}-{path.name}"', PRIVATE["Cache-Control"])
    response.headers.update(PRIVATE)
    return response


@page(None)
def show_captions(request: Request, session: Session) -> Response:
    """The captions of a sound in a language, as WebVTT."""
    media = _load(request, session)
    if not media.captions:
        raise NotFound("media_file_missing", "This sound has no captions.")
    return Response(captions_of(media, request.path_params["lang"]), headers=PRIVATE, media_type=CAPTIONS_TYPE)


routes = [
    Route("/studio/media/{id}/file", show_file),
    Route("/studio/media/{id}/small", show_small),
    Route("/studio/media/{id}/captions/{lang}", show_captions),
]
