"""Saying something else of a built scan: names, maker, licence, grade and more; stamped into a new package in a moment."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.restating import RESTATED, judge_details, read_details, type_details
from xr_server.domain.said import LICENCES, LONGEST, LONGEST_SOURCE, MOST_SOURCES, NAME, OWN_WORDS
from xr_server.errors import Conflict, DejimaError, Stale
from xr_server.parts import parts_of
from xr_server.routes.changes import Row, say_typed
from xr_server.routes.crediting import find_credit
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language, fill, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.storage.scans import StoredScan
from xr_server.storage.stamping import restate_scan

FIRST_LANGUAGES = ("ja", "en")


def _load(request: Request, session: Session) -> StoredScan:
    stored = get_own_scan(request, session, request.path_params["id"])
    if stored.state != "built":
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    if stored.is_start:
        raise Conflict("not_your_words", "This model is somebody else's, so what it says of itself stays as it is.")
    return stored


@page("attach")
def show_details(request: Request, session: Session) -> Response:
    """What is said of the scan, to be said otherwise."""
    stored = _load(request, session)
    return _details_page(request, session, stored, {"typed": type_details(stored.details)})


def _details_page(request: Request, session: Session, stored: StoredScan, values: Mapping[str, Any]) -> Response:
    site = find_site(parts_of(request), session.site_id)
    spoken = site.languages if site else LANGUAGES
    languages = [one for one in LANGUAGES if one in spoken]
    common: dict[str, Any] = {
        "scan": stored,
        "digest": stored.package_digest,
        "problem": None,
        "theirs": None,
        "credit": find_credit(parts_of(request), stored.account_id),
        "faults": {},
        "first_languages": [one for one in languages if one in FIRST_LANGUAGES],
        "more_languages": [one for one in languages if one not in FIRST_LANGUAGES],
        "licences": LICENCES,
    }
    typed = {**dict.fromkeys(RESTATED, ""), **values["typed"]}
    return staff_page(request, session, "studio/details.html", {**common, **values, "typed": typed})


@form("attach")
def post_details(request: Request, session: Session, sent: FormData) -> Response:
    """Stamp a new package that says what was typed; the models in it stay byte for byte."""
    parts, stored = parts_of(request), _load(request, session)
    # of a language that the site does not speak there is no field, and a name in it stays
    typed = {name: field(sent, name) for name in RESTATED if name in sent or not name.startswith(NAME)}
    credit = find_credit(parts, stored.account_id)
    typed |= {"creator": credit, "credit_line": ""} if credit else {}
    if faults := judge_details(typed):
        return _refused(request, session, stored, {"typed": typed, "faults": _say_faults(request, faults, typed)})
    try:
        if field(sent, "digest") != stored.package_digest:
            raise Stale("stale_revision", "Somebody else has changed what this scan says. Compare, and save again.")
        change = change_by(request, session)
        restate_scan(parts.catalog, parts.settings, stored, read_details(typed, stored.details), change)
    except DejimaError as error:
        values: dict[str, Any] = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        if isinstance(error, Stale):  # the form now names what stands there: whoever saves again has seen it
            stored = _load(request, session)
            values["theirs"] = _beside(stored, typed, choose_language(request))
        response = _refused(request, session, stored, values)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}?done=restated", status_code=303)


def _beside(stored: StoredScan, typed: Mapping[str, str], language: str) -> list[Row]:
    """What is said of a scan by now, and what was typed, field by field."""
    texts = load_texts(language)
    labels = {name: texts[f"studio.{name}"] for name in RESTATED if name in typed}

    def words(said: Mapping[str, str]) -> dict[str, str]:
        return {**said, "provenance": texts.get(f"studio.provenance_{said.get('provenance')}", "")}

    return say_typed(words(type_details(stored.details)), words(typed), labels)


def _refused(request: Request, session: Session, stored: StoredScan, values: Mapping[str, Any]) -> Response:
    response = _details_page(request, session, stored, values)
    response.status_code = 400
    return response


def _say_faults(request: Request, faults: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each field that cannot be taken; a licence in own words is asked for where it is typed."""
    language = choose_language(request)
    texts, said = load_texts(language), {}
    for name, fault in faults.items():
        own = name == "licence" and typed["licence"] == OWN_WORDS
        longest = LONGEST_SOURCE if name == "sources" else LONGEST.get(name, LONGEST["title"])
        counts = {"longest": str(longest), "most": str(MOST_SOURCES)}
        said["licence_own" if own else name] = fill(texts[f"studio.fault_{fault}"], language, **counts)
    assert all(name in RESTATED or name.startswith(NAME) for name in said)  # noqa: S101 - each has its field
    return said


routes = [
    Route("/studio/scans/{id}/details", show_details, methods=["GET"]),
    Route("/studio/scans/{id}/details", post_details, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
