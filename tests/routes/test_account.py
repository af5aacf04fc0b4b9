"""One's own account in a browser, the one-time link, and that guessing strangers lock nobody out."""

import re

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import submit
from tests.routes.test_auth import login

NEW = "a fan in the harbour"
LINK = re.compile(r"http://localhost(/reset/[0-9a-f]{64})")


def change(client, old, new):
    return submit(client, client.get("/account").text, "/account/password", old=old, new=new)


def test_a_changed_password_holds_and_signs_out_all_other_browsers(world):
    client, other = world.sign_in("kana"), world.sign_in("kana")
    answer = change(client, PASSWORD, NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password_changed")
    assert "Everywhere else you are signed out" in client.get(answer.headers["location"]).text
    assert other.get("/account", follow_redirects=False).headers["location"] == "/login?next=/account"
    assert login(world.visitor(), "kana", PASSWORD).status_code == 401
    assert login(world.visitor(), "kana", NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("wrong", NEW, 403, ("The password you have now is another one", "old")),
        (PASSWORD, "x9 x9", 400, ("at least 10 characters", "new")),
    ],
)
def test_what_is_wrong_with_a_password_is_said_beside_its_field(world, old, new, status, said):
    words, field = said
    client, other = world.sign_in("kana"), world.sign_in("kana")
    answer = change(client, old, new)
    assert answer.status_code == status and words in answer.text
    assert re.search(rf'<input id="{field}"[^>]*aria-invalid="true"[^>]*>', answer.text)
    assert new not in answer.text
    assert other.get("/account").status_code == 200
    assert login(world.visitor(), "kana", PASSWORD).status_code == 303


def test_ones_other_sessions_are_seen_and_ended(world):
    client, second, third = (world.sign_in("kana") for _ in range(3))
    page = client.get("/account").text
    assert page.count("this browser") == 1
    listed = re.findall(r'name="session" value="(\w+)"', page)
    assert len(listed) == 2
    post_form(client, "/account/sessions/end", session=listed[0])
    left = [one.get("/account", follow_redirects=False).status_code for one in (second, third)]
    assert sorted(left) == [200, 303]
    post_form(client, "/account/sessions/end-others")
    assert {one.get("/account", follow_redirects=False).status_code for one in (second, third)} == {303}
    assert "Sign out everywhere else" not in client.get("/account").text


def test_nobody_ends_somebody_elses_session(world):
    hers = world.sign_in("haru")
    other = world.sign_in("haru")
    listed = re.findall(r'name="session" value="(\w+)"', hers.get("/account").text)
    post_form(world.sign_in("kana"), "/account/sessions/end", session=listed[0])
    assert other.get("/account", follow_redirects=False).status_code == 200


def test_a_password_form_is_never_kept_behind_a_login(world):
    client = world.sign_in("kana")
    form = client.get("/account").text
    client.cookies.delete("dejima_session")
    answer = submit(client, form, "/account/password", old=PASSWORD, new=NEW)
    assert answer.status_code == 401
    assert PASSWORD not in answer.text and NEW not in answer.text


def test_a_new_account_is_entered_by_its_link_once(world):
    desk = world.sign_in("mori")
    made = submit(desk, desk.get("/desk/people").text, "/desk/people", name="emi", role="creator")
    link = LINK.search(made.text)
    assert made.status_code == 200 and link is not None
    guest = world.visitor()
    page = guest.get(link[1])
    assert page.status_code == 200 and "For the account emi" in page.text
    short = submit(guest, page.text, link[1], new="short")
    assert short.status_code == 400 and "at least 10 characters" in short.text
    done = submit(guest, page.text, link[1], new=NEW)
    assert (done.status_code, done.headers["location"]) == (303, "/login?done=password_set")
    assert "Sign in with it now" in guest.get(done.headers["location"]).text
    assert login(guest, "emi", NEW).headers["location"] == "/studio/"
    for again in (guest.get(link[1]), submit(guest, page.text, link[1], new="another one of it")):
        assert again.status_code == 404 and "ask an administrator for another one" in again.text


def test_a_link_is_in_no_cache_and_leaves_no_referrer(world):
    desk = world.sign_in("mori")
    person = world.accounts["kana"]
    answer = post_form(desk, f"/desk/people/{person}/link")
    link = LINK.search(answer.text)
    assert link is not None
    for page in (answer, world.visitor().get(link[1])):
        assert page.headers["cache-control"] == "private, no-store"
        assert page.headers["referrer-policy"] in {"no-referrer", "same-origin", "strict-origin"}


def test_strangers_who_guess_do_not_lock_out_whom_the_name_belongs_to(world):
    own = world.visitor()
    assert login(own, "kana", PASSWORD).status_code == 303
    post_form(world.sign_in("kana"), "/logout")
    stranger = world.visitor()
    for _ in range(6):
        login(stranger, "kana", "wrong")
    assert login(stranger, "kana", PASSWORD).status_code == 503
    own.cookies.delete("dejima_session")
    assert login(own, "kana", PASSWORD).status_code == 303


def test_a_browser_that_is_known_for_one_name_is_a_stranger_to_others_and_cannot_be_made_up(world):
    own, stranger = world.visitor(), world.visitor()
    assert login(own, "haru", PASSWORD).status_code == 303
    own.cookies.delete("dejima_session")
    for _ in range(6):
        login(stranger, "kana", "wrong")
    assert login(own, "kana", PASSWORD).status_code == 503
    for made_up in ("0" * 32 + "." + "0" * 64, "x", "."):
        guest = world.visitor()
        guest.cookies.set("dejima_known", made_up, path="/login")
        assert login(guest, "kana", PASSWORD).status_code == 503


def test_a_known_browser_that_guesses_rests_too(world):
    own = world.visitor()
    assert login(own, "kana", PASSWORD).status_code == 303
    own.cookies.delete("dejima_session")
    for _ in range(6):
        login(own, "kana", "wrong")
    assert login(own, "kana", PASSWORD).status_code == 503
    assert login(world.visitor(), "kana", PASSWORD).status_code == 303
