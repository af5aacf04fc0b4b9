"""The worker with real child processes: what becomes of a scan, whatever its child does."""

import json
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from asset_pipeline.output.verify import verify_package
from tests.benches import Clock, left_over, load, packages_of, put_scan
from tests.samples import write_package
from tests.scans import wall_zip
from xr_server.child import Limits, default_limits
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change
from xr_server.domain.scan import LEASE_MS, MAX_ATTEMPTS
from xr_server.domain.school import GRACE_DAYS, ClassForm
from xr_server.settings import read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.builds import claim_scan
from xr_server.storage.classes import Keeper, list_classes, make_class, today_at
from xr_server.storage.tables.scans import scan
from xr_server.worker import HEARTBEAT_S, Bench, Watch, sweep, work_once


@pytest.fixture
def bench(tmp_path: Path, migrated_sqlite: Path, open_store: Callable[[str], Engine]) -> Bench:
    for store in ("catalog", "events"):
        shutil.copy(migrated_sqlite / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
    settings = read_settings({"DEJIMA_DATA_DIR": str(tmp_path)})
    return Bench(open_store(settings.catalog_url), settings, Clock())


def with_child(bench: Bench, script: str, **limits: int) -> Bench:
    """The bench with a child that runs a script instead of the pipeline, under limits of its own."""
    return replace(bench, pipeline=(sys.executable, "-c", script), limits=replace(default_limits(), **limits))


def test_a_waiting_scan_is_built_and_its_package_is_whole(bench):
    scan_id = put_scan(bench, wall_zip())
    assert work_once(bench, "w")
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason, stored.attempt, stored.progress) == ("built", None, 1, 1.0)
    assert packages_of(bench) == [stored.package_digest]
    manifest = verify_package(bench.settings.package_dir / stored.package_digest).manifest
    assert (manifest.credit.title, manifest.credit.creator, manifest.credit.licence) == ("Wall", "kana", "CC0")
    assert stored.build_seconds > 0 and stored.build_peak_bytes > 50_000_000
    assert left_over(bench) == []
    assert not work_once(bench, "w")


def test_the_same_scan_sent_twice_is_one_package(bench):
    first, second = put_scan(bench, wall_zip(10, 6)), put_scan(bench, wall_zip(10, 6))
    assert work_once(bench, "w") and work_once(bench, "w")
    assert load(bench, first).package_digest == load(bench, second).package_digest
    assert len(packages_of(bench)) == 1


def test_a_refused_scan_keeps_the_pipelines_sentence_under_the_name_its_creator_knows(bench):
    scan_id = put_scan(bench, b"solid of nothing", "石垣 north.ply")
    work_once(bench, "w")
    stored = load(bench, scan_id)
    assert (stored.state, stored.stage, stored.package_digest) == ("rejected", "check", None)
    assert "石垣 north.ply" in stored.reason.text and stored.reason.text.endswith(".")
    assert packages_of(bench) == left_over(bench) == []


@pytest.mark.parametrize(
    ("script", "limits", "code"),
    [
        ("held = bytearray(8 * 1024**3)", {"memory_bytes": 1024**3}, "limit_memory"),
        ("import time; time.sleep(600)", {"wall_s": 1}, "limit_time"),
        ("while True: pass", {"cpu_s": 1}, "limit_time"),
    ],
    ids=["memory", "wall time", "processor time"],
)
def test_a_child_over_a_limit_is_ended_and_its_creator_told_what_to_send(bench, script, limits, code):
    scan_id = put_scan(bench, b"x")
    work_once(with_child(bench, script, **limits), "w")
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason.code) == ("rejected", code)
    assert "fewer triangles" in stored.reason.text


def test_the_real_pipeline_meets_the_memory_limit_too(bench):
    scan_id = put_scan(bench, wall_zip())
    work_once(replace(bench, limits=Limits(memory_bytes=512 * 1024**2)), "w")
    assert load(bench, scan_id).reason.code == "limit_memory"
    assert packages_of(bench) == []


@pytest.mark.parametrize(
    "script",
    [
        "import sys; sys.exit(1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys\nwhile True: sys.stdout.write('x' * 65536)",
        'print(\'{"result": {"digest": "../../x"}}\')',
        'print("[" * 100000); print(\'{"refused": 5}\'); raise SystemExit(2)',
    ],
    ids=["fails", "is killed", "floods", "lies", "chatters"],
)
def test_a_child_without_a_sound_answer_is_tried_again_and_then_given_up(bench, script):
    scan_id = put_scan(bench, b"x")
    attempts = 0
    while work_once(with_child(bench, script), "w"):
        attempts += 1
        assert load(bench, scan_id).state in ("waiting", "failed")
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason.code) == ("failed", "build_failed")
    assert 1 <= attempts <= MAX_ATTEMPTS
    assert packages_of(bench) == left_over(bench) == []


