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

PUBLIC = {"/login", "/reset/{token}", "/studio", "/desk"}
"""Needs no account; the last two only lead on."""
ANY_ROLE = {
    "/logout",
    "/account",
    "/account/password",
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/tokens/end",
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
        "/studio/scans/{id}",
        "/studio/scans/{id}/files/{file}",
        "/studio/scans/{id}/cancel",
        "/studio/scans/{id}/again",
        "/studio/scans/{id}/preview",
        "/studio/scans/{id}/preview/end",
        "/studio/scans/{id}/report",
    },
    "attach": {"/studio/scans/{id}/attach", "/studio/scans/{id}/place", "/studio/scans/{id}/details"},
    "send_for_review": {"/studio/scans/{id}/review", "/studio/scans/{id}/take-back"},
    "review": {"/desk/", "/desk/posters/{digest}", "/desk/packages/{digest}/report", "GET /desk/records/{kind}/{id}"},
    "publish": {"POST /desk/records/{kind}/{id}", "/desk/undo"},
    "schedule": {"/desk/dates", "/desk/dates/{id}"},
    "read_figures": {"/desk/figures"},
    "manage_people": {
        "/desk/people",
        "/desk/people/{id}",
        *(f"/desk/people/{{id}}/{step}" for step in ("link", "role", "close", "reopen", "hand-over")),
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
    for part in ("{id}", "{file}", "{digest}", "{kind}"):
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
