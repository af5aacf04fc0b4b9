"""Administrators look after accounts; each page says what was done, and what can be undone has its button."""

import re

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import login, submit
from xr_server.storage.people import find_person


@pytest.fixture
def desk(world):
    return world.sign_in("mori")


def person_of(world, name):
    return find_person(world.catalog, "dejima", world.accounts[name])


def step(client, world, name, what, **values):
    return post_form(client, f"/desk/people/{world.accounts[name]}/{what}", **values)


def test_the_list_names_everybody_with_role_and_state(world, desk):
    text = desk.get("/desk/people").text
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", text)]
    assert [row[:3] for row in rows] == [
        ["haru", "Creator", "open"],
        ["kana", "Creator", "open"],
        ["mori", "Administrator", "signed"],
        ["sato", "Staff", "open"],
    ]


@pytest.mark.parametrize(
    ("name", "role", "status", "words"),
    [
        ("kana", "creator", 409, "There is an account of that name already"),
        ("", "creator", 400, "1 to 100 ordinary characters"),
        ("emi", "king", 400, "Choose one of the roles"),
    ],
)
def test_what_cannot_be_made_is_said_and_what_was_typed_stays(desk, name, role, status, words):
    answer = post_form(desk, "/desk/people", name=name, role=role)
    assert answer.status_code == status and words in answer.text
    assert f'value="{name}" required' in answer.text


def test_a_changed_role_can_be_changed_back_at_once(world, desk):
    answer = step(desk, world, "kana", "role", role="clerk")
    assert person_of(world, "kana").role == "clerk"
    page = desk.get(answer.headers["location"])
    assert "The role is changed" in page.text
    path = f"/desk/people/{world.accounts['kana']}/role"
    undo = re.search(rf'<form method="post" action="{path}">.*?name="role" value="(\w+)"', page.text, re.DOTALL)
    assert undo is not None and undo[1] == "creator"
    post_form(desk, path, role=undo[1])
    assert person_of(world, "kana").role == "creator"


def test_a_link_that_somebody_else_made_offers_no_role(world, desk):
    page = desk.get(f"/desk/people/{world.accounts['kana']}?done=role&before=admin").text
    assert "The role is changed" in page and 'type="hidden" name="role"' not in page


def test_a_closed_account_is_out_at_once_and_one_button_opens_it_again(world, desk):
    hers = world.sign_in("kana")
    page = desk.get(step(desk, world, "kana", "close").headers["location"]).text
    assert "signed out everywhere" in page
    assert hers.get("/studio/", follow_redirects=False).headers["location"].startswith("/login")
    assert login(world.visitor(), "kana", PASSWORD).status_code == 401
    refused = step(desk, world, "kana", "link")
    assert refused.status_code == 409 and "Open it again first" in refused.text
    submit(desk, page, f"/desk/people/{world.accounts['kana']}/reopen")
    assert login(world.visitor(), "kana", PASSWORD).status_code == 303


def test_the_last_administrator_is_kept_with_a_sentence(world, desk):
    answer = step(desk, world, "mori", "role", role="staff")
    assert answer.status_code == 409 and "Make somebody else an administrator first" in answer.text
    assert person_of(world, "mori").role == "admin"
    own = desk.get(f"/desk/people/{world.accounts['mori']}").text
    assert "/close" not in own  # nobody closes the account they work with


def test_scans_go_to_somebody_who_then_sees_them(world, desk):
    world.built_scan("kana")
    page = desk.get(f"/desk/people/{world.accounts['kana']}").text
    assert "1 scans go to" in page
    none = step(desk, world, "kana", "hand-over", taker="")
    assert none.status_code == 404 and "Choose it from the list" in none.text
    answer = step(desk, world, "kana", "hand-over", taker=world.accounts["haru"])
    assert "The scans are handed over" in desk.get(answer.headers["location"]).text
    assert ">Wall</a>" in world.sign_in("haru").get("/studio/").text
    assert ">Wall</a>" not in world.sign_in("kana").get("/studio/").text


def test_an_account_that_is_not_there_is_a_page_that_says_so(desk):
    answer = desk.get("/desk/people/nobody")
    assert answer.status_code == 404 and "Choose it from the list" in answer.text


def test_scans_are_offered_to_those_alone_who_can_work_on_them(world, desk):
    world.built_scan("kana")
    step(desk, world, "sato", "role", role="clerk")
    page = desk.get(f"/desk/people/{world.accounts['kana']}").text
    assert f'value="{world.accounts["haru"]}"' in page and f'value="{world.accounts["sato"]}"' not in page
    refused = step(desk, world, "kana", "hand-over", taker=world.accounts["sato"])
    assert refused.status_code == 409 and "cannot work on scans" in refused.text


def test_who_gives_up_the_own_role_lands_on_a_page_that_is_theirs(world, desk):
    step(desk, world, "sato", "role", role="admin")
    answer = step(desk, world, "mori", "role", role="staff")
    assert answer.headers["location"] == "/account" and desk.get("/account").status_code == 200
    assert person_of(world, "mori").role == "staff"
