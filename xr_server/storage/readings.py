"""Texts that somebody has read and approved at the desk, in exactly the words they had."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import Engine, select

from xr_server.domain.catalog import Record, Site
from xr_server.domain.text_status import Mark, Reading, gather_reviews
from xr_server.storage.audit import note
from xr_server.storage.catalog import Change, Name, count_publication
from xr_server.storage.database import insert_into
from xr_server.storage.tables.people import account
from xr_server.storage.tables.texts import text_reading


def save_readings(catalog: Engine, name: Name, read: tuple[str, Mapping[str, str]], change: Change) -> None:
    """Note that whoever changes this has read texts of a record: in which language, and their digests by path."""
    language, marks = read
    if change.account_id is None:
        raise ValueError("a text is read by a person")
    rows = [
        {
            "site_id": name.site_id,
            "language": language,
            "path": path,
            "mark": mark,
            "account_id": change.account_id,
            "read_at": change.at,
        }
        for path, mark in marks.items()
    ]
    with catalog.begin() as connection:
        added = insert_into(connection, text_reading).values(rows).on_conflict_do_nothing()
        if connection.execute(added.returning(text_reading.c.path)).all():  # whoever read it first stays
            note(connection, "texts_read", name, change, language=language)


def tell_servers(catalog: Engine, site_id: str, change: Change) -> None:
    """Let documents be made anew: in a language of which everything has been read they say so."""
    with catalog.begin() as connection:
        count_publication(connection, site_id, change.at)


def list_readings(catalog: Engine, site: Site) -> list[tuple[Mark, Reading]]:
    """All that was read at the desk of a site, with the reader's name and the local date."""
    query = select(text_reading, account.c.name).join(account, account.c.id == text_reading.c.account_id)
    zone = ZoneInfo(site.time_zone)
    with catalog.connect() as connection:
        rows = connection.execute(query.where(text_reading.c.site_id == site.id)).all()
    return [
        (
            (row.language, row.path, row.mark),
            Reading(row.name, datetime.fromtimestamp(row.read_at / 1000, zone).date().isoformat()),
        )
        for row in rows
    ]


def add_readings(catalog: Engine, records: Sequence[Record]) -> list[Record]:
    """The records of a site, which now says what was read at the desk too."""
    return [
        replace(body, reviews=[*body.reviews, *gather_reviews(list_readings(catalog, body))])
        if isinstance(body, Site)
        else body
        for body in records
    ]
