"""Stamp rallies at the desk, by forms without script: made, published, undone, run on the spot, and stamped on paper."""

import re
import secrets

import msgspec
import pytest

from tests.routes.conftest import PASSWORD
from tests.routes.forms import fields_of, submit
from tests.routes.test_counter import check, opened
from tests.routes.test_stamps import HOUSE, RALLY, Phone, shown, sign
from tests.samples import publish
from xr_server.domain.account import NewAccount
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Name, load_record

NEW = "/desk/rallies/new"
TYPED = {
    "title_en": "Autumn",
    "title_ja": "秋",
    "landmark": ["house", "water-gate", ""],
    "first_on": "2026-11-20",
    "last_on": "2026-11-30",
    "prize_en": "A postcard",
    "collect_at_en": "Museum shop",
}


@pytest.fixture
def sato(world):
    world.publish(HOUSE)
    return world.sign_in("sato")


def make(sato, step="publish", **typed):
    page = sato.get(NEW).text
    return submit(sato, page, NEW, step=step, **{**TYPED, **typed})


def stored(world):
    return load_record(world.catalog, Name("dejima", "rally", "autumn"))


def visible(world):
    world.app.state.parts.published.refresh()
    return world.visitor().get("/en/dejima/rallies/autumn").status_code == 200


def links_of(page):
    return re.findall(r'href="http://localhost(/(?:counter|tablets)/\w+)"', page)


def test_a_rally_is_drafted_published_undone_and_withdrawn(world, sato):
    saved = make(sato, step="save")
    assert saved.headers["location"] == "/desk/rallies/autumn?done=saved" and not visible(world)
    assert stored(world).body.landmarks == ["house", "water-gate"]
    page = sato.get("/desk/rallies/autumn").text
    published = submit(sato, page, "/desk/rallies/autumn", step="publish")
    assert visible(world)
    page = sato.get(published.headers["location"]).text
    assert "Open phones have it within a minute" in page
    assert submit(sato, page, "/desk/undo").status_code == 303
    assert stored(world).state == "draft" and not visible(world)
    page = sato.get("/desk/rallies/autumn").text
    submit(sato, page, "/desk/rallies/autumn", step="publish")
    page = sato.get("/desk/rallies/autumn").text
    gone = submit(sato, page, "/desk/rallies/autumn", step="withdraw")
    assert stored(world).state == "withdrawn" and not visible(world)
    submit(sato, sato.get(gone.headers["location"]).text, "/desk/undo")
    assert visible(world)
    log = sato.get("/desk/log").text
    assert "“Autumn” (stamp rally)" in log


def test_a_draft_beside_the_published_one_says_what_it_changes(world, sato):
    make(sato)
    page = sato.get("/desk/rallies/autumn").text
    submit(sato, page, "/desk/rallies/autumn", step="save", title_en="Late autumn", order="fixed", proof="sign")
    page = sato.get("/desk/rallies/autumn").text
    changes = page[page.index('id="changes-title"') :]
    for words in ("Order", "in this order", "Proof", "code on a sign", "Late"):
        assert words in changes
    assert "Visitors see an earlier version" in page
    assert visible(world) and "Late autumn" not in world.visitor().get("/en/dejima/rallies/autumn").text


def test_a_stale_edit_keeps_what_was_typed_and_says_what_the_other_wrote(world, sato):
    make(sato)
    page = sato.get("/desk/rallies/autumn").text
    submit(sato, page, "/desk/rallies/autumn", step="save", title_en="Theirs")
    answer = submit(sato, page, "/desk/rallies/autumn", step="publish", title_en="Mine")
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text and "Theirs" in answer.text
    again = submit(sato, answer.text, "/desk/rallies/autumn", step="publish")
    assert again.status_code == 303 and stored(world).body.title["en"] == "Mine"


def test_a_stale_withdrawal_withdraws_nothing(world, sato):
    make(sato)
    page = sato.get("/desk/rallies/autumn").text
    submit(sato, page, "/desk/rallies/autumn", step="save", title_en="Theirs")
    answer = submit(sato, page, "/desk/rallies/autumn", step="withdraw", title_en="", landmark=[])
    assert answer.status_code == 409 and visible(world)
    assert submit(sato, answer.text, "/desk/rallies/autumn", step="withdraw").status_code == 303


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"title_en": "", "title_ja": ""}, "Give the rally a title"),
        ({"landmark": ["", ""]}, "Choose 1 to 30 landmarks"),
        ({"landmark": ["house", "house"]}, "stands there twice"),
        ({"last_on": "2026-11-01"}, "lies before the first one"),
        ({"last_on": "2026-02-31"}, "written like 2026-11-24"),
        ({"stamps_needed": "7"}, "Between 1 and 2 stamps can win"),
        ({"collect_at_en": ""}, "or neither"),
        ({"step": "dance"}, "buttons"),
    ],
)
def test_a_slip_loses_nothing_that_was_typed(world, sato, typed, says):
    answer = make(sato, **{"summary_en": "Five places", **typed})
    assert answer.status_code == 400 and says in answer.text
    assert "Five places" in answer.text
    if "landmark" not in typed:
        assert '<option value="house" selected>' in answer.text


