import tempfile
from pathlib import Path

import pytest

from asset_pipeline.errors import PackageBroken
from tests.samples import NOW, add_package, make_manifest, write_package
from xr_server.storage.packages import (
    Origin,
    adopt_package,
    find_by_cache_key,
    find_package_file,
    load_packages,
    save_package,
)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "packages"


def test_a_finished_package_moves_into_the_store_whole(tmp_path, store):
    digest = write_package(tmp_path / "out")
    assert adopt_package(store, tmp_path / "out" / digest) == make_manifest(b"glTF of a gate")
    assert sorted(path.name for path in (store / digest).iterdir()) == ["lod0.glb", "manifest.json"]
    assert list((tmp_path / "out").iterdir()) == []
    assert [path.name for path in store.iterdir()] == [digest]


def test_a_package_that_is_there_already_is_kept_and_the_second_goes(tmp_path, store):
    digest = write_package(tmp_path / "out")
    adopt_package(store, tmp_path / "out" / digest)
    write_package(tmp_path / "again")
    adopt_package(store, tmp_path / "again" / digest)
    adopt_package(store, store / digest)  # adopting it from the store itself must not delete it
    assert (store / digest / "lod0.glb").read_bytes() == b"glTF of a gate"
    assert list((tmp_path / "again").iterdir()) == []


def test_a_folder_whose_name_is_not_its_digest_is_refused(tmp_path, store):
    digest = write_package(tmp_path / "out")
    (tmp_path / "out" / digest).rename(tmp_path / "out" / ("0" * 64))
    with pytest.raises(PackageBroken) as refused:
        adopt_package(store, tmp_path / "out" / ("0" * 64))
    assert refused.value.code == "digest_mismatch"
    assert not store.exists()


def test_names_never_become_paths(tmp_path, store):
    digest = write_package(store)
    (tmp_path / "secret").write_text("s")
    assert find_package_file(store, digest, "lod0.glb") == store / digest / "lod0.glb"
    for name in ("../secret", "..", ".", "", "../../secret", "lod0.glb/", "LOD0.GLB", "\x00", "a" * 5000):
        assert find_package_file(store, digest, name) is None
    for wrong in ("..", "", "0" * 64, digest.upper(), digest + "\n", f"../packages/{digest}"):
        assert find_package_file(store, wrong, "lod0.glb") is None


def test_a_package_has_one_row_however_often_it_is_recorded(catalog, store):
    digest = add_package(catalog, store)
    manifest = (store / digest / "manifest.json").read_text(encoding="utf-8")
    save_package(catalog, digest, manifest, Origin("dejima", model="other.glb"), NOW + 1)
    manifests, models = load_packages(catalog, "dejima")
    assert (manifests, models) == ({digest: make_manifest(b"glTF of a gate")}, {})
    assert load_packages(catalog, "hirado") == ({}, {})


def test_the_newest_package_of_a_bundled_model_is_the_one_shown(catalog, store):
    digests = [write_package(store, content) for content in (b"first", b"second")]
    for at, digest in enumerate(digests):
        manifest = (store / digest / "manifest.json").read_text(encoding="utf-8")
        origin = Origin("dejima", model="gate.glb", cache_key=digest[:64])
        save_package(catalog, digest, manifest, origin, NOW + at)
    assert load_packages(catalog, "dejima")[1] == {"gate.glb": digests[1]}
    assert find_by_cache_key(catalog, digests[0]) == digests[0]
    assert find_by_cache_key(catalog, "unknown") is None


def test_a_package_on_another_file_system_is_copied_whole(tmp_path, store):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to build on")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        digest = write_package(Path(other))
        adopt_package(store, Path(other) / digest)
        assert list(Path(other).iterdir()) == []
    assert [path.name for path in store.iterdir()] == [digest]
    assert (store / digest / "lod0.glb").read_bytes() == b"glTF of a gate"
