"""What phones ask of a rally: stamps for codes of signs and tablets, and the prize, once, whatever is tried."""

import re
import secrets
from dataclasses import dataclass

import msgspec
import pytest
from starlette.testclient import TestClient

from tests.routes.test_counter import check, opened
from tests.samples import GATE
from xr_server.domain.catalog import Change
from xr_server.domain.rally import LATE_MS, MOST_LATE, SHOWN_MS, Rally, Spot, make_sign_code
from xr_server.domain.sealed_code import SECRET_NAME
from xr_server.domain.voucher import Offer
from xr_server.storage.catalog import Name, load_record, withdraw_record
from xr_server.storage.counters import Counter, counter_code, open_counter
from xr_server.storage.keys import load_secret

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
HOUSE = msgspec.structs.replace(GATE, id="house", name={"ja": "屋敷", "en": "House"})
CARD, OTHER = "0f" * 16, "a1" * 16
RALLY = Rally(
    id="autumn",
    title={"ja": "秋のスタンプ", "en": "Autumn stamps"},
    landmarks=["water-gate", "house"],
    first_on="2026-11-20",
    last_on="2026-11-30",
    prize={"ja": "絵はがき", "en": "A postcard"},
    collect_at={"ja": "売店", "en": "Museum shop"},
    collect_until="2026-12-02",
)


@dataclass
class Phone:
    """A phone with a card."""

    client: TestClient
    card: str = CARD

    def post(self, what, **body):
        return self.client.post(f"/api/v1/sites/dejima/rallies/autumn/{what}", json={"card": self.card, **body})

    def stamp(self, landmark, code, **more):
        return self.post("stamps", landmark=landmark, code=code, **more)

    def prize(self, *landmarks):
        return self.post("prize", landmarks=list(landmarks))


@pytest.fixture
def play(world):
    """Publishes the rally otherwise, and gives phones."""
    world.publish(HOUSE)

    def publish(card=CARD, **changes):
        if changes or not has_rally(world):
            world.publish(msgspec.structs.replace(RALLY, **changes))
            world.app.state.parts.published.refresh()
        return Phone(world.visitor(), card)

    return publish


def has_rally(world):
    return world.visitor().get("/en/dejima/rallies/autumn").status_code == 200


def secret_of(world):
    return load_secret(world.settings.key_dir, SECRET_NAME, secrets.token_bytes)


def sign(world, landmark):
    return make_sign_code(Spot("dejima", "autumn", landmark), secret_of(world))


@pytest.fixture
def tablet(world):
    """A tablet at a landmark; gives the code it shows now, as the page says it."""

    def show(landmark="water-gate"):
        wanted = Counter("", "tablet", Offer("dejima", "rally", "autumn"), "Tablet", landmark)
        made = open_counter(world.catalog, wanted, Change(world.clock(), "sato"), secrets.token_bytes)
        client = world.visitor()
        answer = client.get(f"/tablets/{counter_code(made, secret_of(world))}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tablets/")
        return client

    return show


def shown(client):
    found = re.search(r'class="big-code"[^>]*>([0-9A-Z-]+)<', client.get("/tablets/").text)
    assert found is not None
    return found[1]


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_without_proof_the_landmarks_of_a_card_win_once(world, play):
    phone = play()
    assert refusal(phone.prize("water-gate")) == (409, "stamps_missing")
    won = phone.prize("house", "water-gate")
    assert won.status_code == 200 and won.headers["cache-control"] == "private, no-store"
    body = won.json()
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", body["code"]) and body["used_at"] is None and "<svg" in body["qr"]
    assert phone.prize().json()["code"] == body["code"]  # the stamps are known; the answer was lost on the way
    assert play(OTHER).prize("house", "water-gate").json()["code"] != body["code"]
    assert refusal(phone.stamp("house", "ABCDEFGH")) == (409, "proof_none")


