"""Posters of a campaign's links, ready to print: one as SVG, PNG or PDF, many as one PDF or a ZIP of all three."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.campaign import Campaign, Link
from xr_server.domain.fields import LANGUAGES, Text
from xr_server.domain.poster import SCAN_DISTANCE_M, Drawing, Words, lay_out
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.errors import Conflict, NotFound
from xr_server.parts import parts_of
from xr_server.routes.campaigns import campaign_of, load_stored
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import say_in
from xr_server.routes.poster_files import write_pdf, write_png, write_svg
from xr_server.routes.qr import find_modules
from xr_server.routes.short_links import short_address
from xr_server.storage.catalog import list_records
from xr_server.storage.typefaces import width_of

MOST_IN_PDF = 300  # all links that a campaign may have; a page takes a tenth of a second
MOST_IN_ZIP = 40  # a PNG takes half a second
KINDS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
Names = Mapping[tuple[str, str], Text]
"""What things are called in every language, by kind and id."""


def _names(request: Request, session: Session) -> Names:
    named: dict[tuple[str, str], Text] = {}
    for kind in ("landmark", "experience", "rally"):
        for stored in list_records(parts_of(request).catalog, session.site_id, kind):
            named[kind, stored.id] = getattr(stored.body, "title", None) or getattr(stored.body, "name", {})
    return named


def say_poster(request: Request, body: Campaign, link: Link, place: Place, names: Names) -> Words:
    """What a link's poster says: the campaign's own words in its language, else what the link leads to."""
    language = link.language or place.site.languages[0]
    leads_to = pick(names.get((link.to, link.target or ""), {}), language) or pick(body.title, language)
    title = body.title.get(language) or leads_to
    at = pick(names.get(("landmark", link.at or ""), {}), language)
    return Words(
        language=language,
        site=pick(place.site.name, language),
        title=title,
        place="" if at == title else at,
        sentence=body.sentence.get(language) or say_in(language, f"poster.lead_{link.to}"),
        scan=say_in(language, "poster.scan"),
        address=short_address(request, link.code),
        distance=say_in(language, "poster.distance", metres=round(SCAN_DISTANCE_M, 1)),
    )


def draw_poster(words: Words) -> Drawing:
    """The poster laid out with the widths of its language's letters."""

    def wide(text: str, size_mm: float, bold: bool) -> float:
        return width_of(text, words.language, bold) * size_mm

    return lay_out(words, find_modules(words.address), wide)


def describe_poster(words: Words) -> str:
    """A poster in one sentence."""
    parts = {"title": plain(words.title), "lead": plain(words.sentence), "address": words.address}
    return plain(say_in(words.language, "poster.said", **parts))


def _say_all(request: Request, session: Session) -> tuple[Campaign, list[tuple[Link, Words]]]:
    """The links that were asked for, with what their posters say. Raises NotFound."""
    body, place = campaign_of(load_stored(request, session)), find_place(request, session)
    wanted = request.query_params.getlist("in") or [*LANGUAGES, ""]
    names = _names(request, session)
    said = [
        (link, say_poster(request, body, link, place, names))
        for link in body.links
        if (link.language or "") in wanted or (link.language is None and "any" in wanted)
    ]
    if not said:
        raise NotFound("posters_none", "There is no such poster. Make a link first.")
    return body, said


@page("review")
def show_pdf(request: Request, session: Session) -> Response:
    """All posters of a campaign, or those in the languages asked for, as one PDF."""
    body, said = _say_all(request, session)
    _check_count(said, MOST_IN_PDF)
    drawings = [draw_poster(words) for _, words in said]
    return _answer(write_pdf(drawings, pick(body.title, said[0][1].language)), "pdf", body.id)


@page("review")
def show_zip(request: Request, session: Session) -> Response:
    """The same as a ZIP: one PDF of all, and each poster as SVG and PNG."""
    body, said = _say_all(request, session)
    _check_count(said, MOST_IN_ZIP)
    out = io.BytesIO()
    drawings = [draw_poster(words) for _, words in said]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr(f"{body.id}.pdf", write_pdf(drawings, pick(body.title, said[0][1].language)))
        for (link, words), drawing in zip(said, drawings, strict=True):
            name = "-".join(part for part in (body.id, link.at or link.to, words.language, link.code) if part)
            folder.writestr(f"{name}.svg", write_svg(drawing, describe_poster(words)))
            folder.writestr(f"{name}.png", write_png(drawing), zipfile.ZIP_STORED)
    return _answer(out.getvalue(), "zip", body.id)


def _check_count(said: Sequence[object], most: int) -> None:
    if len(said) > most:
        raise Conflict("posters_many", f"One file holds {most} posters at most. Take them by language.", most=most)


@page("review")
def show_poster(request: Request, session: Session) -> Response:
    """One poster as SVG, PNG or PDF."""
    body, place = campaign_of(load_stored(request, session)), find_place(request, session)
    code, _, kind = request.path_params["file"].partition(".")
    link = next((one for one in body.links if one.code == code), None)
    if link is None or kind not in KINDS:
        raise NotFound("posters_none", "There is no such poster. Make a link first.")
    words = say_poster(request, body, link, place, _names(request, session))
    drawing = draw_poster(words)
    write: dict[str, Callable[[], bytes]] = {
        "svg": lambda: write_svg(drawing, describe_poster(words)),
        "png": lambda: write_png(drawing),
        "pdf": lambda: write_pdf([drawing], words.title),
    }
    return _answer(write[kind](), kind, f"{body.id}-{code}")


def _answer(body: bytes, kind: str, name: str) -> Response:
    manner = "inline" if kind in KINDS else "attachment"
    headers = {"Content-Disposition": f'{manner}; filename="{name}.{kind}"', "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type=KINDS.get(kind, "application/zip"))


routes = [
    Route("/desk/campaigns/{id}/posters.pdf", show_pdf),
    Route("/desk/campaigns/{id}/posters.zip", show_zip),
    Route("/desk/campaigns/{id}/posters/{file}", show_poster),
]
