"""Hostile scans, pictures and archives through the command line: refused quickly, quietly and with one sentence."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.builders import HOSTILE, textured_obj, zip_bytes
from tests.pipeline.command import Ran, package, run

SCANS = {".bin", ".gif", ".glb", ".gltf", ".obj", ".off", ".ply", ".png", ".svg", ".tif", ".zip"}
FILES = sorted(path.name for path in HOSTILE.glob("*") if path.suffix in SCANS) or ["(none)"]
PICTURES = [name for name in FILES if Path(name).suffix in {".gif", ".png", ".svg", ".tif"}]
CANARY_PORT = 18999  # what one of the files asks us to call
MAX_CPU_S = 2.0  # the contract's two seconds of an idle machine, held against processor time on a busy one
MAX_PEAK_BYTES = 256 * 1024 * 1024


@pytest.fixture(scope="module")
def canary() -> Iterator[socket.socket]:
    """A listener on the port that a hostile file names."""
    with socket.create_server(("127.0.0.1", CANARY_PORT)) as listener:
        listener.setblocking(False)
        yield listener


def assert_refused(ran: Ran, canary: socket.socket) -> None:
    assert ran.code == 2, ran.stderr
    assert ran.stdout == ""
    sentence = ran.stderr.strip()
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence and len(sentence) < 250
    assert ran.cpu_s < MAX_CPU_S
    assert ran.peak_bytes < MAX_PEAK_BYTES
    with pytest.raises(BlockingIOError):
        canary.accept()


def everything_under(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A copy of the hostile files deep in a folder, so that ways up out of it are seen."""
    if not HOSTILE.is_dir():
        pytest.skip("../shared/hostile is not there")
    return Path(shutil.copytree(HOSTILE, tmp_path / "a/b/c/d/hostile"))


@pytest.mark.parametrize("name", FILES)
def test_package_refuses_it(name: str, hostile: Path, tmp_path: Path, canary: socket.socket) -> None:
    before = everything_under(tmp_path)
    assert_refused(package(hostile / name, tmp_path / "out", "--progress", "none"), canary)
    assert everything_under(tmp_path) == before
    assert not Path("/tmp/dejima-slip.txt").exists()


@pytest.mark.parametrize("name", FILES)
def test_inspect_refuses_it(name: str, hostile: Path, tmp_path: Path, canary: socket.socket) -> None:
    before = everything_under(tmp_path)
    assert_refused(run("inspect", hostile / name), canary)
    assert everything_under(tmp_path) == before


@pytest.mark.parametrize("name", PICTURES)
def test_a_sound_scan_with_a_hostile_picture_is_refused(
    name: str, hostile: Path, tmp_path: Path, canary: socket.socket
) -> None:
    scan = textured_obj(tmp_path, (hostile / name).read_bytes())
    assert_refused(package(scan, tmp_path / "out", "--progress", "none"), canary)
    assert not (tmp_path / "out").exists()


def test_an_archive_with_a_hostile_scan_inside_is_refused(hostile: Path, tmp_path: Path, canary: socket.socket) -> None:
    path = tmp_path / "inside.zip"
    path.write_bytes(zip_bytes({"scan.obj": (hostile / "own-obj-mtllib-traversal.obj").read_bytes()}))
    assert_refused(package(path, tmp_path / "out", "--progress", "none"), canary)


def test_dejima_refuses_like_the_pipeline_alone(hostile: Path, canary: socket.socket) -> None:
    assert_refused(run("inspect", hostile / "own-ply-vertex-4e9.ply", module="xr_server.cli"), canary)
