"""Digests by mail, sent by the worker's code to a real mail server on this machine's own loopback."""

import logging
import re
import secrets
import shutil
import threading
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.journeys.sites import free_port
from tests.routes.conftest import PASSWORD
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.digest import BETWEEN_MS, CONFIRM_MS, FIRST_PAUSE_MS
from xr_server.errors import Invalid
from xr_server.mailing import ask_addresses, send_digests
from xr_server.settings import read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import note
from xr_server.storage.confirmations import confirm_address, issue_confirmation, save_asked
from xr_server.storage.database import open_engine
from xr_server.storage.mail import find_address, list_unconfirmed, save_address
from xr_server.worker import Bench, send_mail

NOW = 1_780_000_000_000
HOUR_MS = 3_600_000


class Kept:
    """What the mail server was handed; it refuses whoever is named."""

    def __init__(self):
        self.messages = []
        self.refused = set()
        self.unread = set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the library's name
        if address in self.refused:
            return "550 there is no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.unread & set(envelope.rcpt_tos):
            return "554 that looks like no letter"
        self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def post():
    """A mail server on a free port of the loopback."""
    kept = Kept()
    kept.port = free_port()
    server = Controller(kept, hostname="127.0.0.1", port=kept.port)
    server.start()
    kept.server = server
    yield kept
    kept.server.stop()


@pytest.fixture
def office(migrated_sqlite, tmp_path, post):
    """A worker's bench with a mail server, and a clock the test moves; kana (creator) and sato (staff) want mail."""
    shutil.copy(migrated_sqlite / "catalog.sqlite3", tmp_path / "catalog.sqlite3")
    settings = read_settings(
        {
            "DEJIMA_DATA_DIR": str(tmp_path),
            "DEJIMA_SMTP_URL": f"smtp://127.0.0.1:{post.port}",
            "DEJIMA_MAIL_FROM": "studio@example.org",
            "DEJIMA_PUBLIC_URL": "https://dejima.example.org",
        }
    )
    catalog = open_engine(settings.catalog_url)
    office = Office(Bench(catalog, settings, lambda: office.at))
    for name, role, language in (("kana", "creator", "en"), ("sato", "staff", "ja")):
        new = NewAccount("dejima", name, role, PASSWORD)
        office.people[name] = add_account(catalog, new, NOW, secrets.token_bytes)
        office.give_address(office.people[name], f"{name}@example.org", language)
    yield office
    catalog.dispose()


class Office:
    def __init__(self, bench):
        self.bench, self.at, self.people = bench, NOW, {}

    def hand_in(self, record_id):
        with self.bench.catalog.begin() as connection:
            name, change = Name("dejima", "experience", record_id), Change(self.at, self.people["kana"])
            note(connection, "sent_for_review", name, change, revision=1)

    def give_address(self, account_id, address, language):
        """An address that was given, asked and confirmed."""
        catalog = self.bench.catalog
        save_address(catalog, account_id, address, language, self.at)
        (due,) = list_unconfirmed(catalog, self.at)
        token = issue_confirmation(catalog, due, self.at, secrets.token_bytes)
        save_asked(catalog, due, self.at)
        confirm_address(catalog, token, self.at)

    def ask(self):
        return ask_addresses(self.bench, secrets.token_bytes)

    def send(self):
        return send_digests(self.bench)


def test_one_digest_tells_all_that_happened_since_the_last_one(office, post):
    assert office.send() == 0
    office.hand_in("gate")
    office.hand_in("wall")
    assert office.send() == 1
    ((to, message),) = post.messages
    assert to == ["sato@example.org"]
    assert message["Subject"] == "出島XR：お知らせ2件"
    assert (message["From"], message["Auto-Submitted"]) == ("studio@example.org", "auto-generated")
    text = message.get_content()
    assert text.count("kanaが「今はないもの」（体験）第1版を確認に出しました。") == 2
    assert (
        "https://dejima.example.org/desk/records/experience/gate" in text or "https://dejima.example.org/inbox" in text
    )
    assert "https://dejima.example.org/account" in text
    office.at += 2 * BETWEEN_MS
    assert office.send() == 0


def test_news_of_the_next_minutes_wait_for_the_next_digest(office, post):
    office.hand_in("gate")
    assert office.send() == 1
    office.at += BETWEEN_MS - 1
    office.hand_in("wall")
    assert office.send() == 0
    office.at += 1
    assert office.send() == 1
    assert len(post.messages) == 2


def test_a_mail_server_that_is_away_is_logged_and_asked_again(office, post, caplog):
    office.hand_in("gate")
    post.server.stop()
    with caplog.at_level(logging.WARNING):
        assert office.send() == 0
    assert "could not be sent, trying again later: ConnectionRefusedError" in caplog.text
    assert "example.org" not in caplog.text
    post.server = Controller(post, hostname="127.0.0.1", port=post.port)
    post.server.start()
    office.at += FIRST_PAUSE_MS - 1
    assert office.send() == 0
    office.at += 1
    assert office.send() == 1
    assert len(post.messages) == 1


def test_one_box_that_is_refused_keeps_no_other_from_being_told(office, post):
    office.hand_in("gate")
    post.refused = {"sato@example.org"}
    haru = add_account(office.bench.catalog, NewAccount("dejima", "haru", "staff", PASSWORD), NOW, secrets.token_bytes)
    office.give_address(haru, "haru@example.org", "en")
    office.hand_in("wall")
    assert office.send() == 1
    assert [to for to, _ in post.messages] == [["haru@example.org"]]


