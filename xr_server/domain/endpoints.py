"""Every address that a visitor's phone talks to: what for, and whether it may. Pure; the page about data is made from it.

It is held to the routes of the server and to what the client's source asks for. All of them are addresses of the server
that the page came from: the content security policy allows no other.
"""

from dataclasses import dataclass
from typing import Literal

Need = Literal["none", "counting", "act"]
"""Nothing, since no page could be shown without it; a yes to counting; something that the visitor does for just that."""

PAGES = (
    *("landmarks/{landmark}", "experiences/{experience}", "xr/{experience}", "creators/{creator}", "rallies/{rally}"),
    *("help", "privacy", "offline"),
)


@dataclass(frozen=True)
class Endpoint:
    """Some addresses that are asked for the same reason; each is a method and a path as routes write it.

    name: of the texts that say why, and what goes along.
    """

    name: str
    needs: Need
    addresses: tuple[str, ...]


ENDPOINTS = (
    Endpoint(
        "pages",
        "none",
        ("GET /", "GET /{lang}/", "GET /{lang}/{site}/", *(f"GET /{{lang}}/{{site}}/{p}" for p in PAGES)),
    ),
    Endpoint("files", "none", ("GET /static/{file}", "GET /sw.js", "GET /manifest.webmanifest")),
    Endpoint("site", "none", ("GET /api/v1/sites/{site}", "GET /api/v1/sites/{site}/scenes/{scene}")),
    Endpoint("models", "none", ("GET /packages/{digest}/{file}",)),
    Endpoint("media", "none", ("GET /media/{digest}/{file}", "GET /memories/pictures/{file}")),
    Endpoint("counting", "counting", ("POST /api/v1/visit-tokens", "POST /api/v1/events")),
    Endpoint("codes", "act", ("GET /s/{code}", "GET /c/{code}", "GET /r/{site}/{rally}/{landmark}/{code}")),
    Endpoint("calendar", "act", ("GET /calendar.ics",)),
    Endpoint(
        "open_data",
        "act",
        (
            *("GET /{lang}/{site}/open-data", "GET /open-data/", "GET /catalog.jsonld"),
            "GET /open-data/{site}/engagement/{month}/{file}",
            *("GET /open-data/{site}/memories.geojson", "GET /open-data/{site}/memories.csv"),
        ),
    ),
    Endpoint(
        "stamps",
        "act",
        ("POST /api/v1/sites/{site}/rallies/{rally}/stamps", "POST /api/v1/sites/{site}/rallies/{rally}/prize"),
    ),
    Endpoint(
        "book",
        "act",
        (
            *("GET /{lang}/{site}/book", "POST /api/v1/sites/{site}/book", "POST /api/v1/sites/{site}/book/receipts"),
            "POST /api/v1/sites/{site}/book/erase",
        ),
    ),
    Endpoint(
        "group",
        "act",
        (
            *("GET /{lang}/{site}/group", "POST /{lang}/{site}/group", "GET /g/", "GET /g/{code}", "GET /g/{code}/now"),
            *("GET /g/{code}/lead", "POST /g/{code}/lead"),
        ),
    ),
    Endpoint("coupon", "act", ("GET /{lang}/{site}/coupons/{campaign}", "POST /{lang}/{site}/coupons/{campaign}")),
    Endpoint("questions", "act", ("GET /questions/{site}/{lang}", "POST /questions/{site}/{lang}")),
    Endpoint(
        "memories",
        "act",
        (
            *("GET /memories/", "GET /memories/add/{site}/{landmark}", "POST /memories/add/{site}/{landmark}"),
            *("GET /memories/mine/{code}", "POST /memories/mine/{code}", "GET /memories/mine/{code}/picture"),
        ),
    ),
)
