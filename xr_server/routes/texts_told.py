"""The texts of a site as staff look after them: which records have some, what they are called, how they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.account import Session, may_at
from xr_server.domain.belonging import landmark_of
from xr_server.domain.guidance import Footpath
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import plain
from xr_server.domain.text_review import find_unreviewed
from xr_server.domain.text_status import (
    KINDS,
    Readings,
    Slot,
    count_statuses,
    find_slots,
    gather_readings,
    is_within,
)
from xr_server.parts import Parts
from xr_server.routes.deeds import REVIEWED
from xr_server.routes.desk import scene_titles, title_of
from xr_server.routes.live import Place
from xr_server.routes.place_page import name_landmarks, title_of_place
from xr_server.routes.reviewed import load_reviews, visitor_texts
from xr_server.storage.catalog import StoredRecord, list_records
from xr_server.storage.readings import list_readings

HANDED_IN = ("in_review", "published")
MOST_FOUND = 20


@dataclass(frozen=True)
class Told:
    """A record that has texts: what it is called, and its texts."""

    stored: StoredRecord
    title: str
    slots: Sequence[Slot]

    @property
    def key(self) -> str:
        """Kind and id, as addresses have them."""
        return f"{self.stored.kind}/{self.stored.id}"


def gather_told(parts: Parts, session: Session, place: Place) -> list[Told]:
    """The records with texts of the part of the site that somebody looks after; drafts of creators once handed in."""
    scenes = scene_titles(parts, session.site_id, place.language)
    names = name_landmarks(parts, session.site_id, place.language)
    found = []
    for kind in KINDS:
        for stored in list_records(parts.catalog, session.site_id, kind):
            if is_looked_after(stored) and may_at(session, landmark_of(stored.body)):
                found.append(_tell(stored, place, names, scenes))
    return [told for told in found if told.slots]


def is_looked_after(stored: StoredRecord) -> bool:
    """Whether a record is shown among the texts of the site."""
    return stored.state in HANDED_IN if stored.kind in REVIEWED else stored.state != "withdrawn"


def _tell(stored: StoredRecord, place: Place, names: Mapping[str, str], scenes: Mapping[str, str]) -> Told:
    if isinstance(stored.body, Footpath):
        title = title_of_place(stored.body, names, place.language)
    else:
        title = plain(title_of(stored, place.language, scenes))
    return Told(stored, title, find_slots(stored.body))


def read_so_far(parts: Parts, place: Place) -> Readings:
    """All that people have approved of the texts of a site."""
    return gather_readings(place.site.reviews, list_readings(parts.catalog, place.site))


def find_interface(wanted: str, languages: Sequence[str]) -> list[dict[str, str]]:
    """Sentences of the pages themselves in which some words stand, and the file and the key of each."""
    found = []
    for language in languages:
        for key, words in visitor_texts(language).items():
            if is_within(wanted, words):
                area, _, rest = key.partition(".")
                file = f"xr_server/texts/{language}/{area}.json"
                found.append({"file": file, "key": rest, "words": plain(words), "tag": html_tag(language)})
    return found[:MOST_FOUND]


def sum_up(told: Sequence[Told], readings: Readings, place: Place) -> list[dict[str, Any]]:
    """For each language of the site how many texts stand how, and how much of the interface was read."""
    slots = [slot for one in told for slot in one.slots]
    return [
        {
            "code": language,
            "name": plain(NAMES[language]),
            "counts": count_statuses(slots, language, readings),
            "interface": len(visitor_texts(language)),
            "interface_unread": len(find_unreviewed(visitor_texts(language), load_reviews(), language)),
        }
        for language in place.site.languages
    ]
