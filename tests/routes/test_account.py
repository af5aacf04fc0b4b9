"""One's own account in a browser, the one-time link, and that guessing strangers lock nobody out."""

import base64
import re

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import login, submit

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


def make_token(client, label="the scanner's computer"):
    answer = submit(client, client.get("/account").text, "/account/tokens", label=label)
    found = re.search(r">(dejima_[0-9a-f]{64})</textarea>", answer.text)
    return answer, found and found[1]


def test_a_token_is_shown_once_and_sends_scans_in_its_owners_name_until_it_is_ended(world):
    client = world.sign_in("kana")
    answer, token = make_token(client)
    assert token and answer.headers["cache-control"] == "private, no-store"
    listed = client.get("/account").text
    assert token not in listed and "not yet" in listed
    program = world.visitor()
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", "Accept": "application/json"}
    fields = {
        "filename": "wall.ply",
        "title": "Wall",
        "creator": "K",
        "licence": "CC0",
        "lat": "32",
        "lon": "129",
        "height": "3",
    }
    pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())
    created = program.post("/api/v1/uploads", headers={**headers, "Upload-Length": "4", "Upload-Metadata": pairs})
    assert created.status_code == 201
    assert "Wall" in client.get("/studio/").text
    assert program.head(created.headers["location"], headers=headers).status_code == 200
    assert program.get("/studio/", headers=headers, follow_redirects=False).status_code == 303  # no page opens by it
    assert "set-cookie" not in created.headers
    end = re.search(r'name="token" value="(\w+)"', client.get("/account").text)
    assert end is not None
    post_form(client, "/account/tokens/end", token=end[1])
    refused = program.head(created.headers["location"], headers=headers)
    assert refused.status_code == 401
    again = program.post("/api/v1/uploads", headers={**headers, "Upload-Length": "4", "Upload-Metadata": pairs})
    assert again.json()["code"] == "token_over"


def test_a_token_without_a_word_on_its_use_is_not_made(world):
    client = world.sign_in("kana")
    answer, token = make_token(client, "")
    assert answer.status_code == 400 and token is None and "what the token is for" in answer.text
    assert 'id="label"' in answer.text and "aria-invalid" in answer.text


def test_only_who_sends_scans_makes_tokens(world):
    post_form(world.sign_in("mori"), f"/desk/people/{world.accounts['kana']}/role", role="clerk")
    client = world.sign_in("kana")
    assert "/account/tokens" not in client.get("/account").text
    assert post_form(client, "/account/tokens", label="x").status_code == 403


def test_the_old_password_is_not_guessed_at_leisure(world):
    client = world.sign_in("kana")
    for _ in range(5):
        assert change(client, "wrong", NEW).status_code == 403
    paused = change(client, PASSWORD, NEW)
    assert paused.status_code == 503 and "rests for a moment" in paused.text
    world.clock.at += 2001
    assert change(client, PASSWORD, NEW).status_code == 303


def test_a_link_ends_the_pause_that_guessing_has_brought(world):
    for _ in range(6):
        login(world.visitor(), "kana", "wrong")
    assert login(world.visitor(), "kana", PASSWORD).status_code == 503
    link = LINK.search(post_form(world.sign_in("mori"), f"/desk/people/{world.accounts['kana']}/link").text)[1]
    guest = world.visitor()
    assert submit(guest, guest.get(link).text, link, new=NEW).status_code == 303
    for _ in range(6):  # strangers go on guessing
        login(world.visitor(), "kana", "wrong")
    assert login(guest, "kana", NEW).status_code == 303
