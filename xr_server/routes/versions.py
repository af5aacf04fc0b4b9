"""Earlier versions of an experience or a scene: which went out before, what they differ in, and going back to one."""

from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import Name, Record, Scene
from xr_server.domain.published import node_digest
from xr_server.domain.restating import put_package
from xr_server.errors import Conflict, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import ask, check_before_asking
from xr_server.routes.changes import facts_of, say_differences, say_package
from xr_server.routes.deeds import OWN_FORMS, Line, Reader, reader_of, say_entries
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.rights import check_rights
from xr_server.routes.staff import change_by, field, read_revision
from xr_server.routes.teaching import find_class_behind
from xr_server.routes.undoing import dump_before
from xr_server.routes.wording import say_when
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import StoredRecord, load_record, load_revision, save_record
from xr_server.storage.packages import Sibling, list_siblings, load_packages
from xr_server.storage.reviews import Seen
from xr_server.storage.rolling import list_published, roll_back

GOING_BACK = ("experience", "scene", *OWN_FORMS)  # files of earlier pictures and sounds may be gone


def find_withdrawal(parts: Parts, reader: Reader, stored: StoredRecord | None) -> Line | None:
    """Who withdrew a record that visitors do not see any more, when, and why; None while there is nothing to tell."""
    if stored is None or stored.published_revision is not None:
        return None
    wanted = Wanted(kind=stored.kind, thing_id=stored.id, deeds=("withdrawn", "published", "undone", "rolled_back"))
    entries = list_entries(parts.catalog, stored.site_id, wanted, 1)
    return say_entries(parts, reader, entries)[0] if entries and entries[0].deed == "withdrawn" else None


def list_versions(
    parts: Parts, session: Session, stored: StoredRecord, language: str
) -> dict[str, list[dict[str, Any]]]:
    """What staff can go back to: revisions that visitors saw before, and older packages of the scans a scene shows."""
    name, reader = Name(stored.site_id, stored.kind, stored.id), reader_of(parts, session, language)
    entries = list_published(parts.catalog, name) if stored.kind in GOING_BACK else []
    packages = _packages(parts, stored, reader)
    if not entries:
        return {"revisions": [], "packages": packages}
    facts = facts_of(parts, stored.site_id, language)
    now = load_revision(parts.catalog, name, stored.published_revision or stored.revision)
    revisions = [
        {
            "revision": line.entry.revision,
            "when": line.moment,
            "who": line.who,
            "changes": say_differences(facts, now, load_revision(parts.catalog, name, line.entry.revision or 0)),
        }
        for line in say_entries(parts, reader, entries)
    ]
    return {"revisions": revisions, "packages": packages}


def _packages(parts: Parts, stored: StoredRecord, reader: Reader) -> list[dict[str, Any]]:
    seen = _seen_by_visitors(parts, stored)
    nodes = seen.nodes if isinstance(seen, Scene) else []
    siblings = [
        (node.id, sibling) for node in nodes if node.package for sibling in _siblings(parts, stored, node.package)
    ]
    if not siblings:
        return []
    facts = facts_of(parts, stored.site_id, reader.language)
    return [
        {
            "node": node_id,
            "digest": sibling.digest,
            "words": say_package(sibling.digest, facts),
            "when": say_when(sibling.created_at, reader.language, str(reader.zone)),
        }
        for node_id, sibling in siblings
    ]


def _siblings(parts: Parts, stored: StoredRecord, package: str) -> list[Sibling]:
    """The other packages of a model's scan; of a pupil's those that visitors saw: only these has the teacher passed on."""
    found = list_siblings(parts.catalog, stored.site_id, package)
    if not found or find_class_behind(parts, stored) is None:
        return found
    name = Name(stored.site_id, stored.kind, stored.id)
    earlier = (entry.revision or 0 for entry in list_published(parts.catalog, name))
    bodies = [load_revision(parts.catalog, name, revision) for revision in earlier]
    seen = {node.package for body in bodies if isinstance(body, Scene) for node in body.nodes}
    return [one for one in found if one.digest in seen]


def _seen_by_visitors(parts: Parts, stored: StoredRecord) -> Record | None:
    """What visitors see of a record; a newer draft is nobody's to publish by changing a package."""
    if stored.published_revision is None:
        return None
    return load_revision(parts.catalog, Name(stored.site_id, stored.kind, stored.id), stored.published_revision)


@form("publish")
def post_roll_back(request: Request, session: Session, sent: FormData) -> Response:
    """Let visitors see an earlier version again: a new revision with what it held."""
    parts, kind = parts_of(request), request.path_params["kind"]
    if kind not in GOING_BACK:
        raise NotFound("record_unknown", "Only experiences and scenes can be gone back with. /desk/ lists them.")
    name = Name(session.site_id, kind, request.path_params["id"])
    stored = load_record(parts.catalog, name)
    check_may_at(session, landmark_of(stored.body))
    body, told = _chosen(parts, stored, sent)
    check_may_at(session, landmark_of(body))
    _check_there(parts, body, stored.site_id)
    check_rights(parts, replace(stored, body=body))
    if field(sent, "step") == "ask":
        return _ask(request, session, name, (body, read_revision(sent)))
    before = roll_back(parts.catalog, name, (body, read_revision(sent)), change_by(request, session), told)
    target = f"/desk/records/{kind}/{name.id}?done=rolled_back&undo={dump_before(session, [before])}"
    return RedirectResponse(target, status_code=303)


def _ask(request: Request, session: Session, name: Name, edit: tuple[Record, int]) -> Response:
    """Save what it goes back to as a draft, and ask the other side to let it out."""
    parts, (body, revision) = parts_of(request), edit
    check_before_asking(parts, session, body)
    revision = save_record(parts.catalog, name.site_id, body, revision, change_by(request, session))
    ask(request, session, [Seen(name, revision, "draft")])
    return RedirectResponse(f"/desk/records/{name.kind}/{name.id}?done=ask", status_code=303)


def _chosen(parts: Parts, stored: StoredRecord, sent: FormData) -> tuple[Record, dict[str, str | int]]:
    """What a form asks to go back to, and how the log tells it. Raises NotFound, Conflict."""
    name = Name(stored.site_id, stored.kind, stored.id)
    if field(sent, "package") and isinstance(stored.body, Scene):
        digest, node_id = field(sent, "package"), field(sent, "node")
        seen = _seen_by_visitors(parts, stored)
        nodes = seen.nodes if isinstance(seen, Scene) else []
        node = next((node for node in nodes if node.id == node_id and node.package), None)
        siblings = _siblings(parts, stored, node.package or "") if node else []
        if not isinstance(seen, Scene) or digest not in {sibling.digest for sibling in siblings}:
            raise Conflict("version_unknown", "That version was never seen by visitors, or is gone. Reload the page.")
        return put_package(seen, node_id, digest), {"package": digest}
    to = read_revision(sent, "to")
    if to not in {entry.revision for entry in list_published(parts.catalog, name)}:
        raise Conflict("version_unknown", "That version was never seen by visitors, or is gone. Reload the page.")
    return load_revision(parts.catalog, name, to), {"to": to}


def _check_there(parts: Parts, body: Record, site_id: str) -> None:
    """Refuse a scene whose models are not all here. Raises Conflict."""
    manifests, models = load_packages(parts.catalog, site_id)
    nodes = body.nodes if isinstance(body, Scene) else []
    if any(node_digest(node, models) not in manifests for node in nodes):
        raise Conflict("package_missing", "A model of this scene is not built yet, so visitors would see nothing.")


routes = [
    Route("/desk/records/{kind}/{id}/roll-back", post_roll_back, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
