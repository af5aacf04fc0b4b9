import secrets

import pytest

from tests.benches import DETAILS
from tests.samples import EXPERIENCE, make_scene
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.digest import (
    ADDRESSES_A_DAY,
    BETWEEN_MS,
    CONFIRM_MS,
    DAY_MS,
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    check_address,
    next_try,
)
from xr_server.domain.scan import Upload
from xr_server.errors import Conflict, Invalid, NotFound
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import note
from xr_server.storage.builds import Outcome, claim_scan, save_outcome
from xr_server.storage.catalog import save_record
from xr_server.storage.confirmations import (
    MOST_TRIES,
    confirm_address,
    decline_address,
    find_confirmation,
    issue_confirmation,
    save_asked,
)
from xr_server.storage.feeds import end_feed, find_feed, issue_feed, open_feed
from xr_server.storage.mail import (
    CLAIM_MS,
    Address,
    claim_digest,
    find_address,
    list_due,
    list_unconfirmed,
    save_address,
    save_failed,
    save_sent,
)
from xr_server.storage.news import Recipient, list_news
from xr_server.storage.people import close_account, reopen_account
from xr_server.storage.reviews import Seen, take_steps
from xr_server.storage.scans import Owner, attach_scene, create_scan, save_received
from xr_server.storage.tables.classes import pupil, school_class
from xr_server.storage.tables.people import account, membership

NOW = 1_780_000_000_000
SCENE = make_scene("a" * 64)
BOTH = [Seen(Name("dejima", "experience", SCENE.id), 1), Seen(Name("dejima", "scene", SCENE.id), 1)]


@pytest.fixture
def people(catalog):
    """Two creators, who may publish nothing, and somebody of the staff."""
    roles = {"kana": "creator", "haru": "creator", "sato": "staff", "mori": "admin"}
    return {
        name: add_account(catalog, NewAccount("dejima", name, role, "only for this test"), NOW, secrets.token_bytes)
        for name, role in roles.items()
    }


@pytest.fixture
def handed_in(catalog, people):
    """A scan of kana's that was built, attached and handed in; gives its id."""
    owner, kana = Owner("dejima", people["kana"]), Change(NOW + 3, people["kana"])
    scan_id = create_scan(catalog, owner, Upload("gate.ply", DETAILS, 4), NOW, secrets.token_bytes)
    save_received(catalog, scan_id, 0, 4, NOW + 1)
    lease, _ = claim_scan(catalog, "w", NOW + 2)
    save_outcome(catalog, lease, Outcome("built"), NOW + 2)
    attach_scene(catalog, scan_id, SCENE.id)
    for body in (
        SCENE,
        type(EXPERIENCE)(**{**{f: getattr(EXPERIENCE, f) for f in EXPERIENCE.__struct_fields__}, "id": SCENE.id}),
    ):
        save_record(catalog, "dejima", body, None, kana)
    take_steps(catalog, BOTH, "send_for_review", kana)
    return scan_id


def told(catalog, account_id, publishes=False, after=None):
    return [entry.deed for entry in list_news(catalog, Recipient("dejima", account_id, publishes), 50, after)]


def test_each_is_told_what_concerns_them_and_nothing_twice(catalog, people, handed_in):
    take_steps(catalog, BOTH, "publish", Change(NOW + 4, people["sato"]))
    assert told(catalog, people["kana"]) == ["published", "scan_built"]
    assert told(catalog, people["sato"], publishes=True) == ["sent_for_review"]
    assert told(catalog, people["haru"]) == []


def test_news_go_on_from_what_was_told(catalog, people, handed_in):
    (first,) = list_news(catalog, Recipient("dejima", people["kana"], False), 50)
    take_steps(catalog, BOTH, "publish", Change(NOW + 4, people["sato"]))
    assert told(catalog, people["kana"], after=first.number) == ["published"]


def test_an_account_has_one_feed_that_opens_until_it_is_ended(catalog, people):
    first = issue_feed(catalog, people["kana"], NOW, secrets.token_bytes)
    second = issue_feed(catalog, people["kana"], NOW + 1, secrets.token_bytes)
    with pytest.raises(NotFound):
        open_feed(catalog, first, NOW + 1)
    session, began_at = open_feed(catalog, second, NOW + 2)
    assert (session.account_id, session.roles, began_at) == (people["kana"], {"creator"}, NOW + 1)
    assert find_feed(catalog, people["kana"], NOW + 3).used_at == NOW + 2
    end_feed(catalog, people["kana"], NOW + 4)
    with pytest.raises(NotFound):
        open_feed(catalog, second, NOW + 5)
    assert find_feed(catalog, people["kana"], NOW + 5) is None


def test_a_feed_ends_with_its_account_and_does_not_come_back(catalog, people):
    token = issue_feed(catalog, people["kana"], NOW, secrets.token_bytes)
    close_account(catalog, "dejima", people["kana"], Change(NOW, people["mori"]))
    reopen_account(catalog, "dejima", people["kana"], Change(NOW, people["mori"]))
    with pytest.raises(NotFound):
        open_feed(catalog, token, NOW + 1)


