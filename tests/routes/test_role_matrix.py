"""Every address of creators and staff, asked for in every role: who may, who is told why not, and nobody unsigned."""

import secrets
from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.routes.conftest import PASSWORD
from xr_server.app import CREATORS_AND_STAFF
from xr_server.domain.account import ROLES, STEPS, NewAccount, Role, Step
from xr_server.storage.accounts import add_account

PUBLIC = {
    "/login",
    "/reset/{token}",
    "/feeds/{token}.atom",
    "/account/mail/{token}",
    "/account/mail/{token}/decline",
    "/join",
    "/join/account",
    "/studio",
    "/desk",
    "/permits/",
    "/permits/{code}",
    "/counter/",
    "/counter/enter",
    "/counter/undo",
    "/counter/{code}",
    "/tablets/",
    "/tablets/now",
    "/tablets/{code}",
}
"""Needs no account; /studio and /desk only lead on."""
ANY_ROLE = {
    "/logout",
    "/account",
    "/account/password",
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/tokens/end",
    "/account/feed",
    "/account/feed/end",
    "/account/mail",
    "/account/mail/{token}/confirm",
    "/inbox",
    "/studio/permissions/{id}/sheet",
    "/join/welcome",
    "/studio/media/{id}/file",
    "/studio/media/{id}/small",
    "/studio/media/{id}/captions/{lang}",
}
NEEDS: dict[Step, set[str]] = {
    "upload": {
        "/account/tokens",
        "/api/v1/uploads",
        "/api/v1/uploads/{id}",
        "/api/v1/scans/{id}",
        "/api/v1/scans/{id}/progress",
        "/studio/",
        "/studio/upload",
        "/studio/upload/from/{digest}",
        "/studio/scans/{id}",
        "/studio/scans/{id}/files/{file}",
        "/studio/scans/{id}/cancel",
        "/studio/scans/{id}/again",
        "/studio/scans/{id}/preview",
        "/studio/scans/{id}/preview/end",
        "/studio/scans/{id}/report",
        "/studio/scans/{id}/compare",
        "/studio/scans/{id}/compare/{file}",
        "/studio/media",
        "/studio/media/add",
        "/studio/media/{id}",
        "/studio/media/{id}/delete",
        "/studio/scans/{id}/scale",
        "/studio/scans/{id}/rebuild",
    },
    "attach": {
        "/studio/scans/{id}/attach",
        "/studio/scans/{id}/place",
        "/studio/scans/{id}/ties",
        "/studio/scans/{id}/details",
        "/studio/scenes/{id}",
        "/studio/scenes/{id}/back",
        "/studio/scenes/{id}/preview",
        "/studio/scenes/{id}/preview/end",
        "/studio/scenes/{id}/packages/{digest}/{file}",
        "/studio/scans/{id}/original",
        "/studio/scans/{id}/original/delete",
        "/studio/scans/{id}/delete",
        "/studio/library",
        "/studio/library/{digest}",
        "/studio/library/{digest}/start",
    },
    "show_work": {"/studio/portfolio", "/studio/portfolio/works.zip"},
    "send_for_review": {"/studio/scans/{id}/review", "/studio/scans/{id}/take-back"},
    "teach": {
        "/studio/scans/{id}/send-back",
        "/studio/media/{id}/pass-on",
        "/studio/media/{id}/give-back",
        "/desk/classes",
        "/desk/classes/{id}",
        *(
            f"/desk/classes/{{id}}/{step}"
            for step in (
                "change",
                "code",
                "close-code",
                "cards",
                "delete",
                "pupils/{pupil}/link",
                "pupils/{pupil}/delete",
            )
        ),
    },
    "review": {
        "/desk/",
        "/desk/notices",
        "/desk/notices/{id}",
        "/desk/places",
        "/desk/places/{kind}/{id}",
        "/desk/texts",
        "/desk/texts/{kind}/{id}",
        "/desk/advice",
        "/desk/outline",
        "/desk/rallies",
        "/desk/questionnaires/{id}",
        "/desk/rallies/{id}",
        "/desk/rallies/{id}/run",
        "/desk/campaigns",
        "/desk/campaigns/{id}",
        "/desk/campaigns/{id}/run",
        *(f"/desk/campaigns/{{id}}/{rest}" for rest in ("posters.pdf", "posters.zip", "posters/{file}")),
        "/desk/posters/{digest}",
        "/desk/packages/{digest}/report",
        "GET /desk/records/{kind}/{id}",
    },
    "publish": {
        "/desk/approvals",
        "/desk/approvals/{id}",
        "/desk/memories",
        *(f"/desk/memories/{{id}}{rest}" for rest in ("", "/translation", "/picture")),
        "POST /desk/records/{kind}/{id}",
        "/desk/records/{kind}/{id}/roll-back",
        "/desk/kiosk",
        "POST /desk/open-data/{month}",
        "/desk/undo",
        "/desk/packages/{digest}",
        "/desk/packages/{digest}/stop",
        "/desk/packages/{digest}/release",
    },
    "ask_permission": {
        "/studio/permissions",
        *(f"/studio/permissions/{rest}" for rest in ("new", "{id}", "{id}/change", "{id}/take-back")),
    },
    "give_permission": {"/desk/permissions", "/desk/permissions/{id}", "/desk/permissions/{id}/withdraw"},
    "schedule": {
        "/desk/assist",
        "/desk/assist/{lang}/",
        "/desk/assist/{lang}/landmarks/{landmark}",
        "/desk/assist/{lang}/experiences/{experience}",
        "/desk/exchange",
        "/desk/exchange/undo",
        "/desk/exchange/plan.csv",
        "/desk/exchange/plan.xlsx",
        "/desk/calendar",
        "/desk/calendar/{year}",
        "/desk/calendar/{year}/{month}",
        "/desk/calendar/{year}/{month}/{day}",
        "/desk/calendar/add",
        "/desk/moment",
        "/desk/moment/{at}/{show}/{lang}/",
        "/desk/moment/{at}/{show}/{lang}/landmarks/{landmark}",
        "/desk/moment/{at}/{show}/{lang}/experiences/{experience}",
        "/desk/moment/{at}/{show}/{lang}/{rest:path}",
        "/desk/dates",
        "/desk/dates/{id}",
        "/desk/seasons",
        "/desk/seasons/{id}",
        "/desk/figures/targets",
        "/desk/figures/targets/{year}",
        "/desk/surveys",
        "/desk/surveys/undo",
        "/desk/rallies/new",
        *(f"/desk/campaigns/{{id}}/{step}" for step in ("links", "links/drop", "counters", "counters/end")),
        *(f"/desk/rallies/{{id}}/{step}" for step in ("counters", "counters/end", "signs", "cards", "assist")),
    },
    "read_figures": {
        "/desk/figures",
        "/desk/open-data",
        "GET /desk/open-data/{month}",
        *(f"/desk/figures/{name}" for name in ("places", "ar", "audience", "campaigns", "seasons")),
        "/desk/figures/now",
        "/desk/figures/quality",
        "/desk/figures/report",
        "/desk/figures/report/{month}",
        "/desk/figures/export.xlsx",
        "/desk/figures/export.csv",
        "/desk/questionnaires",
        *(f"/desk/questionnaires/{{id}}/answers{ending}" for ending in ("", ".csv", ".xlsx")),
    },
    "read_log": {"/desk/privacy", "/desk/log", "/desk/log.csv", "/desk/log.xlsx"},
    "manage_people": {
        "/desk/partners",
        "/desk/partners/rules",
        "/desk/partners/rules/{id}/end",
        "/desk/partners/parts/{id}",
        "/desk/people",
        "/desk/people/{id}",
        "/desk/site",
        "/desk/site/organisations",
        "/desk/site/organisations/{id}",
        "/desk/site/geoid",
        "/desk/site/room",
        "/desk/classes/{id}/room",
        "/desk/classes/{id}/teacher",
        *(
            f"/desk/people/{{id}}/{step}"
            for step in ("link", "role", "close", "reopen", "hand-over", "part", "organisation")
        ),
    },
}
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
UNSIGNED = {303, 401}
TELLS_ONLY = {("POST", "/api/v1/uploads/{id}")}
"""Another method behind a proxy, by X-HTTP-Method-Override; without that header it is none."""