def test_a_prize_is_seen_as_used_by_every_phone_with_that_card(world, play):
    phone, copy = play(), play()
    code = phone.prize("house", "water-gate").json()["code"]
    assert copy.prize("house", "water-gate").json()["code"] == code
    counter = Counter("", "shop", Offer("dejima", "rally", "autumn"), "Shop")
    made = open_counter(world.catalog, counter, Change(world.clock(), "sato"), secrets.token_bytes)
    shop = opened(world, f"/counter/{counter_code(made, secret_of(world))}")
    assert check(shop, code).status_code == 200
    assert check(shop, copy.prize().json()["code"]).status_code == 409
    assert phone.prize().json()["used_at"] == world.clock()


def test_a_fixed_order_is_held(world, play):
    phone = play(order="fixed")
    assert refusal(phone.prize("house", "water-gate")) == (409, "stamps_missing")
    assert refusal(phone.prize("house")) == (409, "stamps_missing")  # nothing was kept of the card before
    assert phone.prize("water-gate", "house").status_code == 200


def test_a_fixed_order_is_held_where_signs_prove_it(world, play):
    signed = play(order="fixed", proof="sign")
    assert refusal(signed.stamp("house", sign(world, "house"))) == (409, "stamp_too_early")
    assert signed.stamp("water-gate", sign(world, "water-gate")).status_code == 200


def test_a_sign_s_code_stamps_its_own_landmark_and_a_made_up_card_wins_nothing(world, play):
    phone = play(proof="sign")
    assert refusal(phone.stamp("house", sign(world, "water-gate"))) == (400, "proof_wrong")
    assert refusal(phone.stamp("bridge", sign(world, "water-gate"))) == (409, "stamp_elsewhere")
    assert phone.stamp("house", sign(world, "house")).json() == {"landmarks": ["house"]}
    assert refusal(phone.prize("house", "water-gate")) == (
        409,
        "stamps_missing",
    )  # what the phone says counts for nothing
    assert phone.stamp("water-gate", sign(world, "water-gate").lower()).json() == {"landmarks": ["house", "water-gate"]}
    assert phone.prize().status_code == 200
    assert refusal(play(OTHER).prize("house", "water-gate")) == (409, "stamps_missing")


def test_a_tablet_s_code_is_taken_while_it_is_shown_and_a_photograph_of_it_is_not(world, play, tablet):
    phone, screen = play(proof="rotating", stamps_needed=1), tablet()
    photograph = shown(screen)
    assert screen.get("/tablets/now").json()["code"] == photograph
    assert phone.stamp("water-gate", photograph).status_code == 200
    world.clock.at += SHOWN_MS
    assert shown(screen) != photograph
    assert play(OTHER).stamp("water-gate", photograph).status_code == 200  # scanned at its last moment
    world.clock.at += 2 * SHOWN_MS
    late = Phone(world.visitor(), "b2" * 16)
    assert refusal(late.stamp("water-gate", photograph)) == (400, "proof_old")
    assert refusal(late.stamp("house", shown(screen))) == (400, "proof_wrong")
    assert phone.stamp("water-gate", photograph).status_code == 200  # an answer that was lost: the stamp is there
    assert phone.prize().status_code == 200


def test_a_phone_without_a_connection_brings_a_code_later_but_few_do(world, play, tablet):
    play(proof="rotating")
    kept = shown(tablet())
    world.clock.at += HOUR_MS
    phones = [Phone(world.visitor(), f"{number:032x}") for number in range(MOST_LATE + 1)]
    answers = [phone.stamp("water-gate", kept, late=True) for phone in phones]
    assert [answer.status_code for answer in answers] == [200] * MOST_LATE + [409]
    assert refusal(answers[-1]) == (409, "proof_spent")
    world.clock.at += LATE_MS
    assert refusal(Phone(world.visitor(), OTHER).stamp("water-gate", kept, late=True)) == (400, "proof_old")


