"""Links that open a counter or a tablet, as the desk shows them: with a QR code, and the code to type."""

from typing import Any

from starlette.requests import Request

from xr_server.domain.sealed_code import show_code
from xr_server.domain.voucher import Offer
from xr_server.parts import base_of, parts_of
from xr_server.routes.offers import load_code_secret
from xr_server.routes.qr import draw_qr
from xr_server.storage.counters import Purpose, counter_code, list_counters

LINKS: dict[Purpose, str] = {"shop": "counter", "tablet": "tablets"}


def describe_counters(request: Request, offer: Offer) -> list[dict[str, Any]]:
    """The open counters and tablets of an offer, each with its link."""
    parts = parts_of(request)
    secret = load_code_secret(parts)
    described = []
    for one in list_counters(parts.catalog, offer):
        code = counter_code(one, secret)
        link = f"{base_of(request)}/{LINKS[one.purpose]}/{code}"
        described.append({"it": one, "code": show_code(code), "link": link, "qr": draw_qr(link)})
    return described
