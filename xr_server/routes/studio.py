"""Pages of creators: their scans, sending a new one, what came of it, and attaching it to a landmark."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.report.advice import say_bytes, say_length, say_warnings
from xr_server.domain.account import Session, may
from xr_server.domain.catalog import Experience, Landmark, Site
from xr_server.domain.published import pick
from xr_server.domain.scan import MAX_SCAN_BYTES, QUOTA_BYTES
from xr_server.errors import Conflict, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.packages import MEDIA_TYPES
from xr_server.routes.pages import choose_language
from xr_server.routes.scans import describe_scan, get_own_scan, load_report
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_problem_of_scan, say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.builds import try_again
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_record
from xr_server.storage.packages import find_package_file
from xr_server.storage.previews import count_previews
from xr_server.storage.reviews import list_notes
from xr_server.storage.scans import StoredScan, cancel_scan, list_scans
from xr_server.storage.uploads import remove_scan_files

DRAFT_FILES = frozenset(("poster.webp", "report.json"))
FORM_FIELDS = ("landmark", "title_ja", "title_en", "summary_ja", "summary_en")
KINDS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".usdz", ".las", ".laz", ".zip")


def offered_kinds() -> tuple[str, ...]:
    """Suffixes of the scans that can be read here: USDZ only where the extra `usd` is installed."""
    return KINDS if find_spec("pxr") is not None else tuple(kind for kind in KINDS if kind != ".usdz")


def find_site(parts: Parts, site_id: str) -> Site | None:
    """The site's own record; None before any content was imported."""
    try:
        body = load_record(parts.catalog, Name(site_id, "site", site_id)).body
    except NotFound:
        return None
    return body if isinstance(body, Site) else None


def find_record(parts: Parts, site_id: str, kind: str, record_id: str | None) -> StoredRecord | None:
    """A record by its name; None when there is none."""
    if not record_id:
        return None
    try:
        return load_record(parts.catalog, Name(site_id, kind, record_id))
    except NotFound:
        return None


def list_landmarks(parts: Parts, site_id: str, language: str) -> list[tuple[str, str]]:
    """The site's landmarks a visitor can stand before: id and name, by name."""
    found = []
    for stored in list_records(parts.catalog, site_id, "landmark"):
        body = stored.body
        if isinstance(body, Landmark) and body.lat is not None:
            found.append((body.id, pick(body.name, language) or body.id))
    return sorted(found, key=lambda item: item[1])


@page("upload")
def show_scans(request: Request, session: Session) -> Response:
    """The list of scans: one's own, and everybody's for those who review."""
    parts = parts_of(request)
    everybody = may(session, "review") and request.query_params.get("whose") == "all"
    scans = list_scans(parts.catalog, session.site_id, None if everybody else session.account_id)
    names = load_names(parts.catalog, {stored.account_id for stored in scans}) if everybody else {}
    language = choose_language(request)
    rows = [
        {"scan": stored, "when": say_when(stored.created_at, language), "creator": names.get(stored.account_id, "")}
        for stored in scans
    ]
    notice = "studio.notice_cancelled" if request.query_params.get("done") == "cancelled" else None
    values = {"rows": rows, "everybody": everybody, "notice": {"text": notice, "undo": None} if notice else None}
    return staff_page(request, session, "studio/scans.html", values)


@page("upload")
def show_upload(request: Request, session: Session) -> Response:
    """The page that sends a scan."""
    site = find_site(parts_of(request), session.site_id)
    values = {
        "origin": site.origin if site else None,
        "kinds": offered_kinds(),
        "limits": {"scan_bytes": MAX_SCAN_BYTES, "quota_bytes": QUOTA_BYTES},
    }
    return staff_page(request, session, "studio/upload.html", values)


@page("upload")
def show_scan(request: Request, session: Session) -> Response:
    """One scan: how it stands, its report in words, and where it is attached."""
    stored = get_own_scan(request, session, request.path_params["id"])
    return scan_page(request, session, stored, {})