def ask(catalog, account_id, at=NOW):
    """The token of the letter that goes to an account's address now."""
    (due,) = [one for one in list_unconfirmed(catalog, at) if one.session.account_id == account_id]
    token = issue_confirmation(catalog, due, at, secrets.token_bytes)
    save_asked(catalog, due, at)
    return token


def give_address(catalog, account_id, address, language, at):
    """An address that was given, asked and confirmed."""
    save_address(catalog, account_id, address, language, at)
    confirm_address(catalog, ask(catalog, account_id, at), at)


def test_an_address_gets_digests_once_it_was_confirmed_by_a_link_that_works_once(catalog, people):
    assert save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    assert list_due(catalog, NOW) == []
    token = ask(catalog, people["kana"])
    assert list_unconfirmed(catalog, NOW + CONFIRM_MS - 1) == []
    found = find_confirmation(catalog, token, NOW + 1)
    assert (found.name, found.address) == ("kana", "kana@example.org")
    confirm_address(catalog, token, NOW + 1)
    assert find_address(catalog, people["kana"]) == Address("kana@example.org", confirmed=True)
    assert [due.address for due in list_due(catalog, NOW + 1)] == ["kana@example.org"]
    with pytest.raises(NotFound):
        confirm_address(catalog, token, NOW + 2)
    # saved once more it stays confirmed, and no second letter goes out
    assert not save_address(catalog, people["kana"], "kana@example.org", "en", NOW + 3)
    assert list_unconfirmed(catalog, NOW + CONFIRM_MS) == []


def test_an_address_that_is_not_confirmed_in_time_is_forgotten(catalog, people):
    save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    token, over = ask(catalog, people["kana"]), NOW + CONFIRM_MS
    with pytest.raises(NotFound):
        confirm_address(catalog, token, over)
    (due,) = list_unconfirmed(catalog, over)
    assert issue_confirmation(catalog, due, over, secrets.token_bytes) is None
    assert find_address(catalog, people["kana"]) == Address()


def test_an_address_that_cannot_be_reached_is_forgotten_after_as_many_tries(catalog, people):
    save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    at, tokens = NOW, []
    for _ in range(MOST_TRIES + 1):
        (due,) = list_unconfirmed(catalog, at)
        tokens.append(issue_confirmation(catalog, due, at, secrets.token_bytes))
        save_failed(catalog, due, at)
        at = next_try(at, due.failures)
    assert tokens[-1] is None
    assert None not in tokens[:-1]
    assert CONFIRM_MS <= at - NOW < 2 * CONFIRM_MS
    assert find_address(catalog, people["kana"]) == Address()


def test_whoever_got_a_stray_letter_has_the_address_forgotten(catalog, people):
    save_address(catalog, people["kana"], "stranger@example.org", "ja", NOW)
    token = ask(catalog, people["kana"])
    decline_address(catalog, token, NOW + 1)
    assert find_address(catalog, people["kana"]) == Address()
    with pytest.raises(NotFound):
        confirm_address(catalog, token, NOW + 2)


def test_a_letter_to_one_address_confirms_no_other(catalog, people):
    save_address(catalog, people["kana"], "first@example.org", "ja", NOW)
    (listed,) = list_unconfirmed(catalog, NOW)
    save_address(catalog, people["kana"], "second@example.org", "ja", NOW)
    assert issue_confirmation(catalog, listed, NOW, secrets.token_bytes) is None
    token = ask(catalog, people["kana"])
    save_address(catalog, people["kana"], "third@example.org", "ja", NOW + 1)
    with pytest.raises(NotFound):
        confirm_address(catalog, token, NOW + 1)


def test_two_workers_send_one_letter(catalog, people):
    save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    (due,) = list_unconfirmed(catalog, NOW)
    tokens = [issue_confirmation(catalog, due, NOW, secrets.token_bytes) for _ in range(2)]
    assert [token is None for token in tokens] == [False, True]


def test_nobody_fills_strangers_boxes_with_letters(catalog, people):
    for number in range(ADDRESSES_A_DAY):
        save_address(catalog, people["kana"], f"{number}@example.org", "ja", NOW + number)
        save_address(catalog, people["kana"], "", "ja", NOW + number)
    with pytest.raises(Conflict):
        save_address(catalog, people["kana"], "one-more@example.org", "ja", NOW + 10)
    assert save_address(catalog, people["haru"], "haru@example.org", "ja", NOW + 10)
    assert save_address(catalog, people["kana"], "one-more@example.org", "ja", NOW + DAY_MS)


def test_an_address_is_kept_changed_and_forgotten_and_goes_with_the_account(catalog, people):
    save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    save_address(catalog, people["kana"], "k@example.org", "en", NOW)
    assert find_address(catalog, people["kana"]) == Address("k@example.org")
    save_address(catalog, people["kana"], "", "en", NOW)
    assert find_address(catalog, people["kana"]) == Address()
    save_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    issue_feed(catalog, people["kana"], NOW, secrets.token_bytes)
    with catalog.begin() as connection:
        connection.execute(membership.delete().where(membership.c.account_id == people["kana"]))
        connection.execute(account.delete().where(account.c.id == people["kana"]))
    assert find_address(catalog, people["kana"]) == Address()
    assert find_feed(catalog, people["kana"], NOW) is None


