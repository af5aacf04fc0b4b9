"""The counter's page without an account: opened by a link, a code marked once, taken back there alone, wrong codes slowed."""

import re
import secrets

import pytest

from tests.routes.forms import submit
from xr_server.domain.catalog import Change
from xr_server.domain.rally import Rally
from xr_server.domain.sealed_code import SECRET_NAME, show_code
from xr_server.domain.voucher import FREE_WRONG_CODES, Offer, code_of
from xr_server.storage.counters import Counter, counter_code, end_counter, open_counter
from xr_server.storage.keys import load_secret
from xr_server.storage.vouchers import Claim, issue_voucher

DAY_MS = 86_400_000
RALLY = Rally(
    id="autumn",
    title={"ja": "秋のスタンプ", "en": "Autumn stamps"},
    landmarks=["water-gate"],
    first_on="2026-11-20",
    last_on="2026-11-30",
    prize={"ja": "絵はがき", "en": "A postcard"},
    collect_until="2026-12-02",
)
OFFER = Offer("dejima", "rally", "autumn")


@pytest.fixture
def secret(world):
    return load_secret(world.settings.key_dir, SECRET_NAME, secrets.token_bytes)


@pytest.fixture
def link(world, secret):
    """Opens counters and gives the paths of their links."""
    world.publish(RALLY)

    def make(name="Museum shop"):
        opened = open_counter(
            world.catalog, Counter("", "shop", OFFER, name), Change(world.clock(), "sato"), secrets.token_bytes
        )
        return f"/counter/{counter_code(opened, secret)}"

    return make


@pytest.fixture
def prize(world, secret):
    """Issues prize codes as phones show them."""

    def issue(claim="a card", offer=OFFER):
        issued = issue_voucher(world.catalog, offer, Claim(claim), world.clock(), secrets.token_bytes)
        return show_code(code_of(issued, secret))

    return issue


def opened(world, path):
    """A phone that has opened a counter by its link."""
    phone = world.visitor()
    answer = phone.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/counter/")
    assert "HttpOnly" in answer.headers["set-cookie"] and "Path=/counter" in answer.headers["set-cookie"]
    return phone


def check(phone, code):
    return submit(phone, phone.get("/counter/").text, "/counter/", code=code)


def test_a_code_is_valid_once_and_says_when_it_was_used(world, link, prize):
    shop, code = opened(world, link()), prize()
    page = shop.get("/counter/").text
    assert "Autumn stamps" in page and "Museum shop" in page and "2 December 2026 (Wed)" in page
    answer = check(shop, code.lower())
    assert answer.status_code == 200 and "Valid" in answer.text
    assert "Please hand out: A postcard" in answer.text and "24 November 2026 (Tue) 11:00" in answer.text
    assert answer.headers["cache-control"] == "private, no-store" and answer.headers["x-robots-tag"] == "noindex"
    world.clock.at += 2 * 60_000
    again = check(shop, code)
    assert again.status_code == 409 and "Already used" in again.text
    assert "24 November 2026 (Tue) 11:00" in again.text and "another counter" not in again.text
    assert 'action="/counter/undo"' not in again.text


def test_the_same_code_at_two_counters_is_handed_out_at_one(world, link, prize):
    first, second = opened(world, link("Shop")), opened(world, link("Gate"))
    page, code = second.get("/counter/").text, prize()  # both have the form before them
    assert check(first, code).status_code == 200
    late = submit(second, page, "/counter/", code=code)
    assert late.status_code == 409 and "another counter" in late.text


def test_what_a_counter_marked_is_taken_back_there_within_a_minute_alone(world, link, prize):
    path, code = link(), prize()
    shop, visitor = opened(world, path), opened(world, path)  # somebody photographed the link
    marked = check(shop, code).text
    stolen = submit(visitor, marked.replace(till_of(marked), till_of(visitor.get("/counter/").text)), "/counter/undo")
    assert stolen.status_code == 409
    world.clock.at += 59_000
    undone = submit(shop, marked, "/counter/undo")
    assert undone.status_code == 200 and "valid again" in undone.text
    marked = check(shop, code).text
    world.clock.at += 61_000
    assert submit(shop, marked, "/counter/undo").status_code == 409


