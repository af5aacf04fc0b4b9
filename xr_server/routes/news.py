"""What concerns whoever is signed in: the inbox page, the same as an Atom feed for a reader, and a digest by mail."""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, may
from xr_server.domain.digest import check_address
from xr_server.errors import Conflict, Forbidden, Invalid
from xr_server.parts import Parts, base_of, parts_of
from xr_server.routes.account import account_page
from xr_server.routes.atom import Channel, dump_atom
from xr_server.routes.deeds import Line, reader_of, say_entries
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import count_inbox, field, say_problem, staff_page
from xr_server.storage.feeds import end_feed, issue_feed, open_feed
from xr_server.storage.mail import save_address
from xr_server.storage.news import Recipient, list_news

SHOWN = 50


def recipient_of(session: Session) -> Recipient:
    """Whom news are looked up for."""
    return Recipient(session.site_id, session.account_id, may(session, "publish"), session.landmarks)


def say_news(parts: Parts, session: Session, language: str, most: int = SHOWN) -> list[Line]:
    """What concerns somebody, the newest first, in sentences."""
    entries = list_news(parts.catalog, recipient_of(session), most)
    return say_entries(parts, reader_of(parts, session, language), entries)


@page(None)
def show_inbox(request: Request, session: Session) -> Response:
    """What waits for whoever is signed in, and what others did with their work."""
    parts, language = parts_of(request), choose_language(request)
    texts = load_texts(language)
    waiting = [
        (href, texts.get(f"news.waits_{href.strip('/').replace('/', '_')}", texts["news.waits"]), count)
        for href, count in count_inbox(request, session).items()
        if count
    ]
    values = {"waiting": waiting, "news": say_news(parts, session, language)}
    return staff_page(request, session, "inbox.html", values)


def show_feed(request: Request) -> Response:
    """The same news as Atom, for whoever has the feed's address. Raises NotFound."""
    parts, language = parts_of(request), choose_language(request)
    session, began_at = open_feed(parts.catalog, request.path_params["token"], parts.clock())
    texts, base = load_texts(language), base_of(request)
    channel = Channel(
        session=session,
        title=texts["news.feed_title"],
        language=language,
        base=base,
        address=f"{base}{request.url.path}?lang={language}",
        began_at=began_at,
    )
    body = dump_atom(channel, say_news(parts, session, language))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml", headers=headers)


def _check_grown(session: Session) -> None:
    """Of pupils nothing is kept that leads out of the class; they have the inbox. Raises Forbidden."""
    if "pupil" in session.roles:
        raise Forbidden("pupils_inbox", "Pupils read their news in the inbox; nothing else of them is kept.")


@form(None)
def post_feed(request: Request, session: Session, _sent: FormData) -> Response:
    """Make a feed; the page that answers shows its address, once."""
    _check_grown(session)
    parts = parts_of(request)
    token = issue_feed(parts.catalog, session.account_id, parts.clock(), parts.random_bytes)
    address = f"{base_of(request)}/feeds/{token}.atom?lang={choose_language(request)}"
    return staff_page(request, session, "feed.html", {"address": address})


@form(None)
def post_end_feed(request: Request, session: Session, _sent: FormData) -> Response:
    """End one's own feed."""
    parts = parts_of(request)
    end_feed(parts.catalog, session.account_id, parts.clock())
    return RedirectResponse("/account?done=feed_ended", status_code=303)


@form(None)
def post_address(request: Request, session: Session, sent: FormData) -> Response:
    """Keep an address for digests until it is confirmed by the letter it gets, or forget it."""
    _check_grown(session)
    parts, language = parts_of(request), choose_language(request)
    typed = "" if field(sent, "step") == "forget" else field(sent, "address")
    try:
        asks = save_address(parts.catalog, session.account_id, check_address(typed), language, parts.clock())
    except (Invalid, Conflict) as error:
        values: Mapping[str, Any] = {"address": typed, "address_problem": say_problem(error, language)}
        response = account_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    done = ("mail_set" if asks else "mail_kept") if typed else "mail_ended"
    return RedirectResponse(f"/account?done={done}#mail-title", status_code=303)


routes = [
    Route("/inbox", show_inbox),
    Route("/feeds/{token}.atom", show_feed),
    Route("/account/feed", post_feed, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/feed/end", post_end_feed, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/mail", post_address, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
