"""A campaign while it runs: its links with their codes, its counters, its figures and how far its targets are reached."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, may
from xr_server.domain.campaign import Campaign, Link, attain, coupon_until, days_left, make_link_code
from xr_server.domain.campaign_links import ANY, Asked, Known, drop_link, make_links, words_in_use
from xr_server.domain.catalog import Landmark
from xr_server.domain.languages import NAMES
from xr_server.domain.poster import CODE_MM, SCAN_DISTANCE_M
from xr_server.domain.published import pick
from xr_server.domain.rally import Rally
from xr_server.domain.ruby import plain
from xr_server.domain.voucher import Offer
from xr_server.errors import Conflict, DejimaError, Invalid
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import has_to_ask
from xr_server.routes.campaigns import (
    campaign_of,
    check_may_change,
    list_campaigns,
    load_stored,
    phase_of,
    reached,
    say_days,
)
from xr_server.routes.counter_links import describe_counters
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, status_of
from xr_server.routes.live import Place, find_place
from xr_server.routes.posters import MOST_IN_ZIP
from xr_server.routes.records import find_record
from xr_server.routes.short_links import short_address
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.campaigns import Arrivals, count_arrivals, find_codes_in_use
from xr_server.storage.catalog import StoredRecord, list_records
from xr_server.storage.counters import Counter, end_counter, open_counter
from xr_server.storage.vouchers import count_vouchers

DAYS_SHOWN = 14
DEFAULT_SOURCE, DEFAULT_MEDIUM = "dejima", "poster"
MEDIUMS = ("poster", "flyer", "social", "mail", "web")
"""Words that are offered from the start, so that everybody writes them alike."""


def name_things(parts: Parts, site_id: str, language: str) -> dict[str, dict[str, str]]:
    """What a link can lead to, by kind: ids and names."""
    named: dict[str, dict[str, str]] = {}
    for kind in ("landmark", "experience", "rally"):
        bodies = [one.body for one in list_records(parts.catalog, site_id, kind) if one.state != "withdrawn"]
        bodies = [body for body in bodies if not isinstance(body, Landmark) or body.lat is not None]
        words = {body.id: getattr(body, "title", None) or getattr(body, "name", {}) for body in bodies}
        names = {name: plain(pick(text, language)) or name for name, text in words.items()}
        named[kind] = dict(sorted(names.items(), key=lambda one: one[1]))
    return named


@page("review")
def show_run(request: Request, session: Session) -> Response:
    """The figures of a campaign, and everything that is needed on the spot."""
    return run_page(request, session, {})


def run_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The page; values may bring back what was typed, and what was wrong with it."""
    stored, place, parts = load_stored(request, session), find_place(request, session), parts_of(request)
    body, things = campaign_of(stored), name_things(parts, session.site_id, place.language)
    offer = Offer(session.site_id, "campaign", body.id)
    arrivals, vouchers = count_arrivals(parts.catalog, session.site_id, body.id), count_vouchers(parts.catalog, offer)
    campaigns = [campaign_of(one) for one in list_campaigns(parts, session.site_id)]
    sources, mediums = words_in_use(campaigns)
    common = {
        "stored": stored,
        "body": body,
        "revision": stored.revision,
        "title": plain(pick(body.title, place.language)) or body.id,
        "days": say_days(body, place.language),
        "phase": phase_of(body, place.today),
        "left": days_left(body, place.today),
        "attained": attain(body, reached(parts, session.site_id, body)),
        "links": _describe_links(request, body, things, arrivals),
        "works": [link.code for link in _published_links(parts, session.site_id, body.id)],
        "arrivals": arrivals.total,
        "by_day": _by_day(arrivals, place.today, place.language),
        "busiest": max(arrivals.by_hour, key=lambda hour: arrivals.by_hour[hour]) if arrivals.by_hour else None,
        "given": sum(vouchers.issued.values()),
        "used": sum(vouchers.used.values()),
        "until": say_date(coupon_until(body), place.language),
        "counters": [
            {**one, "used": vouchers.by_counter.get(one["it"].serial, 0)} for one in describe_counters(request, offer)
        ],
        "things": things,
        "languages": [(code, plain(NAMES[code])) for code in place.site.languages],
        "sources": sorted({*sources, DEFAULT_SOURCE}),
        "mediums": sorted({*mediums, *MEDIUMS}),
        "asked": _asked_at_first(request, session, body),
        "poster": _describe_posters(body, place),
        "counter_name": "",
        "problem": None,
        "problem_of": "",
        "faults": {},
        "notice": _notice(request),
    }
    return staff_page(request, session, "desk/campaign_run.html", {**common, **values})


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done in ("opened", "ended", "links_draft"):
        return {"text": f"campaigns.notice_{done}", "undo": None}
    return find_notice(request)