def till_of(page):
    found = re.search(r'name="till" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_wrong_and_foreign_codes_are_told_apart_and_nothing_is_marked(world, link, prize):
    shop, code = opened(world, link()), prize()
    assert check(shop, "short").status_code == 400
    wrong = check(shop, ("1" if code[0] != "1" else "2") + code[1:])
    assert wrong.status_code == 404 and "Not valid" in wrong.text and 'aria-invalid="true"' in wrong.text
    foreign = check(shop, prize(offer=Offer("dejima", "rally", "spring")))
    assert foreign.status_code == 409 and "something else" in foreign.text
    assert check(shop, code).status_code == 200


def test_many_wrong_codes_make_that_counter_wait(world, link, prize):
    shop, other, code = opened(world, link()), opened(world, link()), prize()
    for _ in range(FREE_WRONG_CODES + 5):
        assert check(shop, "00000-00000").status_code == 404
    paused = check(shop, code)
    assert paused.status_code == 503 and int(paused.headers["retry-after"]) > 0 and "rests for a moment" in paused.text
    assert code in paused.text  # what was typed is still there
    assert check(other, code).status_code == 200
    world.clock.at += 300_001
    assert "Already used" in check(shop, code).text


def test_after_the_last_day_nothing_is_handed_out(world, link, prize):
    shop, code = opened(world, link()), prize()
    world.clock.at += 8 * DAY_MS  # 2 December, 11:00: still the last day
    assert check(shop, code).status_code == 200
    world.clock.at += DAY_MS
    over = check(shop, prize("another card"))
    assert over.status_code == 409 and "until 2 December 2026 (Wed)" in over.text


def test_a_scanned_address_fills_the_form_and_marks_nothing(world, link, prize):
    shop, code = opened(world, link()), prize()
    page = shop.get(f"/counter/?prize={code}").text
    assert f'value="{code}"' in page and "Already used" not in page
    assert check(shop, f"https://dejima.example/counter/?prize={code}").status_code == 200
    visitor = world.visitor().get(f"/counter/?prize={code}").text
    assert "show it there" in visitor and code not in visitor


def test_a_link_that_was_ended_opens_nothing_and_closes_what_it_opened(world, link, prize, secret):
    path = link()
    shop, code = opened(world, path), prize()
    page = shop.get("/counter/").text
    serial = path.rpartition("/")[2][:5]
    end_counter(world.catalog, OFFER, serial, Change(world.clock(), "sato"))
    refused = submit(shop, page, "/counter/", code=code)
    assert "Nothing was marked" in refused.text and 'action="/counter/enter"' in refused.text
    assert world.visitor().get(path).status_code == 404
    assert check(opened(world, link()), code).status_code == 200


def test_the_code_of_a_counter_can_be_typed_and_a_forged_cookie_opens_nothing(world, link, prize):
    path, phone = link(), world.visitor()
    page = phone.get("/counter/").text
    assert submit(phone, page, "/counter/enter", counter="ABCDE-FGHJK").status_code == 404
    answer = submit(phone, page, "/counter/enter", counter=path.rpartition("/")[2].lower())
    assert answer.headers["location"] == "/counter/"
    forged = world.visitor()
    forged.cookies.set("dejima_counter", "00000AAAAA.0123")
    assert 'action="/counter/enter"' in forged.get("/counter/").text


def test_whoever_guesses_at_the_link_of_a_counter_has_to_wait_and_nobody_else(world, link, prize):
    path, other = link(), link("Gate")
    serial = path.rpartition("/")[2][:5]
    guess = f"/counter/{serial}" + ("AAAAA" if not path.endswith("AAAAA") else "BBBBB")
    answers = [world.visitor().get(guess, follow_redirects=False).status_code for _ in range(FREE_WRONG_CODES + 6)]
    assert answers[:-1] == [404] * (FREE_WRONG_CODES + 5) and answers[-1] == 503
    assert world.visitor().get(path, follow_redirects=False).status_code == 503  # for a moment, at that counter alone
    opened(world, other)
    world.clock.at += 300_001
    shop = opened(world, path)
    assert check(shop, prize()).status_code == 200


def test_a_form_of_another_browser_marks_nothing(world, link, prize):
    path, code = link(), prize()
    shop, other = opened(world, path), opened(world, path)
    answer = submit(shop, other.get("/counter/").text, "/counter/", code=code)
    assert answer.status_code == 403 and "Nothing was changed" in answer.text
    assert check(shop, code).status_code == 200


def test_the_counter_speaks_japanese(world, link, prize):
    shop = opened(world, link())
    page = shop.get("/counter/?lang=ja").text
    assert "秋のスタンプ" in page and "絵はがき" in page and "12月2日（水）" in page
    assert "使えます" in check(shop, prize()).text
