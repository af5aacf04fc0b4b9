"""Attaching a built scan to a landmark, and sending what came of it for review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.attachment import BuiltScan, Wording, make_experience, make_scene, propose_id, read_wording
from xr_server.domain.catalog import Experience, Record, Scene
from xr_server.domain.review import Action, check_note, is_possible
from xr_server.domain.school import check_open, check_passed_on
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.changes import Row, say_typed
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.rights import check_rights
from xr_server.routes.scans import get_own_scan, is_teacher_of
from xr_server.routes.staff import change_by, field, read_revision, say_problem
from xr_server.routes.studio import FORM_FIELDS, bodies_of, list_landmarks, scan_page, typed_of
from xr_server.routes.teaching import media_to_pass_on
from xr_server.storage.catalog import Change, Name, StoredRecord, save_records
from xr_server.storage.classes import today_at
from xr_server.storage.packages import list_siblings
from xr_server.storage.pupils import find_class_of
from xr_server.storage.reviews import Seen, Why, make_why, standing_of, take_steps
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
            theirs = typed_of(find_record(parts, session.site_id, "experience", stored.scene_id))
            values["theirs"] = _beside(parts, session, (theirs, typed), choose_language(request))
        else:
            values["revision"] = read_revision(sent)
        response = scan_page(request, session, stored, values)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}?done=attached", status_code=303)


def _beside(
    parts: Parts, session: Session, versions: tuple[Mapping[str, str], Mapping[str, str]], language: str
) -> list[Row]:
    """What stands there now and what was typed, field by field."""
    texts, names = load_texts(language), dict(list_landmarks(parts, session.site_id, language))
    keys = {"landmark": "studio.landmark", "title_ja": "studio.visitor_title_ja", "title_en": "studio.visitor_title_en"}
    labels = {name: texts[keys.get(name, f"studio.{name}")] for name in FORM_FIELDS}
    theirs, mine = ({**values, "landmark": names.get(values["landmark"], values["landmark"])} for values in versions)
    return say_typed(theirs, mine, labels)


def _read(parts: Parts, session: Session, typed: Mapping[str, str]) -> Wording:
    wording = read_wording(
        typed["landmark"],
        {"ja": typed["title_ja"], "en": typed["title_en"]},
        {"ja": typed["summary_ja"], "en": typed["summary_en"]},
    )
    if find_record(parts, session.site_id, "landmark", wording.landmark) is None:
        raise Invalid("landmark_unknown", "That landmark is not there any more. Choose another one.")
    check_may_at(session, wording.landmark)
    return wording


def _save(parts: Parts, session: Session, stored: StoredScan, edit: tuple[Wording, int]) -> None:
    """Save scene and experience together, on top of the experience's revision that the form showed. Raises Stale."""
    wording, revision = edit
    is_pupils = find_class_of(parts.catalog, stored.account_id) is not None
    record_id = stored.scene_id or propose_id(wording, stored.id, with_title=not is_pupils)
    scene = find_record(parts, session.site_id, "scene", record_id)
    experience = find_record(parts, session.site_id, "experience", record_id)
    old_scene = scene.body if scene and isinstance(scene.body, Scene) else None
    old = experience.body if experience and isinstance(experience.body, Experience) else None
    if old is not None:
        check_may_at(session, old.landmark)
    others = list_siblings(parts.catalog, session.site_id, stored.package_digest or "")
    digests = frozenset(other.digest for other in others)
    scan = BuiltScan(stored.id, stored.details, stored.package_digest or "", digests)
    new_scene, new = (
        make_scene(record_id, wording, scan, old_scene),
        make_experience(record_id, wording, old, stored.details.names),
    )
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
    """Send scene and experience of a scan for review; what a pupil hands in goes to the teacher first."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    found = find_class_of(parts.catalog, stored.account_id)
    is_pupils = found is not None
    if found is not None and stored.account_id == session.account_id:
        check_open(found.said.ends_on, today_at(parts.catalog, found.site_id, parts.clock()))
        return _move_all(request, session, read_revision(sent), Moving("hand_in"))
    check_passed_on(not is_pupils or is_teacher_of(parts, session, stored))
    if is_pupils:
        _check_scene_seen(parts, stored, read_revision(sent, "scene_revision"))
    media = media_to_pass_on(parts, session, bodies_of(parts, stored), field(sent, "media_seen"))
    return _move_all(request, session, read_revision(sent), Moving("send_for_review", with_it=media))


def _check_scene_seen(parts: Parts, stored: StoredScan, revision: int) -> None:
    """Refuse to pass on a scene that the pupil changed after the teacher opened the page. Raises Stale."""
    scene = find_record(parts, stored.site_id, "scene", stored.scene_id)
    if scene is not None and scene.revision != revision:
        raise Stale("stale_revision", "Somebody else has changed this since you opened it. Reload the page.")


@form("send_for_review")
def post_take_back(request: Request, session: Session, sent: FormData) -> Response:
    """Take scene and experience back from review."""
    return _move_all(request, session, read_revision(sent), Moving("take_back"))


@form("teach")
def post_send_back(request: Request, session: Session, sent: FormData) -> Response:
    """Give a pupil's work back with a sentence on what to change."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    if not is_teacher_of(parts, session, stored):
        raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")
    text = field(sent, "note")
    try:
        why = make_why("", check_note(text), parts.random_bytes)
        return _move_all(request, session, read_revision(sent), Moving("request_changes", why))
    except DejimaError as error:
        values: dict[str, object] = {"typed_note": text, "note_problem": say_problem(error, choose_language(request))}
        response = scan_page(request, session, stored, {**values, "notice": None})
        response.status_code = STATUS[type(error)]
        return response


