"""Two packages built once: one with a texture, one with vertex colours."""

import shutil
from pathlib import Path

import pytest

from asset_pipeline.built import BuildResult
from asset_pipeline.package import build_package
from tests.pipeline.shapes import options, write_ball, write_hills


@pytest.fixture(scope="session")
def textured(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The ball at 400 and 100 triangles."""
    folder = tmp_path_factory.mktemp("textured")
    return build_package(write_ball(folder), folder / "out", options(texture_px=256))


@pytest.fixture(scope="session")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The hills at 400 and 100 triangles."""
    folder = tmp_path_factory.mktemp("coloured")
    return build_package(write_hills(folder), folder / "out", options())


@pytest.fixture
def copied(textured: BuildResult, tmp_path: Path) -> Path:
    """A copy of the textured package that a test may damage."""
    return Path(shutil.copytree(textured.folder, tmp_path / textured.digest))
