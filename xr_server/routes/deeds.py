"""Entries of the audit log in words: who did what to what, each as a sentence with the way to the thing it tells of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from xr_server.domain.account import Session, Step, may
from xr_server.domain.catalog import RECORD_TYPES, Experience, Record, Scene, Site
from xr_server.domain.guidance import Sign
from xr_server.domain.languages import NAMES
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.parts import Catalogued
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import DEFAULT_ZONE, say_moment
from xr_server.storage.accounts import load_names
from xr_server.storage.audit import Entry
from xr_server.storage.catalog import list_records, load_bodies
from xr_server.storage.classes import load_class_names
from xr_server.storage.organisations import load_organisation_names
from xr_server.storage.reviews import load_note_texts
from xr_server.storage.scans import load_titles

REVIEWED = ("experience", "scene", "media")
OWN_FORMS = ("landmark", "path", "hazard", "notice", "rally", "campaign", "questionnaire")
"""Kinds that staff edit, publish and take back on forms of their own."""
# whose page a kind of thing has, and where
PAGES: dict[str, tuple[Step, str]] = {
    "experience": ("review", "/desk/records/experience"),
    "scene": ("review", "/desk/records/scene"),
    "media": ("review", "/desk/records/media"),
    "landmark": ("review", "/desk/places/landmark"),
    "path": ("review", "/desk/places/path"),
    "hazard": ("review", "/desk/places/hazard"),
    "notice": ("review", "/desk/notices"),
    "rally": ("review", "/desk/rallies"),
    "campaign": ("review", "/desk/campaigns"),
    "questionnaire": ("review", "/desk/questionnaires"),
    "season": ("schedule", "/desk/seasons"),
    "scan": ("review", "/studio/scans"),
    "account": ("manage_people", "/desk/people"),
    "permission": ("give_permission", "/desk/permissions"),
    "memory": ("publish", "/desk/memories"),
    "class": ("manage_people", "/desk/classes"),
    "package": ("publish", "/desk/packages"),
    "open_data": ("read_figures", "/desk/open-data"),
    "targets": ("schedule", "/desk/figures/targets"),
}
TITLED = (*RECORD_TYPES, "scan", "account", "class")
Thing = tuple[str, str]
"""Kind and id."""


@dataclass(frozen=True)
class Line:
    """An entry as a sentence: what stands before the thing, the thing, what stands after it; why, and whom it is from."""

    entry: Entry
    day: date
    clock: str
    moment: str
    who: str
    before: str
    what: str
    after: str
    href: str
    reason: str
    why: str
    note: str

    @property
    def sentence(self) -> str:
        """The sentence as plain text."""
        return f"{self.before}{self.what}{self.after}"


@dataclass(frozen=True)
class Reader:
    """Who reads, in which language and time zone; about names what a sentence need not name."""

    session: Session
    language: str
    zone: ZoneInfo
    about: Thing | None = None


def reader_of(parts: Catalogued, session: Session, language: str, about: Thing | None = None) -> Reader:
    """A reader at the session's site."""
    body = load_bodies(parts.catalog, session.site_id, {("site", session.site_id)}).get(("site", session.site_id))
    return Reader(session, language, ZoneInfo(body.time_zone if isinstance(body, Site) else DEFAULT_ZONE), about)


def say_entries(parts: Catalogued, reader: Reader, entries: Iterable[Entry]) -> list[Line]:
    """Each entry as a sentence, in the order given."""
    entries = list(entries)
    titles, notes = _titles(parts, reader, entries), load_note_texts(parts.catalog, _note_ids(entries))
    return [_say(entry, reader, titles, notes.get(str(entry.details.get("note")), "")) for entry in entries]


def _note_ids(entries: Iterable[Entry]) -> set[str]:
    return {str(entry.details["note"]) for entry in entries if "note" in entry.details}


def _titles(parts: Catalogued, reader: Reader, entries: list[Entry]) -> dict[Thing, str]:
    """What the things of some entries are called, of those that are there still, and the accounts they name."""
    site_id = reader.session.site_id
    things = {(entry.kind, entry.thing_id) for entry in entries}
    found_names = load_organisation_names(parts.catalog, site_id)
    accounts = {name for kind, name in things if kind == "account"}
    accounts |= {str(entry.details["taker"]) for entry in entries if "taker" in entry.details}
    found: dict[Thing, str] = {("account", name): title for name, title in load_names(parts.catalog, accounts).items()}
    found |= {("organisation", name): title for name, title in found_names.items()}
    scans = load_titles(parts.catalog, site_id, {name for kind, name in things if kind == "scan"})
    found |= {("scan", name): title for name, title in scans.items()}
    classes = [name for kind, name in things if kind == "class"]
    found |= {("class", name): title for name, title in load_class_names(parts.catalog, classes).items()}
    bodies = load_bodies(parts.catalog, site_id, {thing for thing in things if thing not in found})
    shown_by = _scenes(parts, site_id, reader.language) if any(kind == "scene" for kind, _ in bodies) else {}
    return found | {thing: _title(body, reader.language, shown_by) for thing, body in bodies.items()}


