"""Readers led into their corners by coverage: `python -m tests.hostile.fuzz_target FOLDER SECONDS`, in a process of its own.

The first byte of an input says which scan it is a file of. What ends the process with a fault: an exception other than a
refusal, more than two processor seconds for one input, or more memory than the limit.
"""

import contextlib
import importlib
import resource
import sys
import time
from pathlib import Path

import atheris

MAX_CPU_S = 2.0
RSS_LIMIT_MB = 1500
MAX_INPUT_BYTES = 20_000
PIPELINE = Path(__file__).parents[2] / "asset_pipeline"

for path in sorted(PIPELINE.rglob("*.py")):
    if "njit" in path.read_text(encoding="utf-8"):  # imported first: what numba compiles must stay as it is written
        importlib.import_module(".".join(path.relative_to(PIPELINE.parent).with_suffix("").parts))
with atheris.instrument_imports(include=["asset_pipeline"]):
    from asset_pipeline.errors import ScanRefused
    from asset_pipeline.readers.picture import read_picture
    from asset_pipeline.readers.read import read_scan

from tests.hostile.mutations import make_pictures, make_scans  # noqa: E402 - the readers first
from tests.pipeline.shapes import options  # noqa: E402

# what a process of its own unpacks is seen by no coverage, and costs a hundred times as much
APART = ("draco.glb", "scene.usda", "scene.usdz")
SCANS = [
    (files, name)
    for kind, files in make_scans().items()
    for name in files
    if kind not in APART and not name.endswith((".png", ".jpg"))
]
PICTURES = list(make_pictures().values())


def read_input(data: bytes, folder: Path) -> None:
    """Read one input as what its first byte says. Raises what the readers raise."""
    kind = data[0] % (len(SCANS) + 1) if data else 0
    if kind == len(SCANS):
        read_picture(data[1:], "wall")
        return
    files, name = SCANS[kind]
    for path in folder.iterdir():
        path.unlink()
    for key, content in files.items():
        (folder / key).write_bytes(data[1:] if key == name else content)
    read_scan(folder / next(iter(files)), options(unit=None, up=None))


def used_cpu_s() -> float:
    """Processor seconds of this process and of those it started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Write the sound inputs as a start and let chance go on from there."""
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    corpus, scan = folder / "corpus", folder / "scan"
    for path in (corpus, scan):
        path.mkdir()
    sound = [bytes([kind]) + files[name] for kind, (files, name) in enumerate(SCANS)]
    sound += [bytes([len(SCANS)]) + picture for picture in PICTURES]
    for index, data in enumerate(sound):
        (corpus / str(index)).write_bytes(data)
        read_input(data, scan)  # compiles what is not compiled yet

    def test_one_input(data: bytes) -> None:
        started = used_cpu_s()
        with contextlib.suppress(ScanRefused):
            read_input(data, scan)
        if used_cpu_s() - started > MAX_CPU_S:
            raise TimeoutError(f"an input of {len(data)} bytes took more than {MAX_CPU_S} s")

    limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={RSS_LIMIT_MB}", f"-max_len={MAX_INPUT_BYTES}"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", "-seed=1", str(corpus)], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
