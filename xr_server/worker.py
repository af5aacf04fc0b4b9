"""The worker: claims a waiting scan, has the pipeline build it in a limited child process, records the outcome."""

import importlib.util
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE, parse_manifest
from asset_pipeline.sockets import remove_socket_folder
from xr_server.child import Ended, Job, Limits, default_limits, run_limited
from xr_server.domain.rereading import reread
from xr_server.domain.scan import LEASE_MS, MAX_ATTEMPTS, Reason, build_arguments, build_metadata
from xr_server.errors import Invalid
from xr_server.settings import Settings
from xr_server.storage.builds import (
    Lease,
    Outcome,
    claim_scan,
    fail_exhausted,
    holds_lease,
    release_scan,
    save_outcome,
    save_progress,
)
from xr_server.storage.class_deletion import delete_over
from xr_server.storage.comparisons import keep_comparison, remove_comparison, sweep_comparisons
from xr_server.storage.intake import sweep_intake
from xr_server.storage.media import sweep_store
from xr_server.storage.media_library import find_named
from xr_server.storage.memories import forget_memories
from xr_server.storage.originals import expire_originals
from xr_server.storage.packages import DIGEST, Origin, adopt_package, drop_orphan, save_package, sweep_packages
from xr_server.storage.rebuilding import is_of_another, save_rebuilt
from xr_server.storage.scans import StoredScan, expire_scans
from xr_server.storage.uploads import scan_path, sweep_files