@pytest.mark.parametrize("address", ["ｓａｔｏ@example.org", "sato@example.org"])
def test_a_message_that_cannot_be_sent_keeps_no_other_from_being_told(office, post, address):
    """An address that smtplib itself refuses, and a letter that the server does not take."""
    post.server.stop()
    post.server = Controller(post, hostname="127.0.0.1", port=post.port, enable_SMTPUTF8=False)
    post.server.start()
    post.unread = {"sato@example.org"}
    office.at = NOW - 1
    save_address(office.bench.catalog, office.people["sato"], "", "ja", NOW)
    office.give_address(office.people["sato"], address, "ja")
    office.at = NOW
    haru = add_account(office.bench.catalog, NewAccount("dejima", "haru", "staff", PASSWORD), NOW, secrets.token_bytes)
    office.give_address(haru, "haru@example.org", "en")
    office.hand_in("gate")
    assert office.send() == 1
    assert [to for to, _ in post.messages] == [["haru@example.org"]]


def test_a_new_address_is_asked_first_by_a_letter_that_says_who_gave_it(office, post):
    haru = add_account(office.bench.catalog, NewAccount("dejima", "haru", "staff", PASSWORD), NOW, secrets.token_bytes)
    save_address(office.bench.catalog, haru, "haru@example.org", "en", NOW)
    office.hand_in("gate")
    assert office.ask() == 1
    assert office.ask() == 0
    ((to, letter),) = post.messages
    assert to == ["haru@example.org"]
    assert letter["Subject"] == "Dejima XR: may we send news to this address?"
    text = letter.get_content()
    assert "“haru”, who has an account at https://dejima.example.org," in text
    (token,) = re.findall(r"https://dejima\.example\.org/account/mail/([0-9a-f]{64})\s", text)
    assert office.send() == 1  # to sato, whose address is confirmed
    assert [to for to, _ in post.messages[1:]] == [["sato@example.org"]]
    confirm_address(office.bench.catalog, token, NOW)
    assert office.send() == 1
    assert post.messages[2][0] == ["haru@example.org"]


def test_a_letter_that_could_not_be_sent_is_sent_again_with_another_link(office, post):
    haru = add_account(office.bench.catalog, NewAccount("dejima", "haru", "staff", PASSWORD), NOW, secrets.token_bytes)
    save_address(office.bench.catalog, haru, "haru@example.org", "ja", NOW)
    post.refused = {"haru@example.org"}
    assert office.ask() == 0
    post.refused, office.at = set(), NOW + FIRST_PAUSE_MS
    assert office.ask() == 1
    ((_, letter),) = post.messages
    assert "「haru」さんが" in letter.get_content()


def test_two_workers_at_once_send_one_message(office, post):
    office.hand_in("gate")
    barrier, sent = threading.Barrier(2), []

    def work():
        barrier.wait()
        sent.append(office.send())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [0, 1]
    assert len(post.messages) == 1


def test_no_password_is_sent_to_a_server_without_tls(office, post, tmp_path, caplog):
    seen = []
    post.auth = lambda *_: seen.append(1) or AuthResult(success=True)
    office.bench = Bench(
        office.bench.catalog,
        read_settings(
            {
                "DEJIMA_DATA_DIR": str(tmp_path),
                "DEJIMA_SMTP_URL": f"smtp://name:secret@127.0.0.1:{post.port}",
                "DEJIMA_MAIL_FROM": "studio@example.org",
                "DEJIMA_PUBLIC_URL": "https://dejima.example.org",
            }
        ),
        lambda: office.at,
    )
    office.hand_in("gate")
    assert office.send() == 0
    assert (seen, post.messages) == ([], [])
    assert "secret" not in caplog.text


def test_without_a_mail_server_the_worker_does_nothing_of_the_kind(office, post, tmp_path):
    office.hand_in("gate")
    send_mail(Bench(office.bench.catalog, read_settings({"DEJIMA_DATA_DIR": str(tmp_path)}), lambda: office.at))
    assert post.messages == []
    save_address(office.bench.catalog, office.people["kana"], "another@example.org", "en", NOW)
    send_mail(office.bench)
    assert [to for to, _ in post.messages] == [["another@example.org"], ["sato@example.org"]]
    office.at += CONFIRM_MS  # nobody answered the letter
    send_mail(office.bench)
    assert find_address(office.bench.catalog, office.people["kana"]).text == ""


MAIL = {
    "DEJIMA_SMTP_URL": "smtp://mail.example.org",
    "DEJIMA_MAIL_FROM": "studio@example.org",
    "DEJIMA_PUBLIC_URL": "https://dejima.example.org",
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"DEJIMA_SMTP_URL": "mail.example.org"}, "smtp_url"),
        ({"DEJIMA_SMTP_URL": "http://name:secret@mail.example.org"}, "smtp_url"),
        ({"DEJIMA_MAIL_FROM": ""}, "mail_from"),
        ({"DEJIMA_MAIL_FROM": "nobody"}, "mail_from"),
        ({"DEJIMA_PUBLIC_URL": ""}, "mail_links"),
    ],
)
def test_settings_that_could_send_nothing_are_refused(changed, code):
    assert read_settings(MAIL).smtp_url == MAIL["DEJIMA_SMTP_URL"]
    with pytest.raises(Invalid) as refused:
        read_settings({**MAIL, **changed})
    assert refused.value.code == code
    assert "secret" not in refused.value.text
