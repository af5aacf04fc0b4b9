"""Signs with a code: a scan of one leads to what can be seen where it hangs."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.errors import NotFound
from xr_server.parts import parts_of
from xr_server.routes.pages import choose_language
from xr_server.routes.scenes import is_on
from xr_server.storage.publish import SiteSnapshot


async def open_sign(request: Request) -> Response:
    """To the experience that is on where the sign hangs, else to its landmark; in the visitor's language."""
    parts, code = parts_of(request), request.path_params["code"].upper()
    found = parts.published.find_sign(code)
    if found is None:
        raise NotFound("sign_unknown", "There is no sign with this code. The first page shows what there is.")
    site_id, landmark = found
    site = parts.published.get_site(site_id)
    language = choose_language(request, list(site.documents))
    page = _find_page(site, landmark, datetime.fromtimestamp(parts.clock() / 1000, UTC))
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    return RedirectResponse(f"/{language}/{site_id}/{page}?sign={code}", status_code=302, headers=headers)


def _find_page(site: SiteSnapshot, landmark: str, at: datetime) -> str:
    offered = next(iter(site.documents.values())).document["experiences"]
    here = [experience for experience in offered if experience["landmark"] == landmark]
    on = [experience for experience in here if is_on(experience, at, site.zone)]
    return f"experiences/{on[0]['id']}" if on else f"landmarks/{landmark}"


routes = [Route("/s/{code}", open_sign)]
