"""Originals deleted by their creators or by the site's rule, and scans deleted with all that was made of them."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.samples import GATE, NOW, SITE, add_package, publish
from xr_server.domain.account import NewAccount
from xr_server.domain.attachment import BuiltScan, Wording, make_experience, make_scene, propose_id
from xr_server.domain.catalog import Change, Name
from xr_server.domain.original import DAY_MS
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.errors import Conflict, NotFound
from xr_server.settings import read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.builds import Outcome, claim_scan, save_outcome, try_again
from xr_server.storage.catalog import load_record, publish_record, save_records
from xr_server.storage.comparisons import sweep_comparisons
from xr_server.storage.originals import delete_scan, expire_originals, forget_original
from xr_server.storage.packages import Origin, adopt_package, save_package, sweep_packages
from xr_server.storage.scans import Owner, attach_scene, create_scan, list_kept, load_scan, save_received
from xr_server.storage.tables.audit import audit_entry
from xr_server.storage.tables.scans import package
from xr_server.storage.uploads import create_file, scan_path, sweep_files

DETAILS = ScanDetails(title="Wall", creator="Kana", licence="CC0 1.0", lat=32.7437, lon=129.8723, height=34.5)
DIGEST = "a" * 64
MANIFEST = "{}"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path):
    return read_settings({"DEJIMA_DATA_DIR": str(tmp_path)})


@pytest.fixture
def owner(catalog):
    for body in (SITE, GATE):
        publish(catalog, body)
    account = add_account(catalog, NewAccount("dejima", "kana", "creator", "water gate"), NOW, secrets.token_bytes)
    return Owner("dejima", account)


def make_scan(catalog, settings, owner, state="built", at=NOW):
    scan_id = create_scan(catalog, owner, Upload("wall.ply", DETAILS, 3), at, secrets.token_bytes)
    path = scan_path(settings.upload_dir, scan_id, "wall.ply")
    create_file(path)
    path.write_bytes(b"ply")
    save_received(catalog, scan_id, 0, 3, at)
    if state != "waiting":
        lease, _ = claim_scan(catalog, "w", at)
        save_outcome(catalog, lease, Outcome(state, package_digest=DIGEST if state == "built" else None), at)
    if state == "built":
        save_package(catalog, DIGEST, MANIFEST, Origin("dejima", scan_id=scan_id), at)
        for folder in (settings.package_dir / DIGEST, settings.comparison_dir / scan_id):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "file").write_bytes(b"x")
    return load_scan(catalog, "dejima", scan_id)


def attach(catalog, stored):
    wording = Wording("water-gate", {"en": "Wall"}, {})
    name = propose_id(wording, stored.id)
    scene = make_scene(name, wording, BuiltScan(stored.id, stored.details, stored.package_digest), None)
    attach_scene(catalog, stored.id, name)
    save_records(catalog, "dejima", [(make_experience(name, wording, None), None), (scene, None)], Change(NOW))
    return load_scan(catalog, "dejima", stored.id)


def deeds_of(catalog, stored):
    with catalog.connect() as connection:
        return list(connection.scalars(select(audit_entry.c.deed).where(audit_entry.c.thing_id == stored.id)))


def test_a_creator_deletes_the_file_and_keeps_what_was_built(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner)
    path = scan_path(settings.upload_dir, stored.id, "wall.ply")
    forget_original(catalog, settings, stored, Change(NOW + 5, owner.account_id))
    now = load_scan(catalog, "dejima", stored.id)
    assert (now.state, now.original_gone_at) == ("built", NOW + 5) and not path.exists()
    assert (settings.package_dir / DIGEST / "file").exists() and (settings.comparison_dir / stored.id / "file").exists()
    sweep_comparisons(catalog, settings.comparison_dir)
    assert (settings.comparison_dir / stored.id / "file").exists()
    assert deeds_of(catalog, stored)[-1] == "original_deleted"
    with pytest.raises(Conflict):
        forget_original(catalog, settings, now, Change(NOW + 6, owner.account_id))


def test_a_file_that_is_still_needed_stays(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner, "waiting")
    with pytest.raises(Conflict):
        forget_original(catalog, settings, stored, Change(NOW, owner.account_id))
    assert scan_path(settings.upload_dir, stored.id, "wall.ply").exists()


def test_without_its_file_a_scan_cannot_be_tried_again_and_takes_no_room(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner, "rejected")
    forget_original(catalog, settings, stored, Change(NOW, owner.account_id))
    assert not try_again(catalog, stored.id, Change(NOW, owner.account_id))
    assert list_kept(catalog, {stored.id}) == set()


def test_a_crash_between_row_and_file_is_made_good_by_the_sweep(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner)
    path = scan_path(settings.upload_dir, stored.id, "wall.ply")
    data = path.read_bytes()
    forget_original(catalog, settings, stored, Change(NOW, owner.account_id))
    path.parent.mkdir()
    path.write_bytes(data)
    assert sweep_files(catalog, settings.upload_dir) == [stored.id] and not path.exists()


def test_the_sites_rule_deletes_old_files_and_no_others(catalog, tmp_path, owner):
    settings = read_settings({"DEJIMA_DATA_DIR": str(tmp_path), "DEJIMA_KEEP_ORIGINALS_DAYS": "30"})
    old = make_scan(catalog, settings, owner)
    waiting = make_scan(catalog, settings, owner, "waiting")
    young = make_scan(catalog, settings, owner, "waiting", at=NOW + 2 * DAY_MS)
    assert expire_originals(catalog, settings, NOW + 31 * DAY_MS) == 1
    assert list_kept(catalog, {old.id, waiting.id, young.id}) == {waiting.id, young.id}
    assert expire_originals(catalog, settings, NOW + 31 * DAY_MS) == 0
    never = read_settings({"DEJIMA_DATA_DIR": str(tmp_path)})
    assert expire_originals(catalog, never, NOW + 9999 * DAY_MS) == 0


def test_a_whole_scan_goes_with_its_packages_and_drafts(catalog, settings, owner):
    stored = attach(catalog, make_scan(catalog, settings, owner))
    delete_scan(catalog, settings, stored, Change(NOW, owner.account_id))
    with pytest.raises(NotFound):
        load_scan(catalog, "dejima", stored.id)
    for kind in ("scene", "experience"):
        with pytest.raises(NotFound):
            load_record(catalog, Name("dejima", kind, stored.scene_id))
    with catalog.connect() as connection:
        assert connection.execute(select(package.c.digest).where(package.c.digest == DIGEST)).first() is None
    assert not (settings.package_dir / DIGEST).exists() and not (settings.comparison_dir / stored.id).exists()
    assert not (settings.upload_dir / stored.id).exists()
    assert deeds_of(catalog, stored)[-1] == "scan_deleted"


KILLED = """
import os, signal, sys
from xr_server.domain.catalog import Change
from xr_server.settings import read_settings
from xr_server.storage import originals
from xr_server.storage.database import open_engine
from xr_server.storage.scans import load_scan
originals.remove_scan_files = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
url, folder, scan_id = sys.argv[1:]
catalog, settings = open_engine(url), read_settings({"DEJIMA_DATA_DIR": folder})
originals.delete_scan(catalog, settings, load_scan(catalog, "dejima", scan_id), Change(1))
"""


def test_a_deletion_killed_between_the_rows_and_the_files_is_made_good_by_the_sweeps(
    catalog, store_urls, settings, owner, tmp_path
):
    stored = attach(catalog, make_scan(catalog, settings, owner))
    kept = settings.package_dir / add_package(catalog, settings.package_dir, b"another wall")
    command = [sys.executable, "-c", KILLED, store_urls[0], str(tmp_path), stored.id]
    killed = subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(NotFound):
        load_scan(catalog, "dejima", stored.id)
    assert (settings.package_dir / DIGEST).exists()
    (settings.package_dir / f".{DIGEST}.77.tmp").mkdir()  # of a worker that was killed while it copied one
    now = round(time.time() * 1000)
    assert sweep_packages(catalog, settings.package_dir, now) == []  # one that a worker has just brought has no row yet
    sweep_files(catalog, settings.upload_dir)
    sweep_comparisons(catalog, settings.comparison_dir)
    gone = sweep_packages(catalog, settings.package_dir, now + DAY_MS + 60_000)
    assert sorted(gone) == [f".{DIGEST}.77.tmp", DIGEST]
    assert [*tmp_path.rglob(f"*{DIGEST}*"), *tmp_path.rglob(f"{stored.id}*")] == []
    assert kept.is_dir()


def test_a_package_without_a_row_that_is_built_again_while_it_is_swept_stays(
    catalog, settings, owner, tmp_path, monkeypatch
):
    store = settings.package_dir
    digest = add_package(catalog, store, b"a wall")
    with catalog.begin() as connection:
        connection.execute(delete(package).where(package.c.digest == digest))
    shutil.copytree(store / digest, tmp_path / "out" / digest)
    move = Path.rename

    def adopted_just_before(path, target):
        monkeypatch.setattr(Path, "rename", move)
        adopt_package(store, tmp_path / "out" / digest)
        return path.rename(target)

    monkeypatch.setattr(Path, "rename", adopted_just_before)
    later = round(time.time() * 1000) + DAY_MS + 60_000
    assert sweep_packages(catalog, store, later) == []
    assert (store / digest / "manifest.json").is_file() and not (tmp_path / "out" / digest).exists()
    assert sweep_packages(catalog, store, later) == [digest]


def test_what_visitors_see_is_not_deleted(catalog, settings, owner):
    stored = attach(catalog, make_scan(catalog, settings, owner))
    publish_record(catalog, Name("dejima", "scene", stored.scene_id), 1, Change(NOW))
    with pytest.raises(Conflict, match="Visitors see this"):
        delete_scan(catalog, settings, stored, Change(NOW, owner.account_id))
    assert load_scan(catalog, "dejima", stored.id) == stored
    assert (settings.package_dir / DIGEST / "file").exists() and (settings.upload_dir / stored.id).exists()


def test_what_somebody_elses_scene_shows_is_not_deleted(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner)
    scan = BuiltScan(stored.id, stored.details, DIGEST)
    other = make_scene("other", Wording("water-gate", {"en": "Other"}, {}), scan, None)
    save_records(catalog, "dejima", [(other, None)], Change(NOW))
    with pytest.raises(Conflict, match="Another scene"):
        delete_scan(catalog, settings, stored, Change(NOW, owner.account_id))
    assert (settings.package_dir / DIGEST / "file").exists()


def test_of_one_file_sent_twice_the_package_stays_with_the_other(catalog, settings, owner):
    first, second = make_scan(catalog, settings, owner), make_scan(catalog, settings, owner)
    delete_scan(catalog, settings, first, Change(NOW, owner.account_id))
    assert (settings.package_dir / DIGEST / "file").exists()
    delete_scan(catalog, settings, second, Change(NOW, owner.account_id))
    assert not (settings.package_dir / DIGEST).exists()


def test_a_scan_that_is_worked_on_is_not_deleted(catalog, settings, owner):
    stored = make_scan(catalog, settings, owner, "waiting")
    with pytest.raises(Conflict, match="Cancel it first"):
        delete_scan(catalog, settings, stored, Change(NOW, owner.account_id))
