"""Short links of campaigns: to the page they name, counted by campaign, link, day and hour, and by nothing else."""

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.campaign import Placed, find_target, is_arrival, link_query
from xr_server.domain.sealed_code import clean_letters
from xr_server.errors import NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.pages import choose_language
from xr_server.storage.campaigns import try_to_count
from xr_server.storage.publish import SiteSnapshot


async def open_link(request: Request) -> Response:
    """To what a link names, in its language or the visitor's; the address is made of ids, so it never leads elsewhere."""
    parts, code = parts_of(request), clean_letters(request.path_params["code"])
    found = parts.published.find_link(code)
    if found is None:
        raise NotFound("link_unknown", "This link is not in use, or not any more. The first page shows what there is.")
    site_id, placed = found
    site = parts.published.get_site(site_id)
    language = placed.link.language
    if language is None or language not in site.documents:
        language = choose_language(request, list(site.documents))  # type: ignore[assignment]
    if is_arrival(request.method, request.headers):
        await run_in_threadpool(_count, request, site, (site_id, placed))
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie", "X-Robots-Tag": "noindex"}
    page = _find_page(placed, site, str(language))
    target = f"/{language}/{site_id}/{page}?{link_query(placed)}"
    return RedirectResponse(target, status_code=302, headers=headers)


def _find_page(placed: Placed, site: SiteSnapshot, language: str) -> str:
    if placed.link.to == "coupon":
        return f"coupons/{placed.campaign}"
    return find_target(placed.link, site.documents[language].document)


def _count(request: Request, site: SiteSnapshot, which: tuple[str, Placed]) -> None:
    (site_id, placed), parts = which, parts_of(request)
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC).astimezone(site.zone)
    try_to_count(parts.catalog, site_id, placed, at)


def short_address(request: Request, code: str) -> str:
    """What is printed and what the QR code says."""
    return f"{base_of(request)}/c/{code}"


routes = [Route("/c/{code}", open_link)]
