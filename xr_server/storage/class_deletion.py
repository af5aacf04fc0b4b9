"""Deleting pupils, or a class with all of them: what would go, its going, and looking again whether anything is left."""

import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    not_,
    select,
    update,
)

from xr_server.domain.catalog import Change, Name
from xr_server.domain.school import stage_of
from xr_server.domain.season import Schedule
from xr_server.errors import Conflict, NotFound
from xr_server.settings import Settings
from xr_server.storage.accounts import account_name, forget_guesses
from xr_server.storage.audit import note
from xr_server.storage.catalog import count_publication, list_records
from xr_server.storage.classes import SchoolClass, list_all_classes, today_at
from xr_server.storage.comparisons import remove_comparison
from xr_server.storage.database import forget_pages
from xr_server.storage.going_out import Showing, lapse_questions, show
from xr_server.storage.media import remove_files
from xr_server.storage.media_library import read_digests
from xr_server.storage.organisations import take_turn
from xr_server.storage.pupils import Pupil, list_pupils
from xr_server.storage.tables import catalog_tables
from xr_server.storage.tables.approvals import approval, approval_item
from xr_server.storage.tables.classes import class_receipt, pupil, school_class
from xr_server.storage.tables.people import account, api_token, password_reset, session
from xr_server.storage.tables.records import media_file, preview, record, record_revision, review_note
from xr_server.storage.tables.scans import package, scan
from xr_server.storage.tokens import hash_token
from xr_server.storage.uploads import remove_scan_files

REVIEWED = ("experience", "scene")
# account ids stand here and name nobody once the account is gone; everything else that has one is deleted with it
STAYING = frozenset(("audit_entry", "class_receipt"))
log = logging.getLogger("dejima.classes")


@dataclass(frozen=True)
class Leaving:
    """Who goes: some pupils of a class, or with whole_class all of them and the class itself."""

    found: SchoolClass
    pupils: Sequence[Pupil]
    whole_class: bool

    @property
    def account_ids(self) -> list[str]:
        """The accounts that go."""
        return [one.account_id for one in self.pupils]

    @property
    def words(self) -> list[str]:
        """The ids and pen names of which nothing may be left."""
        own = [self.found.id] if self.whole_class else []
        return [*own, *self.account_ids, *(one.name for one in self.pupils)]


@dataclass(frozen=True)
class Going:
    """What goes: figures by name, scans and packages by id, records by kind and id, and what is still published of it.

    media_digests: files of pictures and sounds that nobody else's record names.
    """

    figures: dict[str, int]
    scan_ids: list[str]
    digests: list[str]
    records: list[tuple[str, str]]
    published: list[tuple[str, str]]
    media_digests: list[str]


def find_going(catalog: Engine, leaving: Leaving) -> Going:
    """What goes with these pupils, as it stands now."""
    schedules = list_records(catalog, leaving.found.site_id, "schedule")
    dated = [(one.id, one.body.experience) for one in schedules if isinstance(one.body, Schedule)]
    with catalog.connect() as connection:
        return _find(connection, leaving, dated)


def _find(connection: Connection, leaving: Leaving, dated: Sequence[tuple[str, str]]) -> Going:
    site_id, ids = leaving.found.site_id, leaving.account_ids
    scans = connection.execute(select(scan).where(scan.c.account_id.in_(ids))).all()
    scan_ids = [row.id for row in scans]
    scenes = {row.scene_id for row in scans if row.scene_id}
    wanted = [(kind, scene) for scene in sorted(scenes) for kind in REVIEWED]
    media = _own_media(connection, site_id, ids)
    wanted += [("media", name) for name in media]
    wanted += [("schedule", name) for name, experience in dated if experience in scenes]
    records = [name for name in wanted if connection.execute(select(record.c.id).where(_is(site_id, name))).first()]
    digests = _own_digests(connection, scan_ids)
    figures = {
        "pupils": len(ids),
        **{name: _count(connection, table, ids) for name, table in OPENINGS.items()},
        "previews": _count_previews(connection, ids, [name for kind, name in records if kind == "experience"]),
        "scans": len(scan_ids),
        "scan_bytes": sum(row.received_bytes for row in scans),
        "packages": len(digests),
        "experiences": sum(kind == "experience" for kind, _ in records),
        "media": len(media),
        "notes": sum(_count_notes(connection, site_id, name) for name in records),
    }
    published = list(_published(connection, site_id, records, digests))
    return Going(figures, scan_ids, digests, records, published, _own_media_digests(connection, site_id, media))


