"""Advice on plain Japanese beside a field: on the page that comes back, and asked for while somebody types."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.plain_japanese import CHECKED, Advice, advise
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.pages import choose_language, fill, load_texts
from xr_server.routes.staff import field

MAX_ADVISED = 6000


def say_advice(advice: Advice, language: str) -> str:
    """One piece of advice in the reader's language."""
    values = dict(advice.values)
    return fill(load_texts(language)[f"places.advice_{advice.code}"], language, piece=advice.piece, **values)


def advise_fields(typed: Mapping[str, str], language: str) -> dict[str, list[str]]:
    """Advice for every field of a form whose name ends with a language that is checked."""
    found = {}
    for name, text in typed.items():
        told = next((one for one in CHECKED if name.endswith(f"-{one}")), None)
        # `-ja-x-easy` ends with no `-ja`
        if told is not None and text:
            found[name] = [say_advice(one, language) for one in advise(text[:MAX_ADVISED], told)]
    return {name: said for name, said in found.items() if said}


@form("review")
def post_advice(request: Request, _: Session, sent: FormData) -> Response:
    """Advice on one text, for the script of a form."""
    language = choose_language(request)
    found = advise(field(sent, "text")[:MAX_ADVISED], field(sent, "language"))
    return JSONResponse({"advice": [say_advice(one, language) for one in found]})


routes = [Route("/desk/advice", post_advice, methods=["POST"], max_body_size=MAX_FORM_BYTES)]
