"""Links to previews: made for one's phone, shown as a QR code, and ended."""

import segno
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.preview import PREVIEW_LIFE_MS
from xr_server.errors import Conflict
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_clock
from xr_server.storage.catalog import Name
from xr_server.storage.previews import end_previews, issue_preview, load_draft

QUIET_MODULES = 4
INK, PAPER = "#16213f", "#ffffff"


@form("upload")
def post_preview(request: Request, session: Session, _sent: FormData) -> Response:
    """Make a link to the draft of a scan; the page that answers shows it, and as a QR code for one's phone."""
    parts = parts_of(request)
    stored = get_own_scan(request, session, request.path_params["id"])
    name = _experience_of(stored.site_id, stored.scene_id)
    load_draft(parts.catalog, name.site_id, name.id)
    token = issue_preview(parts.catalog, name, session.account_id, parts.clock(), parts.random_bytes)
    link = f"{base_of(request)}/preview/{token}/"
    values = {
        "scan": stored,
        "link": link,
        "until": say_clock(parts.clock() + PREVIEW_LIFE_MS),
        "qr": segno.make(link, error="m").svg_inline(border=QUIET_MODULES, dark=INK, light=PAPER, omitsize=True),
    }
    return staff_page(request, session, "studio/preview.html", values)


@form("upload")
def post_end_preview(request: Request, session: Session, _sent: FormData) -> Response:
    """End all links to the draft of a scan."""
    stored = get_own_scan(request, session, request.path_params["id"])
    end_previews(parts_of(request).catalog, _experience_of(stored.site_id, stored.scene_id))
    return RedirectResponse(f"/studio/scans/{stored.id}?done=preview_ended", status_code=303)


def _experience_of(site_id: str, scene_id: str | None) -> Name:
    if scene_id is None:
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be looked at in its place.")
    return Name(site_id, "experience", scene_id)


routes = [
    Route("/studio/scans/{id}/preview", post_preview, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/scans/{id}/preview/end", post_end_preview, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
