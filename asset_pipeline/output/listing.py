"""Whether a package folder holds exactly the files its manifest lists, and what its report says.

Standard library only: what is asked before anything is built must not wait for the 3D libraries.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE, Manifest, dump_manifest, manifest_digest, parse_manifest

DRAFT_SUFFIX = ".building"  # of a folder not yet renamed to its digest: .<digest>.<process>.building
REPORT_FILE, POSTER_FILE, PLAIN_FILE = "report.json", "poster.webp", "plain.glb"
REPORT_SCHEMA = "dejima.report/1"


def check_listing(folder: Path) -> tuple[Manifest, str]:
    """(manifest, digest) of a package that holds its listed files, byte for byte, and no others. Raises PackageBroken."""
    manifest, digest = _check_manifest(folder)
    _check_files(folder, manifest)
    return manifest, digest


def hash_file(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_manifest(folder: Path) -> tuple[Manifest, str]:
    path = folder / MANIFEST_FILE
    if not path.is_file() or path.is_symlink():
        raise PackageBroken("manifest_missing", f"{folder.name} has no {MANIFEST_FILE}; it is no package.")
    data = path.read_bytes()
    manifest = parse_manifest(data)
    try:
        canonical = dump_manifest(manifest)
    except (TypeError, ValueError) as error:
        raise PackageBroken("manifest_unreadable", f"The manifest holds an impossible value: {error}.") from error
    if canonical != data:
        raise PackageBroken("manifest_not_canonical", "The manifest is not in its canonical form, so it was edited.")
    digest = manifest_digest(data)
    name = folder.resolve().name
    if name.endswith(DRAFT_SUFFIX):
        name = name.removeprefix(".").partition(".")[0]
    if name != digest:
        raise PackageBroken("digest", f"The folder is called {name}; its manifest's digest is {digest}.")
    return manifest, digest


def _check_files(folder: Path, manifest: Manifest) -> None:
    present = {path.name for path in folder.iterdir()}
    expected = {*manifest.files, MANIFEST_FILE}
    needed = {REPORT_FILE, POSTER_FILE, PLAIN_FILE, *(level.file for level in manifest.levels)}
    if missing := sorted((expected | needed) - present) or sorted(needed - expected):
        raise PackageBroken("file_missing", f"The package lacks {missing[0]}.")
    if extra := sorted(present - expected):
        raise PackageBroken("file_extra", f"The package holds {extra[0]}, which its manifest does not name.")
    for name, entry in sorted(manifest.files.items()):
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise PackageBroken("file_kind", f"{name} is no ordinary file.")
        size = path.stat().st_size
        if size != entry.bytes:
            raise PackageBroken("file_size", f"{name} has {size} bytes; the manifest says {entry.bytes}.")
        if hash_file(path) != entry.sha256:
            raise PackageBroken("file_sha256", f"The content of {name} is not what the manifest says.")


def parse_report(data: bytes) -> dict[str, Any]:
    """The report in report.json. Raises PackageBroken."""
    try:
        report: dict[str, Any] = json.loads(data)
        schema = report["schema"]
        shape = isinstance(report["source"]["triangles"], int) and all(level["file"] for level in report["levels"])
        shape = shape and isinstance(report.get("views", {}).get("viewpoints", []), list)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise PackageBroken("report_unreadable", f"{REPORT_FILE} cannot be read: {error}.") from error
    if schema != REPORT_SCHEMA or not shape:
        raise PackageBroken("report_schema", f"{REPORT_FILE} does not follow {REPORT_SCHEMA}.")
    return report


def list_pictures(report: dict[str, Any]) -> list[str]:
    """The names of the pictures that show the scan, each level, and how far they are apart; none in an early report."""
    views = range(len(report.get("views", {}).get("viewpoints", ())))
    shown = [
        "view-scan",
        *(f"{kind}-lod{index}" for index in range(len(report["levels"])) for kind in ("view", "heat")),
    ]
    return [f"{name}-{number}.webp" for name in shown for number in views]


def dump_report(report: dict[str, Any]) -> bytes:
    """The report as the bytes of report.json."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode()


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a package, each level with its bytes. Raises PackageBroken."""
    check_listing(folder)
    return parse_report((folder / REPORT_FILE).read_bytes())
