"""Pages of staff: what waits for a look, one experience or scene with its words, publish, request changes, withdraw."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.report.advice import say_length, say_warnings
from xr_server.domain.account import Session, check_may
from xr_server.domain.catalog import Experience, Landmark, Scene, State
from xr_server.domain.published import node_digest, pick
from xr_server.domain.review import Action, Standing, check_note, is_possible
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.packages import MEDIA_TYPES
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import load_report
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_record
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.catalog import Change, Name, StoredRecord, list_records, load_record
from xr_server.storage.packages import find_package_file, load_packages
from xr_server.storage.reviews import (
    Before,
    count_waiting,
    list_notes,
    save_note,
    standing_of,
    step_back,
    take_step,
    take_steps,
)
from xr_server.storage.scans import find_scene_owner

REVIEWED = ("experience", "scene")
# what waits for staff comes first, what is out comes last
ORDER: tuple[State, ...] = ("in_review", "changes_requested", "draft", "published", "withdrawn")
STEPS: dict[str, Action] = {"publish": "publish", "changes": "request_changes", "withdraw": "withdraw"}


def title_of(stored: StoredRecord, language: str, scenes: Mapping[str, str] | None = None) -> str:
    """What a record is called on a page; a scene goes by the experience that shows it, given scene ids and titles."""
    body = stored.body
    if isinstance(body, Experience):
        return pick(body.title, language) or stored.id
    return (scenes or {}).get(stored.id, stored.id)


def scene_titles(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    """For every scene that an experience shows, the experience's title."""
    bodies = [item.body for item in list_records(parts.catalog, site_id, "experience")]
    return {body.scene: pick(body.title, language) or body.id for body in bodies if isinstance(body, Experience)}


@page("review")
def show_desk(request: Request, session: Session) -> Response:
    """Everything that can be published, what waits for staff first."""
    parts, language = parts_of(request), choose_language(request)
    stored = [item for kind in REVIEWED for item in list_records(parts.catalog, session.site_id, kind)]
    stored.sort(key=lambda item: (ORDER.index(item.state), -item.updated_at, item.id))
    names = _landmark_names(parts, session.site_id, language)
    scenes = scene_titles(parts, session.site_id, language)
    rows = [
        {
            "stored": item,
            "title": title_of(item, language, scenes),
            "landmark": names.get(getattr(item.body, "landmark", ""), ""),
            "when": say_when(item.updated_at, language),
            "newer": item.published_revision not in (None, item.revision),
        }
        for item in stored
    ]
    waiting = count_waiting(parts.catalog, session.site_id)
    return staff_page(request, session, "desk/records.html", {"rows": rows, "waiting": waiting})


