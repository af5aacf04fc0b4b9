"""Scan rows: made when an upload begins, read by their creator and by staff, cancelled, expired."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Update, and_, insert, select, update

from xr_server.domain.attachment import made_scene
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.quota import USUAL, Defaults, check_quota
from xr_server.domain.rereading import Reading
from xr_server.domain.scan import FINAL_STATES, UPLOAD_LIFE_MS, Reason, ScanDetails, State, Upload
from xr_server.errors import Conflict, NotFound, NotSignedIn
from xr_server.storage.audit import note
from xr_server.storage.organisations import take_turn
from xr_server.storage.quotas import KEPT, load_standing
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import package, scan

UNFINISHED = ("receiving", "waiting", "building")
ENDED: dict[str, Deed] = {"cancelled": "scan_cancelled", "expired": "scan_expired"}


@dataclass(frozen=True)
class StoredScan:
    """A scan as its row tells; moments in ms UTC. original_gone_at: when its file was deleted; None: it is there.

    rebuild: built before, and now to be read like this; None unless it waits for that or is worked on.
    """

    id: str
    site_id: str
    account_id: str
    file_name: str
    details: ScanDetails
    length_bytes: int
    received_bytes: int
    state: State
    stage: str
    reason: Reason | None
    progress: float
    attempt: int
    package_digest: str | None
    scene_id: str | None
    build_seconds: float | None
    build_peak_bytes: int | None
    created_at: int
    updated_at: int
    expires_at: int | None
    original_gone_at: int | None
    rebuild: Reading | None

    @property
    def is_start(self) -> bool:
        """Whether it is a draft that started from another's published model: no file was sent, the package is theirs."""
        return self.length_bytes == 0

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class Owner:
    """Whose scan it is, at which site, and what may be kept where no administrator has said otherwise."""

    site_id: str
    account_id: str
    defaults: Defaults = USUAL


def to_stored(row: Row[tuple[object, ...]]) -> StoredScan:
    """The scan of a row of the table `scan`."""
    names = StoredScan.__dataclass_fields__.keys() - {"details", "reason", "rebuild"}
    values = {name: getattr(row, name) for name in names}
    reason = msgspec.json.decode(row.reason, type=Reason) if row.reason else None
    rebuild = msgspec.json.decode(row.rebuild, type=Reading) if row.rebuild else None
    details = msgspec.json.decode(row.details, type=ScanDetails)
    return StoredScan(**values, details=details, reason=reason, rebuild=rebuild)


def create_scan(catalog: Engine, owner: Owner, upload: Upload, at: int, random_bytes: Callable[[int], bytes]) -> str:
    """Begin to receive a scan; gives its id. Raises TooLarge when owner or site have no room, NotSignedIn."""
    scan_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    with catalog.begin() as connection:
        # uploads of a site that begin at once are counted one after the other (SQLite: the write comes first)
        take_turn(connection, owner.site_id)
        there = update(account).where(account.c.id == owner.account_id).values(id=owner.account_id)
        if connection.execute(there).rowcount != 1:  # deleted, such as a pupil's with the class, while this was asked
            raise NotSignedIn("sign_in_first", "This account is not there any more. Nothing was sent.")
        standing = load_standing(connection, owner.site_id, owner.account_id, owner.defaults)
        check_quota(standing, upload.length_bytes)
        connection.execute(
            insert(scan).values(
                id=scan_id,
                site_id=owner.site_id,
                account_id=owner.account_id,
                file_name=upload.file_name,
                details=msgspec.json.encode(upload.details).decode(),
                length_bytes=upload.length_bytes,
                received_bytes=0,
                state="receiving",
                created_at=at,
                updated_at=at,
                expires_at=at + UPLOAD_LIFE_MS,
            )
        )
    return scan_id


def load_scan(catalog: Engine, site_id: str, scan_id: str) -> StoredScan:
    """The scan of that id at a site. Raises NotFound."""
    with catalog.connect() as connection:
        row = connection.execute(select(scan).where(scan.c.id == scan_id, scan.c.site_id == site_id)).first()
    if row is None:
        raise NotFound("scan_unknown", "There is no scan of this id, or it is not one of yours. /studio/ lists yours.")
    return to_stored(row)


def load_titles(catalog: Engine, site_id: str, scan_ids: set[str]) -> dict[str, str]:
    """What a site's scans are called, by id, of those that are there."""
    query = select(scan.c.id, scan.c.details).where(scan.c.site_id == site_id, scan.c.id.in_(scan_ids))
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    return {row.id: msgspec.json.decode(row.details, type=ScanDetails).title for row in rows}


def list_scans(catalog: Engine, site_id: str, account_id: str | None) -> list[StoredScan]:
    """A site's scans, newest first; those of one account, or everybody's when None."""
    query = select(scan).where(scan.c.site_id == site_id).order_by(scan.c.created_at.desc(), scan.c.id).limit(500)
    if account_id is not None:
        query = query.where(scan.c.account_id == account_id)
    with catalog.connect() as connection:
        return [to_stored(row) for row in connection.execute(query)]


