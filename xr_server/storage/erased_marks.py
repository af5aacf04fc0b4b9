"""Marks of what was erased, in the store of events and as files outside of it; and who may not be stored again.

A mark is an empty file, its name all there is: `2028-01-01~dejima~<64 digits>`. Making one that is there changes nothing,
so processes need no lock, and no file tells in which order they came.
"""

import os
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, select

from xr_server.storage.database import insert_into
from xr_server.storage.files import sync
from xr_server.storage.tables.retention import erased_mark

WRITING, ERASING = (  # of the same lock: many may write, none while somebody erases
    "SELECT pg_advisory_xact_lock_shared(20170226)",
    "SELECT pg_advisory_xact_lock(20170226)",
)


class Mark(NamedTuple):
    """A mark, the site whose it is, and the ISO date on which it is forgotten."""

    forget_on: str
    site_id: str
    mark: str


def write_marks(folder: Path, marks: Iterable[Mark]) -> None:
    """Put marks into the folder, durably; each has the age of every other."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for mark in marks:
        path = folder / "~".join(mark)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        os.utime(path, (0, 0))
    sync(folder)


def read_marks(folder: Path) -> set[Mark]:
    """The marks in the folder; other files are none."""
    names = [path.name.split("~") for path in folder.iterdir()] if folder.is_dir() else []
    return {Mark(*parts) for parts in names if len(parts) == len(Mark._fields)}


def save_marks(connection: Connection, marks: Collection[Mark]) -> None:
    """Put marks into the store, within the caller's transaction; from then on what they name is not stored any more."""
    if marks:
        rows = [mark._asdict() for mark in sorted(marks, key=lambda one: one.mark)]
        connection.execute(insert_into(connection, erased_mark).on_conflict_do_nothing(), rows)
    if connection.dialect.name == "postgresql":  # whoever is writing now ends first; in SQLite nobody else is
        connection.exec_driver_sql(ERASING)


def share_marks(events: Engine, folder: Path, today: date) -> tuple[set[Mark], bool]:
    """The marks that hold, after folder and store have told one another theirs; and whether the store had lost any."""
    columns = (erased_mark.c.forget_on, erased_mark.c.site_id, erased_mark.c.mark)
    with events.connect() as connection:
        stored = {Mark(*row) for row in connection.execute(select(*columns))}
    outside = read_marks(folder)
    over = {mark for mark in stored | outside if mark.forget_on <= today.isoformat()}
    lost = outside - stored - over
    if stored - outside - over:
        write_marks(folder, stored - outside - over)
    with events.begin() as connection:
        if lost:
            save_marks(connection, lost)
        connection.execute(delete(erased_mark).where(erased_mark.c.forget_on <= today.isoformat()))
    for mark in over & outside:
        (folder / "~".join(mark)).unlink(missing_ok=True)
    return (stored | outside) - over, bool(lost)
