"""Taking a model back because somebody else holds the rights, wherever it is shown or was made into something else."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at, may_at
from xr_server.domain.catalog import Name
from xr_server.domain.review import check_note
from xr_server.errors import Conflict, DejimaError, Forbidden, Invalid, NotFound
from xr_server.parts import parts_of
from xr_server.routes.desk import scene_titles, title_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.within import check_package_within
from xr_server.routes.wording import say_when
from xr_server.storage.packages import load_packages
from xr_server.storage.stopping import find_stop, list_touched, release_package, stop_package


@page("publish")
def show_stop(request: Request, session: Session) -> Response:
    """What would go with a model, and the form that takes it back."""
    check_package_within(parts_of(request), session, request.path_params["digest"])
    return _page(request, session, {})


def _page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    parts, language, digest = parts_of(request), choose_language(request), request.path_params["digest"]
    manifests, _ = load_packages(parts.catalog, session.site_id)
    if digest not in manifests:
        raise NotFound("package_unknown", "There is no package of this name at this site.")
    stop = find_stop(parts.catalog, session.site_id, digest)
    titles = scene_titles(parts, session.site_id, language)
    touched = list_touched(parts.catalog, session.site_id, digest)
    here = [scene for scene in touched if may_at(session, getattr(scene.body, "landmark", ""))]
    done = request.query_params.get("done")
    common = {
        "digest": digest,
        "credit": manifests[digest].credit,
        "stop": stop,
        "when": say_when(stop.at, language) if stop else "",
        "touched": [(scene, title_of(scene, language, titles)) for scene in here],
        "elsewhere": len(touched) - len(here),
        "typed": "",
        "problem": None,
        "notice": {"text": f"library.notice_{done}", "undo": None} if done in ("stopped", "released") else None,
    }
    return staff_page(request, session, "desk/stop.html", {**common, **values})


@form("publish")
def post_stop(request: Request, session: Session, sent: FormData) -> Response:
    """Stop a model; makers of what goes with it read why in the inbox and on the pages of their scans."""
    parts, change, digest = parts_of(request), change_by(request, session), request.path_params["digest"]
    try:
        reason = check_note(field(sent, "reason"))
        _check_part(request, session)
        stop_package(parts.catalog, Name(session.site_id, "package", digest), reason, change, parts.random_bytes)
    except (Invalid, Conflict, Forbidden) as error:
        return _refused(request, session, field(sent, "reason"), error)
    return RedirectResponse(f"/desk/packages/{digest}?done=stopped", status_code=303)


def _check_part(request: Request, session: Session) -> None:
    """Whoever answers for a part of the site takes back nothing that is shown elsewhere, or nowhere. Raises Forbidden."""
    digest = request.path_params["digest"]
    check_package_within(parts_of(request), session, digest)
    for scene in list_touched(parts_of(request).catalog, session.site_id, digest):
        check_may_at(session, getattr(scene.body, "landmark", ""))


def _refused(request: Request, session: Session, typed: str, error: DejimaError) -> Response:
    response = _page(request, session, {"typed": typed, "problem": say_problem(error, choose_language(request))})
    response.status_code = status_of(error)
    return response


@form("publish")
def post_release(request: Request, session: Session, _sent: FormData) -> Response:
    """Let a stopped model be shown again; scenes that were published with it come back."""
    digest = request.path_params["digest"]
    _check_part(request, session)
    release_package(parts_of(request).catalog, Name(session.site_id, "package", digest), change_by(request, session))
    return RedirectResponse(f"/desk/packages/{digest}?done=released", status_code=303)


routes = [
    Route("/desk/packages/{digest}", show_stop),
    Route("/desk/packages/{digest}/stop", post_stop, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/packages/{digest}/release", post_release, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
