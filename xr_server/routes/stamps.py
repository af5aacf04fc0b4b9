"""What phones ask of a rally: a stamp for a code, and the prize for a card. No account; a card is a number at random."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.fields import Slug
from xr_server.domain.rally import (
    MOST_LANDMARKS,
    Rally,
    Spot,
    check_sign_code,
    collect_until,
    in_valid_order,
    is_complete,
    is_on,
    needed,
    proof_old,
    read_moment_code,
)
from xr_server.domain.sealed_code import show_code
from xr_server.domain.voucher import Offer, Voucher, code_of
from xr_server.errors import Conflict, Invalid
from xr_server.parts import Parts, base_of, parts_of
from xr_server.routes.offers import load_code_secret
from xr_server.routes.pages import choose_language
from xr_server.routes.qr import draw_qr
from xr_server.storage.rallies import add_stamps, count_proof, list_stamps, load_rally
from xr_server.storage.vouchers import Claim, issue_voucher

MAX_BODY_BYTES = 4096
PRIVATE = {"Cache-Control": "private, no-store"}
Card = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


class StampRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stamp asked for by the code of its place. late: the phone kept it until it had a connection."""

    card: Card
    landmark: Slug
    code: Annotated[str, msgspec.Meta(max_length=40)]
    late: bool = False


class PrizeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prize asked for; the landmarks in the order of their stamps count only where no proof is asked."""

    card: Card
    landmarks: Annotated[list[Slug], msgspec.Meta(max_length=MOST_LANDMARKS)] = []


async def post_stamp(request: Request) -> Response:
    """A stamp onto a card, when the code proves that its holder stands there."""
    body = await request.body()
    return await run_in_threadpool(_stamp, request, read_request(body, StampRequest))


async def post_prize(request: Request) -> Response:
    """The code for the prize of a full card: the same again however often it is asked for."""
    body = await request.body()
    return await run_in_threadpool(_give_prize, request, read_request(body, PrizeRequest))


def read_request(body: bytes, kind: type[Any]) -> Any:
    """The body in its JSON form. Raises Invalid."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(
            "body_malformed", f"The body is not what this address takes: {error}. docs/api.md shows it."
        ) from error


def _find(request: Request) -> tuple[str, Rally, date]:
    """The site, the rally, and today there. Raises NotFound."""
    parts, site_id = parts_of(request), request.path_params["site"]
    site = parts.published.get_site(site_id)
    rally = load_rally(parts.catalog, site_id, request.path_params["rally"])
    return site_id, rally, datetime.fromtimestamp(parts.clock() / 1000, site.zone).date()


def _stamp(request: Request, asked: StampRequest) -> Response:
    parts, (site_id, rally, today) = parts_of(request), _find(request)
    _check_days(rally, today, late=asked.late)
    if rally.proof == "none":
        raise Conflict("proof_none", "This rally asks for no code; the phone sees by itself where it is.")
    stamped = list_stamps(parts.catalog, site_id, rally.id, asked.card)
    if asked.landmark not in stamped:  # a proof is not used up by a phone whose answer was lost
        _check_proof(parts, rally, Spot(site_id, rally.id, asked.landmark), asked)
        stamped = add_stamps(parts.catalog, site_id, rally, (asked.card, rally.proof), [asked.landmark])
    return JSONResponse({"landmarks": stamped}, headers=PRIVATE)


def _check_days(rally: Rally, today: date, late: bool) -> None:
    """Stamps are given from the first to the last day; what a phone kept comes until prizes end. Raises Conflict."""
    if today < date.fromisoformat(rally.first_on):
        raise Conflict("rally_ahead", "This rally has not begun yet.")
    if not is_on(rally, today) and not (late and today <= collect_until(rally)):
        raise Conflict("rally_over", "This rally is over, so no more stamps are given.")


def _check_proof(parts: Parts, rally: Rally, spot: Spot, asked: StampRequest) -> None:
    if spot.landmark not in rally.landmarks:
        raise Conflict("stamp_elsewhere", "This place gives no stamp of this rally.")
    secret = load_code_secret(parts)
    if rally.proof == "sign":
        check_sign_code(spot, asked.code, secret)
        return
    moment, in_time = read_moment_code(spot, asked.code, secret, parts.clock())
    if not in_time and not asked.late:
        raise proof_old()
    count_proof(parts.catalog, spot, moment, in_time)


def _give_prize(request: Request, asked: PrizeRequest) -> Response:
    parts, (site_id, rally, today) = parts_of(request), _find(request)
    if not rally.prize:
        raise Conflict("prize_none", "This rally is played for its own sake; there is no prize.")
    if not date.fromisoformat(rally.first_on) <= today <= collect_until(rally):
        raise Conflict("prize_over", "Prizes of this rally are not given on this day.")
    stamped = list_stamps(parts.catalog, site_id, rally.id, asked.card)
    if rally.proof == "none":
        stamped = in_valid_order(rally, [*stamped, *asked.landmarks])
    if not is_complete(rally, stamped):
        missing = needed(rally) - len(set(stamped) & set(rally.landmarks))
        raise Conflict("stamps_missing", f"{missing} more stamps are needed for the prize.", count=missing)
    if rally.proof == "none":  # only now: cards that win nothing would fill the store
        add_stamps(parts.catalog, site_id, rally, (asked.card, "position"), stamped)
    offer = Offer(site_id, "rally", rally.id)
    voucher = issue_voucher(parts.catalog, offer, Claim(asked.card), parts.clock(), parts.random_bytes)
    return JSONResponse(describe_voucher(request, voucher), headers=PRIVATE)


def describe_voucher(request: Request, voucher: Voucher) -> dict[str, Any]:
    """What its holder gets of a voucher: the code, the same as a QR code, and when it was used (ms UTC)."""
    code = code_of(voucher, load_code_secret(parts_of(request)))
    return {
        "code": show_code(code),
        "qr": draw_qr(f"{base_of(request)}/counter/?prize={code}"),
        "used_at": voucher.used_at,
    }


async def open_spot(request: Request) -> Response:
    """A scanned code leads to its rally's page; what was scanned stands behind the #, which no server is sent."""
    site_id, rally_id = request.path_params["site"], request.path_params["rally"]
    site = parts_of(request).published.get_site(site_id)
    language = choose_language(request, list(site.documents))
    scanned = f"at={request.path_params['landmark']}&code={request.path_params['code']}"
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    target = f"/{language}/{site_id}/rallies/{rally_id}#{scanned}"
    return RedirectResponse(target, status_code=302, headers=headers)


def spot_address(request: Request, spot: Spot, code: str) -> str:
    """What the QR code at a landmark says."""
    return f"{base_of(request)}/r/{spot.site_id}/{spot.rally_id}/{spot.landmark}/{code}"


routes = [
    Route("/api/v1/sites/{site}/rallies/{rally}/stamps", post_stamp, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/api/v1/sites/{site}/rallies/{rally}/prize", post_prize, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/r/{site}/{rally}/{landmark}/{code}", open_spot),
]
