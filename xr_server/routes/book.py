"""The stamp book for its holder: receipts of visits, all that is known of a book as JSON or CSV, and erasing it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.book import MOST_CARDS, MOST_RECEIPTS, Held, make_receipt, read_receipt
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row
from xr_server.domain.visit import make_visit_key
from xr_server.errors import Conflict
from xr_server.parts import Parts, parts_of
from xr_server.routes.offers import load_code_secret
from xr_server.routes.pages import load_texts
from xr_server.routes.stamps import PRIVATE, Card, read_request
from xr_server.routes.visitor import answer, open_visit
from xr_server.storage.book import TOLD, KnownCard, KnownVisit, Stores, erase_book, load_known
from xr_server.storage.keys import load_day_key, oldest_day_kept

MAX_BODY_BYTES = 64 * 1024
OWN_TEXTS = "book.page_"  # what this page's script alone says
CSV_COLUMNS = ("what", "day", "rally", *TOLD)
Receipt = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]


class ReceiptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt asked for: the visit's own id, which nobody but its phone has, and its local date."""

    visit: Annotated[str, msgspec.Meta(min_length=16, max_length=64)]
    on: date


class BookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone holds of its book."""

    cards: Annotated[list[Card], msgspec.Meta(max_length=MOST_CARDS)] = []
    receipts: Annotated[list[Receipt], msgspec.Meta(max_length=MOST_RECEIPTS)] = []


async def post_receipt(request: Request) -> Response:
    """The receipt of a visit, while the key of its day is there."""
    asked = read_request(await request.body(), ReceiptRequest)
    return await run_in_threadpool(_give_receipt, request, asked)


def _give_receipt(request: Request, asked: ReceiptRequest) -> Response:
    parts, site_id = parts_of(request), request.path_params["site"]
    today = _today(parts, site_id)
    if asked.on < oldest_day_kept(today):
        raise Conflict(
            "receipt_late", "The key of that day is destroyed, so nobody can find that visit any more, nor can we."
        )
    day_key = load_day_key(parts.settings.key_dir, min(asked.on, today), parts.random_bytes)
    receipt = make_receipt(site_id, make_visit_key(asked.visit, day_key), load_code_secret(parts))
    return JSONResponse({"receipt": receipt}, headers=PRIVATE)


def _today(parts: Parts, site_id: str) -> date:
    zone = parts.published.get_site(site_id).zone
    return datetime.fromtimestamp(parts.clock() / 1000, UTC).astimezone(zone).date()


async def post_book(request: Request) -> Response:
    """All that is known of a book: as JSON, or with ?as=csv as a table."""
    asked = read_request(await request.body(), BookRequest)
    return await run_in_threadpool(_tell, request, asked)


def _tell(request: Request, asked: BookRequest) -> Response:
    parts, site_id = parts_of(request), request.path_params["site"]
    visits, cards = load_known(stores_of(parts), site_id, _read_held(parts, site_id, asked))
    if request.query_params.get("as") == "csv":
        rows = [dump_row(CSV_COLUMNS), *(dump_row(row) for row in _rows(visits, cards))]
        return Response(BYTE_ORDER_MARK + "".join(rows), media_type="text/csv; charset=utf-8", headers=PRIVATE)
    told = {
        "schema": "dejima.book/1",
        "site": site_id,
        "visits": [_describe_visit(one) for one in visits],
        "cards": [_describe_card(one) for one in cards],
    }
    return JSONResponse(told, headers=PRIVATE)


def _describe_visit(one: KnownVisit) -> dict[str, Any]:
    facts = msgspec.json.decode(one.facts) if one.facts else None
    return {"day": one.day_on, "summed_up": facts, "events": [{**event, **_say_at(event)} for event in one.events]}


def _say_at(event: dict[str, Any]) -> dict[str, str]:
    return {"occurred_at": _say(event["occurred_at"]) or ""}


def _say(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def _describe_card(one: KnownCard) -> dict[str, Any]:
    return {
        "rally": one.rally_id,
        "stamps": [{"landmark": landmark, "way": way} for landmark, way in one.stamps],
        "prize_issued_at": _say(one.prize_issued_at),
        "prize_used_at": _say(one.prize_used_at),
    }


def _rows(visits: list[KnownVisit], cards: list[KnownCard]) -> Iterator[tuple[object, ...]]:
    for one in visits:
        for event in one.events:
            told = {**event, **_say_at(event)}
            yield ("event", one.day_on, None, *(told.get(name) for name in TOLD))
        if one.facts:
            yield ("visit", one.day_on, None, None, one.facts)
    for card in cards:
        for landmark, way in card.stamps:
            yield ("stamp", None, card.rally_id, None, way, landmark)
        for what, at in (("prize_issued", card.prize_issued_at), ("prize_used", card.prize_used_at)):
            if at is not None:
                yield (what, None, card.rally_id, _say(at))


async def post_erasure(request: Request) -> Response:
    """Erase a book, for good; gives how much there was."""
    asked = read_request(await request.body(), BookRequest)
    return await run_in_threadpool(_erase, request, asked)


def _erase(request: Request, asked: BookRequest) -> Response:
    parts, site_id = parts_of(request), request.path_params["site"]
    held = _read_held(parts, site_id, asked)
    erased = erase_book(stores_of(parts), site_id, held, parts.clock(), _today(parts, site_id))
    return JSONResponse({"erased": msgspec.to_builtins(erased)}, headers=PRIVATE)


def _read_held(parts: Parts, site_id: str, asked: BookRequest) -> Held:
    """What is held, each once. Raises NotFound for a site that is not there, Invalid for a receipt that is not ours."""
    parts.published.get_site(site_id)
    secret = load_code_secret(parts)
    keys = dict.fromkeys(read_receipt(site_id, receipt, secret) for receipt in asked.receipts)
    return Held(tuple(dict.fromkeys(asked.cards)), tuple(keys))


def stores_of(parts: Parts) -> Stores:
    """Where a book's traces lie."""
    return Stores(parts.catalog, parts.events, parts.settings.erased_dir)


def show_book(request: Request) -> Response:
    """The page of the book: what may be kept, taken along and erased; its script does it, since the phone alone can."""
    visit = open_visit(request)

    def make() -> dict[str, Any]:
        texts = load_texts(visit.language)
        own = {key.removeprefix(OWN_TEXTS): text for key, text in texts.items() if key.startswith(OWN_TEXTS)}
        return {"book_texts": own, "site_id": visit.site_id}

    return answer(request, visit, "visitor/book.html", make)


_API = "/api/v1/sites/{site}/book"
routes = [
    Route(f"{_API}/receipts", post_receipt, methods=["POST"], max_body_size=4096),
    Route(_API, post_book, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route(f"{_API}/erase", post_erasure, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/{lang}/{site}/book", show_book),
]
