"""Attaching a built scan to a landmark, and sending what came of it for review."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.attachment import BuiltScan, Wording, make_experience, make_scene, propose_id, read_wording
from xr_server.domain.catalog import Experience, Record, Scene
from xr_server.domain.review import Action, is_possible
from xr_server.errors import Conflict, DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import field, read_revision, say_problem
from xr_server.routes.studio import FORM_FIELDS, find_record, scan_page, typed_of
from xr_server.storage.catalog import Change, Name, StoredRecord, save_records
from xr_server.storage.reviews import standing_of, take_steps
from xr_server.storage.scans import StoredScan, attach_scene, load_scan


@form("attach")
def post_attach(request: Request, session: Session, sent: FormData) -> Response:
    """Attach a built scan to a landmark: its scene and experience are saved as drafts."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    if stored.state != "built" or stored.package_digest is None:
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    typed = {name: field(sent, name) for name in FORM_FIELDS}
    try:
        _save(parts, session, stored, (_read(parts, session, typed), read_revision(sent)))
    except DejimaError as error:
        problem = say_problem(error, choose_language(request))
        values: dict[str, object] = {"typed": typed, "problem": problem, "notice": None}
        if isinstance(error, Stale):
            # the next save names the newest revision: whoever saves again has seen what stands there now
            stored = load_scan(parts.catalog, session.site_id, stored.id)
            values["theirs"] = typed_of(find_record(parts, session.site_id, "experience", stored.scene_id))
        else:
            values["revision"] = read_revision(sent)
        response = scan_page(request, session, stored, values)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}?done=attached", status_code=303)


def _read(parts: Parts, session: Session, typed: Mapping[str, str]) -> Wording:
    wording = read_wording(
        typed["landmark"],
        {"ja": typed["title_ja"], "en": typed["title_en"]},
        {"ja": typed["summary_ja"], "en": typed["summary_en"]},
    )
    if find_record(parts, session.site_id, "landmark", wording.landmark) is None:
        raise Invalid("landmark_unknown", "That landmark is not there any more. Choose another one.")
    return wording


def _save(parts: Parts, session: Session, stored: StoredScan, edit: tuple[Wording, int]) -> None:
    """Save scene and experience together, on top of the experience's revision that the form showed. Raises Stale."""
    wording, revision = edit
    record_id = stored.scene_id or propose_id(wording, stored.id)
    scene = find_record(parts, session.site_id, "scene", record_id)
    experience = find_record(parts, session.site_id, "experience", record_id)
    old_scene = scene.body if scene and isinstance(scene.body, Scene) else None
    old = experience.body if experience and isinstance(experience.body, Experience) else None
    scan = BuiltScan(stored.id, stored.details, stored.package_digest or "")
    new_scene, new = make_scene(record_id, wording, scan, old_scene), make_experience(record_id, wording, old)
    edits: list[tuple[Record, int | None]] = []
    if new != old or (experience and experience.revision != revision):
        edits.append((new, revision or None))
    if new_scene != old_scene:
        edits.append((new_scene, scene.revision if scene else None))
    # the name comes first: were it lost, the records would stand there and nobody could save over them
    attach_scene(parts.catalog, stored.id, record_id)
    save_records(parts.catalog, session.site_id, edits, Change(parts.clock(), session.account_id))


@form("send_for_review")
def post_review(request: Request, session: Session, sent: FormData) -> Response:
    """Send scene and experience of a scan for review."""
    return _move_both(request, session, read_revision(sent), "send_for_review")


@form("send_for_review")
def post_take_back(request: Request, session: Session, sent: FormData) -> Response:
    """Take scene and experience back from review."""
    return _move_both(request, session, read_revision(sent), "take_back")


def _move_both(request: Request, session: Session, revision: int, action: Action) -> Response:
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    experience = find_record(parts, session.site_id, "experience", stored.scene_id)
    scene = find_record(parts, session.site_id, "scene", stored.scene_id)
    if experience is None or scene is None:
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be sent for review.")
    if experience.revision != revision:
        raise Stale("stale_revision", "Somebody else has changed this since you opened it. Reload the page.")
    # what is unchanged and seen by visitors already needs no second look
    moves = [one for one in (experience, scene) if is_possible(action, standing_of(one))] or [experience]
    take_steps(parts.catalog, [(_name(one), one.revision) for one in moves], action, parts.clock())
    done = "in_review" if action == "send_for_review" else "taken_back"
    return RedirectResponse(f"/studio/scans/{stored.id}?done={done}", status_code=303)


def _name(stored: StoredRecord) -> Name:
    return Name(stored.site_id, stored.kind, stored.id)


routes = [
    Route(f"/studio/scans/{{id}}/{step}", handler, methods=["POST"], max_body_size=MAX_FORM_BYTES)
    for step, handler in (("attach", post_attach), ("review", post_review), ("take-back", post_take_back))
]
