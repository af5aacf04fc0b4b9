"""A built scan that says something else of itself: a new package in a moment, whole, and the draft that shows it follows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine

from asset_pipeline.output.verify import verify_package
from tests.benches import DETAILS, attach, build_wall, left_over, load, open_bench, packages_of, scene_of
from xr_server.errors import Stale, Unavailable
from xr_server.storage.catalog import Change
from xr_server.storage.stamping import restate_scan
from xr_server.worker import Bench

AFTER = msgspec.structs.replace(DETAILS, title="出島の石垣", creator="絵美", licence="CC BY 4.0", provenance="evidence")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> tuple[Path, str]:
    """A data folder with a scan that was really built, and the scan's id."""
    folder = tmp_path_factory.mktemp("built") / "data"
    return folder, build_wall(folder, migrated_sqlite)


@pytest.fixture
def bench(built: tuple[Path, str], tmp_path: Path, open_store: Callable[[str], Engine]) -> Bench:
    shutil.copytree(built[0], tmp_path / "data")
    return open_bench(tmp_path / "data", open_store)


@pytest.fixture
def scan_id(built: tuple[Path, str]) -> str:
    return built[1]


def restate(bench: Bench, scan_id: str, details=AFTER, stored=None) -> str:
    change = Change(bench.clock(), None)
    return restate_scan(bench.catalog, bench.settings, stored or load(bench, scan_id), details, change)


def test_the_new_package_is_whole_says_it_and_has_the_same_models(bench, scan_id):
    old = load(bench, scan_id).package_digest
    digest = restate(bench, scan_id)
    stored = load(bench, scan_id)
    assert (stored.package_digest, stored.details) == (digest, AFTER) and digest != old
    assert sorted(packages_of(bench)) == sorted([old, digest])  # visitors may still see the old one
    new, before = (verify_package(bench.settings.package_dir / one).manifest for one in (digest, old))
    assert (new.credit.title, new.credit.creator, new.credit.licence) == ("出島の石垣", "絵美", "CC BY 4.0")
    assert new.credit.provenance == "evidence"
    assert [(level.triangles, level.bytes > 0) for level in new.levels] == [
        (level.triangles, True) for level in before.levels
    ]
    assert new.anchor == before.anchor
    assert left_over(bench) == [] and list(bench.settings.data_dir.glob("stamp-*")) == []


def test_the_draft_that_shows_it_follows_with_its_credit(bench, scan_id):
    attach(bench, scan_id)
    digest = restate(bench, scan_id)
    scene = scene_of(bench)
    assert (scene.nodes[0].package, scene.nodes[0].provenance) == (digest, "evidence")
    assert scene.credit == {"ja": "絵美, CC BY 4.0", "en": "絵美, CC BY 4.0"}


def test_a_credit_line_worded_by_hand_stays(bench, scan_id):
    attach(bench, scan_id, "Scanned by the pupils of class 5")
    restate(bench, scan_id)
    assert set(scene_of(bench).credit.values()) == {"Scanned by the pupils of class 5"}


def test_the_same_said_again_is_the_same_package(bench, scan_id):
    first = restate(bench, scan_id)
    restate(bench, scan_id, DETAILS)
    assert restate(bench, scan_id) == first


def test_of_two_who_change_it_at_once_the_second_is_told(bench, scan_id):
    seen = load(bench, scan_id)
    digest = restate(bench, scan_id)
    with pytest.raises(Stale):
        restate(bench, scan_id, msgspec.structs.replace(DETAILS, title="Other"), seen)
    assert load(bench, scan_id).package_digest == digest


def test_a_package_that_is_damaged_is_left_as_it_is(bench, scan_id):
    stored = load(bench, scan_id)
    path = bench.settings.package_dir / stored.package_digest / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "levels": []}), encoding="utf-8")
    with pytest.raises(Unavailable):
        restate(bench, scan_id)
    assert load(bench, scan_id) == stored
    assert list(bench.settings.data_dir.glob("stamp-*")) == []
