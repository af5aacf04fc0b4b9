"""The entrance tablet as staff set it up: its address, after how long it begins anew, which languages and landmarks it has."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Name, Site
from xr_server.domain.kiosk import LEAST_S, MOST_S, QUESTION_S, Kiosk, read_kiosk
from xr_server.domain.languages import NAMES
from xr_server.domain.ruby import plain
from xr_server.domain.typed import YES
from xr_server.errors import DejimaError, Stale
from xr_server.parts import base_of, parts_of
from xr_server.routes.asking import asking_values
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep, refused, status_of
from xr_server.routes.live import find_place
from xr_server.routes.qr import draw_qr
from xr_server.routes.staff import change_by, field, read_revision, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.storage.catalog import StoredRecord, load_record, save_published

DONE = {"saved": "entrance.saved", "asked": "approvals.done_asked"}


@page("publish")
def show_kiosk(request: Request, session: Session) -> Response:
    """The set-up of the tablet at the entrance."""
    return _page(request, session, {})


def _load(request: Request, session: Session) -> tuple[StoredRecord, Site]:
    """The site's record. Raises NotFound; Forbidden for who looks after a part of the site."""
    check_may_at(session, "")
    stored = load_record(parts_of(request).catalog, Name(session.site_id, "site", session.site_id))
    assert isinstance(stored.body, Site)  # noqa: S101 - what lies under this kind
    return stored, stored.body


def _page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    (stored, site), place = _load(request, session), find_place(request, session)
    kiosk, landmarks = site.kiosk or Kiosk(), list_landmarks(parts_of(request), session.site_id, place.language)
    done = request.query_params.get("done", "")
    address = f"{base_of(request)}/kiosk/{session.site_id}"
    common = {
        "revision": stored.revision,
        "typed": {"after_s": str(kiosk.after_s), "prints": YES if kiosk.prints else ""},
        "chosen": (kiosk.languages or site.languages, kiosk.landmarks or [id for id, _ in landmarks]),
        "languages": [(lang, plain(NAMES[lang])) for lang in site.languages],
        "landmarks": landmarks,
        "limits": (LEAST_S, MOST_S, QUESTION_S),
        "address": address,
        "qr": draw_qr(address),
        "problem": None,
        "faults": {},
        "theirs": None,
        "notice": {"text": DONE[done], "undo": None} if done in DONE else None,
        **asking_values(parts_of(request), session, "site", stored, place.language),
    }
    return staff_page(request, session, "desk/kiosk.html", {**common, **values})


@form("publish")
def post_kiosk(request: Request, session: Session, sent: FormData) -> Response:
    """Save the set-up; tablets have it when they begin anew. A refusal brings the form back with what was typed."""
    place = find_place(request, session)
    typed = {name: field(sent, name) for name in ("after_s", "prints")}
    chosen = tuple([str(one) for one in sent.getlist(kind)] for kind in ("languages", "landmarks"))
    revision = read_revision(sent)
    try:
        site = _load(request, session)[1]
        offered = site.languages, [id for id, _ in list_landmarks(parts_of(request), session.site_id, place.language)]
        kiosk = read_kiosk(typed, (chosen[0], chosen[1]), offered)
        if kiosk != site.kiosk:
            changed = msgspec.structs.replace(site, kiosk=kiosk)
            parts = parts_of(request)
            if field(sent, "step") == "ask":
                keep(request, session, (changed, revision), "ask")
                return RedirectResponse("/desk/kiosk?done=asked", status_code=303)
            save_published(parts.catalog, session.site_id, changed, revision, change_by(request, session))
    except DejimaError as error:
        values = {"typed": typed, "chosen": chosen, "revision": revision, **refused(error, place.language)}
        if isinstance(error, Stale):  # whoever saves again has been told
            values["revision"] = _load(request, session)[0].revision
        response = _page(request, session, values)
        response.status_code = status_of(error)
        return response
    return RedirectResponse("/desk/kiosk?done=saved", status_code=303)


routes = [
    Route("/desk/kiosk", show_kiosk, methods=["GET"]),
    Route("/desk/kiosk", post_kiosk, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
