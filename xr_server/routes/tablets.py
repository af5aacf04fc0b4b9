"""A tablet at a landmark: a code that changes every half minute and proves that somebody stands there.

No account: a link opens it on the tablet, where a cookie remembers it, since visitors can read what stands in the address.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.catalog import Landmark
from xr_server.domain.published import pick
from xr_server.domain.rally import SHOWN_MS, Spot, make_moment_code, moment_of
from xr_server.domain.sealed_code import clean_letters
from xr_server.errors import DejimaError
from xr_server.parts import parts_of
from xr_server.routes.counter import find_by_link
from xr_server.routes.guard import answer_people
from xr_server.routes.offers import describe_offer, load_code_secret
from xr_server.routes.pages import PAGE_LANGUAGES, say_in
from xr_server.routes.qr import draw_qr
from xr_server.routes.records import find_record
from xr_server.routes.staff import is_secure, staff_page
from xr_server.routes.stamps import spot_address
from xr_server.storage.counters import Counter, find_counter

COOKIE = "dejima_tablet"
COOKIE_LIFE_S = 60 * 86_400
UNINDEXED = {"X-Robots-Tag": "noindex"}


def _find(request: Request) -> Counter:
    """What the tablet is set up for. Raises Invalid, NotFound."""
    parts = parts_of(request)
    return find_counter(parts.catalog, "tablet", request.cookies.get(COOKIE, ""), load_code_secret(parts))


def open_by_link(request: Request) -> Response:
    """Set a tablet up by its link; the address that stays on the screen has no code in it."""
    parts, code = parts_of(request), request.path_params["code"]
    try:
        find_by_link(parts, "tablet", code)
    except DejimaError as error:
        return answer_people(request, error)
    response = RedirectResponse("/tablets/", status_code=303, headers=UNINDEXED)
    response.set_cookie(
        COOKIE,
        clean_letters(code),
        max_age=COOKIE_LIFE_S,
        path="/tablets",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


def _now(request: Request, tablet: Counter) -> dict[str, Any]:
    """What the tablet shows at this moment, and for how many ms still."""
    parts = parts_of(request)
    now = parts.clock()
    spot = Spot(tablet.offer.site_id, tablet.offer.id, tablet.landmark or "")
    code = make_moment_code(spot, moment_of(now), load_code_secret(parts))
    shown = f"{code[:3]}-{code[3:6]}-{code[6:]}"
    return {"code": shown, "qr": draw_qr(spot_address(request, spot, code)), "ms": SHOWN_MS - now % SHOWN_MS}


def show_tablet(request: Request) -> Response:
    """The page that a tablet shows all day; without script it loads itself anew in time."""
    try:
        tablet = _find(request)
        parts, now = parts_of(request), _now(request, tablet)
        titles = {lang: describe_offer(parts, tablet.offer, lang).title for lang in PAGE_LANGUAGES}
    except DejimaError as error:
        return answer_people(request, error)
    stored = find_record(parts, tablet.offer.site_id, "landmark", tablet.landmark)
    names = stored.body.name if stored is not None and isinstance(stored.body, Landmark) else {}
    values = {
        **now,
        "titles": titles,
        "places": {lang: pick(names, lang) for lang in PAGE_LANGUAGES},
        "seconds": -(-now["ms"] // 1000),
        "say": say_in,
    }
    response = staff_page(request, None, "tablet.html", values)
    response.headers.update(UNINDEXED)
    return response


def show_now(request: Request) -> Response:
    """The code of this moment, for the page's script."""
    return JSONResponse(_now(request, _find(request)), headers={"Cache-Control": "private, no-store"})


routes = [
    Route("/tablets/", show_tablet),
    Route("/tablets/now", show_now),
    Route("/tablets/{code}", open_by_link),
]