def test_a_digest_is_taken_in_hand_once_and_comes_again_when_it_failed_or_time_has_passed(catalog, people):
    give_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    (due,) = list_due(catalog, NOW)
    assert claim_digest(catalog, due, NOW)
    assert not claim_digest(catalog, due, NOW)
    assert list_due(catalog, NOW + CLAIM_MS - 1) == []
    (again,) = list_due(catalog, NOW + CLAIM_MS)
    save_failed(catalog, again, NOW + CLAIM_MS)
    at = NOW + CLAIM_MS + FIRST_PAUSE_MS
    assert list_due(catalog, at - 1) == []
    (again,) = list_due(catalog, at)
    assert again.failures == 1
    save_sent(catalog, again, 17, at)
    assert list_due(catalog, at + BETWEEN_MS - 1) == []
    (after,) = list_due(catalog, at + BETWEEN_MS)
    assert (after.told_number, after.failures, after.language) == (17, 0, "ja")


def test_nobody_is_told_by_mail_after_their_account_was_closed(catalog, people):
    give_address(catalog, people["kana"], "kana@example.org", "ja", NOW)
    close_account(catalog, "dejima", people["kana"], Change(NOW, people["mori"]))
    assert list_due(catalog, NOW + BETWEEN_MS) == []
    reopen_account(catalog, "dejima", people["kana"], Change(NOW, people["mori"]))
    assert find_address(catalog, people["kana"]) == Address()


def test_pauses_grow_to_six_hours():
    assert [next_try(0, failures) // 60_000 for failures in range(8)] == [5, 10, 20, 40, 80, 160, 320, 360]
    assert next_try(0, 10_000) == LONGEST_PAUSE_MS


@pytest.mark.parametrize("address", ["", " kana@example.org ", "k.a+n-a@mail.example.co.jp", "kana@localhost"])
def test_addresses_that_can_be_written_to(address):
    assert check_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    ["kana", "@", "a@b@c", "a b@c", "a@b\nBcc: x@y", "<a@b>", "a@b,c@d", "x" * 250 + "@b.jp", "ｋａｎａ@example.org"],
)
def test_addresses_that_cannot(address):
    with pytest.raises(Invalid):
        check_address(address)


def test_whoever_looks_after_a_part_of_the_site_is_told_of_that_part(catalog, people, handed_in):
    def told_of(*landmarks):
        return list_news(catalog, Recipient("dejima", people["sato"], True, frozenset(landmarks)), 50)

    assert [entry.deed for entry in told_of(EXPERIENCE.landmark)] == ["sent_for_review"]
    assert told_of("elsewhere") == []


def test_what_was_withdrawn_for_rights_is_told_to_whoever_else_publishes(catalog, people, handed_in):
    take_steps(catalog, BOTH, "publish", Change(NOW + 4, people["sato"]))
    with catalog.begin() as connection:
        for number, reason in enumerate(("rights", "quality")):
            name = Name("dejima", "experience", SCENE.id)
            note(connection, "withdrawn", name, Change(NOW + 5 + number, people["mori"]), revision=1, reason=reason)
    assert told(catalog, people["kana"])[:2] == ["withdrawn", "withdrawn"]
    assert told(catalog, people["sato"], publishes=True) == ["withdrawn", "sent_for_review"]
    part = Recipient("dejima", people["sato"], True, frozenset({"elsewhere"}))
    assert list_news(catalog, part, 50) == []


def test_what_was_handed_in_elsewhere_pushes_nothing_out_of_the_news_of_a_part(catalog, people, handed_in):
    with catalog.begin() as connection:
        for number in range(7):
            name = Name("dejima", "experience", f"elsewhere-{number}")
            note(connection, "sent_for_review", name, Change(NOW + 4, people["haru"]), revision=1)
    who = Recipient("dejima", people["sato"], True, frozenset({EXPERIENCE.landmark}))
    assert [entry.thing_id for entry in list_news(catalog, who, 3)] == [SCENE.id]
    everywhere = list_news(catalog, Recipient("dejima", people["sato"], True), 3)
    assert [entry.thing_id for entry in everywhere] == ["elsewhere-6", "elsewhere-5", "elsewhere-4"]


def test_a_teacher_is_told_what_pupils_hand_in(catalog, people, handed_in):
    found = {"id": "c" * 36, "site_id": "dejima", "teacher_id": people["haru"], "name": "4-2", "credit_with": "school"}
    member = {"account_id": people["kana"], "site_id": "dejima", "class_id": "c" * 36, "folded_name": "kana"}
    with catalog.begin() as connection:
        connection.execute(school_class.insert().values(**found, ends_on="2027-03-31", created_at=NOW))
        connection.execute(pupil.insert().values(**member))
        for name, _, _ in BOTH:
            note(connection, "handed_in", name, Change(NOW + 5, people["kana"]), revision=1)
    assert told(catalog, people["haru"]) == ["handed_in"]
    assert told(catalog, people["mori"]) == []
