"""A rally while it runs: its figures, counters and tablets, the signs, cards on paper, and stamping these for visitors."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.days import Window
from xr_server.domain.figures import SMALLEST_SHOWN
from xr_server.domain.published import pick
from xr_server.domain.rally import Rally, Spot, collect_until, is_complete, make_sign_code, needed
from xr_server.domain.rally_card import MOST_CARDS, make_card_code, read_card_code, read_card_count
from xr_server.domain.sealed_code import show_code
from xr_server.domain.voucher import WAYS, Offer
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.counter_links import describe_counters
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.live import find_place
from xr_server.routes.offers import load_code_secret
from xr_server.routes.pages import say_in
from xr_server.routes.problems import status_of
from xr_server.routes.qr import draw_qr
from xr_server.routes.rallies import check_may_at_all, load_stored, rally_of, say_days
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.stamps import describe_voucher, spot_address
from xr_server.routes.studio import list_landmarks
from xr_server.routes.wording import say_date
from xr_server.storage.counters import Counter, end_counter, open_counter
from xr_server.storage.figures import load_released
from xr_server.storage.rallies import add_stamps, count_stamps, list_stamps, load_rally, take_stamp_back
from xr_server.storage.vouchers import Claim, count_vouchers, find_claimed, issue_voucher


def _offer(session: Session, body: Rally) -> Offer:
    return Offer(session.site_id, "rally", body.id)


@page("review")
def show_run(request: Request, session: Session) -> Response:
    """The figures of a rally, and everything that is needed on the spot."""
    return run_page(request, session, {})


def run_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The page; values may bring back what was typed, and what was wrong with it."""
    stored, place, parts = load_stored(request, session), find_place(request, session), parts_of(request)
    body, names = rally_of(stored), dict(list_landmarks(parts, session.site_id, place.language))
    counts = count_vouchers(parts.catalog, _offer(session, body))
    issued, used = sum(counts.issued.values()), sum(counts.used.values())
    done = request.query_params.get("done")
    common = {
        "stored": stored,
        "body": body,
        "title": pick(body.title, place.language) or body.id,
        "days": say_days(body, place.language),
        "until": say_date(collect_until(body), place.language),
        "issued": issued,
        "used": used,
        "ways": [(way, counts.issued.get(way, 0), counts.used.get(way, 0)) for way in WAYS],
        "landmarks": _by_landmark(request, session, body, names),
        "smallest": SMALLEST_SHOWN,
        "counters": [
            {**one, "used": counts.by_counter.get(one["it"].serial, 0)}
            for one in describe_counters(request, _offer(session, body))
        ],
        "names": names,
        "most_cards": MOST_CARDS,
        "typed": {"name": "", "landmark": "", "count": "8"},
        "problem": None,
        "problem_of": "",
        "notice": {"text": f"rallies.notice_{done}", "undo": None} if done in ("opened", "ended") else None,
    }
    return staff_page(request, session, "desk/rally_run.html", {**common, **values})


