"""A level's second file, with its pictures as AVIF: when it is there, and what verify holds it to."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageFilter

from asset_pipeline.appearance.level import AVIF_BYTES, AVIF_SHARE
from asset_pipeline.built import BuildResult
from asset_pipeline.manifest import AvifFile, Level, Manifest, parse_manifest
from asset_pipeline.output.verify import verify_package
from asset_pipeline.package import build_package
from tests.pipeline.builders import encode_picture
from tests.pipeline.shapes import options, smooth_picture, write_ball
from tests.pipeline.test_verify import broken_code, reseal


@pytest.fixture(scope="module")
def grainy(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """A ball whose picture has the grain of stone: enough of it that AVIF saves something."""
    folder = tmp_path_factory.mktemp("grainy")
    scan = write_ball(folder)
    grain = np.random.default_rng(4).normal(128, 25, (1024, 1024)).clip(0, 255).astype(np.uint8)
    stone = np.asarray(Pillow.fromarray(grain).filter(ImageFilter.GaussianBlur(1.6)), np.float32) - 128
    skin = np.clip(smooth_picture(1024) + 2 * stone[..., None], 0, 255).astype(np.uint8)
    (folder / "skin.png").write_bytes(encode_picture(skin))
    return build_package(scan, folder / "out", options(texture_px=1024))


@pytest.fixture
def damaged(grainy: BuildResult, tmp_path: Path) -> Path:
    """A copy of the package that a test may damage."""
    return Path(shutil.copytree(grainy.folder, tmp_path / grainy.digest))


def restate(change: Callable[[AvifFile], AvifFile]) -> Callable[[Manifest], Manifest]:
    """A change to what the manifest says of the finest level's AVIF file."""

    def apply(manifest: Manifest) -> Manifest:
        first, *rest = manifest.levels
        assert first.avif is not None
        return replace(manifest, levels=(replace(first, avif=change(first.avif)), *rest))

    return apply


def keep_sizes(folder: Path) -> Callable[[Manifest], Manifest]:
    """The manifest with the true sizes of all AVIF files."""

    def restated(level: Level) -> Level:
        if level.avif is None:
            return level
        return replace(level, avif=replace(level.avif, bytes=(folder / level.avif.file).stat().st_size))

    return lambda manifest: replace(manifest, levels=tuple(restated(level) for level in manifest.levels))


def test_a_second_file_is_there_where_it_saves_enough(grainy: BuildResult) -> None:
    level = grainy.manifest.levels[0]
    assert level.avif == AvifFile("lod0.avif.glb", (grainy.folder / "lod0.avif.glb").stat().st_size)
    assert level.bytes - level.avif.bytes >= max(AVIF_BYTES, AVIF_SHARE * level.bytes)
    assert verify_package(grainy.folder).triangles["lod0.avif.glb"] == level.triangles


def test_a_package_without_one_says_nothing_of_it(textured: BuildResult) -> None:
    assert b"avif" not in (textured.folder / "manifest.json").read_bytes()
    assert all(level.avif is None for level in textured.manifest.levels)


def test_the_manifest_with_a_second_file_is_read_back(grainy: BuildResult) -> None:
    assert parse_manifest((grainy.folder / "manifest.json").read_bytes()) == grainy.manifest


def test_a_second_file_that_is_not_there(damaged: Path) -> None:
    (damaged / "lod0.avif.glb").unlink()
    assert broken_code(reseal(damaged)) == "file_missing"


def test_a_second_file_of_another_size_than_stated(damaged: Path) -> None:
    assert broken_code(reseal(damaged, restate(lambda avif: replace(avif, bytes=avif.bytes + 1)))) == "level_bytes"


def test_a_second_file_that_shows_another_level(damaged: Path) -> None:
    shutil.copy(damaged / "lod1.avif.glb", damaged / "lod0.avif.glb")
    assert broken_code(reseal(damaged, keep_sizes(damaged))) == "level_avif"


def test_a_second_file_that_saves_nothing(damaged: Path) -> None:
    shutil.copy(damaged / "lod0.glb", damaged / "lod0.avif.glb")
    assert broken_code(reseal(damaged, keep_sizes(damaged))) == "level_bytes"


def test_avif_in_the_file_for_all_clients(damaged: Path) -> None:
    shutil.copy(damaged / "lod0.avif.glb", damaged / "lod0.glb")
    assert broken_code(reseal(damaged)) == "level_avif"