def test_a_child_killed_in_its_first_attempt_builds_in_its_second_once(bench, tmp_path):
    scan_id, marker = put_scan(bench, wall_zip(10, 6)), tmp_path / "killed before"
    script = f"""
import os, pathlib, signal, sys
marker = pathlib.Path({str(marker)!r})
if not marker.exists():
    marker.touch()
    os.kill(os.getpid(), signal.SIGKILL)
os.execv(sys.executable, [sys.executable, "-P", "-m", "asset_pipeline", *sys.argv[1:]])
"""
    work_once(with_child(bench, script), "w")
    assert (load(bench, scan_id).state, load(bench, scan_id).reason.code) == ("waiting", "build_failed")
    work_once(with_child(bench, script), "w")
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason, stored.attempt) == ("built", None, 2)
    assert packages_of(bench) == [stored.package_digest]


@pytest.mark.parametrize("trick", ["link", "extra file", "missing file", "other bytes"])
def test_a_package_that_is_not_what_its_manifest_says_never_reaches_the_store(bench, tmp_path, trick):
    digest = write_package(tmp_path / "made")
    model = tmp_path / "made" / digest / "lod0.glb"
    if trick == "link":
        model.rename(tmp_path / "elsewhere")
        model.symlink_to(tmp_path / "elsewhere")
    elif trick == "extra file":
        (model.parent / "extra.html").touch()
    elif trick == "missing file":
        model.unlink()
    else:
        model.write_bytes(b"shorter")
    script = f"""
import shutil, sys
shutil.copytree({str(model.parent)!r}, sys.argv[sys.argv.index("--out") + 1] + "/{digest}", symlinks=True)
print('{{"result": {{"digest": "{digest}"}}}}')
"""
    scan_id = put_scan(bench, b"x")
    work_once(with_child(bench, script), "w")
    assert (load(bench, scan_id).state, load(bench, scan_id).stage) == ("failed", "write")
    assert packages_of(bench) == []


def test_a_child_learns_no_setting_and_no_secret(bench, monkeypatch):
    monkeypatch.setenv("DEJIMA_DATABASE_URL", "postgresql://user:secret@localhost/x")
    script = """
import json, os, sys
print(json.dumps({"refused": {"code": "told", "text": " ".join(f"{k}={v}" for k, v in os.environ.items())}}))
sys.exit(2)
"""
    scan_id = put_scan(bench, b"x")
    work_once(with_child(bench, script), "w")
    told = load(bench, scan_id).reason.text
    assert "PATH=" in told and "secret" not in told and "DEJIMA" not in told


def test_a_quiet_child_keeps_its_lease_and_a_lost_lease_stops_it(bench):
    scan_id = put_scan(bench, b"x")
    lease, _ = claim_scan(bench.catalog, "w", bench.clock())
    bench.clock.ahead_ms = LEASE_MS - 1000
    watch = Watch(bench, lease, saved_s=time.monotonic() - HEARTBEAT_S)
    watch.take(json.dumps({"stage": "collapse", "fraction": 0.4}).encode())
    assert watch.go_on()
    assert (load(bench, scan_id).stage, load(bench, scan_id).progress) == ("collapse", 0.4)
    bench.clock.ahead_ms = 2 * LEASE_MS - 2000  # beyond the first lease, within the renewed one
    watch.saved_s -= HEARTBEAT_S
    assert watch.go_on()
    with bench.catalog.begin() as connection:
        connection.execute(update(scan).values(worker="somebody else"))
    watch.saved_s -= HEARTBEAT_S
    assert not watch.go_on()


def test_a_class_that_is_over_is_deleted_by_the_worker_and_one_that_is_not_stays(bench):
    teacher = add_account(
        bench.catalog, NewAccount("dejima", "ota", "teacher", None), bench.clock(), secrets.token_bytes
    )
    change, today = Change(bench.clock(), teacher), today_at(bench.catalog, "dejima", bench.clock())
    for days in (GRACE_DAYS, GRACE_DAYS + 1):
        said = ClassForm(f"{days} days ago", "", "class", today - timedelta(days=days))
        make_class(bench.catalog, "dejima", said, change, secrets.token_bytes)
    sweep(bench)
    assert [one.said.name for one in list_classes(bench.catalog, Keeper("dejima", teacher))] == ["30 days ago"]


def test_folders_of_builds_that_are_over_are_swept_and_others_stay(bench):
    put_scan(bench, b"x")
    lease, _ = claim_scan(bench.catalog, "w", bench.clock())
    names = (f"{lease.scan_id}.w.1", f"{lease.scan_id}.w.2", f"{lease.scan_id}.x.1", "strange.folder")
    for name in names:
        (bench.folder / name).mkdir(parents=True)
    sweep(bench)
    assert left_over(bench) == [f"{lease.scan_id}.w.1"]
    assert [path.name for path in bench.settings.upload_dir.iterdir()] == [lease.scan_id]
