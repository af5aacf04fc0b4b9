import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from asset_pipeline.built import build_key
from tests.pipeline.command import Ran, package
from tests.pipeline.shapes import options, write_ball, write_hills

SCAN = "hills.ply"
SMALL = ["--levels", "200", "--texture-px", "64", "--progress", "json"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ran]]:
    """A folder with a scan, its package in `out` and notes of its own, and what that first build said.

    A test leaves there what it found: the scan and this one package, whole.
    """
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        # the compiled kernels stay where they are
        patch.setenv("NUMBA_CACHE_DIR", str(Path.home() / ".cache" / "dejima-xr" / "numba"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder, package(write_hills(folder), folder / "out", *SMALL)


def was_found(ran: Ran) -> bool:
    assert ran.code == 0, ran.stderr
    return ran.lines()[-1]["result"]["peak_bytes"] == 0


def test_the_same_scan_with_the_same_options_is_found_and_not_built_again(begun: tuple[Path, Ran]) -> None:
    folder, first = begun
    second = package(folder / SCAN, folder / "out", *SMALL)
    assert (was_found(first), was_found(second)) == (False, True)
    assert first.lines()[-1]["result"]["digest"] == second.lines()[-1]["result"]["digest"]
    assert first.lines()[-1]["result"]["levels"] == second.lines()[-1]["result"]["levels"]
    assert [entry.name for entry in (folder / "out").iterdir()] == [first.lines()[-1]["result"]["digest"]]
    assert second.peak_bytes < 60_000_000  # numpy and numba alone would be more


def test_a_package_that_was_damaged_is_built_again(begun: tuple[Path, Ran]) -> None:
    folder, first = begun
    model = folder / "out" / first.lines()[-1]["result"]["digest"] / "lod0.glb"
    model.write_bytes(b"not any more")
    assert not was_found(package(folder / SCAN, folder / "out", *SMALL))
    assert model.stat().st_size > 1000


def test_another_option_another_scan_or_another_picture_beside_it_is_another_key(tmp_path: Path) -> None:
    scan = write_ball(tmp_path)
    key = build_key(scan, options())
    assert key == build_key(scan, options()) != build_key(scan, options((300, 100)))
    picture = next(path for path in tmp_path.iterdir() if path.suffix in {".png", ".jpg"})
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(picture)
    changed = build_key(scan, options())
    assert changed != key
    with scan.open("a", encoding="utf-8") as file:
        file.write("# one word more\n")
    assert build_key(scan, options()) not in {key, changed}


def test_a_scan_in_a_folder_of_very_many_files_is_built_each_time(tmp_path: Path) -> None:
    scan = write_ball(tmp_path)
    for number in range(501):
        (tmp_path / f"{number}.txt").touch()
    assert build_key(scan, options()) is None


def test_another_title_and_place_are_stamped_into_the_package_found(begun: tuple[Path, Ran], tmp_path: Path) -> None:
    folder, first = begun
    (tmp_path / "facts.json").write_text(json.dumps({"title": "丘", "licence": "CC0"}), encoding="utf-8")
    told = [*SMALL, "--metadata", tmp_path / "facts.json", "--height", "40"]
    stamped = package(folder / SCAN, folder / "out", *told)
    assert was_found(stamped)
    digest = stamped.lines()[-1]["result"]["digest"]
    manifest = json.loads((folder / "out" / digest / "manifest.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder / "out" / digest)
    assert digest != first.lines()[-1]["result"]["digest"]
    assert manifest["credit"]["title"] == "丘" and manifest["geopose"]["position"]["h"] == 40
    assert package(folder / SCAN, tmp_path / "anew", *told).lines()[-1]["result"]["digest"] == digest
