"""The library: published models, what others may do with each, and starting from one with its maker named."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.licences import licence_url
from xr_server.domain.account import Session, check_may_at, may_at
from xr_server.domain.attachment import read_wording
from xr_server.domain.library import Work, search_works
from xr_server.domain.licence import check_may_start, may_start
from xr_server.domain.published import pick
from xr_server.errors import DejimaError, Invalid
from xr_server.parts import parts_of
from xr_server.routes.crediting import find_credit_of_new
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.rights import find_work, list_open_works
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.storage.packages import find_package_file
from xr_server.storage.quotas import defaults_of
from xr_server.storage.remixing import start_from
from xr_server.storage.scans import Owner

PAGE_WORKS = 24
PLAIN_FILE = "plain.glb"


def describe(work: Work, language: str) -> dict[str, Any]:
    """What pages say of a work."""
    return {
        "it": work,
        "title": work.credit.title or pick(work.title, language) or work.digest[:12],
        "shown_as": pick(work.title, language),
        "licence_url": licence_url(work.credit.licence),
        "may_start": may_start(work.credit.licence),
    }


@page("attach")
def show_library(request: Request, session: Session) -> Response:
    """Every published model, with what others may do with it."""
    language = choose_language(request)
    words = request.query_params.get("q", "").strip()[:100]
    works = search_works(list_open_works(parts_of(request), session.site_id), words)
    number = request.query_params.get("page", "1")
    first = PAGE_WORKS * (int(number) - 1) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 0
    first = max(first, 0)
    values = {
        "rows": [describe(work, language) for work in works[first : first + PAGE_WORKS]],
        "words": words,
        "count": len(works),
        "earlier": first // PAGE_WORKS if first else None,
        "later": first // PAGE_WORKS + 2 if first + PAGE_WORKS < len(works) else None,
    }
    return staff_page(request, session, "studio/library.html", values)


@page("attach")
def show_work(request: Request, session: Session) -> Response:
    """One published model: whose it is, what it was made from, and the two ways to start from it."""
    work, language = _find(request, session), choose_language(request)
    typed = {f"title_{code}": work.title.get(code, "") for code in ("ja", "en")}
    return _work_page(
        request, session, work, {"typed": {"landmark": work.scene.landmark, **typed}, "language": language}
    )


def _find(request: Request, session: Session) -> Work:
    return find_work(parts_of(request), session.site_id, request.path_params["digest"])


def _work_page(request: Request, session: Session, work: Work, values: Mapping[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    plain = find_package_file(parts.settings.package_dir, work.digest, PLAIN_FILE)
    common = {
        **describe(work, language),
        "landmarks": [one for one in list_landmarks(parts, session.site_id, language) if may_at(session, one[0])],
        "links": [(link, licence_url(link.licence)) for link in work.node.based_on],
        "plain_bytes": plain.stat().st_size if plain is not None else None,
        "problem": None,
    }
    return staff_page(request, session, "studio/work.html", {**common, **values})


@form("attach")
def post_start(request: Request, session: Session, sent: FormData) -> Response:
    """Begin a draft of one's own that shows the model as it is; it names the maker and the licence."""
    parts, work = parts_of(request), _find(request, session)
    typed = {name: field(sent, name) for name in ("landmark", "title_ja", "title_en")}
    try:
        check_may_start(work.credit.licence)
        wording = read_wording(typed["landmark"], {"ja": typed["title_ja"], "en": typed["title_en"]}, {})
        if wording.landmark not in dict(list_landmarks(parts, session.site_id, "en")):
            raise Invalid("landmark_unknown", "That landmark is not there any more. Choose another one.")
        check_may_at(session, wording.landmark)
        find_credit_of_new(parts, session.account_id)  # a pupil whose class has ended begins nothing more
        owner = Owner(session.site_id, session.account_id, defaults_of(parts.settings))
        scan_id = start_from(parts.catalog, owner, (work, wording), change_by(request, session), parts.random_bytes)
    except DejimaError as error:
        values = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        response = _work_page(request, session, work, values)
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/studio/scans/{scan_id}?done=started", status_code=303)


routes = [
    Route("/studio/library", show_library),
    Route("/studio/library/{digest}", show_work, methods=["GET"]),
    Route("/studio/library/{digest}/start", post_start, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