def save_received(catalog: Engine, scan_id: str, offset: int, received: int, at: int) -> None:
    """Acknowledge bytes that are durable; the last one makes the scan wait for a worker. Raises Conflict."""
    whole = scan.c.length_bytes == received
    with catalog.begin() as connection:
        moved = connection.execute(
            update(scan)
            .where(_receiving(scan_id), scan.c.received_bytes == offset, scan.c.length_bytes >= received)
            .values(received_bytes=received, updated_at=at, expires_at=at + UPLOAD_LIFE_MS)
        )
        if moved.rowcount != 1:
            raise Conflict(
                "offset_moved",
                "Another connection went on with this upload, or it was cancelled. Ask with HEAD where it stands.",
            )
        sent = update(scan).where(_receiving(scan_id), whole).values(state="waiting", expires_at=None, updated_at=at)
        for row in connection.execute(sent.returning(scan.c.site_id, scan.c.account_id)).all():
            note(connection, "scan_sent", Name(row.site_id, "scan", scan_id), Change(at, row.account_id))


def cancel_scan(catalog: Engine, scan_id: str, change: Change) -> bool:
    """Stop receiving or first building a scan; False when it had ended already. A worker that has it notices and stops."""
    first = and_(scan.c.id == scan_id, scan.c.state.in_(UNFINISHED), scan.c.rebuild == "")
    return _end(catalog, first, "cancelled", change) == 1


def expire_scans(catalog: Engine, at: int) -> int:
    """End uploads that nobody went on with; gives how many."""
    return _end(catalog, and_(scan.c.state == "receiving", scan.c.expires_at < at), "expired", Change(at))


def _end(catalog: Engine, which: ColumnElement[bool], state: Literal["cancelled", "expired"], change: Change) -> int:
    with catalog.begin() as connection:
        values = {"state": state, "worker": None, "lease_until": None, "updated_at": change.at}
        return note_scans(connection, update(scan).where(which).values(**values), ENDED[state], change)


def note_scans(connection: Connection, statement: Update, deed: Deed, change: Change) -> int:
    """Change scans by a statement, and put each one changed into the audit log; gives how many there were."""
    rows = connection.execute(statement.returning(scan.c.site_id, scan.c.id)).all()
    for row in rows:
        note(connection, deed, Name(row.site_id, "scan", row.id), change)
    return len(rows)


def list_kept(catalog: Engine, scan_ids: set[str], originals: bool = True) -> set[str]:
    """Which of these scans are still wanted: their originals, or else what was made beside their packages."""
    wanted = and_(scan.c.id.in_(scan_ids), scan.c.state.in_(KEPT))
    wanted = and_(wanted, scan.c.original_gone_at.is_(None)) if originals else wanted
    with catalog.connect() as connection:
        return set(connection.scalars(select(scan.c.id).where(wanted)))


def attach_scene(catalog: Engine, scan_id: str, scene_id: str) -> None:
    """Remember which scene a scan was attached to; the first one stays."""
    with catalog.begin() as connection:
        connection.execute(
            update(scan).where(scan.c.id == scan_id, scan.c.scene_id.is_(None)).values(scene_id=scene_id)
        )


def find_scene_owner(catalog: Engine, site_id: str, scene_id: str) -> str | None:
    """The account whose scan a scene was made from; None for a scene that came with the content."""
    maker = _find_maker(catalog, site_id, scene_id)
    return maker[1] if maker else None


def find_scene_scan(catalog: Engine, site_id: str, scene_id: str) -> str | None:
    """The scan a scene was made from; None for a scene that came with the content."""
    maker = _find_maker(catalog, site_id, scene_id)
    return maker[0] if maker else None


def _find_maker(catalog: Engine, site_id: str, scene_id: str) -> tuple[str, str] | None:
    """(scan, account) of a scene; those that only joined it name it as well, and may be another's."""
    query = select(scan.c.id, scan.c.account_id).where(scan.c.site_id == site_id, scan.c.scene_id == scene_id)
    with catalog.connect() as connection:
        rows = connection.execute(query.order_by(scan.c.created_at, scan.c.id)).all()
    return next(((row.id, row.account_id) for row in rows if made_scene(row.id, scene_id)), None)


def find_scans_of(catalog: Engine, site_id: str, digests: set[str], scene_id: str) -> dict[str, StoredScan]:
    """The scans that packages were made of, by digest: the one a scene was made from, else the one a package came from.

    A draft that started from another's model is no scan of it. Bundled models have none, nor do scans that were deleted.
    """
    came_from = select(package.c.digest, scan).join(scan, scan.c.id == package.c.scan_id)
    shows = select(scan.c.package_digest.label("digest"), scan)
    with catalog.connect() as connection:
        rows = [
            *connection.execute(came_from.where(scan.c.site_id == site_id, package.c.digest.in_(digests))),
            *connection.execute(shows.where(scan.c.site_id == site_id, scan.c.package_digest.in_(digests))),
        ]
    found: dict[str, StoredScan] = {}
    for row in rows:
        stored = to_stored(row)
        if not stored.is_start and (row.digest not in found or stored.scene_id == scene_id):
            found[row.digest] = stored
    return found


def reason_text(reason: Reason) -> str:
    """A reason as the row keeps it."""
    return msgspec.json.encode(reason).decode()


def _receiving(scan_id: str) -> ColumnElement[bool]:
    return and_(scan.c.id == scan_id, scan.c.state == "receiving")
