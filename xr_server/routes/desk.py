"""Pages of staff: what waits for a look, one experience or scene with its words, publish, request changes, withdraw."""

from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.report.advice import say_length, say_warnings
from xr_server.domain.account import Session, check_may, check_may_at, may
from xr_server.domain.belonging import landmark_of
from xr_server.domain.captions import say_clock
from xr_server.domain.catalog import Experience, Landmark, Scene, State
from xr_server.domain.media import Media
from xr_server.domain.published import node_digest, pick
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.rally import Rally
from xr_server.domain.review import WITHDRAWAL_REASONS, Action, check_note, check_reason, is_possible
from xr_server.domain.season import Schedule
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import ask, asking_values, need_of
from xr_server.routes.changes import Row, facts_of, say_against_published, say_differences
from xr_server.routes.declared import declare_models
from xr_server.routes.deeds import OWN_FORMS, PAGES, REVIEWED, Line, Reader, reader_of, say_entries
from xr_server.routes.desk_media import (
    bodies_shown,
    check_may_at_record,
    describe_media,
    dump_seen,
    going_out,
    media_to_publish,
    named_media,
)
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.listing import PAGE_ROWS, dump_mark, link_to, offer_parts, read_mark
from xr_server.routes.packages import MEDIA_TYPES
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.rights import check_rights, is_stopped
from xr_server.routes.scans import load_report
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.teaching import check_teacher
from xr_server.routes.undoing import dump_before, parse_before
from xr_server.routes.versions import find_withdrawal, list_versions
from xr_server.routes.within import check_package_within, records_within
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_published, load_record, load_revision
from xr_server.storage.lists import ORDER, RecordsWanted, count_records, mark_of, page_records
from xr_server.storage.packages import find_package_file, load_packages
from xr_server.storage.reviews import (
    Before,
    Seen,
    count_waiting,
    list_notes,
    make_why,
    standing_of,
    take_steps,
)
from xr_server.storage.rolling import undo_steps
from xr_server.storage.scans import find_scene_owner

HISTORY_SHOWN = 12
SCHEDULED = ("schedule", "season", "site", "survey")  # what one who reviews alone may not change
LED_BACK = {
    "season": "/desk/seasons",
    "schedule": "/desk/dates",
    "site": "/desk/texts",
    "survey": "/desk/texts",
}
"""Where one finds oneself after undoing a step on what has no page among the records."""
STEPS: dict[str, Action] = {
    "publish": "publish",
    "ask": "publish",
    "changes": "request_changes",
    "withdraw": "withdraw",
}


def title_of(stored: StoredRecord, language: str, scenes: Mapping[str, str] | None = None) -> str:
    """What a record is called on a page; a scene goes by the experience that shows it, given scene ids and titles."""
    body = stored.body
    if isinstance(body, Experience | Media | Questionnaire | Rally):
        return pick(body.title, language) or stored.id
    words = getattr(body, "name", None) or getattr(body, "text", None)
    return (scenes or {}).get(stored.id) or (pick(words, language) if words else "") or stored.id