def test_days_are_held_at_both_ends(world, play):
    phone = play(proof="sign", first_on="2026-11-25")
    assert refusal(phone.stamp("house", sign(world, "house"))) == (409, "rally_ahead")
    assert refusal(phone.prize()) == (409, "prize_over")
    world.clock.at += 7 * DAY_MS  # 1 December: no more stamps, but what was kept comes, and prizes are given
    assert refusal(phone.stamp("house", sign(world, "house"))) == (409, "rally_over")
    for landmark in RALLY.landmarks:
        assert phone.stamp(landmark, sign(world, landmark), late=True).status_code == 200
    assert phone.prize().status_code == 200
    world.clock.at += 2 * DAY_MS
    assert refusal(phone.prize()) == (409, "prize_over")
    assert refusal(phone.stamp("house", sign(world, "house"), late=True)) == (409, "rally_over")


def test_a_rally_without_prize_and_one_that_is_gone_give_none(world, play):
    assert refusal(play(prize={}, collect_at={}).prize("house", "water-gate")) == (409, "prize_none")
    name = Name("dejima", "rally", "autumn")
    withdraw_record(world.catalog, name, load_record(world.catalog, name).revision, Change(world.clock()))
    assert refusal(Phone(world.visitor()).prize()) == (404, "rally_unknown")


BAD = [b"", b"[]", b'{"card": "x"}', b'{"card": "' + b"0f" * 16 + b'", "lat": 1}', b"[" * 3000]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_what_is_no_question_is_refused_with_a_sentence(world, play, body):
    play()
    for what in ("stamps", "prize"):
        answer = world.visitor().post(f"/api/v1/sites/dejima/rallies/autumn/{what}", content=body)
        assert refusal(answer) == (400, "body_malformed")


def test_a_scanned_code_leads_to_the_rally_with_the_code_behind_the_hash(world, play):
    phone = play()
    answer = phone.client.get("/r/dejima/autumn/house/ABCDEFGH", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"] == "/en/dejima/rallies/autumn#at=house&code=ABCDEFGH"


def test_the_link_of_a_tablet_stays_off_the_screen_and_a_wrong_one_opens_nothing(world, play, tablet):
    play(proof="rotating")
    screen = tablet()
    page = screen.get("/tablets/").text
    assert "Water Gate" in page and "水門" in page and '<meta http-equiv="refresh"' in page
    assert screen.cookies["dejima_tablet"] not in page
    stranger = world.visitor()
    assert stranger.get("/tablets/ABCDEFGHJK").status_code == 404
    assert stranger.get("/tablets/").status_code == 400
    assert stranger.get("/tablets/now").status_code == 400


def test_the_page_of_a_rally_says_everything_without_script(world, play):
    play(stamps_needed=1)
    page = world.visitor().get("/en/dejima/rallies/autumn").text
    for words in ("Autumn stamps", "Collect 1 of 2 stamps, in any order", "A postcard", "Museum shop", "On now"):
        assert words in page
    assert "2 December 2026 (Wed)" in page and "card on paper" in page and "House" in page
    assert '"prize_show"' in page and "stamp_new" in page
    other = world.visitor().get("/en/dejima/landmarks/house").text
    assert "gives a stamp of “Autumn stamps”" in other and '"prize_show"' not in other
    first = world.visitor().get("/en/dejima/").text
    assert 'href="/en/dejima/rallies/autumn"' in first and "on now" in first
    assert world.visitor().get("/en/dejima/rallies/spring").status_code == 404


def test_a_rally_is_announced_ends_and_goes(world, play):
    play(first_on="2026-11-26")

    def says(words):
        world.app.state.parts.published.refresh()
        return words in world.visitor().get("/en/dejima/").text

    assert says("begins on 26 November")
    world.clock.at += 3 * DAY_MS
    assert says("on now")
    world.clock.at += 5 * DAY_MS
    assert says("prizes until 2 December")
    world.clock.at += DAY_MS
    assert not says("Autumn stamps")
