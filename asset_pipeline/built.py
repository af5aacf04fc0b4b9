"""A finished package, and how it is found again: the same scan and options give the same package, so it is built once.

Standard library only: a package found again is answered before numpy is loaded.
"""

import contextlib
import hashlib
import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import PIPELINE_VERSION, Manifest
from asset_pipeline.options import BuildOptions
from asset_pipeline.output.listing import check_listing, hash_file, read_report
from asset_pipeline.output.stamp import stamp_package

BUDGET_TOLERANCE, TOLERATED_TRIANGLES = 0.001, 2  # whichever is more
SHAPING = (
    "numpy",
    "numba",
    "xatlas",
    "meshopt",
    "pillow",
    "dracopy",
    "laspy",
    "lazrs",
)  # another version may give other bytes
POINTING = {".obj", ".gltf", ".usda"}  # kinds that name other files
SIDE_KINDS = {".mtl", ".bin", ".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif", ".tga"}
MAX_SIDE_FILES, MAX_SIDE_BYTES = 500, 2 * 1024**3


@dataclass(frozen=True)
class BuildResult:
    """A finished package; seconds and memory are not in it. peak_bytes 0: it was there already, and nothing was built.

    comparison: what the scan's owner compares in 3D, by file name, when it was asked for.
    """

    digest: str
    folder: Path
    manifest: Manifest
    report: dict[str, Any]
    seconds: float
    peak_bytes: int
    comparison: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[tuple[int, int], ...]:
        """Levels outside the tolerance, as (asked, got)."""
        return tuple(
            (asked, got)
            for level in self.report["levels"]
            for asked, got in ((level["triangles_asked"], level.get("points", level["triangles"])),)
            if is_missed(asked, got)
        )


def is_missed(asked: int, got: int) -> bool:
    """Whether a level has another number of triangles than was asked for, beyond the tolerance."""
    return abs(got - asked) > max(BUDGET_TOLERANCE * asked, TOLERATED_TRIANGLES)


def build_key(path: Path, options: BuildOptions) -> str | None:
    """What the bytes of a package depend on, place and credit apart, as SHA-256; None when the scan is too spread out."""
    digest = hashlib.sha256()
    # what a stamp can change is no part of it; a scan that finds its own place has nothing of it to change
    stamped = {"credit", "compare"} if options.own_place else {"credit", "anchor", "compare"}
    shape = {name: value for name, value in asdict(options).items() if name not in stamped}
    versions = {name: version(name) for name in SHAPING}
    facts = [PIPELINE_VERSION, platform.machine(), versions, path.name, shape]
    digest.update(json.dumps(facts, sort_keys=True).encode())
    try:
        files = list(_files_of(path))
    except OverflowError:
        return None
    for file in files:
        digest.update(f"\0{file.relative_to(path.parent).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(bytes.fromhex(hash_file(file)))
    return digest.hexdigest()


def _files_of(path: Path) -> Iterator[Path]:
    """The scan's file and, where it names others, every file of such a kind in its folder: one changed makes it new."""
    yield path
    if path.suffix.lower() not in POINTING:
        return
    found, total_bytes = 0, 0
    for folder, names, files in os.walk(path.parent):
        names.sort()
        for file in (Path(folder) / name for name in sorted(files)):
            found += 1
            if file.suffix.lower() in SIDE_KINDS:
                total_bytes += file.stat().st_size
                yield file
        if found > MAX_SIDE_FILES or total_bytes > MAX_SIDE_BYTES:
            raise OverflowError


def remember_built(out: Path, key: str, digest: str) -> None:
    """Note which package a key gave in an output folder; where nothing can be noted, it is built again next time."""
    note = _note_of(out, key)
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_name(f"{note.name}.{os.getpid()}")
        draft.write_text(digest, encoding="ascii")
        draft.replace(note)


def find_built(out: Path, key: str, options: BuildOptions) -> BuildResult | None:
    """The package that this key gave before, stamped anew where place or credit differ; None when it has to be built."""
    started = time.monotonic()
    try:
        folder = out / _note_of(out, key).read_text(encoding="ascii").strip()
        manifest, digest = check_listing(folder)
        report = read_report(folder)
        anchor = manifest.anchor if options.own_place else options.anchor
        if (manifest.credit, manifest.anchor) != (options.credit, anchor):
            if "cloud" in report["source"]:  # what was told of a survey may depend on the place that was stated
                return None
            digest, folder = stamp_package(folder, out, options.credit, anchor)
            manifest, report = check_listing(folder)[0], read_report(folder)
    except (OSError, ValueError, PackageBroken):
        return None
    return BuildResult(digest, folder, manifest, report, time.monotonic() - started, 0)


def _note_of(out: Path, key: str) -> Path:
    """Not in the output folder, which holds packages and nothing else."""
    base = os.environ.get("XDG_CACHE_HOME")
    cache = Path(base) if base else Path.home() / ".cache"
    place = hashlib.sha256(f"{key}\0{out.resolve()}".encode()).hexdigest()
    return cache / "dejima-xr" / "built" / place