def addresses() -> list[tuple[str, str]]:
    """Method and address of every route of creators and staff that is no public one."""
    routes = [route for module in CREATORS_AND_STAFF for route in module.routes]
    assert all(isinstance(route, Route) for route in routes)
    found = [
        (method, route.path)
        for route in routes
        if isinstance(route, Route) and route.path not in PUBLIC
        for method in sorted(route.methods or ())
    ]
    told = {"HEAD", "OPTIONS"}  # what is there, and which protocol
    return [(method, path) for method, path in found if method not in told and (method, path) not in TELLS_ONLY]


def step_for(method: str, path: str) -> Step | None:
    """The step that an address needs; None when an account is enough. Fails for an address nobody has thought about."""
    found = [step for step, paths in NEEDS.items() if path in paths or f"{method} {path}" in paths]
    assert len(found) == (path not in ANY_ROLE), f"say in this test who may {method} {path}"
    return found[0] if found else None


def ask(client: TestClient, method: str, path: str) -> Any:
    """Ask for an address whose things are not there, as the page or the uploader would."""
    address = path
    for part in ("{id}", "{file}", "{digest}", "{kind}", "{pupil}", "{lang}"):
        address = address.replace(part, "none")
    if address.startswith("/api/"):
        return client.request(method, address, headers=TUS, follow_redirects=False)
    data = {"csrf": client.headers.get("X-CSRF-Token", "")} if method == "POST" else None
    return client.request(method, address, data=data, follow_redirects=False)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_addresses_and_no_others(world: Any, role: Role) -> None:
    add_account(world.catalog, NewAccount("dejima", role, role, PASSWORD), world.clock(), secrets.token_bytes)
    client = world.sign_in(role)
    wrong = []
    for method, path in addresses():
        if path == "/logout":
            continue
        step = step_for(method, path)
        allowed = step is None or step in STEPS[role]
        answer = ask(client, method, path)
        assert answer.status_code < 500, (method, path)
        if (answer.status_code == 403 and "does not have the role" in answer.text) == allowed:
            wrong.append((method, path, answer.status_code))
    assert wrong == []


def test_nobody_who_has_not_signed_in_gets_anywhere(world: Any) -> None:
    client = world.visitor()
    answers = {(method, path): ask(client, method, path) for method, path in addresses()}
    assert {key: answer.status_code for key, answer in answers.items() if answer.status_code not in UNSIGNED} == {}
    assert all(a.headers["location"].startswith("/login") for a in answers.values() if a.status_code == 303)


def test_every_role_can_do_something() -> None:
    assert all(STEPS[role] for role in ROLES)
    assert set().union(*STEPS.values()) == set(NEEDS)