PIPELINE = (sys.executable, "-P", "-m", "asset_pipeline")
COMPARED = "compare"  # the folder of a build for what is no part of its package
HEARTBEAT_S = 5.0
REPORT_S = 1.0
IDLE_S = 1.0
SWEEP_S = 60.0
CLUSTER_ANSWER_S = 10.0
# where programs, caches and temporary files are; nothing that names a database or a secret reaches the child
PASSED_ON = ("PATH", "HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "PYTHONPATH", "LD_LIBRARY_PATH")
log = logging.getLogger("dejima.worker")


@dataclass(frozen=True)
class Bench:
    """What a worker works with: stores, folders, time (ms UTC), the pipeline's command and its limits."""

    catalog: Engine
    settings: Settings
    clock: Callable[[], int]
    pipeline: Sequence[str] = PIPELINE
    limits: Limits = field(default_factory=default_limits)

    @property
    def folder(self) -> Path:
        """Where builds lie while they are worked on."""
        return self.settings.data_dir / "builds"


@dataclass
class Watch:
    """One build as it goes: the newest progress, the last words, and when the lease was renewed."""

    bench: Bench
    lease: Lease
    stage: str = ""
    fraction: float = 0.0
    last_words: dict[str, Any] = field(default_factory=dict)
    saved_stage: tuple[str, float] = ("", 0.0)
    saved_s: float = field(default_factory=time.monotonic)

    def take(self, line: bytes) -> None:
        """Take one line of the pipeline's report; what is no JSON object is somebody's chatter."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        if isinstance(message.get("result"), dict) or isinstance(message.get("refused"), dict):
            self.last_words = message
        elif isinstance(message.get("stage"), str) and isinstance(message.get("fraction"), int | float):
            self.stage, self.fraction = message["stage"], min(max(float(message["fraction"]), 0.0), 1.0)

    def go_on(self) -> bool:
        """Renew the lease when it is time, or tell news; False when the lease is lost."""
        quiet_s = time.monotonic() - self.saved_s
        news = (self.stage, self.fraction) != self.saved_stage
        if quiet_s < HEARTBEAT_S and not (news and quiet_s >= REPORT_S):
            return True
        try:
            held = save_progress(self.bench.catalog, self.lease, self.stage, self.fraction, self.bench.clock())
        except SQLAlchemyError as error:  # a short absence of the database costs nothing while the lease lasts
            log.warning("heartbeat not written: %s", type(error).__name__)
            return quiet_s * 1000 < LEASE_MS
        self.saved_s, self.saved_stage = time.monotonic(), (self.stage, self.fraction)
        return held


def run_worker(settings: Settings, catalog: Engine) -> None:
    """Build waiting scans until the process is told to stop; the scan in hand is then given back untried."""
    from xr_server.app import system_clock

    stop_on_signals()
    check_cluster(settings.dask)
    bench, name = Bench(catalog, settings, system_clock), worker_name()
    log.info("worker %s waits for scans", name)
    next_sweep_s = 0.0
    while True:
        try:
            if time.monotonic() >= next_sweep_s:
                sweep(bench)
                send_mail(bench)
                next_sweep_s = time.monotonic() + SWEEP_S
            if not work_once(bench, name):
                time.sleep(IDLE_S)
        except SQLAlchemyError as error:
            log.warning("catalog unreachable, trying again: %s", type(error).__name__)
            time.sleep(5 * IDLE_S)
        except Exception:  # a full disk or a fault of ours: the lease runs out, and the scan is tried again or given up
            log.exception("a scan could not be worked on")
            time.sleep(5 * IDLE_S)


def check_cluster(address: str) -> None:
    """Refuse to start where a cluster is named that cannot be worked on. Raises Invalid."""
    if not address:
        return
    if importlib.util.find_spec("distributed") is None:
        text = "Building on a Dask cluster needs the extra `dask`: pip install 'dejima-xr[dask]'."
        raise Invalid("dask_missing", text)
    host, _, port = address.partition("://")[2].rpartition(":")
    try:  # a plain connection: a Dask client would leave threads in this process, which must have one
        socket.create_connection((host.strip("[]"), int(port)), timeout=CLUSTER_ANSWER_S).close()
    except OSError as error:
        text = f"No Dask scheduler answers at {address}. Start one with `dask scheduler`, or check address and network."
        raise Invalid("dask_unreachable", text) from error


def worker_name() -> str:
    """A name no other worker has, also none before a restart."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:12]}"


def stop_on_signals() -> None:
    """Let SIGTERM end the process as Ctrl+C does, through every `finally`."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


def sweep(bench: Bench) -> None:
    """End what nobody goes on with: expired uploads, spent attempts, folders of builds that are over."""
    now = bench.clock()
    expire_scans(bench.catalog, now)
    fail_exhausted(bench.catalog, now)
    expire_originals(bench.catalog, bench.settings, now)
    sweep_files(bench.catalog, bench.settings.upload_dir)
    sweep_comparisons(bench.catalog, bench.settings.comparison_dir)
    delete_over(bench.catalog, bench.settings, now)
    sweep_intake(bench.settings.intake_dir, now)
    sweep_packages(bench.catalog, bench.settings.package_dir, now)
    forget_memories(bench.catalog, bench.settings.package_dir, now)
    sweep_store(bench.settings.package_dir, lambda digests: find_named(bench.catalog, digests), now)
    for folder in bench.folder.glob("*.*"):
        scan_id, _, holder = folder.name.partition(".")
        worker, _, attempt = holder.rpartition(".")
        if not attempt.isdigit() or not holds_lease(bench.catalog, Lease(scan_id, worker, int(attempt)), now):
            shutil.rmtree(folder, ignore_errors=True)
            remove_socket_folder(folder)


def send_mail(bench: Bench) -> None:
    """Send the mail that is due, where a mail server is named; pages and their words are read in only then."""
    if bench.settings.smtp_url:
        from xr_server.mailing import ask_addresses, send_digests

        ask_addresses(bench, secrets.token_bytes)
        send_digests(bench)


def work_once(bench: Bench, worker: str) -> bool:
    """Claim and build one scan; False when none waits."""
    fail_exhausted(bench.catalog, bench.clock())
    claimed = claim_scan(bench.catalog, worker, bench.clock())
    if claimed is None:
        return False
    lease, stored = claimed
    folder = bench.folder / f"{lease.scan_id}.{lease.worker}.{lease.attempt}"
    folder.mkdir(parents=True)
    try:
        return build(bench, lease, stored, folder)
    except (KeyboardInterrupt, SystemExit):
        release_scan(bench.catalog, lease, bench.clock())
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build(bench: Bench, lease: Lease, stored: StoredScan, folder: Path) -> bool:
    """Run the pipeline on a claimed scan and record what came of it, as long as the lease is ours.

    False when the Dask cluster was away: the scan is given back untried.
    """
    watch = Watch(bench, lease)
    ended = run_limited(_job(bench, stored, folder), watch.take, watch.go_on)
    if ended.stopped == "told":
        log.warning("scan %s: the lease was lost or the scan cancelled; nothing was written", lease.scan_id)
        return True
    refused = watch.last_words.get("refused", {})
    if str(refused.get("code")).startswith("dask_"):  # no fault of the scan's
        log.error("%s", refused.get("text"))
        release_scan(bench.catalog, lease, bench.clock())
        return False
    outcome = judge(ended, watch, stored)
    if outcome.state == "built":
        if not holds_lease(bench.catalog, lease, bench.clock()):
            return True
        outcome = _adopt(bench, stored, folder / "out", outcome)
    if _save(bench, (lease, stored), outcome):
        log.info("scan %s: %s in %.1f s, %d MB", lease.scan_id, outcome.state, ended.seconds, ended.peak_bytes >> 20)
    else:
        _drop_late(bench, stored, outcome)
    if outcome.reason and outcome.reason.code == "build_failed":
        log.error("scan %s: exit code %d\n%s", lease.scan_id, ended.code, ended.stderr)
    return True


def _save(bench: Bench, claimed: tuple[Lease, StoredScan], outcome: Outcome) -> bool:
    if claimed[1].rebuild is None:
        return save_outcome(bench.catalog, claimed[0], outcome, bench.clock())
    return save_rebuilt(bench.catalog, bench.settings, claimed, outcome, bench.clock())


def _drop_late(bench: Bench, stored: StoredScan, outcome: Outcome) -> None:
    """Leave nothing of a scan that was deleted, with a class say, in the very last moment of its build.

    Where a scan was built before and stays that, what its owner compares belongs to another package by now: it goes too.
    """
    digest = outcome.package_digest
    if digest is None:
        return
    gone = drop_orphan(bench.catalog, bench.settings.package_dir, digest, stored.id)
    if gone or is_of_another(bench.catalog, stored, digest):
        remove_comparison(bench.settings.comparison_dir, stored.id)


def _job(bench: Bench, stored: StoredScan, folder: Path) -> Job:
    path = scan_path(bench.settings.upload_dir, stored.id, stored.file_name)
    metadata, details = folder / "metadata.json", reread(stored.details, stored.rebuild)
    metadata.write_text(json.dumps(build_metadata(details), ensure_ascii=False), encoding="utf-8")
    options = [*build_arguments(details), "--out", str(folder / "out"), "--metadata", str(metadata)]
    options += ["--compare", str(folder / COMPARED)]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if bench.settings.dask:
        options += ["--dask", bench.settings.dask]
        environment |= {name: value for name, value in os.environ.items() if name.startswith("DASK_")}
    environment |= {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
    command = [*bench.pipeline, "package", str(path), *options, "--progress", "json"]
    return Job(command, folder, environment, bench.limits)


def judge(ended: Ended, watch: Watch, stored: StoredScan) -> Outcome:
    """What an ended child means for its scan."""
    facts: dict[str, Any] = {"seconds": round(ended.seconds, 2), "peak_bytes": ended.peak_bytes}
    if ended.code in (0, 3) and "result" in watch.last_words:
        digest = str(watch.last_words["result"].get("digest", ""))
        return Outcome("built", "done", package_digest=digest, **facts)
    if ended.code == 2 and "refused" in watch.last_words:
        refused = watch.last_words["refused"]
        # the file lies here under a name of ours; its creator knows it by theirs
        text = str(refused.get("text", "")).replace(scan_path(Path(), "", stored.file_name).name, stored.file_name)
        reason = Reason(str(refused.get("code", "refused"))[:60], text[:1000])
        return Outcome("rejected", str(refused.get("stage") or watch.stage), reason, **facts)
    if ended.stopped == "time":
        text = (
            "Building this scan took longer than the server allows. Send it with fewer triangles or smaller pictures."
        )
        return Outcome("rejected", watch.stage, Reason("limit_time", text), **facts)
    if ended.stopped == "memory" or "MemoryError" in ended.stderr or "bad_alloc" in ended.stderr:
        text = "Building this scan needs more memory than the server allows. Send it with fewer triangles or smaller pictures."
        return Outcome("rejected", watch.stage, Reason("limit_memory", text), **facts)
    reason = Reason("build_failed", "A step of ours could not finish. The scan is kept; it is tried again by itself.")
    if watch.lease.attempt < MAX_ATTEMPTS:
        return Outcome("waiting", watch.stage, reason, **facts)
    reason = Reason("build_failed", "A step of ours could not finish. The scan is kept, and an operator can look why.")
    return Outcome("failed", watch.stage, reason, **facts)


def _adopt(bench: Bench, stored: StoredScan, out: Path, outcome: Outcome) -> Outcome:
    """Move the package into the store; what the child says is believed only as far as its folder bears it out."""
    digest = outcome.package_digest or ""
    try:
        check_folder(out, digest)
        adopt_package(bench.settings.package_dir, out / digest)
    except PackageBroken as error:
        log.error("scan %s: %s", stored.id, error.text)
        reason = Reason(
            "build_failed", "The build left no whole package. The scan is kept, and an operator can look why."
        )
        return Outcome("failed", "write", reason, None, outcome.seconds, outcome.peak_bytes)
    manifest = (bench.settings.package_dir / digest / MANIFEST_FILE).read_text(encoding="utf-8")
    origin = Origin(stored.site_id, scan_id=stored.id)
    save_package(bench.catalog, digest, manifest, origin, bench.clock())
    keep_comparison(bench.settings.comparison_dir, stored.id, out.parent / COMPARED)
    return outcome


def check_folder(out: Path, digest: str) -> None:
    """Refuse a result that is no plain folder of plain files of its manifest's names and sizes. Raises PackageBroken."""
    folder = out / digest
    if not DIGEST.fullmatch(digest) or folder.is_symlink() or not folder.is_dir():
        raise PackageBroken("folder_missing", "The pipeline named a package that is not there.")
    found = {path.name: path for path in folder.iterdir()}
    if any(path.is_symlink() or not path.is_file() for path in found.values()) or MANIFEST_FILE not in found:
        raise PackageBroken("folder_strange", "The package holds something else than its files.")
    manifest = parse_manifest(found.pop(MANIFEST_FILE).read_bytes())
    if {name: path.stat().st_size for name, path in found.items()} != {n: e.bytes for n, e in manifest.files.items()}:
        raise PackageBroken("folder_strange", "The package's files are not those of its manifest.")
