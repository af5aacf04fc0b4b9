"""A built scan that is read otherwise: really built again from the file that was kept, with one effect whatever happens."""

import shutil
import sys
from dataclasses import replace

import msgspec
import pytest

from asset_pipeline.output.verify import verify_package
from tests.benches import attach, build_wall, left_over, load, open_bench, packages_of, scene_of
from xr_server.domain.catalog import Change, Hotspot
from xr_server.domain.rereading import Reading
from xr_server.errors import Conflict
from xr_server.storage.builds import claim_scan
from xr_server.storage.catalog import Name, load_record, save_record
from xr_server.storage.originals import forget_original
from xr_server.storage.rebuilding import ask_rebuild, call_off, load_frame
from xr_server.worker import work_once

CENTIMETRES = Reading("cm", "y")


@pytest.fixture(scope="module")
def built(tmp_path_factory, migrated_sqlite):
    """A data folder with a scan that was really built in metres, and the scan's id."""
    folder = tmp_path_factory.mktemp("built") / "data"
    return folder, build_wall(folder, migrated_sqlite)


@pytest.fixture
def bench(built, tmp_path, open_store):
    shutil.copytree(built[0], tmp_path / "data")
    return open_bench(tmp_path / "data", open_store)


@pytest.fixture
def scan_id(built):
    return built[1]


def ask(bench, scan_id, reading=CENTIMETRES):
    ask_rebuild(bench.catalog, load(bench, scan_id), reading, Change(bench.clock()))


def add_spot(bench, scene, position=(1.0, 2.0, 0.5)):
    spot = Hotspot(id="spot", node=scene.nodes[0].id, position=position, title={"en": "Here"}, text={})
    save_record(bench.catalog, "dejima", msgspec.structs.replace(scene, hotspots=[spot]), 1, Change(bench.clock()))


def revision_of(bench):
    return load_record(bench.catalog, Name("dejima", "scene", "wall")).revision


def test_the_same_scan_gets_a_new_package_of_the_other_size_and_the_scene_follows(bench, scan_id):
    scene = attach(bench, scan_id)
    add_spot(bench, scene)
    before = load(bench, scan_id)
    old = verify_package(bench.settings.package_dir / before.package_digest).manifest
    ask(bench, scan_id)
    waiting = load(bench, scan_id)
    assert (waiting.state, waiting.package_digest) == ("waiting", before.package_digest)  # what there is stays
    with pytest.raises(Conflict):  # the second of two clicks
        ask(bench, scan_id, Reading("mm", "y"))
    assert work_once(bench, "w")
    after = load(bench, scan_id)
    new = verify_package(bench.settings.package_dir / after.package_digest).manifest
    assert (after.state, after.rebuild, after.details.unit, after.details.title) == ("built", None, "cm", "Wall")
    assert new.source.unit == "cm" and new.source.sha256 == old.source.sha256
    sizes = [[b - a for a, b in zip(m.bounds_min_m, m.bounds_max_m, strict=True)] for m in (old, new)]
    assert sizes[1] == pytest.approx([side / 100 for side in sizes[0]], rel=1e-3)
    shown = scene_of(bench)
    assert shown.nodes[0].package == after.package_digest and revision_of(bench) == 3
    assert shown.hotspots[0].position == pytest.approx((0.01, 0.02, 0.005), abs=1e-4)
    assert sorted(packages_of(bench)) == sorted(
        [before.package_digest, after.package_digest]
    )  # visitors may see the old
    assert left_over(bench) == [] and not work_once(bench, "w")
    assert load_frame(bench.settings, after.package_digest).unit == "cm"


@pytest.mark.long
def test_turned_and_turned_back_a_point_lies_where_it_lay(bench, scan_id):
    add_spot(bench, attach(bench, scan_id))
    for reading in (Reading("ft", "z"), Reading("m", "y")):
        ask(bench, scan_id, reading)
        assert work_once(bench, "w")
    assert scene_of(bench).hotspots[0].position == pytest.approx((1.0, 2.0, 0.5), abs=1e-4)
    assert load(bench, scan_id).details.up == "y"


REFUSES = "import json, sys; print(json.dumps({'refused': {'code': 'ply_data', 'text': 'No.', 'stage': 'read'}})); sys.exit(2)"


@pytest.mark.parametrize(("script", "attempts"), [(REFUSES, 1), ("raise SystemExit(1)", 3)], ids=["refused", "broken"])
def test_what_cannot_be_read_so_leaves_everything_as_it_was(bench, scan_id, script, attempts):
    attach(bench, scan_id)
    before, scene = load(bench, scan_id), scene_of(bench)
    ask(bench, scan_id)
    failing = replace(bench, pipeline=(sys.executable, "-c", script))
    for _ in range(attempts):
        assert work_once(failing, "w")
    after = load(bench, scan_id)
    assert (after.state, after.package_digest, after.rebuild) == ("built", before.package_digest, None)
    assert after.reason is not None and after.details == before.details
    assert scene_of(bench) == scene and revision_of(bench) == 1
    ask(bench, scan_id)  # and it can be tried again


def test_called_off_it_is_what_it_was_and_the_worker_that_has_it_writes_nothing(bench, scan_id):
    before = load(bench, scan_id)
    ask(bench, scan_id)
    lease, claimed = claim_scan(bench.catalog, "w", bench.clock())
    assert claimed.rebuild == CENTIMETRES
    assert call_off(bench.catalog, bench.settings, load(bench, scan_id), Change(bench.clock()))
    after = load(bench, scan_id)
    assert (after.state, after.package_digest, after.rebuild) == ("built", before.package_digest, None)
    assert (bench.settings.upload_dir / f"{scan_id}.zip").is_file() or list(
        bench.settings.upload_dir.rglob(f"*{scan_id}*")
    )
    assert not call_off(bench.catalog, bench.settings, claimed, Change(bench.clock()))
    assert lease.scan_id == scan_id and not work_once(bench, "w")


def test_a_worker_that_dies_in_it_costs_time_and_is_then_given_up(bench, scan_id):
    ask(bench, scan_id)
    for _ in range(3):
        assert claim_scan(bench.catalog, "killed", bench.clock()) is not None
        bench.clock.ahead_ms += 60_000
    assert not work_once(bench, "w")
    after = load(bench, scan_id)
    assert (after.state, after.reason.code, after.rebuild) == ("built", "tried_often", None)


def test_without_its_file_nothing_can_be_built_again(bench, scan_id):
    stored = load(bench, scan_id)
    forget_original(bench.catalog, bench.settings, stored, Change(bench.clock()))
    with pytest.raises(Conflict):
        ask(bench, scan_id)
    assert load(bench, scan_id).state == "built"