def scan_page(request: Request, session: Session, stored: StoredScan, values: Mapping[str, Any]) -> Response:
    """The page of a scan; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    scene = find_record(parts, session.site_id, "scene", stored.scene_id)
    experience = find_record(parts, session.site_id, "experience", stored.scene_id)
    common = {
        "scan": stored,
        "document": describe_scan(parts, stored),
        "when": say_when(stored.created_at, language),
        "reason": say_problem_of_scan(stored.reason, language) if stored.reason else "",
        "report": load_report(parts, stored.package_digest),
        "landmarks": list_landmarks(parts, session.site_id, language),
        "scene": scene,
        "experience": experience,
        "typed": typed_of(experience),
        "revision": experience.revision if experience else 0,
        "theirs": None,
        "problem": None,
        "notes": list_notes(parts.catalog, Name(session.site_id, "experience", stored.scene_id or "")),
        "say_when": lambda at: say_when(at, language),
        "say_bytes": say_bytes,
        "say_length": lambda metres: say_length(metres, language),
        "say_warnings": lambda warnings: say_warnings(warnings, language),
        "is_own": stored.account_id == session.account_id,
        "previews": count_previews(
            parts.catalog, Name(session.site_id, "experience", stored.scene_id or ""), parts.clock()
        ),
        "notice": _notice(request, experience),
    }
    return staff_page(request, session, "studio/scan.html", {**common, **values})


def typed_of(experience: StoredRecord | None) -> dict[str, str]:
    """What the attaching form shows: the record's words, or empty fields."""
    body = experience.body if experience else None
    if not isinstance(body, Experience):
        return dict.fromkeys(FORM_FIELDS, "")
    return {
        "landmark": body.landmark,
        "title_ja": body.title.get("ja", ""),
        "title_en": body.title.get("en", ""),
        "summary_ja": body.summary.get("ja", ""),
        "summary_en": body.summary.get("en", ""),
    }


def _notice(request: Request, experience: StoredRecord | None) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in ("attached", "in_review", "taken_back", "preview_ended", "restated"):
        return None
    undo = None
    if done == "in_review" and experience:
        undo = {"action": f"{request.url.path}/take-back", "fields": {"revision": experience.revision}}
    return {"text": f"studio.notice_{done}", "undo": undo}


@page("upload")
def show_draft_file(request: Request, session: Session) -> Response:
    """The poster or the report of an unpublished package, to its creator and to those who review."""
    stored = get_own_scan(request, session, request.path_params["id"])
    name, store = request.path_params["file"], parts_of(request).settings.package_dir
    path = None
    if stored.package_digest and name in DRAFT_FILES:
        path = find_package_file(store, stored.package_digest, name)
    if path is None:
        raise NotFound("file_unknown", "This scan has no picture or report of that name, or it is not built yet.")
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}
    return Response(path.read_bytes(), headers=headers, media_type=MEDIA_TYPES.get(path.suffix))


@form("upload")
def post_cancel(request: Request, session: Session, _sent: FormData) -> Response:
    """Stop receiving or building a scan."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    if not cancel_scan(parts.catalog, stored.id, parts.clock()):
        raise Conflict("scan_ended", "This scan has ended already; there is nothing left to cancel.")
    remove_scan_files(parts.settings.upload_dir, stored.id)
    return RedirectResponse("/studio/?done=cancelled", status_code=303)


@form("upload")
def post_again(request: Request, session: Session, _sent: FormData) -> Response:
    """Have a scan built once more that failed or was refused, such as after an update of the server."""
    parts = parts_of(request)
    stored = get_own_scan(request, session, request.path_params["id"], creator_alone=True)
    if not try_again(parts.catalog, stored.id, parts.clock()):
        raise Conflict("scan_not_ended", "This scan waits, is being built, or is built already; nothing was changed.")
    return RedirectResponse(f"/studio/scans/{stored.id}", status_code=303)


routes = [
    Route("/studio", lambda _: RedirectResponse("/studio/", status_code=308)),
    Route("/studio/", show_scans),
    Route("/studio/upload", show_upload),
    Route("/studio/scans/{id}", show_scan),
    Route("/studio/scans/{id}/files/{file}", show_draft_file),
    Route("/studio/scans/{id}/cancel", post_cancel, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/scans/{id}/again", post_again, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