def test_more_rows_keep_what_was_typed(sato):
    answer = make(sato, step="rows")
    assert answer.text.count('name="landmark"') == 5 and 'value="Autumn"' in answer.text
    assert make(sato, step="rows", landmark=["house"] * 5).text.count('name="landmark"') == 8


def test_a_site_of_more_languages_has_their_fields_too(world, sato):
    name = Name("dejima", "site", "dejima")
    site = msgspec.structs.replace(load_record(world.catalog, name).body, languages=["ja", "en", "nl", "ja-x-easy"])
    publish(world.catalog, site, load_record(world.catalog, name).revision)
    answer = make(sato, title_nl="Herfst", summary_nl="Vijf plaatsen")
    assert answer.status_code == 303 and stored(world).body.title["nl"] == "Herfst"
    page = sato.get("/desk/rallies/autumn").text
    assert '<label for="title_nl">Title <span lang="nl">(Nederlands)' in page and 'value="Herfst"' in page


def test_two_rallies_of_one_title_have_two_addresses(sato):
    assert make(sato, step="save").headers["location"].startswith("/desk/rallies/autumn?")
    assert make(sato, step="save").headers["location"].startswith("/desk/rallies/autumn-2?")
    page = sato.get("/desk/rallies").text
    assert page.count(">Autumn<") == 2


def test_an_approver_publishes_what_was_handed_in_and_changes_nothing_else(world, sato):
    made = add_account(
        world.catalog, NewAccount("dejima", "ume", "approver", PASSWORD), world.clock(), secrets.token_bytes
    )
    assert made
    make(sato, step="review")
    assert stored(world).state == "in_review"
    assert 'href="/desk/rallies/autumn"' in sato.get("/desk/").text
    ume = world.sign_in("ume")
    page = ume.get("/desk/rallies/autumn").text
    refused = submit(ume, page, "/desk/rallies/autumn", step="publish", title_en="Hers")
    assert refused.status_code == 403 and stored(world).body.title["en"] == "Autumn"
    assert submit(ume, page, "/desk/rallies/autumn", step="publish").status_code == 303
    assert visible(world)


def test_a_counter_is_opened_at_the_desk_used_and_ended(world, sato):
    make(sato)
    run = "/desk/rallies/autumn/run"
    page = sato.get(run).text
    assert "No prize code has been given out yet" in page
    empty = submit(sato, page, "/desk/rallies/autumn/counters", name=" ", purpose="shop")
    assert empty.status_code == 400 and "Say in 1 to 80 characters" in empty.text
    submit(sato, page, "/desk/rallies/autumn/counters", name="Museum shop", purpose="shop")
    page = sato.get(run).text
    (link,) = links_of(page)
    code = Phone(world.visitor()).prize("house", "water-gate").json()["code"]
    shop = opened(world, link)
    assert check(shop, code).status_code == 200
    page = sato.get(run).text
    assert "Prize codes given out: 1. Prizes handed out: 1." in page and "Handed out here: 1" in page
    assert submit(sato, page, "/desk/rallies/autumn/counters/end").status_code == 303
    assert links_of(sato.get(run).text) == []
    assert world.visitor().get(link).status_code == 404


def test_a_tablet_is_set_up_at_the_desk_and_its_code_stamps(world, sato):
    make(sato, proof="rotating", stamps_needed="1")
    page = sato.get("/desk/rallies/autumn/run").text
    wrong = submit(sato, page, "/desk/rallies/autumn/counters", purpose="tablet", landmark="bridge")
    assert wrong.status_code == 400
    submit(sato, page, "/desk/rallies/autumn/counters", purpose="tablet", landmark="house")
    (link,) = links_of(sato.get("/desk/rallies/autumn/run").text)
    screen = world.visitor()
    screen.get(link)
    phone = Phone(world.visitor())
    assert phone.stamp("house", shown(screen)).status_code == 200
    assert phone.prize().status_code == 200


def test_signs_are_printed_with_the_codes_that_stamp(world, sato):
    make(sato, proof="sign")
    page = sato.get("/desk/rallies/autumn/signs").text
    codes = re.findall(r'class="big-code">([0-9A-Z]{4}-[0-9A-Z]{4})<', page)
    assert [code.replace("-", "") for code in codes] == [sign(world, name) for name in ("house", "water-gate")]
    assert page.count("<svg") >= 2 and "スタンプカード" in page and "stamp card" in page
    assert Phone(world.visitor()).stamp("house", codes[0]).status_code == 200


