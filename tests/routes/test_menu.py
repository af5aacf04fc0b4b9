"""The menu: each role's pages in groups, where one is, and what waits, on every page."""

import re

import pytest

from tests.routes.conftest import post_form
from xr_server.domain.account import ROLES, STEPS, Session
from xr_server.routes.menu import GROUPS, SHORTCUTS, make_menu
from xr_server.routes.staff import home_of


def session(*roles):
    return Session("a", "kana", "dejima", frozenset(roles), "", 0)


def menu_at(role, path, waiting=None):
    return make_menu(session(role), path, home_of(session(role)), waiting or {})


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_its_own_pages_each_once_and_no_others(role):
    menu = menu_at(role, "/inbox")
    shown = [entry.href for group in menu.groups for entry in group.entries]
    pages = [page for _, pages in GROUPS for page in pages if not page.if_counted]
    allowed = {page.href for page in pages if page.step in STEPS[role]}
    if "give_permission" in STEPS[role]:
        allowed -= {"/studio/permissions"}  # leads on from the page of all requests
    assert sorted(shown) == sorted(allowed)
    digits = [entry.shortcut for group in menu.groups for entry in group.entries if entry.shortcut]
    assert sorted(digits) == list(range(1, min(len(shown), SHORTCUTS) + 1))


def test_approvals_stand_in_the_menu_only_where_somebody_has_to_ask():
    def shown(waiting):
        return [entry.href for group in menu_at("staff", "/desk/", waiting).groups for entry in group.entries]

    assert "/desk/approvals" not in shown({}) and "/desk/approvals" in shown({"/desk/approvals": 0})


def test_digits_are_counted_from_the_group_one_works_in():
    digits = {entry.href: entry.shortcut for group in menu_at("staff", "/inbox").groups for entry in group.entries}
    assert digits["/desk/"] == 1
    assert digits["/desk/figures"] is not None
    assert digits["/studio/"] is None  # its group comes last
    assert sorted(digit for digit in digits.values() if digit) == list(range(1, 10))


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/studio/", "/studio/"),
        ("/studio/scans/1", "/studio/"),
        ("/studio/media/add", "/studio/media"),
        ("/studio/mediation", None),
        ("/desk/", "/desk/"),
        ("/desk/records/scene/x", "/desk/"),
        ("/desk/classes/1/delete", "/desk/classes"),
        ("/studio/permissions/new", "/desk/permissions"),
        ("/desk/site", "/desk/site"),
        ("/account", None),
    ],
)
def test_the_menu_says_where_one_is_and_shows_the_pages_beside_it(path, here):
    menu = menu_at("admin", path)
    found = [entry.href for group in menu.groups for entry in group.entries if entry.is_here]
    assert found == ([here] if here else [])
    assert (here or "/desk/") in [entry.href for entry in menu.here]


def test_a_pupil_has_all_of_it_in_the_bar():
    assert menu_at("pupil", "/studio/").is_short
    assert not menu_at("creator", "/studio/").is_short


def test_what_waits_is_counted_in_the_bar_on_every_page(world, kana, scan):
    post_form(kana, f"/studio/scans/{scan.id}/review", revision=1)
    sato = world.sign_in("sato")
    for path in ("/studio/", "/desk/figures", "/account", "/inbox"):
        page = sato.get(path).text
        bar = page[page.index('<a class="inbox"') :]
        assert 'aria-label="1 waiting for you">1</span>' in bar[: bar.index("</a>")]
        assert re.search(r"<details id=\"menu\">\s*<summary>", page)
    assert 'class="count"' not in kana.get("/inbox").text
