"""Placing a scan by hand: on a map of the site, by numbers, and as the draft that visitors would see."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Node, Scene
from xr_server.domain.placing import FIELDS, put_node, read_place, type_place
from xr_server.errors import Conflict, DejimaError, Stale
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.island import draw_island
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_record, find_site
from xr_server.storage.catalog import Change, StoredRecord, save_records
from xr_server.storage.packages import load_packages
from xr_server.storage.scans import StoredScan


def _load(request: Request, session: Session) -> tuple[StoredScan, StoredRecord, Scene, Node]:
    """The scan, its scene as it stands, and the node that shows the scan. Raises NotFound, Conflict."""
    stored = get_own_scan(request, session, request.path_params["id"])
    scene = find_record(parts_of(request), session.site_id, "scene", stored.scene_id)
    if scene is None or not isinstance(scene.body, Scene):
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be placed.")
    node = next((node for node in scene.body.nodes if node.package == stored.package_digest), None)
    if node is None:
        raise Conflict("not_in_scene", "The scene shows another package by now, so this scan has no place in it.")
    return stored, scene, scene.body, node


@page("attach")
def show_place(request: Request, session: Session) -> Response:
    """The map with the model's outline, and the numbers of its place."""
    return _place_page(request, session, {})


def _place_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    stored, scene, _, node = _load(request, session)
    manifests, _ = load_packages(parts.catalog, session.site_id)
    manifest = manifests[stored.package_digest or ""]
    document = parts.published.site(session.site_id, language).document
    common = {
        "scan": stored,
        "revision": scene.revision,
        "typed": type_place(node),
        "island": draw_island(document),
        "box": {"min": manifest.bounds_min_m, "max": manifest.bounds_max_m},
        "sizes": [high - low for low, high in zip(manifest.bounds_min_m, manifest.bounds_max_m, strict=True)],
        "is_tied": len(node.ties) > 1,
        "ground_h": document["site"]["origin"]["h"],
        "problem": None,
        "problem_field": "",
        "sure_h": "",
        "notice": {"text": "studio.notice_placed", "undo": None}
        if request.query_params.get("done") == "placed"
        else None,
    }
    return staff_page(request, session, "studio/place.html", {**common, **values})


@form("attach")
def post_place(request: Request, session: Session, sent: FormData) -> Response:
    """Put the model elsewhere: a new revision of its scene, on top of the one the form showed."""
    parts = parts_of(request)
    stored, _, body, node = _load(request, session)
    typed, revision = {name: field(sent, name) for name in (*FIELDS, "sure_h")}, read_revision(sent)
    try:
        site = find_site(parts, session.site_id)
        if site is None:
            raise Conflict(
                "site_empty", "This site has no content yet. An operator can import it with `dejima import`."
            )
        moved = put_node(body, node.id, read_place(typed, site, node.placement))
        save_records(parts.catalog, session.site_id, [(moved, revision)], Change(parts.clock(), session.account_id))
    except DejimaError as error:
        values: dict[str, Any] = {
            "typed": typed,
            "problem": say_problem(error, choose_language(request)),
            "notice": None,
        }
        values["sure_h"] = typed["h"] if error.code == "height_sea" else ""
        values["problem_field"] = error.code.removeprefix("place_") if error.code.startswith("place_") else ""
        if not isinstance(error, Stale):  # whoever saves again after a Stale has seen what stands there now
            values["revision"] = revision
        response = _place_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}/place?done=placed", status_code=303)


routes = [
    Route("/studio/scans/{id}/place", show_place, methods=["GET"]),
    Route("/studio/scans/{id}/place", post_place, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
