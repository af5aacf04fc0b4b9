"""Page of administrators: which organisation asks which one before something goes out, and what each looks after."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.approval import RULED_KINDS, Extent, Part, Rule, read_extent, read_others
from xr_server.domain.catalog import Landmark
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import status_of
from xr_server.routes.pages import choose_language, fill, load_texts
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.undoing import seal, unseal
from xr_server.storage.catalog import list_records
from xr_server.storage.organisations import list_organisations
from xr_server.storage.partners import count_publishers, end_rule, list_parts, list_rules, make_rule, set_part

DONE = ("rule_made", "rule_ended", "part_set", "rule_back")


@page("manage_people")
def show_partners(request: Request, session: Session) -> Response:
    """The rules, a form for another one, and the part of each organisation."""
    return _partners_page(request, session, {})


def _partners_page(
    request: Request, session: Session, values: Mapping[str, Any], error: DejimaError | None = None
) -> Response:
    parts, language = parts_of(request), choose_language(request)
    organisations = list_organisations(parts.catalog, session.site_id)
    names = {one.id: one.name for one in organisations}
    landmarks = _list_landmarks(parts, session.site_id, language)
    answerers = count_publishers(parts.catalog, session.site_id)
    held = {part.organisation_id: part for part in list_parts(parts.catalog, session.site_id)}
    kinds = _kinds(language)
    common = {
        "organisations": organisations,
        "kinds": kinds,
        "landmarks": landmarks,
        "rules": [
            {
                "id": rule.id,
                "organisation": names.get(rule.organisation_id, "?"),
                "approver": names.get(rule.approver_id, "?"),
                "words": _say_extent(rule.extent, (kinds, landmarks), language),
                "answerers": answerers.get(rule.approver_id, 0),
            }
            for rule in list_rules(parts.catalog, session.site_id)
        ],
        "parts": [_part(one.id, one.name, held.get(one.id), (kinds, landmarks, language)) for one in organisations],
        "typed": {"organisation": "", "approver": "", "kinds": [], "landmarks": []},
        "problem": say_problem(error, language) if error else None,
        "problem_of": "",
        "notice": _notice(request) if error is None else None,
    }
    response = staff_page(request, session, "desk/partners.html", {**common, **values})
    if error is not None:
        response.status_code = status_of(error)
    return response


def _list_landmarks(parts: Parts, site_id: str, language: str) -> list[tuple[str, str]]:
    """All landmarks by name, also those without a place or taken back: a form that left one out would widen a part."""
    bodies = [stored.body for stored in list_records(parts.catalog, site_id, "landmark")]
    named = [(body.id, plain(pick(body.name, language)) or body.id) for body in bodies if isinstance(body, Landmark)]
    return sorted(named, key=lambda one: one[1])


def _kinds(language: str) -> list[tuple[str, str]]:
    texts = load_texts(language)
    return [(kind, texts.get(f"audit.kind_{kind}", kind)) for kind in RULED_KINDS]


Lists = Sequence[Sequence[tuple[str, str]]]
"""Kinds and landmarks with what they are called."""


def _say_extent(extent: Extent, lists: Lists, language: str) -> str:
    texts = load_texts(language)
    kinds, landmarks = (
        [words for name, words in list_of if name in chosen]
        for list_of, chosen in zip(lists, (extent.kinds, extent.landmarks), strict=True)
    )
    said_kinds = " · ".join(kinds) or texts["approvals.every_kind"]
    return fill(
        texts["approvals.extent"],
        language,
        kinds=said_kinds,
        places=" · ".join(landmarks) or texts["approvals.everywhere"],
    )


def _part(name: str, title: str, held: Part | None, about: tuple[Any, Any, str]) -> dict[str, Any]:
    kinds, landmarks, language = about
    nothing = load_texts(language)["approvals.part_none"]
    return {
        "id": name,
        "name": title,
        "words": _say_extent(held.extent, (kinds, landmarks), language) if held else nothing,
        "kinds": held.extent.kinds if held else (),
        "landmarks": held.extent.landmarks if held else (),
        "others": held.others if held else "read",
    }


def _notice(request: Request) -> dict[str, Any] | None:
    done, undo = request.query_params.get("done"), request.query_params.get("undo", "")
    if done not in DONE:
        return None
    back = {"action": "/desk/partners/rules", "fields": {"again": undo}} if done == "rule_ended" and undo else None
    return {"text": f"approvals.done_{done}", "undo": back}


def _chosen(sent: FormData, name: str) -> list[str]:
    return [value for value in sent.getlist(name) if isinstance(value, str) and value]


@form("manage_people")
def post_rule(request: Request, session: Session, sent: FormData) -> Response:
    """Let what one organisation publishes wait for another one; or make a rule again that was ended just now."""
    parts, again = parts_of(request), field(sent, "again")
    typed: dict[str, Any] = {name: field(sent, name) for name in ("organisation", "approver")}
    typed |= {name: _chosen(sent, name) for name in ("kinds", "landmarks")}
    try:
        if again:
            typed = _read_again(unseal(session, again))
        there = {name for name, _ in _list_landmarks(parts, session.site_id, choose_language(request))}
        wanted = typed["organisation"], typed["approver"], read_extent(typed["kinds"], typed["landmarks"], there)
        make_rule(parts.catalog, session.site_id, wanted, change_by(request, session), parts.random_bytes)
    except DejimaError as error:
        return _partners_page(request, session, {"typed": typed, "problem_of": "rule"}, error)
    return RedirectResponse(f"/desk/partners?done={'rule_back' if again else 'rule_made'}", status_code=303)


def _dump(rule: Rule) -> str:
    """A rule for the address of the page that offers to undo its end."""
    lists = (" ".join(sorted(one)) for one in (rule.extent.kinds, rule.extent.landmarks))
    return "~".join((rule.organisation_id, rule.approver_id, *lists))


def _read_again(text: str) -> dict[str, Any]:
    organisation, approver, kinds, landmarks = text.split("~")
    return {"organisation": organisation, "approver": approver, "kinds": kinds.split(), "landmarks": landmarks.split()}


@form("manage_people")
def post_rule_end(request: Request, session: Session, _sent: FormData) -> Response:
    """Let a rule hold no more."""
    rule_id = request.path_params["id"]
    try:
        rule = end_rule(parts_of(request).catalog, session.site_id, rule_id, change_by(request, session))
    except DejimaError as error:
        return _partners_page(request, session, {"problem_of": "rule"}, error)
    undo = quote(seal(session, _dump(rule)), safe="")
    return RedirectResponse(f"/desk/partners?done=rule_ended&undo={undo}", status_code=303)


@form("manage_people")
def post_part(request: Request, session: Session, sent: FormData) -> Response:
    """Say what an organisation looks after, and what others may do there."""
    parts, name = parts_of(request), request.path_params["id"]
    there = {landmark for landmark, _ in _list_landmarks(parts, session.site_id, choose_language(request))}
    try:
        extent = read_extent(_chosen(sent, "kinds"), _chosen(sent, "landmarks"), there)
        part = Part(name, extent, read_others(field(sent, "others")))
        set_part(parts.catalog, session.site_id, part, change_by(request, session))
    except DejimaError as error:
        return _partners_page(request, session, {"problem_of": name}, error)
    return RedirectResponse("/desk/partners?done=part_set", status_code=303)


routes = [
    Route("/desk/partners", show_partners),
    Route("/desk/partners/rules", post_rule, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/partners/rules/{id}/end", post_rule_end, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/partners/parts/{id}", post_part, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
