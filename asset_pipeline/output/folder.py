"""The package as a folder: written under a temporary name, verified, made durable, renamed to its digest."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE, Manifest, dump_manifest, manifest_digest
from asset_pipeline.output.listing import DRAFT_SUFFIX, check_listing
from asset_pipeline.output.verify import verify_package


def write_package(
    out: Path, files: dict[str, bytes], manifest: Manifest, check: Callable[[Path], object] = verify_package
) -> tuple[str, Path]:
    """Write the folder under a temporary name, check it, make it durable and rename it to its digest."""
    canonical = dump_manifest(manifest)
    digest = manifest_digest(canonical)
    target = out / digest
    out.mkdir(parents=True, exist_ok=True)
    sweep_drafts(out)
    draft = out / f".{digest}.{os.getpid()}{DRAFT_SUFFIX}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name, data in [*files.items(), (MANIFEST_FILE, canonical)]:
            _write_file(draft / name, data)
        check(draft)
        _sync_folder(draft)
        if target.is_dir() and _is_whole(target):  # the same scan and options gave the same bytes before
            return digest, target
        shutil.rmtree(target, ignore_errors=True)  # damaged since: no reader of it can be served any more
        draft.rename(target)
        _sync_folder(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return digest, target


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files beside a package, durably; what is not part of it has no manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        _write_file(folder / name, data)
    _sync_folder(folder)


def _write_file(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(folder: Path) -> bool:
    try:
        check_listing(folder)
    except (OSError, PackageBroken):
        return False
    return True


def sweep_drafts(out: Path) -> None:
    """Remove drafts whose process is gone: it was killed before the rename."""
    for draft in out.glob(f".*{DRAFT_SUFFIX}"):
        process = draft.name.removesuffix(DRAFT_SUFFIX).rpartition(".")[2]
        if not process.isdigit() or not Path(f"/proc/{process}").exists():
            shutil.rmtree(draft, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
