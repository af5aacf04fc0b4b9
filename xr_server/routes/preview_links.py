"""Links to previews: made for one's phone, shown as a QR code, and ended."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.preview import PREVIEW_LIFE_MS
from xr_server.errors import Conflict
from xr_server.parts import base_of, parts_of
from xr_server.routes.composing import get_own_scene
from xr_server.routes.composing_page import Held
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.pages import choose_language
from xr_server.routes.qr import draw_qr
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by, field, staff_page
from xr_server.routes.wording import say_clock
from xr_server.storage.catalog import Name
from xr_server.storage.previews import end_previews, issue_preview, load_draft


@form("upload")
def post_preview(request: Request, session: Session, _sent: FormData) -> Response:
    """Make a link to the draft of a scan; the page that answers shows it, and as a QR code for one's phone."""
    stored = get_own_scan(request, session, request.path_params["id"])
    back = f"/studio/scans/{stored.id}", stored.details.title
    return _show_link(request, session, _experience_of(stored.site_id, stored.scene_id), back)


@form("attach")
def post_scene_preview(request: Request, session: Session, sent: FormData) -> Response:
    """Make a link to the draft of a scene, from the page on which it is composed."""
    held = get_own_scene(request, session, field(sent, "words"))
    back = held.address(), held.called(choose_language(request))
    return _show_link(request, session, _offer_of(held), back)


def _offer_of(held: Held) -> Name:
    if held.experience is None:
        raise Conflict("experience_missing", "No experience shows this scene yet, so there is nothing to look at.")
    return Name(held.experience.site_id, "experience", held.experience.id)


def _show_link(request: Request, session: Session, name: Name, back: tuple[str, str]) -> Response:
    """A new link to the draft of an experience; back: the page that made it, and what it is called."""
    parts = parts_of(request)
    load_draft(parts.catalog, name.site_id, name.id)
    token = issue_preview(parts.catalog, name, session.account_id, parts.clock(), parts.random_bytes)
    link = f"{base_of(request)}/preview/{token}/"
    values = {
        "back": back,
        "link": link,
        "until": say_clock(parts.clock() + PREVIEW_LIFE_MS),
        "qr": draw_qr(link),
    }
    return staff_page(request, session, "studio/preview.html", values)


@form("upload")
def post_end_preview(request: Request, session: Session, _sent: FormData) -> Response:
    """End all links to the draft of a scan."""
    stored = get_own_scan(request, session, request.path_params["id"])
    end_previews(
        parts_of(request).catalog, _experience_of(stored.site_id, stored.scene_id), change_by(request, session)
    )
    return RedirectResponse(f"/studio/scans/{stored.id}?done=preview_ended", status_code=303)


@form("attach")
def post_end_scene_preview(request: Request, session: Session, sent: FormData) -> Response:
    """End all links to the draft of a scene."""
    held = get_own_scene(request, session, field(sent, "words"))
    end_previews(parts_of(request).catalog, _offer_of(held), change_by(request, session))
    return RedirectResponse(held.address(done="preview_ended"), status_code=303)


def _experience_of(site_id: str, scene_id: str | None) -> Name:
    if scene_id is None:
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be looked at in its place.")
    return Name(site_id, "experience", scene_id)


routes = [
    Route(f"/studio/{what}/{{id}}/{step}", handler, methods=["POST"], max_body_size=MAX_FORM_BYTES)
    for what, step, handler in (
        ("scans", "preview", post_preview),
        ("scans", "preview/end", post_end_preview),
        ("scenes", "preview", post_scene_preview),
        ("scenes", "preview/end", post_end_scene_preview),
    )
]
