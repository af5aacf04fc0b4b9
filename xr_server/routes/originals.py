"""A creator's own file, handed back or deleted, and a whole scan deleted: each asked once more, on a page of its own."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.report.advice import say_bytes
from xr_server.domain.account import Session
from xr_server.domain.original import say_disposition
from xr_server.errors import DejimaError, NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.packages import send_file
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by, say_problem, staff_page
from xr_server.storage.originals import delete_scan, forget_original
from xr_server.storage.scans import StoredScan
from xr_server.storage.uploads import scan_path


@dataclass(frozen=True)
class Asked:
    """What is to be deleted: the address under the scan's, and the beginning of its words."""

    path: str
    words: str


ORIGINAL = Asked("original/delete", "studio.delete_original")
WHOLE = Asked("delete", "studio.delete_scan")


def _load(request: Request, session: Session) -> StoredScan:
    return get_own_scan(request, session, request.path_params["id"], creator_alone=True)


@page("upload")
def get_original(request: Request, session: Session) -> Response:
    """The file as it was sent, to its creator alone; a download that broke off goes on by Range."""
    stored = _load(request, session)
    path = scan_path(parts_of(request).settings.upload_dir, stored.id, stored.file_name)
    if stored.original_gone_at is not None or stored.received_bytes < stored.length_bytes or not path.is_file():
        raise NotFound(
            "original_gone", "The file of this scan is not on the server: it was deleted, or has not arrived."
        )
    response = send_file(request, path, f'"{stored.id}"', "private, no-store")
    response.headers["Content-Disposition"] = say_disposition(stored.file_name)
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@page("upload")
def ask_original(request: Request, session: Session) -> Response:
    """Whether the file shall really be deleted."""
    return _ask(request, session, _load(request, session), ORIGINAL)


@page("upload")
def ask_whole(request: Request, session: Session) -> Response:
    """Whether the scan shall really be deleted."""
    return _ask(request, session, _load(request, session), WHOLE)


def _ask(request: Request, session: Session, stored: StoredScan, asked: Asked, problem: str = "") -> Response:
    values = {"scan": stored, "asked": asked, "problem": problem, "size": say_bytes(stored.length_bytes)}
    return staff_page(request, session, "studio/delete.html", values)


@form("upload")
def post_original(request: Request, session: Session, _sent: FormData) -> Response:
    """Delete the file; what was built of it stays."""
    stored, parts = _load(request, session), parts_of(request)
    try:
        forget_original(parts.catalog, parts.settings, stored, change_by(request, session))
    except DejimaError as error:
        return _refused(request, session, stored, (ORIGINAL, error))
    return RedirectResponse(f"/studio/scans/{stored.id}?done=original_deleted", status_code=303)


@form("upload")
def post_whole(request: Request, session: Session, _sent: FormData) -> Response:
    """Delete the scan, with everything that was made of it and is not published."""
    stored, parts = _load(request, session), parts_of(request)
    try:
        delete_scan(parts.catalog, parts.settings, stored, change_by(request, session))
    except DejimaError as error:
        return _refused(request, session, stored, (WHOLE, error))
    return RedirectResponse("/studio/?done=deleted", status_code=303)


def _refused(request: Request, session: Session, stored: StoredScan, why: tuple[Asked, DejimaError]) -> Response:
    asked, error = why
    response = _ask(request, session, stored, asked, say_problem(error, choose_language(request)))
    response.status_code = STATUS[type(error)]
    return response


routes = [
    Route("/studio/scans/{id}/original", get_original),
    Route(f"/studio/scans/{{id}}/{ORIGINAL.path}", ask_original, methods=["GET"]),
    Route(f"/studio/scans/{{id}}/{ORIGINAL.path}", post_original, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route(f"/studio/scans/{{id}}/{WHOLE.path}", ask_whole, methods=["GET"]),
    Route(f"/studio/scans/{{id}}/{WHOLE.path}", post_whole, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