DONE: dict[Action, str] = {
    "hand_in": "handed_in",
    "send_for_review": "in_review",
    "take_back": "taken_back",
    "request_changes": "sent_back",
}


@dataclass(frozen=True)
class Moving:
    """A step that scene and experience take together, why, and the pictures and sounds that take it with them."""

    action: Action
    why: Why | None = None
    with_it: Sequence[Seen] = ()


def _move_all(request: Request, session: Session, revision: int, moving: Moving) -> Response:
    action = moving.action
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    experience = find_record(parts, session.site_id, "experience", stored.scene_id)
    scene = find_record(parts, session.site_id, "scene", stored.scene_id)
    if experience is None or scene is None:
        raise Conflict("not_attached", "Attach this scan to a landmark first; then it can be sent for review.")
    if action in ("hand_in", "send_for_review") and not (stored.details.no_persons or stored.is_start):
        raise Conflict(
            "declaration_missing",
            "First say on the page of its details that nobody and no number plate can be recognised in it.",
        )
    if experience.revision != revision:
        raise Stale("stale_revision", "Somebody else has changed this since you opened it. Reload the page.")
    if action in ("hand_in", "send_for_review"):
        check_rights(parts, scene)
    # what is unchanged and seen by visitors already needs no second look
    moves = [one for one in (experience, scene) if is_possible(action, standing_of(one))] or [experience]
    which = [Seen(_name(one), one.revision, one.state) for one in moves]
    take_steps(parts.catalog, [*which, *moving.with_it], action, change_by(request, session), moving.why)
    return RedirectResponse(f"/studio/scans/{stored.id}?done={DONE[action]}", status_code=303)


def _name(stored: StoredRecord) -> Name:
    return Name(stored.site_id, stored.kind, stored.id)


routes = [
    Route(f"/studio/scans/{{id}}/{step}", handler, methods=["POST"], max_body_size=MAX_FORM_BYTES)
    for step, handler in (
        ("attach", post_attach),
        ("review", post_review),
        ("take-back", post_take_back),
        ("send-back", post_send_back),
    )
]
