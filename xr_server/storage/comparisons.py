"""What a scan's owner compares in 3D: the scan as a model and distances, one folder a scan, kept beside the packages.

It belongs to the scan and not to its package: it is never served to visitors, and stays when the package is stamped anew.
"""

import logging
import os
import re
import shutil
from pathlib import Path

from sqlalchemy import Engine

from xr_server.storage.files import sync
from xr_server.storage.scans import list_kept

NAMES = re.compile(r"comparison\.json|reference\.glb|(scan|level)-lod[0-7]\.bin")
REFERENCE_FILE, INDEX_FILE = "reference.glb", "comparison.json"
log = logging.getLogger("dejima.comparisons")


def keep_comparison(store: Path, scan_id: str, made: Path) -> bool:
    """Move what a build left for its scan's owner into the store; False when that is nothing, or not what it should be.

    A scan without it is whole all the same: its page says that there is nothing to compare.
    """
    found = list(made.iterdir()) if made.is_dir() and not made.is_symlink() else []
    if not any(path.name == INDEX_FILE for path in found):
        return False
    if any(path.is_symlink() or not path.is_file() or not NAMES.fullmatch(path.name) for path in found):
        log.error("scan %s: the comparison holds something else than its files; it was not kept", scan_id)
        return False
    store.mkdir(parents=True, exist_ok=True)
    draft, target = store / f".{scan_id}.{os.getpid()}", store / scan_id
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(made, draft)
    for path in draft.iterdir():
        sync(path)
    sync(draft)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    sync(store)
    return True


def find_comparison_file(store: Path, scan_id: str, name: str) -> Path | None:
    """The path of a file of a scan's comparison, None when there is none; names never become paths."""
    folder = store / scan_id
    if not NAMES.fullmatch(name) or not folder.is_dir():
        return None
    return next((path for path in folder.iterdir() if path.name == name), None)


def sweep_comparisons(catalog: Engine, store: Path) -> None:
    """Delete those of scans that are gone, and what a crash left half made."""
    present = {path.name for path in store.iterdir() if path.is_dir()} if store.is_dir() else set()
    drafts = {name for name in present if name.startswith(".") and not name.endswith(f".{os.getpid()}")}
    kept = list_kept(catalog, present - drafts, originals=False) if present else set()
    for name in present - kept:
        shutil.rmtree(store / name, ignore_errors=True)


def remove_comparison(store: Path, scan_id: str) -> None:
    """Delete a scan's comparison, if it is there."""
    shutil.rmtree(store / scan_id, ignore_errors=True)
