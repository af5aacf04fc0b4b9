"""Composing a scene: one form for its models, points, eras, sounds and words, saved as one revision, and the way back."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at, may, may_at
from xr_server.domain.attachment import BuiltScan, make_node
from xr_server.domain.catalog import Experience, Name, Record, Scene
from xr_server.domain.compose import Faults, compose_scene, compose_words
from xr_server.domain.compose_form import compare_typed
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.composing_page import Held, around_of, compose_page, list_offers, typed_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.packages import MEDIA_TYPES, send_file
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by, field, read_revision
from xr_server.storage.catalog import StoredRecord, load_revision, save_records
from xr_server.storage.packages import find_package_file, load_packages
from xr_server.storage.scans import StoredScan, attach_scene, find_scene_scan

MAX_FIELDS = 2000  # 30 points in 7 languages, 12 eras of 12 models
MAX_BYTES = 2 * 1024 * 1024
CARRIED = ("csrf", "revision", "words_revision", "words", "add")
PRIVATE = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}  # kept here, but never shown unasked


def get_own_scene(request: Request, session: Session, words: str | None = None) -> Held:
    """The scene of a request: its creator's, or anybody's for those who review. Raises NotFound, which tells others nothing.

    words: the experience whose words are edited, as a form named it; a page names it in its address.
    """
    parts, scene_id = parts_of(request), request.path_params["id"]
    scene = find_record(parts, session.site_id, "scene", scene_id)
    scan_id = find_scene_scan(parts.catalog, session.site_id, scene_id)
    body = scene.body if scene is not None and isinstance(scene.body, Scene) else None
    reviews = body is not None and may(session, "review") and may_at(session, body.landmark)
    if scene is None or body is None or (scan_id is None and not reviews):
        raise NotFound(
            "scene_unknown", "There is no scene of this name, or it is not one of yours. /studio/ lists yours."
        )
    scan = get_own_scan(request, session, scan_id) if scan_id is not None else None
    named = request.query_params.get("words", "") if words is None else words
    return Held(scene, body, _find_experience(parts, scene, reviews, named), scan)


def _find_experience(parts: Parts, scene: StoredRecord, anybodys: bool, named: str) -> StoredRecord | None:
    """The experience that goes by the scene's name; for those who review the one they named, else the first that shows it.

    Raises NotFound.
    """
    own = find_record(parts, scene.site_id, "experience", scene.id)
    if not named or named == scene.id:
        if own is not None or not anybodys:
            return own
        return next(iter(list_offers(parts, scene)), None)
    found = find_record(parts, scene.site_id, "experience", named) if anybodys else None
    if found is None or not isinstance(found.body, Experience) or found.body.scene != scene.id:
        raise NotFound(
            "words_unknown",
            "This scene is not shown by an experience of that name, or its words are not yours to change.",
        )
    return found


@page("attach")
def show_composing(request: Request, session: Session) -> Response:
    """The scene with all its parts, to look at and to change."""
    held = get_own_scene(request, session)
    return compose_page(request, session, held, {"notice": _notice(request, held)})


def _notice(request: Request, held: Held) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in ("composed", "composed_same", "composed_back", "preview_ended"):
        return None
    undo = None
    scene_back, _, words_back = request.query_params.get("back", "").partition(".")
    if done == "composed" and scene_back.isdigit():
        fields = {"to_scene": scene_back, "to_words": words_back, "words": held.words_id, **held.revisions}
        undo = {"action": f"/studio/scenes/{held.scene.id}/back", "fields": fields}
    return {"text": f"studio.notice_{done}", "undo": undo}


@form("attach", MAX_FIELDS)
def post_composing(request: Request, session: Session, sent: FormData) -> Response:
    """Save everything that was typed as one new revision, on top of the one the form showed; or say what is amiss."""
    held = get_own_scene(request, session, field(sent, "words"))
    typed = {n: v.replace("\r\n", "\n").strip() for n, v in sent.multi_items() if isinstance(v, str)}
    faults: Faults = {}
    try:
        check_may_at(session, held.body.landmark)
        edits = _compose(request, session, held, typed, faults)
        if not faults:
            return _save(request, session, held, (edits, typed))
        problem: DejimaError = Invalid("compose_faults", "Some fields need another look, so nothing was saved yet.")
    except DejimaError as error:
        problem = error
    values: dict[str, Any] = {"typed": typed, "faults": faults, "problem": problem}
    if isinstance(problem, Stale):
        # the next save names the newest revision: whoever saves again has seen what stands there now
        held = get_own_scene(request, session, field(sent, "words"))
        values["differences"] = compare_typed(typed_of(held), _without_form(typed), choose_language(request))
    else:
        values["revisions"] = {name: read_revision(sent, name) for name in held.revisions}
    response = compose_page(request, session, held, values)
    response.status_code = STATUS[type(problem)]
    return response


def _without_form(typed: dict[str, str]) -> dict[str, str]:
    """What was typed, without what every form carries and what adds a model."""
    return {name: value for name, value in typed.items() if name not in CARRIED}


def _compose(
    request: Request, session: Session, held: Held, typed: dict[str, str], faults: Faults
) -> tuple[Scene, Experience | None]:
    parts = parts_of(request)
    around = around_of(parts, session, held)
    joins = _get_joining(request, session, held, typed["add"]) if typed.get("add") else None
    added = BuiltScan(joins.id, joins.details, joins.package_digest or "") if joins else None
    node = make_node(added, held.body) if added else None
    scene, found = compose_scene(typed, held.body, around, node)
    faults.update(found)
    if held.words is None:
        return scene, None
    words, found = compose_words(typed, held.words, around)
    faults.update(found)
    return scene, words


def _get_joining(request: Request, session: Session, held: Held, scan_id: str) -> StoredScan:
    """A built scan that may join the scene. Raises NotFound, Conflict."""
    scan = get_own_scan(request, session, scan_id)
    if scan.state != "built" or scan.package_digest is None:
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    if not held.may_join(scan, session.account_id):
        raise Conflict(
            "compose_elsewhere", "This scan is shown by another scene, or is somebody else's. Choose another one."
        )
    if not scan.details.no_persons:
        raise Conflict(
            "declaration_missing",
            "First say on the page of its details that nobody and no number plate can be recognised in it.",
        )
    return scan


def _save(
    request: Request, session: Session, held: Held, typed: tuple[tuple[Scene, Experience | None], dict[str, str]]
) -> Response:
    """Save what has changed. A part that somebody else changed meanwhile counts as changed: then it is stale."""
    (scene, words), sent = typed
    parts, seen = parts_of(request), {name: _to_number(sent.get(name, "")) for name in held.revisions}
    pairs = ((held.scene, scene, "revision"), (held.experience, words, "words_revision"))
    edits: list[tuple[Record, int | None]] = [
        (body, seen[name])
        for stored, body, name in pairs
        if stored is not None and body is not None and (body != stored.body or seen[name] != stored.revision)
    ]
    if not edits:
        return RedirectResponse(held.address(done="composed_same"), status_code=303)
    save_records(parts.catalog, session.site_id, edits, change_by(request, session))
    if sent.get("add"):  # so that it is placed, and said otherwise, in this scene
        attach_scene(parts.catalog, sent["add"], held.scene.id)
    back = f"{held.scene.revision}.{held.experience.revision if held.experience else ''}"
    return RedirectResponse(held.address(done="composed", back=back), status_code=303)


def _to_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@form("attach")
def post_back(request: Request, session: Session, sent: FormData) -> Response:
    """Bring back an earlier state of scene and words, as a new revision on top of the one that was seen."""
    parts, held = parts_of(request), get_own_scene(request, session, field(sent, "words"))
    check_may_at(session, held.body.landmark)
    edits: list[tuple[Record, int | None]] = []
    for stored, to, seen in ((held.scene, "to_scene", "revision"), (held.experience, "to_words", "words_revision")):
        if stored is None or not field(sent, to):
            continue
        name = Name(stored.site_id, stored.kind, stored.id)
        body = load_revision(parts.catalog, name, read_revision(sent, to))
        if body != stored.body or read_revision(sent, seen) != stored.revision:
            edits.append((body, read_revision(sent, seen)))
    if edits:
        save_records(parts.catalog, session.site_id, edits, change_by(request, session))
    return RedirectResponse(held.address(done="composed_back"), status_code=303)


@page("attach")
def show_scene_file(request: Request, session: Session) -> Response:
    """One file of a package that the scene shows as it stands, published or not."""
    held, parts = get_own_scene(request, session), parts_of(request)
    digest, name = request.path_params["digest"], request.path_params["file"]
    path = None
    if digest in held.digests(load_packages(parts.catalog, session.site_id)[1]):
        path = find_package_file(parts.settings.package_dir, digest, name)
    if path is None or path.suffix not in MEDIA_TYPES:
        raise NotFound("file_unknown", "The scene shows no package with a file of this name.")
    response = send_file(request, path, f'"{digest[:32]}-{name}"', PRIVATE["Cache-Control"])
    response.headers.update(PRIVATE)
    return response


routes = [
    Route("/studio/scenes/{id}", show_composing, methods=["GET"]),
    Route("/studio/scenes/{id}", post_composing, methods=["POST"], max_body_size=MAX_BYTES),
    Route("/studio/scenes/{id}/back", post_back, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/scenes/{id}/packages/{digest}/{file}", show_scene_file),
]
