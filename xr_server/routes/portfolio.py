"""A creator's published work: the public page, switched on and off, and everything as a ZIP."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from asset_pipeline.licences import licence_url
from xr_server.domain.account import Session
from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.content import format_json
from xr_server.domain.portfolio import MAX_NAME_LENGTH, MAX_SLUG_LENGTH, Portfolio, propose_slug, read_portfolio
from xr_server.domain.published import Published, node_digest, pick, shown_scenes
from xr_server.errors import Conflict, DejimaError, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language, fill, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.rights import load_site
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.storage.packages import find_package_file
from xr_server.storage.portfolios import list_own_scenes, load_portfolio, save_portfolio
from xr_server.storage.scans import Owner
from xr_server.storage.work_zip import Entry, stream_zip


def _owner(session: Session) -> Owner:
    return Owner(session.site_id, session.account_id)


def _own_work(request: Request, session: Session) -> tuple[Published | None, list[Scene], list[Experience]]:
    """The site, and of it what visitors are shown of one's own."""
    published = load_site(parts_of(request), session.site_id)
    if published is None:
        return None, [], []
    mine = list_own_scenes(parts_of(request).catalog, _owner(session))
    scenes = [scene for scene in shown_scenes(published) if scene.id in mine]
    there = {scene.id for scene in scenes}
    return published, scenes, [offer for offer in published.experiences if offer.scene in there]


@page("show_work")
def show_portfolio(request: Request, session: Session) -> Response:
    """One's published work, the switch of the public page, and the ZIP."""
    chosen = load_portfolio(parts_of(request).catalog, _owner(session))
    return _page(request, session, chosen, {})


def _page(request: Request, session: Session, chosen: Portfolio, values: Mapping[str, Any]) -> Response:
    language = choose_language(request)
    _, _, offers = _own_work(request, session)
    done = request.query_params.get("done")
    common = {
        "chosen": chosen,
        "proposed": chosen.slug or propose_slug(session.name),
        "works": [pick(offer.title, language) or offer.id for offer in offers],
        "address": f"{base_of(request)}/{language}/{session.site_id}/creators/",
        "most": {"name": MAX_NAME_LENGTH, "slug": MAX_SLUG_LENGTH},
        "problem": None,
        "problem_field": "",
        "notice": {"text": f"library.notice_page_{done}", "undo": None} if done in ("shown", "hidden") else None,
    }
    return staff_page(request, session, "studio/portfolio.html", {**common, **values})


@form("show_work")
def post_portfolio(request: Request, session: Session, sent: FormData) -> Response:
    """Switch the public page on or off, under a name of one's choice."""
    typed = Portfolio(bool(field(sent, "shown")), field(sent, "slug"), field(sent, "name"))
    try:
        chosen = read_portfolio(typed.shown, typed.slug, typed.name)
        save_portfolio(parts_of(request).catalog, _owner(session), chosen, change_by(request, session))
    except DejimaError as error:
        problem = say_problem(error, choose_language(request))
        values = {"problem": problem, "problem_field": "name" if error.code == "portfolio_name" else "slug"}
        response = _page(request, session, typed, values)
        response.status_code = status_of(error)
        return response
    done = "shown" if chosen.shown else "hidden"
    return RedirectResponse(f"/studio/portfolio?done={done}", status_code=303)


@page("show_work")
def send_zip(request: Request, session: Session) -> Response:
    """One's published work: packages, records, credits, and what all of it is."""
    published, scenes, offers = _own_work(request, session)
    if published is None or not scenes:
        raise Conflict("nothing_published_yet", "Nothing of yours is published yet, so there is nothing to take along.")
    entries = list(_list_entries(request, published, scenes, offers))
    headers = {
        "Content-Disposition": f'attachment; filename="{session.site_id}-works.zip"',
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return StreamingResponse(stream_zip(entries), media_type="application/zip", headers=headers)


def _list_entries(
    request: Request, published: Published, scenes: list[Scene], offers: list[Experience]
) -> Iterator[Entry]:
    digests = {
        digest: node for scene in scenes for node in scene.nodes if (digest := node_digest(node, published.models))
    }
    for language in PAGE_LANGUAGES:
        words = load_texts(language)["library.readme"]
        yield Entry(f"README-{language}.txt", fill(words, language, address=base_of(request)).encode())
    yield Entry("credits.json", _dump([_credit(published, digest, node) for digest, node in digests.items()]))
    for kind, records in (("scenes", scenes), ("experiences", offers)):
        for record in records:
            yield Entry(f"records/{kind}/{record.id}.json", _dump(msgspec.to_builtins(record)))
    store = parts_of(request).settings.package_dir
    for digest in digests:
        for name in ("manifest.json", *sorted(published.packages[digest].files)):
            path = find_package_file(store, digest, name)
            if path is None:
                raise NotFound("file_unknown", f"The package {digest[:12]} is not whole; tell an operator.")
            yield Entry(f"packages/{digest}/{name}", path)


def _credit(published: Published, digest: str, node: Any) -> dict[str, Any]:
    credit = published.packages[digest].credit
    return {
        "package": digest,
        "title": credit.title,
        "creator": credit.creator,
        "licence": credit.licence,
        "licence_url": licence_url(credit.licence),
        "based_on": [{**msgspec.to_builtins(link), "licence_url": licence_url(link.licence)} for link in node.based_on],
    }


def _dump(document: Any) -> bytes:
    return f"{format_json(document)}\n".encode()


routes = [
    Route("/studio/portfolio", show_portfolio, methods=["GET"]),
    Route("/studio/portfolio", post_portfolio, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/portfolio/works.zip", send_zip),
]
