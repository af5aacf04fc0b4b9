"""News as an Atom feed (RFC 4287): one entry a sentence, with ids that stay when addresses or words change."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from xr_server.domain.account import Session
from xr_server.routes.deeds import Line

ATOM = "http://www.w3.org/2005/Atom"
# what XML 1.0 cannot hold; a title that somebody typed may have it
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Channel:
    """What a feed says of itself: whose it is, its title, language, its own address, and since when there is one."""

    session: Session
    title: str
    language: str
    base: str
    address: str
    began_at: int


def dump_atom(channel: Channel, lines: Sequence[Line]) -> bytes:
    """The feed as UTF-8; the same news give the same bytes."""
    session = channel.session
    newest_at = max((line.entry.done_at for line in lines), default=channel.began_at)
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": channel.language})
    _add(feed, "id", _urn(f"{session.site_id}:news:{session.account_id}"))
    _add(feed, "title", channel.title)
    _add(feed, "updated", _say(max(newest_at, channel.began_at)))
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": channel.address})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": f"{channel.base}/inbox"})
    _add(SubElement(feed, "author"), "name", channel.title)
    for line in lines:
        _add_entry(feed, channel, line)
    body: bytes = ElementTree.tostring(feed, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body


def _add_entry(feed: Element, channel: Channel, line: Line) -> None:
    entry = SubElement(feed, "entry")
    _add(entry, "id", _urn(f"{channel.session.site_id}:audit:{line.entry.number}"))
    _add(entry, "title", line.sentence)
    _add(entry, "updated", _say(line.entry.done_at))
    href = f"{channel.base}{line.href or '/inbox'}"
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": href})
    _add(SubElement(entry, "author"), "name", line.who)
    words = " ".join(part for part in (line.sentence, line.why, line.note) if part)
    _add(entry, "content", words).set("type", "text")


def _add(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = UNWRITABLE.sub("\ufffd", text)
    return element


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"dejima:{name}").urn


def _say(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