def _published_links(parts: Parts, site_id: str, campaign_id: str) -> list[Link]:
    """The links that work now."""
    site = parts.published.snapshot.sites.get(site_id)
    return [one.link for one in site.links.values() if one.campaign == campaign_id] if site else []


def _describe_links(
    request: Request, body: Campaign, things: Mapping[str, Mapping[str, str]], arrivals: Arrivals
) -> list[dict[str, Any]]:
    return [
        {
            "link": link,
            "address": short_address(request, link.code),
            "to": things.get(link.to, {}).get(link.target or "", link.target or ""),
            "at": things["landmark"].get(link.at or "", link.at or ""),
            "language": plain(NAMES[link.language]) if link.language else "",
            "count": arrivals.by_code.get(link.code, 0),
        }
        for link in body.links
    ]


def _describe_posters(body: Campaign, place: Place) -> dict[str, Any]:
    used = {link.language for link in body.links}
    untitled = [code for code in place.site.languages if code in used and not body.title.get(code)]
    return {
        "side": round(CODE_MM),
        "metres": round(SCAN_DISTANCE_M, 1),
        "most": MOST_IN_ZIP,
        "untitled": [plain(NAMES[code]) for code in untitled],
        "languages": [(code, plain(NAMES[code])) for code in place.site.languages if code in used],
    }


def _by_day(arrivals: Arrivals, today: date, language: str) -> list[tuple[str, int]]:
    """The last two weeks, the newest day first; nothing before anybody came."""
    days = [today - timedelta(days=back) for back in range(DAYS_SHOWN)] if arrivals.total else []
    return [(say_date(day, language, with_year=False), arrivals.by_day.get(day.isoformat(), 0)) for day in days]


def _asked_at_first(request: Request, session: Session, body: Campaign) -> Asked:
    """What the form for links shows: for a rally its landmarks, and the languages that the campaign is for."""
    place, name = find_place(request, session), request.query_params.get("rally")
    rally = find_record(parts_of(request), session.site_id, "rally", name)
    languages: Sequence[str] = body.languages or [ANY]
    if rally is None or not isinstance(rally.body, Rally):
        return Asked("", [], languages, DEFAULT_SOURCE, DEFAULT_MEDIUM)
    languages = body.languages or list(place.site.languages)
    return Asked(f"rally:{rally.id}", rally.body.landmarks, languages, DEFAULT_SOURCE, DEFAULT_MEDIUM)


def read_asked(sent: FormData) -> Asked:
    """What the form for links says, as it was."""
    at, languages = ([str(one) for one in sent.getlist(name)] for name in ("at", "in"))
    return Asked(field(sent, "to"), at, languages, field(sent, "source"), field(sent, "medium"))


