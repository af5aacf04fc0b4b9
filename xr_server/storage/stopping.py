"""Packages taken back because somebody else holds the rights: nothing that shows them, or was made from them, goes out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, or_, select, update

from xr_server.domain.catalog import Change, Name, Scene
from xr_server.domain.published import packages_behind
from xr_server.errors import Conflict, NotFound
from xr_server.storage.audit import note
from xr_server.storage.catalog import StoredRecord, count_publication, list_records, load_published
from xr_server.storage.packages import load_packages
from xr_server.storage.reviews import keep_note, make_why
from xr_server.storage.tables.records import record
from xr_server.storage.tables.scans import package, scan
from xr_server.storage.tokens import RandomBytes

_other = package.alias("other")  # another package of the same work


@dataclass(frozen=True)
class Stop:
    """That a package was stopped: when in ms UTC, and why."""

    at: int
    reason: str


def _same_work() -> ColumnElement[bool]:
    """Two rows of one work: a scan that says something else of itself is another package, but the same scan."""
    return and_(
        package.c.site_id == _other.c.site_id,
        or_(
            package.c.digest == _other.c.digest,
            and_(package.c.scan_id.is_not(None), package.c.scan_id == _other.c.scan_id),
            and_(package.c.model.is_not(None), package.c.model == _other.c.model),
        ),
    )


def load_stopped(catalog: Engine, site_id: str) -> frozenset[str]:
    """The packages of a site that may not be shown: those that were stopped, and others of the same scan or model."""
    query = select(_other.c.digest).join(package, _same_work()).where(package.c.site_id == site_id)
    with catalog.connect() as connection:
        return frozenset(connection.execute(query.where(package.c.stopped_at.is_not(None))).scalars())


def find_stop(catalog: Engine, site_id: str, digest: str) -> Stop | None:
    """When and why a package, or another of the same work, was stopped; None when it was not."""
    query = (
        select(package.c.stopped_at, package.c.stop_reason)
        .join(_other, _same_work())
        .where(package.c.site_id == site_id, _other.c.digest == digest, package.c.stopped_at.is_not(None))
        .order_by(package.c.stopped_at)
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else Stop(row.stopped_at, row.stop_reason)


def list_touched(catalog: Engine, site_id: str, digest: str) -> list[StoredRecord]:
    """The scenes that show a package or another of the same work, or something that was made from one, by id.

    What visitors see counts as well as the newest draft, which may show it no more.
    """
    query = select(_other.c.digest).join(package, _same_work()).where(package.c.site_id == site_id)
    with catalog.connect() as connection:
        works = set(connection.execute(query.where(package.c.digest == digest)).scalars())
    _, models = load_packages(catalog, site_id)
    drafts = list_records(catalog, site_id, "scene")
    bodies = [*load_published(catalog, site_id), *(draft.body for draft in drafts)]
    touched = {body.id for body in bodies if isinstance(body, Scene) and packages_behind(body, models) & works}
    return [draft for draft in drafts if draft.id in touched]


def stop_package(catalog: Engine, name: Name, reason: str, change: Change, random_bytes: RandomBytes) -> None:
    """Take a package back for good, whatever scene shows it, and tell the makers why. Raises NotFound, Conflict."""
    this = (package.c.site_id == name.site_id) & (package.c.digest == name.id)
    if find_stop(catalog, name.site_id, name.id) is not None:
        raise Conflict("package_stopped_already", "This model is stopped already. Reload the page.")
    touched = list_touched(catalog, name.site_id, name.id)
    with catalog.begin() as connection:
        done = connection.execute(update(package).where(this).values(stopped_at=change.at, stop_reason=reason))
        if done.rowcount != 1:
            raise NotFound("package_unknown", "There is no package of this name at this site.")
        note(connection, "package_stopped", name, change, landmarks=_landmarks_of(touched))
        for about, revision in _shown_by(connection, touched):
            why = make_why("rights", reason, random_bytes)
            keep_note(connection, (about, revision), why, change)
            details = {"reason": why.reason, "note": why.note_id}
            note(connection, "stopped_for_rights", about, change, revision, **details)
        for about in _unshown_scans(connection, name, touched):
            note(connection, "stopped_for_rights", about, change, reason="rights")
        count_publication(connection, name.site_id, change.at)


def release_package(catalog: Engine, name: Name, change: Change) -> None:
    """Let a package and the others of its work be shown again, and tell the makers. Raises Conflict."""
    touched = list_touched(catalog, name.site_id, name.id)
    with catalog.begin() as connection:
        query = select(package.c.digest).join(_other, _same_work()).where(_other.c.digest == name.id)
        works = list(connection.execute(query.where(package.c.stopped_at.is_not(None))).scalars())
        if not works:
            raise Conflict("package_not_stopped", "This model is not stopped. Reload the page.")
        those = (package.c.site_id == name.site_id) & package.c.digest.in_(works)
        connection.execute(update(package).where(those).values(stopped_at=None, stop_reason=""))
        note(connection, "package_released", name, change, landmarks=_landmarks_of(touched))
        for about, revision in _shown_by(connection, touched):
            note(connection, "let_go_again", about, change, revision)
        for about in _unshown_scans(connection, name, touched):
            note(connection, "let_go_again", about, change)
        count_publication(connection, name.site_id, change.at)


def _landmarks_of(touched: Sequence[StoredRecord]) -> str:
    """Where a stop is felt, so that whoever looks after a part of the site is told of that part."""
    return " ".join(sorted({scene.body.landmark for scene in touched if isinstance(scene.body, Scene)}))


def _shown_by(connection: Connection, touched: Sequence[StoredRecord]) -> Iterator[tuple[Name, int]]:
    """What makers are told of, with its revision: the experience that goes by a scene's name, else the scene."""
    for scene in touched:
        here = (record.c.site_id == scene.site_id) & (record.c.kind == "experience") & (record.c.id == scene.id)
        offer = connection.execute(select(record.c.revision).where(here)).scalar()
        kind, revision = ("scene", scene.revision) if offer is None else ("experience", offer)
        yield Name(scene.site_id, kind, scene.id), revision


def _unshown_scans(connection: Connection, name: Name, touched: Sequence[StoredRecord]) -> Iterator[Name]:
    """The scans of a work that no scene shows: their makers are told all the same."""
    works = select(_other.c.scan_id).join(package, _same_work())
    here = (package.c.site_id == name.site_id) & (package.c.digest == name.id) & _other.c.scan_id.is_not(None)
    found = select(scan.c.id, scan.c.scene_id).where(scan.c.site_id == name.site_id, scan.c.id.in_(works.where(here)))
    shown = {scene.id for scene in touched}
    for row in connection.execute(found.order_by(scan.c.id)):
        if row.scene_id not in shown:
            yield Name(name.site_id, "scan", row.id)
