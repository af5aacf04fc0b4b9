"""The scan row as a queue: one UPDATE claims a waiting scan under a lease, and only the lease's holder may write."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update

from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change
from xr_server.domain.scan import LEASE_MS, MAX_ATTEMPTS, Reason, State
from xr_server.storage.scans import StoredScan, note_scans, reason_text, to_stored
from xr_server.storage.tables.scans import scan

OUTCOMES: dict[State, Deed] = {"built": "scan_built", "rejected": "scan_rejected", "failed": "scan_failed"}
TRIED_OFTEN = Reason(
    "tried_often",
    f"Building this scan stopped {MAX_ATTEMPTS} times without an answer. The scan is kept; an operator can look why.",
)


@dataclass(frozen=True)
class Lease:
    """The right to build one scan: worker's name and attempt number, as the row holds them."""

    scan_id: str
    worker: str
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """What came out of an attempt. state: built, rejected, failed, or waiting for the next attempt."""

    state: State
    stage: str = ""
    reason: Reason | None = None
    package_digest: str | None = None
    seconds: float = 0.0
    peak_bytes: int = 0


def claim_scan(catalog: Engine, worker: str, at: int) -> tuple[Lease, StoredScan] | None:
    """Claim the scan that has waited longest, or whose lease ran out; None when there is none."""
    free = or_(scan.c.state == "waiting", and_(scan.c.state == "building", scan.c.lease_until < at))
    free = and_(free, scan.c.attempt < MAX_ATTEMPTS)
    # PostgreSQL skips rows another worker is claiming at this moment; SQLite has one writer and ignores the clause
    next_one = select(scan.c.id).where(free).order_by(scan.c.created_at, scan.c.id).limit(1)
    next_one = next_one.with_for_update(skip_locked=True)
    statement = (
        update(scan)
        .where(scan.c.id == next_one.scalar_subquery(), free)
        .values(
            state="building",
            worker=worker,
            lease_until=at + LEASE_MS,
            attempt=scan.c.attempt + 1,
            progress=0.0,
            stage="",
            reason="",
            updated_at=at,
        )
        .returning(scan)
    )
    with catalog.begin() as connection:
        row = connection.execute(statement).first()
    return (Lease(row.id, worker, row.attempt), to_stored(row)) if row else None


def count_ahead(catalog: Engine, stored: StoredScan) -> int | None:
    """How many scans are built before this one gets its turn, those of other sites too; None unless it waits."""
    if stored.state != "waiting":
        return None
    earlier = or_(
        scan.c.created_at < stored.created_at, and_(scan.c.created_at == stored.created_at, scan.c.id < stored.id)
    )
    before = or_(scan.c.state == "building", and_(scan.c.state == "waiting", earlier))
    with catalog.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(scan).where(before)).scalar_one())


def try_again(catalog: Engine, scan_id: str, change: Change) -> bool:
    """Let a scan that failed or was refused wait for a worker again; False when it stands otherwise."""
    ended = and_(scan.c.id == scan_id, scan.c.state.in_(("failed", "rejected")), scan.c.original_gone_at.is_(None))
    values = {"state": "waiting", "attempt": 0, "stage": "", "reason": "", "progress": 0.0, "updated_at": change.at}
    with catalog.begin() as connection:
        return note_scans(connection, update(scan).where(ended).values(**values), "scan_tried_again", change) == 1


def fail_exhausted(catalog: Engine, at: int) -> int:
    """End scans whose last allowed attempt lost its lease; gives how many."""
    spent = and_(scan.c.state == "building", scan.c.lease_until < at, scan.c.attempt >= MAX_ATTEMPTS)
    spent = or_(spent, and_(scan.c.state == "waiting", scan.c.attempt >= MAX_ATTEMPTS))
    values = {"reason": reason_text(TRIED_OFTEN), "worker": None, "lease_until": None, "updated_at": at}
    with catalog.begin() as connection:
        # what was built before and was to be read otherwise stays what it was
        kept = update(scan).where(spent, scan.c.rebuild != "").values(**values, state="built", rebuild="")
        failed = update(scan).where(spent, scan.c.rebuild == "").values(**values, state="failed")
        stopped = note_scans(connection, kept, "scan_rebuild_failed", Change(at))
        return stopped + note_scans(connection, failed, "scan_failed", Change(at))


def save_progress(catalog: Engine, lease: Lease, stage: str, fraction: float, at: int) -> bool:
    """Renew the lease and say how far the build is; False when the lease is lost and the build must stop."""
    with catalog.begin() as connection:
        moved = connection.execute(
            update(scan)
            .where(holding(lease, at))
            .values(lease_until=at + LEASE_MS, stage=stage[:40], progress=fraction, updated_at=at)
        )
    return moved.rowcount == 1


def save_outcome(catalog: Engine, lease: Lease, outcome: Outcome, at: int) -> bool:
    """Record what came out and give the lease back; False when the lease was lost, and then nothing is written."""
    values = {
        "state": outcome.state,
        "stage": outcome.stage[:40],
        "reason": reason_text(outcome.reason) if outcome.reason else "",
        "progress": 1.0 if outcome.state == "built" else scan.c.progress,
        "package_digest": outcome.package_digest,
        "build_seconds": outcome.seconds,
        "build_peak_bytes": outcome.peak_bytes,
        "worker": None,
        "lease_until": None,
        "updated_at": at,
    }
    with catalog.begin() as connection:
        ended, deed = update(scan).where(holding(lease, at)).values(**values), OUTCOMES.get(outcome.state)
        if deed is None:  # waiting for the next attempt
            return connection.execute(ended).rowcount == 1
        return note_scans(connection, ended, deed, Change(at)) == 1


def release_scan(catalog: Engine, lease: Lease, at: int) -> bool:
    """Give a scan back untried, as a worker does that is asked to stop."""
    values = {"state": "waiting", "stage": "", "progress": 0.0, "worker": None, "lease_until": None, "updated_at": at}
    with catalog.begin() as connection:
        moved = connection.execute(update(scan).where(holding(lease, at)).values(**values, attempt=scan.c.attempt - 1))
    return moved.rowcount == 1


def holds_lease(catalog: Engine, lease: Lease, at: int) -> bool:
    """Whether the lease is still ours."""
    with catalog.connect() as connection:
        return connection.execute(select(scan.c.id).where(holding(lease, at))).first() is not None


def holding(lease: Lease, at: int) -> ColumnElement[bool]:
    """The condition that the lease is still ours."""
    return and_(
        scan.c.id == lease.scan_id,
        scan.c.state == "building",
        scan.c.worker == lease.worker,
        scan.c.attempt == lease.attempt,
        scan.c.lease_until >= at,
    )
