"""A campaign's coupon for visitors: taken by a button without an account, one for each phone, shown until it is used.

A cookie with a random word says that this phone has taken one; the server keeps a hash of it. Each campaign has a cookie of
its own, which ends with its coupon and with no other.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.campaign import Campaign, coupon_until
from xr_server.domain.catalog import Name
from xr_server.domain.published import pick, told_in
from xr_server.domain.voucher import Offer, Voucher
from xr_server.errors import Conflict, NotFound
from xr_server.parts import parts_of
from xr_server.routes.pages import render_html, style_source
from xr_server.routes.problems import STATUS
from xr_server.routes.shell import CONTENT_SECURITY_POLICY
from xr_server.routes.staff import is_secure
from xr_server.routes.stamps import describe_voucher
from xr_server.routes.visitor import Visit, common_values, open_visit
from xr_server.routes.wording import say_date, say_when
from xr_server.storage.campaigns import load_campaign, take_coupon
from xr_server.storage.catalog import load_record
from xr_server.storage.vouchers import find_claimed

COOKIE = "dejima_coupon"  # the beginning of its name
WORD_LENGTH = 32
LONGEST_LIFE = timedelta(days=400)  # browsers keep no cookie longer
TEMPLATE = "visitor/coupon.html"
MAX_BODY_BYTES = 1024


async def show_coupon(request: Request) -> Response:
    """What the coupon gives, where and until when; and the button, or the code of whoever has taken it."""
    return await run_in_threadpool(_show, request)


async def post_coupon(request: Request) -> Response:
    """Take the coupon: the same again for a phone that has it."""
    return await run_in_threadpool(_take, request)


def _load(request: Request) -> tuple[Visit, Campaign, date]:
    """The page's visit, the campaign with a coupon, and today at the site. Raises NotFound."""
    visit, parts = open_visit(request), parts_of(request)
    try:
        campaign = load_campaign(parts.catalog, visit.site_id, request.path_params["campaign"])
    except NotFound:
        promised = _load_promised(request, Offer(visit.site_id, "campaign", request.path_params["campaign"]))
        if promised is None:
            raise
        campaign = promised
    if not campaign.coupon:
        raise NotFound("coupon_unknown", "There is no such coupon now; the site's page tells what there is.")
    return visit, campaign, visit.at.astimezone(parts.published.get_site(visit.site_id).zone).date()


def _load_promised(request: Request, offer: Offer) -> Campaign | None:
    """A campaign that was taken back, for a phone that holds its coupon: counters still take what was promised."""
    catalog, word = parts_of(request).catalog, _word(request, offer)
    if not word or find_claimed(catalog, offer, _secret(offer, word)) is None:
        return None
    body = load_record(catalog, Name(offer.site_id, offer.kind, offer.id)).body
    return body if isinstance(body, Campaign) else None


def _secret(offer: Offer, word: str) -> str:
    """What a phone claims a coupon with: of two campaigns nobody can tell that it was the same phone."""
    return f"coupon\n{offer.id}\n{word}"


def _cookie(offer: Offer) -> str:
    return f"{COOKIE}_{offer.site_id}_{offer.id}"


def _word(request: Request, offer: Offer) -> str:
    """The word in a phone's cookie; empty where there is none of ours."""
    word = request.cookies.get(_cookie(offer), "")
    return word if len(word) == WORD_LENGTH and all(letter in "0123456789abcdef" for letter in word) else ""


def _show(request: Request, gone: bool = False) -> Response:
    visit, campaign, today = _load(request)
    offer = Offer(visit.site_id, "campaign", campaign.id)
    word = _word(request, offer)
    found = find_claimed(parts_of(request).catalog, offer, _secret(offer, word)) if word else None
    values = {
        **_say(visit, campaign, today),
        "campaign": campaign.id,
        "voucher": _describe(request, visit, found) if found else None,
        "gone": gone,
        "forgot": "got" in request.query_params and found is None,
    }
    html = render_html(TEMPLATE, visit.language, {**common_values(visit, TEMPLATE), **values})
    policy = f"{CONTENT_SECURITY_POLICY}; style-src 'self' {style_source('src/main.ts')}"
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Content-Security-Policy": policy}
    return HTMLResponse(html, STATUS[Conflict] if gone else 200, {**headers, "Content-Language": visit.language})


def _say(visit: Visit, campaign: Campaign, today: date) -> dict[str, Any]:
    """What the page says of the coupon itself."""
    language, first, last = visit.language, date.fromisoformat(campaign.first_on), date.fromisoformat(campaign.last_on)
    return {
        "title": pick(campaign.title, language),
        "gives": pick(campaign.coupon, language),
        "where": pick(campaign.collect_at, language),
        "coupon_told": told_in(campaign.coupon, language),
        "title_told": told_in(campaign.title, language),
        "phase": "ahead" if today < first else "over" if today > last else "on",
        "first": say_date(first, language),
        "until": say_date(coupon_until(campaign), language),
        "ended": today > coupon_until(campaign),
    }


def _describe(request: Request, visit: Visit, found: Voucher) -> dict[str, Any]:
    zone = visit.document["site"]["time_zone"]
    used = say_when(found.used_at, visit.language, zone) if found.used_at is not None else ""
    return {**describe_voucher(request, found), "used": used}


def _take(request: Request) -> Response:
    (visit, campaign, today), parts = _load(request), parts_of(request)
    offer = Offer(visit.site_id, "campaign", campaign.id)
    word = _word(request, offer) or parts.random_bytes(WORD_LENGTH // 2).hex()
    # a button of another site comes without the phone's cookie, and would put another in its place
    elsewhere = request.headers.get("sec-fetch-site") == "cross-site"
    if elsewhere or not campaign.first_on <= today.isoformat() <= campaign.last_on:
        return _show(request)
    claim = (_secret(offer, word), parts.clock())
    try:
        take_coupon(parts.catalog, visit.site_id, campaign, claim, parts.random_bytes)
    except Conflict:
        return _show(request, gone=True)
    response = RedirectResponse(f"{visit.path}?got=1#coupon", status_code=303)
    last = min(coupon_until(campaign), today + LONGEST_LIFE)  # staff may say 9999-12-31, after which there is no day
    ends = datetime.combine(last + timedelta(days=2), datetime.min.time(), UTC)
    life = min(ends - visit.at, LONGEST_LIFE)
    age_s, secure = int(life.total_seconds()), is_secure(request)
    response.set_cookie(_cookie(offer), word, max_age=age_s, httponly=True, samesite="lax", secure=secure)
    return response


ADDRESS = "/{lang}/{site}/coupons/{campaign}"
routes = [
    Route(ADDRESS, show_coupon, methods=["GET"]),
    Route(ADDRESS, post_coupon, methods=["POST"], max_body_size=MAX_BODY_BYTES),
]
