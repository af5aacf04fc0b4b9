"""Campaigns at the desk: the list with the words in use, and the form."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may, check_may_at
from xr_server.domain.campaign import MEASURES, Campaign, Measure, attain, days_left
from xr_server.domain.campaign_form import FIELDS, LONGEST, About, read_campaign, type_campaign
from xr_server.domain.campaign_links import words_in_use
from xr_server.domain.catalog import Name
from xr_server.domain.languages import NAMES
from xr_server.domain.published import pick
from xr_server.domain.rally import Rally
from xr_server.domain.ruby import plain
from xr_server.domain.season import Season
from xr_server.domain.typed import type_words
from xr_server.domain.voucher import Offer
from xr_server.errors import DejimaError, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.advice import advise_fields
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, standing_values, status_of, take_back
from xr_server.routes.live import Place, find_place
from xr_server.routes.plan_adding import read_period
from xr_server.routes.records import find_record
from xr_server.routes.staff import field, read_revision, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.campaigns import count_arrivals, total_arrivals
from xr_server.storage.catalog import StoredRecord, list_records, load_record
from xr_server.storage.vouchers import count_vouchers

NEW = "new"
FIRST_LANGUAGES = ("ja", "en")  # asked for at once; the site's others stand folded below
PHASES = ("on", "ahead", "over")


def campaign_of(stored: StoredRecord) -> Campaign:
    """The body of a stored campaign."""
    assert isinstance(stored.body, Campaign)  # noqa: S101 - loaded as that kind
    return stored.body


def load_stored(request: Request, session: Session) -> StoredRecord:
    """The campaign that an address names. Raises NotFound."""
    return load_record(parts_of(request).catalog, Name(session.site_id, "campaign", request.path_params["id"]))


def list_campaigns(parts: Parts, site_id: str) -> list[StoredRecord]:
    """All campaigns of a site, drafts and withdrawn ones too: none of their words is used again."""
    return list_records(parts.catalog, site_id, "campaign")


def say_days(body: Campaign, language: str) -> str:
    """First and last day of a campaign in words."""
    first, last = (say_date(date.fromisoformat(day), language) for day in (body.first_on, body.last_on))
    return first if first == last else f"{first} – {last}"


def phase_of(body: Campaign, today: date) -> str:
    """Whether a campaign is on, to come or over on a local day."""
    if today.isoformat() < body.first_on:
        return "ahead"
    return "on" if days_left(body, today) else "over"


def reached(parts: Parts, site_id: str, body: Campaign) -> dict[Measure, int]:
    """What was counted of a campaign so far."""
    counts = count_vouchers(parts.catalog, Offer(site_id, "campaign", body.id))
    return {
        "arrivals": count_arrivals(parts.catalog, site_id, body.id).total,
        "coupons_given": sum(counts.issued.values()),
        "coupons_used": sum(counts.used.values()),
    }


@page("review")
def show_campaigns(request: Request, session: Session) -> Response:
    """All campaigns, those that are on first, and the words that statistics know."""
    parts, place = parts_of(request), find_place(request, session)
    stored = list_campaigns(parts, session.site_id)
    arrivals = total_arrivals(parts.catalog, session.site_id)
    rows = [_row(parts, one, place, arrivals) for one in stored]
    rows.sort(key=lambda row: (PHASES.index(row["phase"]), row["body"].first_on, row["title"]))
    sources, mediums = words_in_use([campaign_of(one) for one in stored])
    values = {"rows": rows, "sources": sources, "mediums": mediums, "notice": find_notice(request)}
    return staff_page(request, session, "desk/campaigns.html", values)


def _row(parts: Parts, stored: StoredRecord, place: Place, arrivals: Mapping[str, int]) -> dict[str, Any]:
    body = campaign_of(stored)
    return {
        "stored": stored,
        "body": body,
        "title": plain(pick(body.title, place.language)) or body.id,
        "days": say_days(body, place.language),
        "phase": phase_of(body, place.today),
        "left": days_left(body, place.today),
        "arrivals": arrivals.get(body.id, 0),
        "attained": attain(body, reached(parts, place.site.id, body)) if body.aims else [],
        "newer": stored.published_revision not in (None, stored.revision),
    }


@page("review")
def show_campaign(request: Request, session: Session) -> Response:
    """The form of one campaign, how it stands, and what a draft changes of what visitors see."""
    stored = None if request.path_params["id"] == NEW else load_stored(request, session)
    return campaign_page(request, session, stored, {})


def campaign_page(
    request: Request, session: Session, stored: StoredRecord | None, values: Mapping[str, Any]
) -> Response:
    """The page; values may bring back what was typed, what was wrong with it, and what somebody else wrote meanwhile."""
    parts, place = parts_of(request), find_place(request, session)
    typed = values.get("typed") or _typed_at_first(request, session, stored)
    common = {
        "record_id": stored.id if stored else NEW,
        "stored": stored,
        "title": plain(pick(campaign_of(stored).title, place.language)) or stored.id if stored else "",
        "revision": stored.revision if stored else 0,
        "typed": typed,
        "first_languages": [(code, plain(NAMES[code])) for code in FIRST_LANGUAGES],
        "more_languages": [(code, plain(NAMES[code])) for code in place.site.languages if code not in FIRST_LANGUAGES],
        "languages": [(code, plain(NAMES[code])) for code in place.site.languages],
        "seasons": _seasons(parts, session.site_id, place.language),
        "longest": LONGEST,
        "measures": MEASURES,
        "rally": request.query_params.get("rally", ""),
        "advice": advise_fields(typed, place.language),
        "problem": None,
        "faults": {},
        "theirs": None,
        "notice": find_notice(request),
        **standing_values(parts, session, stored, place.language, "campaign"),
    }
    return staff_page(request, session, "desk/campaign.html", {**common, **values})


def _seasons(parts: Parts, site_id: str, language: str) -> list[tuple[str, str]]:
    bodies = [one.body for one in list_records(parts.catalog, site_id, "season")]
    named = [(body.id, plain(pick(body.name, language))) for body in bodies if isinstance(body, Season)]
    return sorted(named, key=lambda one: one[1])


def _typed_at_first(request: Request, session: Session, stored: StoredRecord | None) -> dict[str, str]:
    """What the form shows: the campaign, or what a new one has of the rally that it is for, or of the calendar."""
    if stored is not None:
        return type_campaign(campaign_of(stored))
    rally = find_record(parts_of(request), session.site_id, "rally", request.query_params.get("rally"))
    if rally is None or not isinstance(rally.body, Rally):
        return read_period(request)
    body = rally.body
    days = {"first_on": body.first_on, "last_on": body.last_on}
    return {"word": body.id, **days, **type_words("title", body.title)}


@form("review")
def post_campaign(request: Request, session: Session, sent: FormData) -> Response:
    """Save, publish or take back a campaign; a refusal brings the form back with what was typed."""
    record_id, place, parts = request.path_params["id"], find_place(request, session), parts_of(request)
    stored = None if record_id == NEW else find_record(parts, session.site_id, "campaign", record_id)
    revision, step = read_revision(sent), field(sent, "step")
    typed = {name: field(sent, name) for name in FIELDS}
    rally = field(sent, "rally")
    try:
        check_may_at(session, "")
        if stored is None and record_id != NEW:
            raise NotFound("campaign_unknown", "This campaign is not there. /desk/campaigns lists them.")
        if step == "withdraw" and stored is not None:
            done, undo = "withdrawn", take_back(request, session, stored, revision)
            return lead_on(session, f"/desk/campaigns/{stored.id}", done, undo)
        body = read_campaign(typed, _about(request, session, stored))
        if stored is None or stored.body != body:  # who may publish and not plan lets it out as it is
            check_may_change(session)
        done, undo = keep(request, session, (body, revision), step)
    except DejimaError as error:
        values = {"typed": typed, "revision": revision, "rally": rally, **refused(error, place.language)}
        if isinstance(error, Stale) and stored is not None:  # whoever saves again has seen what stands there now
            values |= {"revision": stored.revision, "theirs": _beside(request, session, stored, typed)}
        response = campaign_page(request, session, stored, values)
        response.status_code = status_of(error)
        return response
    made = stored is None and find_record(parts, session.site_id, "rally", rally) is not None
    return lead_on(session, f"/desk/campaigns/{body.id}/run", done, undo, {"rally": rally} if made else {})


def check_may_change(session: Session) -> None:
    """Refuse who may not plan, or looks after a part of the site: a campaign is for the whole. Raises Forbidden."""
    check_may(session, "schedule")
    check_may_at(session, "")


def _about(request: Request, session: Session, stored: StoredRecord | None) -> About:
    parts, place = parts_of(request), find_place(request, session)
    seasons = [one.id for one in list_records(parts.catalog, session.site_id, "season")]
    taken = [one.id for one in list_campaigns(parts, session.site_id)]
    return About(campaign_of(stored) if stored else None, place.site.languages, seasons, taken)


def _beside(request: Request, session: Session, stored: StoredRecord, typed: Mapping[str, str]) -> Any:
    facts = facts_of(parts_of(request), session.site_id, find_place(request, session).language)
    return say_differences(facts, stored.body, read_campaign(typed, _about(request, session, stored)))


routes = [
    Route("/desk/campaigns", show_campaigns, methods=["GET"]),
    Route("/desk/campaigns/{id}", show_campaign, methods=["GET"]),
    Route("/desk/campaigns/{id}", post_campaign, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