def _landmark_names(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    bodies = [item.body for item in list_records(parts.catalog, site_id, "landmark")]
    return {body.id: pick(body.name, language) or body.id for body in bodies if isinstance(body, Landmark)}


def _load(request: Request, session: Session) -> StoredRecord:
    kind = request.path_params["kind"]
    if kind not in REVIEWED:
        raise NotFound("record_unknown", "Only experiences and scenes are reviewed here. /desk/ lists them.")
    return load_record(parts_of(request).catalog, Name(session.site_id, kind, request.path_params["id"]))


@page("review")
def show_record(request: Request, session: Session) -> Response:
    """One experience or scene with everything staff need to decide."""
    return record_page(request, session, _load(request, session), {})


def record_page(request: Request, session: Session, stored: StoredRecord, values: Mapping[str, Any]) -> Response:
    """The page of a record; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    body, standing = stored.body, standing_of(stored)
    scene_id = body.scene if isinstance(body, Experience) else stored.id
    scene = find_record(parts, session.site_id, "scene", scene_id)
    owner = find_scene_owner(parts.catalog, session.site_id, scene_id)
    common = {
        "stored": stored,
        "body": body,
        "title": title_of(stored, language, scene_titles(parts, session.site_id, language)),
        "landmark": _landmark_names(parts, session.site_id, language).get(getattr(body, "landmark", ""), ""),
        "scene": scene,
        "nodes": _nodes(parts, session.site_id, scene),
        "creator": load_names(parts.catalog, {owner}).get(owner, "") if owner else "",
        "when": say_when(stored.updated_at, language),
        "actions": [name for name, action in STEPS.items() if is_possible(action, standing)],
        "notes": list_notes(parts.catalog, Name(session.site_id, stored.kind, stored.id)),
        "say_when": lambda at: say_when(at, language),
        "say_length": lambda metres: say_length(metres, language),
        "say_warnings": lambda warnings: say_warnings(warnings, language),
        "typed_note": "",
        "problem": None,
        "notice": _notice(request),
    }
    return staff_page(request, session, "desk/record.html", {**common, **values})


def _nodes(parts: Parts, site_id: str, scene: StoredRecord | None) -> list[dict[str, Any]]:
    """What a scene shows, for the page: each package's facts, or that it is missing."""
    if scene is None or not isinstance(scene.body, Scene):
        return []
    manifests, models = load_packages(parts.catalog, site_id)
    digests = [(node, node_digest(node, models)) for node in scene.body.nodes]
    return [
        {"node": node, "digest": digest, "manifest": manifests.get(digest or ""), "report": load_report(parts, digest)}
        for node, digest in digests
    ]


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in (*STEPS, "undone"):
        return None
    undo = {"action": "/desk/undo", "fields": {"before": request.query_params.get("undo", "")}}
    return {"text": f"desk.notice_{done}", "undo": undo if done != "undone" else None}


@page("review")
def show_record_picture(request: Request, session: Session) -> Response:
    """The poster of a package a draft names; never through /packages, which serves only what is published."""
    parts, digest = parts_of(request), request.path_params["digest"]
    manifests, _ = load_packages(parts.catalog, session.site_id)
    path = find_package_file(parts.settings.package_dir, digest, "poster.webp") if digest in manifests else None
    if path is None:
        raise NotFound("file_unknown", "This package has no picture.")
    return Response(path.read_bytes(), media_type=MEDIA_TYPES[".webp"], headers={"Cache-Control": "private, no-store"})


@form("publish")
def post_step(request: Request, session: Session, sent: FormData) -> Response:
    """Publish, request changes, or withdraw; a refusal brings the page back with what was typed."""
    stored = _load(request, session)
    note = field(sent, "note")
    try:
        action = STEPS.get(field(sent, "step"))
        if action is None:
            raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")
        seen = stored, read_revision(sent), read_revision(sent, "scene_revision")
        done = _take(request, session, seen, (action, note))
    except DejimaError as error:
        newest, problem = _load(request, session), say_problem(error, choose_language(request))
        response = record_page(request, session, newest, {"typed_note": note, "problem": problem, "notice": None})
        response.status_code = STATUS[type(error)]
        return response
    undo = dump_before(done)
    target = f"/desk/records/{stored.kind}/{stored.id}?done={field(sent, 'step')}&undo={undo}"
    return RedirectResponse(target, status_code=303)


def _take(
    request: Request, session: Session, which: tuple[StoredRecord, int, int], step: tuple[Action, str]
) -> list[Before]:
    """Take a step on the revision the form showed; gives how everything it touched stood before."""
    (stored, revision, scene_revision), (action, note), parts = which, step, parts_of(request)
    name, at = Name(stored.site_id, stored.kind, stored.id), parts.clock()
    if action == "request_changes":
        note = check_note(note)
        before = take_step(parts.catalog, name, revision, action, at)
        save_note(parts.catalog, (name, revision), note, Change(at, session.account_id), parts.random_bytes)
        return [before]
    with_it = _scene_to_publish(parts, stored, scene_revision) if action == "publish" else []
    return take_steps(parts.catalog, [(name, revision), *with_it], action, at)


def _scene_to_publish(parts: Parts, stored: StoredRecord, seen: int) -> list[tuple[Name, int]]:
    """The scene that goes out with an experience when visitors do not see it yet, as it was seen. Raises Conflict."""
    scene = stored
    if isinstance(stored.body, Experience):
        found = find_record(parts, stored.site_id, "scene", stored.body.scene)
        if found is None:
            raise Conflict("scene_missing", "The scene of this experience is not there, so visitors would see nothing.")
        scene = found
    if any(item["manifest"] is None for item in _nodes(parts, stored.site_id, scene)):
        raise Conflict("package_missing", "A model of this scene is not built yet, so visitors would see nothing.")
    if scene is stored or (scene.published_revision == scene.revision and scene.state == "published"):
        return []
    return [(Name(scene.site_id, scene.kind, scene.id), seen)]


def dump_before(steps: Sequence[Before]) -> str:
    """How records stood, short enough for an address; names hold no dots or tildes."""
    parts = (
        f"{b.name.kind}.{b.name.id}.{b.revision}.{b.standing.state}.{b.standing.published_revision or 0}" for b in steps
    )
    return "~".join(parts)


def parse_before(text: str, site_id: str) -> list[Before]:
    """How records stood, from dump_before. Raises Invalid."""
    steps = []
    for part in text.split("~")[:4]:
        pieces = part.split(".")
        numbers_sound = len(pieces) == 5 and pieces[2].isdecimal() and pieces[4].isdecimal()
        if not numbers_sound or pieces[0] not in (*REVIEWED, "schedule") or pieces[3] not in get_args(State):
            raise Invalid(
                "undo_unreadable", "This step cannot be undone from here. Open the record and change it there."
            )
        kind, record_id, revision, state, published = pieces
        standing = Standing(next(s for s in ORDER if s == state), int(published) or None)
        steps.append(Before(Name(site_id, kind, record_id), int(revision), standing))
    return steps


@form("publish")
def post_undo(request: Request, session: Session, sent: FormData) -> Response:
    """Put records back to how they stood before the last step."""
    parts = parts_of(request)
    steps = parse_before(field(sent, "before"), session.site_id)
    if any(before.name.kind == "schedule" for before in steps):
        check_may(session, "schedule")
    for before in steps:
        step_back(parts.catalog, before, parts.clock())
    first = steps[0].name
    if first.kind == "schedule":
        return RedirectResponse("/desk/dates?done=undone", status_code=303)
    return RedirectResponse(f"/desk/records/{first.kind}/{first.id}?done=undone", status_code=303)


routes = [
    Route("/desk", lambda _: RedirectResponse("/desk/", status_code=308)),
    Route("/desk/", show_desk),
    Route("/desk/records/{kind}/{id}", show_record, methods=["GET"]),
    Route("/desk/records/{kind}/{id}", post_step, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/posters/{digest}", show_record_picture),
    Route("/desk/undo", post_undo, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