def card_codes(sato, count="3"):
    page = sato.get("/desk/rallies/autumn/run").text
    printed = submit(sato, page, "/desk/rallies/autumn/cards", count=count)
    return printed, re.findall(r"<figcaption>([0-9A-Z]{5}-[0-9A-Z]{5})</figcaption>", printed.text)


def test_a_card_on_paper_is_stamped_by_staff_and_wins_the_same_prize_once(world, sato):
    make(sato, stamps_needed="2")
    printed, codes = card_codes(sato)
    assert len(set(codes)) == 3 and "A postcard" in printed.text and "秋" in printed.text
    action = "/desk/rallies/autumn/assist"
    page = submit(sato, sato.get(action).text, action, card=codes[0].lower(), step="find").text
    first = submit(sato, page, action, step="stamp", landmark=["house"])
    page = sato.get(first.headers["location"]).text
    assert [value for name, value in fields_of(page, action) if name == "landmark"] == ["house"]
    early = submit(sato, page, action, step="prize")
    assert early.status_code == 409 and "1 more stamps are needed" in early.text
    given = submit(sato, page, action, step="prize", landmark=["house", "water-gate"])
    page = sato.get(given.headers["location"]).text
    (code,) = re.findall(r'counter-word">([0-9A-Z]{5}-[0-9A-Z]{5})<', page)
    assert 'name="landmark"' not in page  # a card that has won is not stamped again
    submit(sato, sato.get("/desk/rallies/autumn/run").text, "/desk/rallies/autumn/counters", name="Shop")
    (link,) = links_of(sato.get("/desk/rallies/autumn/run").text)
    shop = opened(world, link)
    assert check(shop, code).status_code == 200 and check(shop, code).status_code == 409
    assert "was handed out" in sato.get(given.headers["location"]).text
    assert "with a card on paper</th><td>1</td><td>1</td>" in sato.get("/desk/rallies/autumn/run").text


def test_a_stamp_ticked_by_mistake_is_taken_off(world, sato):
    make(sato)
    _, (code, *_) = card_codes(sato, "1")
    action = "/desk/rallies/autumn/assist"
    page = sato.get(f"{action}?card={code}").text
    page = sato.get(submit(sato, page, action, step="stamp", landmark=["house"]).headers["location"]).text
    page = sato.get(submit(sato, page, action, step="stamp", landmark=[]).headers["location"]).text
    assert "Stamps on this card: 0" in page


@pytest.mark.parametrize("typed", ["ABCDE-FGHJK", "short", "x" * 300])
def test_a_card_that_was_never_printed_is_none(world, sato, typed):
    make(sato)
    answer = submit(
        sato, sato.get("/desk/rallies/autumn/assist").text, "/desk/rallies/autumn/assist", card=typed, step="find"
    )
    assert answer.status_code in (400, 404) and 'role="alert"' in answer.text


def test_cards_are_printed_some_at_a_time_and_stamped_only_on_its_days(world, sato):
    make(sato)
    assert card_codes(sato, "0")[0].status_code == 400
    assert card_codes(sato, "many")[0].status_code == 400
    _, (code,) = card_codes(sato, "1")
    world.clock.at += 11 * 86_400_000
    sato = world.sign_in("sato")
    action = "/desk/rallies/autumn/assist"
    late = submit(sato, sato.get(f"{action}?card={code}").text, action, step="stamp", landmark=["house"])
    assert late.status_code == 409 and "Today is not one of those days" in late.text


def test_who_looks_after_a_part_of_the_site_changes_no_rally_beyond_it(world, sato):
    make(sato)
    account = add_account(
        world.catalog, NewAccount("dejima", "part", "staff", PASSWORD), world.clock(), secrets.token_bytes
    )
    mori = world.sign_in("mori")
    page = mori.get(f"/desk/people/{account}").text
    submit(mori, page, f"/desk/people/{account}/part", landmark=["house"])
    part = world.sign_in("part")
    assert part.get("/desk/rallies/autumn").status_code == 403
    assert make(part, step="save", title_en="Other").status_code == 403
    assert make(part, step="save", title_en="Own", landmark=["house"]).status_code == 303


def test_the_desk_speaks_japanese(world, sato):
    make(sato)
    for path, words in (
        ("/desk/rallies", "スタンプラリー"),
        ("/desk/rallies/autumn", "下書きを保存"),
        ("/desk/rallies/autumn/run", "受け渡し窓口"),
        ("/desk/rallies/autumn/assist", "紙のカードに押す"),
    ):
        assert words in sato.get(f"{path}?lang=ja").text


def test_the_content_folder_holds_rallies_as_they_are(world, sato):
    make(sato, proof="sign", stamps_needed="1", collect_until="2026-12-02")
    body = stored(world).body
    assert msgspec.json.decode(msgspec.json.encode(body), type=type(RALLY)) == body
