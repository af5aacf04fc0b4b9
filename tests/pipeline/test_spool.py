"""Arrays in files: the same values, and nothing left behind."""

import shutil
from dataclasses import replace

import numpy as np

from asset_pipeline.geometry.spool import (
    LARGE_BYTES,
    Spooled,
    empty_array,
    large_arrays_in,
    let_all_go,
    let_go,
    load_value,
    new_array,
    open_spool,
    spool_value,
    sweep_spools,
)
from asset_pipeline.mesh import Material, Mesh


def test_a_value_comes_back_from_its_files_with_pictures_and_what_is_not_there(tmp_path):
    picture = np.arange(200 * 200 * 3, dtype=np.uint8).reshape(200, 200, 3)
    mesh = Mesh(
        np.random.default_rng(1).random((5000, 3)), np.zeros((9, 3), np.int32), materials=(Material(picture=picture),)
    )
    lent = spool_value(tmp_path, "mesh", mesh)
    assert isinstance(lent.positions, Spooled) and isinstance(lent.materials[0].picture, Spooled)
    assert isinstance(lent.faces, np.ndarray)  # small: by value
    found = load_value(lent)
    assert np.array_equal(found.positions, mesh.positions) and np.array_equal(found.materials[0].picture, picture)
    assert found.colours is None and found.materials[0].name == ""


def test_an_array_that_lies_in_a_file_already_is_not_written_again(tmp_path):
    rows = new_array(tmp_path / "rows", "<f8", (50_000, 3))
    rows[:] = np.arange(150_000.0).reshape(-1, 3)
    mesh = Mesh(rows[10_000:], np.zeros((1, 3), np.int32))
    lent = spool_value(tmp_path, "mesh", mesh)
    assert lent.positions == Spooled(tmp_path / "rows", "<f8", (40_000, 3), 240_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows"]
    assert np.array_equal(load_value(lent).positions, rows[10_000:])


def test_writing_to_a_lent_array_changes_nobody_elses(tmp_path):
    mesh = Mesh(np.ones((50_000, 3)), np.zeros((1, 3), np.int32))
    lent = spool_value(tmp_path, "mesh", mesh)
    load_value(lent).positions[:] = 5
    assert np.fromfile(lent.positions.path).max() == 1


def test_values_outlive_the_memory_they_filled(tmp_path):
    rows = new_array(tmp_path / "rows", "<i4", (100_000,))
    rows[:] = np.arange(100_000)
    let_go(rows, None, np.arange(3))
    let_all_go()
    assert np.array_equal(rows, np.arange(100_000))


def test_empty_arrays_have_no_file_to_map(tmp_path):
    assert new_array(tmp_path / "none", "<f4", (0, 2)).shape == (0, 2)
    mesh = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    assert load_value(spool_value(tmp_path, "mesh", mesh)).vertices == 0


def test_large_arrays_go_to_the_folder_while_there_is_one(tmp_path):
    rows = LARGE_BYTES // 8
    with large_arrays_in(tmp_path):
        assert empty_array((rows // 3 + 1, 3), np.float64).shape == (rows // 3 + 1, 3)
        assert len(list(tmp_path.iterdir())) == 1
        empty_array((10, 3), np.float64)
        assert len(list(tmp_path.iterdir())) == 1
    assert isinstance(empty_array((rows,), np.float64), np.ndarray)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_sweep_takes_what_nobody_holds_and_leaves_what_somebody_does(tmp_path):
    with open_spool(tmp_path) as held:
        left = tmp_path / (held.name + "x")
        shutil.copytree(held, left)
        sweep_spools(tmp_path)
        assert not left.exists() and held.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_follows_no_link(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "owner.lock").touch()
    (tmp_path / "dejima-spool-link").symlink_to(tmp_path / "precious")
    sweep_spools(tmp_path)
    assert (tmp_path / "precious" / "owner.lock").exists()


def test_replacing_a_field_of_a_lent_value_keeps_the_others(tmp_path):
    lent = spool_value(tmp_path, "mesh", Mesh(np.ones((50_000, 3)), np.zeros((1, 3), np.int32)))
    assert load_value(replace(lent, faces=np.zeros((2, 3), np.int32))).triangles == 2