OPENINGS = {"sessions": session, "links": password_reset, "tokens": api_token}


def _count(connection: Connection, table: Table, ids: Sequence[str]) -> int:
    query = select(func.count()).select_from(table).where(table.c.account_id.in_(ids))
    return int(connection.execute(query).scalar_one())


def _count_previews(connection: Connection, ids: Sequence[str], experiences: Sequence[str]) -> int:
    """Links that pupils made, and those that others made to drafts of pupils."""
    theirs = preview.c.account_id.in_(ids) | preview.c.experience_id.in_(experiences)
    return int(connection.execute(select(func.count()).select_from(preview).where(theirs)).scalar_one())


def _count_notes(connection: Connection, site_id: str, name: tuple[str, str]) -> int:
    about = (review_note.c.site_id == site_id) & (review_note.c.kind == name[0]) & (review_note.c.record_id == name[1])
    return int(connection.execute(select(func.count()).select_from(review_note).where(about)).scalar_one())


def _is(site_id: str, name: tuple[str, str]) -> ColumnElement[bool]:
    return (record.c.site_id == site_id) & (record.c.kind == name[0]) & (record.c.id == name[1])


def _own_digests(connection: Connection, scan_ids: Sequence[str]) -> list[str]:
    """Packages made from these scans and from no other one, bundled models left out."""
    others = select(scan.c.package_digest).where(scan.c.id.not_in(scan_ids), scan.c.package_digest.is_not(None))
    query = select(package.c.digest).where(
        package.c.scan_id.in_(scan_ids), package.c.model.is_(None), package.c.digest.not_in(others)
    )
    return sorted(connection.scalars(query))


def _own_media(connection: Connection, site_id: str, ids: Sequence[str]) -> list[str]:
    """The pictures and sounds that these accounts brought in."""
    files = select(media_file.c.record_id, media_file.c.account_id).where(media_file.c.site_id == site_id)
    rows = connection.execute(files.order_by(media_file.c.created_at.desc(), media_file.c.digest))
    owners = {row.record_id: row.account_id for row in rows}  # whoever was first, whoever changed it since
    return sorted(name for name, owner in owners.items() if owner in ids)


def _own_media_digests(connection: Connection, site_id: str, media: Sequence[str]) -> list[str]:
    """The files that only these pictures and sounds name; what came with the content is named by its record alone."""
    mine = (media_file.c.site_id == site_id) & media_file.c.record_id.in_(media)
    own = set(connection.scalars(select(media_file.c.digest).where(mine)))
    theirs = not_((record_revision.c.site_id == site_id) & record_revision.c.id.in_(media))
    return sorted(own - read_digests(connection, theirs))