def scene_titles(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    """For every scene that an experience shows, the experience's title."""
    bodies = [item.body for item in list_records(parts.catalog, site_id, "experience")]
    return {body.scene: pick(body.title, language) or body.id for body in bodies if isinstance(body, Experience)}


@page("review")
def show_desk(request: Request, session: Session) -> Response:
    """Everything that can be published, what waits for staff first."""
    parts, language = parts_of(request), choose_language(request)
    asked = request.query_params.get("state")
    state = next((known for known in ORDER if known == asked), None)
    after = read_mark(request.query_params.get("after", ""), (int, int, str, str))
    kinds, waiting_only = (*REVIEWED, *OWN_FORMS), ("media", *OWN_FORMS)
    wanted = RecordsWanted(kinds, state, after, records_within(parts, session), waiting_only)
    stored = page_records(parts.catalog, session.site_id, wanted, PAGE_ROWS + 1)
    names = _landmark_names(parts, session.site_id, language)
    scenes = scene_titles(parts, session.site_id, language)
    rows = [
        {
            "stored": item,
            "title": title_of(item, language, scenes),
            "href": f"{PAGES[item.kind][1]}/{item.id}",
            "landmark": names.get(landmark_of(item.body), ""),
            "when": say_when(item.updated_at, language),
            "newer": item.published_revision not in (None, item.revision),
        }
        for item in stored[:PAGE_ROWS]
    ]
    values = {
        "rows": rows,
        "waiting": count_waiting(parts.catalog, session.site_id, session.landmarks),
        "parts": offer_parts(request, count_records(parts.catalog, session.site_id, wanted), state),
        "earlier": link_to(request, after=dump_mark(mark_of(stored[PAGE_ROWS - 1]))) if stored[PAGE_ROWS:] else None,
        "newest": link_to(request) if after else None,
    }
    return staff_page(request, session, "desk/records.html", values)


def _landmark_names(parts: Parts, site_id: str, language: str) -> dict[str, str]:
    bodies = [item.body for item in list_records(parts.catalog, site_id, "landmark")]
    return {body.id: pick(body.name, language) or body.id for body in bodies if isinstance(body, Landmark)}


def _load(request: Request, session: Session) -> StoredRecord:
    kind = request.path_params["kind"]
    if kind not in REVIEWED:
        raise NotFound(
            "record_unknown", "Only experiences, scenes, pictures and sounds are reviewed here. /desk/ lists them."
        )
    stored = load_record(parts_of(request).catalog, Name(session.site_id, kind, request.path_params["id"]))
    check_may_at_record(parts_of(request), session, stored)
    return stored


@page("review")
def show_record(request: Request, session: Session) -> Response:
    """One experience or scene with everything staff need to decide; what has a form of its own is there."""
    kind = request.path_params["kind"]
    if kind in OWN_FORMS:
        target = f"{PAGES[kind][1]}/{quote(request.path_params['id'], safe='')}?{request.url.query}"
        return RedirectResponse(target, status_code=303)
    return record_page(request, session, _load(request, session), {})


def record_page(request: Request, session: Session, stored: StoredRecord, values: Mapping[str, Any]) -> Response:
    """The page of a record; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    body, standing = stored.body, standing_of(stored)
    scene_id = body.scene if isinstance(body, Experience) else stored.id
    scene = find_record(parts, session.site_id, "scene", scene_id)
    owner = find_scene_owner(parts.catalog, session.site_id, scene_id)
    media = [stored] if stored.kind == "media" else named_media(parts, session.site_id, bodies_shown(stored, scene))
    common = {
        "stored": stored,
        "body": body,
        "title": title_of(stored, language, scene_titles(parts, session.site_id, language)),
        "landmark": _landmark_names(parts, session.site_id, language).get(getattr(body, "landmark", ""), ""),
        "scene": scene,
        "nodes": _nodes(parts, session.site_id, scene),
        "declared": declare_models(parts, scene) if stored.kind != "media" else {},
        "shown_media": describe_media(media, language),
        "media_seen": dump_seen(media),
        "say_clock": say_clock,
        "pick": lambda text: pick(text, language),
        "is_stopped": is_stopped(parts, scene),
        "creator": load_names(parts.catalog, {owner}).get(owner, "") if owner else "",
        "when": say_when(stored.updated_at, language),
        "actions": [name for name, action in STEPS.items() if is_possible(action, standing)],
        "changes": say_against_published(parts, stored, language),
        "scene_changes": say_against_published(parts, scene, language) if stored.kind == "experience" else [],
        "history": _history(parts, reader_of(parts, session, language, (stored.kind, stored.id))),
        "notes": list_notes(parts.catalog, Name(session.site_id, stored.kind, stored.id)),
        "say_when": lambda at: say_when(at, language),
        "say_length": lambda metres: say_length(metres, language),
        "say_warnings": lambda warnings: say_warnings(warnings, language, on_page=True),
        "typed": dict.fromkeys(("note", "reason", "words"), ""),
        "reasons": WITHDRAWAL_REASONS,
        "shared_with": [pick(one.title, language) or one.id for one in _others_showing(parts, stored, scene_id)],
        "withdrawal": find_withdrawal(parts, reader_of(parts, session, language), stored),
        "versions": list_versions(parts, session, stored, language),
        "problem": None,
        "since": None,
        "notice": _notice(request),
        **asking_values(parts, session, stored.kind, stored, language),
    }
    return staff_page(request, session, "desk/record.html", {**common, **values})


def _history(parts: Parts, reader: Reader) -> list[Line]:
    """What was done to a record lately."""
    kind, record_id = reader.about or ("", "")
    wanted = Wanted(kind=kind, thing_id=record_id)
    return say_entries(parts, reader, list_entries(parts.catalog, reader.session.site_id, wanted, HISTORY_SHOWN))


def _nodes(parts: Parts, site_id: str, scene: StoredRecord | None) -> list[dict[str, Any]]:
    """What a scene shows, for the page: each package's facts, or that it is missing."""
    if scene is None or not isinstance(scene.body, Scene):
        return []
    manifests, models = load_packages(parts.catalog, site_id)
    digests = [(node, node_digest(node, models)) for node in scene.body.nodes]
    return [
        {
            "node": node,
            "digest": digest,
            "manifest": manifests.get(digest or ""),
            "report": load_report(parts, digest),
        }
        for node, digest in digests
    ]


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in (*STEPS, "undone", "rolled_back"):
        return None
    if done == "ask":
        return {"text": "approvals.done_asked", "undo": None}
    undo = {"action": "/desk/undo", "fields": {"before": request.query_params.get("undo", "")}}
    return {"text": f"desk.notice_{done}", "undo": undo if done != "undone" else None}


@page("review")
def show_record_picture(request: Request, session: Session) -> Response:
    """The poster of a package a draft names; never through /packages, which serves only what is published."""
    parts, digest = parts_of(request), request.path_params["digest"]
    check_package_within(parts, session, digest)
    manifests, _ = load_packages(parts.catalog, session.site_id)
    path = find_package_file(parts.settings.package_dir, digest, "poster.webp") if digest in manifests else None
    if path is None:
        raise NotFound("file_unknown", "This package has no picture.")
    return Response(path.read_bytes(), media_type=MEDIA_TYPES[".webp"], headers={"Cache-Control": "private, no-store"})


@form("publish")
def post_step(request: Request, session: Session, sent: FormData) -> Response:
    """Publish, request changes, or withdraw; a refusal brings the page back with what was typed."""
    stored = _load(request, session)
    typed = {name: field(sent, name) for name in ("note", "reason", "words")}
    try:
        action = STEPS.get(field(sent, "step"))
        if action is None:
            raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")
        done = _take(request, session, stored, (action, sent))
    except DejimaError as error:
        newest, problem = _load(request, session), say_problem(error, choose_language(request))
        values: dict[str, Any] = {"typed": typed, "problem": problem, "notice": None, **need_of(error)}
        if isinstance(error, Stale):
            seen_revisions = read_revision(sent), read_revision(sent, "scene_revision")
            values["since"] = _changed_since(request, session, newest, seen_revisions)
        response = record_page(request, session, newest, values)
        response.status_code = STATUS[type(error)]
        return response
    undo = dump_before(session, done) if done else ""
    target = f"/desk/records/{stored.kind}/{stored.id}?done={field(sent, 'step')}&undo={undo}"
    return RedirectResponse(target, status_code=303)


def _changed_since(request: Request, session: Session, newest: StoredRecord, seen: tuple[int, int]) -> list[Row]:
    """What somebody else changed of a record, and of the scene that goes out with it, since a page showed them."""
    parts, rows = parts_of(request), []
    scene_id = newest.body.scene if isinstance(newest.body, Experience) else None
    facts = facts_of(parts, session.site_id, choose_language(request))
    for stored, revision in ((newest, seen[0]), (find_record(parts, session.site_id, "scene", scene_id), seen[1])):
        if stored is not None and 0 < revision < stored.revision:
            before = load_revision(parts.catalog, Name(stored.site_id, stored.kind, stored.id), revision)
            rows += say_differences(facts, before, stored.body)
    return rows


def _take(
    request: Request,
    session: Session,
    stored: StoredRecord,
    step: tuple[Action, FormData],
) -> list[Before]:
    """Take a step on what the form showed; gives how everything it touched stood before."""
    (action, sent), parts = step, parts_of(request)
    with_it: list[Seen] = []
    reason = words = ""
    if action == "request_changes":
        words = check_note(field(sent, "note"))
    elif action == "publish":
        check_teacher(parts, stored)
        with_it = _to_publish(parts, stored, sent)
    else:
        reason, words = check_reason(field(sent, "reason"), field(sent, "words"))
        with_it = _scene_to_withdraw(parts, stored, sent)
    if field(sent, "step") == "ask":
        ask(request, session, [_as_seen(stored, sent), *with_it])
        return []
    why = make_why(reason, words, parts.random_bytes)
    return take_steps(parts.catalog, [_as_seen(stored, sent), *with_it], action, change_by(request, session), why)


def _as_seen(stored: StoredRecord, sent: FormData, which: str = "") -> Seen:
    """A record in the revision and the state that a form showed (which: "scene_" for the scene of an experience)."""
    state = next((known for known in get_args(State) if known == field(sent, f"{which}state")), None)
    if state is None:
        raise Stale("stale_revision", "Somebody else has changed this since you opened it. Reload the page.")
    return Seen(Name(stored.site_id, stored.kind, stored.id), read_revision(sent, f"{which}revision"), state)


def _scene_to_withdraw(parts: Parts, stored: StoredRecord, sent: FormData) -> list[Seen]:
    """The scene that goes with a withdrawn experience, so that its files are not served any more: unless others show it."""
    if not isinstance(stored.body, Experience):
        return []
    if _others_showing(parts, stored, stored.body.scene):
        return []
    scene = find_record(parts, stored.site_id, "scene", stored.body.scene)
    if scene is None or not is_possible("withdraw", standing_of(scene)):
        return []
    return [_as_seen(scene, sent, "scene_")]


def _others_showing(parts: Parts, stored: StoredRecord, scene_id: str) -> list[Experience]:
    """The other published experiences that show a scene."""
    out = [body for body in load_published(parts.catalog, stored.site_id) if isinstance(body, Experience)]
    return [body for body in out if body.scene == scene_id and (stored.kind, stored.id) != ("experience", body.id)]


def _to_publish(parts: Parts, stored: StoredRecord, sent: FormData) -> list[Seen]:
    """What goes out with a record as it was seen: an experience's scene, and what both show. Raises Conflict."""
    scene = stored
    if stored.kind == "media":
        return []
    if isinstance(stored.body, Experience):
        found = find_record(parts, stored.site_id, "scene", stored.body.scene)
        if found is None:
            raise Conflict("scene_missing", "The scene of this experience is not there, so visitors would see nothing.")
        scene = found
    if any(item["manifest"] is None for item in _nodes(parts, stored.site_id, scene)):
        raise Conflict("package_missing", "A model of this scene is not built yet, so visitors would see nothing.")
    check_rights(parts, scene)
    named = named_media(parts, stored.site_id, bodies_shown(stored, scene))
    media = media_to_publish(named, field(sent, "media_seen"))
    for one in going_out(named):
        check_teacher(parts, one)
    if scene is stored or (scene.published_revision == scene.revision and scene.state == "published"):
        return media
    check_teacher(parts, scene)
    return [_as_seen(scene, sent, "scene_"), *media]


def _landmarks_of(parts: Parts, name: Name) -> list[str]:
    body = load_record(parts.catalog, name).body
    if isinstance(body, Rally):
        return body.landmarks
    if isinstance(body, Schedule):
        body = load_record(parts.catalog, Name(name.site_id, "experience", body.experience)).body
    return [landmark_of(body)]


@form("publish")
def post_undo(request: Request, session: Session, sent: FormData) -> Response:
    """Put records back to how they stood before the last step."""
    parts = parts_of(request)
    steps = parse_before(session, field(sent, "before"))
    # whoever approved dates without planning any takes just that back
    if any(before.name.kind in SCHEDULED and before.led_to != "published" for before in steps):
        check_may(session, "schedule")
    for before in steps:
        if before.name.kind == "media":
            check_may_at_record(parts, session, load_record(parts.catalog, before.name))
        else:
            for landmark in _landmarks_of(parts, before.name):
                check_may_at(session, landmark)
    undo_steps(parts.catalog, steps, change_by(request, session))
    first = steps[0].name
    if first.kind in LED_BACK:
        back = LED_BACK[first.kind] if may(session, "schedule") else "/desk/approvals"
        return RedirectResponse(f"{back}?done=undone", status_code=303)
    return RedirectResponse(f"/desk/records/{first.kind}/{first.id}?done=undone", status_code=303)


routes = [
    Route("/desk", lambda _: RedirectResponse("/desk/", status_code=308)),
    Route("/desk/", show_desk),
    Route("/desk/records/{kind}/{id}", show_record, methods=["GET"]),
    Route("/desk/records/{kind}/{id}", post_step, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/posters/{digest}", show_record_picture),
    Route("/desk/undo", post_undo, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
