"""Mail, sent by the worker alone: the letter that asks an address, then one digest an account of what others did."""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal
from urllib.parse import unquote, urlsplit

from xr_server.routes.deeds import Line, reader_of, say_entries
from xr_server.routes.news import recipient_of
from xr_server.routes.pages import fill, load_texts
from xr_server.settings import Settings
from xr_server.storage.confirmations import issue_confirmation, save_asked
from xr_server.storage.mail import Due, claim_digest, list_due, list_unconfirmed, save_failed, save_sent
from xr_server.storage.news import list_news
from xr_server.storage.tokens import RandomBytes
from xr_server.worker import Bench

ANSWER_S = 10.0  # the worker has scans to build: a mail server that is slow is asked again later
MOST_TOLD = 30
AWAY = (smtplib.SMTPServerDisconnected, smtplib.SMTPHeloError)  # all else is about one message, once there is a server
log = logging.getLogger("dejima.mail")


def ask_addresses(bench: Bench, random_bytes: RandomBytes) -> int:
    """Ask each new address, by a letter, whether it wants the news; gives how many letters went out.

    The link's token is made here and stands in the letter alone: what the catalog keeps opens nothing.
    """
    catalog, asked, ended = bench.catalog, 0, "sent"
    for due in list_unconfirmed(catalog, bench.clock()):
        token = issue_confirmation(catalog, due, bench.clock(), random_bytes)
        if token is None:
            continue
        if ended != "away":
            ended = deliver(bench.settings, write_question(bench.settings, due, token))
        if ended != "sent":
            save_failed(catalog, due, bench.clock())
            continue
        save_asked(catalog, due, bench.clock())
        asked += 1
    return asked


def write_question(settings: Settings, due: Due, token: str) -> EmailMessage:
    """The letter to an address that somebody gave: who it was, how to agree, and that nothing need be done."""
    texts, base = load_texts(due.language), settings.public_url
    said = {"name": due.session.name, "site": base, "link": f"{base}/account/mail/{token}"}
    body = fill(texts["news.ask_body"], due.language, **said)
    return _write(settings, due, texts["news.ask_subject"], body)


def send_digests(bench: Bench) -> int:
    """Send what is due; gives how many messages went out. A server that fails is logged, and asked again later."""
    catalog, sent, ended = bench.catalog, 0, "sent"
    for due in list_due(catalog, bench.clock()):
        news = list_news(catalog, recipient_of(due.session), MOST_TOLD, after=due.told_number)
        if not news or not claim_digest(catalog, due, bench.clock()):
            continue
        if ended != "away":  # a server that did not answer for one is not asked for the others
            lines = say_entries(bench, reader_of(bench, due.session, due.language), news)
            ended = deliver(bench.settings, write_digest(bench.settings, due, lines))
        if ended != "sent":
            save_failed(catalog, due, bench.clock())
            continue
        save_sent(catalog, due, max(entry.number for entry in news), bench.clock())
        sent += 1
    return sent


def write_digest(settings: Settings, due: Due, lines: Sequence[Line]) -> EmailMessage:
    """The message: each sentence with its address, and how to have no more of them."""
    texts, base = load_texts(due.language), settings.public_url
    told = [
        "\n".join(
            part for part in (f"- {line.sentence}", line.why, line.note, f"{base}{line.href or '/inbox'}") if part
        )
        for line in lines
    ]
    ends = fill(texts["news.mail_end"], due.language, address=f"{base}/account")
    subject = fill(texts["news.mail_subject"], due.language, count=len(lines))
    return _write(settings, due, subject, "\n\n".join([texts["news.mail_lead"], *told, ends]))


def _write(settings: Settings, due: Due, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"], message["To"] = settings.mail_from, due.address
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2].rstrip(">"))
    message["Auto-Submitted"] = "auto-generated"  # no machine answers to it (RFC 3834)
    message["Content-Language"] = due.language
    message.set_content(f"{body}\n")
    return message


def deliver(settings: Settings, message: EmailMessage) -> Literal["sent", "refused", "away"]:
    """Hand a message to the mail server: it was taken, this one was refused, or there is no talking to the server.

    No address reaches the log.
    """
    reached = False
    try:
        with connect(settings.smtp_url) as server:
            reached = True
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        log.warning("a mail could not be sent, trying again later: %s", type(error).__name__)
        gone = not reached or isinstance(error, AWAY) or not isinstance(error, smtplib.SMTPException)
        return "away" if gone else "refused"
    return "sent"


@contextmanager
def connect(url: str) -> Iterator[smtplib.SMTP]:
    """The mail server of a URL: smtps speaks TLS at once, smtp as soon as the server offers it, and before any password."""
    parts, context = urlsplit(url), ssl.create_default_context()
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=ANSWER_S, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=ANSWER_S)
    with server:
        if parts.scheme == "smtp":
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if parts.username:
            if not isinstance(server.sock, ssl.SSLSocket):
                raise smtplib.SMTPNotSupportedError("the server offers no TLS, so no password is sent to it")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