def _published(
    connection: Connection, site_id: str, own: Sequence[tuple[str, str]], digests: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """What visitors see of it: the pupils' own records, and scenes of others that show one of the packages."""
    out = (record.c.published_revision == record_revision.c.revision) & (record.c.site_id == site_id)
    query = select(record.c.kind, record.c.id, record_revision.c.body).join(
        record_revision,
        (record_revision.c.site_id == record.c.site_id)
        & (record_revision.c.kind == record.c.kind)
        & (record_revision.c.id == record.c.id),
    )
    for row in connection.execute(query.where(out, record.c.kind.in_((*REVIEWED, "schedule", "media")))):
        if (row.kind, row.id) in own or any(digest in row.body for digest in digests):
            yield row.kind, row.id


def delete_leaving(
    catalog: Engine, settings: Settings, leaving: Leaving, change: Change, withdraw: bool = False
) -> dict[str, int]:
    """Delete the pupils and everything of theirs; gives figures, `left` being what could still be found afterwards.

    What is published has to be withdrawn before, or with `withdraw` is withdrawn now. Raises Conflict.
    """
    schedules = list_records(catalog, leaving.found.site_id, "schedule")
    dated = [(one.id, one.body.experience) for one in schedules if isinstance(one.body, Schedule)]
    with catalog.begin() as connection:
        take_turn(connection, leaving.found.site_id)  # nobody brings in a file meanwhile that is about to go
        _hold(connection, leaving)
        # the accounts first: an upload that begins at this moment waits here, and then finds no account any more
        connection.execute(update(account).where(account.c.id.in_(leaving.account_ids)).values(disabled=True))
        going = _find(connection, leaving, dated)
        if going.published and not withdraw:
            raise Conflict(
                "class_published",
                "Some of this is published. Have it withdrawn first, so that nothing vanishes before visitors' eyes; "
                "nothing was deleted.",
            )
        _withdraw(connection, leaving.found.site_id, going, change)
        _delete_rows(connection, leaving, going)
        _delete_files(settings, leaving, going)
        _note(connection, leaving, change)
        if leaving.whole_class:
            _write_receipt(connection, leaving.found, going.figures, change.at)
    forget_pages(catalog)
    left = find_traces(catalog, settings, [*leaving.words, *going.scan_ids])
    for trace in left:
        log.error("still there after a class was deleted: %s", trace)
    figures = {**going.figures, "left": len(left)}
    if leaving.whole_class:
        _complete_receipt(catalog, leaving.found, figures, change.at)
    return figures


def _hold(connection: Connection, leaving: Leaving) -> None:
    """Let nobody join or delete beside us. Raises NotFound when the class is gone, Conflict when somebody has joined."""
    found = leaving.found
    row = update(school_class).where(school_class.c.id == found.id).values(name=school_class.c.name)
    if connection.execute(row).rowcount != 1:
        raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")
    there = set(connection.scalars(select(pupil.c.account_id).where(pupil.c.class_id == found.id)))
    if not there.issuperset(leaving.account_ids) or (leaving.whole_class and len(there) != len(leaving.pupils)):
        raise Conflict(
            "step_impossible",
            "Somebody has joined or left meanwhile. Nothing was deleted. Reload the page to see how it stands.",
        )


def _withdraw(connection: Connection, site_id: str, going: Going, change: Change) -> None:
    for kind, record_id in going.published:
        name = Name(site_id, kind, record_id)
        show(connection, name, Showing("withdrawn", None), change)
        lapse_questions(connection, name, change)  # of a scene that stays, since another's shows a pupil's package
        note(connection, "withdrawn", name, change)
    if going.published:
        count_publication(connection, site_id, change.at)


def _note(connection: Connection, leaving: Leaving, change: Change) -> None:
    """The audit log keeps the bare ids, which lead nowhere from now on."""
    for account_id in leaving.account_ids:
        note(connection, "pupil_deleted", account_name(leaving.found.site_id, account_id), change)
    if leaving.whole_class:
        about = Name(leaving.found.site_id, "class", leaving.found.id)
        note(connection, "class_deleted", about, change, pupils=len(leaving.pupils))


def _delete_rows(connection: Connection, leaving: Leaving, going: Going) -> None:
    site_id, ids = leaving.found.site_id, leaving.account_ids
    for kind, name in going.records:
        about = (review_note.c.site_id == site_id) & (review_note.c.kind == kind) & (review_note.c.record_id == name)
        connection.execute(delete(review_note).where(about))
        asked = (
            (approval_item.c.site_id == site_id) & (approval_item.c.kind == kind) & (approval_item.c.record_id == name)
        )
        connection.execute(delete(approval).where(approval.c.id.in_(select(approval_item.c.approval_id).where(asked))))
        if kind == "experience":
            shown = (preview.c.site_id == site_id) & (preview.c.experience_id == name)
            connection.execute(delete(preview).where(shown))
        of_it = (
            (record_revision.c.site_id == site_id) & (record_revision.c.kind == kind) & (record_revision.c.id == name)
        )
        connection.execute(delete(record_revision).where(of_it))
        connection.execute(delete(record).where(_is(site_id, (kind, name))))
    connection.execute(delete(package).where(package.c.digest.in_(going.digests)))
    connection.execute(update(package).where(package.c.scan_id.in_(going.scan_ids)).values(scan_id=None))
    written = record_revision.c.account_id.in_(ids)  # in records of others, which stay
    connection.execute(update(record_revision).where(written).values(account_id=None))
    scenes = {name for kind, name in going.records if kind == "scene"}
    connection.execute(
        update(scan).where(scan.c.scene_id.in_(scenes)).values(scene_id=None)
    )  # others' scans in them stay
    for one in leaving.pupils:
        forget_guesses(connection, one.name)
    for table in reversed(catalog_tables.sorted_tables):  # those that point at others first
        if "account_id" in table.c and table.name not in STAYING:
            connection.execute(delete(table).where(table.c.account_id.in_(ids)))
    connection.execute(delete(account).where(account.c.id.in_(ids)))
    if leaving.whole_class:
        connection.execute(delete(school_class).where(school_class.c.id == leaving.found.id))


def _delete_files(settings: Settings, leaving: Leaving, going: Going) -> None:
    """Before the rows are gone for good: after a crash in between they are still there, and it is done again."""
    for scan_id in going.scan_ids:
        remove_scan_files(settings.upload_dir, scan_id)
        remove_comparison(settings.comparison_dir, scan_id)
        for folder in (settings.data_dir / "builds").glob(f"{scan_id}.*"):
            shutil.rmtree(folder, ignore_errors=True)
    for digest in going.digests:
        shutil.rmtree(settings.package_dir / digest, ignore_errors=True)
    remove_files(settings.package_dir, going.media_digests)
    for account_id in leaving.account_ids:
        shutil.rmtree(settings.intake_dir / account_id, ignore_errors=True)


def _write_receipt(connection: Connection, found: SchoolClass, figures: dict[str, int], at: int) -> None:
    values = {"site_id": found.site_id, "teacher_id": found.teacher_id, "class_name": found.said.name}
    body = json.dumps(figures)
    connection.execute(insert(class_receipt).values(id=_receipt_id(found, at), **values, body=body, deleted_at=at))


def _complete_receipt(catalog: Engine, found: SchoolClass, figures: dict[str, int], at: int) -> None:
    which = class_receipt.c.id == _receipt_id(found, at)
    with catalog.begin() as connection:
        connection.execute(update(class_receipt).where(which).values(body=json.dumps(figures)))


def _receipt_id(found: SchoolClass, at: int) -> str:
    """Not the class's own id, of which nothing is to be left."""
    return hash_token(f"{found.id}\n{at}")[:36]


def find_traces(catalog: Engine, settings: Settings, words: Sequence[str]) -> list[str]:
    """Where any of these ids and names still stands: tables of the catalog, and names of files and folders."""
    found = []
    with catalog.connect() as connection:
        for table in catalog_tables.sorted_tables:
            columns = [column for column in table.c if isinstance(column.type, String | Text)]
            if table.name in STAYING or not columns:
                continue
            for row in connection.execute(select(*columns)):
                text = "\n".join(value for value in row if value)
                found += [f"table {table.name}" for word in words if word in text]
    places = (settings.upload_dir, settings.package_dir, settings.comparison_dir, settings.intake_dir)
    for folder in (*places, settings.data_dir / "builds"):
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        found += [f"folder {folder.name}" for name in names if any(word in name for word in words)]
    return found


def delete_over(catalog: Engine, settings: Settings, at: int) -> int:
    """Delete the classes whose last day and grace are over, with what is still published of them; gives how many."""
    over = [
        one
        for one in list_all_classes(catalog)
        if stage_of(one.said.ends_on, today_at(catalog, one.site_id, at)) == "over"
    ]
    for one in over:
        leaving = Leaving(one, list_pupils(catalog, one.id), whole_class=True)
        try:
            delete_leaving(catalog, settings, leaving, Change(at), withdraw=True)
        except (NotFound, Conflict):  # another worker or the teacher was faster; what is left comes at the next turn
            continue
        log.info("a class of %d pupils has ended and was deleted", len(leaving.pupils))
    return len(over)
