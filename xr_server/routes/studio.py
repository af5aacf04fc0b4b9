"""Pages of creators: their scans, sending a new one, what came of it, and attaching it to a landmark."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.report.advice import say_bytes, say_length, say_warnings
from xr_server.domain.account import Session, may, may_at
from xr_server.domain.captions import say_clock
from xr_server.domain.catalog import Experience, Landmark, Record, Scene, Site
from xr_server.domain.fields import Language
from xr_server.domain.library import Work
from xr_server.domain.licence import check_may_start
from xr_server.domain.original import kept_until
from xr_server.domain.published import pick
from xr_server.domain.quota import say_room
from xr_server.domain.said import LICENCES, choose_licence
from xr_server.domain.scan import GROUPS, MAX_SCAN_BYTES
from xr_server.errors import Conflict, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.changes import say_against_published
from xr_server.routes.crediting import find_credit
from xr_server.routes.declared import advise_permission
from xr_server.routes.deeds import reader_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.listing import PAGE_ROWS, dump_mark, link_to, offer_parts, read_mark
from xr_server.routes.packages import MEDIA_TYPES
from xr_server.routes.pages import choose_language
from xr_server.routes.records import find_record
from xr_server.routes.rights import find_work, is_stopped
from xr_server.routes.scans import describe_scan, get_own_scan, is_teacher_of, load_report
from xr_server.routes.staff import change_by, staff_page
from xr_server.routes.teaching import describe_for_teacher
from xr_server.routes.versions import find_withdrawal
from xr_server.routes.wording import say_problem_of_scan, say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.builds import try_again
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_record
from xr_server.storage.lists import ScansWanted, count_scans, page_scans
from xr_server.storage.packages import find_package_file
from xr_server.storage.previews import count_previews
from xr_server.storage.quotas import defaults_of, find_standing
from xr_server.storage.rebuilding import call_off
from xr_server.storage.reviews import list_notes
from xr_server.storage.scans import StoredScan, list_scans

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
    group = request.query_params.get("state")
    wanted = ScansWanted(
        account_id=session.account_id if not everybody or session.landmarks else None,
        scenes=_scenes_at(parts, session) if everybody and session.landmarks else frozenset(),
        group=group if group in GROUPS else None,
        after=read_mark(request.query_params.get("after", ""), (int, str)),
    )
    scans = page_scans(parts.catalog, session.site_id, wanted, PAGE_ROWS + 1)
    names = load_names(parts.catalog, {stored.account_id for stored in scans}) if everybody else {}
    language = choose_language(request)
    rows = [
        {"scan": stored, "when": say_when(stored.created_at, language), "creator": names.get(stored.account_id, "")}
        for stored in scans[:PAGE_ROWS]
    ]
    last = scans[PAGE_ROWS - 1] if len(scans) > PAGE_ROWS else None
    done = request.query_params.get("done")
    notice = f"studio.notice_{done}" if done in ("cancelled", "deleted") else None
    values = {
        "rows": rows,
        "everybody": everybody,
        "parts": offer_parts(request, count_scans(parts.catalog, session.site_id, wanted), wanted.group),
        "earlier": link_to(request, after=dump_mark((last.created_at, last.id))) if last else None,
        "newest": link_to(request) if wanted.after else None,
        "notice": {"text": notice, "undo": None} if notice else None,
    }
    return staff_page(request, session, "studio/scans.html", values)


def _scenes_at(parts: Parts, session: Session) -> frozenset[str]:
    """The scenes at the landmarks that an account is limited to."""
    scenes = [stored.body for stored in list_records(parts.catalog, session.site_id, "scene")]
    return frozenset(body.id for body in scenes if isinstance(body, Scene) and may_at(session, body.landmark))


@page("upload")
def show_upload(request: Request, session: Session) -> Response:
    """The page that sends a scan, and says how much room there is."""
    parts = parts_of(request)
    site = find_site(parts, session.site_id)
    standing = find_standing(parts.catalog, session.site_id, session.account_id, defaults_of(parts.settings))
    values = {
        "origin": site.origin if site else None,
        "licences": LICENCES,
        "typed": _propose(list_scans(parts.catalog, session.site_id, session.account_id), session),
        "kinds": offered_kinds(),
        "limits": {"scan_bytes": MAX_SCAN_BYTES},
        "standing": standing,
        "credit": find_credit(parts, session.account_id),
        "say_room": say_room,
        "work": _find_work(request, session),
    }
    return staff_page(request, session, "studio/upload.html", values)


def _propose(scans: list[StoredScan], session: Session) -> dict[str, str]:
    """What most likely holds for the next scan too: maker, licence and grade of the newest one."""
    if not scans:
        return {"creator": session.name, "licence": "", "licence_own": "", "provenance": "estimate"}
    last = scans[0].details
    licence, own = choose_licence(last.licence)
    return {"creator": last.creator, "licence": licence, "licence_own": own, "provenance": last.provenance}


def _find_work(request: Request, session: Session) -> Work | None:
    """The published model that what is sent was made from, when the address names one. Raises NotFound, Conflict."""
    digest = request.path_params.get("digest")
    if digest is None:
        return None
    work = find_work(parts_of(request), session.site_id, digest)
    check_may_start(work.credit.licence)
    return work


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
        "landmarks": [one for one in list_landmarks(parts, session.site_id, language) if may_at(session, one[0])],
        "scene": scene,
        "experience": experience,
        "typed": typed_of(experience, stored.details.names),
        "revision": experience.revision if experience else 0,
        "withdrawal": find_withdrawal(parts, reader_of(parts, session, language), experience),
        "changes": say_against_published(parts, experience, language),
        "scene_changes": say_against_published(parts, scene, language),
        "theirs": None,
        "problem": None,
        "notes": list_notes(parts.catalog, Name(session.site_id, "experience", stored.scene_id or "")),
        "say_when": lambda at: say_when(at, language),
        "say_bytes": say_bytes,
        "say_length": lambda metres: say_length(metres, language),
        "say_warnings": lambda warnings: say_warnings(warnings, language, on_page=True),
        "is_stopped": is_stopped(parts, scene),
        "permission_advice": advise_permission(parts, stored, getattr(scene.body, "landmark", None) if scene else None),
        "is_own": stored.account_id == session.account_id,
        "is_pupil": "pupil" in session.roles,
        "teaches": is_teacher_of(parts, session, stored),
        **_passed_media(parts, session, stored, language),
        "say_clock": say_clock,
        "typed_note": "",
        "note_problem": None,
        "kept_until": kept_until(stored.created_at, parts.settings.keep_originals_days),
        "previews": count_previews(
            parts.catalog, Name(session.site_id, "experience", stored.scene_id or ""), parts.clock()
        ),
        "notice": _notice(request, experience),
    }
    return staff_page(request, session, "studio/scan.html", {**common, **values})


def bodies_of(parts: Parts, stored: StoredScan) -> list[Record]:
    """The experience and the scene that a scan was attached to, as far as they are there."""
    found = (find_record(parts, stored.site_id, kind, stored.scene_id) for kind in ("experience", "scene"))
    return [one.body for one in found if one is not None]


def _passed_media(parts: Parts, session: Session, stored: StoredScan, language: str) -> dict[str, Any]:
    """The pictures and sounds of a pupil's work for the teacher, who passes them on with it; for others those of pupils."""
    nothing: dict[str, Any] = {"shown_media": [], "media_seen": ""}
    if not may(session, "teach"):
        return nothing
    told = describe_for_teacher(parts, session, bodies_of(parts, stored), language)
    return (
        told if is_teacher_of(parts, session, stored) or any(one["passes"] for one in told["shown_media"]) else nothing
    )


