"""Cards for pupils: a pen name and a one-time link as a QR code, ten on a printed page."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain.account import Session
from xr_server.domain.school import CARD_LIFE_MS
from xr_server.parts import base_of, parts_of
from xr_server.routes.pages import choose_language
from xr_server.routes.qr import draw_qr
from xr_server.routes.staff import change_by, staff_page
from xr_server.routes.wording import say_when
from xr_server.storage.classes import SchoolClass
from xr_server.storage.pupils import Pupil
from xr_server.storage.resets import issue_reset


def cards_page(request: Request, session: Session, found: SchoolClass, pupils: Sequence[Pupil]) -> Response:
    """The page of cards; the links are made now and shown only here."""
    parts, base = parts_of(request), base_of(request)
    cards: list[dict[str, Any]] = []
    for one in pupils:
        token = issue_reset(
            parts.catalog, one.account_id, change_by(request, session), parts.random_bytes, CARD_LIFE_MS
        )
        cards.append({"name": one.name, "qr": draw_qr(f"{base}/reset/{token}"), "link": f"{base}/reset/{token}"})
    until = say_when(parts.clock() + CARD_LIFE_MS, choose_language(request))
    values = {"found": found, "cards": cards, "until": until, "login": f"{base}/login"}
    return staff_page(request, session, "desk/class_cards.html", values)
