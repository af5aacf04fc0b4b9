"""Scan rows: made when an upload begins, read by their creator and by staff, cancelled, expired."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Engine, Row, and_, func, insert, select, update

from xr_server.domain.scan import FINAL_STATES, UPLOAD_LIFE_MS, Reason, ScanDetails, State, Upload, check_quota
from xr_server.errors import Conflict, NotFound
from xr_server.storage.database import account, scan

UNFINISHED = ("receiving", "waiting", "building")
# what still takes room in the upload folder, and so counts towards the quota
KEPT = (*UNFINISHED, "built", "rejected", "failed")


@dataclass(frozen=True)
class StoredScan:
    """A scan as its row tells; moments in ms UTC."""

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

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class Owner:
    """Whose scan it is, and at which site."""

    site_id: str
    account_id: str


def to_stored(row: Row[tuple[object, ...]]) -> StoredScan:
    """The scan of a row of the table `scan`."""
    names = StoredScan.__dataclass_fields__.keys() - {"details", "reason"}
    values = {name: getattr(row, name) for name in names}
    reason = msgspec.json.decode(row.reason, type=Reason) if row.reason else None
    return StoredScan(**values, details=msgspec.json.decode(row.details, type=ScanDetails), reason=reason)


def create_scan(catalog: Engine, owner: Owner, upload: Upload, at: int, random_bytes: Callable[[int], bytes]) -> str:
    """Begin to receive a scan; gives its id. Raises TooLarge when the owner's quota does not allow it."""
    scan_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    used = select(func.coalesce(func.sum(scan.c.length_bytes), 0)).where(
        scan.c.account_id == owner.account_id, scan.c.state.in_(KEPT)
    )
    with catalog.begin() as connection:
        # uploads of one creator that begin at once are counted one after the other (SQLite: the write comes first)
        connection.execute(update(account).where(account.c.id == owner.account_id).values(id=owner.account_id))
        check_quota(int(connection.execute(used).scalar_one()), upload.length_bytes)
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
        connection.execute(
            update(scan).where(_receiving(scan_id), whole).values(state="waiting", expires_at=None, updated_at=at)
        )


def cancel_scan(catalog: Engine, scan_id: str, at: int) -> bool:
    """Stop receiving or building a scan; False when it had ended already. A worker that has it notices and stops."""
    return _end(catalog, and_(scan.c.id == scan_id, scan.c.state.in_(UNFINISHED)), "cancelled", at) == 1


def expire_scans(catalog: Engine, at: int) -> int:
    """End uploads that nobody went on with; gives how many."""
    return _end(catalog, and_(scan.c.state == "receiving", scan.c.expires_at < at), "expired", at)


def _end(catalog: Engine, which: ColumnElement[bool], state: State, at: int) -> int:
    with catalog.begin() as connection:
        values = {"state": state, "worker": None, "lease_until": None, "updated_at": at}
        return connection.execute(update(scan).where(which).values(**values)).rowcount


def list_kept(catalog: Engine, scan_ids: set[str]) -> set[str]:
    """Which of these scans' files are still wanted."""
    with catalog.connect() as connection:
        return set(connection.scalars(select(scan.c.id).where(scan.c.id.in_(scan_ids), scan.c.state.in_(KEPT))))


def attach_scene(catalog: Engine, scan_id: str, scene_id: str) -> None:
    """Remember which scene a scan was attached to; the first one stays."""
    with catalog.begin() as connection:
        connection.execute(
            update(scan).where(scan.c.id == scan_id, scan.c.scene_id.is_(None)).values(scene_id=scene_id)
        )


def find_scene_owner(catalog: Engine, site_id: str, scene_id: str) -> str | None:
    """The account whose scan a scene was made from; None for a scene that came with the content."""
    query = select(scan.c.account_id).where(scan.c.site_id == site_id, scan.c.scene_id == scene_id)
    with catalog.connect() as connection:
        return connection.execute(query).scalars().first()


def reason_text(reason: Reason) -> str:
    """A reason as the row keeps it."""
    return msgspec.json.encode(reason).decode()


def _receiving(scan_id: str) -> ColumnElement[bool]:
    return and_(scan.c.id == scan_id, scan.c.state == "receiving")
