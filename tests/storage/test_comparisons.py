"""What a scan's owner compares: taken from a build as far as it is what it should be, and found by its names only."""

from pathlib import Path

from xr_server.storage.comparisons import find_comparison_file, keep_comparison, remove_comparison


def make(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def test_it_is_kept_found_and_replaced(tmp_path):
    store = tmp_path / "store"
    assert keep_comparison(store, "scan", make(tmp_path / "made", "comparison.json", "reference.glb", "scan-lod0.bin"))
    found = find_comparison_file(store, "scan", "reference.glb")
    assert found is not None and found.read_bytes() == b"reference.glb"
    assert keep_comparison(store, "scan", make(tmp_path / "again", "comparison.json"))
    assert find_comparison_file(store, "scan", "reference.glb") is None
    assert [path.name for path in store.iterdir()] == ["scan"]
    remove_comparison(store, "scan")
    assert find_comparison_file(store, "scan", "comparison.json") is None


def test_a_build_that_left_nothing_or_something_strange_keeps_nothing(tmp_path):
    store = tmp_path / "store"
    assert not keep_comparison(store, "scan", tmp_path / "none")
    assert not keep_comparison(store, "scan", make(tmp_path / "points"))
    assert not keep_comparison(store, "scan", make(tmp_path / "odd", "comparison.json", "passwords.txt"))
    linked = make(tmp_path / "linked", "comparison.json")
    (linked / "reference.glb").symlink_to("/etc/hostname")
    assert not keep_comparison(store, "scan", linked)
    assert not store.exists() or not list(store.iterdir())


def test_names_never_become_paths(tmp_path):
    store = tmp_path / "store"
    keep_comparison(store, "scan", make(tmp_path / "made", "comparison.json"))
    (store / "secret.bin").write_bytes(b"secret")
    for name in ("../secret.bin", "..", "", "secret.bin", "comparison.json\n"):
        assert find_comparison_file(store, "scan", name) is None
