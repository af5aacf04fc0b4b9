import pytest
from sqlalchemy import delete

from tests.routes.conftest import NOW, PASSWORD, post_form
from tests.routes.forms import login, submit
from xr_server.errors import NotSignedIn
from xr_server.routes.staff import say_problem
from xr_server.storage.tables.people import membership


def test_whoever_is_not_signed_in_is_taken_to_the_login_page_and_back(world):
    client = world.visitor()
    answer = client.get("/desk/figures", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/desk/figures")
    signed = login(client, "sato", PASSWORD, "/desk/figures")
    assert (signed.status_code, signed.headers["location"]) == (303, "/desk/figures")
    assert client.get("/desk/figures").status_code == 200


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "/studio\\@x", "/logout"])
def test_login_leads_only_to_our_own_pages(world, wanted):
    assert login(world.visitor(), "kana", PASSWORD, wanted).headers["location"] == "/studio/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world):
    cookie = login(world.visitor(), "kana", PASSWORD).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie
    assert "secure" not in cookie.split("dejima_login")[0]


def test_over_https_the_cookie_insists_on_it(world):
    client = world.visitor()
    client.base_url = "https://localhost"
    assert "secure" in login(client, "kana", PASSWORD).headers["set-cookie"].lower()


def test_a_wrong_password_keeps_the_name_and_gives_a_sentence_that_helps(world):
    answer = login(world.visitor(), "kana", "wrong")
    assert answer.status_code == 401
    assert "Check capital letters" in answer.text and 'value="kana"' in answer.text
    assert "wrong" not in answer.text.replace("wrong password", "")
    unknown = login(world.visitor(), "nobody", "wrong")
    assert unknown.status_code == 401 and "Check capital letters" in unknown.text


def test_guessing_makes_the_name_rest_for_a_moment(world):
    client = world.visitor()
    for _ in range(5):
        login(client, "kana", "wrong")
    paused = login(client, "kana", PASSWORD)
    assert (paused.status_code, paused.headers["retry-after"]) == (503, "2")
    assert "rests for a moment" in paused.text
    world.clock.at += 2001
    assert login(client, "kana", PASSWORD).status_code == 303


def test_a_login_form_without_its_cookie_is_refused(world):
    answer = login(world.visitor(), "kana", PASSWORD, token="0" * 32)
    assert answer.status_code == 403 and "sign in again" in answer.text


def test_the_login_page_allows_pasting_and_password_managers(world):
    text = world.visitor().get("/login").text
    assert 'autocomplete="username"' in text and 'autocomplete="current-password"' in text
    assert "onpaste" not in text


def test_signing_out_ends_the_session_for_good(world):
    client = world.sign_in("kana")
    token = client.cookies["dejima_session"]
    assert post_form(client, "/logout").headers["location"] == "/login"
    client.cookies.set("dejima_session", token)
    assert client.get("/studio/", follow_redirects=False).status_code == 303


def test_after_twelve_hours_one_signs_in_again(world):
    client = world.sign_in("kana")
    world.clock.at = NOW + 12 * 3_600_000
    assert client.get("/studio/", follow_redirects=False).status_code == 303


def test_a_form_without_its_token_is_refused_with_a_sentence_and_changes_nothing(world):
    client = world.sign_in("kana")
    answer = client.post("/logout", data={}, follow_redirects=False)
    assert answer.status_code == 403 and "Reload the page" in answer.text
    assert client.get("/studio/").status_code == 200


def test_a_visitor_never_gets_a_session(world):
    answer = world.visitor().get("/healthz")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("language", "words"), [("ja", "工房・事務所に入る"), ("en", "Sign in to studio and desk")])
def test_the_language_asked_for_is_remembered(world, language, words):
    client = world.visitor()
    assert words in client.get(f"/login?lang={language}").text
    again = client.get("/login")
    assert words in again.text and f'<html lang="{language}">' in again.text


def test_refusals_nobody_has_translated_stand_in_their_own_words():
    assert say_problem(NotSignedIn("brand_new", "Say what happened."), "ja") == "Say what happened."


def test_private_pages_are_kept_in_no_cache(world):
    assert world.sign_in("kana").get("/studio/").headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/desk/", "/desk/dates", "/desk/figures", "/desk/records/scene/x"])
def test_creators_do_not_see_the_desk(world, path):
    answer = world.sign_in("kana").get(path)
    assert answer.status_code == 403 and "does not have the role" in answer.text


@pytest.mark.parametrize("path", ["/desk/records/scene/x", "/desk/dates/x", "/desk/undo"])
def test_creators_do_not_publish_even_by_hand(world, path):
    assert post_form(world.sign_in("kana"), path, step="publish", revision="1").status_code == 403


def test_a_form_with_the_token_of_an_earlier_session_is_kept_and_goes_on_by_a_button(world):
    client = world.sign_in("kana")
    scan = world.built_scan()
    page = client.get(f"/studio/scans/{scan.id}").text
    submit(client, page, "/logout")  # in another window, and in again: the page's token is no longer the session's
    login(client, "kana", PASSWORD)
    action = f"/studio/scans/{scan.id}/attach"
    kept = submit(client, page, action, landmark="water-gate", title_en="The wall")
    assert kept.status_code == 403 and "What you typed is still here" in kept.text and "<li>The wall</li>" in kept.text
    assert submit(client, kept.text, action).headers["location"].endswith("?done=attached")


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null"])
def test_a_form_another_site_may_have_sent_is_not_kept(world, origin):
    headers = {} if origin is None else {"Origin": origin}
    path = "/desk/records/experience/wall"
    stranger = world.visitor().post(path, data={"step": "publish", "note": "Sneaky."}, headers=headers)
    assert stranger.status_code == 401 and "Sneaky." not in stranger.text
    sato = world.sign_in("sato").post(path, data={"step": "publish", "note": "Sneaky."}, headers=headers)
    assert sato.status_code == 403 and "Sneaky." not in sato.text


@pytest.mark.parametrize(
    ("path", "pairs"),
    [("https://elsewhere.example/", "[]"), ("/logout", "[]"), ("/studio/x", "no JSON"), ("/studio/x", '[["a", 1]]')],
)
def test_what_waits_behind_the_login_leads_only_to_our_own_pages(world, path, pairs):
    client = world.visitor()
    page = client.get("/login").text
    answer = submit(client, page, "/login", name="kana", password=PASSWORD, kept_path=path, kept=pairs)
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/")


def test_an_account_without_a_role_is_told_so_and_can_sign_out(world):
    client = world.sign_in("kana")
    with world.catalog.begin() as connection:
        connection.execute(delete(membership))
    refused = client.get("/studio/")
    assert refused.status_code == 403 and "does not have the role" in refused.text
    assert submit(client, refused.text, "/logout").status_code == 303
    assert client.get("/studio/", follow_redirects=False).headers["location"] == "/login?next=/studio/"
