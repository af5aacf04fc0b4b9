"""Readers under damage: whatever the bytes, a scan is read or refused with one sentence."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asset_pipeline.errors import ScanRefused
from asset_pipeline.readers.picture import read_picture
from asset_pipeline.readers.read import read_scan
from tests.hostile.mutations import Files, damage, damage_scan, make_pictures, make_scans
from tests.pipeline.shapes import options

SCANS, PICTURES = make_scans(), make_pictures()
APART = ["draco.glb", "scene.usda", "scene.usdz"]
EXAMPLES = 30
FUZZ_S = 90
ROOT = Path(__file__).parents[2]

repeatable = settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
chances = st.integers(0, 2**32).map(random.Random)


def read(files: Files) -> None:
    with TemporaryDirectory() as name:
        for key, data in files.items():
            (Path(name) / key).write_bytes(data)
        scan = read_scan(Path(name) / next(iter(files)), options(unit=None, up=None))
    assert all(warning.text.isprintable() for warning in scan.warnings)
    mesh = scan.mesh
    assert mesh.faces.min() >= 0 and mesh.faces.max() < mesh.vertices
    assert mesh.face_material is None or mesh.face_material.max() < max(1, len(mesh.materials))


def assert_one_sentence(refused: ScanRefused) -> None:
    assert refused.code and refused.stage in {"check", "read"}
    assert refused.text.endswith(".") and refused.text.isprintable() and len(refused.text) < 300


@pytest.mark.parametrize("kind", SCANS)
def test_a_sound_scan_of_this_kind_is_read(kind: str) -> None:
    read(SCANS[kind])


@pytest.mark.parametrize("kind", [kind for kind in SCANS if kind not in APART])
@repeatable
@given(chance=chances)
def test_a_damaged_scan_is_read_or_refused(kind: str, chance: random.Random) -> None:
    try:
        read(damage_scan(SCANS[kind], chance))
    except ScanRefused as refused:
        assert_one_sentence(refused)


@pytest.mark.parametrize("kind", APART)
@settings(repeatable, max_examples=3)
@given(chance=chances)
def test_a_damaged_scan_that_a_process_of_its_own_unpacks_is_read_or_refused(kind: str, chance: random.Random) -> None:
    try:
        read(damage_scan(SCANS[kind], chance))
    except ScanRefused as refused:
        assert_one_sentence(refused)


@pytest.mark.parametrize("kind", PICTURES)
@repeatable
@given(chance=chances)
def test_a_damaged_picture_is_read_or_refused(kind: str, chance: random.Random) -> None:
    try:
        image = read_picture(damage(PICTURES[kind], chance), "wall").image
    except ScanRefused as refused:
        assert_one_sentence(refused)
    else:
        assert image.ndim == 3 and image.shape[2] == 3


@pytest.mark.long
def test_hours_of_chance_in_minutes_find_nothing(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed; it exists for Linux on x86-64 only")
    command = [sys.executable, "-m", "tests.hostile.fuzz_target", str(tmp_path), str(FUZZ_S)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10 * FUZZ_S, check=False)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-6000:]
    assert "Done" in ended.stderr, ended.stderr[-3000:]