def _by_landmark(request: Request, session: Session, body: Rally, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """For each landmark the cards that the server knows to have its stamp, and the stamps that visits told of."""
    parts = parts_of(request)
    cards = count_stamps(parts.catalog, session.site_id, body.id)
    days = Window(date.fromisoformat(body.first_on), date.fromisoformat(body.last_on))
    told = load_released(parts.events, session.site_id, "stamp", days)
    return [
        {
            "name": names.get(landmark, landmark),
            "cards": cards.get(landmark, 0),
            "told": told.get(landmark, "stamped").visits,
        }
        for landmark in body.landmarks
    ]


@form("schedule")
def post_counter(request: Request, session: Session, sent: FormData) -> Response:
    """Open a counter of a shop, or a tablet at a landmark."""
    parts, body = parts_of(request), rally_of(load_stored(request, session))
    typed = {"name": field(sent, "name"), "landmark": field(sent, "landmark"), "count": "8"}
    try:
        wanted = _read_counter(session, body, field(sent, "purpose"), typed)
        open_counter(parts.catalog, wanted, change_by(request, session), parts.random_bytes)
    except (Invalid, Conflict) as error:
        said = {"typed": typed, "problem": say_problem(error, find_place(request, session).language)}
        response = run_page(request, session, {**said, "problem_of": field(sent, "purpose")})
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/desk/rallies/{body.id}/run?done=opened", status_code=303)


def _read_counter(session: Session, body: Rally, purpose: str, typed: Mapping[str, str]) -> Counter:
    if purpose == "shop":
        return Counter("", "shop", _offer(session, body), typed["name"])
    if purpose != "tablet" or typed["landmark"] not in body.landmarks:
        raise Invalid("rally_tablet", "Choose the landmark at which the tablet stands.")
    return Counter("", "tablet", _offer(session, body), typed["name"] or typed["landmark"], typed["landmark"])


@form("schedule")
def post_end(request: Request, session: Session, sent: FormData) -> Response:
    """End a counter or a tablet: its link opens nothing from now on."""
    body = rally_of(load_stored(request, session))
    end_counter(parts_of(request).catalog, _offer(session, body), field(sent, "serial"), change_by(request, session))
    return RedirectResponse(f"/desk/rallies/{body.id}/run?done=ended", status_code=303)


@page("schedule")
def show_signs(request: Request, session: Session) -> Response:
    """The signs of a rally whose proof is a code that stays: one sheet of A4 for each landmark."""
    parts, place, body = parts_of(request), find_place(request, session), rally_of(load_stored(request, session))
    secret, names = load_code_secret(parts), dict(list_landmarks(parts, session.site_id, place.language))
    signs = []
    for landmark in body.landmarks:
        spot = Spot(session.site_id, body.id, landmark)
        code = make_sign_code(spot, secret)
        qr = draw_qr(spot_address(request, spot, code))
        signs.append({"name": names.get(landmark, landmark), "code": f"{code[:4]}-{code[4:]}", "qr": qr})
    values = {
        "body": body,
        "titles": body.title,
        "title": pick(body.title, place.language),
        "signs": signs,
        "say": say_in,
    }
    return staff_page(request, session, "desk/rally_signs.html", values)


@form("schedule")
def post_cards(request: Request, session: Session, sent: FormData) -> Response:
    """Cards on paper with a code each, two on a sheet of A4; no row is kept of them."""
    parts, place, body = parts_of(request), find_place(request, session), rally_of(load_stored(request, session))
    try:
        count = read_card_count(field(sent, "count"))
    except Invalid as error:
        said = {"typed": {"name": "", "landmark": "", "count": field(sent, "count")}}
        said |= {"problem": say_problem(error, place.language), "problem_of": "cards"}  # type: ignore[dict-item]
        response = run_page(request, session, said)
        response.status_code = status_of(error)
        return response
    secret, cards = load_code_secret(parts), []
    for _ in range(count):
        code = make_card_code(session.site_id, body, secret, parts.random_bytes)
        link = f"{base_of(request)}/desk/rallies/{body.id}/assist?card={code}"
        cards.append({"code": show_code(code), "qr": draw_qr(link)})
    languages = [code for code in ("ja", "en") if body.title.get(code)] or list(body.title)[:1]
    told = [
        {
            "language": code,
            "words": "ja" if code.startswith("ja") else "en",
            "title": pick(body.title, code),
            "prize": pick(body.prize, code),
            "collect_at": pick(body.collect_at, code),
            "days": say_days(body, "ja" if code.startswith("ja") else "en"),
            "until": say_date(collect_until(body), "ja" if code.startswith("ja") else "en"),
        }
        for code in languages
    ]
    names = {code: dict(list_landmarks(parts, session.site_id, code)) for code in languages}
    values = {"body": body, "title": pick(body.title, place.language), "cards": cards, "told": told, "names": names}
    return staff_page(request, session, "desk/rally_cards.html", {**values, "needed": needed(body), "say": say_in})


@page("schedule")
def show_assist(request: Request, session: Session) -> Response:
    """The page on which staff stamp a visitor's card of paper, as a tablet at the entrance shows it."""
    typed = request.query_params.get("card", "")
    return _assist(request, session, typed) if typed else assist_page(request, session, {})


def _assist(request: Request, session: Session, typed: str) -> Response:
    try:
        return assist_page(request, session, {"card": _read_card(request, session, typed)})
    except (Invalid, NotFound) as error:
        values = {"typed": typed[:40], "problem": say_problem(error, find_place(request, session).language)}
        response = assist_page(request, session, values)
        response.status_code = status_of(error)
        return response


def _read_card(request: Request, session: Session, typed: str) -> str:
    body = rally_of(load_stored(request, session))
    return read_card_code(session.site_id, body, typed.rpartition("card=")[2], load_code_secret(parts_of(request)))


def assist_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The form for a card's code, or the card that was found with its stamps."""
    parts, place, body = parts_of(request), find_place(request, session), rally_of(load_stored(request, session))
    card = values.get("card")
    stamped = list_stamps(parts.catalog, session.site_id, body.id, card) if card else []
    voucher = find_claimed(parts.catalog, _offer(session, body), card) if card else None
    names = dict(list_landmarks(parts, session.site_id, place.language))
    common = {
        "body": body,
        "title": pick(body.title, place.language) or body.id,
        "card": None,
        "shown": show_code(card) if card else "",
        "typed": "",
        "problem": None,
        "stamps": [(name, names.get(name, name), name in stamped) for name in body.landmarks],
        "count": len(stamped),
        "needed": needed(body),
        "complete": is_complete(body, stamped),
        "prize": pick(body.prize, place.language),
        "collect_at": pick(body.collect_at, place.language),
        "voucher": describe_voucher(request, voucher) if voucher else None,
    }
    return staff_page(request, session, "desk/rally_assist.html", {**common, **values})


@form("schedule")
def post_assist(request: Request, session: Session, sent: FormData) -> Response:
    """Put onto a card what is ticked and take off what is not; or give its prize code."""
    parts = parts_of(request)
    if field(sent, "step") == "find":
        return _assist(request, session, field(sent, "card"))
    card = _read_card(request, session, field(sent, "card"))
    try:
        rally = load_rally(parts.catalog, session.site_id, request.path_params["id"])
        check_may_at_all(session, rally)
        if find_claimed(parts.catalog, _offer(session, rally), card) is None:
            _stamp(request, session, (rally, card), [str(name) for name in sent.getlist("landmark")])
        if field(sent, "step") == "prize":
            _give(request, session, rally, card)
    except DejimaError as error:
        values = {"card": card, "problem": say_problem(error, find_place(request, session).language)}
        response = assist_page(request, session, values)
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/desk/rallies/{rally.id}/assist?card={card}", status_code=303)


def _stamp(request: Request, session: Session, which: tuple[Rally, str], ticked: list[str]) -> None:
    (rally, card), catalog = which, parts_of(request).catalog
    today = find_place(request, session).today
    if not date.fromisoformat(rally.first_on) <= today <= collect_until(rally):
        raise Conflict("prize_over", "Prizes of this rally are not given on this day.")
    for landmark in set(list_stamps(catalog, session.site_id, rally.id, card)) - set(ticked):
        take_stamp_back(catalog, session.site_id, rally.id, card, landmark)
    add_stamps(catalog, session.site_id, rally, (card, "desk"), [name for name in rally.landmarks if name in ticked])


def _give(request: Request, session: Session, rally: Rally, card: str) -> None:
    parts = parts_of(request)
    stamped = list_stamps(parts.catalog, session.site_id, rally.id, card)
    if not rally.prize:
        raise Conflict("prize_none", "This rally is played for its own sake; there is no prize.")
    if not is_complete(rally, stamped):
        missing = needed(rally) - len(set(stamped) & set(rally.landmarks))
        raise Conflict("stamps_missing", f"{missing} more stamps are needed for the prize.", count=missing)
    issue_voucher(parts.catalog, _offer(session, rally), Claim(card, "paper"), parts.clock(), parts.random_bytes)


routes = [
    Route("/desk/rallies/{id}/run", show_run),
    Route("/desk/rallies/{id}/counters", post_counter, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/rallies/{id}/counters/end", post_end, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/rallies/{id}/signs", show_signs),
    Route("/desk/rallies/{id}/cards", post_cards, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/rallies/{id}/assist", show_assist, methods=["GET"]),
    Route("/desk/rallies/{id}/assist", post_assist, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