def typed_of(experience: StoredRecord | None, names: Mapping[Language, str] | None = None) -> dict[str, str]:
    """What the attaching form shows: the record's words, or empty fields with the scan's own names as titles."""
    body = experience.body if experience else None
    if not isinstance(body, Experience):
        titles = {f"title_{language}": name for language, name in (names or {}).items()}
        return {name: titles.get(name, "") for name in FORM_FIELDS}
    return {
        "landmark": body.landmark,
        "title_ja": body.title.get("ja", ""),
        "title_en": body.title.get("en", ""),
        "summary_ja": body.summary.get("ja", ""),
        "summary_en": body.summary.get("en", ""),
    }


def _notice(request: Request, experience: StoredRecord | None) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in (
        "attached",
        "handed_in",
        "in_review",
        "sent_back",
        "taken_back",
        "preview_ended",
        "restated",
        "original_deleted",
        "rebuild_stopped",
        "started",
    ):
        return None
    undo = None
    if done in ("handed_in", "in_review") and experience:
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
    if not call_off(parts.catalog, parts.settings, stored, change_by(request, session)):
        raise Conflict("scan_ended", "This scan has ended already; there is nothing left to cancel.")
    target = "/studio/?done=cancelled" if stored.rebuild is None else f"/studio/scans/{stored.id}?done=rebuild_stopped"
    return RedirectResponse(target, status_code=303)


@form("upload")
def post_again(request: Request, session: Session, _sent: FormData) -> Response:
    """Have a scan built once more that failed or was refused, such as after an update of the server."""
    parts = parts_of(request)
    stored = get_own_scan(request, session, request.path_params["id"], creator_alone=True)
    if stored.original_gone_at is not None:
        raise Conflict("original_gone", "The file of this scan was deleted, so it cannot be built again. Send it anew.")
    if not try_again(parts.catalog, stored.id, change_by(request, session)):
        raise Conflict("scan_not_ended", "This scan waits, is being built, or is built already; nothing was changed.")
    return RedirectResponse(f"/studio/scans/{stored.id}", status_code=303)


routes = [
    Route("/studio", lambda _: RedirectResponse("/studio/", status_code=308)),
    Route("/studio/", show_scans),
    Route("/studio/upload", show_upload),
    Route("/studio/upload/from/{digest}", show_upload),
    Route("/studio/scans/{id}", show_scan),
    Route("/studio/scans/{id}/files/{file}", show_draft_file),
    Route("/studio/scans/{id}/cancel", post_cancel, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/scans/{id}/again", post_again, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
