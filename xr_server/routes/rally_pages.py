"""The page of a stamp rally for visitors: complete in words, with the way on paper; scripts keep the card on the phone."""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.errors import NotFound
from xr_server.routes.pages import asset, load_texts
from xr_server.routes.visitor import answer, open_visit
from xr_server.routes.wording import say_date

SHEET = "src/rally/rally.css"  # of the card, which other pages do not carry
OWN_TEXTS = "rally.page_"  # what this page's script alone says: no other page carries it


def rally_texts(language: str) -> dict[str, str]:
    """The sentences that the script of this page says, by key."""
    texts = load_texts(language)
    return {key.removeprefix(OWN_TEXTS): text for key, text in texts.items() if key.startswith(OWN_TEXTS)}


async def show_rally(request: Request) -> Response:
    """What is collected where and when, what is given for it, the card, and how to take part without a smartphone."""
    visit, wanted = open_visit(request), request.path_params["rally"]
    rally = next((one for one in visit.document.get("rallies", []) if one["id"] == wanted), None)
    if rally is None:
        raise NotFound("rally_unknown", "There is no such rally now; the site's page lists those there are.")

    def make() -> dict[str, Any]:
        today = date.fromisoformat(str(visit.document["compiled_for_on"]))
        first, last = date.fromisoformat(rally["first_on"]), date.fromisoformat(rally["last_on"])
        return {
            "rally": rally,
            "phase": "ahead" if today < first else "over" if today > last else "on",
            "first": say_date(first, visit.language),
            "last": say_date(last, visit.language),
            "until": say_date(date.fromisoformat(rally["collect_until"]), visit.language),
            "rule": f"rally.rule_{'all' if rally['needed'] == len(rally['landmarks']) else 'some'}_{rally['order']}",
            "rally_texts": rally_texts(visit.language),
            "sheet": asset(SHEET),
        }

    return answer(request, visit, "visitor/rally.html", make)


routes = [Route("/{lang}/{site}/rallies/{rally}", show_rally)]
