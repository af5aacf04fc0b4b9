import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from asset_pipeline.jit import cache_folder


def test_a_folder_that_can_be_written_is_taken_as_it_is(tmp_path: Path) -> None:
    assert cache_folder(tmp_path / "a/b") == tmp_path / "a/b"
    assert (tmp_path / "a/b").is_dir()


def test_where_none_can_be_made_a_private_folder_serves_all_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    first = cache_folder(blocked / "numba")
    assert first.parent == tmp_path and stat.S_IMODE(first.stat().st_mode) == 0o700
    assert cache_folder(blocked / "numba") == first


def test_a_folder_that_others_could_have_filled_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / f"dejima-xr-numba-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    (planted / "code.nbc").write_bytes(b"planted")
    chosen = cache_folder(tmp_path / "file" / "numba") if (tmp_path / "file").write_text("x") else planted
    assert chosen != planted and not (chosen / "code.nbc").exists()


def test_kernels_of_a_read_only_cache_are_used_from_a_copy(tmp_path: Path) -> None:
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("as root, only setpriv makes a folder read-only")
    full, temporary = tmp_path / "numba", tmp_path / "tmp"
    (full / "part").mkdir(parents=True)
    temporary.mkdir()
    (full / "part" / "kernel.nbc").write_bytes(b"compiled")
    for path in (full / "part" / "kernel.nbc", full / "part", full):
        path.chmod(0o555)
    code = "import sys, pathlib; from asset_pipeline.jit import cache_folder; print(cache_folder(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(full)]
    if os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", *command]
    environment = {**os.environ, "TMPDIR": str(temporary), "NUMBA_CACHE_DIR": str(tmp_path / "own")}
    for _ in range(2):
        printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        copy = Path(printed.strip())
        assert copy.parent == temporary and (copy / "part" / "kernel.nbc").read_bytes() == b"compiled"
        assert os.access(copy / "part" / "kernel.nbc", os.W_OK)
    for path in (full, full / "part"):
        path.chmod(0o755)