def _scenes(parts: Catalogued, site_id: str, language: str) -> dict[str, str]:
    bodies = [stored.body for stored in list_records(parts.catalog, site_id, "experience")]
    return {body.scene: _title(body, language, {}) for body in bodies if isinstance(body, Experience)}


def _title(body: Record, language: str, scenes: Mapping[str, str]) -> str:
    """What a record is called: by its own title or name, a scene by the experience that shows it, else by its id."""
    if isinstance(body, Scene):
        return scenes.get(body.id, body.id)
    if isinstance(body, Sign):
        return body.code
    words = getattr(body, "title", None) or getattr(body, "name", None) or getattr(body, "text", None)
    return (pick(words, language) if isinstance(words, dict) else "") or body.id


def _say(entry: Entry, reader: Reader, titles: Mapping[Thing, str], note: str) -> Line:
    texts, moment = load_texts(reader.language), datetime.fromtimestamp(entry.done_at / 1000, UTC)
    local, who, reason = moment.astimezone(reader.zone), _who(entry, texts), entry.details.get("reason")
    said = texts.get(f"audit.reason_{reason}", "") if reason else ""
    parts = {"who": who, **_details(entry, reader, titles)}
    before, _, after = texts[_key(entry)].partition("{what}")
    return Line(
        entry=entry,
        day=local.date(),
        clock=f"{local:%H:%M}",
        moment=say_moment(moment, reader.zone, reader.language),
        who=who,
        before=fill(before, reader.language, **parts),
        what=_what(entry, reader, titles),
        after=fill(after, reader.language, **parts),
        href="" if _is_gone(entry, titles) else href_of(entry, reader),
        reason=said,
        why=fill(texts["audit.why"], reader.language, reason=said) if said else "",
        note=note,
    )


def _key(entry: Entry) -> str:
    key = f"audit.deed_{entry.deed}"
    if entry.deed == "published" and "unasked" in entry.details:
        return f"{key}_unasked"
    return f"{key}_package" if entry.deed == "rolled_back" and "package" in entry.details else key


def _who(entry: Entry, texts: Mapping[str, str]) -> str:
    if entry.account_id is None:
        return texts["audit.the_system"]
    return entry.name or texts["audit.account_gone"]


def _details(entry: Entry, reader: Reader, titles: Mapping[Thing, str]) -> dict[str, object]:
    """What else a sentence tells, in words."""
    texts, details = load_texts(reader.language), entry.details
    gone = texts["audit.account_gone"]
    days = {"first": details["from"], "last": details["until"]} if "from" in details else {}
    return {
        "state": texts.get(f"desk.state_{details.get('state')}", ""),
        "role": texts.get(f"auth.role_{details.get('role')}", str(details.get("role", ""))),
        "taker": titles.get(("account", str(details.get("taker"))), gone),
        "scans": details.get("scans", 0),
        "to": details.get("to", 0),
        "tongue": plain(NAMES.get(str(details.get("language")), "")),
        "period": fill(texts["audit.period"], reader.language, **days) if days else "",
        "form": str(details.get("form", "")).upper(),
        "days": details.get("days", 0),
        "count": details.get("count", 0),
        "approver": titles.get(("organisation", str(details.get("approver"))), texts["audit.organisation_gone"]),
    }


def _what(entry: Entry, reader: Reader, titles: Mapping[Thing, str]) -> str:
    texts, thing = load_texts(reader.language), (entry.kind, entry.thing_id)
    number = {"revision": str(entry.revision)}
    if reader.about == thing:
        return fill(texts["audit.this_revision"], reader.language, **number) if entry.revision else texts["audit.this"]
    title = titles.get(thing) or _untitled(entry, texts)
    named = {"title": title, "kind": texts.get(f"audit.kind_{entry.kind}", entry.kind)}
    return fill(texts["audit.thing_revision" if entry.revision else "audit.thing"], reader.language, **named, **number)


def _is_gone(entry: Entry, titles: Mapping[Thing, str]) -> bool:
    """Whether the log tells of something that is not there any more."""
    return entry.kind in TITLED and (entry.kind, entry.thing_id) not in titles


def _untitled(entry: Entry, texts: Mapping[str, str]) -> str:
    """What a thing is called that is gone, or that never had a title: then the beginning of its id."""
    if entry.kind == "account":
        return texts["audit.account_gone"]
    if entry.kind == "page":
        return texts.get(f"audit.page_{entry.thing_id}", entry.thing_id)
    return texts["audit.gone"] if entry.kind in TITLED else entry.thing_id[:8]


def href_of(entry: Entry, reader: Reader) -> str:
    """The page of the thing an entry tells of; empty where there is none for the reader, or this is it."""
    if entry.deed.startswith("approval_") and "approval" in entry.details and may(reader.session, "publish"):
        return f"/desk/approvals/{entry.details['approval']}"
    step, start = PAGES.get(entry.kind, (None, ""))
    if step is None or not may(reader.session, step) or reader.about == (entry.kind, entry.thing_id):
        return ""
    return f"{start}/{entry.thing_id}"
