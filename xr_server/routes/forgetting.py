"""What is kept for how long, proofs of what was deleted, and whether the log holds: for who answers for visitors' data."""

from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.permission import KEPT_DAYS as ASKERS_KEPT_DAYS
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_date, say_moment
from xr_server.storage.answers import KEPT_DAYS
from xr_server.storage.audit_chain import verify_chain
from xr_server.storage.events import SEEN_DAYS
from xr_server.storage.rallies import CARDS_KEPT_DAYS
from xr_server.storage.retention import Retention, list_proofs

MOST_PROOFS = 60
YEAR_DAYS = 365


@page("read_log")
def show_forgetting(request: Request, session: Session) -> Response:
    """The page; ?check=log follows the log's chain from its first entry."""
    parts, place = parts_of(request), find_place(request, session)
    note_read(request, session, "privacy")
    retention = Retention(parts.events, parts.settings.events_days, parts.published.zones)
    asked = request.query_params.get("check") == "log"
    values = {
        "limits": _limits(parts),
        "events_days": parts.settings.events_days,
        "late": {what: days for what, days in retention.lag_days(parts.clock()).items() if days},
        "proofs": _say_proofs(parts, place),
        "most_proofs": MOST_PROOFS,
        "verdict": verify_chain(parts.catalog, session.site_id, request.query_params.get("hash", ""))
        if asked
        else None,
        "typed_hash": request.query_params.get("hash", ""),
    }
    return staff_page(request, session, "desk/forgetting.html", values)


def _limits(parts: Parts) -> list[tuple[str, int | None]]:
    """What is kept, by its text, and for how many days where that is a number."""
    return [
        ("kept.events", parts.settings.events_days),
        ("kept.visits", None),
        ("kept.figures", None),
        ("kept.keys", None),
        ("kept.ids", SEEN_DAYS),
        ("kept.cards", CARDS_KEPT_DAYS),
        ("kept.answers", KEPT_DAYS // YEAR_DAYS),
        ("kept.askers", ASKERS_KEPT_DAYS),
        ("kept.log", None),
    ]


def _say_proofs(parts: Parts, place: Place) -> list[dict[str, object]]:
    return [
        {
            "proof": proof,
            "day": say_date(date.fromisoformat(proof.day_on), place.language),
            "when": say_moment(datetime.fromtimestamp(proof.done_at / 1000, UTC), place.zone, place.language),
        }
        for proof in list_proofs(parts.events, place.site.id, MOST_PROOFS)
    ]


routes = [Route("/desk/privacy", show_forgetting)]