@form("schedule")
def post_links(request: Request, session: Session, sent: FormData) -> Response:
    """Make links for the places and languages chosen; they work at once where the campaign is out."""
    parts, place, stored = parts_of(request), find_place(request, session), load_stored(request, session)
    asked, body = read_asked(sent), campaign_of(stored)
    try:
        check_may_change(session)
        sources, mediums = words_in_use([campaign_of(one) for one in list_campaigns(parts, session.site_id)])
        things = name_things(parts, session.site_id, place.language)
        known = Known(things, place.site.languages, {*sources, DEFAULT_SOURCE}, {*mediums, *MEDIUMS})
        made = make_links(asked, known, body, lambda count: _make_codes(parts, count))
        return _keep(request, session, stored, (made, read_revision(sent)))
    except DejimaError as error:
        values = {"asked": asked, "problem_of": "links", **refused(error, place.language)}
        response = run_page(request, session, values)
        response.status_code = status_of(error)
        return response


def _make_codes(parts: Parts, count: int) -> list[str]:
    """Codes that no campaign ever had: a printed one must never lead elsewhere."""
    codes: list[str] = []
    while len(codes) < count:
        fresh: set[str] = set()
        while len(fresh) < count - len(codes):
            fresh.add(make_link_code(parts.random_bytes, {*codes, *fresh}))
        codes += sorted(fresh - find_codes_in_use(parts.catalog, fresh))
    return codes


def _keep(request: Request, session: Session, stored: StoredRecord, edit: tuple[Campaign, int]) -> Response:
    """Keep changed links: for visitors at once where just this campaign is out, else with the draft.

    With the draft also where another organisation has to approve it: that is asked on the campaign's own page.
    """
    out = stored.state == "published" and stored.published_revision == stored.revision and may(session, "publish")
    out = out and not has_to_ask(parts_of(request), session, edit[0])
    done, undo = keep(request, session, edit, "publish" if out else "save")
    return lead_on(session, f"/desk/campaigns/{stored.id}/run", done if out else "links_draft", undo)


@form("schedule")
def post_drop(request: Request, session: Session, sent: FormData) -> Response:
    """Take a link away: what is printed with it leads to the first page from now on."""
    stored = load_stored(request, session)
    check_may_change(session)
    body = drop_link(campaign_of(stored), field(sent, "code"))
    try:
        return _keep(request, session, stored, (body, read_revision(sent)))
    except DejimaError as error:
        language = find_place(request, session).language
        response = run_page(request, session, {"problem_of": "list", **refused(error, language)})
        response.status_code = status_of(error)
        return response


@form("schedule")
def post_counter(request: Request, session: Session, sent: FormData) -> Response:
    """Open a counter of a shop that takes the campaign's coupons."""
    parts, body = parts_of(request), campaign_of(load_stored(request, session))
    try:
        check_may_change(session)
        wanted = Counter("", "shop", Offer(session.site_id, "campaign", body.id), field(sent, "name"))
        open_counter(parts.catalog, wanted, change_by(request, session), parts.random_bytes)
    except (Invalid, Conflict) as error:
        language = find_place(request, session).language
        said = {"counter_name": field(sent, "name"), "problem": say_problem(error, language), "problem_of": "counter"}
        response = run_page(request, session, said)
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/desk/campaigns/{body.id}/run?done=opened", status_code=303)


@form("schedule")
def post_end(request: Request, session: Session, sent: FormData) -> Response:
    """End a counter: its link opens nothing from now on."""
    body = campaign_of(load_stored(request, session))
    check_may_change(session)
    offer = Offer(session.site_id, "campaign", body.id)
    end_counter(parts_of(request).catalog, offer, field(sent, "serial"), change_by(request, session))
    return RedirectResponse(f"/desk/campaigns/{body.id}/run?done=ended", status_code=303)


routes = [
    Route("/desk/campaigns/{id}/run", show_run, methods=["GET"]),
    Route("/desk/campaigns/{id}/links", post_links, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/campaigns/{id}/links/drop", post_drop, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/campaigns/{id}/counters", post_counter, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/campaigns/{id}/counters/end", post_end, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
