"""Pages of creators: their scans, sending a new one, what came of it, and attaching it to a landmark."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, may
from xr_server.domain.attachment import BuiltScan, make_experience, make_scene, propose_id, read_wording
from xr_server.domain.catalog import Experience, Landmark, Scene, Site
from xr_server.domain.publish import pick
from xr_server.domain.scan import MAX_SCAN_BYTES, QUOTA_BYTES
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.auth import MAX_FORM_BYTES, field, form, page, say_problem, staff_page
from xr_server.routes.packages import MEDIA_TYPES
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import describe_scan, get_own_scan, load_report
from xr_server.routes.wording import say_bytes, say_length, say_problem_of_scan, say_warning, say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.catalog import Change, Name, StoredRecord, list_records, load_record, save_record
from xr_server.storage.packages import find_package_file
from xr_server.storage.reviews import list_notes, standing_of, take_step
from xr_server.storage.scans import StoredScan, attach_scene, cancel_scan, list_scans
from xr_server.storage.uploads import remove_scan_files

DRAFT_FILES = frozenset(("poster.webp", "report.json"))
KINDS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".zip")


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
        "kinds": KINDS,
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
        "document": describe_scan(stored),
        "when": say_when(stored.created_at, language),
        "reason": say_problem_of_scan(stored.reason, language) if stored.reason else "",
        "report": load_report(parts, stored),
        "landmarks": list_landmarks(parts, session.site_id, language),
        "scene": scene,
        "experience": experience,
        "typed": _typed(experience),
        "problem": None,
        "notes": list_notes(parts.catalog, Name(session.site_id, "experience", stored.scene_id or "")),
        "say_when": lambda at: say_when(at, language),
        "say_bytes": say_bytes,
        "say_length": lambda metres: say_length(metres, language),
        "say_warning": lambda warning: say_warning(warning, language),
        "is_own": stored.account_id == session.account_id,
        "notice": _notice(request, experience),
    }
    return staff_page(request, session, "studio/scan.html", {**common, **values})


def _typed(experience: StoredRecord | None) -> dict[str, str]:
    """What the attaching form shows: the record's words, or empty fields."""
    body = experience.body if experience else None
    if not isinstance(body, Experience):
        return dict.fromkeys(("landmark", "title_ja", "title_en", "summary_ja", "summary_en"), "")
    return {
        "landmark": body.landmark,
        "title_ja": body.title.get("ja", ""),
        "title_en": body.title.get("en", ""),
        "summary_ja": body.summary.get("ja", ""),
        "summary_en": body.summary.get("en", ""),
    }


def _notice(request: Request, experience: StoredRecord | None) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in ("attached", "in_review", "taken_back"):
        return None
    undo = f"{request.url.path}/take-back" if done == "in_review" and experience else None
    return {"text": f"studio.notice_{done}", "undo": {"action": undo, "fields": {}} if undo else None}


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


@form("attach")
def post_attach(request: Request, session: Session, sent: FormData) -> Response:
    """Attach a built scan to a landmark: its scene and experience are saved as drafts."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    typed = {name: field(sent, name) for name in _typed(None)}
    try:
        _save_attachment(parts, session, stored, typed)
    except DejimaError as error:
        problem = say_problem(error, choose_language(request))
        response = scan_page(request, session, stored, {"typed": typed, "problem": problem, "notice": None})
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}?done=attached", status_code=303)


def _save_attachment(parts: Parts, session: Session, stored: StoredScan, typed: Mapping[str, str]) -> None:
    if stored.state != "built" or stored.package_digest is None:
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    wording = read_wording(
        typed["landmark"],
        {"ja": typed["title_ja"], "en": typed["title_en"]},
        {"ja": typed["summary_ja"], "en": typed["summary_en"]},
    )
    if find_record(parts, session.site_id, "landmark", wording.landmark) is None:
        raise Invalid("landmark_unknown", "That landmark is not there any more. Choose another one.")
    scan = BuiltScan(stored.id, stored.details, stored.package_digest)
    record_id = stored.scene_id or propose_id(wording, stored.id)
    scene = find_record(parts, session.site_id, "scene", record_id)
    experience = find_record(parts, session.site_id, "experience", record_id)
    old_scene = scene.body if scene and isinstance(scene.body, Scene) else None
    old_experience = experience.body if experience and isinstance(experience.body, Experience) else None
    change = Change(parts.clock(), session.account_id)
    new_scene = make_scene(record_id, wording, scan, old_scene)
    new_experience = make_experience(record_id, wording, old_experience)
    if new_scene != old_scene:
        save_record(parts.catalog, session.site_id, new_scene, scene.revision if scene else None, change)
    if new_experience != old_experience:
        expected = experience.revision if experience else None
        save_record(parts.catalog, session.site_id, new_experience, expected, change)
    attach_scene(parts.catalog, stored.id, record_id)


@form("send_for_review")
def post_review(request: Request, session: Session, _sent: FormData) -> Response:
    """Send scene and experience of a scan for review."""
    return _move_both(request, session, "send_for_review", "in_review")


@form("send_for_review")
def post_take_back(request: Request, session: Session, _sent: FormData) -> Response:
    """Take scene and experience back from review."""
    return _move_both(request, session, "take_back", "taken_back")


def _move_both(request: Request, session: Session, action: Any, done: str) -> Response:
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    experience = find_record(parts, session.site_id, "experience", stored.scene_id)
    scene = find_record(parts, session.site_id, "scene", stored.scene_id)
    if experience is None or scene is None:
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be sent for review.")
    take_step(parts.catalog, _name(experience), experience.revision, action, parts.clock())
    if standing_of(scene).state != "published":  # an unchanged scene that visitors see already needs no second look
        take_step(parts.catalog, _name(scene), scene.revision, action, parts.clock())
    return RedirectResponse(f"/studio/scans/{stored.id}?done={done}", status_code=303)


def _name(stored: StoredRecord) -> Name:
    return Name(stored.site_id, stored.kind, stored.id)


def _posts(path: str, handler: Any) -> Route:
    return Route(path, handler, methods=["POST"], max_body_size=MAX_FORM_BYTES)


routes = [
    Route("/studio", lambda _: RedirectResponse("/studio/", status_code=308)),
    Route("/studio/", show_scans),
    Route("/studio/upload", show_upload),
    Route("/studio/scans/{id}", show_scan),
    Route("/studio/scans/{id}/files/{file}", show_draft_file),
    _posts("/studio/scans/{id}/cancel", post_cancel),
    _posts("/studio/scans/{id}/attach", post_attach),
    _posts("/studio/scans/{id}/review", post_review),
    _posts("/studio/scans/{id}/take-back", post_take_back),
]
