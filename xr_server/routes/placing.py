"""Placing a scan by hand: on a map of the site, by numbers, and as the draft that visitors would see."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Node, Scene, Site
from xr_server.domain.placing import FIELDS, floor_height, put_node, read_place, settle_height, type_place
from xr_server.errors import Conflict, DejimaError, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.changes import Row, say_typed
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.island import draw_island
from xr_server.routes.neighbours import draw_neighbours
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.storage.catalog import StoredRecord, save_records
from xr_server.storage.packages import load_packages
from xr_server.storage.scans import StoredScan

TYPED = (*FIELDS, "floor_h", "h_shown", "above_sea", "sure_h")


def load_placed(request: Request, session: Session) -> tuple[StoredScan, StoredRecord, Scene, Node]:
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
    """The map with the model's outline, the same in three dimensions, and the numbers of its place."""
    return _place_page(request, session, {})


def _place_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    stored, scene, _, node = load_placed(request, session)
    site, typed = get_site(parts, session.site_id), type_place(node)
    document = parts.published.site(session.site_id, language).document
    island, snapshot = draw_island(document), parts.published.get_site(session.site_id)
    common = {
        "scan": stored,
        "is_own": stored.account_id == session.account_id,
        "revision": scene.revision,
        "typed": {**typed, "floor_h": floor_height(typed["h"], site)},
        "h_shown": typed["h"],
        "island": island,
        "neighbours": draw_neighbours(snapshot, document["language"], island, scene.id),
        "model": model_values(parts, stored),
        "is_tied": len(node.ties) > 1,
        "site": site,
        "problem": None,
        "problem_field": "",
        "sure_h": "",
        "sea": None,
        "theirs": None,
        "notice": _notice(request),
    }
    return staff_page(request, session, "studio/place.html", {**common, **values})


def get_site(parts: Parts, site_id: str) -> Site:
    """The site's own record. Raises Conflict before any content was imported."""
    site = find_site(parts, site_id)
    if site is None:
        raise Conflict("site_empty", "This site has no content yet. An operator can import it with `dejima import`.")
    return site


def model_values(parts: Parts, stored: StoredScan) -> dict[str, Any]:
    """What a page that shows a scan's model needs of its package: its box, its size, and its coarsest level."""
    manifests, _ = load_packages(parts.catalog, stored.site_id)
    manifest = manifests[stored.package_digest or ""]
    low, high, coarsest = manifest.bounds_min_m, manifest.bounds_max_m, manifest.levels[-1]
    return {
        "min": low,
        "max": high,
        "sizes": [b - a for a, b in zip(low, high, strict=True)],
        "url": f"/studio/scans/{stored.id}/compare/{coarsest.file}",
        "bytes": coarsest.bytes,
        "unit": manifest.source.unit,
    }


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    return {"text": f"studio.notice_{done}", "undo": None} if done in ("placed", "placed_sea") else None


@form("attach")
def post_place(request: Request, session: Session, sent: FormData) -> Response:
    """Put the model elsewhere: a new revision of its scene, on top of the one the form showed."""
    parts = parts_of(request)
    stored, _, body, node = load_placed(request, session)
    typed, revision = {name: field(sent, name) for name in TYPED}, read_revision(sent)
    site = get_site(parts, session.site_id)
    settled: Mapping[str, str] = typed
    try:
        check_may_at(session, body.landmark)
        settled = settle_height(typed, site)
        moved = put_node(body, node.id, read_place(settled, site, node.placement))
        save_records(parts.catalog, session.site_id, [(moved, revision)], change_by(request, session))
    except DejimaError as error:
        values: dict[str, Any] = {
            "typed": typed,
            "h_shown": typed["h_shown"],
            "problem": say_problem(error, choose_language(request)),
            "notice": None,
        }
        if error.code == "height_sea":
            values |= {"sure_h": settled["h"], "sea": offer_sea(settled["h"], site)}
        values["problem_field"] = error.code.removeprefix("place_") if error.code.startswith("place_") else ""
        if isinstance(error, Stale):  # whoever saves again has seen what stands there now
            values["theirs"] = _beside(type_place(load_placed(request, session)[3]), typed, choose_language(request))
        else:
            values["revision"] = revision
        response = _place_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    done = "placed_sea" if typed["above_sea"] and site.geoid_m is not None else "placed"
    return RedirectResponse(f"/studio/scans/{stored.id}/place?done={done}", status_code=303)


def _beside(theirs: Mapping[str, str], typed: Mapping[str, str], language: str) -> list[Row]:
    """Where the model stands by now and where it was to stand, number by number."""
    texts = load_texts(language)
    return say_typed(theirs, typed, {name: texts[f"studio.place_{name}"] for name in FIELDS})


def offer_sea(h: str, site: Site) -> dict[str, str] | None:
    """A height that seems to count from the sea, what would be added, and the sum; None where nobody knows what to add."""
    if site.geoid_m is None:
        return None
    return {"h": h, "added": f"{site.geoid_m:g}", "sum": f"{float(h.replace(',', '.')) + site.geoid_m:g}"}


routes = [
    Route("/studio/scans/{id}/place", show_place, methods=["GET"]),
    Route("/studio/scans/{id}/place", post_place, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
